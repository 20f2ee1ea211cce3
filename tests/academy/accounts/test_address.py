"""Another address to sign in with: proved from there, told to the address before, and taken back from there."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from academy.factors import queries as factor_queries
from academy.factors.models import RecoveryCode
from academy.kernel import clock
from academy.kernel.app import Kernel
from academy.kernel.ledger import Entry
from academy.people import actions
from academy.people.models import Person
from tests.academy.accounts.conftest import HASH, PASSWORD, Outbox, copy_of, enter, link_in
from tests.academy.accounts.test_reset import over, statements
from tests.factories import factors, people, tokens


def ask(client: FlaskClient, address: str = "new@example.org", present: str = PASSWORD) -> TestResponse:
    return client.post("/me/email", data={"email": address, "present": present})


def email_of(kernel: Kernel, person_id: UUID) -> str:
    with kernel.reading() as session:
        return session.get_one(Person, person_id).email


@pytest.fixture
def hers(client: FlaskClient, ana: UUID) -> FlaskClient:
    enter(client)
    return client


def changed(hers: FlaskClient, outbox: Outbox, address: str = "new@example.org") -> str:
    """Change the address and return the way back that the address before was mailed."""
    assert ask(hers, address).location == "/me"
    assert hers.post(link_in(outbox.take()[address])).location == "/me"
    [letter] = outbox.take().values()
    return link_in(letter)


def test_an_address_is_somebodys_once_they_confirm_it_from_there(
    app: Flask, hers: FlaskClient, ana: UUID, outbox: Outbox, kernel: Kernel
):
    assert ask(hers).location == "/me"
    letter = outbox.take()["new@example.org"]
    assert email_of(kernel, ana) == "ana@example.org"
    path = link_in(letter)
    page = hers.get(path)
    assert "ana@example.org" in page.text
    assert "new@example.org" in page.text
    assert email_of(kernel, ana) == "ana@example.org"
    assert hers.post(path).location == "/me"
    assert email_of(kernel, ana) == "new@example.org"
    assert enter(app.test_client()).status_code == 422
    assert enter(app.test_client(), email="NEW@example.org").status_code == 303
    assert over(hers.post(path))


def test_the_letter_to_an_address_that_nobody_has_proved_holds_no_word_of_a_stranger(
    client: FlaskClient, kernel: Kernel, outbox: Outbox
):
    people.person(kernel, "Win now at http://evil.example", email="eve@example.org", password_hash=HASH)
    enter(client, "eve@example.org")
    ask(client, "victim@example.org")
    letter = outbox.take()["victim@example.org"]
    assert "evil" not in letter.as_string()
    assert "eve@" not in letter.as_string()
    assert letter["To"].addresses[0].display_name == ""
    assert "If it is not you, you need to do nothing." in letter.get_content()


def test_only_who_asked_can_confirm_and_only_signed_in(
    app: Flask, hers: FlaskClient, ana: UUID, outbox: Outbox, kernel: Kernel
):
    ask(hers)
    path = link_in(outbox.take()["new@example.org"])
    nobody = app.test_client()
    assert nobody.get(path).location == f"/sign-in?next={path}"
    assert nobody.post(path).status_code == 401
    people.person(kernel, "Ben", email="ben@example.org", password_hash=HASH)
    enter(nobody, "ben@example.org")
    assert over(nobody.get(path))
    assert over(nobody.post(path))
    assert hers.post(path).location == "/me"


def test_a_taken_address_gets_the_same_answer_and_its_owner_a_letter(
    hers: FlaskClient, ana: UUID, outbox: Outbox, kernel: Kernel
):
    people.person(kernel, "Ben", email="ben@example.org")
    closed = people.person(kernel, "Gone", email="gone@example.org")
    kernel.commit(lambda s: actions.deactivate(s, person_id=closed, at=clock.now(), actor_id=None))
    answers, work = [], []
    for address in ("new@example.org", "Ben@example.org", "gone@example.org"):
        with statements(kernel) as asked:
            answer = ask(hers, address)
        answers.append((answer.status_code, answer.location, answer.text))
        work.append(asked)
        hers.get("/me")  # takes the message that was kept for the next page
    assert answers == [answers[0]] * 3
    assert work == [work[0]] * 3
    found = outbox.take()
    assert set(found) == {"new@example.org", "ben@example.org"}
    assert "nothing was changed" in found["ben@example.org"].get_content()
    assert "/address/" not in found["ben@example.org"].get_content()


def test_an_address_that_was_taken_meanwhile_stays_with_who_has_it(
    hers: FlaskClient, ana: UUID, outbox: Outbox, kernel: Kernel
):
    ask(hers)
    path = link_in(outbox.take()["new@example.org"])
    people.person(kernel, "Ben", email="new@example.org")
    assert hers.post(path).status_code == 409
    assert email_of(kernel, ana) == "ana@example.org"


def test_the_present_password_is_asked_and_mistakes_are_said(hers: FlaskClient, ana: UUID, outbox: Outbox):
    assert "not your present password" in ask(hers, present="wrong").text
    wrong = ask(hers, "not an address")
    assert wrong.status_code == 422
    assert 'value="not an address"' in wrong.text
    assert PASSWORD not in wrong.text
    assert "with this address already" in ask(hers, "ANA@example.org").text
    assert outbox.take() == {}


def test_a_newer_asking_supersedes_the_one_before_and_a_day_ends_it(hers: FlaskClient, ana: UUID, outbox: Outbox):
    ask(hers, "first@example.org")
    first = link_in(outbox.take()["first@example.org"])
    ask(hers, "second@example.org")
    second = link_in(outbox.take()["second@example.org"])
    assert over(hers.get(first))
    assert over(hers.post(first))
    with clock.travel(clock.now() + timedelta(days=1, seconds=1)):
        assert over(hers.post(second))
    assert hers.post(second).location == "/me"


def test_the_address_before_takes_it_back_with_every_sign_in_and_the_password(
    app: Flask, hers: FlaskClient, ana: UUID, outbox: Outbox, kernel: Kernel
):
    back = changed(hers, outbox)
    thief = copy_of(app, hers)
    owner = app.test_client()
    assert "ana@example.org" in owner.get(back).text
    assert hers.get("/me").status_code == 200
    answer = owner.post(back)
    assert (answer.status_code, answer.location) == (303, "/forgot")
    assert email_of(kernel, ana) == "ana@example.org"
    assert [one.get("/me").status_code for one in (hers, thief)] == [303, 303]
    assert enter(app.test_client()).status_code == 422  # whoever changed the address knew the password
    assert outbox.take() == {}  # and is mailed nothing
    owner.post("/forgot", data={"email": "ana@example.org"})
    owner.post(link_in(outbox.take()["ana@example.org"]), data={"password": "tea with three sugars"})
    assert enter(owner, password="tea with three sugars").status_code == 303
    assert over(owner.post(back))


def test_changing_twice_takes_nobodys_way_back_and_the_first_owner_has_the_last_word(
    app: Flask, hers: FlaskClient, ana: UUID, outbox: Outbox, kernel: Kernel
):
    to_first = changed(hers, outbox, "second@example.org")
    to_second = changed(hers, outbox, "third@example.org")
    anybody = app.test_client()
    assert anybody.post(to_second).location == "/forgot"
    assert email_of(kernel, ana) == "second@example.org"
    assert anybody.post(to_first).location == "/forgot"
    assert email_of(kernel, ana) == "ana@example.org"


def test_what_came_after_is_worthless_once_the_first_owner_took_it_back(
    app: Flask, hers: FlaskClient, ana: UUID, outbox: Outbox, kernel: Kernel
):
    to_first = changed(hers, outbox, "second@example.org")
    to_second = changed(hers, outbox, "third@example.org")
    ask(hers, "fourth@example.org")
    to_fourth = link_in(outbox.take()["fourth@example.org"])
    anybody = app.test_client()
    anybody.post(to_first)
    assert over(anybody.post(to_second))
    kernel.commit(lambda s: actions.set_password(s, person_id=ana, password_hash=HASH, actor_id=ana))
    enter(hers)
    assert over(hers.post(to_fourth))
    assert email_of(kernel, ana) == "ana@example.org"


def test_a_way_back_ends_after_seven_days_and_with_the_account(
    app: Flask, hers: FlaskClient, ana: UUID, outbox: Outbox, kernel: Kernel
):
    back = changed(hers, outbox)
    anybody = app.test_client()
    with clock.travel(clock.now() + timedelta(days=7, seconds=1)):
        assert over(anybody.post(back))
    kernel.commit(lambda s: actions.deactivate(s, person_id=ana, at=clock.now(), actor_id=None))
    assert over(anybody.post(back))


def test_a_reset_that_went_to_the_address_before_is_worthless(app: Flask, hers: FlaskClient, ana: UUID, outbox: Outbox):
    anybody = app.test_client()
    anybody.post("/forgot", data={"email": "ana@example.org"})
    reset = link_in(outbox.take()["ana@example.org"])
    changed(hers, outbox)
    assert over(anybody.post(reset, data={"password": "tea with three sugars"}))


def test_the_ledger_knows_that_it_happened_and_no_address(hers: FlaskClient, ana: UUID, outbox: Outbox, kernel: Kernel):
    hers.application.test_client().post(changed(hers, outbox))
    with kernel.reading() as session:
        kept = [(entry.kind, str(entry.facts)) for entry in session.scalars(select(Entry).order_by(Entry.id))]
    assert {"AddressAsked", "AddressChanged", "LinkUsed"} <= {kind for kind, _facts in kept}
    assert "example.org" not in str(kept)


def test_a_second_step_from_before_stays_and_is_asked_after_a_reset_by_mail(
    app: Flask, hers: FlaskClient, ana: UUID, outbox: Outbox, kernel: Kernel
):
    factors.app(kernel, ana)
    back = changed(hers, outbox)
    owner = app.test_client()
    owner.post(back)
    owner.post("/forgot", data={"email": "ana@example.org"})
    owner.post(link_in(outbox.take_all()["ana@example.org"][-1]), data={"password": "tea with three sugars"})
    answer = enter(owner, password="tea with three sugars")
    assert answer.status_code == 303
    assert answer.location != "/"
    assert owner.get("/me").status_code == 303


def test_what_was_added_after_the_change_goes_with_it(
    app: Flask, hers: FlaskClient, ana: UUID, outbox: Outbox, kernel: Kernel
):
    back = changed(hers, outbox)
    factors.app(kernel, ana)
    _id, token = tokens.token(kernel, ana)
    program = {"Authorization": f"Bearer {token}"}
    assert app.test_client().get("/api/v1/me", headers=program).status_code == 200
    with kernel.reading() as session:
        assert factor_queries.asked_of(session, ana)
    app.test_client().post(back)
    assert app.test_client().get("/api/v1/me", headers=program).status_code == 401
    with kernel.reading() as session:
        assert not factor_queries.asked_of(session, ana)
        assert session.scalars(select(RecoveryCode)).all() == []
