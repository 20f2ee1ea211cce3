"""The matcher of this feature. `kernel.offload` names it for its process, `cli` loads it; nothing imports it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from matching import buddies, mentors, solving, why

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from matching.instance import Answer, Buddies, Mentors


def solve(request: dict[str, Any], tell: Callable[[str], None] = solving.nobody) -> dict[str, Any]:
    """Answer one asking; `tell` is told each step that is begun (`matching.types.STEPS`).

    `request` holds `purpose` ("buddy" or "mentorship") and `ask`, a `matching.types.BuddiesRequest` or
    `MentorsRequest`; the answer is the matching `BuddiesAnswer` or `MentorsAnswer`. Raises what they raise:
    `UnknownGraph` when only a version was sent and this process has not met it.
    """
    started, ask = time.monotonic(), request["ask"]
    answer = buddies.solve(ask, tell) if request["purpose"] == "buddy" else mentors.solve(ask, tell)
    answer["solved"]["seconds"] = round(time.monotonic() - started, 3)
    return dict(answer)


def compare(request: dict[str, Any]) -> dict[str, Any]:
    """Answer "why not these two?": `request` is a `matching.types.WhyRequest`, the answer a `WhyAnswer`."""
    ask, (one, other) = request["ask"], request["people"]
    found = why.buddies(ask, one, other) if request["purpose"] == "buddy" else why.mentor(ask, one, other)
    return dict(found)


def explain(request: dict[str, Any]) -> dict[str, Any]:
    """Say what pairs of a learner and a mentor are worth: `request` holds a `MentorsRequest` as `ask`, and `pairs`.

    The answer's `parts` hold a `matching.types.Parts` for each of them, in their order.
    """
    return {"parts": why.mentors_of(request["ask"], request["pairs"])}


def solve_instance(
    asked: Buddies | Mentors, *, floor: bool, kept: Collection[frozenset[str]], seconds: float | None = None
) -> Answer:
    """Answer what a file asks; `seconds` bound the search for trios."""
    return solving.solve(asked, floor=floor, kept=kept, seconds=solving.SECONDS if seconds is None else seconds)
