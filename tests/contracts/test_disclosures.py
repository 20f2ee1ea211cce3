"""What is shown of somebody beyond what their groups see is written down before, in pages and in the API alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import delete, select, update

from academy.kernel.app import Kernel
from academy.kernel.ids import decode, new_id
from academy.people.models import Person
from academy.privacy.models import Disclosure
from academy.skills.models import Framework, Skill
from academy.web.api.document import document
from tests.contracts.conftest import Doors
from tests.contracts.table import COLUMNS, ROUTES, rows
from tests.factories import skills

EVERYBODYS = {"/api/v1/skills", "/admin/frameworks/{framework}/file"}
"""List every skill there is, whoever has it."""
READ = sorted({address for method, address in rows(ROUTES, COLUMNS) if method == "GET"} - EVERYBODYS)
FOUND = [
    "/admin/people?q=learner",
    "/admin/people/{peer}",
    "/admin/roles/new?group={academy}&q=peer",
    "/admin/audit?who=learner",
    "/people/{peer}",
    "/people/{mentor}",
    "/cohorts/{cohort}/enroll?q=newcomer",
]
"""What shows somebody once they are looked for; the table's addresses are asked as they are."""

PEOPLE = [column for column in COLUMNS if column != "nobody"]


def mark(kernel: Kernel, ids: dict[str, str]) -> dict[UUID, list[str]]:
    """Give everybody words, an id and skills that nobody else has; return by person what must not slip out unseen."""

    marks: dict[UUID, list[str]] = {}
    with kernel.reading() as session:
        framework = session.scalars(select(Framework.id)).first()
    for name in PEOPLE:
        person = decode(ids[name])
        labels = [f"{word} of {name}." for word in ("Knack", "Wish")]
        kernel.commit(
            lambda s, labels=labels: s.add_all(
                Skill(id=new_id(), framework_id=framework, key=label, label=label, kind="skill") for label in labels
            )
        )
        own = {"about": f"Words of {name}.", "external_id": f"no-{name}"}
        kernel.commit(lambda s, who=person, own=own: s.execute(update(Person).where(Person.id == who).values(**own)))
        skills.has(kernel, person, {labels[0]: 5})
        skills.wants(kernel, person, {labels[1]: 5})
        marks[person] = [f"{name}@example.org", *own.values(), labels[1]]
    return marks


@pytest.fixture
def marked(doors: Doors) -> Iterator[tuple[Doors, dict[UUID, list[str]]]]:
    """Return the world with something in it of everybody that only they have."""
    yield doors, mark(doors.kernel, doors.made.ids)
    doors.kernel.kept.pop("shown", None)


def noted(kernel: Kernel, viewer: UUID) -> set[UUID]:
    """Return of whom it is written down that somebody was shown them, and forget it."""
    kernel.kept.pop("shown", None)
    with kernel.reading() as session:
        found = set(session.scalars(select(Disclosure.person_id).where(Disclosure.viewer_id == viewer)))
    if found:
        kernel.commit(lambda s: s.execute(delete(Disclosure)))
    return found


@pytest.mark.parametrize("column", ["learner", "mentor", "facilitator", "lead", "admin"])
def test_what_only_somebody_themselves_has_shows_nowhere_unseen(
    marked: tuple[Doors, dict[UUID, list[str]]], column: str
) -> None:
    doors, marks = marked
    client, me = doors.client(column), decode(doors.made.ids[column])
    noted(doors.kernel, me)
    unseen = {}
    for address in [*READ, *FOUND]:
        text = client.get(address.format(**doors.made.ids)).get_data().decode(errors="replace")
        doors.kernel.limits.clear()
        shown = {
            person: found
            for person, words in marks.items()
            if person != me and (found := [word for word in words if word in text])
        }
        told = noted(doors.kernel, me)
        slipped = [word for person, words in shown.items() if person not in told for word in words]
        if slipped:
            unseen[address] = slipped
    assert unseen == {}


# The API: what only says that two people were put together holds none of their words, so it is classed by hand.

FACES = {
    "people_profile",
    "people_change_profile",
    "people_people",
    "people_person",
    "people_members",
    "posts_index",
    "posts_show",
    "posts_send",
    "posts_edit",
    "posts_react",
    "boards_threads",
    "boards_start",
    "boards_thread",
    "boards_mark",
    "boards_follow",
    "boards_solve",
    "workshops_index",
    "workshops_schedule",
    "workshops_show",
    "workshops_move",
    "workshops_cancel",
    "opportunities_show",
    "pairs_pair",
}
"""Operations that show of others what everybody in their groups sees: who is there, writes, comes to a workshop."""

WRITTEN_DOWN = {
    "matches_show": ("GET", "/api/v1/groups/{cohort}/matches?kind=mentorship", "lead", "matching"),
    "matches_offers": ("GET", "/api/v1/offers", "mentor", "offer"),
    "matches_offer": ("GET", "/api/v1/offers/{offer}", "mentor", "offer"),
    "matches_accept": ("POST", "/api/v1/offers/{offer}/accept", "mentor", "offer"),
    "matches_decline": ("POST", "/api/v1/offers/{offer}/decline", "mentor", "offer"),
}
"""Operations that show more than that, and how one of each is asked for."""


def reached(document: Mapping[str, Any], part: object, seen: set[str]) -> set[str]:
    """Return the names of all shapes that a part of the document comes to."""
    if isinstance(part, list):
        for one in part:
            reached(document, one, seen)
    if isinstance(part, dict):
        name = str(part.get("$ref", "")).removeprefix("#/components/schemas/")
        if name and name not in seen and name in document["components"]["schemas"]:
            seen.add(name)
            reached(document, document["components"]["schemas"][name], seen)
        for one in part.values():
            reached(document, one, seen)
    return seen


def test_every_operation_that_shows_somebody_is_classed(whole_app: Flask) -> None:
    with whole_app.app_context():
        made = document()
    shows = {
        operation["operationId"]
        for item in made["paths"].values()
        for method, operation in item.items()
        if method != "parameters" and {"Face", "Author"} & reached(made, operation["responses"], set())
    }
    assert shows == FACES | set(WRITTEN_DOWN)


@pytest.mark.parametrize("operation", WRITTEN_DOWN)
def test_an_operation_that_shows_more_writes_it_down_first(
    doors: Doors, monkeypatch: pytest.MonkeyPatch, operation: str
) -> None:
    method, address, column, what = WRITTEN_DOWN[operation]
    ids, me = doors.made.ids, decode(doors.made.ids[column])
    client, url = doors.client(column), address.format(**ids)
    noted(doors.kernel, me)
    sent = {"json": {"version": 1}} if method == "POST" else {}
    with monkeypatch.context() as broken:
        broken.setattr("academy.privacy.pages.actions.disclose", lambda *_args, **_more: 1 / 0)
        answer = client.open(url, method=method, **sent)
        assert (answer.status_code, "Peer" in answer.text) == (500, False), "what can't be written down is not shown"
    answer = client.open(url, method=method, **sent)
    assert (answer.status_code, "Peer" in answer.text) == (200, True)
    with doors.kernel.reading() as session:
        kinds = set(session.scalars(select(Disclosure.what).where(Disclosure.person_id == decode(ids["peer"]))))
    assert kinds == {what}
    noted(doors.kernel, me)
