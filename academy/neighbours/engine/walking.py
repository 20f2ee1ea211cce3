"""The nearest skills of each skill. `kernel.offload` names it for the matcher process; nothing imports it."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from academy.neighbours.engine import ways
from matching.adjacency import nearest
from matching.graph import SkillGraph, loaded

_nets: WeakKeyDictionary[SkillGraph, dict[str, list[ways.Relation]]] = WeakKeyDictionary()


def near(request: dict[str, Any]) -> dict[str, Any]:
    """Name the nearest skills of some seeds, nearest first, each with its nearness in millionths and the way there.

    `request` holds `graph_version`, `graph` where this process may not know it, `seeds`, `limit`; the answer's `near`
    has for each seed a list of [key, nearness, [[key, relation, back], ...]]. Raises `UnknownGraph` when only a
    version was sent and this process has not met it.
    """
    graph = loaded(request.get("graph"), request.get("graph_version"))
    net = _net(graph)
    found = {}
    for seed in request["seeds"]:
        close = dict(nearest(graph, seed, request["limit"]))
        there = ways.ways(net, [seed], close)
        found[seed] = [[key, value, there[key].steps] for key, value in close.items() if key in there]
    return {"near": found}


def _net(graph: SkillGraph) -> dict[str, list[ways.Relation]]:
    known = _nets.get(graph)
    if known is None:
        edges = graph.net.edges(data=True)
        known = _nets[graph] = ways.net_of(
            (edge["stated"], b if edge["stated"] == a else a, edge["relation"]) for a, b, edge in edges
        )
    return known
