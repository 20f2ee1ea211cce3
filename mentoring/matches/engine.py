"""The matcher of this feature. `kernel.offload` names it for the matcher process; nothing imports it."""

from __future__ import annotations

from typing import Any

from matching import buddies, mentors


def solve(request: dict[str, Any]) -> dict[str, Any]:
    """Answer one asking.

    `request` holds `purpose` ("buddy" or "mentorship") and `ask`, a `matching.types.BuddiesRequest` or
    `MentorsRequest`; the answer is the matching `BuddiesAnswer` or `MentorsAnswer`. Raises what they raise:
    `UnknownGraph` when only a version was sent and this process has not met it.
    """
    ask = request["ask"]
    answer = buddies.solve(ask) if request["purpose"] == "buddy" else mentors.solve(ask)
    return dict(answer)
