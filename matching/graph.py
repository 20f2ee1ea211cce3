"""The skill graph: skills and skill groups joined by weighted relations, undirected."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import networkx as nx
import numpy as np
from scipy.sparse.csgraph import dijkstra

from matching.types import COSTS, WEIGHTS, UnknownGraph

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from scipy.sparse import csc_array, csr_array

    from matching.types import GraphData, SkillPath

GROUP = "group"
_MOST_STEPS = 1 << 16
"""A cost counts this much and a step 1, so one number orders paths by cost, then by steps, exactly."""
_GRAPHS_KEPT = 4
_REACHES_KEPT = 1024
_loaded: OrderedDict[str, SkillGraph] = OrderedDict()


@dataclass(eq=False)
class SkillGraph:
    """A loaded graph. ``net`` is an undirected ``networkx.Graph``; neither is changed once built.

    Nodes of ``net`` carry ``label`` and ``kind``, edges ``relation``, ``weight``, ``length`` (cost and one step as
    one number) and ``stated``, the node of which the framework states it. ``order`` is its nodes in sorting order:
    rows and columns of every matrix.
    """

    version: str
    net: nx.Graph
    _reaches: OrderedDict[str, NDArray[np.float64]] = field(default_factory=OrderedDict)

    @cached_property
    def order(self) -> tuple[str, ...]:
        """Every node, in sorting order."""
        return tuple(sorted(self.net))

    @cached_property
    def index(self) -> Mapping[str, int]:
        """Where each node stands in ``order``."""
        return {key: at for at, key in enumerate(self.order)}

    def matrix(self, attribute: str) -> csc_array:
        """Give the symmetric sparse matrix of an edge attribute, nodes in ``order``."""
        return nx.to_scipy_sparse_array(self.net, nodelist=self.order, weight=attribute, dtype=np.float64, format="csc")

    def __contains__(self, key: object) -> bool:
        """Say whether the graph has a node of this key."""
        return key in self.net

    def label(self, key: str) -> str:
        """Give the label of a node; of a key that the graph does not know, the key itself."""
        return str(self.net.nodes[key]["label"]) if key in self.net else key

    def is_skill(self, key: str) -> bool:
        """Whether people can have this node: a skill or knowledge, not a group."""
        return bool(self.net.nodes[key]["kind"] != GROUP)

    def path(self, start: str, end: str) -> SkillPath | None:
        """Find the best path between two nodes, or None when nothing joins them.

        Best is the least sum of 1 ÷ weight: strong relations are short. Of equal ones, the one with fewer
        steps, then the one whose keys, read from the end, come first in sorting order. Dijkstra (1959) from
        ``start``, kept for the next question with the same start: O((V + E) log V) once, then
        O(path * degree).
        """
        if start not in self.net or end not in self.net:
            return None
        reach, index = self._reach(start), self.index
        if not np.isfinite(reach[index[end]]):
            return None
        keys, relations = [end], []
        while keys[-1] != start:
            here = keys[-1]
            # Lengths are whole numbers far below 2 ** 53, so this equality is exact.
            before = min(
                there
                for there, edge in self.net[here].items()
                if reach[index[there]] + edge["length"] == reach[index[here]]
            )
            relations.append(str(self.net[here][before]["relation"]))
            keys.append(before)
        keys.reverse()
        relations.reverse()
        return {
            "steps": len(relations),
            "nodes": [{"key": key, "label": self.label(key)} for key in keys],
            "relations": relations,
        }

    @cached_property
    def _lengths(self) -> csr_array:
        return self.matrix("length").tocsr()

    def _reach(self, start: str) -> NDArray[np.float64]:
        """Length of the best path from ``start`` to every node, infinite where nothing joins them."""
        if start not in self._reaches:
            lengths = dijkstra(self._lengths, directed=True, indices=self.index[start])
            self._reaches[start] = np.asarray(lengths, dtype=np.float64)
            if len(self._reaches) > _REACHES_KEPT:
                self._reaches.popitem(last=False)
        self._reaches.move_to_end(start)
        return self._reaches[start]


def graph_from(data: GraphData) -> SkillGraph:
    """Build the graph. O(V + E).

    Where two relations join the same two nodes the strongest is kept. Raises ValueError for a node without
    a label or named twice, an unknown relation, an edge to an unknown node, or one from a node to itself.

    >>> graph = graph_from({
    ...     "version": "1",
    ...     "nodes": [["1", "Haskell", "knowledge"], ["2", "functional programming", "knowledge"]],
    ...     "edges": [["1", "2", "broader_skill"], ["2", "1", "optional"]],
    ... })
    >>> graph.path("1", "2")["relations"]
    ['optional']
    """
    net: nx.Graph = nx.Graph()
    for key, label, kind in data["nodes"]:
        if not label.strip() or key in net:
            message = f"node {key} has no label or is named twice"
            raise ValueError(message)
        net.add_node(key, label=label, kind=kind)
    for a, b, relation in data["edges"]:
        if relation not in WEIGHTS or a not in net or b not in net or a == b:
            message = f"not an edge of this graph: {a}, {b}, {relation}"
            raise ValueError(message)
        weight = WEIGHTS[relation]
        if not net.has_edge(a, b) or net[a][b]["weight"] < weight:
            length = COSTS[relation] * _MOST_STEPS + 1
            net.add_edge(a, b, relation=relation, weight=weight, length=length, stated=a)
    return SkillGraph(version=data["version"], net=net)


def loaded(graph: GraphData | None, version: str | None) -> SkillGraph:
    """Give the graph of a request: built once per version and process, then found again by its version.

    Raises UnknownGraph when only a version was given and this process has not built it (or has since built
    more than four others), and ValueError when neither was given.
    """
    if graph is not None:
        version = graph["version"]
    if version is None:
        message = "a request needs a graph or a graph_version"
        raise ValueError(message)
    if version not in _loaded:
        if graph is None:
            raise UnknownGraph(version)
        _loaded[version] = graph_from(graph)
        while len(_loaded) > _GRAPHS_KEPT:
            _loaded.popitem(last=False)
    _loaded.move_to_end(version)
    return _loaded[version]
