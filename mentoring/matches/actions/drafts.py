"""An answer of the matcher as rows: its pairs and candidates as drafts, and in numbers how good it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.orm import Session

from academy.kernel import clock
from academy.kernel.events import emit
from academy.kernel.ids import new_id
from matching.types import SCORE_SCALE
from mentoring.matches.events import MatchProposed
from mentoring.matches.models import Match, MatchHistory, MatchPerson, MatchRole, MatchState
from mentoring.pairs.models import PairKind

if TYPE_CHECKING:
    from matching.types import Parts, Solved

PARTS = ("purpose", "people", "score", "sides")
"""What of `matching.types.Parts` a match keeps as `parts`; everything else is `facts`."""
BINS = 20
"""Into so many steps of equal width what everybody has is counted."""
KEPT = ("total", "worst", "optimal", "gap", "solver", "seconds", "floor", "plain")


def summed(solved: Solved, *, floor: bool) -> dict[str, Any]:
    """Return how good an answer is, without naming anybody: `spread` counts people by what they have of it.

    `floor_on` says whether the worst-off person came first.
    """
    spread = [0] * BINS
    for worth in solved["each"].values():
        spread[min(BINS - 1, max(0, int(worth * BINS // SCORE_SCALE)))] += 1
    return {**{name: value for name, value in solved.items() if name in KEPT}, "spread": spread, "floor_on": floor}


def kept(parts: Sequence[Parts]) -> dict[str, list[Any]]:
    """Cut what scores are made of into the two columns of a match."""
    return {
        "parts": [{name: value for name, value in part.items() if name in PARTS} for part in parts],
        "facts": [{name: value for name, value in part.items() if name not in PARTS} for part in parts],
    }


def _read(kind: str, answer: Mapping[str, Any]) -> Iterable[tuple[int, int, list[Parts], dict[UUID, str]]]:
    """Read an answer as (rank, score, parts of each two, role of each person)."""
    if kind == PairKind.BUDDY:
        buddies: Sequence[Any] = answer["groups"]
        for group in buddies:
            people = {UUID(person): MatchRole.BUDDY.value for person in group["members"]}
            yield 0, group["score"], [pair["parts"] for pair in group["pairs"]], people
        return
    for chosen in answer["matches"]:
        learner, mentor = chosen["learner"], chosen["mentor"]
        others = [one for one in answer["ranked"][learner] if one["mentor"] != mentor]
        for rank, one in enumerate([chosen, *others]):
            parts = [one["parts"]] if rank == 0 else []
            yield (
                rank,
                one["score"],
                parts,
                {UUID(learner): MatchRole.LEARNER.value, UUID(one["mentor"]): MatchRole.MENTOR.value},
            )


def store(session: Session, run_id: UUID, kind: str, answer: Mapping[str, Any]) -> None:
    """Store the pairs and candidates of an answer as drafts of a run.

    Candidates have no parts before they are asked (`actions.explaining`): few ever are.
    """
    drafts = list(_read(kind, answer))
    if not drafts:
        return
    now = clock.now()
    ids = [new_id() for _ in drafts]
    matches, people, history = [], [], []
    for match_id, (rank, score, parts, roles) in zip(ids, drafts, strict=True):
        matches.append(
            {
                "id": match_id,
                "run_id": run_id,
                "kind": kind,
                "state": MatchState.DRAFT.value,
                "version": 1,
                "rank": rank,
                "score": score,
                **kept(parts),
            }
        )
        people += [{"match_id": match_id, "person_id": person, "role": role} for person, role in roles.items()]
        history.append({"id": new_id(), "match_id": match_id, "at": now, "before": "", "after": MatchState.DRAFT.value})
        if rank == 0:
            emit(
                session,
                MatchProposed(actor_id=None, match_id=match_id, run_id=run_id, score=score, person_ids=tuple(roles)),
            )
    session.execute(insert(Match), matches)
    session.execute(insert(MatchPerson), people)
    session.execute(insert(MatchHistory), history)
