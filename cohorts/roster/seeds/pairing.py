"""Buddies and mentors, matched by the matcher as a lead would ask it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy.orm import Session

from academy.people.models import Role
from cohorts.roster.seeds.story import Story, World
from mentoring.choices.policy import DEFAULTS
from mentoring.matches.actions import deciding as match_deciding
from mentoring.matches.actions import offers as match_offers
from mentoring.matches.actions import runs as match_runs
from mentoring.matches.queries import offered, proposed
from mentoring.pairs import actions as pairs
from mentoring.pairs import queries as pair_queries
from mentoring.profiles import actions as profiles

if TYPE_CHECKING:
    pass


def match(world: World, story: Story, told: Mapping[str, Any]) -> None:
    """Match buddies and mentors a few days before each start, as a lead would, then once more for Kestrel."""
    busy = _busy_mentor(told["people"])
    for key, start in world.starts.items():
        lead = world.leads[key]
        story.do(start - timedelta(days=5), partial(_run, world, key, lead, "buddy"))
        if key == busy.get("cohort"):
            story.add(start - timedelta(days=5), partial(_places, world, busy, 1))
        story.do(start - timedelta(days=4), partial(_run, world, key, lead, "mentorship"))
        story.do(start - timedelta(days=3), partial(_accept_all, world))
        story.do(start - timedelta(days=2), partial(_scripted_pairs, world, told["conversations"], key))
    story.add(world.now - timedelta(days=2), partial(_places, world, busy, busy["capacity"]))
    cohort = busy["cohort"]
    lead = world.leads[cohort]
    story.do(world.now - timedelta(days=1), partial(_run, world, cohort, lead, "mentorship"))
    # A proposal that is not published yet, steered by its lead: there is something to look at, and a history.
    mentors = [p for p in told["people"]["people"] if (p.get("cohort"), p.get("role")) == (cohort, "mentor")]
    roomy = next(person for person in mentors if person is not busy)
    story.add(world.now - timedelta(hours=3), partial(_places, world, roomy, roomy["capacity"] + 2))
    story.do(world.now - timedelta(hours=2), partial(_propose, world, cohort, lead, "mentorship"))
    story.do(world.now - timedelta(hours=1), partial(_steer, world, cohort, lead, "mentorship"))


def _busy_mentor(told: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the mentor of the demo's sign-in: she takes more people later, so that offers wait for her."""
    found: Mapping[str, Any] = next(p for p in told["people"] if p["email"].startswith("mentor@"))
    return found


def _places(world: World, mentor: Mapping[str, Any], capacity: int, session: Session) -> None:
    profiles.offer_mentoring(
        session,
        person_id=world.people[mentor["key"]],
        group_id=world.academy,
        capacity=capacity,
        offers=mentor["offers"],
    )


def _propose(world: World, cohort: str, lead: str, kind: str) -> UUID:
    """Ask the matcher and let it work; return the run's id."""
    group_id = world.cohorts[cohort]
    run_id = world.kernel.commit(
        lambda s: match_runs.ask_run(s, viewer=world.viewer(s, lead), group_id=group_id, kind=kind)
    )
    world.kernel.runner.run_due()
    return run_id


def _steer(world: World, cohort: str, lead: str, kind: str) -> None:
    """Exclude the first pair that is proposed, let hours count more, and have it worked out again."""
    group_id = world.cohorts[cohort]
    weights = {**DEFAULTS[kind], "help": 40, "hours": 25}

    def work(session: Session) -> None:
        viewer = world.viewer(session, lead)
        found = proposed.matching_for(session, viewer, group_id, kind).matches
        both: dict[str, Any] = {"viewer": viewer, "group_id": group_id, "kind": kind}
        for line in found[:1]:
            learner, mentor = (face.id for face, _role in line.people)
            match_deciding.decide(session, **both, one_id=learner, other_id=mentor, choice="excluded")
        match_deciding.weigh(session, **both, weights=weights, floor=False, version=0)

    world.kernel.commit(work)
    world.kernel.runner.run_due()


def _run(world: World, cohort: str, lead: str, kind: str) -> None:
    """Ask the matcher, let it work, publish what it proposes."""
    group_id = world.cohorts[cohort]
    run_id = _propose(world, cohort, lead, kind)

    def publish(session: Session) -> None:
        found = proposed.matching_for(session, world.viewer(session, lead), group_id, kind).run
        if found is not None and found.id == run_id:
            match_runs.publish(session, viewer=world.viewer(session, lead), run_id=run_id, version=found.version)

    world.kernel.commit(publish)


def _accept_all(world: World) -> None:
    """Let every mentor accept what is offered to them."""
    for key in world.people:

        def accept(session: Session, key: str = key) -> None:
            viewer = world.viewer(session, key)
            for offer in offered.offers_for(session, viewer):
                match_offers.accept(session, viewer=viewer, offer_id=offer.offer_id, version=offer.version)

        world.kernel.commit(accept)


def _scripted_pairs(world: World, told: Mapping[str, Any], cohort: str) -> None:
    """Open by hand, as an admin may, the pairs of the script that the matcher has not made."""
    for pair in told["pairs"]:
        if pair["cohort"] != cohort:
            continue
        mentoring = pair["kind"] == "mentor"
        roles = [Role.LEARNER, Role.MENTOR] if mentoring else [Role.LEARNER] * len(pair["people"])
        kind = "mentorship" if mentoring else "buddy"
        members = {world.people[key]: role for key, role in zip(pair["people"], roles, strict=True)}

        def work(session: Session, pair: Any = pair, kind: str = kind, members: Any = members) -> None:
            if room_of(world, pair["people"], kind, session) is None:
                pairs.open_pair(
                    session,
                    kind=kind,
                    people=members,
                    academy_group_id=world.academy,
                    cohort_group_id=world.cohorts[cohort],
                )

        world.kernel.commit(work)


def room_of(world: World, keys: list[str], kind: str, session: Session) -> UUID | None:
    """Find the room that these people share as a pair of this kind."""
    others = {world.people[key] for key in keys[1:]}
    for line in pair_queries.pairs_of(session, world.viewer(session, keys[0])):
        if line.kind == kind and {face.id for face in line.others} == others:
            return line.space_id
    return None
