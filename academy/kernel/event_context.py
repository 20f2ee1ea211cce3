"""The context in which a socket's event is handled: the request that opened the socket, and whose it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Flask
from flask.ctx import RequestContext
from flask.sessions import SecureCookieSession


class EventContext(RequestContext):
    """What a page's handler would find, without what an event has no use for.

    Flask would look for the handler of the address and verify the cookie again, for each event of a socket. One
    context serves all events of a connection, one after another: each finds the session as the cookie has it, and
    a `g` of its own.
    """

    def __init__(self, app: Flask, environ: dict[str, Any], cookie: Mapping[str, str]) -> None:
        """Stand for the request with this environment, with as much of its cookie as counts."""
        super().__init__(app, environ)
        self._cookie = cookie

    def push(self) -> None:
        """Begin an event."""
        self._session, self.flashes = SecureCookieSession(self._cookie), None
        super().push()

    def match_request(self) -> None:
        """Look for no handler: the event has its own."""
