"""Errors: a kind page for people, RFC 9457 problem details for the API."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import structlog
from flask import Flask, Response, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.exceptions import HTTPException

from academy.kernel import telemetry
from academy.kernel.access import (
    Busy,
    Closed,
    Conflict,
    Invalid,
    Missing,
    Outdated,
    Prevented,
    RateLimited,
    Refusal,
    Refused,
    SignedOut,
    TooLong,
)
from academy.kernel.app import Kernel
from academy.web import signed_in
from academy.web.guards import OutOfScope

logger = structlog.get_logger(__name__)

SOON = 10
"""Seconds after which it is worth asking again, where the database is away."""
SECRETS = frozenset({"password", "present", "code"})
"""Fields that no page gives back."""


def _words(status: int) -> tuple[str, str, str]:
    """Return heading, what happened and what was kept."""
    nothing = _("Nothing was changed.")
    texts = {
        400: (_("That did not arrive whole"), _("The request could not be read."), nothing),
        401: (_("Please sign in"), _("This page needs you to be signed in."), nothing),
        403: (
            _("This is not yours to do"),
            _("Your role here does not include this. Your program lead can help."),
            nothing,
        ),
        404: (_("There is nothing here"), _("The page has moved, or it is not open to you."), ""),
        405: (_("That can't be done here"), _("This address does not take that kind of request."), nothing),
        409: (
            _("Somebody was quicker"),
            _("This has changed since you opened the page. Open it again to see how it is now."),
            nothing,
        ),
        413: (
            _("That is too much at once"),
            _("What you sent is larger than can be taken. Try a shorter text or a smaller file."),
            nothing,
        ),
        422: (
            _("Please look at this again"),
            _("Something in the form could not be used. Go back: what you wrote is still there."),
            nothing,
        ),
        429: (_("One moment, please"), _("That was a lot in a short time. Wait a little, then go on."), nothing),
        503: (_("Back in a moment"), _("The academy is busy or being looked after. Please try again shortly."), ""),
    }
    fallback = (
        _("This is our fault"),
        _("Something broke on our side, and we have written down what. What you had saved before is safe."),
        "",
    )
    return texts.get(status, fallback)


def _what_next(status: int) -> str:
    """Say to a program what happened and what to do next, where nothing more is known than the status."""
    texts = {
        400: _("The request could not be read. Nothing was changed; put it right and send it again."),
        401: _("Nobody is signed in. Send a personal API token, as Authorization: Bearer and the token."),
        403: _("Your role here does not include this. Nothing was changed; your program lead can help."),
        404: _("There is no such thing, or it is not open to you. Look at the address and at the ids that you sent."),
        405: _("This address does not take that method. The header Allow names those that it takes."),
        409: _("This has changed meanwhile. Nothing was changed; read it again."),
        413: _("What you sent is larger than can be taken. Nothing was changed; send less at once."),
    }
    return texts.get(status, _words(status)[1])


_CODES = {
    kind.status: kind.code
    for kind in (SignedOut, Refused, Missing, Conflict, Outdated, Invalid, TooLong, RateLimited, Busy)
} | dict.fromkeys((400, 405, 415), Invalid.code)
"""The code that goes with a status, where no refusal of ours names it."""


def _sent() -> list[tuple[str, str]] | None:
    """Return a form's fields as they were sent, to be sent once more; None where that can't be all of them.

    Its token is the one that came with it, so that nothing is sent again that could not have been sent.
    """
    if request.method != "POST" or request.files or not request.form or not SECRETS.isdisjoint(request.form):
        return None
    return list(request.form.items(multi=True))


def page(status: int, detail: str = "", *, heading: str = "") -> tuple[str, int]:
    """Render the kind page of an error, under another `heading` than its status has.

    What passes can be waited for: then a form's fields are there to send again.
    """
    usual, sentence, kept = _words(status)
    if detail:
        sentence, kept = detail, ""
    again = None
    if status in {HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS} and request.method == "POST":
        again = _sent()
        kept = _("What you wrote is kept in this page.") if again else _("Go back: what you wrote is still there.")
    way_out = (_("Sign in"), "/sign-in") if status == HTTPStatus.UNAUTHORIZED else (_("Back to home"), "/")
    body = render_template(
        "academy/web/error.html",
        status=status,
        heading=heading or usual,
        sentence=sentence,
        kept=kept,
        again=again,
        here=request.full_path.removesuffix("?"),
        way_out=way_out,
        request_id=telemetry.request_id() if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "",
        page="",
    )
    return body, status


def problem(status: int, *, code: str = "", detail: str = "", **more: Any) -> Response:
    """Build an RFC 9457 answer."""
    title = HTTPStatus(status).phrase
    body = {"type": f"urn:academy:error:{code or status}", "title": title, "status": status, **more}
    if detail:
        body["detail"] = detail
    if code:
        body["code"] = code
    return Response(json.dumps(body), status, mimetype="application/problem+json")


def _is_api() -> bool:
    return request.path.startswith("/api/")


def _how_to_enter(refusal: Refusal) -> str:
    """Say, as RFC 6750 words it, what a program should send that it did not."""
    if isinstance(refusal, OutOfScope):
        return 'Bearer error="insufficient_scope"' + (f', scope="{refusal.scope}"' if refusal.scope else "")
    if isinstance(refusal, SignedOut):
        return "Bearer" if signed_in.bearer_token() is None else 'Bearer error="invalid_token"'
    return ""


def sentence(refusal: Refusal) -> str:
    """Return what happened, in words."""
    return refusal.detail or _words(refusal.status)[1]


def _heading(refusal: Refusal) -> str:
    """Return the heading of a refusal that is another than that of its status, "" for none."""
    if isinstance(refusal, Closed):
        return _("This is closed")
    return _("That can't be done yet") if isinstance(refusal, Prevented) else ""


def headers(refusal: Refusal) -> dict[str, str]:
    """Return the headers that go with a refusal: when to come back, in whole seconds."""
    return {} if refusal.retry_after is None else {"Retry-After": str(math.ceil(refusal.retry_after))}


def problem_of(refusal: Refusal) -> Response:
    """Build the answer of the API to a refusal."""
    more: dict[str, Any] = {"errors": refusal.errors} if isinstance(refusal, Invalid) and refusal.errors else {}
    detail = refusal.detail or _what_next(refusal.status)
    answer = problem(refusal.status, code=refusal.code, detail=detail, **more)
    answer.headers.update(headers(refusal))
    asked = _how_to_enter(refusal)
    if asked:
        answer.headers["WWW-Authenticate"] = asked
    return answer


def _refused(refusal: Refusal) -> ResponseReturnValue:
    if _is_api():
        return problem_of(refusal)
    if isinstance(refusal, SignedOut) and request.method == "GET":
        here = request.full_path.removesuffix("?")
        return redirect("/sign-in" if here == "/" else f"/sign-in?next={quote(here, safe='/')}", 303)
    return make_response(*page(refusal.status, refusal.detail, heading=_heading(refusal)), headers(refusal))


def _http(error: HTTPException) -> ResponseReturnValue:
    status = error.code or 500
    if error.response is not None or status < HTTPStatus.BAD_REQUEST:
        return error.get_response()
    forged = isinstance(error, CSRFError)
    if _is_api():
        # The library's own words are for nobody; ours say what to send instead.
        detail = "" if error.description == type(error).description else error.description or ""
        if forged:
            detail = _("A request that comes with a cookie sends the token of one of our forms, in X-CSRFToken.")
        answer = problem(status, code=_CODES.get(status, ""), detail=detail or _what_next(status))
    else:
        words = _(
            "This form was open for too long, or in another sign-in. "
            "Go back, copy what you wrote, and open the page again."
        )
        answer = Response(*page(status, words if forged else ""), mimetype="text/html")
    for name, value in error.get_headers():
        if name in {"Allow", "Retry-After"}:
            answer.headers[name] = value
    return answer


def _broken(error: Exception) -> ResponseReturnValue:
    logger.error("request_failed", path=telemetry.place(request.path), exc_info=error)
    if _is_api():
        return problem(500, detail=_("Something broke on our side, and we have written down what."))
    return page(500)


def _out_of_reach(error: SQLAlchemyError) -> ResponseReturnValue:
    """Answer while the database can't be asked anything, not even who this is."""
    logger.error("database_unavailable", path=telemetry.place(request.path), exc_info=error)
    signed_in.nobody()
    if _is_api():
        detail = _("The academy is being looked after. Please try again shortly.")
        answer = problem(503, code=Busy.code, detail=detail)
    else:
        answer = make_response(*page(503))
    answer.headers["Retry-After"] = str(SOON)
    return answer


def _or_away(tell: Callable[[Any], ResponseReturnValue]) -> Callable[[Any], ResponseReturnValue]:
    """Have an error told by `tell`, which asks who is here and in which language, also where that can't be asked."""

    def told(error: Exception) -> ResponseReturnValue:
        try:
            return tell(error)
        except (OperationalError, PoolTimeoutError) as away:
            return _out_of_reach(away)

    return told


def install(app: Flask, _kernel: Kernel) -> None:
    """Attach the error handlers."""
    for kind, tell in ((Refusal, _refused), (HTTPException, _http), (Exception, _broken)):
        app.register_error_handler(kind, _or_away(tell))
    app.register_error_handler(OperationalError, _out_of_reach)
    app.register_error_handler(PoolTimeoutError, _out_of_reach)
