"""What was measured, as rows with a ratio and a bar, and as the table of docs/realtime.md."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

HEAD = "| what | members | ours | beside | ratio | in the rounds | bar | met |\n|---|---|---|---|---|---|---|---|"
BARE, PRODUCT, WORKERS, NODE = "bare", "product", "workers", "node"


@dataclass(frozen=True)
class Measurement:
    """What one round found out about one server."""

    what: str
    server: str
    members: int
    found: dict[str, Any]


@dataclass(frozen=True)
class Line:
    """One line of the table: whose figure is compared with whose, and what is asked of the ratio.

    `bar` is the least ratio where more is better, the greatest one where `less` is; None is shown without a bar.
    With `added` it is the difference that counts, in the figures' own unit, and not the ratio.
    """

    name: str
    members: int
    key: str
    ours: tuple[str, str]
    beside: tuple[str, str]
    bar: float | None = None
    less: bool = False
    digits: int = 0
    added: bool = False


@dataclass(frozen=True)
class Row:
    """A line with what was measured: medians of the rounds, the median of their ratios, the least and the greatest."""

    name: str
    members: int
    ours: float
    beside: float
    ratio: float
    low: float
    high: float
    bar: float | None
    less: bool
    digits: int
    added: bool

    @property
    def met(self) -> bool | None:
        """Say whether the ratio is what is asked for."""
        if self.bar is None:
            return None
        return self.ratio <= self.bar if self.less else self.ratio >= self.bar


FLOOD, ONE_BY_ONE, FIRST, LATENCY, ALONE = "flood", "one by one", "first", "latency", "alone"
IDLE, ROOM, STORED, UNSTORED = "idle", "room", "stored", "unstored"


def _delivery(members: int, bar: float, cpu: float, late: float, whole: float) -> list[Line]:
    flood, first, slow = (FLOOD, NODE), (FIRST, NODE), (LATENCY, NODE)
    rate, cost, p50, p99 = "deliveries_per_second", "us_per_delivery", "p50_ms", "p99_ms"
    return [
        Line("deliveries a second", members, rate, (FLOOD, BARE), flood, bar),
        Line("processor for each, µs", members, cost, (FLOOD, BARE), flood, cpu, less=True, digits=2),
        Line("deliveries a second, one by one", members, rate, (ONE_BY_ONE, BARE), flood),
        Line("processor for each, one by one, µs", members, cost, (ONE_BY_ONE, BARE), flood, less=True, digits=2),
        Line("p50 at 5 messages a second, ms", members, p50, (FIRST, BARE), first, less=True, digits=2),
        Line("p99 at 5 messages a second, ms", members, p99, (FIRST, BARE), first, late, less=True, digits=2),
        Line("p50 after a flood, ms", members, p50, (LATENCY, BARE), slow, less=True, digits=2),
        Line("p99 after a flood, ms", members, p99, (LATENCY, BARE), slow, less=True, digits=2),
        Line("whole academy: deliveries a second", members, rate, (FLOOD, PRODUCT), flood, whole),
        Line("whole academy: processor for each, µs", members, cost, (FLOOD, PRODUCT), flood, less=True, digits=2),
        Line("whole academy: p99 after a flood, ms", members, p99, (LATENCY, PRODUCT), slow, less=True, digits=2),
    ]


def _memory(name: str, members: int, what: str, server: str, bar: float | None = None) -> Line:
    return Line(name, members, "kb_per_socket", (what, server), (what, NODE), bar, less=True, digits=1)


def _stored(members: int, bar: float | None = None) -> Line:
    name = "posts a second, stored beside not stored"
    return Line(name, members, "acks_per_second", (STORED, PRODUCT), (UNSTORED, PRODUCT), bar)


LINES = [
    *_delivery(200, 1.2, 0.8, 0.5, 0.9),
    *_delivery(1_000, 1.7, 0.6, 0.5, 1.3),
    _memory("kB for each idle socket", 3_000, IDLE, BARE, 2.8),
    _memory("whole academy: kB for each socket in a room", 1_000, ROOM, PRODUCT),
    _stored(200, 0.7),
    _stored(20),
    Line(
        "two workers and Redis beside one process: p50, ms added",
        200,
        "p50_ms",
        (LATENCY, WORKERS),
        (ALONE, PRODUCT),
        5,
        less=True,
        digits=2,
        added=True,
    ),
]


def rows_of(measured: Sequence[Measurement], lines: Iterable[Line] = LINES) -> list[Row]:
    """Compare round by round; a line of which one side was not measured is left out."""
    found = []
    for line in lines:
        ours, beside = (_figures(measured, line, *side) for side in (line.ours, line.beside))
        pairs = [(one, other) for one, other in zip(ours, beside, strict=False) if other]
        ratios = [one - other if line.added else one / other for one, other in pairs]
        if ratios:
            found.append(
                Row(
                    line.name,
                    line.members,
                    statistics.median(ours),
                    statistics.median(beside),
                    statistics.median(ratios),
                    min(ratios),
                    max(ratios),
                    line.bar,
                    line.less,
                    line.digits,
                    line.added,
                )
            )
    return found


def _figures(measured: Sequence[Measurement], line: Line, what: str, server: str) -> list[float]:
    wanted = (what, server, line.members)
    return [one.found[line.key] for one in measured if (one.what, one.server, one.members) == wanted]


def table(rows: Iterable[Row]) -> list[str]:
    """Write the table, a line for each row."""
    return [HEAD, *map(_written, rows)]


def _written(row: Row) -> str:
    bar = "" if row.bar is None else f"{'≤' if row.less else '≥'} {row.bar}"
    met = {None: "", True: "yes", False: "no"}[row.met]
    sign = "+" if row.added else ""
    return (
        f"| {row.name} | {row.members:,} | {row.ours:,.{row.digits}f} | {row.beside:,.{row.digits}f} "
        f"| {row.ratio:{sign}.2f} | {row.low:{sign}.2f} to {row.high:{sign}.2f} | {bar} | {met} |"
    )


def verdict(measured: Sequence[Measurement]) -> str:
    """Say in one sentence how many deliveries there were, and how many of them went wrong."""
    counted = [one.found for one in measured if "lost" in one.found]
    wrong = {what: sum(found[what] for found in counted) for what in ("lost", "doubled", "disordered")}
    total = sum(found["deliveries"] for found in counted)
    return (
        f"Of {total:,} deliveries that were counted, of all servers together, {wrong['lost']:,} were lost, "
        f"{wrong['doubled']:,} came twice and {wrong['disordered']:,} out of order."
    )


def kept(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Return the rows as they are kept in JSON."""
    return [{name: round(v, 4) if isinstance(v, float) else v for name, v in asdict(row).items()} for row in rows]
