"""A small proxy with faults planted on purpose: the control experiment that shows that the ledger catches each of them."""
import threading

import evil
import stream

BUGS = ("double retry", "swallowed reset", "lost piece", "crossed answers", "cut after half")


class Proxy:
    """TLS in front, TCP behind, servers in turn, one exchange of the ledger a connection. `bug` is one of BUGS or None."""

    def __init__(self, certificate, servers, bug):
        self._servers = servers
        self._bug = bug
        self._turn = 0
        self._guard = threading.Lock()
        self._meeting = threading.Barrier(2)
        self._answers = {}
        self.front = evil.Server(self._serve, tls=stream.server_context(certificate))

    def close(self):
        self.front.close()

    def _dial(self):
        with self._guard:
            self._turn += 1
            number = self._turn
        return number, stream.connect(self._servers[number % len(self._servers)].where)

    def _serve(self, front):
        number, back = self._dial()
        request = front.recv_until(b"\n")
        request += front.recv_exactly(int(request.split()[1]))
        if self._bug == "double retry" and number == 1:
            other = self._dial()[1]
            other.send(request)  # as if the first server had failed, although it may have acted on these bytes
            other.recv(1)
            other.close()
        back.send(request)
        answer = self._spoil(number, back.recv_all())
        front.send(answer)
        if back.ends == ["reset"] and self._bug != "swallowed reset":
            front.reset()
            return
        front.finish()
        front.recv_end()  # closing earlier could reset what is on its way
        back.close()

    def _spoil(self, number, answer):
        if self._bug == "lost piece" and number == 1:
            return answer[:10] + answer[20:]
        if self._bug == "cut after half" and number == 1:
            return answer[: len(answer) // 2]
        if self._bug == "crossed answers" and number <= 2:
            self._answers[number] = answer
            self._meeting.wait(20)
            return self._answers[3 - number]
        return answer
