"""Skills and goals for programs: finding a skill, and what the caller has and wants."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from academy.kernel.app import kernel
from academy.kernel.paging import Part
from academy.skills import queries
from academy.skills.queries import HeldSkill, SkillHit, WantedSkill
from academy.skills.schemas import GoalOut, HeldSkillOut, SkillOut
from academy.web.api.operations import Operations, answers, asks
from academy.web.api.shapes import FindIn, PageIn, part_of, span_of
from academy.web.guards import guard
from academy.web.signed_in import viewer

blueprint = Operations("skills_api", __name__, tag="Skills")


@blueprint.get("/skills")
@guard("people:self")
@asks(FindIn)
@answers(200, part_of(SkillOut))
def index(query: dict[str, Any]) -> Part[SkillHit]:
    """List skills. With `q`, the best matches by name, which are one part and have no cursor."""
    with kernel().reading() as session:
        if query["q"].split():
            return Part(queries.search(session, query["q"], query["limit"]), None)
        return queries.skills_part(session, span_of(query))


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
