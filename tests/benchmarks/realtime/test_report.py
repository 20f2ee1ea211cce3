"""The table of `make bench-realtime`: ratios round by round, beside their bars."""

from __future__ import annotations

from benchmarks.realtime import report
from benchmarks.realtime.report import Line, Measurement

RATE = Line("deliveries a second", 200, "rate", ("flood", "bare"), ("flood", "node"), 1.2)
COST = Line("processor for each, µs", 200, "cost", ("flood", "bare"), ("flood", "node"), 0.8, less=True, digits=1)


def rounds(server: str, *found: tuple[float, float]) -> list[Measurement]:
    return [Measurement("flood", server, 200, {"rate": rate, "cost": cost}) for rate, cost in found]


MEASURED = [
    *rounds("node", (1000, 10), (500, 20), (2000, 10)),
    *rounds("bare", (1500, 7), (550, 19), (2600, 8)),
    Measurement("flood", "bare", 1_000, {"rate": 1.0, "cost": 1.0}),  # of another size: in no line here
]


def test_a_ratio_is_the_median_of_the_ratios_of_each_round() -> None:
    rate, cost = report.rows_of(MEASURED, [RATE, COST])
    assert (rate.ours, rate.beside, rate.ratio, rate.low, rate.high) == (1500, 1000, 1.3, 1.1, 1.5)
    assert (cost.ours, cost.beside, cost.ratio, cost.low, cost.high) == (8, 10, 0.8, 0.7, 0.95)


def test_more_must_reach_the_bar_and_less_must_stay_below_it() -> None:
    rate, cost = report.rows_of(MEASURED, [RATE, COST])
    assert (rate.met, cost.met) == (True, True)
    slower, dearer = report.rows_of([*rounds("node", (1000, 10)), *rounds("bare", (1190, 8.1))], [RATE, COST])
    assert (slower.met, dearer.met) == (False, False)


def test_the_table_says_all_of_it() -> None:
    shown = report.table(report.rows_of(MEASURED, [RATE, COST]))
    assert shown[1:] == [
        "| deliveries a second | 200 | 1,500 | 1,000 | 1.30 | 1.10 to 1.50 | ≥ 1.2 | yes |",
        "| processor for each, µs | 200 | 8.0 | 10.0 | 0.80 | 0.70 to 0.95 | ≤ 0.8 | yes |",
    ]


def test_a_line_without_a_bar_is_neither_met_nor_missed() -> None:
    (row,) = report.rows_of(MEASURED, [Line("rate", 200, "rate", ("flood", "bare"), ("flood", "node"))])
    assert report.table([row])[1].endswith("|  |  |")


def test_what_is_added_is_a_difference() -> None:
    line = Line("p50, ms added", 200, "cost", ("flood", "bare"), ("flood", "node"), 5, less=True, digits=1, added=True)
    (row,) = report.rows_of([*rounds("node", (1, 10), (1, 20)), *rounds("bare", (1, 14.5), (1, 19))], [line])
    assert report.table([row])[1] == "| p50, ms added | 200 | 16.8 | 15.0 | +1.75 | -1.00 to +4.50 | ≤ 5 | yes |"


def test_what_was_not_measured_on_both_sides_has_no_line() -> None:
    assert report.rows_of(rounds("node", (1000, 10)), [RATE]) == []
    assert report.rows_of([], report.LINES) == []


def test_what_went_wrong_is_summed_up() -> None:
    found = {"deliveries": 1_000, "lost": 2, "doubled": 0, "disordered": 1}
    measured = [Measurement("flood", server, 200, found) for server in ("node", "bare")]
    said = report.verdict([*measured, Measurement("idle", "bare", 3_000, {"kb_per_socket": 1.0})])
    assert "2,000 deliveries" in said
    assert "4 were lost, 0 came twice and 2 out of order" in said
