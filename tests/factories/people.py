"""Makers of people and groups."""

from __future__ import annotations

import os
from itertools import count
from uuid import UUID

from academy.kernel.app import Kernel
from academy.kernel.viewer import Viewer
from academy.people import actions, queries
from academy.people.models import GroupKind, Role

_numbers = count(1)


def person(
    kernel: Kernel, name: str = "", *, zone: str = "Europe/Lisbon", email: str = "", password_hash: str | None = None
) -> UUID:
    """Make a person and return their id."""
    number = next(_numbers)
    made = kernel.commit(
        lambda session: actions.add_person(
            session,
            # A database may be a copy of one that another process of this run has filled.
            email=email or f"person{number}.{os.getpid()}@example.org",
            name=name or f"Person {number}",
            zone=zone,
            password_hash=password_hash,
        )
    )
    return made.id


def group(kernel: Kernel, kind: str = GroupKind.COHORT, name: str = "A group", parent: UUID | None = None) -> UUID:
    """Make a group and return its id."""
    return kernel.commit(lambda session: actions.open_group(session, kind=kind, name=name, parent_id=parent)).id


def member(kernel: Kernel, group_id: UUID, person_id: UUID, role: str = Role.LEARNER) -> UUID:
    """Give a person a role in a group and return the person's id."""
    kernel.commit(
        lambda session: actions.join(session, group_id=group_id, person_id=person_id, role=role, actor_id=None)
    )
    return person_id


def viewer(kernel: Kernel, person_id: UUID) -> Viewer:
    """Return a person as they look at things now."""
    with kernel.reading() as session:
        face = queries.faces(session, [person_id])[person_id]
        return Viewer(
            person_id=person_id,
            sign_in_id=person_id,
            name=face.name,
            zone=face.zone,
            roles=queries.roles_of(session, person_id),
        )
