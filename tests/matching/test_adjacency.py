from __future__ import annotations

from typing import TYPE_CHECKING

import networkx as nx
import pytest

from matching.adjacency import nearness, solve
from matching.graph import graph_from

if TYPE_CHECKING:
    from matching.types import GraphData


def chain(*relations: str) -> GraphData:
    keys = "abcdefg"[: len(relations) + 1]
    return {
        "version": f"chain {relations}",
        "nodes": [[key, key.upper(), "skill"] for key in keys],
        "edges": [[keys[at], keys[at + 1], relation] for at, relation in enumerate(relations)],
    }


def test_a_walk_along_three_skills_spends_its_time_as_worked_out_by_hand() -> None:
    # a = 0.4 + 0.3 b, b = 0.6 (a + c), c = 0.3 b gives 0.5125, 0.375, 0.1125: divided by a.
    found = nearness(graph_from(chain("essential", "essential")), ["a"])
    assert found == {"a": {"a": 1_000_000, "b": 731_707, "c": 219_512}}


def test_a_stronger_relation_brings_a_skill_nearer() -> None:
    graph = graph_from(
        {
            "version": "strength",
            "nodes": [[key, key.upper(), "skill"] for key in "abcde"],
            "edges": [
                ["a", "b", "essential"],
                ["a", "c", "optional"],
                ["a", "d", "broader_skill"],
                ["a", "e", "broader_group"],
            ],
        }
    )
    near = nearness(graph, ["a"])["a"]
    # A star: each leaf gets 0.6 * its share of the weights 1.0 + 0.8 + 0.6 + 0.3.
    assert near == {"a": 1_000_000, "b": 222_222, "c": 177_778, "d": 133_333, "e": 66_667}


def test_unjoined_and_unknown_skills_are_near_to_themselves_only(languages: GraphData) -> None:
    found = nearness(graph_from(languages), ["5", "our own skill"])
    assert found == {"5": {"5": 1_000_000}, "our own skill": {"our own skill": 1_000_000}}


def test_only_the_asked_skills_are_answered(languages: GraphData) -> None:
    graph = graph_from(languages)
    everything = nearness(graph, ["1"])["1"]
    assert nearness(graph, ["1"], ["3"]) == {"1": {"1": 1_000_000, "3": everything["3"]}}


def test_nearness_on_the_shipped_framework_equals_personalised_pagerank(esco: GraphData) -> None:
    net = nx.Graph()
    strengths = {"broader_group": 0.3, "broader_skill": 0.6, "optional": 0.8, "essential": 1.0}
    for a, b, relation in sorted(esco["edges"], key=lambda edge: strengths[edge[2]]):
        net.add_edge(a, b, weight=strengths[relation])
    seeds = ["730", next(iter(sorted(net))), esco["nodes"][0][0]]
    seeds = [seed for seed in seeds if seed in net]
    found = nearness(graph_from(esco), seeds)
    for seed in seeds:
        ranks = nx.pagerank(net, alpha=0.6, personalization={seed: 1}, tol=1e-14, max_iter=500)
        for key in net:
            expected = ranks[key] / ranks[seed]
            assert found[seed].get(key, 0) / 1_000_000 == pytest.approx(expected, abs=1e-6)
        others = [value for key, value in found[seed].items() if key != seed]
        assert max(others) <= 937_500
        assert found[seed][seed] == 1_000_000


def test_neighbours_come_nearest_first_with_a_path_and_without_groups(languages: GraphData) -> None:
    answer = solve({"graph": languages, "seeds": ["1", "5"], "limit": 2})
    assert answer["graph_version"] == "by hand"
    assert [one["label"] for one in answer["neighbours"]["1"]] == ["functional programming", "Lisp"]
    assert answer["neighbours"]["1"][1]["path"]["relations"] == ["optional", "optional"]
    assert answer["neighbours"]["1"][0]["nearness"] > answer["neighbours"]["1"][1]["nearness"]
    assert answer["neighbours"]["5"] == []


def test_neighbours_of_a_skill_that_is_not_there_are_refused(languages: GraphData) -> None:
    with pytest.raises(ValueError, match="no such key"):
        solve({"graph": languages, "seeds": ["no such key"]})
