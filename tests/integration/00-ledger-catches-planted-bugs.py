"""The control experiment of the ledger: each fault planted in a proxy is found, and a faultless one is not accused."""
# needs: no-binary
import ledger
import load
import planted
from case import check, holds, main, same


def run(t, bug, cut_percent):
    book = ledger.Book(cut_percent)
    servers = [t.serve(book.backend(name)) for name in ("a", "b")]
    proxy = planted.Proxy(t.certs.make(), servers, bug)
    t.defer(proxy.close)
    client = ledger.Client(proxy.front.where, True)
    load.together(8, lambda i: client.stream(300, 5000))
    return ledger.check(client.records, book), client.records


@check
def a_faultless_proxy_passes(t):
    violations, records = run(t, None, 0)
    same(violations, [])
    same({r.outcome for r in records}, {ledger.OK})


@check
def a_faultless_proxy_passes_when_servers_cut_streams(t):
    violations, records = run(t, None, 40)
    same(violations, [])
    same({r.outcome for r in records}, {ledger.OK, ledger.CUT})


@check
def each_planted_bug_is_found(t):
    for bug in planted.BUGS:
        violations, _ = run(t, bug, 100 if bug == "swallowed reset" else 0)
        holds(violations, "the ledger overlooked: " + bug)


main()
