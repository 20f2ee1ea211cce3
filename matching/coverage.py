"""More pairs for a crowd too large to weigh each: until as many people can be placed as over all allowed pairs.

Everybody's heaviest pairs may all lead to the same few people. So, of those who are left over, and of whoever could
leave a place to them, allowed pairs with others join the pairs, until nobody among them has any: then, as P. Hall
says (1935), no choice of pairs places more people. What is asked for is a place for every seeker; among people who
are all seekers and holders alike that is the fractional matching, which rounds of an odd number keep from pairs only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import maximum_bipartite_matching, maximum_flow

if TYPE_CHECKING:
    from collections.abc import Callable

    from matching.people import Whole
    from matching.rules import Flags

    Between = Callable[[Whole, Whole], Flags]
    """What bars the pairs of rows and columns that broadcast; 0: allowed."""

CHANCE = 8
"""Pairs of each person that join at once, chosen by chance."""
ROWS = 2_000_000
"""Pairs that are looked at at once."""
ENOUGH = 4
"""Pairs for each person left over with which it is tried anew."""


def by_chance(allowed: Whole, most: int, chance: np.random.Generator) -> tuple[Whole, Whole]:
    """Choose up to `most` marked places of each row of a table, all of those with fewer; rows and columns."""
    row, column = np.nonzero(allowed)
    count = np.bincount(row, minlength=len(allowed))
    start = np.cumsum(count) - count
    few = count <= most
    some = np.flatnonzero(~few)
    picked = start[some, None] + (chance.random((len(some), most)) * count[some, None]).astype(np.int64)
    numbers = np.unique(np.r_[np.flatnonzero(few[row]), picked.ravel()])
    return row[numbers], column[numbers]


def covering(row: Whole, column: Whole, rows: Whole, seats: Whole, between: Between) -> tuple[Whole, Whole]:
    """Return allowed pairs that are to join some, so that as many of `rows` as possible can have a place.

    `row` and `column` are the pairs so far; `seats` how many rows each column takes. Exact.
    """
    chance = np.random.default_rng(0)  # the same for the same people
    known = row * len(seats) + column
    added = np.empty(0, dtype=np.int64)
    while True:
        every = np.r_[known, added]
        row, column = every // len(seats), every % len(seats)
        given = _given(row, column, rows, seats)
        alone = rows[given[rows] < 0]
        if not len(alone):
            break
        moving, reached = _moving(row, column, alone, given, seats)
        further = _further(
            np.r_[alone, np.setdiff1d(moving, alone)], ~reached & (seats > 0), len(alone), between, chance
        )
        if not len(further[0]):
            break
        added = np.unique(np.r_[added, further[0] * len(seats) + further[1]])
    return added // len(seats), added % len(seats)


def _given(row: Whole, column: Whole, rows: Whole, seats: Whole) -> Whole:
    """Give as many rows as possible a place; say in which column, -1 for none."""
    count = int(max(row.max(initial=-1), rows.max(initial=-1))) + 1
    given = np.full(count, -1)
    if not len(row):
        return given
    if int(seats.max(initial=0)) <= 1:
        open_ = seats[column] > 0
        net = csr_matrix(
            (np.ones(int(open_.sum()), dtype=np.int8), (row[open_], column[open_])), shape=(count, len(seats))
        )
        return np.asarray(maximum_bipartite_matching(net, perm_type="column"), dtype=np.int64)
    source, sink = count + len(seats), count + len(seats) + 1
    tail = np.r_[np.full(count, source), row, count + np.arange(len(seats))].astype(np.int32)
    head = np.r_[np.arange(count), count + column, np.full(len(seats), sink)].astype(np.int32)
    room = np.r_[np.ones(count + len(row), dtype=np.int64), seats].astype(np.int32)
    flow = maximum_flow(csr_matrix((room, (tail, head)), shape=(sink + 1, sink + 1)), source, sink).flow[:count].tocoo()
    real = flow.data > 0
    given[flow.row[real]] = flow.col[real] - count
    return given


def _moving(row: Whole, column: Whole, alone: Whole, given: Whole, seats: Whole) -> tuple[Whole, Whole]:
    """Say which rows could leave their place to one of those who are alone, and mark the columns these come by."""
    moves = np.zeros(len(given), dtype=bool)
    moves[alone] = True
    while True:
        reached = np.zeros(len(seats), dtype=bool)
        reached[column[moves[row]]] = True
        more = moves | ((given >= 0) & reached[given])
        if (more == moves).all():
            return np.flatnonzero(moves), reached
        moves = more


def _further(
    rows: Whole, open_: Whole, alone: int, between: Between, chance: np.random.Generator
) -> tuple[Whole, Whole]:
    """Find allowed pairs of rows, those who are alone first, with open columns: enough for another try, or all."""
    columns = np.flatnonzero(open_)
    found = [np.empty((2, 0), dtype=np.int64)]
    step = max(1, ROWS // max(1, len(columns)))
    for begin in range(0, len(rows) if len(columns) else 0, step):
        some = rows[begin : begin + step]
        row, column = by_chance(between(some[:, None], columns[None, :]) == 0, CHANCE, chance)
        found.append(np.stack([some[row], columns[column]]))
        if begin + step >= alone and sum(part.shape[1] for part in found) > ENOUGH * alone:
            break
    one, other = np.concatenate(found, axis=1)
    return one, other
