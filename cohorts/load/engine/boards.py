"""The boards of load data and the threads on them; a thread is a room that not everybody follows."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from cohorts.load.engine.words import TITLES

if TYPE_CHECKING:
    from uuid import UUID

    from cohorts.load.engine.population import Population, Room, Somebody

OF_A_THREAD = 9
"""How many posts a thread has in the mean."""
FIRST_BOARD, FIRST_THREAD = 100, 100
"""How many threads the first cohort's board has, and posts its first thread, as soon as there are enough posts."""
OF_AN_ACADEMY = 30
"""How many times the threads of a cohort's board are on the academy's."""
MOST_TALKING = 7
SOON = timedelta(days=21)
"""Within which time a thread is talked out."""
PINNED, SOLVED = 20, 0.3
"""Of how many threads one is pinned; the share of those with replies that are solved."""


@dataclass(slots=True, eq=False)
class Board:
    """A list of threads. `above` are the groups over it, the keeper first; `seq` numbers the events of its log."""

    id: UUID
    above: tuple[UUID, ...]
    name: str
    opened_at: datetime
    opened_by: Somebody
    audience: list[Somebody]
    threads: list[Room] = field(default_factory=list)
    seq: int = 0


def boards(made: Population) -> list[Board]:
    """Make every board, the first cohort's first, as yet without threads."""
    found = [
        Board(
            id=made.id(at := cohort.created_at + timedelta(hours=2)),
            above=(cohort.id, cohort.academy.id, made.organization_id),
            name=f"Questions of {cohort.name}",
            opened_at=at,
            opened_by=cohort.academy.lead,
            audience=[person for person, _ in cohort.people],
        )
        for cohort in made.classes
    ]
    found += [
        Board(
            id=made.id(at := made.opened + timedelta(hours=2)),
            above=(home.id, made.organization_id),
            name=f"Open board {number}",
            opened_at=at,
            opened_by=home.lead,
            audience=[home.lead, *home.people],
        )
        for number, home in enumerate(made.homes, 1)
    ]
    return found


def begin(made: Population, board: Board, room: type[Room], number: int) -> None:
    """Begin some threads on a board, each with a first post, the oldest first."""
    random = made.random
    span = int((made.now - board.opened_at - timedelta(hours=2)).total_seconds())
    times = sorted(board.opened_at + timedelta(hours=1, seconds=random.randrange(span)) for _ in range(number))
    for place, at in enumerate(times):
        talking = random.sample(board.audience, min(len(board.audience), random.randint(1, MOST_TALKING)))
        board.threads.append(
            room(
                id=made.id(at),
                group_id=board.id,
                kind="thread",
                title=random.choice(TITLES),
                opened_at=at,
                members=talking,
                weight=min(random.paretovariate(1.2), 40.0),
                opened_by=talking[0].id,
                posts=1,
                pinned=place % PINNED == PINNED - 1,
                solvable=random.random() < SOLVED,
            )
        )


def fill(made: Population, room: type[Room], posts: int) -> None:
    """Share posts among threads that are begun here: the first board and its first thread are always the same size."""
    first, *others = made.boards
    begin(made, first, room, min(FIRST_BOARD, posts // 4))
    left = posts - len(first.threads)
    weights = [1 if len(board.above) > len(others[-1].above) else OF_AN_ACADEMY for board in others]
    threads = min(posts // OF_A_THREAD, left)
    for board, weight in zip(others, weights, strict=True):
        begin(made, board, room, threads * weight // sum(weights))
        left -= len(board.threads)
    if first.threads:
        first.threads[0].posts += (more := min(FIRST_THREAD - 1, left // 3))
        first.threads[0].members = list(dict.fromkeys([*first.threads[0].members, *first.audience]))
        left -= more
    shared = [thread for board in made.boards for thread in board.threads][1:]
    for thread in made.random.choices(shared, [thread.weight for thread in shared], k=left) if shared else []:
        thread.posts += 1
    for thread in shared:
        del thread.members[thread.posts :]
