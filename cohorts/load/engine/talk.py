"""What is said in load data: posts in the order of time, with replies, names, reactions, edits and removals."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from academy.web.markup import RENDERER
from cohorts.load.engine.boards import SOON
from cohorts.load.engine.population import Population, Room, Somebody
from cohorts.load.engine.rows import Row, happened, ledger, sent
from cohorts.load.engine.words import Words, calls, messages, naming
from forums.posts.engine import REACTIONS

REPLIES, NAMES, REACTED, EDITED, REMOVED = 0.15, 0.03, 0.08, 0.01, 0.003
"""How many of all posts."""


def talking(made: Population) -> Iterator[Row]:
    """Yield every post with what belongs to it, the oldest first, as they would have come."""
    rooms = made.rooms
    plain, naming_somebody = messages(), calls()
    people = {person.id: person for person in made.people}
    for number, (milliseconds, place) in enumerate(_times(made.random, rooms, made.opened, made.now)):
        at = made.opened + timedelta(milliseconds=milliseconds)
        yield from _post(made, rooms[place], at, number, plain, naming_somebody, people)


def _times(random: Random, rooms: list[Room], opened: datetime, now: datetime) -> Iterator[tuple[int, int]]:
    """Choose when each post comes, as (milliseconds since the beginning, place of the room)."""
    end = int((now - opened).total_seconds() * 1000)
    found = []
    for place, room in enumerate(rooms):
        begin, last = int((room.opened_at - opened).total_seconds() * 1000), end
        if room.kind == "thread":  # its first post begins it
            last = min(end, begin + int(SOON.total_seconds() * 1000))
            found.append((begin << 20) | place)
        else:
            begin += 7_200_000  # everybody is enrolled by then
        rest = room.posts - (room.kind == "thread")
        found += [(random.randrange(begin + 1, last) << 20) | place for _ in range(rest)]
    found.sort()
    for both in found:
        yield both >> 20, both & 0xFFFFF


def _post(
    made: Population,
    room: Room,
    at: datetime,
    number: int,
    plain: list[Words],
    naming_somebody: list[Words],
    people: dict[UUID, Somebody],
) -> Iterator[Row]:
    random = made.random
    thread = room.kind == "thread"
    begins = thread and room.no == 0
    author = room.members[0 if begins else int(random.random() ** 2 * len(room.members))]
    room.no += 1
    post_id = made.id(at)
    ends = thread and room.no == room.posts
    removed = not begins and not ends and random.random() < REMOVED
    room.last_at, room.last_by = at, author.id
    room.replies += room.no > 1 and not removed
    edited = not removed and random.random() < EDITED
    answered = random.choice(room.recent) if room.recent and random.random() < REPLIES else None
    named = None
    if removed:
        words = Words("", "")
    elif random.random() < NAMES:
        named = random.choice(room.members)
        words = naming(random.choice(naming_somebody), named.id, named.name)
    else:
        words = random.choice(plain)
    yield (
        "posts",
        {
            "id": post_id,
            "space_id": room.id,
            "no": room.no,
            "author_id": author.id,
            "body_md": words.md,
            "body_html": words.html,
            "renderer": RENDERER,
            "reply_to": answered[0] if answered else None,
            "at": at,
            "edited_at": at if edited else None,
            "removed_at": at if removed else None,
            "removed_by": author.id if removed else None,
        },
    )
    room.recent.append((post_id, author.id))
    facts: dict[str, Any] = {"space_id": room.id, "post_id": post_id}
    yield sent(happened(made, room, "post", post_id, author.id, at), number, made.size.seed)
    yield ledger(made, "PostSent", at, author.id, {**facts, "no": room.no})
    if removed:
        yield happened(made, room, "remove", post_id, author.id, at)
        yield ledger(made, "PostRemoved", at, author.id, facts)
        return
    if edited:
        before = random.choice(plain)
        yield "post_edits", {"id": made.id(at), "post_id": post_id, "body_md": before.md, "at": at}
        yield happened(made, room, "edit", post_id, author.id, at)
        yield ledger(made, "PostEdited", at, author.id, facts)
    if named is not None and named is not author:
        yield "mentions", {"post_id": post_id, "person_id": named.id}
    told = _told(room, author, named, answered[1] if answered else None)
    for person_id, kind in told.items():
        by = room.members[0] if kind == "solved" else author
        yield from _notice(made, room, people[person_id], kind, post_id, by, at)
    if ends:
        yield from _marked(made, room, post_id, at)
    if random.random() < REACTED:
        for person in random.sample(room.members, min(len(room.members), random.randint(1, 3))):
            emoji = random.choice(REACTIONS)
            yield "post_reactions", {"post_id": post_id, "person_id": person.id, "emoji": emoji, "at": at}
            yield happened(made, room, "react", post_id, person.id, at)
            yield ledger(made, "PostReacted", at, person.id, facts)


def _told(room: Room, author: Somebody, named: Somebody | None, answered: UUID | None) -> dict[UUID, str]:
    """Say who is told of the last post of a room, and as what."""
    told = {named.id: "mention"} if named is not None and named is not author else {}
    if answered is not None and answered != author.id:
        told.setdefault(answered, "reply")
    if room.kind == "thread":
        starter = room.members[0]
        if starter is not author and starter.id not in told and not room.asked:
            told[starter.id] = "answer"
            room.asked = room.read[starter.id] < room.no
        if room.solved and author is not starter:
            told[author.id] = "solved"
    return told


def _notice(
    made: Population, room: Room, person: Somebody, kind: str, post_id: UUID, by: Somebody, at: datetime
) -> Iterator[Row]:
    notice = made.id(at)
    yield (
        "notices",
        {
            "id": notice,
            "person_id": person.id,
            "kind": kind,
            "ref": post_id,
            "actor_id": by.id,
            "at": at,
            "read_at": at if room.read[person.id] >= room.no else None,
        },
    )
    yield happened(made, person, "notice", notice, by.id, at)


def _marked(made: Population, room: Room, post_id: UUID, at: datetime) -> Iterator[Row]:
    """Let a thread whose last post came be pinned or solved, if it is to be."""
    facts: dict[str, Any] = {"space_id": room.id, "on": True}
    if room.pinned:
        yield happened(made, room, "pin", room.id, room.opened_by, at)
        yield ledger(made, "ThreadMarked", at, room.opened_by, {**facts, "what": "pin"})
    if room.solved:
        room.solved_no = room.no
        yield happened(made, room, "solve", room.id, room.opened_by, at)
        yield ledger(made, "ThreadMarked", at, room.opened_by, {**facts, "what": "solve"})
        yield ledger(made, "ThreadSolved", at, room.opened_by, {"space_id": room.id, "post_id": post_id})
