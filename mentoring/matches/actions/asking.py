"""What the matcher is asked with: people, their rules, and what the lead decided, as plain values."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from academy.kernel import clock
from academy.neighbours import queries as neighbours
from matching.hours import offset_in, utc_hours
from mentoring.choices.policy import WHOLE
from mentoring.matches.models import RunState
from mentoring.matches.queries import history, proposed
from mentoring.matches.queries.gathered import gathered
from mentoring.pairs.models import PairKind

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from matching.types import PersonData
    from mentoring.choices.queries import Weighing
    from mentoring.matches.policy import Standing
    from mentoring.matches.queries.gathered import Gathered

RANKED = 8
"""How many candidates are kept for each learner."""
COMPARED = 400
"""People up to whom it is worked out what the floor costs, or would."""


@dataclass(frozen=True)
class Asking:
    """What is asked, the week whose hours are compared, what rules people out, and how it is weighed."""

    ask: dict[str, Any]
    week: date
    rules: Standing
    weighing: Weighing

    @property
    def taken(self) -> frozenset[UUID]:
        """Name those who have somebody."""
        return self.rules.taken


def coming_week(now: datetime) -> date:
    """Return the Monday of the week after this one, whose hours are compared."""
    return now.date() + timedelta(days=7 - now.weekday())


def request_for(session: Session, run_id: UUID) -> dict[str, Any] | None:
    """Gather what the matcher needs for a run, as plain values; None when nothing waits for it any more."""
    run = proposed.waiting_run(session, run_id)
    if run is None or run.state != RunState.ASKED:
        return None
    asking = asking_for(session, run.group_id, run.kind)
    people_asked = len(asking.ask["people" if run.kind == PairKind.BUDDY else "learners"])
    ask = {
        **asking.ask,
        "seed": run.settings.get("seed", 0),
        "floor": asking.weighing.floor,
        "locked": _plain(asking.rules.locked),
        "previous": _plain(history.last_pairs(session, run.group_id, run.kind)),
        "compare": people_asked <= COMPARED,
    }
    return {
        "run_id": str(run_id),
        "week": asking.week.isoformat(),
        "weights": dict(asking.weighing.weights),
        "floor": asking.weighing.floor,
        "request": {"purpose": run.kind, "ask": ask},
    }


def asking_for(
    session: Session, group_id: UUID, kind: str, also: Iterable[UUID] = (), week: date | None = None
) -> Asking:
    """Gather whoever needs somebody in a group, and may be somebody's, with what rules them out. Two statements.

    Learners who have somebody, or are being asked for, are left out, but for those of `also`. The hours are those of
    the coming week, or of the one that begins on `week`.
    """
    found = gathered(session, group_id, kind)
    rules = found.rules
    mentors = {**dict.fromkeys(set(also) & found.teaching, 0), **found.places} if found.teaching else {}
    week = week or coming_week(clock.now())
    data = _people(found, found.learners | set(mentors), mentors, week)
    waiting = [data[person] for person in sorted(found.learners - (rules.taken - set(also)))]
    ask: dict[str, Any] = {
        "graph_version": neighbours.graph_version(session),
        "ex_pairs": _plain(rules.together.before),
        "current_pairs": _plain(rules.together.now),
        "excluded": _plain(rules.excluded),
        "weights": {name: parts / WHOLE for name, parts in found.weighing.weights.items()},
    }
    if kind == PairKind.BUDDY:
        ask |= {"people": waiting, "max_trios": len(waiting)}
    else:
        ask |= {"learners": waiting, "mentors": [data[m] for m in sorted(mentors)], "ranked": RANKED}
    return Asking(ask, week, rules, found.weighing)


def _people(
    gathered_: Gathered, asked: Collection[UUID], places: Mapping[UUID, int], week: date
) -> dict[UUID, PersonData]:
    rules = gathered_.rules
    blocks: dict[UUID, list[str]] = {}
    for person, other in sorted(rules.blocks):
        if other in asked:
            blocks.setdefault(person, []).append(str(other))
    declined: dict[UUID, list[str]] = {}
    for mentor, learner in sorted(rules.declined):
        declined.setdefault(mentor, []).append(str(learner))
    found: dict[UUID, PersonData] = {}
    for person in asked:
        said, manager = gathered_.said[person], rules.managers.get(person)
        found[person] = {
            "id": str(person),
            "skills": said.skills,
            "goals": said.goals,
            "hours": [(start, end) for start, end in utc_hours(said.hours, said.zone, week)],
            "languages": said.languages,
            "utc_offset": offset_in(said.zone, week),
            "manager_id": str(manager) if manager else None,
            "blocks": blocks.get(person, []),
            "declined": declined.get(person, []),
            "capacity": places.get(person, 1),
        }
    return found


def _plain(pairs: Iterable[frozenset[UUID]]) -> list[list[str]]:
    return sorted(sorted(str(person) for person in pair) for pair in pairs)
