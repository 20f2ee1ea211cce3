"""Jobs of matching: the matcher's work, and what time does to offers.

Solving is read (a plain request), outside (the matcher process) and apply (the drafts are kept).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask_babel import gettext as _

from academy.kernel import clock, mail, offload
from academy.kernel.ids import encode
from academy.kernel.jobs import JobKind
from academy.neighbours import queries as neighbours
from academy.people import queries as people
from academy.skills import queries as skills
from academy.web import i18n
from matching.hours import utc_hours
from mentoring.matches import queries
from mentoring.matches.actions import facts, offers, runs
from mentoring.matches.models import MatchRole, OfferState, RunState
from mentoring.matches.policy import ROLE_IN_GROUP, standing
from mentoring.matches.reactions import EXPIRE, LETTER, REMIND, SOLVE
from mentoring.pairs.models import PairKind
from mentoring.profiles.queries import academy_of, capacities_of

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from academy.kernel.app import Kernel
    from matching.types import PersonData
    from mentoring.matches.policy import Standing

ENGINE = "mentoring.matches.engine:solve"
RANKED = 8
"""How many candidates are kept for each learner."""
PASSING = frozenset({"died", "busy"})
"""Failures of the matcher process after which the job is tried again; others the lead learns of."""


def coming_week(now: datetime) -> date:
    """Return the Monday of the week after this one, whose hours are compared."""
    return now.date() + timedelta(days=7 - now.weekday())


def request_for(session: Session, run_id: UUID) -> dict[str, Any] | None:
    """Gather what the matcher needs for a run, as plain values; None when nothing waits for it any more."""
    run = queries.waiting_run(session, run_id)
    if run is None or run.state != RunState.ASKED:
        return None
    members = people.members_of(session, run.group_id)
    learners = {m.face.id for m in members if m.role == ROLE_IN_GROUP[MatchRole.LEARNER]}
    mentors: dict[UUID, int] = {}
    if run.kind == PairKind.MENTORSHIP:
        academy_id = academy_of(session, run.group_id)
        teaching = {m.face.id for m in members if m.role == ROLE_IN_GROUP[MatchRole.MENTOR]}
        offering = capacities_of(session, academy_id, teaching)
        mentors = facts.places_of(session, academy_id, offering, holding=True)
    everybody = learners | set(mentors)
    zones = {m.face.id: m.face.zone for m in members if m.face.id in everybody}
    rules = standing(session, group_id=run.group_id, kind=run.kind, person_ids=everybody)
    week = coming_week(clock.now())
    data = _people(session, zones, rules, mentors, week)
    waiting = [data[person] for person in sorted(learners - rules.taken)]
    ask: dict[str, Any] = {
        "graph_version": neighbours.graph_version(session),
        "seed": run.settings.get("seed", 0),
        "ex_pairs": _plain(rules.together.before),
        "current_pairs": _plain(rules.together.now),
    }
    if run.kind == PairKind.BUDDY:
        ask |= {"people": waiting, "max_trios": len(waiting)}
    else:
        ask |= {"learners": waiting, "mentors": [data[m] for m in sorted(mentors)], "ranked": RANKED}
    return {"week": week.isoformat(), "request": {"purpose": run.kind, "ask": ask}}


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
            "utc_offset": queries.offset_in(zones[person], week),
            "manager_id": str(manager) if manager else None,
            "blocks": blocks.get(person, []),
            "declined": declined.get(person, []),
            "capacity": places.get(person, 1),
        }
    return found


def _plain(pairs: Iterable[frozenset[UUID]]) -> list[list[str]]:
    return sorted(sorted(str(person) for person in pair) for pair in pairs)


def _read(session: Session, payload: dict[str, Any]) -> dict[str, Any] | None:
    return request_for(session, UUID(payload["run_id"]))


def _solve(kernel: Kernel, _job_id: UUID, value: dict[str, Any]) -> dict[str, Any]:
    request = value["request"]
    try:
        try:
            answer = offload.solve(ENGINE, request)
        except offload.SolveFailed as failure:
            if failure.kind != "UnknownGraph":
                raise
            # The matcher knows a graph by its version once it has met it: only a new process asks for it.
            with kernel.reading() as session:
                graph = neighbours.graph(session)
            answer = offload.solve(ENGINE, {**request, "ask": {**request["ask"], "graph": graph}})
    except offload.SolveFailed as failure:
        if failure.kind in PASSING:
            raise
        return {"error": f"{failure.kind}: {failure}"}
    return {"answer": answer, "week": value["week"]}


def _keep(session: Session, payload: dict[str, Any], value: dict[str, Any] | None) -> None:
    run_id = UUID(payload["run_id"])
    if value is None:
        return
    if "error" in value:
        runs.fail_run(session, run_id=run_id, error=value["error"])
    else:
        runs.keep_answer(session, run_id=run_id, answer=value["answer"], week=value["week"])


def _expire(session: Session, payload: dict[str, Any], _value: object) -> None:
    offers.expire(session, offer_id=UUID(payload["offer_id"]))


def _remind(session: Session, payload: dict[str, Any], _value: object) -> None:
    offers.remind(session, offer_id=UUID(payload["offer_id"]))


def _read_letter(session: Session, payload: dict[str, Any]) -> dict[str, Any] | None:
    """Gather what the mail of an offer says; nothing when it was answered meanwhile."""
    offer = facts.asked(session, UUID(payload["offer_id"]))
    addresses = people.addresses_of(session, [offer.mentor_id])
    faces = people.faces(session, [offer.mentor_id, offer.learner_id])
    if offer.state != OfferState.PENDING or offer.mentor_id not in addresses:
        return None
    name, address = addresses[offer.mentor_id]
    return {
        "name": name,
        "address": address,
        "learner": faces[offer.learner_id].name,
        "until": i18n.day(offer.expires_at, faces[offer.mentor_id].zone),
        "path": f"/offers/{encode(offer.offer_id)}",
    }


def _with_address(kernel: Kernel, _job_id: UUID, value: dict[str, Any]) -> dict[str, Any]:
    return {**value, "url": kernel.settings.base_url.rstrip("/") + value["path"]}


def _post_letter(session: Session, payload: dict[str, Any], value: dict[str, Any] | None) -> None:
    if value is None:
        return
    text = _(
        "Hello %(name)s,\n\n%(learner)s is proposed to you as somebody to mentor. Nothing is settled before "
        "you say yes.\n\nSee why, and answer until %(until)s:\n%(url)s\n\nYou may say no. The reason stays "
        "private, and somebody else is asked.\n",
        name=value["name"],
        learner=value["learner"],
        until=value["until"],
        url=value["url"],
    )
    letter = mail.Letter(
        about="offer",
        to_name=value["name"],
        to_address=value["address"],
        subject=_("Would you mentor %(learner)s?", learner=value["learner"]),
        text=text,
    )
    mail.post(session, letter, unique_key=f"offer-letter:{payload['offer_id']}")


JOBS = [
    JobKind(SOLVE, read=_read, outside=_solve, apply=_keep),
    JobKind(EXPIRE, apply=_expire),
    JobKind(REMIND, apply=_remind),
    JobKind(LETTER, read=_read_letter, outside=_with_address, apply=_post_letter),
]
