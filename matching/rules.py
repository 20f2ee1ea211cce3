"""Who may not be matched with whom: hard constraints, as missing edges whose reasons are kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from matching.hours import intervals_from
from matching.types import EARLIER_CHOICES, MINIMUM_MINUTES, Reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from matching.people import Crowd, Whole
    from matching.types import Settings, Tally, Unplaced

    Flags = NDArray[np.uint16]

BIT = {reason: 1 << at for at, reason in enumerate(Reason)}
"""One bit for each reason, so that all of a pair's fit into a number."""
EARLIER = sum(BIT[reason] for reason in EARLIER_CHOICES)


@dataclass(frozen=True, slots=True)
class Rules:
    """Hard constraints that the people themselves do not carry."""

    minimum_minutes: int = MINIMUM_MINUTES
    ex_pairs: frozenset[frozenset[str]] = frozenset()
    current_pairs: frozenset[frozenset[str]] = frozenset()
    excluded: frozenset[frozenset[str]] = frozenset()


def rules_from(request: Settings) -> Rules:
    """Take the rules from a request."""
    ex_pairs, current, excluded = (
        frozenset(frozenset(pair) for pair in pairs)
        for pairs in (request.get("ex_pairs", ()), request.get("current_pairs", ()), request.get("excluded", ()))
    )
    return Rules(request.get("minimum_minutes", MINIMUM_MINUTES), ex_pairs, current, excluded)


class Bars:
    """What rules out pairs of a crowd. Blocks, refusals and managers count in either direction."""

    def __init__(self, crowd: Crowd, rules: Rules, *, places: bool = False) -> None:
        """Gather what is said about single pairs; with `places`, the second of a pair needs a free place."""
        self._crowd, self.minimum_minutes = crowd, rules.minimum_minutes
        self._full = np.array([places and not person.capacity for person in crowd.people], dtype=bool)
        self._named = _named(crowd, rules)

    def between(self, one: Whole, other: Whole) -> Flags:
        """Return every reason that bars the pairs of two arrays of places that broadcast; 0: allowed."""
        crowd = self._crowd
        found = np.where(crowd.languages(one, other) == 0, BIT[Reason.NO_SHARED_LANGUAGE], 0).astype(np.uint16)
        found |= np.where(crowd.minutes(one, other) < self.minimum_minutes, BIT[Reason.TOO_FEW_SHARED_HOURS], 0).astype(
            np.uint16
        )
        found |= np.where(self._full[other], BIT[Reason.NO_CAPACITY], 0).astype(np.uint16)
        if self._named.nnz and found.size:
            first, second = (np.broadcast_to(array, found.shape).flatten() for array in (one, other))
            found |= np.asarray(self._named[first, second]).ravel().astype(np.uint16).reshape(found.shape)
        return np.where(found & BIT[Reason.SELF], np.uint16(BIT[Reason.SELF]), found)


def reasons_of(flags: int) -> list[Reason]:
    """Name the reasons that a number holds, in the order of ``Reason``."""
    return [reason for reason, bit in BIT.items() if flags & bit]


def unplaced(crowd: Crowd, person: int, flags: Flags) -> Unplaced:
    """Why somebody was not placed; ``flags`` hold what bars her from each of the others.

    Of several reasons all are counted. ``only`` counts the others whom one reason alone rules out: what would have to
    be different for one more to fit. Nobody is named: what is kept grows with the people, not with their pairs.
    """
    # Oneself is nobody to be matched with: a learner who is a mentor too has one candidate fewer.
    flags = flags[flags != BIT[Reason.SELF]]
    earlier = int(((flags & EARLIER) != 0).sum())
    told = _tally(flags)
    found: Unplaced = {
        "person": crowd.people[person].id,
        "code": told["code"],
        "allowed": told["allowed"],
        "reasons": told["reasons"],
        "only": told["only"],
        "considered": len(flags),
        "earlier": earlier,
        "languages": sorted(crowd.people[person].languages),
        "hours": intervals_from(crowd.people[person].hours),
    }
    if earlier:
        found["without"] = _tally(flags & ~np.uint16(EARLIER))
    return found


def _tally(flags: Flags) -> Tally:
    allowed = int((flags == 0).sum())
    reasons = {reason.value: int(((flags & bit) != 0).sum()) for reason, bit in BIT.items()}
    only = {reason.value: int((flags == bit).sum()) for reason, bit in BIT.items()}
    return {
        "code": "taken" if allowed else "none_allowed" if len(flags) else "nobody_else",
        "allowed": allowed,
        "reasons": {reason: count for reason, count in reasons.items() if count},
        "only": {reason: count for reason, count in only.items() if count},
    }


def _named(crowd: Crowd, rules: Rules) -> csr_array:
    """Lay out, as a symmetric table of flags, what is said about pairs by name."""
    rows: list[tuple[int, int, int]] = []

    def bar(reason: Reason, one: Sequence[int], names: Iterable[str]) -> None:
        rows.extend((a, b, BIT[reason]) for name in names for b in crowd.places.get(name, ()) for a in one)

    for at, person in enumerate(crowd.people):
        bar(Reason.SELF, [at], [person.id])
        bar(Reason.BLOCKED, [at], person.blocks)
        bar(Reason.DECLINED_BEFORE, [at], person.declined)
        if person.manager_id is not None:
            bar(Reason.OWN_MANAGER, [at], [person.manager_id])
    for reason, pairs in (
        (Reason.EX_PAIR, rules.ex_pairs),
        (Reason.ALREADY_PAIRED, rules.current_pairs),
        (Reason.EXCLUDED, rules.excluded),
    ):
        for pair in pairs:
            one, *other = pair
            bar(reason, crowd.places.get(one, ()), other)
    table = np.array(rows, dtype=np.int64).reshape(-1, 3)
    both = np.unique(np.concatenate([table, table[:, [1, 0, 2]]]), axis=0)  # each reason counts once
    size = len(crowd)
    return csr_array((both[:, 2].astype(np.int64), (both[:, 0], both[:, 1])), shape=(size, size))
