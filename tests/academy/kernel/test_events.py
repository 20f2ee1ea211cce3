"""Events: what happened, what follows in the same transaction, and what follows after it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from academy.kernel import clock
from academy.kernel.app import Kernel
from academy.kernel.events import AT_ONCE, Event, Reaction, Reactions, after, emit, within, within_all
from academy.kernel.ledger import Entry
from academy.people.models import Person
from tests.factories import people


@dataclass(frozen=True, kw_only=True)
class DoorOpened(Event):
    recorded: ClassVar[tuple[str, ...] | None] = ("room",)
    room: str
    words: str = "never to be recorded"


@dataclass(frozen=True, kw_only=True)
class LightTurnedOn(Event):
    room: str


@dataclass(frozen=True, kw_only=True)
class BackDoorOpened(DoorOpened):
    """A kind of door that reactions to doors hear of too."""


@pytest.fixture
def reacting(kernel: Kernel) -> Iterator[Callable[..., None]]:
    before = kernel.reactions

    def use(*reactions: Reaction) -> None:
        kernel.reactions = Reactions(reactions)

    yield use
    kernel.reactions = before


def opened(session: Session, room: str = "kitchen") -> None:
    emit(session, DoorOpened(actor_id=None, room=room))


def test_a_reaction_within_sees_what_the_action_wrote(kernel: Kernel, reacting: Callable[..., None]) -> None:
    seen: list[int] = []
    reacting(within(DoorOpened, lambda s, e: seen.append(s.scalar(select(func.count()).select_from(Person)))))

    def work(session: Session) -> None:
        session.add(Person(email="a", email_key="a", name="Ana", created_at=clock.now()))
        opened(session)

    kernel.commit(work)
    assert seen == [1]


def test_an_event_that_a_reaction_raises_is_reacted_to_as_well(kernel: Kernel, reacting: Callable[..., None]) -> None:
    order: list[str] = []

    def turn_on(session: Session, event: DoorOpened) -> None:
        order.append("door")
        emit(session, LightTurnedOn(actor_id=None, room=event.room))

    reacting(
        within(DoorOpened, turn_on),
        within(LightTurnedOn, lambda s, e: order.append(f"light in {e.room}")),
        after(LightTurnedOn, lambda k, e: order.append("after light")),
    )
    kernel.commit(opened)
    assert order == ["door", "light in kitchen", "after light"]


def test_a_failing_reaction_within_undoes_everything(kernel: Kernel, reacting: Callable[..., None]) -> None:
    followed: list[Event] = []

    def fail(_session: Session, _event: Event) -> None:
        raise RuntimeError("no")

    reacting(within(DoorOpened, fail), after(DoorOpened, lambda k, e: followed.append(e)))

    def work(session: Session) -> None:
        session.add(Person(email="a", email_key="a", name="Ana", created_at=clock.now()))
        opened(session)

    with pytest.raises(RuntimeError, match="no"):
        kernel.commit(work)
    with kernel.reading() as session:
        assert session.scalar(select(func.count()).select_from(Person)) == 0
        assert session.scalar(select(func.count()).select_from(Entry)) == 0
    assert followed == []


def test_a_failing_reaction_after_fails_nothing_and_stops_no_other(
    kernel: Kernel, reacting: Callable[..., None]
) -> None:
    followed: list[str] = []

    def fail(_kernel: Kernel, _event: Event) -> None:
        raise RuntimeError("too late to matter")

    reacting(after(DoorOpened, fail), after(DoorOpened, lambda k, e: followed.append(e.room)))

    def work(session: Session) -> str:
        opened(session)
        return "kept"

    assert kernel.commit(work) == "kept"
    assert followed == ["kitchen"]


def test_a_reaction_after_sees_the_committed_rows(kernel: Kernel, reacting: Callable[..., None]) -> None:
    seen: list[int] = []

    def look(k: Kernel, _event: Event) -> None:
        with k.reading() as session:
            seen.append(session.scalar(select(func.count()).select_from(Person)) or 0)

    reacting(after(DoorOpened, look))

    def work(session: Session) -> None:
        session.add(Person(email="a", email_key="a", name="Ana", created_at=clock.now()))
        opened(session)

    kernel.commit(work)
    assert seen == [1]


def test_a_work_that_is_run_again_raises_its_events_once(kernel: Kernel, reacting: Callable[..., None]) -> None:
    heard: list[str] = []
    runs: list[int] = []
    reacting(after(DoorOpened, lambda k, e: heard.append(e.room)))

    def work(session: Session) -> None:
        runs.append(1)
        opened(session, f"room {len(runs)}")
        if len(runs) == 1:
            raise OperationalError("", {}, sqlite3.OperationalError("database is locked"))

    kernel.commit(work)
    assert heard == ["room 2"]


def test_a_kind_of_event_is_also_an_event_of_the_broader_kind(kernel: Kernel, reacting: Callable[..., None]) -> None:
    heard: list[str] = []
    reacting(after(DoorOpened, lambda k, e: heard.append(type(e).__name__)))
    kernel.commit(lambda s: emit(s, BackDoorOpened(actor_id=None, room="yard")))
    assert heard == ["BackDoorOpened"]


def test_the_ledger_keeps_the_declared_fields_and_nothing_else(kernel: Kernel, reacting: Callable[..., None]) -> None:
    reacting()
    ana: UUID = people.person(kernel)
    kernel.commit(lambda s: emit(s, DoorOpened(actor_id=ana, room="kitchen")))
    kernel.commit(lambda s: emit(s, LightTurnedOn(actor_id=ana, room="kitchen")))
    with kernel.reading() as session:
        entries = session.execute(select(Entry.kind, Entry.actor_id, Entry.facts).where(Entry.actor_id == ana)).all()
    assert [tuple(e) for e in entries] == [("DoorOpened", ana, {"room": "kitchen"})]


def test_events_alike_that_follow_one_another_are_reacted_to_together(
    kernel: Kernel, reacting: Callable[..., None]
) -> None:
    heard: list[object] = []

    def together(session: Session, events: Sequence[DoorOpened]) -> None:
        heard.append([event.room for event in events])
        for event in events:
            emit(session, LightTurnedOn(actor_id=None, room=event.room))

    reacting(
        within_all(DoorOpened, together),
        within(DoorOpened, lambda _s, e: heard.append(e.room)),
        within_all(LightTurnedOn, lambda _s, events: heard.append(len(events))),
    )

    def work(session: Session) -> None:
        opened(session, "kitchen")
        opened(session, "hall")
        emit(session, BackDoorOpened(actor_id=None, room="yard"))
        opened(session, "attic")

    kernel.commit(work)
    assert heard == [["kitchen", "hall"], "kitchen", "hall", ["yard"], "yard", ["attic"], "attic", 4]
    with kernel.reading() as session:
        entries = session.execute(select(Entry.kind, Entry.facts).order_by(Entry.id)).all()
    assert [(row.kind, row.facts["room"]) for row in entries] == [
        ("DoorOpened", "kitchen"),
        ("DoorOpened", "hall"),
        ("BackDoorOpened", "yard"),
        ("DoorOpened", "attic"),
    ]


def test_thousands_of_events_alike_come_a_few_hundred_at_a_time(kernel: Kernel, reacting: Callable[..., None]) -> None:
    heard: list[int] = []
    reacting(within_all(DoorOpened, lambda _s, events: heard.append(len(events))))
    kernel.commit(lambda session: [opened(session, str(number)) for number in range(AT_ONCE * 2 + 1)])
    assert heard == [AT_ONCE, AT_ONCE, 1]
    with kernel.reading() as session:
        assert session.scalar(select(func.count()).select_from(Entry)) == AT_ONCE * 2 + 1
