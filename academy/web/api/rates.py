"""How much of the API one person may use in a while, and the headers that say how much is left."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Flask, Response, g, request
from flask_babel import gettext as _

from academy.kernel.app import kernel
from academy.web.api.operations import PREFIX
from academy.web.signed_in import viewer_or_none

if TYPE_CHECKING:
    from academy.kernel.app import Kernel

NAME = "api"


def install(app: Flask, _kernel: Kernel) -> None:
    """Count requests of the API before they are answered."""
    app.before_request(_count)
    app.after_request(_say)


def _count() -> None:
    if request.url_rule is None or not request.path.startswith(f"{PREFIX}/"):
        return
    me = viewer_or_none()
    g.api_user = (NAME, str(me.person_id) if me else f"from {request.remote_addr}")
    detail = _("That was a lot in a short time. Nothing was changed; go on in a moment.")
    kernel().limits.hit(kernel().settings.api_rate, *g.api_user, detail=detail)


def _say(response: Response) -> Response:
    """Add the headers of the IETF's draft: draft-ietf-httpapi-ratelimit-headers."""
    if request.method == "OPTIONS" and request.path.startswith(f"{PREFIX}/") and response.status_code == HTTPStatus.OK:
        response.status_code = HTTPStatus.NO_CONTENT
        del response.headers["Content-Type"]  # Flask says HTML of nothing
    if "api_user" in g:
        window = kernel().limits.window(kernel().settings.api_rate, *g.api_user)
        response.headers["RateLimit-Policy"] = f'"{NAME}";q={window.most};w={window.seconds}'
        response.headers["RateLimit"] = f'"{NAME}";r={window.left};t={window.reset}'
    return response
