"""Drafts: written by several, published whole, never lost."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from academy.authoring import queries
from academy.authoring.actions import drafts, parts
from academy.authoring.models import Draft, DraftActivity, DraftModule
from academy.kernel.access import Conflict, Invalid, Missing
from academy.kernel.app import Kernel
from academy.kernel.ledger import Entry
from academy.kernel.viewer import Viewer
from academy.people.models import Role
from academy.tracks.models import Track, TrackVersion
from tests.factories import people, tracks
from tests.factories.drafts import draft, module, seen, text

BOTH = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def academy(kernel: Kernel) -> UUID:
    return tracks.academy(kernel)


@pytest.fixture
def ling(kernel: Kernel, academy: UUID) -> UUID:
    return people.member(kernel, academy, people.person(kernel, "Ling"), Role.LEAD)


def publish(kernel: Kernel, author: UUID, draft_id: UUID) -> UUID:
    found = seen(kernel, author, draft_id)
    bodies = {(m.key, a.key): "<p>…</p>" for m in found.modules for a in m.activities}
    return kernel.commit(
        lambda s: drafts.publish(
            s, viewer=people.viewer(kernel, author), draft_id=draft_id, version=found.version, bodies=bodies
        )
    ).id


def count(kernel: Kernel, table: type) -> int:
    with kernel.reading() as session:
        return session.scalar(select(func.count()).select_from(table))


@BOTH
def test_a_draft_becomes_a_version_and_is_gone(kernel: Kernel, academy: UUID, ling: UUID):
    made = draft(kernel, ling, academy)
    module(kernel, ling, made, "Open questions", text(), text("In your own words", kind="reflection"))
    version = publish(kernel, ling, made)
    with kernel.reading() as session:
        pack = queries.version_for(session, people.viewer(kernel, ling), version)
        assert session.get_one(TrackVersion, version).number == 1
    assert (pack.key, pack.title, pack.weeks) == ("asking-better-questions", "Asking better questions", 3)
    assert [(m.key, m.icon, [a.key for a in m.activities]) for m in pack.modules] == [
        ("open-questions", "ear", ["what-and-how", "in-your-own-words"])
    ]
    assert [count(kernel, table) for table in (Draft, DraftModule, DraftActivity)] == [0, 0, 0]


def test_the_next_version_begins_as_the_last_one_and_keeps_its_keys(kernel: Kernel, academy: UUID, ling: UUID):
    version = tracks.published(kernel, academy)
    with kernel.reading() as session:
        track = session.scalars(select(Track)).one()
    viewer = people.viewer(kernel, ling)
    again = kernel.commit(lambda s: drafts.begin_next(s, viewer=viewer, track_id=track.id))
    assert seen(kernel, ling, again).pack == tracks.pack()
    assert kernel.commit(lambda s: drafts.begin_next(s, viewer=viewer, track_id=track.id)) == again
    newer = publish(kernel, ling, again)
    assert newer != version
    with kernel.reading() as session:
        assert [v.number for v in queries.track_for(session, viewer, track.id).versions] == [2, 1]


@pytest.mark.parametrize("what", ["module", "activity", "head"])
def test_of_two_authors_at_once_the_slower_is_told_and_overwrites_nothing(
    kernel: Kernel, academy: UUID, ling: UUID, what: str
):
    omar = people.member(kernel, academy, people.person(kernel, "Omar"), Role.LEAD)
    made = draft(kernel, ling, academy)
    part = module(kernel, ling, made, "Open questions", text())
    before = seen(kernel, ling, made)

    def write(author: UUID, title: str) -> None:
        viewer = people.viewer(kernel, author)
        if what == "module":
            kernel.commit(
                lambda s: parts.edit_module(
                    s, viewer=viewer, module_id=part, version=1, title=title, summary="s", icon="ear", week=1
                )
            )
        elif what == "activity":
            activity = before.modules[0].activities[0].id
            kernel.commit(
                lambda s: parts.edit_activity(s, viewer=viewer, activity_id=activity, version=1, text=text(title))
            )
        else:
            kernel.commit(
                lambda s: drafts.edit(
                    s, viewer=viewer, draft_id=made, version=before.version, title=title, summary="s", weeks=3
                )
            )

    write(ling, "Hers")
    with pytest.raises(Conflict, match="nothing was lost"):
        write(omar, "His")
    now = seen(kernel, ling, made)
    assert "Hers" in {now.title, now.modules[0].title, now.modules[0].activities[0].title}


def test_two_authors_who_write_on_different_parts_do_not_disturb_each_other(kernel: Kernel, academy: UUID, ling: UUID):
    made = draft(kernel, ling, academy)
    module(kernel, ling, made, "Open questions", text("One"), text("Two"))
    one, two = seen(kernel, ling, made).modules[0].activities
    viewer = people.viewer(kernel, ling)
    for part in (one, two):
        kernel.commit(
            lambda s, part=part: parts.edit_activity(
                s, viewer=viewer, activity_id=part.id, version=part.version, text=text(part.title, body="Better.")
            )
        )
    assert [a.body for a in seen(kernel, ling, made).modules[0].activities] == ["Better.", "Better."]


def test_a_draft_that_changed_since_it_was_looked_at_is_not_published(kernel: Kernel, academy: UUID, ling: UUID):
    made = draft(kernel, ling, academy)
    module(kernel, ling, made, "Open questions", text())
    looked_at = seen(kernel, ling, made).version
    module(kernel, ling, made, "Another")
    with pytest.raises(Conflict):
        kernel.commit(
            lambda s: drafts.publish(s, viewer=people.viewer(kernel, ling), draft_id=made, version=looked_at, bodies={})
        )
    assert count(kernel, TrackVersion) == 0


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_eight_who_publish_at_the_same_time_make_one_version(kernel: Kernel, academy: UUID, ling: UUID):
    made = draft(kernel, ling, academy)
    module(kernel, ling, made, "Open questions", text())
    found = seen(kernel, ling, made)
    viewer = people.viewer(kernel, ling)
    bodies = {("open-questions", "what-and-how"): "<p>…</p>"}

    def ask(_number: int) -> int:
        try:
            kernel.commit(
                lambda s: drafts.publish(s, viewer=viewer, draft_id=made, version=found.version, bodies=bodies)
            )
        except (Conflict, Missing):
            return 0
        return 1

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(ask, range(8))) == 1
    assert count(kernel, TrackVersion) == 1


def test_a_draft_with_something_missing_is_kept_and_not_published(kernel: Kernel, academy: UUID, ling: UUID):
    made = draft(kernel, ling, academy)
    module(kernel, ling, made, "Open questions", text(body=""))
    with pytest.raises(Invalid, match="still missing"):
        publish(kernel, ling, made)
    assert seen(kernel, ling, made).modules[0].activities[0].body == ""


def test_parts_move_up_and_down_and_stop_at_the_ends(kernel: Kernel, academy: UUID, ling: UUID):
    made = draft(kernel, ling, academy)
    ids = {title: module(kernel, ling, made, title, text("a"), text("b")) for title in ("One", "Two", "Three")}
    viewer = people.viewer(kernel, ling)
    for title, to in (("Three", "up"), ("One", "up"), ("Two", "down"), ("One", "down")):
        kernel.commit(lambda s, t=title, to=to: parts.move_module(s, viewer=viewer, module_id=ids[t], to=to))
    assert [m.title for m in seen(kernel, ling, made).modules] == ["Three", "One", "Two"]
    b = seen(kernel, ling, made).modules[0].activities[1]
    kernel.commit(lambda s: parts.move_activity(s, viewer=viewer, activity_id=b.id, to="up"))
    assert [a.title for a in seen(kernel, ling, made).modules[0].activities] == ["b", "a"]


def test_what_was_removed_is_gone_from_the_draft_only(kernel: Kernel, academy: UUID, ling: UUID):
    version = tracks.published(kernel, academy)
    with kernel.reading() as session:
        track = session.scalars(select(Track)).one()
    viewer = people.viewer(kernel, ling)
    made = kernel.commit(lambda s: drafts.begin_next(s, viewer=viewer, track_id=track.id))
    first = seen(kernel, ling, made).modules[0]
    kernel.commit(lambda s: parts.remove_activity(s, viewer=viewer, activity_id=first.activities[0].id, version=1))
    with pytest.raises(Conflict):
        kernel.commit(lambda s: parts.remove_module(s, viewer=viewer, module_id=first.id, version=1))
    kernel.commit(lambda s: parts.remove_module(s, viewer=viewer, module_id=first.id, version=2))
    assert [m.key for m in seen(kernel, ling, made).modules] == ["module-2"]
    with kernel.reading() as session:
        assert len(queries.version_for(session, viewer, version).modules) == 2


@pytest.mark.parametrize("what", ["module", "activity"])
def test_a_part_that_another_author_removes_while_it_is_looked_up_is_missing(
    kernel: Kernel, academy: UUID, ling: UUID, what: str, monkeypatch: pytest.MonkeyPatch
):
    made = draft(kernel, ling, academy)
    part = module(kernel, ling, made, "Open questions", text())
    activity = seen(kernel, ling, made).modules[0].activities[0].id
    whole, viewer = queries.draft_for, people.viewer(kernel, ling)

    def late(session: Session, viewer: Viewer, draft_id: UUID) -> queries.DraftDetail:
        session.execute(delete(DraftActivity))
        if what == "module":
            session.execute(delete(DraftModule))
        return whole(session, viewer, draft_id)

    monkeypatch.setattr(queries, "draft_for", late)
    with pytest.raises(Missing):
        kernel.commit(lambda s: queries.activity_for(s, viewer, activity))
    if what == "module":
        with pytest.raises(Missing):
            kernel.commit(lambda s: queries.module_for(s, viewer, part))


def test_a_new_module_gets_a_key_of_its_own_even_where_another_track_has_its_title(
    kernel: Kernel, academy: UUID, ling: UUID
):
    tracks.published(kernel, academy)
    made = draft(kernel, ling, academy)
    module(kernel, ling, made, "Module 1", text())
    assert [m.key for m in seen(kernel, ling, made).modules] == ["module-1-2"]


def test_a_module_in_a_week_that_the_track_has_not_is_refused(kernel: Kernel, academy: UUID, ling: UUID):
    made = draft(kernel, ling, academy, weeks=2)
    with pytest.raises(Invalid) as refused:
        kernel.commit(
            lambda s: parts.add_module(
                s,
                viewer=people.viewer(kernel, ling),
                draft_id=made,
                title="Late",
                summary="",
                icon="book",
                week=3,
            )
        )
    assert list(refused.value.errors) == ["week"]


@pytest.mark.parametrize("role", [Role.LEARNER, Role.MENTOR, Role.FACILITATOR, Role.MEMBER, None])
def test_nobody_else_learns_that_a_draft_exists(kernel: Kernel, academy: UUID, ling: UUID, role: str | None):
    made = draft(kernel, ling, academy)
    part = module(kernel, ling, made, "Open questions", text())
    activity = seen(kernel, ling, made).modules[0].activities[0].id
    eve = people.person(kernel, "Eve")
    if role:
        people.member(kernel, academy, eve, role)
    viewer = people.viewer(kernel, eve)
    works = (
        lambda s: drafts.edit(s, viewer=viewer, draft_id=made, version=1, title="x", summary="", weeks=1),
        lambda s: drafts.discard(s, viewer=viewer, draft_id=made, version=1),
        lambda s: drafts.publish(s, viewer=viewer, draft_id=made, version=1, bodies={}),
        lambda s: parts.remove_module(s, viewer=viewer, module_id=part, version=1),
        lambda s: parts.move_activity(s, viewer=viewer, activity_id=activity, to="up"),
        lambda s: parts.edit_activity(s, viewer=viewer, activity_id=activity, version=1, text=text()),
        lambda s: queries.draft_for(s, viewer, made),
    )
    for work in works:
        with pytest.raises(Missing):
            kernel.commit(work)


def test_the_ledger_names_what_was_changed_and_holds_no_text(kernel: Kernel, academy: UUID, ling: UUID):
    made = draft(kernel, ling, academy, title="Secret plan")
    module(kernel, ling, made, "Secret module", text("Secret text"))
    with kernel.reading() as session:
        entries = session.scalars(select(Entry).where(Entry.kind.like("Draft%"))).all()
    assert [(e.kind, e.actor_id, e.facts.get("what")) for e in entries] == [
        ("DraftOpened", ling, None),
        ("DraftChanged", ling, "added"),
    ]
    assert "Secret" not in str([e.facts for e in entries])
