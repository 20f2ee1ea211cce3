"""The demo academy: made through actions under a travelling clock, so that nothing in it can lie.

Everything is dated relative to the day it is filled. Mail is muted. What a job does (solving a match,
reminding) is done at its own time, as in a running academy.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from academy.kernel import clock
from academy.kernel.viewer import Viewer
from academy.notices import actions as notices
from academy.people import actions as people
from academy.people import queries as people_queries
from academy.people.engine import hash_password
from academy.people.models import GroupKind, Role
from academy.skills import actions as skills
from academy.skills import queries as skill_queries
from academy.tracks import actions as tracks
from academy.tracks import queries as track_queries
from academy.tracks.engine import read_pack
from academy.web import markup
from cohorts.roster import actions as roster
from cohorts.workshops import actions as workshops
from forums.posts import actions as posts
from forums.posts import queries as post_queries
from forums.spaces import actions as spaces
from forums.spaces import queries as space_queries
from mentoring.matches.actions import offers as match_offers
from mentoring.matches.actions import runs as match_runs
from mentoring.matches import queries as match_queries
from mentoring.pairs import actions as pairs
from mentoring.pairs import queries as pair_queries
from mentoring.profiles import actions as profiles

if TYPE_CHECKING:
    from academy.kernel.app import Kernel

FOLDER = Path(__file__).parent / "demo"
PACKS = Path(track_queries.__file__).parent / "packs"
PASSWORD = "academy-demo"  # the demo's sign-ins are printed when it starts; it exists in demo mode only
SIGN_INS = ("learner", "mentor", "lead", "admin")
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MENTION = re.compile(r"@\[(\w+)\]")
OPENED = timedelta(days=60)
MATCHED = timedelta(days=2)
PAIRED_AFTER = timedelta(days=1)


@dataclass
class _World:
    """What has been made so far, by the keys of the demo's files."""

    kernel: Kernel
    now: datetime
    academy: UUID
    people: dict[str, UUID] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    zones: dict[str, str] = field(default_factory=dict)
    cohorts: dict[str, UUID] = field(default_factory=dict)
    rooms: dict[str, UUID] = field(default_factory=dict)
    versions: dict[str, UUID] = field(default_factory=dict)
    starts: dict[str, datetime] = field(default_factory=dict)
    leads: dict[str, str] = field(default_factory=dict)
    posts: dict[str, UUID] = field(default_factory=dict)

    def viewer(self, session: Session, key: str) -> Viewer:
        """Return somebody as they look at things at this moment of the story."""
        person_id = self.people[key]
        return Viewer(
            person_id=person_id,
            sign_in_id=person_id,
            name=self.names[key],
            zone=self.zones[key],
            roles=people_queries.roles_of(session, person_id),
        )


@dataclass(order=True)
class _Moment:
    """Something that happens in the story."""

    at: datetime
    number: int
    do: Callable[[], object] = field(compare=False)


class _Story:
    """The moments of the demo, told in the order in which they happened."""

    def __init__(self, world: _World) -> None:
        """Begin with nothing."""
        self._world = world
        self._moments: list[_Moment] = []

    def add(self, at: datetime, work: Callable[[Session], object]) -> None:
        """Let something be written at an instant."""
        self.do(at, partial(self._world.kernel.commit, work))

    def do(self, at: datetime, deed: Callable[[], object]) -> None:
        """Let something happen at an instant."""
        self._moments.append(_Moment(at, len(self._moments), deed))

    def tell(self, said: Callable[[str], None], what: str) -> None:
        """Let everything happen, each thing at its time, with the jobs that fall due in between."""
        said(f"{what} ({len(self._moments)} moments)...")
        for moment in sorted(self._moments):
            with clock.travel(moment.at):
                moment.do()
        self._moments.clear()


def fill(kernel: Kernel, said: Callable[[str], None]) -> None:
    """Fill an empty database with the demo academy; a database with people in it is left alone."""
    with kernel.reading() as session:
        if people_queries.organization(session) is not None:
            said("There is an academy here already; it is kept.")
            return
    with kernel.quiet("mail.send"):
        _fill(kernel, said)


def _fill(kernel: Kernel, said: Callable[[str], None]) -> None:
    now = clock.now()
    told = {name: tomllib.loads((FOLDER / f"{name}.toml").read_text("utf-8")) for name in ("people", "academy", "conversations")}
    said("Opening the academy and reading the skills framework...")
    with clock.travel(now - OPENED):
        world = _open(kernel, now, told["academy"])
        _people(world, told["people"])
    story = _Story(world)
    _cohorts(world, story, told)
    story.tell(said, "Publishing tracks, opening cohorts")
    _matching(world, story, told)
    _workshops(world, story, told["academy"])
    _learning(world, story, told["people"])
    story.tell(said, "Matching, scheduling and learning")
    _conversations(world, story, told["conversations"])
    story.tell(said, "Letting people talk")
    kernel.runner.run_due()
    _reading(world)


def _open(kernel: Kernel, now: datetime, told: Mapping[str, Any]) -> _World:
    def work(session: Session) -> UUID:
        top = people.open_group(session, kind=GroupKind.ORGANIZATION, name=told["organization"])
        made = people.open_group(session, kind=GroupKind.ACADEMY, name=told["name"], parent_id=top.id)
        return made.id

    kernel.commit(skills.load_framework)
    return _World(kernel, now, kernel.commit(work))


def _people(world: _World, told: Mapping[str, Any]) -> None:
    password = hash_password(PASSWORD)
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
            for skill in person.get("skills", ()):
                skills.set_skill(
                    session, person_id=made.id, skill_id=ids[skill["skill"]], level=skill["level"], source=skill["source"]
                )
            for goal in person.get("goals", ()):
                skills.set_goal(session, person_id=made.id, skill_id=ids[goal["skill"]], level=goal["level"])
        for person in everybody:
            if "manager" in person:
                people.set_manager(
                    session, person_id=world.people[person["key"]], manager_id=world.people[person["manager"]]
                )
        for block in told.get("blocks", ()):
            people.block(
                session, person_id=world.people[block["person"]], blocked_id=world.people[block["blocked"]]
            )

    world.kernel.commit(work)
    for person in everybody:
        _office(world, person)


def _office(world: _World, person: Mapping[str, Any]) -> None:
    """Give somebody their role in the academy itself."""
    person_id = world.people[person["key"]]
    if person["role"] == "lead":
        work = partial(people.join, group_id=world.academy, person_id=person_id, role=Role.LEAD, actor_id=None)
        world.kernel.commit(lambda session: work(session))
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


def _cohorts(world: _World, story: _Story, told: Mapping[str, Any]) -> None:
    head = next(p["key"] for p in told["people"]["people"] if p["role"] == "lead")
    for track in sorted({c["track"] for c in told["academy"]["cohorts"]}):
        pack = read_pack((PACKS / f"{track}.toml").read_text("utf-8"))
        bodies = {(m.key, a.key): markup.render(a.body, headings_from=2, limit=40_000) for m in pack.modules for a in m.activities}

        def publish(session: Session, pack: Any = pack, bodies: Any = bodies) -> None:
            made = tracks.publish(session, group_id=world.academy, pack=pack, bodies=bodies, actor_id=world.people[head])
            world.versions[pack.key] = made.id

        story.add(world.now - OPENED + timedelta(hours=2), publish)
    for cohort in told["academy"]["cohorts"]:
        zone = ZoneInfo(cohort["zone"])
        today = world.now.astimezone(zone).date()
        monday = today - timedelta(days=today.weekday() + 7 * (cohort["week"] - 1))
        start = datetime.combine(monday, time(9), zone)
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
                seats=20,
                agreements=cohort["agreements"],
            )
            world.cohorts[cohort["key"]] = made.id
            world.rooms[cohort["key"]] = made.space_id

        story.add(start - timedelta(days=7), create)
        seats = _seats(told["people"], cohort["key"])
        world.leads[cohort["key"]] = next(
            (key for key, role in seats if role == "lead"), next(key for key, role in seats if role == "facilitator")
        )

        def enroll(session: Session, cohort: Any = cohort, seats: Any = seats) -> None:
            for role in (Role.FACILITATOR, Role.MENTOR, Role.LEARNER):
                chosen = [world.people[key] for key, what in seats if what == role]
                roster.enroll(
                    session,
                    viewer=world.viewer(session, head),
                    cohort_id=world.cohorts[cohort["key"]],
                    person_ids=chosen,
                    role=role,
                )
            for key, role in seats:
                if role == "lead":
                    people.join(
                        session,
                        group_id=world.cohorts[cohort["key"]],
                        person_id=world.people[key],
                        role=Role.LEAD,
                        actor_id=world.people[head],
                    )

        story.add(start - timedelta(days=6), enroll)


def _seats(told: Mapping[str, Any], cohort: str) -> list[tuple[str, str]]:
    """Return who is in a cohort, as (key, role)."""
    found = []
    for person in told["people"]:
        places = [{"cohort": person.get("cohort"), "role": person["role"]}, *person.get("also", ())]
        found += [(person["key"], place["role"]) for place in places if place["cohort"] == cohort]
    return found


def _matching(world: _World, story: _Story, told: Mapping[str, Any]) -> None:
    """Match buddies and mentors a few days before each start, as a lead would, then once more for Kestrel."""
    busy = _busy_mentor(told["people"])
    for key, start in world.starts.items():
        lead = world.leads[key]
        story.do(start - timedelta(days=5), partial(_run, world, key, lead, "buddy"))
        if key == busy.get("cohort"):
            story.add(start - timedelta(days=5), partial(_places, world, busy, 1))
        story.do(start - timedelta(days=4), partial(_run, world, key, lead, "mentorship"))
        story.do(start - timedelta(days=3), partial(_accept_all, world))
        story.do(start - timedelta(days=2), partial(_scripted_pairs, world, told["conversations"], key))
    story.add(world.now - timedelta(days=2), partial(_places, world, busy, busy["capacity"]))
    cohort = busy["cohort"]
    story.do(world.now - timedelta(days=1), partial(_run, world, cohort, world.leads[cohort], "mentorship"))


def _busy_mentor(told: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the mentor of the demo's sign-in: she takes more people later, so that offers wait for her."""
    found: Mapping[str, Any] = next(p for p in told["people"] if p["email"].startswith("mentor@"))
    return found


def _places(world: _World, mentor: Mapping[str, Any], capacity: int, session: Session) -> None:
    profiles.offer_mentoring(
        session,
        person_id=world.people[mentor["key"]],
        group_id=world.academy,
        capacity=capacity,
        offers=mentor["offers"],
    )


def _run(world: _World, cohort: str, lead: str, kind: str) -> None:
    """Ask the matcher, let it work, publish what it proposes."""
    group_id = world.cohorts[cohort]
    run_id = world.kernel.commit(
        lambda s: match_runs.ask_run(s, viewer=world.viewer(s, lead), group_id=group_id, kind=kind)
    )
    world.kernel.runner.run_due()

    def publish(session: Session) -> None:
        found = match_queries.matching_for(session, world.viewer(session, lead), group_id, kind).run
        if found is not None and found.id == run_id:
            match_runs.publish(session, viewer=world.viewer(session, lead), run_id=run_id, version=found.version)

    world.kernel.commit(publish)


def _accept_all(world: _World) -> None:
    """Let every mentor accept what is offered to them."""
    for key in world.people:

        def accept(session: Session, key: str = key) -> None:
            viewer = world.viewer(session, key)
            for offer in match_queries.offers_for(session, viewer):
                match_offers.accept(session, viewer=viewer, offer_id=offer.offer_id, version=offer.version)

        world.kernel.commit(accept)


def _scripted_pairs(world: _World, told: Mapping[str, Any], cohort: str) -> None:
    """Open by hand, as an admin may, the pairs of the script that the matcher has not made."""
    for pair in told["pairs"]:
        if pair["cohort"] != cohort:
            continue
        mentoring = pair["kind"] == "mentor"
        roles = [Role.LEARNER, Role.MENTOR] if mentoring else [Role.LEARNER] * len(pair["people"])
        kind = "mentorship" if mentoring else "buddy"
        members = {world.people[key]: role for key, role in zip(pair["people"], roles, strict=True)}

        def work(session: Session, pair: Any = pair, kind: str = kind, members: Any = members) -> None:
            if _room_of(world, session, pair["people"], kind) is None:
                pairs.open_pair(
                    session,
                    kind=kind,
                    people=members,
                    academy_group_id=world.academy,
                    cohort_group_id=world.cohorts[cohort],
                )

        world.kernel.commit(work)


def _room_of(world: _World, session: Session, keys: list[str], kind: str) -> UUID | None:
    others = {world.people[key] for key in keys[1:]}
    for line in pair_queries.pairs_of(session, world.viewer(session, keys[0])):
        if line.kind == kind and {face.id for face in line.others} == others:
            return line.space_id
    return None


def _workshops(world: _World, story: _Story, told: Mapping[str, Any]) -> None:
    for workshop in told["workshops"]:
        cohort = workshop["cohort"]
        zone = ZoneInfo(workshop["zone"])
        day = _working_day(world.now.astimezone(zone).date() + timedelta(days=workshop["days_from_now"]), workshop)
        wall = datetime.combine(day, time.fromisoformat(workshop["time"]))
        at = wall.replace(tzinfo=zone).astimezone(UTC)
        asked = min(at - timedelta(days=6), world.now - timedelta(days=2))
        html = markup.render(workshop["agenda"])
        made: dict[str, UUID] = {}

        def schedule(
            session: Session, workshop: Any = workshop, wall: Any = wall, html: str = html, made: Any = made
        ) -> None:
            host = world.viewer(session, world.leads[workshop["cohort"]])
            done = workshops.schedule(
                session,
                viewer=host,
                group_id=world.cohorts[workshop["cohort"]],
                title=workshop["title"],
                agenda_md=workshop["agenda"],
                agenda_html=html,
                wall_start=wall.strftime("%Y-%m-%dT%H:%M"),
                zone=workshop["zone"],
                minutes=workshop["minutes"],
                venue_url=workshop["venue"],
                capacity=workshop["capacity"],
                facilitator_id=world.people[workshop["facilitator"]],
                activity_id=_activity(world, session, workshop),
            )
            made["id"] = done.id

        start = world.starts[cohort] - timedelta(days=2)
        story.add(max(asked, start), schedule)
        answers = [(k, s) for s, word in (("going", "going"), ("maybe", "maybe"), ("declined", "declined")) for k in workshop[word]]
        for number, (key, state) in enumerate(answers):

            def answer(session: Session, key: str = key, state: str = state, made: Any = made) -> None:
                workshops.answer(session, viewer=world.viewer(session, key), workshop_id=made["id"], state=state)

            story.add(max(asked, start) + timedelta(minutes=30 + 7 * number), answer)


def _working_day(day: Any, workshop: Mapping[str, Any]) -> Any:
    """Move a coming workshop from a weekend to Monday, a past one to the Friday before."""
    over = day.weekday() - 4
    if over <= 0:
        return day
    return day + timedelta(days=3 - over) if workshop["days_from_now"] > 0 else day - timedelta(days=over)


def _activity(world: _World, session: Session, workshop: Mapping[str, Any]) -> UUID | None:
    """Find the activity of the track that a workshop belongs to, by its title in the pack."""
    wanted = workshop.get("activity")
    if not wanted:
        return None
    return track_queries.activity_of(session, world.cohorts[workshop["cohort"]], wanted)


def _learning(world: _World, story: _Story, told: Mapping[str, Any]) -> None:
    """Let learners walk their track: most are about where their cohort is, some before, some behind."""
    for cohort, start in world.starts.items():
        weeks = (world.now - start).days // 7
        learners = [key for key, role in _seats(told, cohort) if role == "learner"]
        for number, key in enumerate(learners):
            ahead = weeks + (0, 0, -1, 0, 1, 0, 0)[number % 7]
            story.do(world.now - timedelta(days=1), partial(_walk, world, cohort, key, ahead))


def _walk(world: _World, cohort: str, key: str, weeks: int) -> None:
    group_id = world.cohorts[cohort]

    def work(session: Session) -> None:
        viewer = world.viewer(session, key)
        delivery_id = track_queries.delivery_of(session, group_id)
        if delivery_id is None:
            return
        plan = track_queries.plan_for(session, viewer, delivery_id)
        begun = [stage for stage in plan.stages if stage.week == weeks + 1][:1]
        for stage in plan.stages:
            if stage.week > weeks and stage not in begun:
                continue
            for number, step in enumerate(stage.steps):
                if stage in begun and number >= 2:
                    break
                if step.kind == "reflection":
                    text = "I noticed it twice this week, once in time."
                    tracks.reflect(session, viewer=viewer, activity_id=step.id, body=text)
                else:
                    tracks.complete(session, viewer=viewer, activity_id=step.id)

    world.kernel.commit(work)


def _conversations(world: _World, story: _Story, told: Mapping[str, Any]) -> None:
    for room in told["rooms"]:
        for post in room["posts"]:
            _post(world, story, post, lambda _session, room=room: world.rooms[room["cohort"]])
    for pair in told["pairs"]:
        kind = "mentorship" if pair["kind"] == "mentor" else "buddy"
        for post in pair["posts"]:
            _post(world, story, post, lambda s, pair=pair, kind=kind: _room_of(world, s, pair["people"], kind))


def _post(world: _World, story: _Story, post: Mapping[str, Any], room: Callable[[Session], UUID | None]) -> None:
    if "hours_ago" in post:
        at = world.now - timedelta(hours=post["hours_ago"])
    else:
        day = world.now.date() - timedelta(days=post["days_ago"])
        at = datetime.combine(day, time.fromisoformat(post["time"]), ZoneInfo(world.zones[post["author"]]))
    body = _named(world, post.get("before") or post["body"])

    def write(session: Session) -> None:
        space_id = room(session)
        if space_id is None:
            return
        reply_to = world.posts.get(post.get("reply_to", ""))
        viewer = world.viewer(session, post["author"])
        draft = post_queries.draft_for(session, viewer, space_id, body)
        made = posts.post(
            session,
            viewer=viewer,
            space_id=space_id,
            body_md=draft.body_md,
            body_html=draft.body_html,
            reply_to=reply_to,
            mentions=draft.mentions,
        )
        world.posts[post["key"]] = made.id

    said = at.astimezone(UTC)
    story.add(said, write)
    number = 0
    for reaction in post.get("reactions", ()):
        for key in reaction["by"]:
            number += 1
            when = min(said + timedelta(minutes=4 * number), world.now)
            story.add(when, partial(_react, world, post["key"], key, reaction["emoji"]))
    if post.get("edited"):
        story.add(min(said + timedelta(minutes=3), world.now), partial(_edit, world, post))
    if post.get("removed"):
        story.add(min(said + timedelta(minutes=50), world.now), partial(_remove, world, post))


def _react(world: _World, post: str, key: str, emoji: str, session: Session) -> None:
    posts.react(session, viewer=world.viewer(session, key), post_id=world.posts[post], emoji=emoji, on=True)


def _edit(world: _World, post: Mapping[str, Any], session: Session) -> None:
    viewer = world.viewer(session, post["author"])
    space_id = post_queries.post_for(session, viewer, world.posts[post["key"]]).space.id
    draft = post_queries.draft_for(session, viewer, space_id, _named(world, post["body"]))
    posts.edit(
        session,
        viewer=viewer,
        post_id=world.posts[post["key"]],
        body_md=draft.body_md,
        body_html=draft.body_html,
        mentions=draft.mentions,
    )


def _remove(world: _World, post: Mapping[str, Any], session: Session) -> None:
    posts.remove(session, viewer=world.viewer(session, post["author"]), post_id=world.posts[post["key"]])


def _named(world: _World, body: str) -> str:
    return MENTION.sub(lambda found: f"@{world.names[found[1]]}", body)


def _reading(world: _World) -> None:
    """Let everybody have read everything but the last few posts, and the notices of days gone by."""
    for number, key in enumerate(world.people):

        def read(session: Session, key: str = key, number: int = number) -> None:
            viewer = world.viewer(session, key)
            for room in space_queries.rooms_for(session, viewer):
                left = (4, 0, 2, 1)[number % 4]
                spaces.set_read(session, viewer=viewer, space_id=room.id, no=max(0, room.head_no - left))
            notices.read_before(session, viewer=viewer, before=world.now - timedelta(days=2))

        world.kernel.commit(read)
