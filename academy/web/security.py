"""Security headers, cookies and the forgery guard."""

from __future__ import annotations

import os
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import structlog
from flask import Flask, Response, abort, current_app, g, request
from flask_wtf.csrf import CSRFProtect, generate_csrf
from werkzeug.middleware.proxy_fix import ProxyFix

from academy.kernel import telemetry
from academy.kernel.app import Kernel, kernel
from academy.kernel.viewer import SIGN_IN_LASTS
from academy.web.signed_in import bearer_token, viewer_or_none

logger = structlog.get_logger(__name__)

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "font-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "media-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types academy htmx",
    )
)
MAX_BODY = 1024 * 1024


class _Forgery(CSRFProtect):
    """The guard against forms from other sites. No other site can make a browser send a token's header."""

    def protect(self, *args: Any, **more: Any) -> None:
        """Check the form's token, unless the request carries a personal API token.

        Whoever is signed out has nothing that could be forged: a program is told so, by the guard.
        """
        signed_out_program = request.path.startswith("/api/") and viewer_or_none() is None
        if bearer_token() is None and not signed_out_program:
            super().protect(*args, **more)  # type: ignore[no-untyped-call]

    def _get_csrf_token(self) -> str | None:
        sent: str | None = super()._get_csrf_token()  # type: ignore[no-untyped-call]
        return None if sent is None else unmasked(sent)


MASKED = "~"
"""Begins a masked token; none that Flask-WTF makes holds it."""


def masked(token: str) -> str:
    """Write a token so that each answer holds it in other letters: no number of answers tells it."""
    plain = token.encode()
    pad = os.urandom(len(plain))
    return MASKED + urlsafe_b64encode(pad + _xor(plain, pad)).decode()


def unmasked(text: str) -> str:
    """Read a masked token; what is none is returned as it came, and is refused like any other that is wrong."""
    if not text.startswith(MASKED):
        return text
    try:
        both = urlsafe_b64decode(text[1:])
        return _xor(both[: len(both) // 2], both[len(both) // 2 :]).decode()
    except ValueError:
        return text


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=False))


def _token() -> str:
    if "masked_token" not in g:
        g.masked_token = masked(generate_csrf())
    found: str = g.masked_token
    return found


def install(app: Flask, kernel: Kernel) -> None:
    """Attach headers, cookie settings, the forgery guard and the request's id and log line."""
    settings = kernel.settings
    app.config.update(
        SESSION_COOKIE_NAME="academy",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure,
        PERMANENT_SESSION_LIFETIME=SIGN_IN_LASTS,
        # Set when it changes and never else: a cookie must not travel with files that everybody may keep.
        SESSION_REFRESH_EACH_REQUEST=False,
        MAX_CONTENT_LENGTH=MAX_BODY,
        WTF_CSRF_TIME_LIMIT=None,
        # A form that was open while the secret changed is still taken: signed by the last, read by any of them.
        WTF_CSRF_SECRET_KEY=list(reversed(settings.secrets)),
        WTF_CSRF_SSL_STRICT=settings.secure,
    )
    if settings.proxies:
        n = settings.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=n, x_proto=n, x_host=n)  # type: ignore[method-assign]
    app.before_request(_begin)
    _Forgery(app)  # type: ignore[no-untyped-call]
    app.jinja_env.globals["csrf_token"] = _token
    app.context_processor(lambda: {"csrf_token": _token})
    app.after_request(_headers)
    app.after_request(_line)
    app.teardown_request(_end)


def _begin() -> None:
    g.started = time.perf_counter()
    g.serving = telemetry.serving(request.headers.get("X-Request-Id"))
    g.request_id = g.serving.__enter__()
    if b"%00" in request.query_string:
        abort(400)  # no text of ours holds a NUL, and no database takes one
    may = getattr(current_app.view_functions.get(request.endpoint or ""), "__takes_files__", None)
    if may is not None and (who := viewer_or_none()) is not None and may(who):
        # Before the forgery guard reads the form: what is larger is refused by its length alone.
        request.max_content_length = (kernel().settings.media_mb << 20) + MAX_BODY


def _end(_error: BaseException | None) -> None:
    serving = g.pop("serving", None)
    if serving is not None:
        serving.__exit__(None, None, None)


def _headers(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("Content-Security-Policy", POLICY)
    headers["X-Content-Type-Options"] = "nosniff"
    headers.setdefault("Referrer-Policy", "same-origin")
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()"
    if request.is_secure:
        headers["Strict-Transport-Security"] = "max-age=31536000"
    if "request_id" in g:
        headers["X-Request-Id"] = g.request_id
    # Pages are for one person: kept by nobody in between, checked again when gone back to.
    headers.setdefault("Cache-Control", "private, no-cache")
    return response


def _line(response: Response) -> Response:
    metrics = kernel().metrics
    if metrics is not None:
        route = request.url_rule.rule if request.url_rule else None
        took = time.perf_counter() - g.get("started", time.perf_counter())
        metrics.request(route, request.method, response.status_code, took)
    if not request.path.startswith("/static/"):
        logger.info(
            "request",
            method=request.method,
            path=telemetry.place(request.path),
            status=response.status_code,
            ms=round((time.perf_counter() - g.get("started", time.perf_counter())) * 1000, 1),
        )
    return response
