"""Skills that tracks practise: named in packs and drafts, stored with a version, shown, and counted as going together."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from academy.authoring import queries as authoring
from academy.authoring.actions import drafts as draft_actions
from academy.bridges.framework_file.queries.planning import in_use
from academy.kernel import clock
from academy.kernel.access import Invalid
from academy.kernel.app import Kernel
from academy.kernel.ids import encode
from academy.kernel.jobs import Job
from academy.neighbours.models import SkillsTogether
from academy.neighbours.reactions import COUNT
from academy.people.models import Group, Role
from academy.skills.models import Framework, Skill
from academy.tracks.engine import Pack, read_pack, write_pack
from academy.tracks.models import TrackVersion
from academy.tracks.queries import practised, published
from tests.factories import drafts, people, skills, tracks

BOTH = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
NAMES = ("ask", "listen", "lead", "write", "Schön schreiben")


@pytest.fixture
def house(kernel: Kernel) -> dict[str, UUID]:
    """A small framework of five skills and a group; another one calls one of its skills the same."""
    ids = {name: UUID(int=number) for number, name in enumerate((*NAMES, "group", "other ask"), 1)}

    def make(session: Session) -> None:
        for number, key in ((98, "house"), (99, "other")):
            session.add(Framework(id=UUID(int=number), key=key, version="1", name=key, licence=""))
        session.flush()
        session.add_all(
            Skill(
                id=i,
                framework_id=UUID(int=99 if name == "other ask" else 98),
                key="other:ask" if name == "other ask" else f"house:{name}",
                label="ask" if name == "other ask" else name,
                kind="group" if name == "group" else "skill",
            )
            for name, i in ids.items()
        )

    kernel.commit(make)
    return ids


@pytest.fixture
def academy(kernel: Kernel) -> UUID:
    return tracks.academy(kernel)


@pytest.fixture
def ling(kernel: Kernel, academy: UUID) -> UUID:
    return people.member(kernel, academy, people.person(kernel, "Ling"), Role.LEAD)


def stored(kernel: Kernel, version: UUID) -> list[UUID]:
    with kernel.reading() as session:
        return [one.id for one in practised.skills_of(session, [version])[version]]


def pack_of(kernel: Kernel, version: UUID) -> Pack:
    with kernel.reading() as session:
        return authoring.pack_of(session, version)


def retire(kernel: Kernel, skill_id: UUID) -> None:
    kernel.commit(lambda s: s.execute(update(Skill).where(Skill.id == skill_id).values(gone_at=clock.now())))


def joined(kernel: Kernel) -> set[tuple[str, str]]:
    """Do what waits, and return the names of the skills that go together."""
    kernel.runner.run_due()
    with kernel.reading() as session:
        names = {row.id: row.key for row in session.execute(select(Skill.id, Skill.key))}
        rows = session.execute(select(SkillsTogether.skill_id, SkillsTogether.related_id))
        return {(names[a].partition(":")[2], names[b].partition(":")[2]) for a, b in rows}


def counts(kernel: Kernel) -> int:
    with kernel.reading() as session:
        return session.scalars(select(func.count()).select_from(Job).where(Job.kind == COUNT)).one()


@BOTH
def test_a_version_keeps_its_skills_in_their_order_by_name_in_any_case_or_by_key(
    kernel: Kernel, academy: UUID, house: dict[str, UUID]
):
    version = tracks.published(kernel, academy, tracks.pack(skills=["Write", "house:listen", "SCHÖN schreiben"]))
    assert stored(kernel, version) == [house["write"], house["listen"], house["Schön schreiben"]]
    assert pack_of(kernel, version).skills == ("write", "listen", "Schön schreiben")


@BOTH
def test_a_version_that_is_downloaded_and_brought_again_is_the_same_to_the_byte(
    kernel: Kernel, academy: UUID, ling: UUID, house: dict[str, UUID]
):
    written = write_pack(
        pack_of(kernel, tracks.published(kernel, academy, tracks.pack(skills=["lead", "other:ask", "ask"])))
    )
    assert read_pack(written).skills == ("lead", "other:ask", "ask")  # the first one of that name needs no key
    viewer = people.viewer(kernel, ling)
    made = kernel.commit(
        lambda s: draft_actions.bring(s, viewer=viewer, academy_group_id=academy, pack=read_pack(written))
    )
    draft = drafts.seen(kernel, ling, made)
    assert write_pack(draft.pack) == written
    bodies = {(m.key, a.key): "<p>…</p>" for m in draft.modules for a in m.activities}
    again = kernel.commit(
        lambda s: draft_actions.publish(s, viewer=viewer, draft_id=made, version=draft.version, bodies=bodies)
    ).id
    assert stored(kernel, again) == [house["lead"], house["other ask"], house["ask"]]
    assert write_pack(pack_of(kernel, again)) == written


def test_a_skill_whose_name_is_too_long_for_a_pack_is_written_by_its_key(
    kernel: Kernel, academy: UUID, house: dict[str, UUID]
):
    version = tracks.published(kernel, academy, tracks.pack(skills=["write"]))
    kernel.commit(lambda s: s.execute(update(Skill).where(Skill.id == house["write"]).values(label="write " * 40)))
    assert pack_of(kernel, version).skills == ("house:write",)


@pytest.mark.parametrize(
    ("names", "said"),
    [(["nothing"], "No skill is called “nothing”"), (["group"], "“group”"), (["lead", "house:lead"], "the same one")],
)
def test_what_is_no_skill_or_the_same_one_twice_is_not_published(
    kernel: Kernel, academy: UUID, house: dict[str, UUID], names: list[str], said: str
):
    with pytest.raises(Invalid, match=said):
        tracks.published(kernel, academy, tracks.pack(skills=names))
    with kernel.reading() as session:
        assert session.scalars(select(TrackVersion)).all() == []


def test_a_skill_that_is_gone_stays_with_old_versions_and_is_not_published_again(
    kernel: Kernel, academy: UUID, ling: UUID, house: dict[str, UUID]
):
    version = tracks.published(kernel, academy, tracks.pack(skills=["lead", "write"]))
    with kernel.reading() as session:
        assert house["lead"] in in_use(session, [house["lead"], house["ask"]])
        track = session.get_one(TrackVersion, version).track_id
    retire(kernel, house["lead"])
    assert stored(kernel, version) == [house["lead"], house["write"]]
    viewer = people.viewer(kernel, ling)
    made = kernel.commit(lambda s: draft_actions.begin_next(s, viewer=viewer, track_id=track))
    draft = drafts.seen(kernel, ling, made)
    assert draft.skills == ("lead", "write")
    with pytest.raises(Invalid, match="still missing"):
        kernel.commit(
            lambda s: draft_actions.publish(s, viewer=viewer, draft_id=made, version=draft.version, bodies={})
        )


def test_authors_read_on_the_draft_which_skill_is_unknown_and_what_may_have_been_meant(
    kernel: Kernel, academy: UUID, ling: UUID, client_of: Callable[[UUID], FlaskClient]
):
    skills.esco(kernel)
    made = drafts.draft(kernel, ling, academy)
    drafts.module(kernel, ling, made, "Open questions", drafts.text())
    page, hers = f"/drafts/{encode(made)}", client_of(ling)
    sent = {"title": "Asking", "summary": "To guess less.", "weeks": "3"}

    def send(skills: str) -> object:
        return hers.post(
            f"{page}/edit", data={**sent, "skills": skills, "version": str(drafts.seen(kernel, ling, made).version)}
        )

    assert send("Show  empathy\r\n\r\nlead othars\r\nshow empathy").status_code == 303
    assert drafts.seen(kernel, ling, made).skills == ("Show empathy", "lead othars")
    shown = hers.get(page).text
    assert "No skill is called “lead othars”. Did you mean “lead others”" in shown
    assert f'href="/skills/{encode(skills.skill(kernel, "show empathy"))}">Show empathy</a>' in shown
    assert "Publish</" not in shown
    assert "Show empathy\nlead othars</textarea>" in hers.get(f"{page}/edit").text
    preview = hers.get(f"{page}/preview").text
    assert "What you practise here" in preview
    assert "lead othars" not in preview
    many = "\n".join(f"skill {n}" for n in range(13))
    refused = send(many)
    assert refused.status_code == 422
    assert "Name at most 12 skills." in refused.text
    assert "skill 12</textarea>" in refused.text
    assert "at most 200 characters" in send("s" * 201).text
    assert send("show empathy").status_code == 303
    assert "Publish</" in hers.get(page).text


def test_learners_authors_and_programs_see_what_a_track_practises(
    kernel: Kernel, academy: UUID, ling: UUID, house: dict[str, UUID], client_of: Callable[[UUID], FlaskClient]
):
    version = tracks.published(kernel, academy, tracks.pack(skills=["write", "ask"]))
    cohort = people.group(kernel, parent=academy)
    ana = people.member(kernel, cohort, people.person(kernel, "Ana"))
    delivery = tracks.delivered(kernel, cohort, version, date(2026, 11, 2))
    links = [f'<a class="tag tag-brand" href="/skills/{encode(house[name])}">{name}</a>' for name in ("write", "ask")]
    with kernel.reading() as session:
        track = encode(session.get_one(TrackVersion, version).track_id)
        assert [line.skills for line in published.tracks_in(session, [academy])] == [()]  # who only chooses asks less
    for shown in (client_of(ana).get(f"/deliveries/{encode(delivery)}"), client_of(ling).get(f"/tracks/{track}")):
        assert shown.text.index(links[0]) < shown.text.index(links[1])
    said = [{"id": encode(house[name]), "label": name} for name in ("write", "ask")]
    client = client_of(ana)
    assert client.get(f"/api/v1/tracks/{track}").json["skills"] == said
    assert client.get("/api/v1/tracks").json["items"][0]["skills"] == said
    assert client.get(f"/api/v1/deliveries/{encode(delivery)}").json["skills"] == said
    bare = tracks.published(kernel, academy, tracks.pack("another"))
    other = people.group(kernel, parent=academy)
    people.member(kernel, other, ana)
    page = client_of(ana).get(f"/deliveries/{encode(tracks.delivered(kernel, other, bare, date(2026, 11, 2)))}").text
    assert "What you practise here" not in page


@BOTH
def test_publishing_joins_the_skills_of_the_newest_version_and_asks_for_a_count_when_they_change(
    kernel: Kernel, academy: UUID, house: dict[str, UUID]
):
    tracks.published(kernel, academy, tracks.pack(skills=["write", "lead"]))
    assert counts(kernel) == 1
    with kernel.reading() as session:
        assert session.scalars(select(SkillsTogether)).all() == []  # not in the request
    assert joined(kernel) == {("lead", "write")}
    tracks.published(kernel, academy, tracks.pack(skills=["write", "lead"], title="Better words"))
    tracks.published(kernel, academy, tracks.pack("another"))
    assert counts(kernel) == 1
    tracks.published(kernel, academy, tracks.pack(skills=["write", "listen", "ask"]))
    assert counts(kernel) == 2
    assert joined(kernel) == {("listen", "write"), ("ask", "listen"), ("ask", "write")}
    tracks.published(kernel, academy, tracks.pack())
    assert joined(kernel) == set()


def test_tracks_of_an_academy_that_is_closed_join_nothing(kernel: Kernel, academy: UUID, house: dict[str, UUID]):
    tracks.published(kernel, academy, tracks.pack(skills=["write", "lead"]))
    at = datetime(2026, 11, 1, tzinfo=UTC)
    kernel.commit(lambda s: s.execute(update(Group).where(Group.id == academy).values(closed_at=at)))
    assert joined(kernel) == set()


def test_a_track_lifts_no_four_people_over_the_line_that_hides_them(
    kernel: Kernel, academy: UUID, house: dict[str, UUID]
):
    who = [people.person(kernel) for _ in range(4)]
    for person in who:
        skills.has(kernel, person, {"write": 3, "lead": 3})
    tracks.published(kernel, academy, tracks.pack(skills=["write", "listen"]))
    assert joined(kernel) == {("listen", "write")}
    skills.has(kernel, people.person(kernel), {"write": 3, "lead": 3})
    tracks.published(kernel, academy, tracks.pack(skills=["listen", "write", "Schön schreiben"]))
    assert ("lead", "write") in joined(kernel)
