"""Links that a group hands round: places, time, their maker's rights, and proof of an address before an account."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from academy.accounts.actions import joining
from academy.accounts.models import JoinLink
from academy.kernel import clock
from academy.kernel.access import Invalid, Missing
from academy.kernel.app import Kernel
from academy.kernel.ids import encode
from academy.people import actions, queries
from academy.people.engine import new_token
from academy.people.models import Person
from tests.academy.accounts.conftest import ACCOUNT, HASH, Outbox, Street, enter, link_in
from tests.academy.accounts.test_reset import over, statements
from tests.factories import cohorts, people


def made(
    kernel: Kernel, street: Street, group: str = "academy", by: str = "lead", days: int = 7, seats: int | None = None
) -> str:
    token, viewer = new_token(), people.viewer(kernel, street.who[by])
    kernel.commit(
        lambda s: joining.make_link(
            s, viewer=viewer, group_id=getattr(street, group), token=token, days=days, seats=seats
        )
    )
    return token


def members(kernel: Kernel, group_id: UUID, role: str) -> set[str]:
    with kernel.reading() as session:
        return {m.face.name for m in queries.members_of(session, group_id) if m.role == role}


def taken(kernel: Kernel, token: str) -> int:
    with kernel.reading() as session:
        return session.scalars(select(JoinLink.taken).where(JoinLink.token == token)).one()


def test_the_page_makes_lists_and_ends_links(
    client_of: Callable[[UUID], FlaskClient], client: FlaskClient, kernel: Kernel, street: Street
):
    lead, url = client_of(street.who["lead"]), f"/groups/{encode(street.academy)}/links"
    assert "No link is open." in lead.get(url).text
    assert lead.post(url, data={"days": "3", "seats": "2"}).location == url
    page = lead.get(url).text
    [path] = re.findall(r'value="http://[^/]+(/join/[\w-]{43})"', page)
    assert "0 of 2 places taken" in page
    assert "Join North Academy" in client.get(path).text
    [end] = re.findall(r'action="(/links/[a-z2-7]{26}/end)"', page)
    assert lead.post(end).location == url
    assert lead.post(end).location == url
    assert "No link is open." in lead.get(url).text
    assert over(client.get(path))


def test_a_link_opens_to_the_least_there_is(kernel: Kernel, street: Street, client_of: Callable[[UUID], FlaskClient]):
    for group, by, role in (("organization", "admin", "member"), ("academy", "lead", "member")):
        token = made(kernel, street, group, by)
        joiner = client_of(people.person(kernel, f"Joins {group}"))
        assert joiner.post(f"/join/{token}").location == "/"
        assert members(kernel, getattr(street, group), role) == {f"Joins {group}"}
    with pytest.raises(Missing):
        made(kernel, street, "pair")


@pytest.mark.parametrize(("days", "seats"), [(0, None), (91, None), (-1, None), (1, 0), (1, 1001)])
def test_a_link_ends_and_has_places_within_reason(kernel: Kernel, street: Street, days: int, seats: int | None):
    with pytest.raises(Invalid):
        made(kernel, street, days=days, seats=seats)


def test_who_is_signed_in_joins_with_one_button_and_takes_one_place(
    client_of: Callable[[UUID], FlaskClient], kernel: Kernel, street: Street
):
    token = made(kernel, street, seats=2)
    ana = client_of(people.person(kernel, "Ana"))
    assert "Join as Ana" in ana.get(f"/join/{token}").text
    assert taken(kernel, token) == 0
    for _ in range(3):
        assert ana.post(f"/join/{token}").status_code == 303
    assert "You are here already." in ana.get(f"/join/{token}").text
    assert (members(kernel, street.academy, "member"), taken(kernel, token)) == ({"Ana"}, 1)


def test_the_last_place_is_given_once(client_of: Callable[[UUID], FlaskClient], kernel: Kernel, street: Street):
    token = made(kernel, street, seats=1)
    ana, ben = (client_of(people.person(kernel, name)) for name in ("Ana", "Ben"))
    assert ana.post(f"/join/{token}").status_code == 303
    answer = ben.post(f"/join/{token}")
    assert (answer.status_code, "All places of this link are taken." in answer.text) == (409, True)
    assert members(kernel, street.academy, "member") == {"Ana"}


def test_a_full_link_says_so_at_once_and_sends_no_letter(
    client: FlaskClient, client_of: Callable[[UUID], FlaskClient], kernel: Kernel, street: Street, outbox: Outbox
):
    token = made(kernel, street, seats=1)
    client.post(f"/join/{token}", data={"email": "nia@example.org"})
    welcome = link_in(outbox.take()["nia@example.org"])
    assert 'name="password"' in client.get(welcome).text
    ana, ben = (client_of(people.person(kernel, name)) for name in ("Ana", "Ben"))
    assert ana.post(f"/join/{token}").status_code == 303
    for page in (client.get(f"/join/{token}"), ben.get(f"/join/{token}"), client.get(welcome)):
        assert page.status_code == 200
        assert re.search(r"All places of this link are taken\. Ask \w+ for another one\.", page.text)
        assert "<form" not in page.text.partition("<h1")[2].partition("</main")[0]
    assert "You are here already." in ana.get(f"/join/{token}").text
    late = client.post(f"/join/{token}", data={"email": "otto@example.org"})
    assert (late.status_code, "All places of this link are taken." in late.text) == (409, True)
    assert outbox.take_all() == {}


def test_a_link_is_over_with_its_time_and_with_its_makers_rights(
    client_of: Callable[[UUID], FlaskClient], kernel: Kernel, street: Street
):
    ana = client_of(people.person(kernel, "Ana"))
    token = made(kernel, street, days=1)
    with clock.travel(clock.now() + timedelta(days=1, seconds=1)):
        assert over(ana.get(f"/join/{token}"))
        assert over(ana.post(f"/join/{token}"))
    lead = street.who["lead"]
    kernel.commit(lambda s: actions.deactivate(s, person_id=lead, at=clock.now(), actor_id=None))
    assert over(ana.get(f"/join/{token}"))
    assert over(ana.post(f"/join/{token}"))
    assert members(kernel, street.academy, "member") == set()


def test_a_new_person_proves_their_address_before_there_is_an_account(
    client: FlaskClient, kernel: Kernel, street: Street, outbox: Outbox
):
    token = made(kernel, street, seats=1)
    answer = client.post(f"/join/{token}", data={"email": "nia@example.org"})
    assert (answer.status_code, answer.location) == (303, "/mail-sent")
    with kernel.reading() as session:
        assert session.scalar(select(Person.id).where(Person.email_key == "nia@example.org")) is None
    letter = outbox.take()["nia@example.org"]
    assert "No account is made." in letter.get_content()
    assert token not in letter.get_content()
    path = link_in(letter)
    assert path.startswith("/welcome/")
    assert client.get(path).status_code == 200
    assert taken(kernel, token) == 0
    assert client.post(path, data={**ACCOUNT, "name": "Nia"}).location == "/"
    assert "Nia" in client.get("/me").text
    assert (members(kernel, street.academy, "member"), taken(kernel, token)) == ({"Nia"}, 1)
    assert over(client.post(path, data=ACCOUNT))


def test_without_a_place_left_no_account_is_made_and_the_letter_stays_good(
    client: FlaskClient, client_of: Callable[[UUID], FlaskClient], kernel: Kernel, street: Street, outbox: Outbox
):
    token = made(kernel, street, seats=1)
    client.post(f"/join/{token}", data={"email": "nia@example.org"})
    path = link_in(outbox.take()["nia@example.org"])
    client_of(people.person(kernel, "Ana")).post(f"/join/{token}")
    assert client.post(path, data=ACCOUNT).status_code == 409
    with kernel.reading() as session:
        assert session.scalar(select(Person.id).where(Person.email_key == "nia@example.org")) is None
    assert client.get(path).status_code == 200


def test_known_unknown_and_closed_addresses_get_one_answer_for_the_same_work(
    client: FlaskClient, kernel: Kernel, street: Street, outbox: Outbox
):
    token = made(kernel, street)
    people.person(kernel, "Ana", email="known@example.org", password_hash=HASH)
    gone = people.person(kernel, "Gone", email="closed@example.org")
    kernel.commit(lambda s: actions.deactivate(s, person_id=gone, at=clock.now(), actor_id=None))
    met = []
    for address in ("known@example.org", "unknown@example.org", "closed@example.org"):
        with statements(kernel) as asked:
            answer = client.post(f"/join/{token}", data={"email": address})
        met.append((answer.status_code, answer.location, answer.text, asked))
    assert met == [met[0]] * 3
    found = outbox.take()
    assert set(found) == {"known@example.org", "unknown@example.org"}
    assert link_in(found["known@example.org"]) == f"/join/{token}"  # sign in, and join with the account one has
    assert link_in(found["unknown@example.org"]).startswith("/welcome/")


def test_whose_account_appeared_meanwhile_is_asked_to_sign_in(
    client: FlaskClient, kernel: Kernel, street: Street, outbox: Outbox
):
    token = made(kernel, street)
    client.post(f"/join/{token}", data={"email": "nia@example.org"})
    path = link_in(outbox.take()["nia@example.org"])
    people.person(kernel, "Nia", email="nia@example.org", password_hash=HASH)
    assert f"/sign-in?next={path}" in client.get(path).text
    assert client.post(path, data=ACCOUNT).status_code == 403
    enter(client, "nia@example.org")
    assert client.post(path).location == "/"


def test_a_link_that_ended_ends_the_letters_that_it_sent(
    client: FlaskClient, kernel: Kernel, street: Street, outbox: Outbox
):
    token = made(kernel, street)
    client.post(f"/join/{token}", data={"email": "nia@example.org"})
    path = link_in(outbox.take()["nia@example.org"])
    with kernel.reading() as session:
        link_id = session.scalars(select(JoinLink.id)).one()
    lead = people.viewer(kernel, street.who["lead"])
    kernel.commit(lambda s: joining.end_join_link(s, viewer=lead, join_link_id=link_id))
    assert client.post(path, data=ACCOUNT).status_code == 404
    assert over(client.post(f"/join/{token}", data={"email": "nia@example.org"}))
    assert outbox.take() == {}


def test_a_cohort_lets_people_in_by_its_own_rules(
    client_of: Callable[[UUID], FlaskClient], client: FlaskClient, kernel: Kernel, outbox: Outbox, app: Flask
):
    world = cohorts.world(kernel, seats=1)
    token = new_token()
    kernel.commit(
        lambda s: joining.make_link(
            s, viewer=people.viewer(kernel, world.lead), group_id=world.cohort, token=token, days=7, seats=None
        )
    )
    ana, ben = (client_of(people.person(kernel, name)) for name in ("Ana", "Ben"))
    assert ana.post(f"/join/{token}").location == f"/cohorts/{encode(world.cohort)}"
    assert members(kernel, world.cohort, "learner") == {"Ana"}
    answer = ben.post(f"/join/{token}", follow_redirects=True)
    assert "You wait for a seat." in answer.text
    assert "You have a place on its waitlist." in answer.text
    assert "You are in Cohort Kestrel now." not in answer.text
    assert (members(kernel, world.cohort, "learner"), taken(kernel, token)) == ({"Ana"}, 2)
    tabs = client_of(world.lead).get(f"/cohorts/{encode(world.cohort)}").text
    assert f'href="/groups/{encode(world.cohort)}/links"' in tabs
    assert f'href="/groups/{encode(world.cohort)}/links"' not in ana.get(f"/cohorts/{encode(world.cohort)}").text


def test_guessing_links_ends_for_the_network_that_does_it(client: FlaskClient, kernel: Kernel, street: Street):
    token = made(kernel, street)
    codes = [client.get(f"/join/{new_token()}").status_code for _ in range(31)]
    assert codes == [404] * 30 + [429]
    assert client.get(f"/join/{token}").status_code == 429
