"""One's own profile: what is said there is kept, what is not said there is not lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from academy.kernel.app import Kernel
from academy.kernel.ids import encode, new_id
from academy.kernel.ledger import Entry
from academy.people import actions, queries
from academy.people.models import Person
from tests.factories import people


@pytest.fixture
def ana(kernel: Kernel) -> UUID:
    return people.person(kernel, "Ana Silva", zone="Europe/Lisbon")


@pytest.fixture
def mine(client_of: Callable[[UUID], FlaskClient], ana: UUID) -> FlaskClient:
    return client_of(ana)


def form(**changes: Any) -> dict[str, Any]:
    return {"name": "Ana Silva", "pronouns": "", "about": "", "zone": "Europe/Lisbon", **changes}


def person(kernel: Kernel, person_id: UUID) -> Person:
    with kernel.reading() as session:
        found = session.get_one(Person, person_id)
        session.expunge(found)
        return found


def hours(kernel: Kernel, person_id: UUID) -> list[tuple[int, int, int]]:
    with kernel.reading() as session:
        return queries.availability_of(session, [person_id])[person_id]


def test_what_is_said_is_kept(mine: FlaskClient, ana: UUID, kernel: Kernel) -> None:
    answer = mine.post(
        "/me",
        data=form(
            name=" Ana S. ",
            pronouns="she/her",
            about="Line one\r\nLine two",
            zone="Asia/Kolkata",
            languages=["pt", "en"],
            **{"from-0": "09:00", "to-0": "17:30", "from-4": "20:00", "to-4": "00:00"},
        ),
    )
    assert (answer.status_code, answer.location) == (303, "/me")
    found = person(kernel, ana)
    assert (found.name, found.pronouns, found.about, found.zone) == (
        "Ana S.",
        "she/her",
        "Line one\nLine two",
        "Asia/Kolkata",
    )
    with kernel.reading() as session:
        assert queries.languages_of(session, [ana]) == {ana: ["en", "pt"]}
    assert hours(kernel, ana) == [(0, 540, 1050), (4, 1200, 1440)]
    page = mine.get("/me").text
    assert 'name="from-0" value="09:00"' in page
    assert 'name="to-4" value="00:00"' in page
    assert '<option value="Asia/Kolkata" selected>' in page
    assert 'value="pt" checked' in page


def test_saving_a_profile_as_it_is_changes_nothing(mine: FlaskClient, ana: UUID, kernel: Kernel) -> None:
    mine.post("/me", data=form(languages=["en"], **{"from-0": "09:00", "to-0": "12:00"}))
    mine.post("/me", data=form(languages=["en"], **{"from-0": "09:00", "to-0": "12:00"}))
    with kernel.reading() as session:
        changes = session.scalars(select(Entry.facts).where(Entry.kind == "ProfileChanged")).all()
    assert [set(c["fields"]) for c in changes] == [{"languages", "hours"}]


def test_further_stretches_of_a_day_are_shown_and_kept(mine: FlaskClient, ana: UUID, kernel: Kernel) -> None:
    kernel.commit(lambda s: actions.set_hours(s, person_id=ana, hours=[(1, 540, 720), (1, 780, 1020), (1, 1200, 1260)]))
    page = mine.get("/me").text
    assert 'name="from-1" value="09:00"' in page
    assert "Tuesday, 13:00 to 17:00" in page
    assert 'value="1-1200-1260" checked' in page
    mine.post("/me", data=form(keep=["1-780-1020"], **{"from-1": "08:00", "to-1": "12:00"}))
    assert hours(kernel, ana) == [(1, 480, 720), (1, 780, 1020)]


def test_a_second_stretch_can_be_added(mine: FlaskClient, ana: UUID, kernel: Kernel) -> None:
    mine.post(
        "/me",
        data=form(**{"from-2": "09:00", "to-2": "12:00", "day-more": "2", "from-more": "14:00", "to-more": "16:00"}),
    )
    assert hours(kernel, ana) == [(2, 540, 720), (2, 840, 960)]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "   "}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"name": "Ana\nSilva"}, "name"),
        ({"pronouns": "x" * 41}, "pronouns"),
        ({"about": "x" * 1001}, "about"),
        ({"zone": "Atlantis/Capital"}, "zone"),
        ({"zone": ""}, "zone"),
        ({"zone": "../../etc/passwd"}, "zone"),
        ({"zone": "Factory"}, "zone"),
        ({"zone": "localtime"}, "zone"),
        ({"from-0": "17:00", "to-0": "09:00"}, "from-0"),
        ({"from-0": "09:00", "to-0": "09:00"}, "from-0"),
        ({"from-3": "09:00", "to-3": ""}, "from-3"),
        ({"from-3": "25:00", "to-3": "26:00"}, "from-3"),
        ({"from-0": "09:00", "to-0": "12:00", "day-more": "0", "from-more": "11:00", "to-more": "13:00"}, "from-0"),
        ({"day-more": "0", "from-more": "11:00", "to-more": "10:00"}, "from-more"),
    ],
)
def test_what_can_not_be_is_said_at_its_field_and_what_was_typed_is_kept(
    mine: FlaskClient, ana: UUID, kernel: Kernel, changes: dict[str, str], field: str
) -> None:
    answer = mine.post(
        "/me", data=form(about="Typed just now", **changes) if "about" not in changes else form(**changes)
    )
    assert answer.status_code == 422
    assert "<title>Error: " in answer.text
    assert f'href="#f-{field}"' in answer.text
    assert f'id="f-{field}"' in answer.text
    if "about" not in changes:
        assert "Typed just now" in answer.text
    assert person(kernel, ana).about == ""
    assert hours(kernel, ana) == []


def test_all_that_is_wrong_is_said_at_once(mine: FlaskClient) -> None:
    page = mine.post(
        "/me", data=form(name="", **{"from-0": "9", "to-0": "10:00", "from-1": "12:00", "to-1": "10:00"})
    ).text
    for field in ("name", "from-0"):
        assert f'href="#f-{field}"' in page


@pytest.mark.parametrize("languages", [["xx-nowhere"], ["en", "<b>"], ["e" * 40]])
def test_a_language_that_is_none_is_refused(mine: FlaskClient, ana: UUID, kernel: Kernel, languages: list[str]) -> None:
    assert mine.post("/me", data=form(languages=languages)).status_code == 422
    with kernel.reading() as session:
        assert queries.languages_of(session, [ana]) == {ana: []}


def test_a_language_beyond_the_list_is_not_lost(mine: FlaskClient, ana: UUID, kernel: Kernel) -> None:
    kernel.commit(lambda s: actions.set_languages(s, person_id=ana, languages=["eu", "en"]))
    page = mine.get("/me").text
    assert 'value="eu" checked' in page
    assert "Basque" in page


@pytest.mark.parametrize("bad", ["9-0-10", "x", "1-2", "0-700-600", "0-0-2000", "'; --"])
def test_a_kept_stretch_that_was_made_up_stores_nothing_impossible(
    mine: FlaskClient, ana: UUID, kernel: Kernel, bad: str
) -> None:
    mine.post("/me", data=form(keep=[bad]))
    assert hours(kernel, ana) == []


def test_hostile_text_is_shown_as_text(mine: FlaskClient, ana: UUID, kernel: Kernel) -> None:
    hostile = "<img src=x onerror=alert(1)>\"'{{7*7}}"
    mine.post("/me", data=form(name=hostile, pronouns=hostile[:40], about=hostile))
    assert person(kernel, ana).name == hostile
    page = mine.get("/me").text
    assert "<img" not in page
    assert "{{7*7}}" in page


def test_the_manager_is_shown_with_who_can_change_it(mine: FlaskClient, ana: UUID, kernel: Kernel) -> None:
    assert "Nobody is set as your manager" in mine.get("/me").text
    boss = people.person(kernel, "Bea Boss")
    kernel.commit(lambda s: actions.set_manager(s, person_id=ana, manager_id=boss))
    page = mine.get("/me").text
    assert "Bea Boss" in page
    assert "An admin of your organization can change this" in page


def test_the_form_cannot_set_what_is_not_in_it(mine: FlaskClient, ana: UUID, kernel: Kernel) -> None:
    boss = people.person(kernel)
    mine.post("/me", data=form(manager_id=encode(boss), email="other@example.org", id=encode(boss), theme="dark"))
    found = person(kernel, ana)
    assert (found.manager_id, found.theme) == (None, "")
    assert found.email != "other@example.org"


def test_display_choices_are_drawn_by_the_server(mine: FlaskClient, ana: UUID, kernel: Kernel) -> None:
    answer = mine.post(
        "/me/display", data={"theme": "dark", "contrast": "more", "announce": "names", "next": "/notices"}
    )
    assert (answer.status_code, answer.location) == (303, "/notices")
    page = mine.get("/me").text
    assert 'data-theme="dark"' in page
    assert 'data-contrast="more"' in page
    assert 'data-announce="names"' in page
    mine.post("/me/display", data={"theme": "system", "contrast": "system", "announce": "full"})
    page = mine.get("/me").text
    assert "data-theme" not in page.split("<head>")[0]
    assert "data-contrast" not in page.split("<head>")[0]


def test_a_script_that_saves_display_choices_gets_no_page(mine: FlaskClient, ana: UUID, kernel: Kernel) -> None:
    answer = mine.post("/me/display", data={"theme": "light"}, headers={"X-Requested-With": "fetch"})
    assert (answer.status_code, answer.data) == (204, b"")
    assert person(kernel, ana).theme == "light"


@pytest.mark.parametrize("sent", [{"theme": "neon"}, {"contrast": "<b>"}, {"announce": "shout"}])
def test_a_display_choice_that_there_is_not_is_refused(
    mine: FlaskClient, ana: UUID, kernel: Kernel, sent: dict[str, str]
) -> None:
    assert mine.post("/me/display", data=sent).status_code == 422
    found = person(kernel, ana)
    assert (found.theme, found.contrast, found.announce) == ("", "", "full")


def test_somebody_met_can_be_blocked_and_unblocked(mine: FlaskClient, ana: UUID, kernel: Kernel) -> None:
    group = people.group(kernel)
    ben = people.person(kernel, "Ben Block")
    for who in (ana, ben):
        people.member(kernel, group, who)
    answer = mine.post("/me/blocks", data={"person_id": encode(ben), "next": f"/people/{encode(ben)}"})
    assert (answer.status_code, answer.location) == (303, f"/people/{encode(ben)}")
    with kernel.reading() as session:
        assert queries.blocks_among(session, [ana, ben]) == {(ana, ben)}
    assert f"/me/blocks/{encode(ben)}/remove" in mine.get("/me").text
    mine.post(f"/me/blocks/{encode(ben)}/remove")
    with kernel.reading() as session:
        assert queries.blocks_among(session, [ana, ben]) == set()


def test_somebody_one_never_met_cannot_be_blocked_nor_found_out_about(
    mine: FlaskClient, ana: UUID, kernel: Kernel
) -> None:
    stranger = people.person(kernel, "Stranger")
    answers = [mine.post("/me/blocks", data={"person_id": encode(i)}) for i in (stranger, new_id())]
    assert [a.status_code for a in answers] == [404, 404]
    assert "Stranger" not in answers[0].text


def test_nobody_blocks_themselves(mine: FlaskClient, ana: UUID, kernel: Kernel) -> None:
    assert mine.post("/me/blocks", data={"person_id": encode(ana)}).status_code == 422


def test_nobody_takes_back_anothers_block(mine: FlaskClient, ana: UUID, kernel: Kernel) -> None:
    ben, eve = people.person(kernel), people.person(kernel)
    kernel.commit(lambda s: actions.block(s, person_id=ben, blocked_id=eve))
    mine.post(f"/me/blocks/{encode(eve)}/remove")
    with kernel.reading() as session:
        assert queries.blocks_among(session, [ben, eve]) == {(ben, eve)}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/me"),
        ("POST", "/me"),
        ("POST", "/me/display"),
        ("POST", "/me/blocks"),
        ("POST", f"/me/blocks/{'a' * 26}/remove"),
    ],
)
def test_signed_out_there_is_no_profile(client: FlaskClient, method: str, path: str) -> None:
    answer = client.open(path, method=method)
    assert (answer.status_code, answer.location) == ((303, "/sign-in?next=/me") if method == "GET" else (401, None))
