"""Questions about skills: who has which, who wants which, and the graph that the matcher walks."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any
from uuid import UUID

from sqlalchemy import Select, case, func, literal, or_, select, union_all
from sqlalchemy.orm import Session

from academy.kernel.access import Missing
from academy.kernel.expressions import any_case
from academy.kernel.paging import Part, Span, part
from academy.kernel.viewer import Viewer
from academy.people import queries as people
from academy.people.models import Person
from academy.people.policy import met_one_by_one, met_together
from academy.people.queries import Face
from academy.skills.models import Framework, Goal, PersonSkill, Skill, SkillLink, SkillStatement

_SKILL_ID = attrgetter("skill_id")
_OFFERED = (Skill.kind != "group") & Skill.gone_at.is_(None)
HELPS = 3
"""The level from which a person's page says that they can help."""
NEAR = 40
"""Skills or people named beside a skill."""
COUNTED = 300
"""Whose skills are counted for somebody who may meet thousands: so many, whoever is found first."""


@dataclass(frozen=True)
class HeldSkill:
    """A skill that somebody has, at a level from 1 to 5, and who says so."""

    skill_id: UUID
    key: str
    label: str
    level: int
    source: str


@dataclass(frozen=True)
class WantedSkill:
    """A skill that somebody wants at a level."""

    skill_id: UUID
    key: str
    label: str
    level: int


@dataclass(frozen=True)
class SkillHit:
    """A skill found by name; `gone` when its framework no longer has it."""

    id: UUID
    label: str
    kind: str
    gone: bool = False


def skills_of(session: Session, person_ids: Sequence[UUID]) -> dict[UUID, list[HeldSkill]]:
    """Return each person's skills, by name. One statement."""
    found: dict[UUID, list[HeldSkill]] = {person_id: [] for person_id in person_ids}
    for row in session.execute(
        select(
            PersonSkill.person_id, PersonSkill.skill_id, Skill.key, Skill.label, PersonSkill.level, PersonSkill.source
        )
        .join(Skill, Skill.id == PersonSkill.skill_id)
        .where(PersonSkill.person_id.in_(set(person_ids)))
        .order_by(Skill.label)
    ):
        found[row.person_id].append(HeldSkill(row.skill_id, row.key, row.label, row.level, row.source))
    return found


def own_levels(session: Session, person_id: UUID) -> dict[UUID, int]:
    """Return what somebody says of their own skills, by skill. One statement."""
    rows = session.execute(
        select(SkillStatement.skill_id, SkillStatement.level).where(
            SkillStatement.person_id == person_id, SkillStatement.source == "self"
        )
    )
    return {row.skill_id: row.level for row in rows}


def stated_by_organization(session: Session, person_ids: Sequence[UUID]) -> dict[UUID, dict[UUID, int]]:
    """Return what the organization says of people's skills, as person, skill, level. One statement."""
    found: dict[UUID, dict[UUID, int]] = {person_id: {} for person_id in person_ids}
    for row in session.execute(
        select(SkillStatement.person_id, SkillStatement.skill_id, SkillStatement.level).where(
            SkillStatement.source == "organization", SkillStatement.person_id.in_(set(person_ids))
        )
    ):
        found[row.person_id][row.skill_id] = row.level
    return found


def goals_of(session: Session, person_ids: Sequence[UUID]) -> dict[UUID, list[WantedSkill]]:
    """Return each person's goals, by name. One statement."""
    found: dict[UUID, list[WantedSkill]] = {person_id: [] for person_id in person_ids}
    for row in session.execute(
        select(Goal.person_id, Goal.skill_id, Skill.key, Skill.label, Goal.level)
        .join(Skill, Skill.id == Goal.skill_id)
        .where(Goal.person_id.in_(set(person_ids)))
        .order_by(Skill.label)
    ):
        found[row.person_id].append(WantedSkill(row.skill_id, row.key, row.label, row.level))
    return found


_HELD = (PersonSkill.skill_id, Skill.key, Skill.label, PersonSkill.level, PersonSkill.source)
_WANTED = (Goal.skill_id, Skill.key, Skill.label, Goal.level)


def _held(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    return select(*_HELD).join(Skill, Skill.id == PersonSkill.skill_id).where(PersonSkill.person_id == viewer.person_id)


def _wanted(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    return select(*_WANTED).join(Skill, Skill.id == Goal.skill_id).where(Goal.person_id == viewer.person_id)


def held_for(session: Session, viewer: Viewer, span: Span) -> Part[HeldSkill]:
    """Return part of the skills that the viewer has. One statement."""
    return part(session, _held(viewer), PersonSkill.skill_id, span, lambda row: HeldSkill(*row), _SKILL_ID)


def wanted_for(session: Session, viewer: Viewer, span: Span) -> Part[WantedSkill]:
    """Return part of the skills that the viewer wants. One statement."""
    return part(session, _wanted(viewer), Goal.skill_id, span, lambda row: WantedSkill(*row), _SKILL_ID)


def held_by(session: Session, viewer: Viewer, skill_id: UUID) -> HeldSkill:
    """Return a skill that the viewer has; raises `Missing`."""
    row = session.execute(_held(viewer).where(PersonSkill.skill_id == skill_id)).one_or_none()
    if row is None:
        raise Missing
    return HeldSkill(*row)


def wanted_by(session: Session, viewer: Viewer, skill_id: UUID) -> WantedSkill:
    """Return a skill that the viewer wants; raises `Missing`."""
    row = session.execute(_wanted(viewer).where(Goal.skill_id == skill_id)).one_or_none()
    if row is None:
        raise Missing
    return WantedSkill(*row)


@dataclass(frozen=True)
class SkillName:
    """A skill by its name."""

    id: UUID
    label: str


@dataclass(frozen=True)
class FoundSkills(Part[SkillHit]):
    """Part of the skills that somebody looks for; `did_you_mean` holds likely ones where none is found."""

    did_you_mean: Sequence[SkillName] = ()


def skills_part(session: Session, span: Span) -> Part[SkillHit]:
    """Return part of all skills that somebody can have. One statement."""
    query = select(Skill.id, Skill.label, Skill.kind).where(_OFFERED)
    return part(session, query, Skill.id, span, lambda row: SkillHit(*row))


def skill(session: Session, skill_id: UUID) -> SkillHit:
    """Find a skill that somebody can have; raises `Missing`."""
    row = session.execute(
        select(Skill.id, Skill.label, Skill.kind).where(Skill.id == skill_id, Skill.kind != "group")
    ).one_or_none()
    if row is None:
        raise Missing
    return SkillHit(*row)


def search(session: Session, text: str, limit: int = 10) -> list[SkillHit]:
    """Find skills whose name contains every word of `text`; names that begin with it come first, then short ones."""
    words = text.lower().split()[:6]
    if not words:
        return []
    name = any_case(Skill.label, plain=text.isascii())
    rows = session.execute(
        select(Skill.id, Skill.label, Skill.kind)
        .where(_OFFERED, *(name.contains(word, autoescape=True) for word in words))
        .order_by(
            case((name.startswith(" ".join(words), autoescape=True), 0), else_=1), func.length(Skill.label), Skill.label
        )
        .limit(limit)
    )
    return [SkillHit(row.id, row.label, row.kind) for row in rows]


def names(session: Session) -> list[tuple[UUID, str]]:
    """Return (id, name) of every skill that somebody can have. The same for everybody, so callers keep it."""
    rows = session.execute(select(Skill.id, Skill.label).where(_OFFERED).order_by(Skill.label))
    return [(row.id, row.label) for row in rows]


def kept_names(session: Session, kept: dict[str, Any]) -> list[tuple[UUID, str]]:
    """Return every skill's name as `names` does, read once for each version of the frameworks and held in `kept`."""
    version = graph_version(session)
    known: tuple[str, list[tuple[UUID, str]]] = kept.get("skill_names", ("", []))
    if known[0] != version:
        known = kept["skill_names"] = (version, names(session))
    return known[1]


@dataclass(frozen=True)
class Beside:
    """A skill or group beside another one: `relation` as the framework states it, `back` when it states it of this."""

    id: UUID
    label: str
    kind: str
    relation: str
    back: bool


@dataclass(frozen=True)
class Levels:
    """At which level somebody has a skill, what they say of it themselves, and up to which they want it."""

    has: int | None
    says: int | None
    wants: int | None


def place_of(session: Session, viewer: Viewer, skill_id: UUID) -> tuple[SkillHit, Levels, list[Beside]]:
    """Find a skill or a group of skills, how far the viewer is in it, and what the framework puts beside it, by name.

    Two statements; raises `Missing`. What lies below a wide group is cut at NEAR.
    """
    me = viewer.person_id
    own = (
        select(table.level).where(table.person_id == me, table.skill_id == Skill.id, *more).scalar_subquery()
        for table, more in ((PersonSkill, ()), (SkillStatement, (SkillStatement.source == "self",)), (Goal, ()))
    )
    row = session.execute(
        select(Skill.id, Skill.label, Skill.kind, Skill.gone_at.is_not(None), *own).where(Skill.id == skill_id)
    ).one_or_none()
    if row is None:
        raise Missing
    ways = [
        select(
            select(Skill.id, Skill.label, Skill.kind, SkillLink.relation, literal(back).label("back"))
            .join(SkillLink, near == Skill.id)
            .where(here == skill_id)
            .order_by(Skill.label, Skill.id)
            .limit(NEAR)
            .subquery()
        )
        for back, near, here in (
            (0, SkillLink.related_id, SkillLink.skill_id),
            (1, SkillLink.skill_id, SkillLink.related_id),
        )
    ]
    found = [Beside(r.id, r.label, r.kind, r.relation, bool(r.back)) for r in session.execute(union_all(*ways))]
    return SkillHit(*row[:4]), Levels(*row[4:]), sorted(found, key=lambda one: (one.back, one.label))


@dataclass(frozen=True)
class Helper:
    """Somebody whom the viewer may meet and who has a skill at a level that helps others."""

    face: Face
    level: int


def helpers_for(session: Session, viewer: Viewer, skill_id: UUID) -> list[Helper]:
    """Return whom the viewer may meet and who says on their page that they can help with a skill, the surest first.

    One statement. It is what each of them shows on their own page (levels from HELPS on), at most NEAR of them.
    """
    rows = session.execute(
        select(Person.id, Person.name, Person.pronouns, Person.zone, PersonSkill.level)
        .join(PersonSkill, PersonSkill.person_id == Person.id)
        .where(
            PersonSkill.skill_id == skill_id,
            PersonSkill.level >= HELPS,
            PersonSkill.person_id != viewer.person_id,
            Person.deactivated_at.is_(None),
            met_one_by_one(viewer, PersonSkill.person_id),
        )
        .order_by(PersonSkill.level.desc(), Person.name, Person.id)
        .limit(NEAR)
    )
    return [Helper(Face(r.id, r.name, r.pronouns, r.zone), r.level) for r in rows]


@dataclass(frozen=True)
class Offered:
    """A skill that people can help with, and how many of those who were counted."""

    id: UUID
    label: str
    people: int


def offered_to(session: Session, viewer: Viewer, limit: int = 24) -> tuple[list[Offered], int]:
    """Return the skills that most of whom the viewer may meet can help with. Two statements.

    Of somebody who may meet thousands it counts some COUNTED and says so by their number; 0 where it is everybody.
    """
    few = people.meets_few(session, viewer)
    amount = func.count()
    query = (
        select(Skill.id, Skill.label, amount.label("amount"))
        .join(PersonSkill, PersonSkill.skill_id == Skill.id)
        .join(Person, Person.id == PersonSkill.person_id)
        .where(PersonSkill.level >= HELPS, Person.deactivated_at.is_(None), Person.id != viewer.person_id)
        .group_by(Skill.id, Skill.label)
        .order_by(amount.desc(), Skill.label)
        .limit(limit)
    )
    whom = met_together(viewer) if few else met_together(viewer).limit(COUNTED)
    rows = session.execute(query.where(PersonSkill.person_id.in_(whom)))
    return [Offered(row.id, row.label, row.amount) for row in rows], 0 if few else COUNTED


@dataclass(frozen=True)
class Named:
    """A skill by its id, its framework's key for it, and its name."""

    id: UUID
    key: str
    label: str


def named(session: Session, texts: Collection[str]) -> dict[str, Named]:
    """Return which skill each text names, by its key or by its name in any case; what names none is left out.

    Skills that are gone and groups are found by no name. Of several that are called alike, the one written just so
    is meant, and then the one whose key comes first. One statement, none for no texts.
    """
    if not texts:
        return {}
    rows = session.execute(
        select(Skill.id, Skill.key, Skill.label)
        .where(_OFFERED, or_(Skill.key.in_(texts), func.lower(Skill.label).in_({text.lower() for text in texts})))
        .order_by(Skill.key, Skill.id)
    )
    keys: dict[str, Named] = {}
    just_so: dict[str, Named] = {}
    in_any_case: dict[str, Named] = {}
    for row in rows:
        found = Named(row.id, row.key, row.label)
        keys.setdefault(found.key, found)
        just_so.setdefault(found.label, found)
        in_any_case.setdefault(found.label.lower(), found)
    met = {text: keys.get(text) or just_so.get(text) or in_any_case.get(text.lower()) for text in texts}
    return {text: found for text, found in met.items() if found is not None}


def ids_by_label(session: Session, labels: Sequence[str]) -> dict[str, UUID]:
    """Return the skills with exactly these names."""
    rows = session.execute(select(Skill.label, Skill.id).where(Skill.label.in_(set(labels)), Skill.kind != "group"))
    return {row.label: row.id for row in rows}


def graph_version(session: Session) -> str:
    """Name the content of the skill graph: the same name always means the same skills and relations."""
    rows = session.execute(
        select(Framework.key, Framework.version, Framework.digest).order_by(Framework.key, Framework.version)
    )
    return "+".join("-".join(part for part in row if part) for row in rows)


def graph(session: Session) -> dict[str, Any]:
    """Return the whole skill graph as `matching.types.GraphData`: plain names and relations."""
    nodes = session.execute(select(Skill.id, Skill.key, Skill.label, Skill.kind)).all()
    keys = {row.id: row.key for row in nodes}
    links = session.execute(select(SkillLink.skill_id, SkillLink.related_id, SkillLink.relation))
    return {
        "version": graph_version(session),
        "nodes": [[row.key, row.label, row.kind] for row in nodes],
        "edges": [[keys[row.skill_id], keys[row.related_id], row.relation] for row in links],
    }


def licences(session: Session) -> list[str]:
    """Return the line that each framework's licence asks to be shown."""
    return list(session.scalars(select(Framework.licence).where(Framework.licence != "").order_by(Framework.key)))
