"""The rows of load data, table by table, in an order in which each row's references are there before it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from cohorts.load.engine.boards import Board
from cohorts.load.engine.population import Class, Population, Room, Somebody

Row = tuple[str, dict[str, Any]]
WORKING = (9 * 60, 17 * 60)
WORKSHOPS = (-9, -2, 5)
"""When there are workshops, in days from now."""
TALKING = frozenset({"learner", "mentor", "facilitator"})


@dataclass(frozen=True)
class Ground:
    """What is there before: the skills to choose from, and for each academy its track's version and activities.

    `activities` are (id, kind, week), in the order of the track.
    """

    skills: Sequence[UUID]
    versions: Sequence[UUID]
    activities: Sequence[Sequence[tuple[UUID, str, int]]]
    passwords: dict[str, str]


def settling(made: Population, ground: Ground) -> Iterator[Row]:
    """Yield everything but what is said: people, groups, rooms, learning and workshops."""
    for person in made.people:
        yield from _person(made, ground, person)
    yield from _joined(made, made.organization_id, made.admin, "admin", made.opened, None)
    for home in made.homes:
        for person in (home.lead, *home.people):
            yield from _joined(made, home.id, person, "member", made.opened, None)
        yield from _joined(made, home.id, home.lead, "lead", made.opened, made.admin.id)
        for person in home.people:
            if person.role == "mentor":
                yield (
                    "mentor_profiles",
                    {
                        "person_id": person.id,
                        "group_id": home.id,
                        "capacity": made.random.randint(1, 4),
                        "offers": "Listening, and questions that help.",
                        "updated_at": made.opened,
                    },
                )
    for cohort in made.classes:
        yield from _cohort(made, ground, cohort)
    for pair in made.pairs:
        at = pair.room.opened_at
        above = (pair.academy.id, made.organization_id)
        yield from _group(pair.group_id, "pair", pair.room.title, at, above)
        for person, role in pair.people:
            yield from _joined(made, pair.group_id, person, role, at, None)
        yield from _space(made, pair.room)
        yield (
            "pairs",
            {
                "id": pair.id,
                "group_id": pair.group_id,
                "cohort_group_id": pair.cohort.id,
                "kind": pair.kind,
                "match_id": None,
                "space_id": pair.room.id,
                "started_at": at,
                "ended_at": None,
            },
        )
        facts = {"pair_id": pair.id, "kind": pair.kind, "group_id": pair.group_id, "match_id": None}
        yield ledger(made, "PairOpened", at, None, facts)
    for board in made.boards:
        yield from _board(made, board)


def _person(made: Population, ground: Ground, person: Somebody) -> Iterator[Row]:
    random, at = made.random, made.opened
    yield (
        "people",
        {
            "id": person.id,
            "email": person.email,
            "email_key": person.email,
            "external_id": None,
            "name": person.name,
            "about": "I am here to learn with others.",
            "zone": person.zone,
            "password_hash": ground.passwords.get(person.email),
            "created_at": at,
        },
    )
    yield _log(person.id, "inbox", random.getrandbits(48))
    yield ledger(made, "PersonAdded", at, None, {"person_id": person.id})
    yield "person_languages", {"person_id": person.id, "language": "en"}
    for weekday in range(5):
        yield (
            "availability",
            {
                "id": made.id(at),
                "person_id": person.id,
                "weekday": weekday,
                "start_minute": WORKING[0],
                "end_minute": WORKING[1],
            },
        )
    if ground.skills:
        chosen = random.sample(ground.skills, min(6, len(ground.skills)))
        for skill_id in chosen[:4]:
            level = random.randint(1, 5)
            yield (
                "person_skills",
                {"person_id": person.id, "skill_id": skill_id, "level": level, "source": "self", "at": at},
            )
            said = {"person_id": person.id, "skill_id": skill_id, "source": "self", "said_by_id": person.id}
            yield "skill_statements", {"id": made.id(at), **said, "level": level, "at": at}
        for skill_id in chosen[4:]:
            yield "goals", {"person_id": person.id, "skill_id": skill_id, "level": random.randint(2, 5), "at": at}


def _group(group_id: UUID, kind: str, title: str, at: datetime, above: Sequence[UUID]) -> Iterator[Row]:
    """Make a group below others, the nearest of them first."""
    yield "groups", {"id": group_id, "kind": kind, "name": title, "parent_id": above[0], "created_at": at}
    for depth, ancestor in enumerate((group_id, *above)):
        yield "group_ancestors", {"group_id": group_id, "ancestor_id": ancestor, "depth": depth}


def _board(made: Population, board: Board) -> Iterator[Row]:
    at, by = board.opened_at, board.opened_by.id
    yield from _group(board.id, "board", board.name, at, board.above)
    yield _log(board.id, "board", made.random.getrandbits(48))
    yield "boards", {"id": board.id, "about": "What comes up, and who knows.", "created_at": at, "closed_at": None}
    yield ledger(made, "BoardOpened", at, by, {"board_id": board.id, "group_id": board.above[0]})
    for thread in board.threads:
        yield from _space(made, thread)
        yield happened(made, board, "thread", thread.id, thread.opened_by, thread.opened_at)
        facts = {"board_id": board.id, "space_id": thread.id}
        yield ledger(made, "ThreadStarted", thread.opened_at, thread.opened_by, facts)


def _joined(
    made: Population, group_id: UUID, person: Somebody, role: str, at: datetime, by: UUID | None
) -> Iterator[Row]:
    yield (
        "memberships",
        {
            "id": made.id(at),
            "group_id": group_id,
            "person_id": person.id,
            "role": role,
            "from_at": at,
            "until_at": None,
        },
    )
    facts = {"group_id": group_id, "person_id": person.id, "role": role}
    yield ledger(made, "MemberJoined", at, by, facts)


def _space(made: Population, room: Room) -> Iterator[Row]:
    yield _log(room.id, "space", made.random.getrandbits(48))
    yield (
        "spaces",
        {
            "id": room.id,
            "group_id": room.group_id,
            "kind": room.kind,
            "title": room.title,
            "head_no": room.posts,
            "author_id": room.opened_by if room.kind == "thread" else None,
            "pinned": room.pinned,
        },
    )
    facts = {"space_id": room.id, "group_id": room.group_id, "kind": room.kind}
    yield ledger(made, "SpaceOpened", room.opened_at, room.opened_by, facts)
    for person in room.members:
        yield (
            "follows",
            {
                "space_id": room.id,
                "person_id": person.id,
                "from_seq": 0,
                "read_no": room.read[person.id],
                "cursor_rev": 0,
            },
        )


def _cohort(made: Population, ground: Ground, cohort: Class) -> Iterator[Row]:
    place = made.homes.index(cohort.academy)
    at, lead = cohort.created_at, cohort.academy.lead.id
    yield from _group(cohort.id, "cohort", cohort.name, at, (cohort.academy.id, made.organization_id))
    version = ground.versions[place]
    yield (
        "deliveries",
        {
            "id": cohort.delivery_id,
            "group_id": cohort.id,
            "track_version_id": version,
            "starts_on": cohort.starts_at.date(),
            "zone": cohort.zone,
        },
    )
    yield ledger(made, "TrackDelivered", at, lead, {"group_id": cohort.id, "track_version_id": version})
    yield from _space(made, cohort.room)
    yield (
        "cohorts",
        {
            "id": cohort.id,
            "delivery_id": cohort.delivery_id,
            "space_id": cohort.room.id,
            "seats": None,
            "state": "open",
            "agreements": ["We are on time.", "What is said here stays here."],
            "created_at": at,
        },
    )
    yield ledger(made, "CohortCreated", at, lead, {"cohort_id": cohort.id, "track_version_id": version})
    enrolled = at + timedelta(hours=1)
    for person, role in cohort.people:
        yield from _joined(made, cohort.id, person, role, enrolled, lead)
        facts = {"cohort_id": cohort.id, "person_id": person.id, "role": role}
        yield ledger(made, "PersonEnrolled", enrolled, lead, facts)
        yield happened(made, cohort.room, "member", person.id, lead, enrolled)
        if role == "learner":
            yield from _learning(made, cohort, person, ground.activities[place])
    yield from _workshops(made, cohort)


def _learning(
    made: Population, cohort: Class, person: Somebody, activities: Sequence[tuple[UUID, str, int]]
) -> Iterator[Row]:
    """Let somebody be about where the cohort is."""
    week = (made.now - cohort.starts_at).days // 7 + made.random.choice((0, 0, 0, -1, 1))
    for number, (activity_id, kind, of_week) in enumerate(activities):
        if of_week > week:
            break
        at = min(cohort.starts_at + timedelta(days=7 * (of_week - 1), minutes=30 * number), made.now)
        yield "completions", {"person_id": person.id, "activity_id": activity_id, "at": at}
        yield ledger(made, "ActivityCompleted", at, person.id, {"activity_id": activity_id})
        if kind == "reflection":
            body = "I noticed it twice this week, once in time."
            yield (
                "reflections",
                {"person_id": person.id, "activity_id": activity_id, "body": body, "at": at},
            )


def _workshops(made: Population, cohort: Class) -> Iterator[Row]:
    host = cohort.people[0][0]
    zone = ZoneInfo(cohort.zone)
    for days in WORKSHOPS:
        wall = datetime.combine((made.now + timedelta(days=days)).astimezone(zone).date(), time(15), zone)
        asked = min(max(wall - timedelta(days=6), cohort.created_at), made.now)
        if wall < cohort.created_at:
            continue
        workshop = made.id(asked)
        answers = [
            (person, made.random.choices(("going", "invited", "maybe", "declined"), (5, 3, 1, 1))[0])
            for person, _ in cohort.people[1:]
        ]
        yield (
            "workshops",
            {
                "id": workshop,
                "group_id": cohort.id,
                "activity_id": None,
                "title": "Practice together",
                "agenda_md": "Bring one example.",
                "agenda_html": "<p>Bring one example.</p>",
                "wall_start": wall.strftime("%Y-%m-%dT%H:%M"),
                "zone": cohort.zone,
                "starts_at": wall,
                "minutes": 60,
                "capacity": None,
                "facilitator_id": host.id,
                "state": "published",
                "uid": str(workshop),
                "going": sum(state == "going" for _, state in answers),
                "created_at": asked,
            },
        )
        facts = {"workshop_id": workshop, "group_id": cohort.id, "starts_at": wall.isoformat()}
        yield ledger(made, "WorkshopScheduled", asked, host.id, facts)
        for person, state in answers:
            yield (
                "rsvps",
                {
                    "workshop_id": workshop,
                    "person_id": person.id,
                    "state": state,
                    "answered_at": None if state == "invited" else asked,
                },
            )


def _log(log_id: UUID, kind: str, bits: int) -> Row:
    return "logs", {"id": log_id, "kind": kind, "epoch": f"{bits:012x}", "head_seq": 0, "min_seq": 0}


def ledger(made: Population, kind: str, at: datetime, actor_id: UUID | None, facts: dict[str, Any]) -> Row:
    """Write down what happened, as the ledger does."""
    plain = {name: str(value) if isinstance(value, UUID) else value for name, value in facts.items()}
    return (
        "ledger",
        {"id": made.id(at), "at": at, "kind": kind, "actor_id": actor_id, "request_id": None, "facts": plain},
    )


def happened(
    made: Population, room: Room | Somebody | Board, kind: str, ref: UUID, by: UUID | None, at: datetime
) -> Row:
    """Append an event to the log of a room, of a board or of somebody's inbox."""
    del made
    room.seq += 1
    return (
        "log_events",
        {
            "log_id": room.id,
            "seq": room.seq,
            "kind": kind,
            "actor_id": by,
            "ref": ref,
            "at": at,
            "send_key": None,
            "send_digest": None,
            "nonce": None,
        },
    )


def sent(row: Row, number: int, seed: int) -> Row:
    """Mark an event as sent under a key of its own, which nobody can send again."""
    mark = hashlib.sha256(b"load %d %d" % (seed, number)).hexdigest()
    row[1].update(send_key=mark, send_digest=mark[::-1], nonce=mark[:26])
    return row
