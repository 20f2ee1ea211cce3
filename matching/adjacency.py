"""How near skills are to each other: random walk with restart on the skill graph.

A walker starts at a skill (the seed). At each step it goes back to the seed with probability 0.4, or else
follows one of the relations of the node where it stands, in proportion to their weights. The share of time
it spends at each node, *r*, solves ``r = (1 - c) W r + c e`` with *c* the restart, *W* the column-normalised
weighted adjacency matrix and *e* the seed's unit vector. It is solved exactly (sparse LU), not iterated.

Source: H. Tong, C. Faloutsos and J.-Y. Pan, "Fast random walk with restart and its applications", ICDM 2006.

**Normalisation.** ``nearness(seed, t) = r[t] / r[seed]``. So a skill's nearness to itself is 1, and with
restart 0.4 every other node's is at most 0.9375: a walk that has left a node needs two steps to come back,
hence ``r[seed] >= 0.4`` and ``r[t] <= 0.6 * 0.4 / (1 - 0.36) = 0.375``. It is not symmetric, as it should be:
seen from a narrow skill the broad one above it is near; seen from the broad one, each of its many narrow ones
is far. Nodes that nothing joins have nearness 0 and are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
from scipy.sparse import csc_array, eye_array
from scipy.sparse.linalg import splu

from matching.graph import loaded
from matching.types import MILLION

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from matching.graph import SkillGraph
    from matching.types import Neighbour, NeighboursAnswer, NeighboursRequest

RESTART = 0.4
_BATCH = 128
_walkers: WeakKeyDictionary[SkillGraph, Walker] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Walker:
    """One graph's walk, factorised: each further seed costs one triangular solve."""

    index: Mapping[str, int]
    factor: Any

    def shares(self, seeds: Sequence[str]) -> NDArray[np.float64]:
        """Shares of time (nodes * seeds): each column sums to 1 unless its seed has no relation."""
        starts = np.zeros((len(self.index), len(seeds)))
        for column, seed in enumerate(seeds):
            starts[self.index[seed], column] = RESTART
        return np.asarray(self.factor.solve(starts), dtype=np.float64)


def walker(graph: SkillGraph) -> Walker:
    """Factorise the walk of a graph, once."""
    known = _walkers.get(graph)
    if known is None:
        weights = graph.matrix("weight")
        degree = np.asarray(weights.sum(axis=0), dtype=np.float64)
        inverse = np.divide(1.0, degree, out=np.zeros_like(degree), where=degree > 0)
        walk = weights.multiply(inverse[np.newaxis, :])
        system = csc_array(eye_array(len(graph.order), format="csc") - (1 - RESTART) * walk)
        known = _walkers[graph] = Walker(graph.index, splu(system))
    return known


def nearness(
    graph: SkillGraph, seeds: Iterable[str], targets: Iterable[str] | None = None
) -> dict[str, dict[str, int]]:
    """Nearness of ``targets`` (every node when left out) seen from each seed, in whole millionths.

    Pairs whose nearness rounds to nothing are left out. A key that the graph does not know is near to itself
    only. One sparse solve per seed.

    >>> from matching.graph import graph_from
    >>> graph = graph_from({
    ...     "version": "pair",
    ...     "nodes": [["1", "Haskell", "knowledge"], ["2", "functional programming", "knowledge"]],
    ...     "edges": [["1", "2", "optional"]],
    ... })
    >>> nearness(graph, ["1"])
    {'1': {'1': 1000000, '2': 600000}}
    """
    wanted = sorted(set(seeds))
    found: dict[str, dict[str, int]] = {seed: {seed: MILLION} for seed in wanted}
    inside = [seed for seed in wanted if seed in graph]
    if not inside:
        return found
    walk = walker(graph)
    keys = list(graph.order) if targets is None else sorted(key for key in set(targets) if key in graph)
    rows = np.array([walk.index[key] for key in keys], dtype=np.intp)
    for begin in range(0, len(inside), _BATCH):
        batch = inside[begin : begin + _BATCH]
        shares = walk.shares(batch)
        for column, seed in enumerate(batch):
            near = np.floor(shares[rows, column] / shares[walk.index[seed], column] * MILLION + 0.5)
            found[seed].update((keys[at], int(near[at])) for at in np.flatnonzero(near) if keys[at] != seed)
    return found


def nearness_table(graph: SkillGraph, seeds: Sequence[str], targets: Sequence[str]) -> NDArray[np.int32]:
    """Nearness of ``targets`` (columns) seen from ``seeds`` (rows), in whole millionths.

    A key that the graph does not know is near to itself only.
    """
    column = {key: at for at, key in enumerate(targets)}
    found = np.zeros((len(seeds), len(targets)), dtype=np.int32)
    inside = [at for at, seed in enumerate(seeds) if seed in graph]
    if inside:
        walk = walker(graph)
        known = [at for at, key in enumerate(targets) if key in graph]
        rows = np.array([walk.index[targets[at]] for at in known], dtype=np.intp)
        for begin in range(0, len(inside), _BATCH):
            batch = inside[begin : begin + _BATCH]
            shares = walk.shares([seeds[at] for at in batch])
            own = shares[[walk.index[seeds[at]] for at in batch], np.arange(len(batch))]
            found[np.ix_(batch, known)] = np.floor(shares[rows] / own * MILLION + 0.5).T
    for at, seed in enumerate(seeds):
        if seed in column:
            found[at, column[seed]] = MILLION
    return found


def solve(request: NeighboursRequest) -> NeighboursAnswer:
    """Find the nearest skills (never groups) of each seed with the path to each, nearest first, ties by key.

    For storing neighbours as rows once per framework version. Raises UnknownGraph as ``loaded`` does, and
    ValueError for a seed that the graph does not know.
    """
    graph = loaded(request.get("graph"), request.get("graph_version"))
    skills = sorted(key for key in graph.net if graph.is_skill(key))
    seeds = sorted(set(request.get("seeds", skills)))
    unknown = [seed for seed in seeds if seed not in graph]
    if unknown:
        message = f"skills that the graph does not know: {', '.join(unknown)}"
        raise ValueError(message)
    limit = request.get("limit", 10)
    neighbours: dict[str, list[Neighbour]] = {}
    for begin in range(0, len(seeds), _BATCH):
        for seed, near in nearness(graph, seeds[begin : begin + _BATCH], skills).items():
            ranked = sorted((-value, key) for key, value in near.items() if key != seed)[:limit]
            neighbours[seed] = []
            for value, key in ranked:
                path = graph.path(seed, key)
                if path is not None:
                    neighbours[seed].append(
                        {"key": key, "label": graph.label(key), "nearness": -value / MILLION, "path": path}
                    )
    return {"graph_version": graph.version, "neighbours": neighbours}
