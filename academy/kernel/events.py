"""Facts: raised by actions, handed to reactions within or after the transaction."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, TypeVar
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


AT_ONCE = 500
"""How many events alike are recorded, and reacted to together."""


@dataclass(frozen=True)
class Reaction:
    """What follows from one kind of event, and when; `together`: it is given events alike at once."""

    to: type[Event]
    do: Callable[..., None]
    when: Literal["within", "after"]
    together: bool = False


def within(kind: type[E], do: Callable[[Session, E], None]) -> Reaction:
    """React in the same transaction: inbox rows, ledger rows, jobs."""
    return Reaction(kind, do, "within")


def within_all(kind: type[E], do: Callable[[Session, Sequence[E]], None]) -> Reaction:
    """React in the same transaction to all events of a kind that followed one another, at most 500 at once.

    For what a file or a list brings by the thousand; a single one comes as a sequence of one.
    """
    return Reaction(kind, do, "within", together=True)


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
        self._to: dict[type[Event], tuple[Reaction, ...]] = {}

    def within(self, session: Session, record: Callable[[Session, Sequence[Event]], None]) -> list[Event]:
        """Run the reactions of this transaction until no new event appears; return all that happened.

        Events alike that follow one another are recorded together, and so reacted to.
        """
        done: list[Event] = []
        pending: deque[Event] = deque()
        while pending or session.info.get("events"):
            pending.extend(session.info.pop("events", ()))
            alike = [pending.popleft()]
            while pending and type(pending[0]) is type(alike[0]) and len(alike) < AT_ONCE:
                alike.append(pending.popleft())
            done += alike
            session.flush()
            if alike[0].recorded is not None:
                record(session, alike)
            for reaction in self._of(type(alike[0])):
                if reaction.when == "within":
                    for given in [alike] if reaction.together else alike:
                        reaction.do(session, given)
        session.flush()
        return done

    def after(self, kernel: Kernel, events: Sequence[Event]) -> None:
        """Run what follows the commit. A failure is logged and stops nothing: the deed is done."""
        for event in events:
            for reaction in self._of(type(event)):
                if reaction.when == "after":
                    try:
                        reaction.do(kernel, event)
                    except Exception:
                        logger.exception("reaction_failed", reaction_to=type(event).__name__)

    def _of(self, kind: type[Event]) -> tuple[Reaction, ...]:
        if kind not in self._to:
            self._to[kind] = tuple(reaction for reaction in self._all if issubclass(kind, reaction.to))
        return self._to[kind]
