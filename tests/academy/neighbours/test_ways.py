"""Ways between skills and their drawing: pure."""

from __future__ import annotations

import csv
import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from academy.kernel import migrate
from academy.neighbours.engine import chart, together, walking, ways
from matching.graph import graph_from
from matching.types import COSTS, GraphData

DATA = Path(__file__).resolve().parents[3] / "academy" / "skills" / "data"


@pytest.fixture(scope="module")
def esco() -> GraphData:
    with (DATA / "esco-1.2.0-nodes.csv").open(encoding="utf-8", newline="") as file:
        nodes = [[row["key"], row["label"], row["kind"]] for row in csv.DictReader(file)]
    with (DATA / "esco-1.2.0-edges.csv").open(encoding="utf-8", newline="") as file:
        edges = [[row["a"], row["b"], row["relation"]] for row in csv.DictReader(file)]
    return {"version": "esco, for ways", "nodes": nodes, "edges": edges}


def test_a_way_names_each_relation_and_which_way_it_goes() -> None:
    net = ways.net_of([("a", "b", "optional"), ("c", "b", "essential")])
    way = ways.ways(net, ["a"], ["c"])["c"]
    assert way == ("a", (("b", "optional", False), ("c", "essential", True)))


def test_each_end_is_reached_from_whichever_start_is_nearest() -> None:
    net = ways.net_of([("a", "m", "broader_group"), ("b", "m", "essential"), ("m", "end", "optional")])
    assert ways.ways(net, ["a", "b"], ["end"])["end"].start == "b"
    assert ways.ways(net, ["a", "b", "end"], ["end"])["end"] == ("end", ())


def test_what_is_too_far_or_unknown_has_no_way() -> None:
    net = ways.net_of([(n, n + 1, "broader_group") for n in range(5)])
    assert set(ways.ways(net, [0], [1, 2, 3, 4, 99])) == {1, 2, 3}
    assert set(ways.ways(net, [0], [4], 4 * COSTS["broader_group"])) == {4}
    assert ways.ways(net, [], [1]) == {}
    assert ways.ways({}, [0], [0]) == {}


def test_ways_are_the_paths_that_the_matcher_tells(esco: GraphData) -> None:
    graph, net = graph_from(esco), ways.net_of((a, b, relation) for a, b, relation in esco["edges"])
    keys, chance = sorted(net), random.Random(5)
    for _ in range(60):
        start, *ends = chance.sample(keys, 4)
        found = ways.ways(net, [start], ends, 10_000)
        for end in ends:
            path = graph.path(start, end)
            assert path is not None
            assert [start, *(step.to for step in found[end].steps)] == [node["key"] for node in path["nodes"]]
            assert [step.relation for step in found[end].steps] == path["relations"]


def test_the_engine_answers_plain_values_with_the_way_to_each_neighbour(esco: GraphData) -> None:
    haskell = next(key for key, label, _ in esco["nodes"] if label == "Haskell")
    kinds = {key: kind for key, _, kind in esco["nodes"]}
    answer = walking.near({"graph": esco, "graph_version": esco["version"], "seeds": [haskell], "limit": 5})
    near = answer["near"][haskell]
    assert len(near) == 5
    assert [value for _, value, _ in near] == sorted((value for _, value, _ in near), reverse=True)
    for key, _, steps in near:
        assert kinds[key] != "group"
        assert steps[-1][0] == key
        assert all(relation in COSTS for _, relation, _ in steps)


def test_nobody_is_recognised_by_what_is_had_together() -> None:
    four = [["a", "b"]] * 4
    assert together.counted({"people": four})["pairs"] == []
    assert together.counted({"people": [*four, ["b", "a", "a"]]})["pairs"] == [("a", "b")]


def test_what_everybody_has_is_not_near_to_everything() -> None:
    people = [["everybody", "rare"]] * 5 + [["everybody"]] * 21
    assert together.counted({"people": people})["pairs"] == []
    assert together.counted({"people": people[:25]})["pairs"] == [("everybody", "rare")]


def test_whoever_has_named_hundreds_says_nothing_by_any_two() -> None:
    assert together.counted({"people": [[*map(str, range(61))]] * 9})["pairs"] == []


def test_ways_and_drawing_need_the_standard_library_only() -> None:
    code = (
        "import sys; from academy.neighbours import jobs, pages, queries; "
        "from academy.neighbours.engine import chart, ways, together; "
        "print([n for n in ('numpy', 'scipy', 'networkx') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=migrate.ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


LINKS = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12), st.sampled_from(sorted(COSTS))), max_size=30)


@given(LINKS, st.sets(st.integers(0, 12), max_size=6), st.sets(st.integers(0, 12), max_size=6), st.randoms())
def test_a_drawing_is_the_same_each_time_and_nothing_lies_on_anything_else(
    links: list[tuple[int, int, str]], held: set[int], goals: set[int], chance: random.Random
) -> None:
    names = {key: f"skill {key}" for key in range(13)}
    wanted = goals - held

    def drawn(order: list[tuple[int, int, str]]) -> chart.Chart:
        net = ways.net_of(order)
        return chart.chart(names, held, wanted, ways.ways(net, held, wanted))

    first = drawn(sorted(links))
    mixed = sorted(links)
    chance.shuffle(mixed)
    # Of two relations between the same two the order decides who states it, which no drawing shows.
    assert drawn(mixed) == first
    places = [(dot.x, dot.y) for dot in first.dots]
    assert len(set(places)) == len(places)
    assert {dot.id for dot in first.dots} == held | wanted | {dot.id for dot in first.dots if dot.kind == "step"}
    for dot in first.dots:
        assert 0 < dot.x < first.width
        assert all(y <= first.height for _, y in dot.lines)
        assert dot.kind in {
            "held" if dot.id in held else "", "goal" if dot.id in wanted else "", "far", "step"
        }  # fmt: skip


def test_a_long_name_is_broken_under_its_dot() -> None:
    assert chart.broken("show empathy") == ["show empathy"]
    lines = chart.broken("carry out training in environmental matters for everybody who works")
    assert len(lines) == chart.LINES
    assert lines[-1].endswith("…")
    assert all(len(line) <= chart.LETTERS + 1 for line in lines)
