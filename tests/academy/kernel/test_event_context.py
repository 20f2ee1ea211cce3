"""An event is handled as the request that opened its socket, without what only a page needs."""

from __future__ import annotations

import pytest
from flask import Flask, g, request, session
from werkzeug.test import EnvironBuilder

from academy.kernel.event_context import EventContext


@pytest.fixture
def app() -> Flask:
    made = Flask(__name__)
    made.secret_key = "a secret for tests"
    return made


def test_the_request_and_whose_it_is_are_at_hand(app: Flask) -> None:
    environ = EnvironBuilder("/socket.io/", headers={"Accept-Language": "pt"}).get_environ()
    with EventContext(app, environ, {"_user_id": "token of ada"}):
        assert (request.path, request.accept_languages.best, session["_user_id"]) == (
            "/socket.io/",
            "pt",
            "token of ada",
        )


def test_no_handler_of_an_address_is_looked_for_and_no_cookie_is_verified(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(app.session_interface), "open_session", None)
    environ = EnvironBuilder("/no/such/page", headers={"Cookie": "session=forged"}).get_environ()
    with EventContext(app, environ, {"_user_id": "token"}):
        assert (request.routing_exception, request.url_rule) == (None, None)


def test_what_is_to_be_done_after_a_request_is_done_after_an_event_too(app: Flask) -> None:
    done: list[str] = []
    app.teardown_request(lambda _: done.append(session["_user_id"]))
    with EventContext(app, EnvironBuilder("/").get_environ(), {"_user_id": "token"}):
        assert done == []
    assert done == ["token"]


def test_one_context_serves_one_event_after_another_each_with_what_is_its_own(app: Flask) -> None:
    context = EventContext(app, EnvironBuilder("/").get_environ(), {"_user_id": "token"})
    for _ in range(2):
        with context:
            assert (session.get("noted"), g.get("noted"), session["_user_id"]) == (None, None, "token")
            session["noted"] = g.noted = True
