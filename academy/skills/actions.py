"""Verbs on frameworks, skills and goals."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Select, delete, insert, select, tuple_
from sqlalchemy.orm import Session

from academy.kernel import clock
from academy.kernel.access import Invalid, Missing
from academy.kernel.events import emit
from academy.kernel.ids import new_id
from academy.skills import engine
from academy.skills.events import GoalSet, SkillSet
from academy.skills.models import Framework, Goal, PersonSkill, Skill, SkillLink, SkillStatement

T = TypeVar("T")
Held = tuple[UUID, UUID]
"""A person and a skill."""

NAMED = ("peer", "mentor", "manager")
"""The sources in which each voice is a person of their own, beside themselves."""
LOOKED_BACK = timedelta(days=60)
AT_ONCE = 500
LOWEST, HIGHEST = 1, 5

ESCO = {
    "key": "esco",
    "version": "1.2.0",
    "name": "ESCO",
    "licence": (
        "This service uses the ESCO classification of the European Commission. The extract was modified: columns "
        "dropped, integer keys added, alternative labels and descriptions left out, unlabelled skills left out."
    ),
}

ONET = {
    "key": "onet",
    "version": "29.3",
    "name": "O*NET",
    "licence": (
        "This product includes information from the O*NET 29.3 Database by the U.S. Department of Labor, Employment "
        "and Training Administration (USDOL/ETA). Used under the CC BY 4.0 license. O*NET(R) is a trademark of "
        "USDOL/ETA. The information was modified; USDOL/ETA has not approved, endorsed or tested these modifications."
    ),
}
ONET_KEYS = "onet:"
"""What the keys of O*NET begin with among those of all frameworks; ESCO's stand as they are."""


def _known(session: Session, framework: dict[str, str]) -> UUID | None:
    """Find a framework in whatever version: a file may have brought in a newer one."""
    return session.scalar(select(Framework.id).where(Framework.key == framework["key"]).limit(1))


def load_elements(session: Session) -> bool:
    """Load the skills and knowledge areas of O*NET, by which its occupations are described; says whether it was new.

    They have no relations to other skills, and stand beside ESCO's for whoever aims at one of those occupations.
    """
    if _known(session, ONET):
        return False
    framework = Framework(id=new_id(), **ONET)
    session.add(framework)
    session.flush()
    rows = [
        {**row, "id": new_id(), "framework_id": framework.id, "key": ONET_KEYS + row["key"]}
        for row in engine.rows_of("onet-29.3-elements.csv")
    ]
    session.execute(insert(Skill), rows)
    return True


def load_framework(session: Session) -> bool:
    """Load the built-in ESCO extract if no version of it is there; says whether it was new."""
    if _known(session, ESCO):
        return False
    framework = Framework(id=new_id(), **ESCO)
    session.add(framework)
    session.flush()
    graph = engine.built_in()
    ids = {key: new_id() for key, _, _ in graph["nodes"]}
    session.execute(
        insert(Skill),
        [
            {"id": ids[key], "framework_id": framework.id, "key": key, "label": label, "kind": kind}
            for key, label, kind in graph["nodes"]
        ],
    )
    links = [{"skill_id": ids[a], "related_id": ids[b], "relation": relation} for a, b, relation in graph["edges"]]
    session.execute(insert(SkillLink), links)
    return True


def set_skill(
    session: Session,
    *,
    person_id: UUID,
    skill_id: UUID,
    level: int,
    source: str = "self",
    actor_id: UUID | None = None,
) -> None:
    """State that somebody has a skill at a level from 1 to 5; a new word of the same voice replaces the earlier one.

    `actor_id` is who says so where it is not the person; the entry point has checked their right to. What somebody's
    skill comes to is combined from all that was stated (`engine.combined`).
    """
    set_skills(session, {(person_id, skill_id): level}, source=source, actor_id=actor_id)


def set_skills(
    session: Session, levels: Mapping[Held, int], *, source: str = "self", actor_id: UUID | None = None
) -> None:
    """State levels of many people's skills, as `set_skill` does, a few statements for all."""
    if not levels:
        return
    _check(session, levels)
    if source not in engine.WEIGHTS:
        detail = "A level comes from oneself, a peer, a mentor, a manager, the organization, an assessment or evidence."
        raise Invalid(detail, errors={"source": [detail]})
    by = {held: {"self": held[0], **dict.fromkeys(NAMED, actor_id)}.get(source) for held in levels}
    now = clock.now()
    before = {
        (said.person_id, said.skill_id): said
        for said in session.scalars(_among(SkillStatement, levels).where(SkillStatement.source == source))
        if by.get((said.person_id, said.skill_id), said.id) == said.said_by_id
    }
    for held, level in levels.items():
        if held in before:
            before[held].level, before[held].at = level, now
        else:
            said = {"person_id": held[0], "skill_id": held[1], "source": source, "said_by_id": by[held]}
            session.add(SkillStatement(id=new_id(), level=level, at=now, **said))
    session.flush()
    _combine(session, levels)
    for (person_id, skill_id), level in levels.items():
        who = actor_id or person_id
        emit(session, SkillSet(actor_id=who, person_id=person_id, skill_id=skill_id, level=level, source=source))


def take_back(session: Session, *, person_id: UUID, skill_id: UUID, actor_id: UUID) -> None:
    """Take back what somebody said of another person's skill."""
    gone = session.execute(
        delete(SkillStatement)
        .where(
            SkillStatement.person_id == person_id,
            SkillStatement.skill_id == skill_id,
            SkillStatement.said_by_id == actor_id,
            SkillStatement.source.in_(NAMED),
        )
        .returning(SkillStatement.source)
    ).all()
    if not gone:
        raise Missing
    _combine(session, [(person_id, skill_id)])
    emit(
        session,
        SkillSet(actor_id=actor_id, person_id=person_id, skill_id=skill_id, level=0, source=gone[0].source),
    )


def drop_skill(session: Session, *, person_id: UUID, skill_id: UUID, actor_id: UUID | None = None) -> None:
    """Take a skill off somebody's profile, with all that was said of it."""
    drop_skills(session, [(person_id, skill_id)], actor_id=actor_id)


def drop_skills(session: Session, held: Sequence[Held], *, actor_id: UUID | None = None) -> None:
    """Take skills off many people's profiles, as `drop_skill` does. Two statements for all."""
    if not held:
        return
    for table in (SkillStatement, PersonSkill):
        session.execute(delete(table).where(tuple_(table.person_id, table.skill_id).in_(held)))
    for person_id, skill_id in held:
        who = actor_id or person_id
        emit(session, SkillSet(actor_id=who, person_id=person_id, skill_id=skill_id, level=0, source="self"))


def grow_old(session: Session) -> None:
    """Combine anew what was said two years ago: from then on it counts half."""
    now = clock.now()
    rows = session.execute(
        select(SkillStatement.person_id, SkillStatement.skill_id)
        .where(SkillStatement.at <= now - engine.OLD, SkillStatement.at > now - engine.OLD - LOOKED_BACK)
        .distinct()
    ).all()
    for start in range(0, len(rows), AT_ONCE):
        _combine(session, [(row.person_id, row.skill_id) for row in rows[start : start + AT_ONCE]])


def _among(table: type[T], held: Collection[Held]) -> Select[T]:
    """Select the rows about these people and skills, of each person in each skill."""
    whose: Any = table
    people, of = {person_id for person_id, _skill in held}, {skill_id for _person, skill_id in held}
    return select(table).where(whose.person_id.in_(people), whose.skill_id.in_(of))


def _combine(session: Session, held: Collection[Held]) -> None:
    """Keep what all statements of people's skills come to, where everything else reads it."""
    said: dict[Held, list[engine.Said]] = {one: [] for one in held}
    for row in session.scalars(_among(SkillStatement, held)):
        if (row.person_id, row.skill_id) in said:
            said[row.person_id, row.skill_id].append(engine.Said(row.source, row.said_by_id, row.level, row.at))
    before = {(row.person_id, row.skill_id): row for row in session.scalars(_among(PersonSkill, held))}
    for (person_id, skill_id), voices in said.items():
        level, there = engine.combined(voices, clock.now()), before.get((person_id, skill_id))
        if level is None:
            if there is not None:
                session.delete(there)
            continue
        if there is None:
            there = PersonSkill(person_id=person_id, skill_id=skill_id)
            session.add(there)
        there.level, there.source, there.at = level, engine.source_of(voices), max(one.at for one in voices)
    session.flush()


def set_goal(session: Session, *, person_id: UUID, skill_id: UUID, level: int, actor_id: UUID | None = None) -> None:
    """Say that somebody wants a skill at a level from 1 to 5."""
    set_goals(session, {(person_id, skill_id): level}, actor_id=actor_id)


def set_goals(session: Session, levels: Mapping[Held, int], *, actor_id: UUID | None = None) -> None:
    """Say what many people want, as `set_goal` does, a few statements for all."""
    if not levels:
        return
    _check(session, levels)
    before = {(goal.person_id, goal.skill_id): goal for goal in session.scalars(_among(Goal, levels))}
    for (person_id, skill_id), level in levels.items():
        goal = before.get((person_id, skill_id))
        if goal is None:
            goal = Goal(person_id=person_id, skill_id=skill_id)
            session.add(goal)
        goal.level, goal.at = level, clock.now()
        who = actor_id or person_id
        emit(session, GoalSet(actor_id=who, person_id=person_id, skill_id=skill_id, level=level))
    session.flush()


def drop_goal(session: Session, *, person_id: UUID, skill_id: UUID, actor_id: UUID | None = None) -> None:
    """Take a goal back."""
    drop_goals(session, [(person_id, skill_id)], actor_id=actor_id)


def drop_goals(session: Session, held: Sequence[Held], *, actor_id: UUID | None = None) -> None:
    """Take many people's goals back, as `drop_goal` does. One statement for all."""
    if not held:
        return
    session.execute(delete(Goal).where(tuple_(Goal.person_id, Goal.skill_id).in_(held)))
    for person_id, skill_id in held:
        emit(session, GoalSet(actor_id=actor_id or person_id, person_id=person_id, skill_id=skill_id, level=0))


def check(session: Session, skill_id: UUID, level: int) -> None:
    """Refuse a level that is none, and hide what is no skill that somebody can have."""
    _check(session, {(skill_id, skill_id): level})


def _check(session: Session, levels: Mapping[Held, int]) -> None:
    if not all(LOWEST <= level <= HIGHEST for level in levels.values()):
        detail = "A level is a number from 1 to 5."
        raise Invalid(detail, errors={"level": [detail]})
    wanted = {skill_id for _person, skill_id in levels}
    if len(session.scalars(select(Skill.id).where(Skill.id.in_(wanted), Skill.kind != "group")).all()) < len(wanted):
        raise Missing
