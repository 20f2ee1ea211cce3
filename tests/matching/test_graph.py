from __future__ import annotations

import pytest

from matching.graph import graph_from, loaded
from matching.types import COSTS, WEIGHTS, GraphData, UnknownGraph


def labels(graph: GraphData, start: str, end: str) -> list[str]:
    path = graph_from(graph).path(start, end)
    assert path is not None
    return [node["label"] for node in path["nodes"]]


def test_relations_weigh_what_the_matcher_promises() -> None:
    assert WEIGHTS == {"essential": 1.0, "optional": 0.8, "broader_skill": 0.6, "together": 0.5, "broader_group": 0.3}
    assert {relation: 12 / cost for relation, cost in COSTS.items()} == WEIGHTS


@pytest.mark.parametrize("edges", [["broader_skill", "essential"], ["essential", "broader_skill"]])
def test_of_two_relations_between_the_same_skills_the_strongest_is_kept(edges: list[str]) -> None:
    graph = graph_from(
        {
            "version": "twice",
            "nodes": [["a", "A", "skill"], ["b", "B", "skill"]],
            "edges": [["a", "b", edges[0]], ["b", "a", edges[1]]],
        }
    )
    assert graph.net["a"]["b"]["weight"] == 1.0
    assert graph.net["a"]["b"]["relation"] == "essential"


@pytest.mark.parametrize(
    ("nodes", "edges"),
    [
        ([["a", " ", "skill"]], []),
        ([["a", "A", "skill"], ["a", "A", "skill"]], []),
        ([["a", "A", "skill"]], [["a", "b", "optional"]]),
        ([["a", "A", "skill"], ["b", "B", "skill"]], [["a", "b", "likes"]]),
        ([["a", "A", "skill"]], [["a", "a", "optional"]]),
    ],
    ids=["no label", "named twice", "unknown node", "unknown relation", "to itself"],
)
def test_a_malformed_graph_is_refused(nodes: list[list[str]], edges: list[list[str]]) -> None:
    with pytest.raises(ValueError, match=r"node|edge"):
        graph_from({"version": "bad", "nodes": nodes, "edges": edges})


def test_a_path_names_every_step_and_relation(languages: GraphData) -> None:
    # 1/0.8 + 1/0.8 = 2.5 beats 1/0.3 + 1/0.3 = 6.67 through the group.
    assert graph_from(languages).path("1", "3") == {
        "steps": 2,
        "nodes": [
            {"key": "1", "label": "Haskell"},
            {"key": "2", "label": "functional programming"},
            {"key": "3", "label": "Lisp"},
        ],
        "relations": ["optional", "optional"],
    }
    assert labels(languages, "1", "4") == ["Haskell", "programming", "SQL"]


def test_a_path_to_oneself_has_no_step_and_one_to_a_lonely_skill_does_not_exist(languages: GraphData) -> None:
    graph = graph_from(languages)
    assert graph.path("1", "1") == {"steps": 0, "nodes": [{"key": "1", "label": "Haskell"}], "relations": []}
    assert graph.path("1", "5") is None
    assert graph.path("1", "no such key") is None


def test_equal_paths_are_told_apart_by_key_however_the_graph_was_written() -> None:
    nodes = [[key, key.upper(), "skill"] for key in "adcbz"]
    edges = [[end, middle, "optional"] for middle in "cbd" for end in "az"]
    for written in (edges, edges[::-1]):
        assert labels({"version": "ties", "nodes": nodes, "edges": written}, "a", "z") == ["A", "B", "Z"]


def test_of_paths_of_equal_cost_the_one_with_fewer_steps_is_taken() -> None:
    # Two optional-free ways of cost 60: 20 + 40 in two steps, 20 + 20 + 20 in three.
    graph: GraphData = {
        "version": "steps",
        "nodes": [[key, key.upper(), "skill"] for key in "abcdz"],
        "edges": [
            ["a", "b", "broader_skill"],
            ["b", "c", "broader_skill"],
            ["c", "z", "broader_skill"],
            ["a", "d", "broader_skill"],
            ["d", "z", "broader_group"],
        ],
    }
    assert labels(graph, "a", "z") == ["A", "D", "Z"]


def test_a_graph_is_built_once_and_then_found_by_its_version(languages: GraphData) -> None:
    first = loaded(languages, None)
    assert loaded(None, "by hand") is first
    assert loaded(languages, None) is first


def test_a_version_never_seen_is_a_typed_error() -> None:
    with pytest.raises(UnknownGraph, match="never seen"):
        loaded(None, "never seen")
    with pytest.raises(ValueError, match="graph_version"):
        loaded(None, None)
    assert issubclass(UnknownGraph, KeyError)
