"""What is stored about a person: shown to them, taken along, and erased so that no table holds a word of it."""

from __future__ import annotations

import contextlib
import io
import json
import zipfile
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Text, cast, func, or_, select
from sqlalchemy.orm import Session

from academy.accounts.models import Invitation, MailedLink
from academy.bridges.people_file import actions as people_file
from academy.kernel import clock, jobs, mail
from academy.kernel.access import Conflict, Missing
from academy.kernel.app import Kernel
from academy.kernel.db import Table
from academy.kernel.ids import decode, encode, new_id
from academy.kernel.ledger import Entry
from academy.kernel.log import LogEvent
from academy.kernel.once import IdempotentRequest
from academy.notices.models import Notice
from academy.people import actions as person_actions
from academy.people.engine import hash_password
from academy.people.models import GroupKind, Membership, Person, Role, SignIn
from academy.privacy import actions, queries
from academy.privacy.models import Disclosure, Erasure
from academy.privacy.pages import before_showing
from academy.privacy.queries import PersonData
from academy.tokens import actions as tokens
from academy.tokens.engine import new_token
from academy.tracks import actions as tracks
from academy.tracks.models import Reflection
from forums.posts.models import Post
from forums.spaces.models import Space
from mentoring.pairs.models import Pair
from tests.contracts.test_migrations import tables
from tests.factories import forums, people, world

BOTH = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
NAME, ADDRESS, MARK = "Quillon Zebrafinch", "quillon.z@example.org", "xyzzyplugh"
PASSWORD = "correct horse battery staple"


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


def holding(kernel: Kernel, *words: str) -> set[str]:
    """Return where in the whole database any of these words stands, as "table.column: word"."""
    found = set()
    with kernel.reading() as session:
        for table in tables():
            for column in table.columns:
                text = func.lower(cast(column, Text))
                for word in words:
                    forms = {word.lower(), json.dumps(word)[1:-1].lower()}
                    if session.execute(select(table).where(or_(*(text.contains(f) for f in forms))).limit(1)).first():
                        found.add(f"{table.name}.{column.name}: {word}")
    return found


def named(made: dict[str, str]) -> dict[str, UUID]:
    """Return the ids of the world; what it hands out besides, such as mailed links, is left out."""
    found = {}
    for name, value in made.items():
        with contextlib.suppress(Missing):
            found[name] = decode(value)
    return found


def lived(kernel: Kernel, app: Flask) -> dict[str, UUID]:
    """Make the world, and let its learner leave a trace in every kind of place."""
    with app.app_context():
        ids = named(world.build(kernel))
    me = ids["learner"]

    def rename(session: Session) -> None:
        row = session.get_one(Person, me)
        row.name, row.email, row.email_key = NAME, ADDRESS, ADDRESS
        row.about, row.pronouns, row.external_id = f"I am {MARK}", MARK, MARK
        session.get_one(Person, ids["peer"]).manager_id = me
        for group_id, space in session.execute(select(Pair.group_id, Pair.space_id)):
            if group_id in session.scalars(select(Membership.group_id).where(Membership.person_id == me)).all():
                person_actions.rename_group(session, group_id=group_id, name="Mentor and Quillon")
                forums.spaces.retitle(session, space_id=space, title="Mentor and Quillon")

    kernel.commit(rename)
    viewer = people.viewer(kernel, me)
    forums.change(kernel, me, ids["room"], ids["post"], f"Second thought {MARK}")
    ids["second"] = forums.say(kernel, me, ids["room"], f"Once more {MARK}").id
    forums.change(kernel, me, ids["room"], ids["second"], f"Edited {MARK}")
    ids["named"] = forums.say(kernel, ids["peer"], ids["room"], f"Thank you, @{NAME}. Well said.").id
    thread = forums.thread(kernel, me, ids["board"], f"How do you {MARK}?")
    forums.say(kernel, me, thread, f"I did {MARK}")
    ids["mine"] = thread
    forums.react(kernel, me, ids["named"])
    forums.react(kernel, ids["peer"], ids["second"])
    kernel.commit(lambda s: tracks.reflect(s, viewer=viewer, activity_id=ids["reflection"], body=f"Dear diary {MARK}"))
    kernel.commit(lambda s: person_actions.block(s, person_id=me, blocked_id=ids["colleague"]))
    kernel.commit(lambda s: person_actions.block(s, person_id=ids["peer"], blocked_id=me))
    kernel.commit(lambda s: person_actions.sign_in(s, person_id=me, token_hash="t" * 64, agent=f"Browser {MARK}"))
    kernel.commit(lambda s: tokens.make_token(s, viewer=viewer, token=new_token(), name=MARK, scopes=["read"], days=30))
    kernel.commit(lambda s: mail.note(s, letter(NAME, ADDRESS, "Hello"), me))
    for to in (
        (NAME, ADDRESS, f"Hello {NAME}, {MARK}"),
        ("Peer", "peer@example.org", f"{NAME} ({ADDRESS}) wrote to you"),
    ):
        kernel.commit(lambda s, t=to: mail.post(s, letter(*t)))
    kernel.commit(lambda s: actions.disclose(s, viewer_id=ids["lead"], what="page", person_ids=[me]))
    kernel.commit(lambda s: invited(s, ids))
    for who, body in ((me, f'{{"text": "{MARK}"}}'), (ids["peer"], f'{{"author": "{NAME}"}}')):
        kept = {"person_id": who, "key": "k", "fingerprint": "f", "status": 201, "headers": {}, "body": body}
        kernel.commit(lambda s, k=kept: s.add(IdempotentRequest(at=clock.now(), **k)))
    return ids


def invited(session: Session, ids: dict[str, UUID]) -> None:
    """Invite the learner's address into another group, and mail them a link."""
    now = clock.now()
    asked = Invitation(
        id=new_id(),
        group_id=ids["academy"],
        role="learner",
        name=NAME,
        address=ADDRESS,
        address_key=ADDRESS,
        invited_by_id=ids["lead"],
        sent_at=now,
    )
    session.add(asked)
    session.flush()
    for number, about in enumerate(({"person_id": ids["learner"]}, {"invitation_id": asked.id})):
        link = {"token_hash": f"{number}" * 64, "address": ADDRESS, "created_at": now, "expires_at": now}
        session.add(MailedLink(id=new_id(), kind="undo", **link, **about))


def letter(name: str, address: str, text: str) -> mail.Letter:
    return mail.Letter(to_name=name, to_address=address, subject=text, text=text)


def erase(kernel: Kernel, person_id: UUID) -> None:
    kernel.commit(lambda s: actions.ask_erasure(s, person_id=person_id, actor_id=person_id))
    with clock.travel(clock.now() + timedelta(days=7, seconds=1)):
        assert kernel.commit(lambda s: actions.erase(s, person_id=person_id, parts=kernel.slots(PersonData)))


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


# the pages


def somebody(kernel: Kernel, name: str = "Ana Silva") -> UUID:
    return people.person(
        kernel, name, email=f"{name.split()[0].lower()}@example.org", password_hash=hash_password(PASSWORD)
    )


def test_a_download_asks_who_it_is_and_is_nobody_elses(
    kernel: Kernel, client_of: Callable[[UUID], FlaskClient]
) -> None:
    ana, ben = somebody(kernel), somebody(kernel, "Ben Okafor")
    client = client_of(ana)
    assert client.post("/me/data/file").status_code == 303
    assert "being put together" in client.get("/me/data").text
    kernel.runner.run_due()
    page = client.get("/me/data").text
    address = page.split('href="/me/data/file/')[1].split('"')[0]
    refused = client.post(f"/me/data/file/{address}", data={"password": "wrong"})
    assert (refused.status_code, "This is not your password." in refused.text) == (422, True)
    taken = client.post(f"/me/data/file/{address}", data={"password": PASSWORD})
    assert (taken.status_code, taken.mimetype, taken.headers["Cache-Control"]) == (200, "application/zip", "no-store")
    for method in ("get", "post"):
        answer = getattr(client_of(ben), method)(f"/me/data/file/{address}", data={"password": PASSWORD})
        assert answer.status_code == 404
    with kernel.reading() as session:
        assert session.scalars(select(Entry.kind).where(Entry.kind == "DataTaken")).all() == ["DataTaken"]


def test_erasing_asks_for_the_password_shows_the_day_and_is_taken_back(
    kernel: Kernel, client_of: Callable[[UUID], FlaskClient]
) -> None:
    client = client_of(somebody(kernel))
    assert client.post("/me/data/erase", data={"password": "wrong"}).status_code == 422
    assert "will be erased on" not in client.get("/me/data").text
    assert client.post("/me/data/erase", data={"password": PASSWORD}).status_code == 303
    assert "Your data will be erased on" in client.get("/me/data").text
    assert client.post("/me/data/keep").status_code == 303
    assert "will be erased on" not in client.get("/me/data").text


def test_wrong_passwords_are_counted(kernel: Kernel, client_of: Callable[[UUID], FlaskClient]) -> None:
    client = client_of(somebody(kernel))
    met = [client.post("/me/data/erase", data={"password": f"wrong {n}"}).status_code for n in range(11)]
    assert met == [422] * 10 + [429]
    assert client.post("/me/data/erase", data={"password": PASSWORD}).status_code == 429


def test_an_admin_starts_it_for_somebody_who_left_with_their_own_password(
    kernel: Kernel, client_of: Callable[[UUID], FlaskClient]
) -> None:
    top = people.group(kernel, GroupKind.ORGANIZATION, "Fernhill")
    ada = people.member(kernel, top, somebody(kernel, "Ada Admin"), Role.ADMIN)
    ana = somebody(kernel)
    client, here = client_of(ada), f"/people/{encode(ana)}"
    assert "Erase the data of Ana Silva" in client.get(f"{here}/erase").text
    assert client.post(f"{here}/erase", data={"password": "wrong"}).status_code == 422
    assert client.post(f"{here}/erase", data={"password": PASSWORD}).status_code == 303
    with kernel.reading() as session:
        entry = session.scalars(select(Entry).where(Entry.kind == "ErasureAsked")).one()
    assert (entry.actor_id, entry.facts["person_id"]) == (ada, str(ana))
    assert "An admin of your organization asked for it." in client_of(ana).get("/me/data").text
    assert client.post(f"{here}/keep").status_code == 303
    for method, address in (("get", "erase"), ("post", "erase"), ("post", "keep")):
        assert getattr(client_of(ana), method)(f"/people/{encode(ada)}/{address}").status_code == 404


def test_an_erased_person_cannot_sign_in_and_their_cookie_is_nobodys(
    kernel: Kernel, client: FlaskClient, client_of: Callable[[UUID], FlaskClient]
) -> None:
    ana = somebody(kernel)
    hers = client_of(ana)
    assert hers.get("/me").status_code == 200
    erase(kernel, ana)
    assert hers.get("/me").status_code == 303
    assert client.post("/sign-in", data={"email": "ana@example.org", "password": PASSWORD}).status_code == 422
    assert client.post("/sign-in", data={"email": "", "password": PASSWORD}).status_code == 422
