"""Facts: raised by actions, handed to reactions within or after the transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar
from uuid import UUID

import structlog

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from academy.kernel.app import Kernel

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened. Names are past tense; fields are ids and plain values.

    `recorded` names the fields that the ledger keeps; None keeps this kind of event out of the ledger.
    """

    recorded: ClassVar[tuple[str, ...] | None] = None

    actor_id: UUID | None


E = TypeVar("E", bound=Event)


@dataclass(frozen=True)
class Reaction:
    """What follows from one kind of event, and when."""

    to: type[Event]
    do: Callable[..., None]
    when: Literal["within", "after"]


def within(kind: type[E], do: Callable[[Session, E], None]) -> Reaction:
    """React in the same transaction: inbox rows, ledger rows, jobs."""
    return Reaction(kind, do, "within")


def after(kind: type[E], do: Callable[[Kernel, E], None]) -> Reaction:
    """React once it is committed: close sockets, send what must not be sent before."""
    return Reaction(kind, do, "after")


def emit(session: Session, event: Event) -> None:
    """Record that something happened in this unit of work."""
    session.info.setdefault("events", []).append(event)


class Reactions:
    """The table of reactions of one app."""

    def __init__(self, reactions: Sequence[Reaction] = ()) -> None:
        """Take the reactions of all features, in their order."""
        self._all = tuple(reactions)

    def within(self, session: Session, record: Callable[[Session, Event], None]) -> list[Event]:
        """Run the reactions of this transaction until no new event appears; return all that happened."""
        done: list[Event] = []
        pending: list[Any] = session.info.setdefault("events", [])
        while pending:
            event = pending.pop(0)
            done.append(event)
            session.flush()
            if event.recorded is not None:
                record(session, event)
            for reaction in self._all:
                if reaction.when == "within" and isinstance(event, reaction.to):
                    reaction.do(session, event)
        session.flush()
        return done

    def after(self, kernel: Kernel, events: Sequence[Event]) -> None:
        """Run what follows the commit. A failure is logged and stops nothing: the deed is done."""
        for event in events:
            for reaction in self._all:
                if reaction.when == "after" and isinstance(event, reaction.to):
                    try:
                        reaction.do(kernel, event)
                    except Exception:
                        logger.exception("reaction_failed", reaction_to=type(event).__name__)
