"""Verbs on frameworks, skills and goals."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from academy.kernel import clock
from academy.kernel.access import Invalid, Missing
from academy.kernel.events import emit
from academy.kernel.ids import new_id
from academy.skills import engine
from academy.skills.events import GoalSet, SkillSet
from academy.skills.models import Framework, Goal, PersonSkill, Skill, SkillLink, SkillStatement

NAMED = ("peer", "mentor", "manager")
"""The sources in which each voice is a person of their own, beside themselves."""
LOOKED_BACK = timedelta(days=60)
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
    check(session, skill_id, level)
    if source not in engine.WEIGHTS:
        detail = "A level comes from oneself, a peer, a mentor, a manager, the organization, an assessment or evidence."
        raise Invalid(detail, errors={"source": [detail]})
    by = {"self": person_id, **dict.fromkeys(NAMED, actor_id)}.get(source)
    voice = (
        SkillStatement.person_id == person_id,
        SkillStatement.skill_id == skill_id,
        SkillStatement.source == source,
        SkillStatement.said_by_id == by if by is not None else SkillStatement.said_by_id.is_(None),
    )
    now = clock.now()
    again = session.execute(
        update(SkillStatement).where(*voice).values(level=level, at=now).returning(SkillStatement.id)
    ).all()
    if not again:
        said = {"person_id": person_id, "skill_id": skill_id, "source": source, "said_by_id": by}
        session.execute(insert(SkillStatement).values(id=new_id(), level=level, at=now, **said))
    _combine(session, person_id, skill_id)
    emit(
        session,
        SkillSet(actor_id=actor_id or person_id, person_id=person_id, skill_id=skill_id, level=level, source=source),
    )


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
    _combine(session, person_id, skill_id)
    emit(
        session,
        SkillSet(actor_id=actor_id, person_id=person_id, skill_id=skill_id, level=0, source=gone[0].source),
    )


def drop_skill(session: Session, *, person_id: UUID, skill_id: UUID, actor_id: UUID | None = None) -> None:
    """Take a skill off somebody's profile, with all that was said of it."""
    for table in (SkillStatement, PersonSkill):
        session.execute(delete(table).where(table.person_id == person_id, table.skill_id == skill_id))
    emit(
        session,
        SkillSet(actor_id=actor_id or person_id, person_id=person_id, skill_id=skill_id, level=0, source="self"),
    )


def grow_old(session: Session) -> None:
    """Combine anew what was said two years ago: from then on it counts half."""
    now = clock.now()
    rows = session.execute(
        select(SkillStatement.person_id, SkillStatement.skill_id)
        .where(SkillStatement.at <= now - engine.OLD, SkillStatement.at > now - engine.OLD - LOOKED_BACK)
        .distinct()
    ).all()
    for row in rows:
        _combine(session, row.person_id, row.skill_id)


def _combine(session: Session, person_id: UUID, skill_id: UUID) -> None:
    """Keep what all statements of somebody's skill come to, where everything else reads it."""
    rows = session.execute(
        select(SkillStatement.source, SkillStatement.said_by_id, SkillStatement.level, SkillStatement.at).where(
            SkillStatement.person_id == person_id, SkillStatement.skill_id == skill_id
        )
    ).all()
    said = [engine.Said(*row) for row in rows]
    level = engine.combined(said, clock.now())
    if level is None:
        session.execute(delete(PersonSkill).where(PersonSkill.person_id == person_id, PersonSkill.skill_id == skill_id))
        return
    known = {"person_id": person_id, "skill_id": skill_id, "source": engine.source_of(said)}
    session.merge(PersonSkill(level=level, at=max(one.at for one in said), **known))


def set_goal(session: Session, *, person_id: UUID, skill_id: UUID, level: int, actor_id: UUID | None = None) -> None:
    """Say that somebody wants a skill at a level from 1 to 5."""
    check(session, skill_id, level)
    session.merge(Goal(person_id=person_id, skill_id=skill_id, level=level, at=clock.now()))
    emit(session, GoalSet(actor_id=actor_id or person_id, person_id=person_id, skill_id=skill_id, level=level))


def drop_goal(session: Session, *, person_id: UUID, skill_id: UUID, actor_id: UUID | None = None) -> None:
    """Take a goal back."""
    session.execute(delete(Goal).where(Goal.person_id == person_id, Goal.skill_id == skill_id))
    emit(session, GoalSet(actor_id=actor_id or person_id, person_id=person_id, skill_id=skill_id, level=0))


def check(session: Session, skill_id: UUID, level: int) -> None:
    """Refuse a level that is none, and hide what is no skill that somebody can have."""
    if not LOWEST <= level <= HIGHEST:
        detail = "A level is a number from 1 to 5."
        raise Invalid(detail, errors={"level": [detail]})
    if session.scalar(select(Skill.id).where(Skill.id == skill_id, Skill.kind != "group")) is None:
        raise Missing
