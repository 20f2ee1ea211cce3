"""Where one is signed in, and ending it: a cookie that was copied is worth nothing afterwards."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from academy.kernel import clock
from academy.kernel.app import Kernel
from academy.kernel.ids import encode
from academy.people.models import SignIn
from tests.academy.accounts.conftest import copy_of, enter
from tests.conftest import sign_in
from tests.factories import people

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Version/18.1 Mobile/15E148 Safari/604.1"


def open_ids(kernel: Kernel, person_id: UUID) -> list[UUID]:
    with kernel.reading() as session:
        query = select(SignIn.id).where(SignIn.person_id == person_id, SignIn.ended_at.is_(None))
        return list(session.scalars(query.order_by(SignIn.created_at)))


def lines(page: str) -> list[str]:
    body = page.split('<ul class="list">')[1].split("</ul>")[0]
    return [" ".join(re.sub(r"<[^>]+>", " ", item).split()) for item in body.split("</li>")[:-1]]


def test_devices_are_told_in_plain_words_this_one_first_and_marked(app: Flask, client: FlaskClient, ana: UUID):
    other, third = app.test_client(), app.test_client()
    enter(client, **{"User-Agent": FIREFOX})
    enter(other, **{"User-Agent": SAFARI})
    enter(third, **{"User-Agent": '"><script>alert(1)</script>'})
    first, second, last = lines(client.get("/me/devices").text)
    assert first.startswith("Firefox on Linux This device Since ")
    assert "Sign out" not in first
    assert second.startswith("A browser that gives no name Since ")
    assert last.startswith("Safari on iPhone Since ")
    assert last.endswith("Sign out Safari on iPhone, since " + last.split("Since ")[1].split(" ")[0])
    assert "<script>alert" not in client.get("/me/devices").text


def test_ended_and_lapsed_sign_ins_are_no_devices(client: FlaskClient, ana: UUID, kernel: Kernel):
    with clock.travel(clock.now() - timedelta(days=30, seconds=1)):
        sign_in(kernel, ana)
    enter(client)
    enter(client)  # ends the one before
    assert len(lines(client.get("/me/devices").text)) == 1


def test_a_device_that_is_signed_out_is_out_at_its_next_request(
    app: Flask, client: FlaskClient, ana: UUID, kernel: Kernel
):
    enter(app.test_client())
    lost = app.test_client()
    enter(lost)
    thief = copy_of(app, lost)
    enter(client)
    answer = client.post(f"/me/devices/{encode(open_ids(kernel, ana)[1])}/end")
    assert (answer.status_code, answer.location) == (303, "/me/devices")
    assert [c.get("/me").status_code for c in (client, lost, thief)] == [200, 303, 303]
    assert len(open_ids(kernel, ana)) == 2


def test_nobody_signs_out_somebody_elses_device_and_the_answer_tells_nothing(
    client: FlaskClient, ana: UUID, client_of: Callable[[UUID], FlaskClient], kernel: Kernel
):
    enter(client)
    [hers] = open_ids(kernel, ana)
    ben = client_of(people.person(kernel, "Ben"))
    real, unreal = (ben.post(f"/me/devices/{name}/end") for name in (encode(hers), "a" * 26))
    assert (real.status_code, real.location) == (unreal.status_code, unreal.location) == (303, "/me/devices")
    assert open_ids(kernel, ana) == [hers]


def test_signing_out_everywhere_else_leaves_this_device_alone_and_nobody_elses(
    app: Flask, client: FlaskClient, ana: UUID, kernel: Kernel, client_of: Callable[[UUID], FlaskClient]
):
    others = [app.test_client() for _ in range(3)]
    ben = client_of(people.person(kernel, "Ben"))
    for one in (*others, client):
        enter(one)
    thieves = [copy_of(app, one) for one in others]
    page = client.post("/me/devices/end-others", follow_redirects=True)
    assert "3 other devices are signed out." in page.text
    assert {one.get("/me").status_code for one in (*others, *thieves)} == {303}
    assert (client.get("/me").status_code, ben.get("/me").status_code) == (200, 200)
    assert "signed in nowhere else" in client.post("/me/devices/end-others", follow_redirects=True).text
