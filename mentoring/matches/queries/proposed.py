"""Questions about runs and what they propose, for leads, notices and pairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, Subquery, and_, case, exists, false, func, or_, select
from sqlalchemy.orm import Session, aliased

from academy.kernel.access import Missing
from academy.kernel.paging import Span
from academy.kernel.viewer import Viewer
from academy.people import queries as people
from academy.people.models import Availability, Group, Person, PersonLanguage
from academy.people.policy import Right, reaches
from academy.people.queries import Face
from mentoring.choices.models import MatchingSettings, PairChoice
from mentoring.choices.queries import Weighing, weighing
from mentoring.matches.models import (
    Match,
    MatchPerson,
    MatchRole,
    MatchState,
    Offer,
    Run,
    RunState,
    Unplaced,
)
from mentoring.pairs.models import PairKind

if TYPE_CHECKING:
    from matching.types import Parts

_RUN = (
    Run.id,
    Run.group_id,
    Run.kind,
    Run.state,
    Run.version,
    Run.settings,
    Run.asked_at,
    Run.published_at,
    Run.step,
    Run.error,
)
COUNTS = (RunState.PROPOSED, RunState.PUBLISHED)
"""States of a run whose proposal is to be seen."""


@dataclass(frozen=True)
class RunLine:
    """A run as its group's leads see it."""

    id: UUID
    group_id: UUID
    kind: str
    state: str
    version: int
    settings: Mapping[str, Any]
    asked_at: datetime
    published_at: datetime | None
    step: str | None
    error: str | None

    @property
    def too_large(self) -> bool:
        """Say whether it failed because there are more people than the solver that is installed can weigh."""
        return (self.error or "").startswith("TooLarge:")

    @property
    def overlong(self) -> bool:
        """Say whether it failed because the answer was more than can be taken in."""
        return (self.error or "").startswith("overlong:")


@dataclass(frozen=True)
class MatchLine:
    """A match as leads see it. `people` is in the order of roles: learner first, then mentor."""

    id: UUID
    state: str
    rank: int
    score: int
    parts: list[Parts]
    people: list[tuple[Face, str]]
    offer_state: str | None
    expires_at: datetime | None


@dataclass(frozen=True)
class UnplacedLine:
    """Somebody whom the run could not place, with what `matching.types.Unplaced` says.

    `said` is whether they have said their languages and their hours, without which nobody is placed.
    """

    face: Face
    why: Mapping[str, Any]
    said: bool


@dataclass(frozen=True)
class Matching:
    """A group's matching of one kind: what is being worked out, the proposal that counts, and how it is weighed.

    `matches` may be a part of `total`; `next` is then the match to go on after.
    """

    group_name: str
    weighing: Weighing
    asked: RunLine | None
    run: RunLine | None
    matches: list[MatchLine]
    unplaced: list[UnplacedLine]
    total: int = 0
    next: UUID | None = None


def whole_parts(parts: Sequence[Any], facts: Sequence[Any]) -> list[Parts]:
    """Put together what a match stores in two columns, one entry for each two people."""
    return [cast("Parts", {**part, **fact}) for part, fact in zip(parts, facts, strict=True)]


def matching_for(
    session: Session,
    viewer: Viewer,
    group_id: UUID,
    kind: str,
    span: Span | None = None,
    *,
    also_unplaced: bool = True,
) -> Matching:
    """Return a group's matching of one kind for somebody who may propose there. Four statements at most.

    The matches are all of them, or those that `span` asks for, the best first.
    """
    people.demand(session, viewer, Right.PROPOSE, group_id)
    rows = session.execute(
        select(Group.name, MatchingSettings.weights, MatchingSettings.floor, MatchingSettings.version, *_RUN)
        .outerjoin(MatchingSettings, (MatchingSettings.group_id == Group.id) & (MatchingSettings.kind == kind))
        .outerjoin(Run, Run.id.in_([_latest(group_id, kind), _latest(group_id, kind, Run.state.in_(COUNTS))]))
        .where(Group.id == group_id)
        .order_by(Run.asked_at.desc(), Run.id.desc())
    ).all()
    name, weights, floor, version, *_ = rows[0]
    weighed = weighing(kind, weights, floor, version)
    runs = [RunLine(*row[4:]) for row in rows if row.id is not None]
    latest = runs[0] if runs else None
    unanswered = latest if latest and latest.state not in COUNTS else None
    run = next((r for r in runs if r.state in COUNTS), None)
    if run is None:
        return Matching(name, weighed, unanswered, None, [], [])
    matches, total = _matches(session, run, span)
    more = span is not None and len(matches) > span.limit
    shown = matches[: span.limit] if span else matches
    unplaced = _unplaced(session, run.id) if also_unplaced else []
    return Matching(name, weighed, unanswered, run, shown, unplaced, total, shown[-1].id if more else None)


def _latest(group_id: UUID, kind: str, *where: ColumnElement[bool]) -> ScalarSelect[UUID]:
    """Select the run of a group that was asked for last and was not replaced."""
    mine = (Run.group_id == group_id, Run.kind == kind, Run.state != RunState.REPLACED, *where)
    return select(Run.id).where(*mine).order_by(Run.asked_at.desc(), Run.id.desc()).limit(1).scalar_subquery()


def waits(session: Session, run_id: UUID) -> bool:
    """Say whether a run still waits for the matcher. One statement."""
    return session.scalar(select(Run.id).where(Run.id == run_id, Run.state == RunState.ASKED)) is not None


_COUNTS = (MatchState.SETTLED, MatchState.OFFERED, MatchState.DRAFT, MatchState.ENDED, MatchState.DROPPED)
"""Of a learner's matches the one whose state stands first counts now; of two in one state that of the lower rank."""


def _counting(run: RunLine) -> Subquery:
    """Select the matches of a run that count now, with their number: for each learner one, of buddies all."""
    each = (Match.run_id == run.id, or_(Match.rank == 0, Match.state != MatchState.DRAFT))
    every = select(Match.id, Match.score).where(*each)
    if run.kind == PairKind.MENTORSHIP:
        order = case({state.value: place for place, state in enumerate(_COUNTS)}, value=Match.state)
        first = func.row_number().over(
            partition_by=MatchPerson.person_id, order_by=[order, Match.rank.desc(), Match.score.desc(), Match.id]
        )
        learner = (MatchPerson.match_id == Match.id) & (MatchPerson.role == MatchRole.LEARNER)
        ranked = select(Match.id, Match.score, first.label("first")).join(MatchPerson, learner).where(*each).subquery()
        every = select(ranked.c.id, ranked.c.score).where(ranked.c.first == 1)
    found = every.subquery()
    return select(found.c.id, found.c.score, func.count().over().label("total")).subquery()


def _matches(session: Session, run: RunLine, span: Span | None) -> tuple[list[MatchLine], int]:
    """Return what a run proposes, or a part of it and one more to say that there is, and how much that is in all."""
    counting = _counting(run)
    part = select(counting)
    if span is not None:
        part = part.order_by(counting.c.score.desc(), counting.c.id).limit(span.limit + 1)
        if span.after is not None:
            last = select(Match.score).where(Match.id == span.after, Match.run_id == run.id).scalar_subquery()
            later = and_(counting.c.score == last, counting.c.id > span.after)
            part = part.where(or_(counting.c.score < last, later))
    chosen = part.subquery()
    lines: dict[UUID, MatchLine] = {}
    total = 0
    for row in session.execute(
        select(
            Match.id,
            Match.state,
            Match.rank,
            Match.score,
            Match.parts,
            Match.facts,
            MatchPerson.role,
            Person.id.label("person_id"),
            Person.name,
            Person.pronouns,
            Person.zone,
            Offer.state.label("offer_state"),
            Offer.expires_at,
            chosen.c.total,
        )
        .join(chosen, chosen.c.id == Match.id)
        .join(MatchPerson, MatchPerson.match_id == Match.id)
        .join(Person, Person.id == MatchPerson.person_id)
        .outerjoin(Offer, Offer.match_id == Match.id)
        .order_by(Match.score.desc(), Match.id, MatchPerson.role, Person.name, Person.id)
    ):
        total = row.total
        line = lines.setdefault(
            row.id,
            MatchLine(
                id=row.id,
                state=row.state,
                rank=row.rank,
                score=row.score,
                parts=whole_parts(row.parts, row.facts),
                people=[],
                offer_state=row.offer_state,
                expires_at=row.expires_at,
            ),
        )
        line.people.append((Face(row.person_id, row.name, row.pronouns, row.zone), row.role))
    return list(lines.values()), total


def _unplaced(session: Session, run_id: UUID) -> list[UnplacedLine]:
    said = and_(*(exists().where(t.person_id == Person.id).correlate(Person) for t in (PersonLanguage, Availability)))
    rows = session.execute(
        select(Person.id, Person.name, Person.pronouns, Person.zone, Unplaced.reasons, said.label("said"))
        .join(Person, Person.id == Unplaced.person_id)
        .where(Unplaced.run_id == run_id)
        .order_by(Person.name, Person.id)
    )
    return [UnplacedLine(Face(r.id, r.name, r.pronouns, r.zone), r.reasons[0], r.said) for r in rows]


def run_for(session: Session, viewer: Viewer, run_id: UUID) -> RunLine:
    """Return a run to somebody who may propose in its group; to others it is `Missing`, or refused."""
    row = session.execute(select(*_RUN).where(Run.id == run_id)).one_or_none()
    if row is None:
        raise Missing
    people.demand(session, viewer, Right.PROPOSE, row.group_id)
    return RunLine(*row)


def waiting_run(session: Session, run_id: UUID) -> RunLine | None:
    """Return a run for the matcher, whoever asked for it."""
    row = session.execute(select(*_RUN).where(Run.id == run_id)).one_or_none()
    return RunLine(*row) if row else None


@dataclass(frozen=True)
class RunNotice:
    """What a notice about a run says; of `settings` how many it `placed` of those `considered`."""

    group_id: UUID
    group_name: str
    kind: str
    state: str
    settings: Mapping[str, Any]
    learner: str = ""


def runs_by_id(session: Session, viewer: Viewer, run_ids: Sequence[UUID]) -> dict[UUID, RunNotice]:
    """Return those of the given runs whose groups the viewer may propose in, for notices."""
    rows = session.execute(
        select(Run.id, Run.group_id, Group.name, Run.kind, Run.state, Run.settings)
        .join(Group, Group.id == Run.group_id)
        .where(Run.id.in_(set(run_ids)), reaches(viewer, Right.PROPOSE, Run.group_id))
    )
    return {row.id: RunNotice(*row[1:]) for row in rows}


def learners_by_match(session: Session, viewer: Viewer, match_ids: Sequence[UUID]) -> dict[UUID, RunNotice]:
    """Return whose candidates are exhausted, by the last match, in groups that the viewer may propose in."""
    rows = session.execute(
        select(Match.id, Run.group_id, Group.name, Run.kind, Run.state, Run.settings, Person.name.label("learner"))
        .join(Run, Run.id == Match.run_id)
        .join(Group, Group.id == Run.group_id)
        .join(MatchPerson, (MatchPerson.match_id == Match.id) & (MatchPerson.role == MatchRole.LEARNER))
        .join(Person, Person.id == MatchPerson.person_id)
        .where(Match.id.in_(set(match_ids)), reaches(viewer, Right.PROPOSE, Run.group_id))
    )
    return {row.id: RunNotice(*row[1:]) for row in rows}


def facts_of(session: Session, match_ids: Sequence[UUID]) -> dict[UUID, tuple[list[Parts], str]]:
    """Return the parts and the week of matches, for people who are in the pairs that came of them."""
    rows = session.execute(
        select(Match.id, Match.parts, Match.facts, Run.settings)
        .join(Run, Run.id == Match.run_id)
        .where(Match.id.in_(set(match_ids)))
    )
    return {row.id: (whole_parts(row.parts, row.facts), row.settings.get("week", "")) for row in rows}


def together_in(run: RunLine | None) -> ColumnElement[bool]:
    """Say of a `PairChoice`, as SQL, whether a run brings the two together."""
    if run is None:
        return false()
    one, other = aliased(MatchPerson), aliased(MatchPerson)
    return (
        exists()
        .where(
            one.person_id == PairChoice.one_id,
            other.person_id == PairChoice.other_id,
            other.match_id == one.match_id,
            Match.id == one.match_id,
            Match.run_id == run.id,
            Match.rank == 0,
            Match.state != MatchState.DROPPED,
        )
        .correlate(PairChoice)
    )
