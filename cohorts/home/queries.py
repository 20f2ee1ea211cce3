"""Questions that only the pages which show everything together ask."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import literal, or_, select
from sqlalchemy.orm import Session

from academy.kernel import clock
from academy.kernel.viewer import Viewer
from academy.people.models import Group, GroupKind, Membership, Person
from academy.people.policy import Right, groups_with
from academy.people.queries import Face


@dataclass(frozen=True)
class Neighbour:
    """Somebody whom the viewer may meet, and in which of the viewer's groups, as (group name, role), pairs left out.

    `about` is what they say of themselves; it is read only where one person is asked for.
    """

    face: Face
    places: tuple[tuple[str, str], ...]
    about: str


def neighbours_for(session: Session, viewer: Viewer, *, person_id: UUID | None = None) -> list[Neighbour]:
    """Return whom the viewer may meet, by name, or one of them. One statement.

    A mentor or buddy is met through the pair alone where no other group is shared; the pair itself is not named.
    """
    now = clock.now()
    query = (
        select(
            Person.id,
            Person.name,
            Person.pronouns,
            Person.zone,
            Group.name.label("place"),
            Group.kind,
            Membership.role,
            (literal("") if person_id is None else Person.about).label("about"),
        )
        .join(Membership, Membership.person_id == Person.id)
        .join(Group, Group.id == Membership.group_id)
        .where(
            Group.id.in_(groups_with(viewer, Right.MEET)),
            Membership.from_at <= now,
            or_(Membership.until_at.is_(None), Membership.until_at > now),
            Person.deactivated_at.is_(None),
        )
        .order_by(Person.name, Person.id, Group.name)
    )
    if person_id is not None:
        query = query.where(Person.id == person_id)
    faces: dict[UUID, Face] = {}
    places: dict[UUID, list[tuple[str, str]]] = {}
    about: dict[UUID, str] = {}
    for row in session.execute(query):
        faces[row.id] = Face(row.id, row.name, row.pronouns, row.zone)
        about[row.id] = row.about
        named = places.setdefault(row.id, [])
        if row.kind != GroupKind.PAIR:
            named.append((row.place, row.role))
    return [
        Neighbour(face, tuple(places[i]), about[i]) for i, face in faces.items() if i != viewer.person_id or person_id
    ]
