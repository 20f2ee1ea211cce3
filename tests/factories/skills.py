"""Makers of skills, and of who has and wants them."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from academy.kernel.app import Kernel
from academy.skills import actions, queries


def esco(kernel: Kernel) -> None:
    """Load the built-in framework."""
    kernel.commit(actions.load_framework)


def skill(kernel: Kernel, label: str) -> UUID:
    """Return the skill with exactly this name."""
    with kernel.reading() as session:
        return queries.ids_by_label(session, [label])[label]


def has(kernel: Kernel, person_id: UUID, levels: Mapping[str, int], source: str = "self") -> None:
    """Give a person skills by name."""
    for label, level in levels.items():
        skill_id = skill(kernel, label)
        kernel.commit(
            lambda s, i=skill_id, n=level: actions.set_skill(s, person_id=person_id, skill_id=i, level=n, source=source)
        )


def wants(kernel: Kernel, person_id: UUID, levels: Mapping[str, int]) -> None:
    """Give a person goals by name."""
    for label, level in levels.items():
        skill_id = skill(kernel, label)
        kernel.commit(lambda s, i=skill_id, n=level: actions.set_goal(s, person_id=person_id, skill_id=i, level=n))
