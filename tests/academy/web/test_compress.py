"""Answers travel compressed, for whoever takes it; secrets in them do not show in their lengths."""

from __future__ import annotations

import gzip
import re
from difflib import SequenceMatcher

import brotli
import pytest
from flask import Blueprint, Flask, Response, render_template_string, request
from hypothesis import given
from hypothesis import strategies as st

import wsgi
from academy.kernel.config import Settings
from academy.web.guards import public
from academy.web.security import MASKED, masked, unmasked

LONG = "Words that are said again and again. " * 100
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The app with pages of several kinds."""
    folder = tmp_path_factory.mktemp("compressed")
    app = wsgi.create_app(
        Settings(
            database_url=f"sqlite:///{folder / 'a.db'}",
            secret_key="a secret for tests",
            instance=folder,
            async_mode="threading",
            jobs="off",
            log_level="critical",
        )
    )
    texts = Blueprint("texts", __name__)
    kinds = {
        "long": lambda: Response(LONG, mimetype="text/html"),
        "short": lambda: Response("Few words.", mimetype="text/html"),
        "json": lambda: Response(f'"{LONG}"', mimetype="application/json"),
        "wrong": lambda: Response(LONG, 422, mimetype="text/html"),
        "picture": lambda: Response(LONG.encode(), mimetype="image/png"),
        "part": lambda: Response(LONG, 206, mimetype="text/plain"),
        "ready": lambda: Response(LONG, headers={"Content-Encoding": "x"}, mimetype="text/plain"),
        "tagged": lambda: Response(LONG, headers={"ETag": '"one"'}, mimetype="text/html"),
        "streamed": lambda: Response(iter([LONG]), mimetype="text/html"),
    }

    @texts.get("/texts/<kind>")
    @public
    def text(kind: str) -> Response:
        return kinds[kind]()

    @texts.route("/form", methods=["GET", "POST"])
    @public
    def form() -> str:
        if request.method == "POST":
            return "taken"
        return render_template_string('<input name="csrf_token" value="{{ csrf_token() }}">')

    app.register_blueprint(texts)
    return app


def ask(app: Flask, kind: str, accepts: str | None, method: str = "GET") -> Response:
    """Ask for a text as a browser that takes these encodings."""
    headers = {} if accepts is None else {"Accept-Encoding": accepts}
    return app.test_client().open(f"/texts/{kind}", method=method, headers=headers)


@pytest.mark.parametrize("kind", ["long", "json", "wrong"])
def test_a_long_text_is_compressed_as_the_browser_takes_it(app: Flask, kind: str) -> None:
    plain = ask(app, kind, None).get_data()
    dense = ask(app, kind, "gzip, deflate, br")
    assert dense.headers["Content-Encoding"] == "br"
    assert brotli.decompress(dense.get_data()) == plain
    usual = ask(app, kind, "gzip")
    assert usual.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(usual.get_data()) == plain
    for answer in (dense, usual):
        assert int(answer.headers["Content-Length"]) == len(answer.get_data()) < len(plain) / 10


@pytest.mark.parametrize("accepts", [None, "", "identity", "deflate", "br;q=0, gzip;q=0"])
def test_who_takes_no_encoding_gets_none_and_caches_learn_of_it(app: Flask, accepts: str | None) -> None:
    answer = ask(app, "long", accepts)
    assert "Content-Encoding" not in answer.headers
    assert answer.text == LONG
    assert "Accept-Encoding" in answer.headers["Vary"]


@pytest.mark.parametrize("kind", ["short", "picture", "part", "ready", "tagged", "streamed"])
def test_what_gains_nothing_or_must_keep_its_bytes_is_left_alone(app: Flask, kind: str) -> None:
    answer = ask(app, kind, "br, gzip")
    assert answer.headers.get("Content-Encoding") == ("x" if kind == "ready" else None)
    assert answer.get_data() == (b"Few words." if kind == "short" else LONG.encode())


def test_asking_for_headers_only_tells_the_length_that_the_answer_would_have(app: Flask) -> None:
    whole, headers = ask(app, "long", "br"), ask(app, "long", "br", "HEAD")
    assert headers.get_data() == b""
    for name in ("Content-Length", "Content-Encoding", "Vary"):
        assert headers.headers[name] == whole.headers[name]


def test_no_two_answers_hold_the_token_in_the_same_letters_and_both_are_taken(app: Flask) -> None:
    client = app.test_client()
    tokens = [TOKEN.findall(client.get("/form").text)[0] for _ in range(2)]
    assert all(token.startswith(MASKED) for token in tokens)
    assert SequenceMatcher(None, *tokens, autojunk=False).find_longest_match().size < 8
    for token in tokens:
        assert client.post("/form", data={"csrf_token": token}).text == "taken"
        assert client.post("/form", data={"csrf_token": unmasked(token)}).text == "taken"
    for forged in (MASKED, MASKED + "AAAA", masked("another"), tokens[0][:-8] + "AAAAAAAA"):
        assert client.post("/form", data={"csrf_token": forged}).status_code == 400


@given(st.text(st.characters(codec="utf-8"), max_size=120))
def test_a_masked_token_is_read_as_it_was(token: str) -> None:
    assert unmasked(masked(token)) == token


@given(st.text(max_size=60))
def test_what_is_no_masked_token_is_no_other_token(text: str) -> None:
    found = unmasked(MASKED + text)
    assert isinstance(found, str)
