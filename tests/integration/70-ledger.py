"""Exact accounting: every stream complete at its client was given once, by one server, byte for byte; every other was not. F71"""
import random

import evil
import ledger
import load
from case import LONG, check, holds, main, same, scaled
from sluice import web


def run(t, book, servers, streams, at_once, during=None, tls=True, pool=""):
    port, cert = t.port(), t.certs.make()
    proxy = t.sluice(web(port, servers, cert if tls else None, pool=pool), threads=4)
    client = ledger.Client(("127.0.0.1", port), tls, limit=60)
    generator = random.Random(11)
    sizes = [(generator.choice((0, 1, 300, 20000, 300000)), generator.choice((0, 1, 300, 20000, 300000))) for _ in range(streams)]
    for first in range(0, streams, at_once):
        load.together(min(at_once, streams - first), lambda i, first=first: client.stream(*sizes[first + i]))
        if during:
            during(proxy, first)
    violations = ledger.check(client.records, book, proxy.access(len(client.records)))
    same(violations, [])
    return client.records


@check
def all_is_well(t):
    for tls in (True, False):
        book = ledger.Book()
        records = run(t, book, {name: t.serve(book.backend(name)) for name in "abc"}, scaled(200, 20), 20, tls=tls)
        same({r.outcome for r in records}, {ledger.OK})


@check
def servers_cut_a_third_of_the_streams(t):
    book = ledger.Book(cut_percent=33)
    records = run(t, book, {name: t.serve(book.backend(name)) for name in "abc"}, scaled(200, 20), 20)
    same({r.outcome for r in records}, {ledger.OK, ledger.CUT})


@check
def beside_servers_that_refuse_and_vanish(t):
    book = ledger.Book()
    servers = {"a": t.serve(book.backend("a")), "dead": t.refuser(), "hole": t.black_hole(), "b": t.serve(book.backend("b"))}
    records = run(t, book, servers, scaled(200, 20), 10, pool="connect-timeout = 500ms\nretry-backoff = 10ms..50ms")
    same([r.why for r in records if r.outcome != ledger.OK], [])


@check
def beside_a_server_that_resets_what_it_accepts(t):
    """A stream that reached it may fail, since its first bytes may have been read; but none is given twice and none is wrong."""
    book = ledger.Book()
    servers = {"a": t.serve(book.backend("a")), "hostile": t.serve(evil.rst_at_once), "b": t.serve(book.backend("b"))}
    records = run(t, book, servers, scaled(200, 20), 10)
    holds(sum(r.outcome == ledger.OK for r in records) > len(records) // 2, "most streams failed")


@check
def while_reloading_between_other_servers(t):
    book = ledger.Book(cut_percent=5)
    all_servers = {name: t.serve(book.backend(name)) for name in "abcd"}

    def change(proxy, number):
        names = random.Random(number).sample("abcd", 2)
        port = proxy.body.split("127.0.0.1:")[1].split("\n")[0]
        proxy.reload(web(int(port), {name: all_servers[name] for name in names}, t.certs.make()))

    rounds = 2000 if LONG else scaled(300, 30)
    run(t, book, all_servers, rounds, 10, during=change)


main()
