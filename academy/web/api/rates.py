"""How much of the API one person may use in a while, and the headers that say how much is left.

Every request below /api/v1 is counted, also one for an address that there is not. Who is signed in is counted for
themselves, and anybody else by their address.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING
from uuid import UUID

from flask import Flask, Response, g, request
from flask_babel import gettext as _

from academy.kernel.access import RateLimited
from academy.kernel.app import kernel
from academy.kernel.limits import api_user
from academy.web import errors
from academy.web.api.operations import PREFIX
from academy.web.signed_in import viewer_or_none

if TYPE_CHECKING:
    from academy.kernel.app import Kernel

NAME = "api"


def install(app: Flask, _kernel: Kernel) -> None:
    """Count requests of the API before they are answered."""
    app.before_request(_count)
    app.after_request(_say)


def _ours() -> bool:
    return request.path.startswith(f"{PREFIX}/")


def _count() -> None:
    if _ours():
        me = viewer_or_none()
        _hit(me.person_id if me else None)


def _hit(person_id: UUID | None) -> None:
    g.api_user = api_user(person_id, request.remote_addr)
    detail = _("That was a lot in a short time. Nothing was changed; go on in a moment.")
    kernel().limits.hit(kernel().settings.api_rate, *g.api_user, detail=detail)


def _count_early(response: Response) -> Response:
    """Count by its address what was refused before it was counted: a token that is none, another site's form."""
    if not _ours() or "api_user" in g:
        return response
    try:
        _hit(None)
    except RateLimited as refusal:
        return errors.problem_of(refusal)
    return response


def _say(response: Response) -> Response:
    """Add the headers of the IETF's draft: draft-ietf-httpapi-ratelimit-headers."""
    response = _count_early(response)
    if request.method == "OPTIONS" and _ours() and response.status_code == HTTPStatus.OK:
        response.status_code = HTTPStatus.NO_CONTENT
        del response.headers["Content-Type"]  # Flask says HTML of nothing
    if "api_user" in g:
        window = kernel().limits.window(kernel().settings.api_rate, *g.api_user)
        response.headers["RateLimit-Policy"] = f'"{NAME}";q={window.most};w={window.seconds}'
        response.headers["RateLimit"] = f'"{NAME}";r={window.left};t={window.reset}'
    return response
