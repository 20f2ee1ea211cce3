"""The academy, its people, its tracks and its cohorts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from academy.accounts.actions import invitations, joining
from academy.authoring import queries as author_queries
from academy.authoring.actions import drafts
from academy.careers import actions as careers
from academy.media import actions as media
from academy.media.engine import HEAD, tidy, type_of
from academy.media.queries import Recording
from academy.neighbours import actions as neighbours
from academy.people import actions as people
from academy.people import queries as people_queries
from academy.people.engine import DEMO_PASSWORD, hash_password, new_token
from academy.people.models import GroupKind, Role
from academy.skills import actions as skills
from academy.skills import queries as skill_queries
from academy.tracks import actions as tracks
from academy.tracks import engine as track_engine
from academy.tracks.engine import VIDEO, ActivityPart, Pack, read_pack
from academy.web import markup
from cohorts.roster import actions as roster
from cohorts.roster.seeds.story import Story, World
from mentoring.profiles import actions as profiles

if TYPE_CHECKING:
    from academy.kernel.app import Kernel

PACKS = Path(track_engine.__file__).parent / "packs"
FILMS = Path(__file__).parents[1] / "demo"
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
OPENED = timedelta(days=60)


def open_academy(kernel: Kernel, now: datetime, told: Mapping[str, Any]) -> World:
    """Open the organization and its academy, and load the skills framework."""

    def work(session: Session) -> UUID:
        top = people.open_group(session, kind=GroupKind.ORGANIZATION, name=told["organization"])
        made = people.open_group(session, kind=GroupKind.ACADEMY, name=told["name"], parent_id=top.id)
        return made.id

    kernel.commit(skills.load_framework)
    kernel.commit(careers.complete)
    kernel.commit(neighbours.compute)
    return World(kernel, now, kernel.commit(work))


def add_people(world: World, told: Mapping[str, Any]) -> None:
    """Give everybody their account, profile, skills and goals, and their place in the academy."""
    password = hash_password(DEMO_PASSWORD)
    with world.kernel.reading() as session:
        labels = {s["skill"] for p in told["people"] for s in (*p.get("skills", ()), *p.get("goals", ()))}
        ids = skill_queries.ids_by_label(session, sorted(labels))
    everybody = told["people"]

    def work(session: Session) -> None:
        for person in everybody:
            made = people.add_person(
                session, email=person["email"], name=person["name"], zone=person["zone"], password_hash=password
            )
            world.people[person["key"]] = made.id
            world.names[person["key"]] = person["name"]
            world.zones[person["key"]] = person["zone"]
            people.change_profile(
                session,
                person_id=made.id,
                name=person["name"],
                pronouns=person.get("pronouns", ""),
                about=f"{person['role_title']}. {person['bio']}",
                zone=person["zone"],
                languages=person["languages"],
                hours=[_hours(line) for line in person["hours"]],
            )
            people.join(session, group_id=world.academy, person_id=made.id, role=Role.MEMBER, actor_id=None)
            for goal in person.get("goals", ()):
                skills.set_goal(session, person_id=made.id, skill_id=ids[goal["skill"]], level=goal["level"])
        for person in everybody:
            if "manager" in person:
                people.set_manager(
                    session, person_id=world.people[person["key"]], manager_id=world.people[person["manager"]]
                )
            for skill in person.get("skills", ()):
                manager = world.people.get(person.get("manager", ""))
                skills.set_skill(
                    session,
                    person_id=world.people[person["key"]],
                    skill_id=ids[skill["skill"]],
                    level=skill["level"],
                    source=skill["source"],
                    actor_id=manager if skill["source"] == "manager" else None,
                )
        for block in told.get("blocks", ()):
            people.block(session, person_id=world.people[block["person"]], blocked_id=world.people[block["blocked"]])

    world.kernel.commit(work)
    for person in everybody:
        _office(world, person)


def _office(world: World, person: Mapping[str, Any]) -> None:
    """Give somebody their role in the academy itself."""
    person_id = world.people[person["key"]]
    if person["role"] == "lead":
        work = partial(people.join, group_id=world.academy, person_id=person_id, role=Role.LEAD, actor_id=None)
        world.kernel.commit(work)
    if person["role"] == "admin":

        def appoint(session: Session) -> None:
            top = people_queries.organization(session)
            if top is not None:
                people.join(session, group_id=top.id, person_id=person_id, role=Role.ADMIN, actor_id=None)

        world.kernel.commit(appoint)
    if person["role"] == "mentor":
        world.kernel.commit(
            lambda session: profiles.offer_mentoring(
                session,
                person_id=person_id,
                group_id=world.academy,
                capacity=person["capacity"],
                offers=person["offers"],
            )
        )


def _hours(line: str) -> tuple[int, int, int]:
    weekday, stretch = line.split()
    start, end = ((int(h) * 60 + int(m)) for h, m in (clock_.split(":") for clock_ in stretch.split("-")))
    return WEEKDAYS.index(weekday), start, end


def begins(cohort: Mapping[str, Any], now: datetime) -> datetime:
    """Return the Monday morning on which a cohort began that is in its week at `now`."""
    zone = ZoneInfo(cohort["zone"])
    today = now.astimezone(zone).date()
    monday = today - timedelta(days=today.weekday() + 7 * (cohort["week"] - 1))
    return datetime.combine(monday, time(9), zone)


def open_cohorts(world: World, story: Story, told: Mapping[str, Any]) -> None:
    """Publish the tracks, open each cohort so that it is in its week today, and enroll its people."""
    head = head_of(told)
    _publish_tracks(world, story, told)
    for cohort in told["academy"]["cohorts"]:
        start = begins(cohort, world.now)
        monday = start.date()
        world.starts[cohort["key"]] = start

        def create(session: Session, cohort: Any = cohort, monday: Any = monday) -> None:
            made = roster.create_cohort(
                session,
                viewer=world.viewer(session, head),
                academy_group_id=world.academy,
                track_version_id=world.versions[cohort["track"]],
                name=cohort["name"],
                starts_on=monday,
                zone=cohort["zone"],
                seats=cohort.get("seats", 20),
                agreements=cohort["agreements"],
            )
            world.cohorts[cohort["key"]] = made.id
            world.rooms[cohort["key"]] = made.space_id

        story.add(start - timedelta(days=7), create)
        taken = seats(told["people"], cohort["key"])
        world.leads[cohort["key"]] = next(
            (key for key, role in taken if role == "lead"), next(key for key, role in taken if role == "facilitator")
        )

        def enroll(session: Session, cohort: Any = cohort, taken: Any = taken) -> None:
            waiting = [(key, Role.LEARNER) for key in cohort.get("waiting", ())]
            for role in (Role.FACILITATOR, Role.MENTOR, Role.LEARNER):
                chosen = [world.people[key] for key, what in [*taken, *waiting] if what == role]
                roster.enroll(
                    session,
                    viewer=world.viewer(session, head),
                    cohort_id=world.cohorts[cohort["key"]],
                    person_ids=chosen,
                    role=role,
                )
            for key, role in taken:
                if role == "lead":
                    people.join(
                        session,
                        group_id=world.cohorts[cohort["key"]],
                        person_id=world.people[key],
                        role=Role.LEAD,
                        actor_id=world.people[head],
                    )

        story.add(start - timedelta(days=6), enroll)


def head_of(told: Mapping[str, Any]) -> str:
    """Return who leads the academy."""
    return next(str(p["key"]) for p in told["people"]["people"] if p["role"] == "lead")


def _publish_tracks(world: World, story: Story, told: Mapping[str, Any]) -> None:
    """Publish the tracks; lately somebody began to write the next version of one."""
    head = head_of(told)
    for track in sorted({c["track"] for c in told["academy"]["cohorts"]}):
        pack = read_pack((PACKS / f"{track}.toml").read_text("utf-8"))
        film = _film(world, told["academy"]["film"], track)
        pack = _with_film(pack, film) if film else pack
        bodies = {
            (m.key, a.key): markup.render(a.body, headings_from=2, limit=40_000)
            for m in pack.modules
            for a in m.activities
        }

        def publish(session: Session, pack: Any = pack, bodies: Any = bodies, film: Any = film) -> None:
            if film:
                media.keep(session, group_id=world.academy, recording=film["recording"], actor_id=world.people[head])
            made = tracks.publish(
                session, group_id=world.academy, pack=pack, bodies=bodies, actor_id=world.people[head]
            )
            world.versions[pack.key] = made.id

        story.add(world.now - OPENED + timedelta(hours=2), publish)

    def write_on(session: Session) -> None:
        host = world.viewer(session, head)
        track = author_queries.tracks_for(session, host)[0]
        if track.track_id is not None:
            drafts.begin_next(session, viewer=host, track_id=track.track_id)

    story.add(world.now - timedelta(days=1, hours=3), write_on)


def _film(world: World, told: Mapping[str, Any], track: str) -> dict[str, Any] | None:
    """Keep the file of the demo's video, and return what is told of it, if it is one of this track."""
    if told["track"] != track:
        return None
    file = FILMS / told["file"]
    with file.open("rb") as stream:
        kind = type_of(stream.read(HEAD)) or ""
        stream.seek(0)
        recording = Recording(world.kernel.files.keep(stream), kind, stream.tell())
    return {**told, "recording": recording, "captions": tidy(file.with_suffix(".vtt").read_text("utf-8"))}


def _with_film(pack: Pack, film: Mapping[str, Any]) -> Pack:
    """Put the demo's video behind the last activity of its module."""
    part = ActivityPart(
        film["key"],
        VIDEO,
        film["title"],
        film["summary"],
        film["minutes"],
        film["body"],
        film["recording"].digest,
        film["captions"],
    )
    whole = (replace(m, activities=(*m.activities, part)) if m.key == film["module"] else m for m in pack.modules)
    return replace(pack, modules=tuple(whole))


def invite(world: World, story: Story, told: Mapping[str, Any]) -> None:
    """Leave an invitation unanswered, and a link open by which people may still join."""
    asked = told["invitation"]
    key = asked["cohort"]

    def work(session: Session) -> None:
        lead = world.viewer(session, world.leads[key])
        cohort = world.cohorts[key]
        invitations.invite(
            session,
            viewer=lead,
            group_id=cohort,
            address=asked["email"],
            name=asked["name"],
            role=Role.LEARNER,
        )
        joining.make_link(
            session, viewer=lead, group_id=cohort, token=new_token(), days=14, seats=told["link"]["seats"]
        )

    story.add(world.now - timedelta(days=2), work)


def seats(told: Mapping[str, Any], cohort: str) -> list[tuple[str, str]]:
    """Return who is in a cohort, as (key, role)."""
    found = []
    for person in told["people"]:
        places = [{"cohort": person.get("cohort"), "role": person["role"]}, *person.get("also", ())]
        found += [(person["key"], place["role"]) for place in places if place["cohort"] == cohort]
    return found
