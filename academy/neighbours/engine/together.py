"""Which skills go together here. It runs in the matcher process, which nobody waits for; standard library only.

Two skills are joined where enough people have both for nobody to be recognised, and where those are a good part of
the people who have the more frequent one. The latter is the smaller of the two conditional probabilities, as in
A. Alabdulkareem et al., "Unpacking the polarization of workplace skills", Science Advances 2018: else what everybody
has would be near to everything.

What the academy itself says, as a track by the skills that it practises, is counted the same way and apart from
people: one track counts once, as one profile does, and as nobody is recognised by it one is enough. Were they counted
in one, a track would lift four people over the line, and who knows the tracks would know of the four.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import Any

LEAST_PEOPLE, LEAST_NAMED = 5, 1
LEAST_SHARE = 0.2
MOST_SKILLS = 60
"""Skills of one person that count: who has named hundreds says little by any two of them."""


def counted(request: dict[str, Any]) -> dict[str, Any]:
    """Return as `pairs` the skills that go together, sorted.

    `people` lists each person's skills, and `named`, where there is any, those of each track.

    >>> counted({"people": [[1, 2]] * 5 + [[1, 3]] * 4 + [[2]] * 3})
    {'pairs': [(1, 2)]}
    >>> counted({"people": [[1, 3]] * 4, "named": [[3, 4]]})
    {'pairs': [(3, 4)]}
    """
    found = _joined(request["people"], LEAST_PEOPLE) | _joined(request.get("named", ()), LEAST_NAMED)
    return {"pairs": sorted(found)}


def _joined(lists: Iterable[Sequence[Any]], least: int) -> set[tuple[Any, Any]]:
    """Return the pairs that at least so many lists hold, and a good part of those with the more frequent one."""
    have: Counter[Any] = Counter()
    both: Counter[tuple[Any, Any]] = Counter()
    for skills in lists:
        own = sorted(set(skills))
        if len(own) <= MOST_SKILLS:
            have.update(own)
            both.update(combinations(own, 2))
    return {
        (a, b) for (a, b), number in both.items() if number >= least and number >= LEAST_SHARE * max(have[a], have[b])
    }
