"""What every request gets: headers, an id, kind refusals, and a cookie only where somebody signed in."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterator
from uuid import UUID

import pytest
from flask import Blueprint, Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

import wsgi
from academy.kernel.access import Closed, Conflict, Invalid, Missing, RateLimited, Refused, SignedOut, TooLong
from academy.kernel.app import Kernel
from academy.kernel.config import Settings
from academy.web import forms
from tests.browsing import forms_of
from tests.factories import people

RAISED = {
    "refused": Refused("Not yours."),
    "missing": Missing(),
    "conflict": Conflict("Somebody was quicker than you."),
    "closed": Closed("It is over."),
    "invalid": Invalid("Wrong.", errors={"name": ["Too short."]}),
    "long": TooLong("Too long.", errors={"body": ["Too long."]}),
    "limited": RateLimited("Slowly.", retry_after=2.2),
    "signed-out": SignedOut(),
    "broken": ZeroDivisionError("a secret detail"),
    "full": PoolTimeoutError("a secret address"),
}


@pytest.fixture(scope="module")
def raising(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The app with pages that raise, on both sides of /api."""
    folder = tmp_path_factory.mktemp("raising")
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
    raisers = Blueprint("raisers", __name__)

    @raisers.route("/raise/<what>", methods=["GET", "POST"])
    @raisers.route("/api/v1/raise/<what>", methods=["GET", "POST"])
    def raise_it(what: str) -> str:
        raise RAISED[what]

    @raisers.get("/next")
    def next_one() -> str:
        return forms.next_url("/default")

    app.register_blueprint(raisers)
    app.config["WTF_CSRF_ENABLED"] = False
    return app


@pytest.fixture
def outside(raising: Flask, kernel: Kernel) -> Iterator[FlaskClient]:
    raising.extensions["kernel"].database = kernel.database
    yield raising.test_client()


@pytest.mark.parametrize(
    ("what", "status", "code"),
    [
        ("refused", 403, "forbidden"),
        ("missing", 404, "missing"),
        ("conflict", 409, "conflict"),
        ("closed", 409, "closed"),
        ("invalid", 422, "invalid"),
        ("long", 413, "too_long"),
        ("limited", 429, "rate_limited"),
        ("signed-out", 401, "signed_out"),
    ],
)
def test_a_refusal_is_a_page_for_people_and_a_problem_for_programs(
    outside: FlaskClient, what: str, status: int, code: str
) -> None:
    page = outside.post(f"/raise/{what}")
    assert page.status_code == status
    assert page.content_type.startswith("text/html")
    assert "<h1" in page.text
    assert str(RAISED[what].detail).split(".")[0] in page.text
    answer = outside.get(f"/api/v1/raise/{what}")
    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"
    problem = json.loads(answer.text)
    assert problem["status"] == status
    assert problem["code"] == code
    assert problem["type"] == f"urn:academy:error:{code}"


def test_a_problem_names_the_fields(outside: FlaskClient) -> None:
    assert json.loads(outside.get("/api/v1/raise/invalid").text)["errors"] == {"name": ["Too short."]}


@pytest.mark.parametrize("path", ["/raise/limited", "/api/v1/raise/limited"])
def test_who_has_to_wait_is_told_how_long(outside: FlaskClient, path: str) -> None:
    assert outside.get(path).headers["Retry-After"] == "3"


@pytest.mark.parametrize("what", ["full", "limited"])
def test_a_form_that_comes_at_a_bad_moment_can_be_sent_again_as_it_was(outside: FlaskClient, what: str) -> None:
    sent = {"body": ['Two lines,\r\nand a "<quote>"'], "tag": ["one", "two"], "csrf_token": ["as it came"]}
    answer = outside.post(f"/raise/{what}?at=3", data=sent)
    assert "What you wrote is kept in this page." in answer.text
    form = next(form for form in forms_of(answer.text, "http://localhost/") if "/raise/" in form.action)
    assert (form.method, form.action) == ("post", f"http://localhost/raise/{what}?at=3")
    given: dict[str, list[str]] = {}
    for name, kind, value in form.fields:
        if kind == "hidden":
            given.setdefault(name, []).append(value)
    assert given == sent


@pytest.mark.parametrize("secret", ["password", "present", "code"])
def test_a_secret_is_given_back_by_no_page(outside: FlaskClient, secret: str) -> None:
    answer = outside.post("/raise/full", data={"email": "ana@example.org", secret: "not to be seen"})
    assert "not to be seen" not in answer.text
    assert "Go back: what you wrote is still there." in answer.text


def test_a_file_can_not_be_kept_in_a_page(outside: FlaskClient) -> None:
    answer = outside.post("/raise/full", data={"name": "x", "file": (io.BytesIO(b"1"), "people.csv")})
    assert "Go back: what you wrote is still there." in answer.text
    assert "Send it again" not in answer.text


@pytest.mark.parametrize("path", ["/raise/full", "/api/v1/raise/full"])
def test_while_the_database_is_away_one_is_told_when_to_come_back(outside: FlaskClient, path: str) -> None:
    answer = outside.get(path)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")


@pytest.mark.parametrize("path", ["/raise/broken", "/api/v1/raise/broken"])
def test_what_breaks_tells_nothing_of_the_inside(outside: FlaskClient, path: str) -> None:
    answer = outside.get(path)
    assert answer.status_code == 500
    for inside in ("ZeroDivisionError", "a secret detail", "Traceback"):
        assert inside not in answer.text


def test_a_broken_page_gives_the_id_to_mention(outside: FlaskClient) -> None:
    answer = outside.get("/raise/broken", headers={"X-Request-Id": "given-by-proxy"})
    assert answer.headers["X-Request-Id"] == "given-by-proxy"
    assert "given-by-proxy" in answer.text


@pytest.mark.parametrize("given", ["", "short", "x" * 33, "with space inside", "<script>alert(1)", "ütf-8-is-no-id"])
def test_an_id_that_is_not_well_formed_is_not_taken_over(client: FlaskClient, given: str) -> None:
    found = client.get("/healthz", headers={"X-Request-Id": given.encode("utf-8").decode("latin-1")}).headers[
        "X-Request-Id"
    ]
    assert re.fullmatch(r"[0-9a-f]{32}", found)


def test_two_requests_have_two_ids(client: FlaskClient) -> None:
    assert client.get("/healthz").headers["X-Request-Id"] != client.get("/healthz").headers["X-Request-Id"]


def test_every_page_carries_the_headers_that_keep_it_safe(client: FlaskClient) -> None:
    for path in ("/sign-in", "/about", "/nothing-here", "/healthz", "/static/academy/base.css"):
        headers = client.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "require-trusted-types-for 'script'" in policy
        assert "unsafe" not in policy
        assert "*" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"


def test_files_and_health_set_no_cookie_even_for_who_is_signed_in(
    client_of: Callable[[UUID], FlaskClient], kernel: Kernel
) -> None:
    mine = client_of(people.person(kernel))
    with mine.session_transaction() as cookie:
        cookie.permanent = True
    for path in ("/static/academy/base.css", "/healthz", "/readyz"):
        assert "Set-Cookie" not in mine.get(path).headers


def test_a_page_for_nobody_in_particular_sets_a_cookie_only_for_its_form(client: FlaskClient) -> None:
    assert "Set-Cookie" not in client.get("/about").headers


def test_an_address_with_a_nul_is_refused_before_any_database_sees_it(client: FlaskClient) -> None:
    assert client.get("/about?q=%00").status_code == 400


def test_an_unknown_page_and_a_made_up_id_are_kindly_missing(client: FlaskClient) -> None:
    for path in ("/nothing-here", "/activities/" + "1" * 26, "/activities/short"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert "There is nothing here" in answer.text


def test_a_method_that_an_address_does_not_take_names_those_it_takes(client: FlaskClient) -> None:
    answer = client.delete("/about")
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]


def test_too_large_a_body_is_refused_kindly(client: FlaskClient) -> None:
    answer = client.post("/sign-in", data={"email": "a" * (1024 * 1024 + 1)})
    assert answer.status_code == 413
    assert "larger than can be taken" in answer.text


@pytest.mark.parametrize("wanted", ["/", "/me", "/spaces/abc?at=3#p-4", "/%2F%2Fevil.example"])
def test_a_local_address_is_gone_on_to(outside: FlaskClient, wanted: str) -> None:
    assert outside.get("/next", query_string={"next": wanted}).text == wanted


@pytest.mark.parametrize(
    "wanted",
    [
        "",
        "me",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "https://evil.example",
        "/\tme",
        "/\r\nSet-Cookie: a=b",
        "//[half",
        "\u2028/me",
        "javascript:alert(1)",
    ],
)
def test_any_other_address_is_the_default(outside: FlaskClient, wanted: str) -> None:
    assert outside.get("/next", query_string={"next": wanted}).text == "/default"


def test_what_only_looks_like_an_id_is_no_such_page(outside: FlaskClient) -> None:
    """26 characters hold two bits more than an id: where they are set, no id was ever written so."""
    for address in ("/spaces/", "/people/", "/api/v1/spaces/"):
        assert outside.get(address + "a" * 25 + "b").status_code == 404


def test_a_full_pool_of_connections_is_a_busy_academy_and_no_fault(outside: FlaskClient) -> None:
    for address in ("/raise/full", "/api/v1/raise/full"):
        answer = outside.get(address)
        assert answer.status_code == 503
        assert "secret" not in answer.text
