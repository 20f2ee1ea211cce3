from __future__ import annotations

import random
from itertools import pairwise
from typing import TYPE_CHECKING

import networkx as nx
import numpy as np
import pytest
from scipy.sparse import csc_array, eye_array
from scipy.sparse.linalg import splu

from matching.adjacency import nearness, solve
from matching.graph import graph_from
from matching.types import WEIGHTS

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


@pytest.fixture(scope="module")
def thousand() -> GraphData:
    """A thousand skills: each like those beside it in a ring, some rewired, with relations of every kind."""
    net = nx.connected_watts_strogatz_graph(1_000, 6, 0.2, seed=4)
    kinds, chance = sorted(WEIGHTS), random.Random(4)
    return {
        "version": "a thousand",
        "nodes": [[f"{node:03}", f"skill {node}", "skill"] for node in net],
        "edges": [[f"{a:03}", f"{b:03}", chance.choice(kinds)] for a, b in net.edges],
    }


def reference(graph: GraphData) -> nx.Graph:
    net = nx.Graph()
    for a, b, relation in sorted(graph["edges"], key=lambda edge: WEIGHTS[edge[2]]):
        net.add_edge(a, b, weight=WEIGHTS[relation], cost=12 / WEIGHTS[relation], relation=relation)
    return net


def ranked(net: nx.Graph, seed: str) -> dict[str, float]:
    ranks = nx.pagerank(net, alpha=0.6, personalization={seed: 1}, tol=1e-13, max_iter=500)
    return {key: ranks[key] / ranks[seed] for key in net}


def test_a_thousand_skills_have_the_neighbours_distances_and_paths_that_networkx_finds(thousand: GraphData) -> None:
    net = reference(thousand)
    seeds = [f"{node:03}" for node in range(0, 1_000, 80)]
    answer = solve({"graph": thousand, "seeds": seeds})
    for seed in seeds:
        expected = ranked(net, seed)
        wanted = sorted((key for key in net if key != seed), key=lambda key: (-round(expected[key], 6), key))
        assert [one["key"] for one in answer["neighbours"][seed]] == wanted[:10]
        for one in answer["neighbours"][seed]:
            assert one["nearness"] == pytest.approx(expected[one["key"]], abs=2e-6)
            keys = [node["key"] for node in one["path"]["nodes"]]
            assert (keys[0], keys[-1], len(keys)) == (seed, one["key"], one["path"]["steps"] + 1)
            assert one["path"]["relations"] == [net[a][b]["relation"] for a, b in pairwise(keys)]
            assert nx.path_weight(net, keys, "cost") == pytest.approx(
                nx.dijkstra_path_length(net, seed, keys[-1], "cost")
            )


def test_without_a_relation_the_ranking_is_another(thousand: GraphData) -> None:
    first = solve({"graph": thousand, "seeds": ["500"]})["neighbours"]["500"]
    gone = {"500", first[0]["key"]}
    fewer: GraphData = {
        "version": "one fewer",
        "nodes": thousand["nodes"],
        "edges": [edge for edge in thousand["edges"] if {edge[0], edge[1]} != gone],
    }
    assert len(fewer["edges"]) == len(thousand["edges"]) - 1
    without = solve({"graph": fewer, "seeds": ["500"]})["neighbours"]["500"]
    assert [one["key"] for one in without] != [one["key"] for one in first]
    assert first[0]["nearness"] > max((o["nearness"] for o in without if o["key"] == first[0]["key"]), default=0.0)


def test_on_the_shipped_framework_nearness_is_the_exact_solution_to_two_hundredths(esco: GraphData) -> None:
    graph = graph_from(esco)
    weights = graph.matrix("weight")
    system = eye_array(len(graph.order), format="csc") - 0.6 * weights.multiply(1 / weights.sum(axis=0)[np.newaxis, :])
    factor = splu(csc_array(system))
    # The error is greatest where most relations are; the others are spread over the framework.
    most = sorted(graph.order, key=lambda key: -graph.net.degree(key))[:20]
    greatest = []
    for seed in {*most, *graph.order[::40]}:
        start = np.zeros(len(graph.order))
        start[graph.index[seed]] = 0.4
        exact = factor.solve(start)
        exact /= exact[graph.index[seed]]
        found = np.zeros(len(graph.order))
        for key, near in nearness(graph, [seed])[seed].items():
            found[graph.index[key]] = near / 1_000_000
        greatest.append(float(np.abs(found - exact).max()))
        assert np.argmax(found) == graph.index[seed]
        assert np.partition(found, -2)[-2] <= 0.9375
    assert max(greatest) < 0.02
    assert sum(greatest) / len(greatest) < 0.006


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
