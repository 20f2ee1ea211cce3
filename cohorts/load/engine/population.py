"""Who is there in load data: people, academies, cohorts and pairs, with the rooms they talk in."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from random import Random
from typing import TYPE_CHECKING

from academy.kernel.ids import made_at
from cohorts.load.engine.boards import Board, boards, fill
from cohorts.load.engine.words import ZONES, name

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

LIVED = timedelta(days=300)
"""How long ago the academy was opened."""
OF_A_COHORT = 8
"""The fewest people for each cohort: a lead, an administrator, a facilitator, a mentor and learners."""
COHORTS_OF_AN_ACADEMY = 100
COHORTS_OF_A_FACILITATOR = 3
PEOPLE_FOR_A_MENTOR = 12
FIRST_COHORT = 4
"""How much more is said in the first cohort's room than in another's."""
ROOM, PAIR, THREAD = 75.0, 15.0, 10.0
"""Shares of all posts: in cohorts' rooms, between pairs, in threads of boards."""


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much there shall be; the same size and seed make the same academy."""

    people: int
    cohorts: int
    posts: int
    seed: int = 1


@dataclass(slots=True, eq=False)
class Somebody:
    """One person. `seq` numbers the events of their inbox."""

    id: UUID
    email: str
    name: str
    zone: str
    role: str
    seq: int = 0


@dataclass(slots=True, eq=False)
class Room:
    """A space. `posts` is how many there will be; `no` and `seq` count what is there so far.

    `pinned` and `solvable` are of a thread, whose first member began it; `solved_no` is the post that solved it;
    `asked` says that who began it was told of an answer and has not looked.
    """

    id: UUID
    group_id: UUID
    kind: str
    title: str
    opened_at: datetime
    members: list[Somebody]
    weight: float
    opened_by: UUID | None = None
    posts: int = 0
    no: int = 0
    seq: int = 0
    replies: int = 0
    last_at: datetime | None = None
    last_by: UUID | None = None
    pinned: bool = False
    solvable: bool = False
    solved_no: int | None = None
    asked: bool = False
    read: dict[UUID, int] = field(default_factory=dict)
    recent: deque[tuple[UUID, UUID]] = field(default_factory=lambda: deque(maxlen=20))

    @property
    def solved(self) -> bool:
        """Say whether the last post is one that solves a thread."""
        return self.solvable and self.no == self.posts > 1


@dataclass(slots=True, eq=False)
class Class:
    """A cohort: who is in it, as what, and when it starts."""

    id: UUID
    delivery_id: UUID
    name: str
    academy: Home
    number: int
    starts_at: datetime
    created_at: datetime
    zone: str
    people: list[tuple[Somebody, str]]
    room: Room


@dataclass(slots=True, eq=False)
class Two:
    """A pair: a learner with a mentor, or two learners."""

    id: UUID
    group_id: UUID
    kind: str
    academy: Home
    cohort: Class
    people: list[tuple[Somebody, str]]
    room: Room


@dataclass(slots=True, eq=False)
class Home:
    """An academy, made before; `lead` leads it."""

    id: UUID
    lead: Somebody
    people: list[Somebody] = field(default_factory=list)


@dataclass
class Population:
    """Everybody, and everywhere they are."""

    size: Size
    now: datetime
    random: Random
    organization_id: UUID
    admin: Somebody
    homes: list[Home] = field(default_factory=list)
    people: list[Somebody] = field(default_factory=list)
    classes: list[Class] = field(default_factory=list)
    pairs: list[Two] = field(default_factory=list)
    boards: list[Board] = field(default_factory=list)

    @property
    def opened(self) -> datetime:
        """Return when it all began."""
        return self.now - LIVED

    @property
    def rooms(self) -> list[Room]:
        """Return every space, the first cohort's first, threads last."""
        threads = [thread for board in self.boards for thread in board.threads]
        return [c.room for c in self.classes] + [p.room for p in self.pairs] + threads

    def id(self, at: datetime) -> UUID:
        """Make the next id, as if made then."""
        return made_at(at, self.random.getrandbits(74))


def domain(seed: int) -> str:
    """Return where nobody gets mail: a name that never exists (RFC 2606)."""
    return f"load-{seed}.invalid"


def populate(size: Size, now: datetime, organization_id: UUID, academies: Sequence[UUID]) -> Population:
    """Make everybody; `academies` are the ids of as many academies as `academies_of(size)` says."""
    random = Random(size.seed)  # noqa: S311 - repeatable, not secret
    numbers = count(1)

    def person(role: str) -> Somebody:
        at = now - LIVED
        number = next(numbers)
        known = role if role not in first else f"person-{number}"
        first.add(role)
        return Somebody(
            id=made_at(at, random.getrandbits(74)),
            email=f"{known}@{domain(size.seed)}",
            name=name(random),
            zone=random.choice(ZONES),
            role=role,
        )

    first: set[str] = set()
    made = Population(size, now, random, organization_id, person("admin"))
    made.people.append(made.admin)
    made.homes = [Home(academy_id, person("lead")) for academy_id in academies]
    made.people += [home.lead for home in made.homes]
    where = [number * len(academies) // size.cohorts for number in range(size.cohorts)]
    left = size.people - len(made.people)
    for place, home in enumerate(made.homes):
        numbered = [number for number, academy in enumerate(where) if academy == place]
        whose = left * len(numbered) // sum(academy >= place for academy in where)
        left -= whose
        leading = [person("facilitator") for _ in range(max(1, len(numbered) // COHORTS_OF_A_FACILITATOR))]
        mentors = [person("mentor") for _ in range(max(1, whose // PEOPLE_FOR_A_MENTOR))]
        learners = [person("learner") for _ in range(whose - len(leading) - len(mentors))]
        home.people = [*leading, *mentors, *learners]
        made.people += home.people
        for i, number in enumerate(numbered):
            members = [(leading[i % len(leading)], "facilitator")]
            members += [(m, "mentor") for m in dict.fromkeys(mentors[(i + k) % len(mentors)] for k in range(3))]
            members += [(s, "learner") for s in learners[i :: len(numbered)]]
            made.classes.append(_class(made, home, number, members))
    for cohort in made.classes:
        made.pairs += _pairs(made, cohort)
    made.boards = boards(made)
    _share(made)
    return made


def academies_of(size: Size) -> int:
    """Return how many academies there are."""
    return 1 + size.cohorts // COHORTS_OF_AN_ACADEMY


def _class(made: Population, home: Home, number: int, people: list[tuple[Somebody, str]]) -> Class:
    random = made.random
    if number == 0:
        ago = 21
    elif (chance := random.random()) < 0.6:
        ago = random.randint(7, 70)
    else:
        ago = random.randint(71, 280) if chance < 0.9 else -random.randint(1, 14)
    starts = made.now - timedelta(days=ago)
    created = max(min(starts - timedelta(days=7), made.now - timedelta(days=8)), made.opened + timedelta(days=1))
    group = made.id(created)
    title = f"Cohort {number + 1}"
    space = Room(
        id=made.id(created),
        group_id=group,
        kind="room",
        title=title,
        opened_at=created,
        members=[person for person, _ in people],
        weight=FIRST_COHORT if number == 0 else 1.0,
        opened_by=home.lead.id,
    )
    return Class(
        id=group,
        delivery_id=made.id(created),
        name=title,
        academy=home,
        number=number,
        starts_at=starts,
        created_at=created,
        zone="Europe/Berlin",
        people=people,
        room=space,
    )


def _pairs(made: Population, cohort: Class) -> list[Two]:
    """Give every third learner a mentor, and the others each other."""
    at = cohort.created_at + timedelta(days=2)
    learners = [person for person, role in cohort.people if role == "learner"]
    mentors = [person for person, role in cohort.people if role == "mentor"]
    alone = [p for i, p in enumerate(learners) if i % 3]
    found = [
        ("mentorship", [(p, "learner"), (mentors[i % len(mentors)], "mentor")]) for i, p in enumerate(learners[::3])
    ]
    found += [("buddy", [(a, "learner"), (b, "learner")]) for a, b in zip(alone[::2], alone[1::2], strict=False)]
    pairs = []
    for kind, two in found:
        group = made.id(at)
        title = " and ".join(sorted(person.name.split()[0] for person, _ in two))
        room = Room(made.id(at), group, "pair", title, at, [person for person, _ in two], 1.0)
        pairs.append(Two(made.id(at), group, kind, cohort.academy, cohort, two, room))
    return pairs


def _share(made: Population) -> None:
    """Share the posts among rooms and let everybody have read some of each."""
    fill(made, Room, int(made.size.posts * THREAD / (ROOM + PAIR + THREAD)))
    rooms = [c.room for c in made.classes] + [p.room for p in made.pairs]
    left = made.size.posts - sum(thread.posts for board in made.boards for thread in board.threads)
    weights = {"room": ROOM, "pair": PAIR}
    sums = {kind: sum(r.weight for r in rooms if r.kind == kind) for kind in weights}
    whole = sum(share for kind, share in weights.items() if sums[kind])
    for room in rooms:
        room.posts = int(left * weights[room.kind] / whole * room.weight / sums[room.kind])
    for i in range(left - sum(room.posts for room in rooms)):
        rooms[i % len(rooms)].posts += 1
    for room in made.rooms:
        for person in room.members:
            room.read[person.id] = _read(made.random, room.posts)


def _read(random: Random, head: int) -> int:
    """Choose how far somebody has read: mostly all of it, some are a little behind, a few have never looked."""
    chance = random.random()
    if chance < 0.65:
        return head
    if chance < 0.85:
        return max(0, head - random.randint(1, 30))
    return random.randint(0, head) if chance < 0.97 else 0
