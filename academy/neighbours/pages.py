"""The viewer's own map of skills, and the nearest skills beside each skill."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from flask import Blueprint, render_template

from academy.kernel import offload
from academy.kernel.app import kernel
from academy.neighbours import queries
from academy.neighbours.engine import chart, ways
from academy.skills import queries as skills
from academy.skills.pages import BesideSkill
from academy.web import shell
from academy.web.guards import guard
from academy.web.signed_in import viewer
from matching.types import COSTS

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from academy.kernel.viewer import Viewer

blueprint = Blueprint("neighbours", __name__)

VERY_NEAR, NEAR = 250_000, 50_000
"""From which nearness on, in millionths, a skill is called very near, or near."""
WORTH, ALWAYS = 10_000, 3
"""The nearness below which a skill is not named, and how many are named in any case."""
FARTHEST, LONGEST = 4 * COSTS["broader_group"], 4
"""The cost of a way that a map still shows, and its steps: what lies farther is no plan to learn by."""
MOST_GOALS = 8
"""Goals that are drawn, the nearest first; all are in the list."""

Net = dict[UUID, list[ways.Relation]]


def _net() -> Net:
    """Return the whole skill graph, read once for each of its versions."""
    with kernel().reading() as session:
        version = queries.graph_version(session)
        known: tuple[str, Net] = kernel().kept.get("skill_net", ("", {}))
        if known[0] == version:
            return known[1]
        found = ways.net_of(queries.links(session))
    kernel().kept["skill_net"] = (version, found)
    return found


@dataclass(frozen=True)
class Ahead:
    """A goal, the level wanted, the level one has (0: none), where the way begins and its steps; None: no way."""

    id: UUID
    label: str
    level: int
    own: int
    start: tuple[UUID, str] | None
    steps: tuple[queries.Step, ...]


@blueprint.get("/skills/map")
@guard("people:self")
def show() -> str:
    """Draw what the viewer has, what they want and the shortest ways between. Nobody else has this page."""
    me = viewer()
    net = _net()
    with kernel().reading() as session:
        shell.load(session, me)
        held = skills.skills_of(session, [me.person_id])[me.person_id]
        wanted = skills.goals_of(session, [me.person_id])[me.person_id]
        own = {skill.skill_id: skill.level for skill in held}
    open_goals = [goal for goal in wanted if goal.level > own.get(goal.skill_id, 0)]
    found = offload.run(ways.ways, net, list(own), [goal.skill_id for goal in open_goals], FARTHEST)
    found = {goal_id: way for goal_id, way in found.items() if len(way.steps) <= LONGEST}
    labels = {one.skill_id: one.label for one in held} | {one.skill_id: one.label for one in wanted}
    between = {step.to for way in found.values() for step in way.steps} - set(labels)
    if between:
        with kernel().reading() as session:
            labels |= queries.labels(session, between)
    # A skill that one has already and wants to go further in is its own way, of no steps.
    found |= {goal.skill_id: ways.Way(goal.skill_id, ()) for goal in open_goals if goal.skill_id in own}
    ahead = [
        Ahead(
            goal.skill_id,
            goal.label,
            goal.level,
            own.get(goal.skill_id, 0),
            (way.start, labels[way.start]) if way else None,
            tuple(queries.Step(s.to, labels[s.to], s.relation, s.back) for s in way.steps) if way else (),
        )
        for goal in open_goals
        for way in (found.get(goal.skill_id),)
    ]
    ahead.sort(key=lambda one: (one.start is None, len(one.steps), one.label.casefold(), one.id))
    drawn = [one.id for one in ahead[:MOST_GOALS]]
    picture = chart.chart(labels, own, drawn, {key: found[key] for key in drawn if key in found})
    return render_template(
        "academy/neighbours/map.html",
        page="me",
        picture=picture,
        ahead=ahead,
        drawn=len(drawn),
        held=held,
        reached=[goal for goal in wanted if goal.level <= own.get(goal.skill_id, 0)],
    )


def _beside(session: Session, _viewer: Viewer, skill_id: UUID, _level: int | None) -> str:
    near = queries.near(session, skill_id)
    near = [one for place, one in enumerate(near) if one.nearness >= WORTH or place < ALWAYS]
    return shell.part("academy/neighbours/near.html", near=near, very_near=VERY_NEAR, quite_near=NEAR)


BESIDE = BesideSkill(30, _beside)
