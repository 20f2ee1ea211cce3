"""What the demo academy needs and offers, what people aim at, and what others say of their skills."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from academy.careers import actions as careers
from academy.careers.models import Occupation
from academy.careers.queries import opportunities
from academy.careers.queries.standing import standing_for
from academy.skills import actions as skills
from academy.skills import queries as skill_queries
from academy.web import markup
from cohorts.roster.seeds.story import Story, World


def aim(world: World, story: Story, told: Mapping[str, Any], head: str) -> None:
    """Let the academy's lead say what is needed and what is open, and people what they aim at."""
    named = [*told["needs"], *(s for o in told["opportunities"] for s in o["skills"]), *told["statements"]]
    with world.kernel.reading() as session:
        ids = skill_queries.ids_by_label(session, sorted({one["skill"] for one in named}))
    story.add(world.now - timedelta(days=9), partial(_need, world, told["needs"], ids, head))
    for number, one in enumerate(told["opportunities"]):
        story.add(world.now - timedelta(days=6, hours=-number), partial(_offer, world, one, ids, head))
    for one in told["targets"]:
        story.add(world.now - timedelta(days=5), partial(_target, world, one))
    for one in told["statements"]:
        story.add(world.now - timedelta(hours=10), partial(_state, world, one, ids))


def _need(world: World, needs: list[Mapping[str, Any]], ids: Mapping[str, UUID], head: str, session: Session) -> None:
    for need in needs:
        careers.set_need(
            session,
            viewer=world.viewer(session, head),
            group_id=world.academy,
            skill_id=ids[need["skill"]],
            level=need["level"],
            people=need["people"],
        )


def _offer(world: World, one: Mapping[str, Any], ids: Mapping[str, UUID], head: str, session: Session) -> None:
    viewer = world.viewer(session, head)
    body = one["body"].strip()
    written = careers.Written(
        title=one["title"],
        body_md=body,
        body_html=markup.render(body),
        renderer=markup.RENDERER,
        closes_on=opportunities.today() + timedelta(days=one["days"] + 6),
        contact_id=world.people[one["contact"]],
        skills={ids[skill["skill"]]: skill["level"] for skill in one["skills"]},
    )
    made = careers.open_opportunity(session, viewer=viewer, group_id=world.academy, written=written)
    if one.get("closed"):
        careers.set_closed(session, viewer=viewer, opportunity_id=made, closed=True)


def _target(world: World, one: Mapping[str, Any], session: Session) -> None:
    found = session.scalars(select(Occupation.id).where(Occupation.label == one["occupation"])).one()
    careers.set_target(session, person_id=world.people[one["person"]], occupation_id=found)


def _state(world: World, one: Mapping[str, Any], ids: Mapping[str, UUID], session: Session) -> None:
    """State a level, where the matcher has brought mentor and learner together and for managers and oneself."""
    by, of = world.people[one["by"]], world.people[one["of"]]
    said = {"person_id": of, "skill_id": ids[one["skill"]], "level": one["level"]}
    if by == of:
        skills.set_skill(session, **said)
        return
    viewer = world.viewer(session, one["by"])
    if standing_for(session, viewer, of).source is not None:
        careers.state(session, viewer=viewer, **said)
