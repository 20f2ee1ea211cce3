"""What is said in load data: posts in the order of time, with replies, names, reactions, edits and removals."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from academy.web.markup import RENDERER
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
        begin = int((room.opened_at - opened).total_seconds() * 1000) + 7_200_000  # everybody is enrolled by then
        found += [(random.randrange(begin, end) << 20) | place for _ in range(room.posts)]
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
    author = room.members[int(random.random() ** 2 * len(room.members))]
    room.no += 1
    post_id = made.id(at)
    removed = random.random() < REMOVED
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
    told: dict[UUID, str] = {}
    if named is not None and named.id != author.id:
        yield "mentions", {"post_id": post_id, "person_id": named.id}
        told[named.id] = "mention"
    if answered is not None and answered[1] != author.id:
        told.setdefault(answered[1], "reply")
    for person_id, kind in told.items():
        notice = made.id(at)
        read = at if room.read[person_id] >= room.no else None
        yield (
            "notices",
            {
                "id": notice,
                "person_id": person_id,
                "kind": kind,
                "ref": post_id,
                "actor_id": author.id,
                "at": at,
                "read_at": read,
            },
        )
        yield happened(made, people[person_id], "notice", notice, author.id, at)
    if random.random() < REACTED:
        for person in random.sample(room.members, min(len(room.members), random.randint(1, 3))):
            emoji = random.choice(REACTIONS)
            yield "post_reactions", {"post_id": post_id, "person_id": person.id, "emoji": emoji, "at": at}
            yield happened(made, room, "react", post_id, person.id, at)
            yield ledger(made, "PostReacted", at, person.id, facts)
