"""The context in which a socket's event is handled: the request that opened the socket, and whose it is."""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask.ctx import RequestContext
from flask.sessions import SecureCookieSession


class EventContext(RequestContext):
    """What a page's handler would find, without what an event has no use for.

    Flask would look for the handler of the address and verify the cookie again, for each event of a socket.
    """

    def __init__(self, app: Flask, environ: dict[str, Any], cookie: dict[str, str]) -> None:
        """Stand for the request with this environment, with as much of its cookie as counts."""
        super().__init__(app, environ, session=SecureCookieSession(cookie))

    def match_request(self) -> None:
        """Look for no handler: the event has its own."""
