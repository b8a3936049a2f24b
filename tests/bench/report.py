"""The results: one row a measurement as CSV for machines, medians and ranges as a table for people.

A ratio is made within one round, from measurements that followed each other, and the median of the ratios is told: what
disturbs a whole round disturbs both sides of it.
"""
import csv
import os
import statistics

FIELDS = (
    "round", "case", "unit", "peer", "workers", "value", "cpu_ns", "pss_kib", "connections", "exchanges", "bytes", "wall_ns",
    "spoken", "version",
)  # fmt: skip


def row(number, case, peer, workers, version, measurement):
    return {
        "round": number, "case": case.name, "unit": case.unit.text, "peer": peer.name, "workers": workers,
        "value": "%.4g" % case.unit.of(measurement), "version": version, **measurement._asdict(),
    }  # fmt: skip


def write_csv(path, rows):
    new = path + ".new"
    with open(new, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, FIELDS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    os.replace(new, path)


def read_csv(path):
    """The rows of an earlier run; none when there was no such run."""
    try:
        with open(path, encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    except FileNotFoundError:
        return []


def _values(rows, case, peer):
    """{round: value}"""
    return {int(r["round"]): float(r["value"]) for r in rows if (r["case"], r["peer"]) == (case, peer)}


def _spread(values, digits):
    """ "median (lowest-highest)" """
    if not values:
        return "-"
    number = "%%#.%dg" % digits
    return "%s (%s-%s)" % tuple(number % v for v in (statistics.median(values), min(values), max(values)))


def _ratios(ours, theirs):
    return [ours[n] / theirs[n] for n in ours if theirs.get(n)]


def _align(lines):
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines]


def worst(rows):
    """For each other peer one line: where ours does worst beside it."""
    peers = list(dict.fromkeys(r["peer"] for r in rows))
    cases = list(dict.fromkeys(r["case"] for r in rows))
    for other in peers[1:]:
        ratios = {c: _ratios(_values(rows, c, peers[0]), _values(rows, c, other)) for c in cases}
        case = max(cases, key=lambda c: statistics.median(ratios[c]))
        yield "highest %s/%s: %.3f (%s)" % (peers[0], other, statistics.median(ratios[case]), case)


def table(rows, previous):
    """Lines of text. The first peer is ours; `previous` are the rows of the run before this one."""
    peers = list(dict.fromkeys(r["peer"] for r in rows))
    ours, others = peers[0], peers[1:]
    head = ["case", "unit", *peers, *("%s/%s" % (ours, p) for p in others), ours + " before"]
    lines = [head]
    for name, unit in dict.fromkeys((r["case"], r["unit"]) for r in rows):
        values = {p: _values(rows, name, p) for p in peers}
        before = list(_values(previous, name, ours).values())
        lines.append(
            [name, unit]
            + [_spread(values[p].values(), 3) for p in peers]
            + [_spread(_ratios(values[ours], values[p]), 3) for p in others]
            + ["%#.3g" % statistics.median(before) if before else "-"]
        )
    return _align(lines)
