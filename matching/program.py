"""Pairs and trios as an integer program: which of them, nobody in two, with the greatest sum of something.

Solved by HiGHS (Q. Huangfu, J. Hall, "Parallelizing the dual revised simplex method", 2018) as scipy calls it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from matching.pairing import TIE_BITS, tie_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from matching.pairing import Edges, Whole

SHORT_TIE = 20  # bits: sums of them stay whole in a float
SOLVED, IMPOSSIBLE = 0, 2
"""What scipy's `milp` calls its two conclusive ends."""
HALF = 0.5


@dataclass(frozen=True)
class Groups:
    """Pairs, then trios, and what each is worth, as arrays of one length.

    `value` is what the group adds to the total, `low` twice what its worst-off has (in a trio the sum of her two),
    `kept` how many of its pairs were pairs before.
    """

    people: int
    members: NDArray[np.int64]
    """The numbers of its people, (groups, 3), rising; the third of a pair is -1."""
    value: Whole
    low: Whole
    kept: Whole

    @property
    def trio(self) -> NDArray[np.bool_]:
        """Say which groups are trios."""
        return self.members[:, 2] >= 0

    @property
    def size(self) -> Whole:
        """Count the people of each group."""
        return np.where(self.trio, 3, 2)

    @property
    def trios(self) -> int:
        """Count the trios."""
        return int(self.trio.sum())

    @property
    def placed(self) -> int:
        """Count the people in all groups."""
        return int(self.size.sum())

    def only(self, which: NDArray[Any]) -> Groups:
        """Return some of the groups, by a mask or by their numbers."""
        return Groups(self.people, self.members[which], self.value[which], self.low[which], self.kept[which])

    def joined_by(self, more: Groups) -> Groups:
        """Return these groups and more."""
        both = zip(self._arrays(), more._arrays(), strict=True)
        return Groups(self.people, *(np.concatenate(pair) for pair in both))

    def _arrays(self) -> tuple[NDArray[np.int64], ...]:
        return self.members, self.value, self.low, self.kept


Aim = Callable[[Groups], "NDArray[Any]"]
"""A number per group."""
Row = tuple[Aim, float, float]
"""A constraint: a number per group, and what the sum over the chosen ones lies between."""


def best_groups(groups: Groups, aim: Aim, rows: Sequence[Row], ends: float) -> tuple[NDArray[np.bool_] | None, bool]:
    """Choose groups with the greatest sum of `aim` within the rows, nobody in two of them; None if there are none.

    Says, too, whether that is proved.
    """
    left = ends - time.monotonic()
    if not len(groups.value):
        return None, True
    if left <= 0:
        return None, False
    who = groups.members.ravel()
    at = np.repeat(np.arange(len(groups.value)), groups.members.shape[1])
    shape = (groups.people, len(groups.value))
    held = csr_array((np.ones((who >= 0).sum()), (who[who >= 0], at[who >= 0])), shape=shape)
    found = milp(
        -aim(groups).astype(float),
        integrality=np.ones(len(groups.value)),
        bounds=Bounds(0, 1),
        constraints=[
            LinearConstraint(held, -np.inf, 1),
            *(LinearConstraint(row(groups).astype(float), low, high) for row, low, high in rows),
        ],
        options={"time_limit": left, "mip_rel_gap": 0},
    )
    return (None if found.x is None else found.x > HALF), found.status in {SOLVED, IMPOSSIBLE}


def size_of(groups: Groups) -> Whole:
    """Count the people of each group."""
    return groups.size


def trio_of(groups: Groups) -> NDArray[np.bool_]:
    """Say which groups are trios."""
    return groups.trio


def value_of(groups: Groups) -> Whole:
    """Return what each group adds to the total."""
    return groups.value


def kept_of(groups: Groups) -> Whole:
    """Count the pairs of each group that were pairs before."""
    return groups.kept


def low_of(groups: Groups) -> Whole:
    """Return twice what the worst-off of each group has."""
    return groups.low


def ties_of(groups: Groups, names: Sequence[str]) -> Whole:
    """Return a number for each group that depends on who is in it and on nothing else."""
    short = TIE_BITS - SHORT_TIE
    return np.array([tie_key(*(names[at] for at in who if at >= 0)) >> short for who in groups.members.tolist()])


def groups_of(edges: Edges, triangles: Whole) -> Groups:
    """Lay out all pairs, then triangles: rows of three numbers of pairs."""
    people = np.stack([edges.a, edges.b, np.full(len(edges), -1)], axis=1)
    ends = np.stack([edges.a[triangles], edges.b[triangles]], axis=2).reshape(len(triangles), 6)
    ends.sort(axis=1)
    each = ends[:, ::2]  # everybody is in two of the three pairs
    lows = []
    for place in range(3):
        who = each[:, place, None]
        a_part = np.where(edges.a[triangles] == who, edges.first[triangles], 0)
        b_part = np.where(edges.b[triangles] == who, edges.second[triangles], 0)
        lows.append((a_part + b_part).sum(axis=1))
    return Groups(
        edges.people,
        np.concatenate([people, each]),
        np.concatenate([2 * edges.weight, edges.weight[triangles].sum(axis=1)]),
        np.concatenate([2 * edges.low, np.min(lows, axis=0)]),
        np.concatenate([edges.kept.astype(np.int64), edges.kept[triangles].sum(axis=1)]),
    )


def triangles_of(edges: Edges, most: int) -> Whole | None:
    """Find all three people who can be a trio, as numbers of their pairs; None where there are more than `most`."""
    shape = (edges.people, edges.people)
    number = csr_array((np.arange(1, len(edges) + 1), (edges.a, edges.b)), shape=shape)
    found, count = [np.empty((0, 3), dtype=np.int64)], 0
    for person in np.unique(edges.a):
        row = slice(number.indptr[person], number.indptr[person + 1])
        others, own = number.indices[row], number.data[row] - 1
        between = number[others][:, others].tocoo()
        triangles = np.stack([own[between.row], own[between.col], between.data - 1], axis=1)
        if edges.fits is not None:
            who = np.stack([np.full(len(triangles), person), others[between.row], others[between.col]], axis=1)
            triangles = triangles[edges.fits(who)]
        found.append(triangles)
        count += len(triangles)
        if count > most:
            return None
    return np.concatenate(found)
