"""Skills and goals for programs: finding a skill, and what the caller has and wants."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

from flask import Response
from marshmallow import Schema
from sqlalchemy.orm import Session

from academy.kernel import offload
from academy.kernel.access import Missing
from academy.kernel.app import kernel
from academy.kernel.paging import Part
from academy.kernel.viewer import Viewer
from academy.people import queries as people
from academy.skills import actions, engine, queries
from academy.skills.queries import FoundSkills, HeldSkill, SkillHit, SkillName, WantedSkill
from academy.skills.schemas import FoundSkillsOut, GoalOut, HeldSkillOut, ReachedIn, SkillOut
from academy.web.api import conditions
from academy.web.api.effects import conditional
from academy.web.api.operations import Operations, also, answers, asks, takes, written
from academy.web.api.shapes import FindIn, PageIn, part_of, span_of
from academy.web.guards import guard
from academy.web.signed_in import viewer

T = TypeVar("T")

blueprint = Operations("skills_api", __name__, tag="Skills")


@blueprint.get("/skills")
@guard("people:self")
@asks(FindIn)
@answers(200, FoundSkillsOut)
def index(query: dict[str, Any]) -> FoundSkills:
    """List skills. With `q`, the best matches by name, which are one part and have no cursor.

    Where there are none, `did_you_mean` names those that may have been meant.
    """
    wanted = " ".join(query["q"].split())
    with kernel().reading() as session:
        if not wanted:
            found = queries.skills_part(session, span_of(query))
            return FoundSkills(found.items, found.next)
        hits = queries.search(session, wanted, query["limit"])
        if hits:
            return FoundSkills(hits, None)
        names = queries.kept_names(session, kernel().kept)
    return FoundSkills([], None, [SkillName(*one) for one in offload.run(engine.meant, wanted, names)])


@blueprint.get("/skills/<id:skill_id>")
@guard("people:self")
@answers(200, SkillOut, tagged=True)
def show(skill_id: UUID) -> SkillHit:
    """Return one skill."""
    with kernel().reading() as session:
        return queries.skill(session, skill_id)


@blueprint.get("/me/skills")
@guard("people:self")
@asks(PageIn)
@answers(200, part_of(HeldSkillOut))
def mine(query: dict[str, Any]) -> Part[HeldSkill]:
    """List the skills that the caller has."""
    with kernel().reading() as session:
        return queries.held_for(session, viewer(), span_of(query))


@blueprint.get("/me/skills/<id:skill_id>")
@guard("people:self")
@answers(200, HeldSkillOut, tagged=True)
def held(skill_id: UUID) -> HeldSkill:
    """Return one skill that the caller has."""
    with kernel().reading() as session:
        return queries.held_by(session, viewer(), skill_id)


@blueprint.get("/me/goals")
@guard("people:self")
@asks(PageIn)
@answers(200, part_of(GoalOut))
def goals(query: dict[str, Any]) -> Part[WantedSkill]:
    """List the skills that the caller wants."""
    with kernel().reading() as session:
        return queries.wanted_for(session, viewer(), span_of(query))


@blueprint.get("/me/goals/<id:skill_id>")
@guard("people:self")
@answers(200, GoalOut, tagged=True)
def goal(skill_id: UUID) -> WantedSkill:
    """Return one skill that the caller wants."""
    with kernel().reading() as session:
        return queries.wanted_by(session, viewer(), skill_id)


@blueprint.put("/me/skills/<id:skill_id>")
@guard("people:self")
@conditional
@takes(ReachedIn)
@also(201, HeldSkillOut)
@answers(200, HeldSkillOut, tagged=True)
def set_skill(skill_id: UUID, sent: dict[str, Any]) -> Response:
    """Say that the caller has a skill at a level; 201 where they had not said so before."""
    me = viewer()

    def work(session: Session) -> tuple[bool, HeldSkill]:
        before = _held_now(session, me, lambda: queries.held_by(session, me, skill_id), HeldSkillOut)
        actions.set_skill(session, person_id=me.person_id, skill_id=skill_id, level=sent["level"], source="self")
        session.flush()
        return before is None, queries.held_by(session, me, skill_id)

    new, now = kernel().commit(work)
    return written(HeldSkillOut, now, 201 if new else 200, tagged=True)


@blueprint.delete("/me/skills/<id:skill_id>")
@guard("people:self")
@conditional
@answers(204)
def drop_skill(skill_id: UUID) -> None:
    """Take a skill off the caller's profile."""
    me = viewer()

    def work(session: Session) -> None:
        if _held_now(session, me, lambda: queries.held_by(session, me, skill_id), HeldSkillOut) is None:
            raise Missing
        actions.drop_skill(session, person_id=me.person_id, skill_id=skill_id)

    kernel().commit(work)


@blueprint.put("/me/goals/<id:skill_id>")
@guard("people:self")
@conditional
@takes(ReachedIn)
@also(201, GoalOut)
@answers(200, GoalOut, tagged=True)
def set_goal(skill_id: UUID, sent: dict[str, Any]) -> Response:
    """Say that the caller wants a skill at a level; 201 where they had not said so before."""
    me = viewer()

    def work(session: Session) -> tuple[bool, WantedSkill]:
        before = _held_now(session, me, lambda: queries.wanted_by(session, me, skill_id), GoalOut)
        actions.set_goal(session, person_id=me.person_id, skill_id=skill_id, level=sent["level"])
        session.flush()
        return before is None, queries.wanted_by(session, me, skill_id)

    new, now = kernel().commit(work)
    return written(GoalOut, now, 201 if new else 200, tagged=True)


@blueprint.delete("/me/goals/<id:skill_id>")
@guard("people:self")
@conditional
@answers(204)
def drop_goal(skill_id: UUID) -> None:
    """Take a goal off the caller's profile."""
    me = viewer()

    def work(session: Session) -> None:
        if _held_now(session, me, lambda: queries.wanted_by(session, me, skill_id), GoalOut) is None:
            raise Missing
        actions.drop_goal(session, person_id=me.person_id, skill_id=skill_id)

    kernel().commit(work)


def _held_now(session: Session, me: Viewer, find: Callable[[], T], shape: type[Schema]) -> T | None:
    """Return what is there, with the person's row held, if the request's conditions hold for it."""
    people.hold(session, me.person_id)
    try:
        found = find()
    except Missing:
        found = None
    conditions.demand(shape, found)
    return found
