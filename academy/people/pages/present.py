"""The present password of who is signed in: asked for before what an open screen is not enough for."""

from __future__ import annotations

from uuid import UUID

from flask_babel import gettext as _

from academy.kernel import offload
from academy.kernel.app import kernel
from academy.people.engine import verify_password

WRONG = "10 per 5 minute"
"""Wrong passwords of one person, wherever they are asked for it."""


def fits(person_id: UUID, kept_hash: str | None, password: str) -> bool:
    """Say whether this is somebody's present password; raises `RateLimited` after many that were not.

    Only what was wrong counts. What was asked at the same time as the last wrong one is refused too.
    """
    limits, window = kernel().limits, (WRONG, "present-password", str(person_id))
    detail = _("That was many tries in a short time. Nothing was changed. Wait a little, then try again.")
    limits.check(*window, detail=detail)
    right = offload.run(verify_password, kept_hash, password)
    (limits.check if right else limits.hit)(*window, detail=detail)
    return right
