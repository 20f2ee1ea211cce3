"""What is stored about a person is erased so that no table holds a word of it, after a time to think."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from academy.kernel import clock, jobs, mail
from academy.kernel.access import Conflict, Missing
from academy.kernel.app import Kernel
from academy.kernel.ids import encode
from academy.kernel.ledger import Entry
from academy.kernel.log import LogEvent
from academy.notices.models import Notice
from academy.people import actions as person_actions
from academy.people.engine import hash_password
from academy.people.models import GroupKind, Membership, Person, Role, SignIn
from academy.privacy import actions, queries
from academy.privacy.models import Erasure
from academy.privacy.queries import PersonData
from academy.tracks.models import Reflection
from forums.posts.models import Post
from forums.spaces.models import Space
from mentoring.pairs.models import Pair
from tests.academy.privacy.lives import ADDRESS, MARK, NAME, erase, holding, lived, named
from tests.factories import forums, people, world

BOTH = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


@BOTH
def test_after_erasing_no_column_of_any_table_holds_a_name_an_address_or_a_word(kernel: Kernel, app: Flask) -> None:
    ids = lived(kernel, app)
    me, words = ids["learner"], (NAME, ADDRESS, MARK, "Quillon", "Zebrafinch")
    before = holding(kernel, *words)
    assert {w.split(": ")[0] for w in before} > {
        "people.name", "people.email", "posts.body_md", "posts.body_html", "post_edits.body_md", "reflections.body",
        "groups.name", "spaces.title", "sign_ins.agent", "api_tokens.name", "jobs.payload",
    }  # fmt: skip
    rooms = {space: forums.catch_up(kernel, ids["peer"], space) for space in (ids["room"],)}
    erase(kernel, me)
    assert holding(kernel, *words) == set()

    # The room reads on for those who stay: every number there, what was said empty, a name that says why.
    room = forums.catch_up(kernel, ids["peer"], ids["room"])
    assert [e["seq"] for e in room["events"]] == list(range(1, len(room["events"]) + 1))
    assert len(room["events"]) > len(rooms[ids["room"]]["events"])
    mine = [e for e in room["events"] if e["kind"] in {"post", "edit"} and e["payload"]["id"] == encode(ids["second"])]
    assert mine
    assert {(e["payload"]["html"], e["payload"]["removed"], e["payload"]["author"]["name"]) for e in mine} == {
        ("", True, "Somebody who left")
    }
    named = [
        e["payload"]["html"]
        for e in room["events"]
        if e["kind"] == "post" and e["payload"]["id"] == encode(ids["named"])
    ]
    assert len(named) == 1
    assert "@Somebody who left" in named[0]
    assert "Well said." in named[0]

    with kernel.reading() as session:
        gone = session.get_one(Person, me)
        assert (gone.name, gone.email, gone.password_hash, gone.external_id) == ("Somebody who left", "", None, None)
        assert session.get_one(Person, ids["peer"]).manager_id is None
        assert session.scalars(select(SignIn).where(SignIn.person_id == me)).all() == []
        assert session.scalars(select(Reflection).where(Reflection.person_id == me)).all() == []
        assert (
            session.scalars(select(Membership).where(Membership.person_id == me, Membership.until_at.is_(None))).all()
            == []
        )
        numbers = session.scalars(select(Post.no).where(Post.space_id == ids["room"]).order_by(Post.no)).all()
        assert numbers == list(range(1, len(numbers) + 1))
        thread = session.get_one(Space, ids["mine"])
        assert (thread.title, thread.replies) == ("A thread of somebody who left", 0)
        [pair] = session.scalars(select(Pair).where(Pair.space_id == ids["pair_room"])).all()
        assert pair.ended_at is not None
        told = session.scalars(select(Notice.person_id).where(Notice.kind == "partner-left")).all()
        assert told == [ids["mentor"]]
        waiting = session.scalars(select(jobs.Job).where(jobs.Job.kind == mail.KIND, jobs.Job.done_at.is_(None))).all()
        to_peer = [job.payload["text"] for job in waiting if job.payload.get("to_address") == "peer@example.org"]
        assert "Somebody who left (Somebody who left) wrote to you" in to_peer
        erased = session.scalars(select(Entry).where(Entry.kind == "PersonErased")).one()
        assert erased.facts == {"person_id": str(me)}
    kernel.runner.run_due()
    with kernel.reading() as session:
        assert session.scalars(select(jobs.Job).where(jobs.Job.error != "", jobs.Job.error.is_not(None))).all() == []
    assert holding(kernel, *words) == set()

    # The address is free for a new beginning.
    new = people.person(kernel, "Quillon again", email=ADDRESS)
    assert new != me


@BOTH
def test_a_mentor_who_is_erased_leaves_nobody_waiting(kernel: Kernel, app: Flask) -> None:
    with app.app_context():
        ids = named(world.build(kernel))
    kernel.commit(
        lambda s: person_actions.change_person(
            s, person_id=ids["mentor"], actor_id=ids["admin"], name="Quillon Zebrafinch"
        )
    )
    erase(kernel, ids["mentor"])
    kernel.runner.run_due()
    with kernel.reading() as session:
        late = clock.now() + timedelta(days=8)
    with clock.travel(late):
        kernel.runner.run_due()  # reminders and ends of offers that are gone
    with kernel.reading() as session:
        assert session.scalars(select(jobs.Job).where(jobs.Job.error.is_not(None))).all() == []
        assert session.scalar(select(func.count()).select_from(LogEvent)) or 0 > 0
    assert holding(kernel, "Quillon", "Zebrafinch") == set()


def test_erasing_waits_seven_days_and_can_be_taken_back(kernel: Kernel) -> None:
    ana = people.person(kernel, "Ana", email="ana@example.org")
    parts = kernel.slots(PersonData)
    kernel.commit(lambda s: actions.ask_erasure(s, person_id=ana, actor_id=ana))
    with kernel.reading() as session:
        first = queries.erasure_of(session, ana)
    kernel.commit(lambda s: actions.ask_erasure(s, person_id=ana, actor_id=ana))  # twice is once
    with clock.travel(clock.now() + timedelta(days=6, hours=23)):
        kernel.runner.run_due()
        assert not kernel.commit(lambda s: actions.erase(s, person_id=ana, parts=parts))
    with kernel.reading() as session:
        assert queries.erasure_of(session, ana) == first
    kernel.commit(lambda s: actions.take_erasure_back(s, person_id=ana, actor_id=ana))
    with clock.travel(clock.now() + timedelta(days=8)):
        kernel.runner.run_due()
    with kernel.reading() as session:
        assert session.get_one(Person, ana).name == "Ana"
        assert session.scalars(select(Erasure)).all() == []
    with pytest.raises(Missing):
        kernel.commit(lambda s: actions.take_erasure_back(s, person_id=ana, actor_id=ana))


def test_what_was_asked_for_is_done_by_a_job_after_a_letter_that_can_be_answered(kernel: Kernel) -> None:
    ana = people.person(kernel, "Ana", email="ana@example.org")
    kernel.commit(lambda s: actions.ask_erasure(s, person_id=ana, actor_id=ana))
    with kernel.reading() as session:
        kinds = set(session.scalars(select(jobs.Job.kind).where(jobs.Job.done_at.is_(None))))
    assert {"privacy.erase", "privacy.letter"} <= kinds
    kernel.runner.run_due()
    letters = [file.read_text() for file in (kernel.settings.instance / "mail").glob("*.eml")]
    assert [one for one in letters if "ana@example.org" in one and "/me/data" in one and "erased" in one]
    with clock.travel(clock.now() + timedelta(days=7, minutes=1)):
        kernel.runner.run_due()
    assert holding(kernel, "ana@example.org") == set()


def test_the_last_admin_reads_above_the_form_why_their_data_stays(
    kernel: Kernel, client_of: Callable[[UUID], FlaskClient]
) -> None:
    top = people.group(kernel, GroupKind.ORGANIZATION, "Fernhill")
    ada = people.person(kernel, "Ada", password_hash=hash_password("a long and winding password"))
    people.member(kernel, top, ada, Role.ADMIN)
    answer = client_of(ada).post("/me/data/erase", data={"password": "a long and winding password"})
    summary = answer.text.partition('class="summary"')[2].partition("</ul>")[0]
    assert (answer.status_code, "This is the last admin." in summary) == (409, True)
    assert "Your password: " not in summary
    assert 'id="e-password"' not in answer.text


def test_the_last_admin_stays_and_the_second_last_may_go(kernel: Kernel) -> None:
    top = people.group(kernel, GroupKind.ORGANIZATION, "Fernhill")
    ada = people.member(kernel, top, people.person(kernel, "Ada"), Role.ADMIN)
    with pytest.raises(Conflict, match="last admin"):
        kernel.commit(lambda s: actions.ask_erasure(s, person_id=ada, actor_id=ada))
    olu = people.member(kernel, top, people.person(kernel, "Olu"), Role.ADMIN)
    kernel.commit(lambda s: actions.ask_erasure(s, person_id=ada, actor_id=ada))
    kernel.commit(lambda s: person_actions.leave(s, group_id=top, person_id=olu, role=Role.ADMIN, actor_id=ada))
    # Meanwhile she is the last one again: nothing is erased, and nothing of it is half done.
    with clock.travel(clock.now() + timedelta(days=8)), pytest.raises(Conflict):
        kernel.commit(lambda s: actions.erase(s, person_id=ada, parts=kernel.slots(PersonData)))
    with kernel.reading() as session:
        assert session.get_one(Person, ada).name == "Ada"
