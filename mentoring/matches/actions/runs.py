"""Verbs on runs: asking the matcher, keeping its answer, making a proposal known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from academy.kernel import clock
from academy.kernel.access import Conflict
from academy.kernel.events import emit
from academy.kernel.ids import new_id
from academy.people import queries as people_queries
from academy.people.policy import Right
from academy.tracks.queries import published as tracks
from mentoring.matches.actions import drafts, facts, offers, repairing
from mentoring.matches.actions.transitions import move_match
from mentoring.matches.events import RunAsked, RunCancelled, RunFailed, RunProposed, RunPublished
from mentoring.matches.models import (
    MatchRole,
    MatchState,
    Run,
    RunState,
    Unplaced,
)
from mentoring.matches.policy import ROLE_IN_GROUP, standing
from mentoring.matches.queries import proposed
from mentoring.pairs.actions import open_pair
from mentoring.pairs.models import PairKind
from mentoring.profiles.queries import academy_of, hold_group, lock_people

if TYPE_CHECKING:
    from academy.kernel.viewer import Viewer

PATIENCE = timedelta(minutes=10)
"""How long the matcher may be busy with one asking before another one replaces it."""
SEED = 0


@dataclass(frozen=True)
class Published:
    """How many pairs came about, or mentors were asked, and how many were dropped as something had changed."""

    came: int
    dropped: int


def ask_run(session: Session, *, viewer: Viewer, group_id: UUID, kind: str, anew: bool = False) -> UUID:
    """Ask the matcher for buddies or mentors (`kind` of a pair) and return the run's id.

    An asking that is being worked out is the one that counts: asking again returns it, unless `anew` says that
    something was decided meanwhile. What was proposed before stays until the new answer is there.
    """
    people_queries.demand(session, viewer, Right.PROPOSE, group_id)
    tracks.demand_open(session, group_id)
    hold_group(session, group_id)
    now = clock.now()
    waiting = session.execute(
        select(Run.id, Run.asked_at).where(
            Run.group_id == group_id, Run.kind == PairKind(kind).value, Run.state == RunState.ASKED
        )
    ).all()
    for run in waiting:
        if run.asked_at > now - PATIENCE and not anew:
            found: UUID = run.id
            return found
    _replace(session, [run.id for run in waiting], RunState.ASKED)
    run_id = new_id()
    session.add(
        Run(
            id=run_id,
            group_id=group_id,
            kind=PairKind(kind).value,
            state=RunState.ASKED.value,
            version=1,
            settings={"seed": SEED},
            asked_by=viewer.person_id,
            asked_at=now,
        )
    )
    session.flush()
    emit(session, RunAsked(actor_id=viewer.person_id, run_id=run_id, group_id=group_id, kind=kind))
    return run_id


def note_step(session: Session, *, run_id: UUID, step: str) -> bool:
    """Keep how far the matcher is with a run; says whether the run still waits for it."""
    noted = update(Run).where(Run.id == run_id, Run.state == RunState.ASKED).values(step=step)
    return session.execute(noted.returning(Run.id)).one_or_none() is not None


def cancel_run(session: Session, *, viewer: Viewer, run_id: UUID) -> bool:
    """Stop working out a run; what was proposed before stays. Says whether it was still being worked out."""
    run = proposed.run_for(session, viewer, run_id)
    if not _move_run(session, run_id, RunState.ASKED, RunState.CANCELLED):
        return False
    emit(session, RunCancelled(actor_id=viewer.person_id, run_id=run_id, group_id=run.group_id, kind=run.kind))
    return True


def keep_answer(
    session: Session, *, run_id: UUID, answer: Mapping[str, Any], week: str, weights: Mapping[str, int], floor: bool
) -> bool:
    """Store what the matcher answered as drafts; they replace those of earlier proposals not yet published.

    `answer` is a `matching.types.BuddiesAnswer` or `MentorsAnswer`, `week` the Monday (ISO date) of the week
    whose hours were compared, `weights` are parts of 100, `floor` says whether the
    worst-off person came first. Says whether the run still waited for it: a second answer changes nothing.
    """
    run = session.get_one(Run, run_id)
    hold_group(session, run.group_id)
    settings = {
        **run.settings,
        "week": week,
        "graph_version": answer["graph_version"],
        "placed": answer["placed"],
        "considered": answer["placed"] + len(answer["unplaced"]),
        "weights": dict(weights),
        **drafts.summed(answer["solved"], floor=floor),
    }
    if not _move_run(session, run_id, RunState.ASKED, RunState.PROPOSED, settings=settings):
        return False
    earlier = session.scalars(
        select(Run.id).where(
            Run.group_id == run.group_id,
            Run.kind == run.kind,
            Run.state == RunState.PROPOSED,
            Run.id != run_id,
        )
    ).all()
    _replace(session, earlier, RunState.PROPOSED)
    drafts.store(session, run_id, run.kind, answer)
    if answer["unplaced"]:
        session.execute(
            insert(Unplaced),
            [{"run_id": run_id, "person_id": UUID(one["person"]), "reasons": [one]} for one in answer["unplaced"]],
        )
    emit(
        session,
        RunProposed(
            actor_id=None,
            run_id=run_id,
            group_id=run.group_id,
            kind=run.kind,
            lead_id=run.asked_by,
            placed=settings["placed"],
            considered=settings["considered"],
        ),
    )
    return True


def fail_run(session: Session, *, run_id: UUID, error: str) -> None:
    """Keep that the matcher could not answer, and why."""
    run = session.get_one(Run, run_id)
    if _move_run(session, run_id, RunState.ASKED, RunState.FAILED, error=error[:2000]):
        emit(
            session,
            RunFailed(actor_id=None, run_id=run_id, group_id=run.group_id, kind=run.kind, lead_id=run.asked_by),
        )


def publish(session: Session, *, viewer: Viewer, run_id: UUID, version: int) -> Published | None:
    """Make a proposal known: buddies are brought together, mentors asked. Twice is once.

    What no longer fits is dropped; a learner whose first candidate does not is offered to the next one. Returns what
    came of it, None where it was published before; raises `Conflict` when a newer proposal took its place.
    """
    run = proposed.run_for(session, viewer, run_id)
    hold_group(session, run.group_id)
    now = clock.now()
    if not _move_run(session, run_id, RunState.PROPOSED, RunState.PUBLISHED, version=version, published_at=now):
        if proposed.run_for(session, viewer, run_id).state == RunState.PUBLISHED:
            return None
        detail = "A newer proposal has taken the place of this one. Open matching again to see it."
        raise Conflict(detail)
    whole = session.get_one(Run, run_id)
    act = _bring_together if run.kind == PairKind.BUDDY else _ask_mentors
    found = act(session, whole, viewer.person_id)
    emit(
        session,
        RunPublished(actor_id=viewer.person_id, run_id=run_id, group_id=whole.group_id, kind=run.kind),
    )
    return found


def _bring_together(session: Session, run: Run, actor_id: UUID) -> Published:
    matches = facts.people_in(session, run.id)
    everybody = {person for people in matches.values() for person in people}
    lock_people(session, everybody)
    now = standing(session, group_id=run.group_id, kind=run.kind, person_ids=everybody)
    academy_id = academy_of(session, run.group_id)
    came = 0
    for match_id, people in matches.items():
        if now.taken & set(people) or not now.fits(people):
            move_match(session, match_id, MatchState.DRAFT, MatchState.DROPPED, actor_id=None)
            continue
        move_match(session, match_id, MatchState.DRAFT, MatchState.SETTLED, actor_id=actor_id)
        open_pair(
            session,
            kind=PairKind.BUDDY,
            people={person: ROLE_IN_GROUP[role] for person, role in people.items()},
            academy_group_id=academy_id,
            cohort_group_id=run.group_id,
            match_id=match_id,
            actor_id=actor_id,
        )
        came += 1
    return Published(came, len(matches) - came)


def _ask_mentors(session: Session, run: Run, actor_id: UUID) -> Published:
    """Offer every learner's first match, then look further for those whose first one no longer fits."""
    first = facts.people_in(session, run.id, rank=0)
    lock_people(session, facts.people_of(session, run.id))
    everybody = {person for people in first.values() for person in people}
    now = standing(session, group_id=run.group_id, kind=run.kind, person_ids=everybody)
    by_role = {match_id: {role: person for person, role in people.items()} for match_id, people in first.items()}
    places = facts.places_of(
        session,
        academy_of(session, run.group_id),
        {roles[MatchRole.MENTOR] for roles in by_role.values()},
        holding=True,
    )
    further: dict[UUID, UUID] = {}
    for match_id, roles in by_role.items():
        mentor, learner = roles[MatchRole.MENTOR], roles[MatchRole.LEARNER]
        fits = now.fits(first[match_id]) and learner not in now.taken
        if fits and places.get(mentor):
            places[mentor] -= 1
            offers.make(session, match_id=match_id, mentor_id=mentor, actor_id=actor_id)
        else:
            further[match_id] = learner
    found = set(repairing.repair_run(session, run_id=run.id, lost=further)) if further else set()
    dropped = len(set(further.values()) - found)
    return Published(len(by_role) - dropped, dropped)


def _move_run(
    session: Session,
    run_id: UUID,
    before: RunState,
    after: RunState,
    *,
    version: int | None = None,
    **values: Any,
) -> bool:
    moving = update(Run).where(Run.id == run_id, Run.state == before)
    if version is not None:
        moving = moving.where(Run.version == version)
    moved = session.execute(
        moving.values(state=after.value, version=Run.version + 1, **values).returning(Run.id)
    ).one_or_none()
    return moved is not None


def _replace(session: Session, run_ids: Sequence[UUID], before: RunState) -> None:
    """Put earlier runs aside, with the drafts that nobody has seen the effect of."""
    for run_id in run_ids:
        if _move_run(session, run_id, before, RunState.REPLACED):
            for match_id in facts.people_in(session, run_id):
                move_match(session, match_id, MatchState.DRAFT, MatchState.DROPPED, actor_id=None)
