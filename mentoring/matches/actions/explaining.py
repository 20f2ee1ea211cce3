"""Why candidates fit who are asked after others: worked out once they are asked, not for everybody beforehand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session, aliased

from mentoring.matches.actions import drafts
from mentoring.matches.actions.asking import asking_for
from mentoring.matches.models import Match, MatchPerson, MatchRole, MatchState, Run
from mentoring.pairs.models import PairKind

if TYPE_CHECKING:
    from matching.types import Parts

_ASKED = (MatchState.OFFERED, MatchState.SETTLED)


def unexplained(session: Session, match_ids: Iterable[UUID]) -> dict[UUID, list[UUID]]:
    """Return, by their runs, those of these matches that somebody was asked about as a later candidate. One statement.

    What they are worth may be known all the same: runs of earlier versions kept it for everybody.
    """
    found: dict[UUID, list[UUID]] = {}
    for row in session.execute(
        select(Match.run_id, Match.id)
        .where(Match.id.in_(set(match_ids)), Match.rank > 0, Match.state.in_(_ASKED))
        .order_by(Match.id)
    ):
        found.setdefault(row.run_id, []).append(row.id)
    return found


def request_for(session: Session, run_id: UUID, match_ids: Iterable[UUID]) -> dict[str, Any] | None:
    """Gather what the matcher needs to explain matches of a mentors' run; None where nothing is left to explain.

    Who has left the group since is left out. The week is that of the run, as sentences name its hours.
    """
    run = session.get(Run, run_id)
    learner, mentor = aliased(MatchPerson), aliased(MatchPerson)
    rows = session.execute(
        select(Match.id, Match.parts, learner.person_id.label("learner_id"), mentor.person_id.label("mentor_id"))
        .join(learner, (learner.match_id == Match.id) & (learner.role == MatchRole.LEARNER))
        .join(mentor, (mentor.match_id == Match.id) & (mentor.role == MatchRole.MENTOR))
        .where(Match.run_id == run_id, Match.id.in_(set(match_ids)), Match.state.in_(_ASKED))
        .order_by(Match.id)
    )
    bare = {row.id: (row.learner_id, row.mentor_id) for row in rows if not row.parts}
    if run is None or not bare:
        return None
    asking = asking_for(
        session,
        run.group_id,
        PairKind.MENTORSHIP,
        also={person for pair in bare.values() for person in pair},
        week=date.fromisoformat(run.settings["week"]),
    )
    here = {name: {one["id"] for one in asking.ask[name]} for name in ("learners", "mentors")}
    wanted = {
        match_id: (str(one), str(other))
        for match_id, (one, other) in bare.items()
        if str(one) in here["learners"] and str(other) in here["mentors"]
    }
    if not wanted:
        return None
    return {
        "matches": [str(match_id) for match_id in wanted],
        "request": {"ask": asking.ask, "pairs": list(wanted.values())},
    }


def keep_parts(session: Session, matches: Sequence[str], answer: Mapping[str, Sequence[Parts]]) -> None:
    """Store why matches fit, with the score that it gives; what has been explained meanwhile stays."""
    for match_id, parts in zip(matches, answer["parts"], strict=True):
        match = session.get(Match, UUID(match_id))
        if match is not None and match.state in _ASKED and not match.parts:
            session.execute(
                update(Match).where(Match.id == match.id).values(score=parts["score"], **drafts.kept([parts]))
            )
