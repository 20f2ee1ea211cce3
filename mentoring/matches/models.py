"""Runs of the matcher, the matches it proposes and the offers that people answer."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from academy.kernel.db import Table, key


class RunState(StrEnum):
    """How far a run is."""

    ASKED = "asked"
    PROPOSED = "proposed"
    PUBLISHED = "published"
    FAILED = "failed"
    REPLACED = "replaced"
    CANCELLED = "cancelled"


class MatchState(StrEnum):
    """How far a match is; see docs on the life of a match."""

    DRAFT = "draft"
    OFFERED = "offered"
    SETTLED = "settled"
    ENDED = "ended"
    DROPPED = "dropped"


class OfferState(StrEnum):
    """How somebody answered, or what became of the question."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    SUPERSEDED = "superseded"


class MatchRole(StrEnum):
    """As what somebody is in a match."""

    MENTOR = "mentor"
    LEARNER = "learner"
    BUDDY = "buddy"


class Run(Table):
    """One asking of the matcher for a group: for buddies or for mentors (`kind` is a pair's).

    `settings` holds what the matcher was given besides people: `seed`, `week` (the Monday of the week whose
    hours were compared) and, once it answered, `graph_version`, how many were `placed` and `considered`, the `weights`
    (parts of 100) and how good the answer is, without naming anybody (`mentoring.matches.actions.drafts.summed`).
    `step` is how far the matcher says it is (`matching.types.STEPS`).
    """

    __tablename__ = "runs"
    __table_args__ = (Index(None, "group_id", "kind"),)

    id: Mapped[key]
    group_id: Mapped[UUID] = mapped_column(ForeignKey("groups.id"))
    kind: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(20))
    version: Mapped[int] = mapped_column(default=1)
    step: Mapped[str | None] = mapped_column(String(20))
    settings: Mapped[dict[str, Any]]
    asked_by: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    asked_at: Mapped[datetime]
    published_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(Text)


class Match(Table):
    """People proposed to each other, with the reasons. `rank` orders a learner's candidates, 0 the first.

    `parts` holds what the score of each two of them is made of and `facts` what an explanation says of them,
    entry for entry (`matching.types.Parts` cut in two), as ids, names of skills and numbers: the sentences
    are made when it is read.
    """

    __tablename__ = "matches"
    __table_args__ = (Index(None, "run_id", "state"),)

    id: Mapped[key]
    run_id: Mapped[UUID] = mapped_column(ForeignKey("runs.id"))
    kind: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(20))
    version: Mapped[int] = mapped_column(default=1)
    rank: Mapped[int] = mapped_column(default=0)
    score: Mapped[int]
    parts: Mapped[list[Any]]
    facts: Mapped[list[Any]]


class MatchPerson(Table):
    """Who is in a match, and as what: mentor, learner or buddy."""

    __tablename__ = "match_people"

    match_id: Mapped[UUID] = mapped_column(ForeignKey("matches.id"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), primary_key=True, index=True)
    role: Mapped[str] = mapped_column(String(20))


class Unplaced(Table):
    """Somebody whom a run could not place, and why, as reason codes with their numbers."""

    __tablename__ = "unplaced"

    run_id: Mapped[UUID] = mapped_column(ForeignKey("runs.id"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), primary_key=True, index=True)
    reasons: Mapped[list[Any]]


class Offer(Table):
    """A match that one person is asked to accept."""

    __tablename__ = "offers"
    __table_args__ = (
        Index(None, "person_id", "state"),
        # Nobody is asked the same twice, whatever goes on at once.
        Index("uq_offers_match_person", "match_id", "person_id", unique=True),
    )

    id: Mapped[key]
    match_id: Mapped[UUID] = mapped_column(ForeignKey("matches.id"), index=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"))
    state: Mapped[str] = mapped_column(String(20))
    version: Mapped[int] = mapped_column(default=1)
    offered_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(Text, default="")


class MatchHistory(Table):
    """Every step of a match or an offer, kept for good."""

    __tablename__ = "match_history"

    id: Mapped[key]
    match_id: Mapped[UUID] = mapped_column(ForeignKey("matches.id"), index=True)
    offer_id: Mapped[UUID | None] = mapped_column(ForeignKey("offers.id"))
    actor_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), index=True)
    at: Mapped[datetime]
    before: Mapped[str] = mapped_column(String(20))
    after: Mapped[str] = mapped_column(String(20))
