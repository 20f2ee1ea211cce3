"""Facts about runs of the matcher, matches and offers. None of them carries a reason or a text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from academy.kernel.events import Event

_RUN = ("run_id", "group_id", "kind")
_OFFER = ("offer_id", "match_id", "person_id")


@dataclass(frozen=True, kw_only=True)
class RunEvent(Event):
    """Something that happened to a run; `kind` is that of the pairs it proposes."""

    run_id: UUID
    group_id: UUID
    kind: str


@dataclass(frozen=True, kw_only=True)
class RunAsked(RunEvent):
    """A lead asked for buddies or mentors to be proposed."""

    recorded: ClassVar[tuple[str, ...] | None] = _RUN


@dataclass(frozen=True, kw_only=True)
class RunProposed(RunEvent):
    """The matcher answered; `lead_id` is who asked."""

    recorded: ClassVar[tuple[str, ...] | None] = (*_RUN, "placed", "considered")
    lead_id: UUID
    placed: int
    considered: int


@dataclass(frozen=True, kw_only=True)
class RunFailed(RunEvent):
    """The matcher could not answer; `lead_id` is who asked."""

    recorded: ClassVar[tuple[str, ...] | None] = _RUN
    lead_id: UUID


@dataclass(frozen=True, kw_only=True)
class RunCancelled(RunEvent):
    """A lead stopped a proposal that was being worked out."""

    recorded: ClassVar[tuple[str, ...] | None] = _RUN


@dataclass(frozen=True, kw_only=True)
class RunPublished(RunEvent):
    """A lead made a proposal known to those it is about."""

    recorded: ClassVar[tuple[str, ...] | None] = _RUN


@dataclass(frozen=True, kw_only=True)
class MatchProposed(Event):
    """Two or three people were proposed to each other."""

    recorded: ClassVar[tuple[str, ...] | None] = ("match_id", "run_id", "score", "person_ids")
    match_id: UUID
    run_id: UUID
    score: int
    person_ids: tuple[UUID, ...]


@dataclass(frozen=True, kw_only=True)
class MatchDropped(Event):
    """A match will not come about."""

    recorded: ClassVar[tuple[str, ...] | None] = ("match_id",)
    match_id: UUID


@dataclass(frozen=True, kw_only=True)
class OfferEvent(Event):
    """Something that happened to an offer; `person_id` is who was asked."""

    recorded: ClassVar[tuple[str, ...] | None] = _OFFER
    offer_id: UUID
    match_id: UUID
    person_id: UUID


@dataclass(frozen=True, kw_only=True)
class OfferMade(OfferEvent):
    """Somebody was asked to accept a match."""


@dataclass(frozen=True, kw_only=True)
class OfferReminded(OfferEvent):
    """An offer still waits, and part of its time is over."""


@dataclass(frozen=True, kw_only=True)
class OfferAccepted(OfferEvent):
    """Somebody said yes."""


@dataclass(frozen=True, kw_only=True)
class OfferEnded(OfferEvent):
    """An offer came to nothing: who in which run may need somebody else."""

    run_id: UUID
    learner_id: UUID


@dataclass(frozen=True, kw_only=True)
class OfferDeclined(OfferEnded):
    """Somebody said no; why stays with the offer, for admins."""


@dataclass(frozen=True, kw_only=True)
class OfferExpired(OfferEnded):
    """Nobody answered in time."""


@dataclass(frozen=True, kw_only=True)
class OfferWithdrawn(OfferEnded):
    """An offer was taken back, as one of the two is no longer here or wants nothing of the other."""


@dataclass(frozen=True, kw_only=True)
class OfferReplaced(OfferEnded):
    """An offer was taken back, as its learner is asked for elsewhere so that one more has somebody."""


@dataclass(frozen=True, kw_only=True)
class OfferSuperseded(OfferEnded):
    """An offer no longer fits: the mentor's last place or the learner was taken."""


@dataclass(frozen=True, kw_only=True)
class CandidatesExhausted(Event):
    """Nobody can be asked for a learner now; `lead_id` asked for the run, `match_id` was the last that fell away."""

    recorded: ClassVar[tuple[str, ...] | None] = ("run_id", "match_id", "learner_id")
    run_id: UUID
    match_id: UUID
    learner_id: UUID
    lead_id: UUID
