"""Makers of tracks and cohorts' ground: an academy with a track to give."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from academy.kernel.app import Kernel
from academy.people.models import GroupKind
from academy.tracks import actions
from academy.tracks.engine import ActivityPart, ModulePart, Pack
from tests.factories import people


def pack(key: str = "a-track", *, modules: int = 2, title: str = "A track", skills: Sequence[str] = ()) -> Pack:
    """Make a small pack: each module has a reading, a reflection and a workshop."""
    parts = tuple(
        ModulePart(
            key=f"module-{week}",
            title=f"Module {week}",
            summary=f"What week {week} is about.",
            icon="book",
            week=week,
            activities=tuple(
                ActivityPart(
                    f"{kind}-{week}", kind, f"{kind.title()} {week}", "One line.", 5, f"Text of {kind} {week}."
                )
                for kind in ("reading", "reflection", "workshop")
            ),
        )
        for week in range(1, modules + 1)
    )
    about = "What the track is about."
    return Pack(key=key, title=title, summary=about, weeks=modules, modules=parts, skills=tuple(skills))


def published(kernel: Kernel, academy_id: UUID, made: Pack | None = None) -> UUID:
    """Publish a pack and return the track version's id."""
    part = made or pack()
    bodies = {(m.key, a.key): f"<p>{a.body}</p>" for m in part.modules for a in m.activities}
    return kernel.commit(lambda s: actions.publish(s, group_id=academy_id, pack=part, bodies=bodies)).id


def academy(kernel: Kernel) -> UUID:
    """Make an organization with one academy and return the academy's group."""
    top = people.group(kernel, GroupKind.ORGANIZATION, "Fernhill")
    return people.group(kernel, GroupKind.ACADEMY, "Fernhill Academy", top)


def delivered(kernel: Kernel, group_id: UUID, version_id: UUID, starts_on: date, zone: str = "Europe/Lisbon") -> UUID:
    """Give a group a track version and return the delivery's id."""
    return kernel.commit(
        lambda s: actions.deliver(s, group_id=group_id, track_version_id=version_id, starts_on=starts_on, zone=zone)
    ).id
