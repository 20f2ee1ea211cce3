"""Verbs on target roles, needs and opportunities."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from uuid import UUID

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from academy.careers import engine, policy
from academy.careers.events import NeedSet, OpportunityChanged, OpportunityOpened, TargetSet
from academy.careers.models import Need, Occupation, OccupationSkill, Opportunity, OpportunitySkill, TargetRole
from academy.careers.queries import gaps, opportunities, standing
from academy.kernel import clock
from academy.kernel.access import Conflict, Invalid, Missing
from academy.kernel.events import emit
from academy.kernel.ids import new_id
from academy.kernel.viewer import Viewer
from academy.people.models import Group, GroupKind
from academy.people.policy import Right
from academy.people.queries import demand
from academy.skills import actions as skills
from academy.skills.models import Framework, Skill

DATA = Path(__file__).parent / "data"
ON_ONES_OWN = 3
"""The level at which ESCO's occupations ask for their skills: ESCO says which skills, not how well."""


def complete(session: Session) -> bool:
    """Load the built-in occupations, ESCO's and O*NET's, where ESCO is and they are not; says whether they were new."""
    esco = session.scalar(select(Framework.id).where(Framework.key == skills.ESCO["key"]).limit(1))
    if esco is None or session.scalar(select(Occupation.id).limit(1)) is not None:
        return False
    skills.load_elements(session)
    onet = session.scalars(select(Framework.id).where(Framework.key == skills.ONET["key"])).one()
    _load(session, esco, "esco-1.2.0-ict-occupations.csv")
    _load(session, onet, "onet-29.3-occupations.csv")
    return True


def _load(session: Session, framework_id: UUID, name: str) -> None:
    """Load the occupations of one file: `key` (or the label), `label`, and `skills` as keys with levels."""
    rows = session.execute(select(Skill.key, Skill.id).where(Skill.framework_id == framework_id))
    ids = {row.key.removeprefix(skills.ONET_KEYS): row.id for row in rows}
    found, asked = [], []
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            own = new_id()
            found.append(
                {"id": own, "framework_id": framework_id, "key": row.get("key") or row["label"], "label": row["label"]}
            )
            for part in row["skills"].split():
                key, _colon, level = part.partition(":")
                if key in ids:
                    asked.append({"occupation_id": own, "skill_id": ids[key], "level": int(level or ON_ONES_OWN)})
    session.execute(insert(Occupation), found)
    session.execute(insert(OccupationSkill), asked)


def set_target(session: Session, *, person_id: UUID, occupation_id: UUID | None) -> None:
    """Let somebody aim at an occupation in place of the one before, or at none."""
    if occupation_id is None:
        session.execute(delete(TargetRole).where(TargetRole.person_id == person_id))
    else:
        if session.scalar(select(Occupation.id).where(Occupation.id == occupation_id)) is None:
            raise Missing
        session.merge(TargetRole(person_id=person_id, occupation_id=occupation_id, at=clock.now()))
    emit(session, TargetSet(actor_id=person_id, person_id=person_id, occupation_id=occupation_id))


def aim(session: Session, *, person_id: UUID) -> int:
    """Make goals of the largest gaps to somebody's target role; returns how many goals are new or higher."""
    found = gaps.gaps_of(session, person_id)
    wanted = {gap.skill_id: gap.target for gap in found.goals}
    chosen = engine.largest(found.role, wanted, policy.GOALS_AT_ONCE)
    for gap in chosen:
        skills.set_goal(session, person_id=person_id, skill_id=gap.skill_id, level=gap.target)
    return len(chosen)


def state(session: Session, *, viewer: Viewer, person_id: UUID, skill_id: UUID, level: int) -> None:
    """Say at which level somebody has a skill, as their mentor, buddy or manager; to anybody else it is `Missing`."""
    source = standing.standing_for(session, viewer, person_id).source
    if source is None:
        raise Missing
    skills.set_skill(
        session, person_id=person_id, skill_id=skill_id, level=level, source=source, actor_id=viewer.person_id
    )


def set_need(session: Session, *, viewer: Viewer, group_id: UUID, skill_id: UUID, level: int, people: int) -> None:
    """Say that an academy needs a skill at a level, and of how many people; a new word replaces the earlier one."""
    _demand(session, viewer, Right.NEED, group_id)
    skills.check(session, skill_id, level)
    if not 0 < people <= policy.MOST_PEOPLE:
        detail = "Say how many people, one at least."
        raise Invalid(detail, errors={"people": [detail]})
    others = select(func.count()).select_from(Need).where(Need.group_id == group_id, Need.skill_id != skill_id)
    if (session.scalar(others) or 0) >= policy.MOST_NEEDS:
        detail = f"{policy.MOST_NEEDS} needs are as many as can be kept in view. Take one away first."
        raise Invalid(detail, errors={"skill_id": [detail]})
    session.merge(Need(group_id=group_id, skill_id=skill_id, level=level, people=people, at=clock.now()))
    emit(
        session,
        NeedSet(actor_id=viewer.person_id, group_id=group_id, skill_id=skill_id, level=level, people=people),
    )


def drop_need(session: Session, *, viewer: Viewer, group_id: UUID, skill_id: UUID) -> None:
    """Say that an academy needs a skill no more."""
    _demand(session, viewer, Right.NEED, group_id)
    session.execute(delete(Need).where(Need.group_id == group_id, Need.skill_id == skill_id))
    emit(session, NeedSet(actor_id=viewer.person_id, group_id=group_id, skill_id=skill_id, level=0, people=0))


@dataclass(frozen=True)
class Written:
    """What somebody wrote of an opportunity; `body_html` is rendered from `body_md` by renderer `renderer`."""

    title: str
    body_md: str
    body_html: str
    renderer: int
    closes_on: date
    contact_id: UUID
    skills: Mapping[UUID, int]


def open_opportunity(session: Session, *, viewer: Viewer, group_id: UUID, written: Written) -> UUID:
    """Put an opportunity on the board of an academy, and return its id."""
    _demand(session, viewer, Right.OFFER, group_id)
    _check(session, group_id, written)
    made = new_id()
    session.add(Opportunity(id=made, group_id=group_id, version=1, created_at=clock.now(), **_columns(written)))
    session.flush()
    _ask(session, made, written.skills)
    emit(session, OpportunityOpened(actor_id=viewer.person_id, opportunity_id=made, group_id=group_id))
    return made


def change_opportunity(
    session: Session, *, viewer: Viewer, opportunity_id: UUID, version: int, written: Written
) -> None:
    """Write an opportunity anew, from the version that was read; raises `Conflict` if it is another by now."""
    group_id = _kept(session, viewer, opportunity_id)
    _check(session, group_id, written)
    done = session.execute(
        update(Opportunity)
        .where(Opportunity.id == opportunity_id, Opportunity.version == version)
        .values(version=version + 1, **_columns(written))
        .returning(Opportunity.id)
    ).one_or_none()
    if done is None:
        detail = "Somebody else has changed this meanwhile. What you wrote is kept here; look at it beside theirs."
        raise Conflict(detail)
    session.execute(delete(OpportunitySkill).where(OpportunitySkill.opportunity_id == opportunity_id))
    _ask(session, opportunity_id, written.skills)
    _changed(session, viewer, opportunity_id, group_id, "words")


def set_closed(session: Session, *, viewer: Viewer, opportunity_id: UUID, closed: bool) -> None:
    """Close an opportunity before its day, or open it again."""
    group_id = _kept(session, viewer, opportunity_id)
    session.execute(
        update(Opportunity)
        .where(Opportunity.id == opportunity_id)
        .values(closed_at=clock.now() if closed else None, version=Opportunity.version + 1)
    )
    _changed(session, viewer, opportunity_id, group_id, "closed" if closed else "opened")


def _kept(session: Session, viewer: Viewer, opportunity_id: UUID) -> UUID:
    """Return the academy of an opportunity that the viewer looks after."""
    group_id = opportunities.home_for(session, viewer, opportunity_id)
    demand(session, viewer, Right.OFFER, group_id)
    return group_id


def _changed(session: Session, viewer: Viewer, opportunity_id: UUID, group_id: UUID, what: str) -> None:
    event = OpportunityChanged(actor_id=viewer.person_id, opportunity_id=opportunity_id, group_id=group_id, what=what)
    emit(session, event)


def _columns(written: Written) -> dict[str, object]:
    return {
        "title": " ".join(written.title.split()),
        "body_md": written.body_md,
        "body_html": written.body_html,
        "renderer": written.renderer,
        "closes_on": written.closes_on,
        "contact_id": written.contact_id,
    }


def _check(session: Session, group_id: UUID, written: Written) -> None:
    errors: dict[str, list[str]] = {}
    if not 0 < len(" ".join(written.title.split())) <= policy.LONGEST_TITLE:
        errors["title"] = [f"A title has 1 to {policy.LONGEST_TITLE} characters. What you wrote is kept."]
    if not 0 < len(written.skills) <= policy.MOST_SKILLS:
        errors["skills"] = [f"Name 1 to {policy.MOST_SKILLS} skills. What you wrote is kept."]
    if written.closes_on < opportunities.today():
        errors["closes_on"] = ["This day is over. Choose one that is to come."]
    if not opportunities.belongs(session, group_id, written.contact_id):
        errors["contact"] = ["Whoever can be asked belongs to the academy."]
    if errors:
        raise Invalid(next(iter(errors.values()))[0], errors=errors)


def _ask(session: Session, opportunity_id: UUID, levels: Mapping[UUID, int]) -> None:
    for skill_id, level in levels.items():
        skills.check(session, skill_id, level)
    session.execute(
        insert(OpportunitySkill),
        [{"opportunity_id": opportunity_id, "skill_id": skill, "level": level} for skill, level in levels.items()],
    )


def _demand(session: Session, viewer: Viewer, right: Right, group_id: UUID) -> None:
    if session.scalar(select(Group.kind).where(Group.id == group_id)) != GroupKind.ACADEMY:
        raise Missing
    demand(session, viewer, right, group_id)
