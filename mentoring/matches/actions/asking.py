"""What the matcher is asked with: people, their rules, and what the lead decided, as plain values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from academy.kernel import clock
from academy.neighbours import queries as neighbours
from academy.people import queries as people
from academy.skills import queries as skills
from matching.hours import offset_in, utc_hours
from mentoring.choices import queries as choices
from mentoring.choices.policy import WHOLE
from mentoring.matches.actions import facts
from mentoring.matches.models import MatchRole, RunState
from mentoring.matches.policy import ROLE_IN_GROUP, standing
from mentoring.matches.queries import history, proposed
from mentoring.pairs.models import PairKind
from mentoring.profiles.queries import academy_of, capacities_of

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from matching.types import PersonData
    from mentoring.matches.policy import Standing

RANKED = 8
"""How many candidates are kept for each learner."""
COMPARED = 400
"""People up to whom it is worked out what the floor costs, or would."""


@dataclass(frozen=True)
class Asking:
    """What is asked, the week whose hours are compared, who has somebody, and how it is weighed."""

    ask: dict[str, Any]
    week: date
    taken: frozenset[UUID]
    weighing: choices.Weighing


def coming_week(now: datetime) -> date:
    """Return the Monday of the week after this one, whose hours are compared."""
    return now.date() + timedelta(days=7 - now.weekday())


def request_for(session: Session, run_id: UUID) -> dict[str, Any] | None:
    """Gather what the matcher needs for a run, as plain values; None when nothing waits for it any more."""
    run = proposed.waiting_run(session, run_id)
    if run is None or run.state != RunState.ASKED:
        return None
    asking = asking_for(session, run.group_id, run.kind)
    kept = choices.chosen(session, run.group_id, run.kind)
    people_asked = len(asking.ask["people" if run.kind == PairKind.BUDDY else "learners"])
    ask = {
        **asking.ask,
        "seed": run.settings.get("seed", 0),
        "floor": asking.weighing.floor,
        "locked": _plain(kept.locked),
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


def asking_for(session: Session, group_id: UUID, kind: str, also: Iterable[UUID] = ()) -> Asking:
    """Gather whoever needs somebody in a group, and may be somebody's, with what rules them out.

    Learners who have somebody, or are being asked for, are left out, but for those of `also`.
    """
    members = people.members_of(session, group_id)
    learners = {m.face.id for m in members if m.role == ROLE_IN_GROUP[MatchRole.LEARNER]}
    mentors: dict[UUID, int] = {}
    if kind == PairKind.MENTORSHIP:
        academy_id = academy_of(session, group_id)
        teaching = {m.face.id for m in members if m.role == ROLE_IN_GROUP[MatchRole.MENTOR]}
        offering = capacities_of(session, academy_id, teaching)
        mentors = facts.places_of(session, academy_id, offering, holding=True)
        mentors |= dict.fromkeys(set(also) & teaching - set(mentors), 0)
    everybody = learners | set(mentors)
    zones = {m.face.id: m.face.zone for m in members if m.face.id in everybody}
    rules = standing(session, group_id=group_id, kind=kind, person_ids=everybody)
    week = coming_week(clock.now())
    data = _people(session, zones, rules, mentors, week)
    waiting = [data[person] for person in sorted(learners - (rules.taken - set(also)))]
    weighing = choices.weighing_of(session, group_id, kind)
    ask: dict[str, Any] = {
        "graph_version": neighbours.graph_version(session),
        "ex_pairs": _plain(rules.together.before),
        "current_pairs": _plain(rules.together.now),
        "excluded": _plain(rules.excluded),
        "weights": {name: parts / WHOLE for name, parts in weighing.weights.items()},
    }
    if kind == PairKind.BUDDY:
        ask |= {"people": waiting, "max_trios": len(waiting)}
    else:
        ask |= {"learners": waiting, "mentors": [data[m] for m in sorted(mentors)], "ranked": RANKED}
    return Asking(ask, week, rules.taken, weighing)


def _people(
    session: Session,
    zones: Mapping[UUID, str],
    rules: Standing,
    places: Mapping[UUID, int],
    week: date,
) -> dict[UUID, PersonData]:
    ids = list(zones)
    held, wanted = skills.skills_of(session, ids), skills.goals_of(session, ids)
    hours, languages = people.availability_of(session, ids), people.languages_of(session, ids)
    blocks: dict[UUID, list[str]] = {}
    for person, other in sorted(rules.blocks):
        blocks.setdefault(person, []).append(str(other))
    declined: dict[UUID, list[str]] = {}
    for mentor, learner in sorted(rules.declined):
        declined.setdefault(mentor, []).append(str(learner))
    found: dict[UUID, PersonData] = {}
    for person in ids:
        manager = rules.managers.get(person)
        found[person] = {
            "id": str(person),
            "skills": [(skill.key, skill.level) for skill in held[person]],
            "goals": [(goal.key, goal.level) for goal in wanted[person]],
            "hours": [(start, end) for start, end in utc_hours(hours[person], zones[person], week)],
            "languages": languages[person],
            "utc_offset": offset_in(zones[person], week),
            "manager_id": str(manager) if manager else None,
            "blocks": blocks.get(person, []),
            "declined": declined.get(person, []),
            "capacity": places.get(person, 1),
        }
    return found


def _plain(pairs: Iterable[frozenset[UUID]]) -> list[list[str]]:
    return sorted(sorted(str(person) for person in pair) for pair in pairs)
