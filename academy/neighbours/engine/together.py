"""Which skills people have together. It runs in the matcher process, which nobody waits for; standard library only.

Two skills are joined where enough people have both for nobody to be recognised, and where those are a good part of
the people who have the more frequent one. The latter is the smaller of the two conditional probabilities, as in
A. Alabdulkareem et al., "Unpacking the polarization of workplace skills", Science Advances 2018: else what everybody
has would be near to everything.
"""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from typing import Any

LEAST_PEOPLE = 5
LEAST_SHARE = 0.2
MOST_SKILLS = 60
"""Skills of one person that count: who has named hundreds says little by any two of them."""


def counted(request: dict[str, Any]) -> dict[str, Any]:
    """Return as `pairs` the skills that are had together, sorted; `people` lists each person's skills.

    >>> counted({"people": [[1, 2]] * 5 + [[1, 3]] * 4 + [[2]] * 3})
    {'pairs': [(1, 2)]}
    """
    have: Counter[Any] = Counter()
    both: Counter[tuple[Any, Any]] = Counter()
    for skills in request["people"]:
        own = sorted(set(skills))
        if len(own) <= MOST_SKILLS:
            have.update(own)
            both.update(combinations(own, 2))
    return {
        "pairs": sorted(
            (a, b)
            for (a, b), people in both.items()
            if people >= LEAST_PEOPLE and people >= LEAST_SHARE * max(have[a], have[b])
        )
    }
