"""Which skills the versions of tracks practise, and how they are named in packs."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from academy.neighbours.queries import GoTogether
from academy.people.models import Group
from academy.skills import queries as skills
from academy.skills.models import Skill
from academy.tracks.engine import LONGEST_SKILL, skills_in
from academy.tracks.models import Delivery, Track, TrackSkill, TrackVersion


@dataclass(frozen=True)
class Practised:
    """A skill that a track practises."""

    id: UUID
    label: str


def skills_of(session: Session, track_version_ids: Collection[UUID]) -> dict[UUID, tuple[Practised, ...]]:
    """Return the skills of each of these versions, in their order. One statement, none for no versions."""
    found: dict[UUID, list[Practised]] = {version_id: [] for version_id in track_version_ids}
    if found:
        for row in session.execute(
            select(TrackSkill.track_version_id, TrackSkill.skill_id, Skill.label)
            .join(Skill, Skill.id == TrackSkill.skill_id)
            .where(TrackSkill.track_version_id.in_(found))
            .order_by(TrackSkill.position)
        ):
            found[row.track_version_id].append(Practised(row.skill_id, row.label))
    return {version_id: tuple(each) for version_id, each in found.items()}


def skills_of_delivery(session: Session, delivery_id: UUID) -> tuple[Practised, ...]:
    """Return the skills of the version that a group is given, in their order. One statement."""
    rows = session.execute(
        select(TrackSkill.skill_id, Skill.label)
        .join(Skill, Skill.id == TrackSkill.skill_id)
        .join(Delivery, Delivery.track_version_id == TrackSkill.track_version_id)
        .where(Delivery.id == delivery_id)
        .order_by(TrackSkill.position)
    )
    return tuple(Practised(row.skill_id, row.label) for row in rows)


def written(session: Session, track_version_id: UUID) -> tuple[str, ...]:
    """Return the skills of a version as a pack names them, so that each name leads back to its skill.

    That is the skill's name, or its key where another one is called so too, or where the name is too long for a pack.
    One that is gone is named as it was called; whether somebody has it by that name now is asked when it is published.
    At most two statements.
    """
    rows = session.execute(
        select(Skill.id, Skill.key, Skill.label, Skill.gone_at)
        .join(TrackSkill, TrackSkill.skill_id == Skill.id)
        .where(TrackSkill.track_version_id == track_version_id)
        .order_by(TrackSkill.position)
    ).all()
    names = {row.id: " ".join(row.label.split())[:LONGEST_SKILL] for row in rows}
    met = skills.named(session, set(names.values()))
    return skills_in(
        row.key
        if row.gone_at is None and (names[row.id] not in met or met[names[row.id]].id != row.id)
        else names[row.id]
        for row in rows
    )


def together(session: Session) -> list[list[str]]:
    """Return the keys of the skills of each track: of its newest version, where its academy is open. One statement."""
    later = aliased(TrackVersion)
    newer = select(later.id).where(later.track_id == TrackVersion.track_id, later.number > TrackVersion.number)
    rows = session.execute(
        select(TrackSkill.track_version_id, Skill.key)
        .join(Skill, Skill.id == TrackSkill.skill_id)
        .join(TrackVersion, TrackVersion.id == TrackSkill.track_version_id)
        .join(Track, Track.id == TrackVersion.track_id)
        .join(Group, Group.id == Track.group_id)
        .where(~newer.exists(), Group.closed_at.is_(None))
    )
    found: dict[UUID, list[str]] = {}
    for row in rows:
        found.setdefault(row.track_version_id, []).append(row.key)
    return list(found.values())


TOGETHER = GoTogether(together)
