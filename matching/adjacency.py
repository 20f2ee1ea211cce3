"""How near skills are to each other: random walk with restart on the skill graph.

A walker starts at a skill (the seed). At each step it goes back to the seed with probability 0.4, or else
follows one of the relations of the node where it stands, in proportion to their weights. The share of time
it spends at each node is ``r = c * sum over k of (1 - c)^k W^k e`` with *c* the restart, *W* the column-normalised
weighted adjacency matrix and *e* the seed's unit vector: personalised PageRank. It is summed up for all seeds at
once as products of sparse matrices, once per graph and process, and truncated: a walk is followed for at most
``DEPTH`` steps, in a graph of more than ``SMALL`` nodes one less likely than ``LOST`` no further, and there nearness
below ``LEAST`` is not kept. What is left out makes what is far farther; `docs/matching.md` says by how much, measured
against the exact solution.

Sources: H. Tong, C. Faloutsos and J.-Y. Pan, "Fast random walk with restart and its applications", ICDM 2006. That
skills form a network in which what people learn next lies near what they have: A. Alabdulkareem et al., "Unpacking
the polarization of workplace skills", Science Advances 2018. That its relations have a direction, special skills
standing on general ones: M. Hosseinioun et al., "Skill dependencies uncover nested human capital", 2023 (Nature
Human Behaviour 2025). Nearness walks both ways along a relation, since somebody who is further on may help with what
lies before and after; which way a relation goes is told where it is put into words.

**Normalisation.** ``nearness(seed, t) = r[t] / r[seed]``. So a skill's nearness to itself is 1, and with
restart 0.4 every other node's is at most 0.9375: a walk that has left a node needs two steps to come back,
hence ``r[seed] >= 0.4`` and ``r[t] <= 0.6 * 0.4 / (1 - 0.36) = 0.375``. It is not symmetric, as it should be:
seen from a narrow skill the broad one above it is near; seen from the broad one, each of its many narrow ones
is far. Nodes that nothing joins have nearness 0 and are left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict
from weakref import WeakKeyDictionary

import numpy as np
from scipy.sparse import csc_array, eye_array, hstack

from matching.graph import loaded
from matching.types import MILLION

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from matching.graph import SkillGraph
    from matching.types import GraphData, SkillPath

RESTART = 0.4
DEPTH = 32
SMALL = 1_000
LOST = 2e-4
LEAST = MILLION // 1000
_NOTHING = 1e-9
_BLOCK = 2048
"""Seeds at once: what is held meanwhile stays small."""
_near: WeakKeyDictionary[SkillGraph, csc_array] = WeakKeyDictionary()


class NeighboursRequest(TypedDict, total=False):
    """Input of ``solve``: ``seeds`` (all skills when left out), ``limit`` per seed."""

    graph: GraphData
    graph_version: str
    seeds: Sequence[str]
    limit: int


class Neighbour(TypedDict):
    """A skill near another one, with the path between them."""

    key: str
    label: str
    nearness: float
    path: SkillPath


class NeighboursAnswer(TypedDict):
    """Output of ``solve``: the nearest skills of each seed, nearest first."""

    graph_version: str
    neighbours: dict[str, list[Neighbour]]


def adjacency(graph: SkillGraph) -> csc_array:
    """Nearness of every node seen from every node, in whole millionths: a column for each seed. Once per graph.

    The diagonal is a million. Time and memory in proportion to the pairs that are kept, a hundred or so for each node.
    """
    known = _near.get(graph)
    if known is None:
        weights = graph.matrix("weight")
        degree = np.asarray(weights.sum(axis=0), dtype=np.float64)
        inverse = np.divide(1.0, degree, out=np.zeros_like(degree), where=degree > 0)
        walk = csc_array(weights.multiply((1 - RESTART) * inverse[np.newaxis, :]))
        everybody = csc_array(eye_array(len(graph.order), format="csc"))
        cut = (LOST, LEAST) if len(graph.order) > SMALL else (_NOTHING, 1)
        blocks = [_block(walk, everybody[:, at : at + _BLOCK], at, *cut) for at in range(0, len(graph.order), _BLOCK)]
        whole = hstack(blocks, format="csc") if blocks else everybody
        parts = (whole.data.astype(np.int32), whole.indices.astype(np.int32), whole.indptr.astype(np.int32))
        known = _near[graph] = csc_array(parts, shape=whole.shape)
    return known


def _block(walk: csc_array, seeds: csc_array, first: int, lost: float, least: int) -> csc_array:
    """Walk from some seeds, the first of which stands at ``first``, and keep what is not lost or least."""
    ahead, shares = seeds, seeds
    for _ in range(DEPTH):
        ahead = _without_below(walk @ ahead, lost)
        if not ahead.nnz:
            break
        shares = shares + ahead
    # The factor c of the sum is left out: every share has it, and each is divided by its seed's.
    near = csc_array(shares.multiply(MILLION / shares.diagonal(-first)[np.newaxis, :]))
    near.data = np.floor(near.data + 0.5)
    return _without_below(near, least)


def _without_below(matrix: csc_array, least: float) -> csc_array:
    matrix.data[matrix.data < least] = 0
    matrix.eliminate_zeros()
    return matrix


def nearness(
    graph: SkillGraph, seeds: Iterable[str], targets: Iterable[str] | None = None
) -> dict[str, dict[str, int]]:
    """Nearness of ``targets`` (every node when left out) seen from each seed, in whole millionths.

    Pairs whose nearness is nothing, or in a large graph less than a thousandth, are left out. A key that the graph
    does not know is near to itself only. The walk is summed up at the first question about a graph; after it
    O(nodes near the seed).

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
    asked = None if targets is None else set(targets)
    found: dict[str, dict[str, int]] = {seed: {seed: MILLION} for seed in wanted}
    for seed in wanted:
        if seed in graph:
            others = ((key, near) for key, near in _column(graph, seed) if asked is None or key in asked)
            found[seed].update((key, near) for key, near in others if key != seed)
    return found


def nearness_table(graph: SkillGraph, seeds: Sequence[str], targets: Sequence[str]) -> NDArray[np.int32]:
    """Nearness of ``targets`` (columns) seen from ``seeds`` (rows), in whole millionths.

    A key that the graph does not know is near to itself only.
    """
    column = {key: at for at, key in enumerate(targets)}
    found = np.zeros((len(seeds), len(targets)), dtype=np.int32)
    inside = [at for at, seed in enumerate(seeds) if seed in graph]
    known = [at for at, key in enumerate(targets) if key in graph]
    if inside and known:
        columns = adjacency(graph)[:, [graph.index[seeds[at]] for at in inside]].tocsr()
        found[np.ix_(inside, known)] = columns[[graph.index[targets[at]] for at in known]].toarray().T
    for at, seed in enumerate(seeds):
        if seed in column:
            found[at, column[seed]] = MILLION
    return found


def _column(graph: SkillGraph, seed: str) -> Iterator[tuple[str, int]]:
    near, at, order = adjacency(graph), graph.index[seed], graph.order
    span = slice(near.indptr[at], near.indptr[at + 1])
    for row, value in zip(near.indices[span].tolist(), near.data[span].tolist(), strict=True):
        yield order[row], value


def nearest(graph: SkillGraph, seed: str, limit: int) -> list[tuple[str, int]]:
    """Name the skills (never groups) nearest to a seed with their nearness, nearest first, ties by key."""
    found = sorted((-near, key) for key, near in _column(graph, seed) if key != seed and graph.is_skill(key))
    return [(key, -near) for near, key in found[:limit]]


def solve(request: NeighboursRequest) -> NeighboursAnswer:
    """Find the nearest skills (never groups) of each seed with the path to each, nearest first, ties by key.

    Raises UnknownGraph as ``loaded`` does, and ValueError for a seed that the graph does not know.
    """
    graph = loaded(request.get("graph"), request.get("graph_version"))
    skills = sorted(key for key in graph.net if graph.is_skill(key))
    seeds = sorted(set(request.get("seeds", skills)))
    unknown = [seed for seed in seeds if seed not in graph]
    if unknown:
        message = f"skills that the graph does not know: {', '.join(unknown)}"
        raise ValueError(message)
    neighbours: dict[str, list[Neighbour]] = {}
    for seed in seeds:
        neighbours[seed] = []
        for key, near in nearest(graph, seed, request.get("limit", 10)):
            path = graph.path(seed, key)
            if path is not None:
                neighbours[seed].append(
                    {"key": key, "label": graph.label(key), "nearness": near / MILLION, "path": path}
                )
    return {"graph_version": graph.version, "neighbours": neighbours}
