"""Invitations: who may give what, to whom, and what that looks like."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from academy.kernel import clock
from academy.kernel.access import Invalid, Missing, Refused
from academy.kernel.app import Kernel
from academy.kernel.ids import encode, new_id
from academy.people import actions
from academy.people.models import Role
from tests.academy.accounts.conftest import Outbox, Street, send
from tests.academy.accounts.test_reset import statements
from tests.conftest import proved
from tests.factories import people

# Written by hand: who may invite whom as what. "-" is refused, "." is hidden or not offered here.
GIVEN = """
                            admin lead facilitator mentor learner outsider
organization member         ok    .    .           .      .       .
organization analyst        ok    .    .           .      .       .
organization admin          ok    .    .           .      .       .
academy      member         ok    ok   .           .      .       .
academy      lead           ok    ok   .           .      .       .
academy      admin          ok    -    .           .      .       .
cohort       learner        ok    ok   ok          -      -       .
cohort       mentor         ok    ok   ok          -      -       .
cohort       facilitator    -     ok   ok          -      -       .
pair         learner        .     .    .           .      .       .
"""


def cells() -> list[tuple[str, str, str, str]]:
    head, *rows = GIVEN.strip("\n").splitlines()
    return [
        (group, role, who, cell)
        for group, role, *found in (row.split() for row in rows)
        for who, cell in zip(head.split(), found, strict=True)
    ]


@pytest.mark.parametrize(("group", "role", "who", "cell"), cells(), ids="-".join)
def test_nobody_gives_a_right_that_they_lack(
    kernel: Kernel, street: Street, group: str, role: str, who: str, cell: str
):
    try:
        send(kernel, street, who, group, role)
        met = "ok"
    except Refused:
        met = "-"
    except Missing:
        met = "."
    assert met == cell


@pytest.mark.parametrize(
    ("group", "role"),
    [("cohort", "lead"), ("cohort", "admin"), ("academy", "learner"), ("academy", ""), ("organization", "owner")],
)
def test_a_role_that_nobody_is_invited_in_there_is_no_role(kernel: Kernel, street: Street, group: str, role: str):
    with pytest.raises(Invalid):
        send(kernel, street, "lead" if group != "organization" else "admin", group, role)


def test_known_and_unknown_addresses_are_invited_alike_in_words_and_work(
    client_of: Callable[[UUID], FlaskClient], kernel: Kernel, street: Street
):
    people.person(kernel, "Ina", email="known@example.org")
    gone = people.person(kernel, "Gone", email="closed@example.org")
    kernel.commit(lambda s: actions.deactivate(s, person_id=gone, at=clock.now(), actor_id=None))
    lead = client_of(street.who["lead"])
    met = []
    for address in ("known@example.org", "unknown@example.org", "closed@example.org"):
        with statements(kernel) as asked:
            answer = lead.post(
                f"/groups/{encode(street.academy)}/invitations",
                data={"name": "Ina", "email": address, "role": "member"},
            )
        page = lead.get(f"/groups/{encode(street.academy)}/invitations").text
        met.append((answer.status_code, answer.location, asked, page.count("Send again"), address in page))
    assert [m[:3] for m in met] == [met[0][:3]] * 3
    assert [m[3:] for m in met] == [(1, True), (2, True), (3, True)]


def test_the_same_address_again_is_the_same_invitation_with_the_words_of_now(
    kernel: Kernel, street: Street, outbox: Outbox
):
    assert send(kernel, street) == send(kernel, street, address="INA@example.org", name="Ina Two")
    assert "Hello Ina Two," in outbox.take_all()["ina@example.org"][-1].get_content()


def test_what_a_stranger_may_not_know_of_is_hidden_and_what_one_may_not_do_refused(
    client_of: Callable[[UUID], FlaskClient], kernel: Kernel, street: Street
):
    plain = send(kernel, street, "lead", "cohort", Role.LEARNER)
    high = send(kernel, street, "lead", "academy", Role.LEAD, address="high@example.org")
    for who, invitation, status in (
        ("learner", plain, 403),
        ("outsider", plain, 404),
        ("facilitator", high, 404),
        ("mentor", high, 404),
        ("outsider", new_id(), 404),
    ):
        client = client_of(street.who[who])
        for verb in ("resend", "withdraw"):
            assert client.post(f"/invitations/{encode(invitation)}/{verb}").status_code == status, (who, verb)


def test_an_open_screen_invites_nobody_to_lead_and_keeps_what_was_written(
    client_of: Callable[[UUID], FlaskClient], street: Street, outbox: Outbox
):
    admin, here = client_of(street.who["admin"]), f"/groups/{encode(street.academy)}/invitations"
    wish = {"name": "Ina Kept", "email": "ina@example.org", "role": "lead"}
    asked = admin.post(here, data=wish)
    assert (asked.status_code, asked.location) == (303, f"/me/proof?next={here}")
    assert outbox.take() == {}
    page = proved(admin).get(here).text
    assert "What you wrote is here." in page
    assert 'value="Ina Kept"' in page
    assert 'value="ina@example.org"' in page
    assert '<option value="lead" selected>' in page
    assert "What you wrote is here." not in admin.get(f"/groups/{encode(street.cohort)}/invitations").text
    assert admin.post(here, data=wish).location == here
    assert set(outbox.take()) == {"ina@example.org"}
    assert "What you wrote is here." not in admin.get(here).text


def test_somebody_is_invited_to_learn_without_a_proof(
    client_of: Callable[[UUID], FlaskClient], street: Street, outbox: Outbox
):
    admin, here = client_of(street.who["admin"]), f"/groups/{encode(street.academy)}/invitations"
    wish = {"name": "Ina Kept", "email": "ina@example.org", "role": "member"}
    assert admin.post(here, data=wish).location == here
    assert set(outbox.take()) == {"ina@example.org"}


def test_a_strangers_address_writes_no_invitation_and_makes_nobody_an_admin(
    client_of: Callable[[UUID], FlaskClient], street: Street
):
    admin, here = client_of(street.who["admin"]), f"/groups/{encode(street.academy)}/invitations"
    page = admin.get(f"{here}?role=admin&name=Eve&email=eve@example.org").text
    assert "What you wrote is here." not in page
    assert "Eve" not in page
    assert "eve@example.org" not in page
    assert "selected" not in page
    assert '<option value="lead" selected>' in admin.get(f"{here}?role=lead").text


def test_pages_of_administration_lead_to_invitations_and_links_and_those_lead_back(
    client_of: Callable[[UUID], FlaskClient], street: Street
):
    admin, lead = client_of(street.who["admin"]), client_of(street.who["lead"])
    for group, place in (
        (street.organization, "/admin/people"),
        (street.academy, f"/admin/academies/{encode(street.academy)}"),
    ):
        page = admin.get(place).text
        for kind in ("invitations", "links"):
            address = f"/groups/{encode(group)}/{kind}"
            assert f'href="{address}"' in page
            assert f'href="{place}"' in admin.get(address).text
    assert '<option value="lead" selected>' in admin.get(f"/groups/{encode(street.academy)}/invitations?role=lead").text
    here = f"/groups/{encode(street.academy)}/invitations"
    assert f'href="{here}"' in lead.get("/people").text
    assert "/admin/" not in lead.get(here).text
    assert "/invitations" not in client_of(street.who["learner"]).get("/people").text


def test_names_and_addresses_inject_no_header(
    client_of: Callable[[UUID], FlaskClient], kernel: Kernel, street: Street, outbox: Outbox
):
    lead = client_of(street.who["lead"])

    def ask(**more: str) -> TestResponse:
        sent = {"name": "Ina", "email": "ina@example.org", "role": "member", **more}
        return lead.post(f"/groups/{encode(street.academy)}/invitations", data=sent)

    for bad in (
        "ina@example.org\r\nBcc: eve@example.org",
        "ina@example.org\nSubject: x",
        "ina@exa mple.org",
        "a@b@c.org",
    ):
        assert ask(email=bad).status_code == 422
    assert ask(name="Ina\r\nBcc: eve@example.org").status_code == 422
    # A name that came in another way (by file, by hand) passes no such form.
    send(kernel, street, address="ivo@example.org", name='Ivo", <eve@example.org>, "x\r\nBcc: eve@example.org')
    [letter] = outbox.take().values()
    assert [a.addr_spec for a in letter["To"].addresses] == ["ivo@example.org"]
    assert letter["Bcc"] is None


def test_a_person_who_invites_without_end_has_to_wait(
    client_of: Callable[[UUID], FlaskClient], kernel: Kernel, street: Street
):
    lead = client_of(street.who["lead"])
    url = f"/groups/{encode(street.academy)}/invitations"
    codes = [
        lead.post(url, data={"name": "Ina", "email": "ina@example.org", "role": "member"}).status_code for _ in range(6)
    ]
    assert codes == [303] * 5 + [429]
