"""A new password by mail: one answer for every address, and a link that works once, for one thing, for a while."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select
from werkzeug.test import TestResponse

from academy.accounts.actions import links
from academy.accounts.models import LinkKind, MailedLink
from academy.kernel import clock
from academy.kernel.app import Kernel
from academy.kernel.jobs import Job
from academy.people import actions
from academy.people.engine import new_token, token_hash
from tests.academy.accounts.conftest import PASSWORD, Outbox, copy_of, enter, link_in
from tests.conftest import sign_in
from tests.factories import people

NEW = "tea with three sugars"


def ask(client: FlaskClient, address: str = "ana@example.org") -> TestResponse:
    return client.post("/forgot", data={"email": address})


def mailed(client: FlaskClient, outbox: Outbox) -> str:
    assert ask(client).status_code == 303
    return link_in(outbox.take()["ana@example.org"])


def set_new(client: FlaskClient, path: str, password: str = NEW) -> TestResponse:
    return client.post(path, data={"password": password})


def opened(kernel: Kernel, kind: LinkKind, **about: object) -> str:
    """Open a link past the mail and return its token."""
    token = new_token()
    kernel.commit(lambda s: links.open_link(s, kind=kind, hashed=token_hash(token), **about))
    return token


@contextmanager
def statements(kernel: Kernel) -> Iterator[list[str]]:
    found: list[str] = []

    def hear(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        found.append(re.sub(r"\s+", " ", statement))

    event.listen(kernel.database.engine, "before_cursor_execute", hear)
    yield found
    event.remove(kernel.database.engine, "before_cursor_execute", hear)


def test_the_mailed_link_sets_a_new_password_and_leads_to_the_sign_in_page(
    app: Flask, client: FlaskClient, ana: UUID, outbox: Outbox
):
    path = mailed(client, outbox)
    assert "Ana Silva" in client.get(path).text
    answer = set_new(client, path)
    assert (answer.status_code, answer.location) == (303, "/sign-in")
    assert client.get("/me").status_code == 303  # it signs nobody in: a second step is asked where there is one
    assert enter(app.test_client()).status_code == 422
    assert enter(client, password=NEW).status_code == 303


def test_a_reset_ends_every_sign_in_and_a_copied_cookie_with_it(
    app: Flask, client: FlaskClient, ana: UUID, outbox: Outbox, kernel: Kernel, monkeypatch: pytest.MonkeyPatch
):
    closed: list[UUID] = []
    monkeypatch.setattr(kernel.realtime, "disconnect", lambda *, sign_in_id: closed.append(sign_in_id))
    here, there = app.test_client(), app.test_client()
    enter(here)
    enter(there)
    thief = copy_of(app, there)
    set_new(client, mailed(client, outbox))
    assert {one.get("/me").status_code for one in (here, there, thief)} == {303}
    assert len(closed) == 2
    assert outbox.take()["ana@example.org"]["Subject"] == "Your password was changed"


ADDRESSES = ["ana@example.org", "ANA@Example.ORG", "nobody@example.org", "closed@example.org"]


def test_known_unknown_and_closed_addresses_get_one_answer_for_the_same_work(
    client: FlaskClient, ana: UUID, outbox: Outbox, kernel: Kernel
):
    gone = people.person(kernel, "Gone", email="closed@example.org")
    kernel.commit(lambda s: actions.deactivate(s, person_id=gone, at=clock.now(), actor_id=None))
    outbox.take()
    answers, work = [], []
    for address in ADDRESSES:
        with statements(kernel) as asked:
            answer = ask(client, address)
        answers.append((answer.status_code, answer.location, answer.text, sorted(answer.headers.keys())))
        work.append(asked)
    assert answers == [answers[0]] * 4
    assert work == [work[0]] * 4
    assert set(outbox.take_all()) == {"ana@example.org"}


def test_the_letter_says_why_it_came_and_is_not_kept(client: FlaskClient, ana: UUID, outbox: Outbox, kernel: Kernel):
    ask(client, "Ana@Example.org")
    letter = outbox.take()["ana@example.org"]
    text = letter.get_content()
    assert "Hello Ana Silva," in text
    assert "If you did not ask for this, you need to do nothing." in text
    assert "You get this mail because somebody asked for a new password for this address" in text
    token = link_in(letter).rpartition("/")[2]
    with kernel.reading() as session:
        kept = [str(job.payload) for job in session.scalars(select(Job).where(Job.done_at.is_not(None)))]
        [link] = session.scalars(select(MailedLink)).all()
    assert kept
    assert not [payload for payload in kept if token in payload or "ana@" in payload.casefold()]
    assert link.token_hash == token_hash(token)


def test_looking_uses_nothing_up_however_often(client: FlaskClient, ana: UUID, outbox: Outbox):
    path = mailed(client, outbox)
    for _ in range(3):
        assert client.get(path).status_code == 200
        assert client.head(path).status_code == 200
    assert set_new(client, path).status_code == 303


def over(answer: TestResponse) -> bool:
    return answer.status_code == 404 and "This link opens nothing any more" in answer.text


def said(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, re.sub(r'name="csrf_token" value="[^"]*"', "", answer.text)


def test_used_old_replaced_foreign_and_unheard_of_links_get_one_answer(
    client: FlaskClient, ana: UUID, outbox: Outbox, kernel: Kernel
):
    used = mailed(client, outbox)
    set_new(client, used)
    outbox.take()
    replaced = mailed(client, outbox)
    newest = mailed(client, outbox)
    of_another_kind = f"/reset/{opened(kernel, LinkKind.UNDO, person_id=ana, address='a@example.org')}"
    unheard_of = f"/reset/{new_token()}"
    dead = [used, replaced, of_another_kind, unheard_of, "/reset/x", "/reset/" + "a" * 500]
    for path in dead:
        assert over(client.get(path)), path
        assert over(set_new(client, path)), path
    assert len({said(client.get(path)) for path in dead}) == 1
    with clock.travel(clock.now() + timedelta(hours=1, seconds=1)):
        assert over(client.get(newest))
        assert over(set_new(client, newest))
    assert client.get(newest).status_code == 200


def test_a_password_that_was_changed_meanwhile_makes_the_link_worthless(
    app: Flask, client: FlaskClient, ana: UUID, outbox: Outbox
):
    path = mailed(client, outbox)
    owner = app.test_client()
    enter(owner)
    owner.post("/me/password", data={"present": PASSWORD, "password": NEW})
    assert over(set_new(client, path, "another one of mine"))


def test_the_link_of_a_closed_account_is_worthless(client: FlaskClient, ana: UUID, outbox: Outbox, kernel: Kernel):
    path = mailed(client, outbox)
    kernel.commit(lambda s: actions.deactivate(s, person_id=ana, at=clock.now(), actor_id=None))
    assert over(client.get(path))
    assert over(set_new(client, path))


def test_a_weak_password_is_refused_and_the_link_is_not_used_up(client: FlaskClient, ana: UUID, outbox: Outbox):
    path = mailed(client, outbox)
    for weak in ("short", "password123", "ana@example.org", ""):
        answer = set_new(client, path, weak)
        assert answer.status_code == 422
        assert not weak or f'value="{weak}"' not in answer.text
    assert set_new(client, path).status_code == 303


def test_the_page_of_a_link_tells_its_address_to_nobody(client: FlaskClient, ana: UUID, outbox: Outbox, capsys, kernel):
    path = mailed(client, outbox)
    for answer in (client.get(path), set_new(client, path, "short"), client.get("/reset/" + "a" * 43)):
        assert answer.headers["Referrer-Policy"] == "strict-origin"
        assert answer.headers["Cache-Control"] == "no-store"
    outside = set(re.findall(r'(?:href|src|action)="(https?:)?//', client.get(path).text))
    assert outside == set()


def test_what_is_no_address_is_said_so_and_kept(client: FlaskClient):
    bad = [
        "",
        "ana",
        "a@b",
        "ana@example.org\r\nBcc: eve@example.org",
        "ana @example.org",
        '"ana"@example.org',
        "ána@example.org",
    ]
    bad += [
        "ana@example.org,eve@example.org",
        "<ana@example.org>",
        "a" * 65 + "@example.org",
        "a@" + "b." * 130 + "org",
    ]
    for address in bad:
        assert ask(client, address).status_code == 422, address
    assert 'value="ana"' in ask(client, "ana").text


def test_letters_to_one_address_and_from_one_network_are_limited_alike_for_everybody(
    app: Flask, client: FlaskClient, ana: UUID
):
    for address in ("ana@example.org", "nobody@example.org"):
        found = [ask(client, address.upper() if n % 2 else address).status_code for n in range(6)]
        assert found == [303] * 5 + [429]
    codes = [ask(client, f"somebody{n}@example.org").status_code for n in range(60)]
    assert codes.count(303) == 48
    elsewhere = client.post("/forgot", data={"email": "b@example.org"}, environ_base={"REMOTE_ADDR": "192.0.2.1"})
    assert elsewhere.status_code == 303


def test_guessing_links_ends_for_the_network_that_does_it(client: FlaskClient, ana: UUID, outbox: Outbox):
    path = mailed(client, outbox)
    codes = [client.get(f"/reset/{new_token()}").status_code for _ in range(31)]
    assert codes == [404] * 30 + [429]
    assert set_new(client, path).status_code == 429
    elsewhere = client.post(path, data={"password": NEW}, environ_base={"REMOTE_ADDR": "192.0.2.1"})
    assert elsewhere.status_code == 303


def test_the_link_is_forgotten_when_its_time_is_over(client: FlaskClient, ana: UUID, outbox: Outbox, kernel: Kernel):
    mailed(client, outbox)
    with clock.travel(clock.now() + timedelta(hours=1, minutes=2)):
        outbox.take()
    with kernel.reading() as session:
        assert session.scalars(select(MailedLink)).all() == []


def test_planted_cookies_do_not_survive_a_reset(
    app: Flask, client: FlaskClient, ana: UUID, outbox: Outbox, kernel: Kernel
):
    eve = people.person(kernel, "Eve")
    planted = sign_in(kernel, eve)
    with client.session_transaction() as cookie:
        cookie["_user_id"] = planted
    set_new(client, mailed(client, outbox))
    enter(client, password=NEW)
    assert "Ana Silva" in client.get("/me").text
    with client.session_transaction() as cookie:
        assert cookie["_user_id"] != planted
