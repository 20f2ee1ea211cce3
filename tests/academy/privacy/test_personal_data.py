"""What is stored about a person is somebody's to export, and who saw it is told."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from academy.bridges.people_file import actions as people_file
from academy.kernel import clock
from academy.kernel.access import Missing
from academy.kernel.app import Kernel
from academy.kernel.db import Table
from academy.kernel.ids import encode
from academy.people.models import GroupKind, Role
from academy.privacy import actions, queries
from academy.privacy.models import Disclosure
from academy.privacy.pages import before_showing
from academy.privacy.queries import PersonData
from academy.tracks import actions as tracks
from tests.academy.privacy.lives import ADDRESS, MARK, lived
from tests.contracts.test_migrations import tables
from tests.factories import people


def references() -> set[str]:
    """Return every foreign key to people, as "table.column"."""
    tables()
    return {
        f"{table.name}.{column.name}"
        for table in Table.metadata.sorted_tables
        for column in table.columns
        for key in column.foreign_keys
        if key.target_fullname == "people.id"
    }


def test_every_reference_to_people_is_somebodys_to_export_and_erase(kernel: Kernel) -> None:
    covered = [column for part in kernel.slots(PersonData) for column in part.covers]
    assert references() - set(covered) == set(), "a PersonData slot must name these (docs/personal-data.md)"
    assert set(covered) - references() == set(), "a slot names what is not there"
    assert len(covered) == len(set(covered)), "two slots name the same column"


def test_a_file_holds_everything_of_ones_own_and_nothing_of_anothers(kernel: Kernel, app: Flask) -> None:
    ids = lived(kernel, app)
    me, peer = people.viewer(kernel, ids["learner"]), people.viewer(kernel, ids["peer"])
    kernel.commit(lambda s: tracks.reflect(s, viewer=peer, activity_id=ids["reflection"], body="Only the peer's own"))
    file_id = kernel.commit(lambda s: actions.ask_for_data(s, viewer=me))
    kernel.runner.run_due()
    with kernel.reading() as session:
        body = queries.body_for(session, me, file_id)
        for other in (peer, people.viewer(kernel, ids["admin"])):
            with pytest.raises(Missing):
                queries.body_for(session, other, file_id)
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert archive.namelist() == ["my-data.json"]
        text = archive.read("my-data.json").decode()
    found = json.loads(text)
    assert set(found) == {"made_at", *(part.name for part in kernel.slots(PersonData))}
    assert found["profile"]["email"] == ADDRESS
    assert f"Dear diary {MARK}" in text
    assert f"Edited {MARK}" in text
    assert found["seen"]["seen_by"][0]["by"] == "Lead"
    for secret in ("Only the peer's own", "Well said.", "peer@example.org", "argon2", "t" * 64):
        assert secret not in text
    with clock.travel(clock.now() + timedelta(days=7, minutes=1)):
        with kernel.reading() as session, pytest.raises(Missing):
            queries.body_for(session, me, file_id)


# who saw it


def test_a_view_is_written_down_before_the_answer_and_once_a_day(kernel: Kernel, app: Flask) -> None:
    ana, ben = people.person(kernel, "Ana"), people.person(kernel, "Ben")
    viewer = people.viewer(kernel, ana)

    def rows() -> int:
        with kernel.reading() as session:
            return session.scalar(select(func.count()).select_from(Disclosure)) or 0

    with app.app_context():
        before_showing(viewer, "page", [ben, ana])  # oneself is nobody else
        before_showing(viewer, "page", [ben])
        assert rows() == 1
        before_showing(viewer, "offer", [ben])
        assert rows() == 2
        with clock.travel(clock.now() + timedelta(days=1)):
            before_showing(viewer, "page", [ben])
        assert rows() == 3


def test_what_cannot_be_written_down_is_not_shown(
    kernel: Kernel, app: Flask, client_of: Callable[[UUID], FlaskClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    group = people.group(kernel)
    ana, ben = (people.member(kernel, group, people.person(kernel, name)) for name in ("Ana", "Ben"))

    def broken(*_args: object, **_more: object) -> None:
        message = "no place to write"
        raise RuntimeError(message)

    monkeypatch.setattr("academy.privacy.pages.actions.disclose", broken)
    answer = client_of(ana).get(f"/people/{encode(ben)}")
    assert (answer.status_code, "Ben" in answer.text) == (500, False)


def test_everybody_reads_who_saw_their_data(
    kernel: Kernel, app: Flask, client_of: Callable[[UUID], FlaskClient]
) -> None:
    group = people.group(kernel)
    ana, ben = (people.member(kernel, group, people.person(kernel, name)) for name in ("Ana Silva", "Ben Okafor"))
    assert "Nobody in the last ninety days." in client_of(ben).get("/me/data").text
    client_of(ana).get(f"/people/{encode(ben)}")
    page = client_of(ben).get("/me/data").text
    assert "Ana Silva" in page
    assert "Your page: your words, skills and languages" in page
    assert "Ben Okafor" not in client_of(ana).get("/me/data").text.replace('href="/people', "")
    with clock.travel(clock.now() + timedelta(days=91)):
        assert "Nobody in the last ninety days." in client_of(ben).get("/me/data").text
    with clock.travel(clock.now() + timedelta(days=367)):
        kernel.commit(actions.forget_old)
    with kernel.reading() as session:
        assert session.scalars(select(Disclosure)).all() == []


def test_a_file_of_everybody_is_seen_by_everybody_in_it(kernel: Kernel) -> None:
    top = people.group(kernel, GroupKind.ORGANIZATION, "Fernhill")
    ada = people.member(kernel, top, people.person(kernel, "Ada"), Role.ADMIN)
    ana = people.person(kernel, "Ana")
    kernel.commit(lambda s: people_file.take_out(s, viewer=people.viewer(kernel, ada)))
    with kernel.reading() as session:
        assert session.execute(select(Disclosure.person_id, Disclosure.viewer_id, Disclosure.what)).all() == [
            (ana, ada, "file")
        ]
