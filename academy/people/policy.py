"""Who may do what: rights, the roles that carry them, and how they flow down the tree of groups."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from enum import StrEnum
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Exists, Select, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from academy.kernel.access import Conflict, Invalid, Missing, Prevented, Refused
from academy.kernel.prepared import ANYBODY, now, of_viewer
from academy.kernel.viewer import Viewer
from academy.people.engine import in_circles
from academy.people.models import Group, GroupAncestor, GroupKind, Membership, Person, Role

Path = list[tuple[UUID, str, int]]
"""A group and those above it, each with its id, kind and distance; none for no group."""


class Right(StrEnum):
    """One thing that may be allowed in a group."""

    MEET = "people:meet"
    """See who is in the group."""
    LEARN = "tracks:learn"
    READ = "forums:read"
    POST = "forums:post"
    MODERATE = "forums:moderate"
    ATTEND = "workshops:attend"
    SCHEDULE = "workshops:schedule"
    CREATE_COHORT = "cohorts:create"
    SEE_ROSTER = "cohorts:roster"
    ENROLL = "cohorts:enroll"
    PROPOSE = "matches:propose"
    MENTOR = "matches:mentor"
    AUTHOR = "tracks:author"
    SEE_GAPS = "careers:gaps"
    """See how far learners are from what they aim at."""
    NEED = "careers:need"
    """Say which skills an academy needs."""
    OFFER = "careers:offer"
    """Fill the board of opportunities."""
    KEEP_SKILLS = "skills:keep"
    """Bring frameworks of skills in, for everybody."""
    SETTLE = "people:settle"
    """Settings, roles and the organization itself."""


_TALK = {Right.MEET, Right.LEARN, Right.READ, Right.POST, Right.ATTEND}
_RUN = _TALK | {Right.MODERATE, Right.SCHEDULE, Right.SEE_ROSTER, Right.ENROLL, Right.PROPOSE, Right.SEE_GAPS}

RIGHTS: dict[str, frozenset[Right]] = {
    Role.LEARNER: frozenset(_TALK),
    Role.MENTOR: frozenset(_TALK | {Right.MENTOR}),
    Role.FACILITATOR: frozenset(_RUN),
    Role.LEAD: frozenset(_RUN | {Right.CREATE_COHORT, Right.AUTHOR, Right.NEED, Right.OFFER}),
    # Power over settings is not power to read: an admin creates cohorts and enrolls, and reads no room.
    Role.ADMIN: frozenset(
        {
            Right.MEET,
            Right.CREATE_COHORT,
            Right.SEE_ROSTER,
            Right.ENROLL,
            Right.AUTHOR,
            Right.NEED,
            Right.KEEP_SKILLS,
            Right.SETTLE,
        }
    ),
    Role.ANALYST: frozenset({Right.MEET}),
}


AT_ONCE = 5_000
"""Ids in one statement: databases take so many parameters."""
_FAR = frozenset({Role.LEAD, Role.ADMIN, Role.ANALYST})


def granting(viewer: Viewer, right: Right) -> list[UUID]:
    """Return the groups in which a role of the viewer carries a right; of anybody, the parameter for them."""
    if viewer is ANYBODY:
        where = of_viewer(f"where_{right.name.lower()}", lambda somebody: granting(somebody, right), many=True)
        return cast("list[UUID]", where)
    return [group for group, roles in viewer.roles.items() if any(right in RIGHTS.get(r, ()) for r in roles)]


def own_groups(viewer: Viewer) -> list[UUID]:
    """Return the groups in which the viewer has any role; of anybody, the parameter for them."""
    if viewer is ANYBODY:
        return cast("list[UUID]", of_viewer("own_groups", own_groups, many=True))
    return list(viewer.roles)


def groups_below(ancestors: Any) -> Select[UUID]:
    """Select the ids of groups and of all groups below them, pairs reached from above left out.

    `ancestors` is a list of ids, or an expanding parameter for a statement that is built once.
    """
    return (
        select(GroupAncestor.group_id)
        .join(Group, Group.id == GroupAncestor.group_id)
        .where(
            GroupAncestor.ancestor_id.in_(ancestors),
            or_(GroupAncestor.depth == 0, Group.kind != GroupKind.PAIR),
        )
    )


def belonging(viewer: Viewer, right: Right) -> list[UUID]:
    """Return the groups where the viewer is one of those whom a board is for: a member, or in a role with a right.

    Of anybody, the parameter for them.
    """
    if viewer is ANYBODY:
        where = of_viewer(f"belonging_{right.name.lower()}", lambda somebody: belonging(somebody, right), many=True)
        return cast("list[UUID]", where)
    return [
        g for g, roles in viewer.roles.items() if any(r == Role.MEMBER or right in RIGHTS.get(r, ()) for r in roles)
    ]


def boards_around(groups: Any) -> Select[UUID]:
    """Select the boards that are for whoever belongs to these groups: those kept there and in the groups above.

    A board is for everybody below the group that keeps it: an academy's for all its cohorts. `groups` is as
    in `groups_below`.
    """
    keepers = select(GroupAncestor.ancestor_id).where(GroupAncestor.group_id.in_(groups))
    return select(Group.id).where(Group.kind == GroupKind.BOARD, Group.parent_id.in_(keepers))


def groups_with(viewer: Viewer, right: Right) -> Select[UUID]:
    """Select the ids of all groups where the viewer has a right: their own ones and those below.

    A right over an academy never reaches into a pair: two people's room is theirs.
    """
    return groups_below(granting(viewer, right))


def reaches_far(viewer: Viewer) -> bool:
    """Say whether the viewer holds a role that is held above many groups: then `groups_of` looks at kinds first."""
    return any(role in _FAR for roles in viewer.roles.values() for role in roles)


def groups_of(viewer: Viewer, right: Right, kinds: Sequence[str], *, far: bool) -> Select[UUID]:
    """Select the ids of groups of some kinds, pairs not among them, where the viewer has a right.

    `far` is `reaches_far` of who asks, told apart as a statement for everybody is built without them: below an
    academy are thousands of pairs that would be looked at, while a learner's own groups are soon found.
    """
    if not far:
        return groups_with(viewer, right).where(Group.kind.in_(kinds))
    above = aliased(GroupAncestor)
    reached = select(above.group_id).where(above.group_id == Group.id, above.ancestor_id.in_(granting(viewer, right)))
    return select(Group.id).where(Group.kind.in_(kinds), reached.exists())


def known_groups(viewer: Viewer) -> ColumnElement[bool]:
    """Select the groups that the viewer may see into, for a list of them."""
    kinds = [kind for kind in GroupKind if kind != GroupKind.PAIR]
    below = groups_of(viewer, Right.MEET, kinds, far=reaches_far(viewer))
    return or_(Group.id.in_(below), Group.id.in_(granting(viewer, Right.MEET)))


def kind_of(path: Path) -> str:
    """Return a group's own kind; "" for no group."""
    return next((kind for _ancestor, kind, depth in path if depth == 0), "")


def below(ancestors: Any, group_id: Any) -> Exists:
    """Say whether the group that a column names is among others or below one: `groups_below`, row by row.

    For questions that look at few of many rows: a list of all groups would cost more than their answer.
    """
    above, group = aliased(GroupAncestor), aliased(Group)
    return (
        select(above.group_id)
        .join(group, group.id == above.group_id)
        .where(
            above.group_id == group_id,
            above.ancestor_id.in_(ancestors),
            or_(above.depth == 0, group.kind != GroupKind.PAIR),
        )
        .exists()
    )


def reaches(viewer: Viewer, right: Right, group_id: Any) -> Exists:
    """Say whether the viewer has a right in the group that a column names: what `groups_with` selects, row by row."""
    return below(granting(viewer, right), group_id)


def runs(of: Any = Membership) -> ColumnElement[bool]:
    """Say whether a membership runs now."""
    return and_(of.from_at <= now(), or_(of.until_at.is_(None), of.until_at > now()))


def met_one_by_one(viewer: Viewer, person_id: Any) -> Exists:
    """Say whether the viewer may meet the person that a column names: somebody in a group that they see into.

    Asked person by person, for questions that come to few people, or find enough of them soon.
    """
    member = aliased(Membership)
    return (
        select(member.id)
        .where(member.person_id == person_id, runs(member), reaches(viewer, Right.MEET, member.group_id))
        .exists()
    )


def met_together(viewer: Viewer) -> Select[UUID]:
    """Select all whom the viewer may meet, once for each way, from the groups that they see into: for who meets few."""
    return (
        select(Membership.person_id)
        .join(GroupAncestor, GroupAncestor.group_id == Membership.group_id)
        .join(Group, Group.id == Membership.group_id)
        .where(
            GroupAncestor.ancestor_id.in_(granting(viewer, Right.MEET)),
            or_(GroupAncestor.depth == 0, Group.kind != GroupKind.PAIR),
            runs(),
        )
    )


def may(viewer: Viewer, right: Right, path: Path) -> bool:
    """Say whether the viewer has a right in a group, given its `path` of (ancestor, own kind, depth)."""
    return any(
        right in RIGHTS.get(role, ())
        for ancestor, kind, depth in path
        if depth == 0 or kind != GroupKind.PAIR
        for role in viewer.roles.get(ancestor, ())
    )


def require(viewer: Viewer, right: Right, path: Path, *, known_by: Right = Right.MEET) -> None:
    """Refuse what the viewer may not do; what they may not even know of is `Missing`."""
    if may(viewer, right, path):
        return
    if may(viewer, known_by, path):
        detail = "This is not yours to do here. Your program lead can."
        raise Refused(detail)
    raise Missing


def grantable(viewer: Viewer, role: str, path: Path) -> bool:
    """Say whether the viewer may give a role: nobody grants a right they lack, save learning itself."""
    if not may(viewer, Right.ENROLL, path):
        return False
    if role in {Role.MEMBER, Role.LEARNER, Role.MENTOR}:
        return True
    return role in RIGHTS and all(may(viewer, right, path) for right in RIGHTS[role])


def appointable(viewer: Viewer, role: str, path: Path, person_id: UUID | None) -> bool:
    """Say whether the viewer may give a role to somebody, by holding its rights or by the power to appoint.

    Who leads an academy is a matter of settings: an admin appoints leads without reading a room, never themselves.
    `person_id` is None for somebody who is invited and not known yet.
    """
    if grantable(viewer, role, path):
        return True
    kind = next((kind for _ancestor, kind, depth in path if depth == 0), "")
    return (
        role == Role.LEAD
        and kind == GroupKind.ACADEMY
        and person_id != viewer.person_id
        and may(viewer, Right.SETTLE, path)
    )


def require_mark(now: str | None, shown: str | None) -> None:
    """Refuse to sign somebody in whose account is closed, or whose password is no longer the one they showed.

    Asked with the person's row held, as whoever changes either holds it: one of the two comes first.
    """
    if now is None or shown not in {None, now}:
        detail = "This can no longer be signed in with. Try again with what holds now."
        raise Conflict(detail)


def keep_an_admin(session: Session, group_id: UUID, person_id: UUID) -> None:
    """Refuse to lose the last admin of a group. The group's row is locked: two who leave at once are two."""
    session.execute(select(Group.id).where(Group.id == group_id).with_for_update())
    others = session.scalar(
        select(func.count())
        .select_from(Membership)
        .join(Person, Person.id == Membership.person_id)
        .where(
            Membership.group_id == group_id,
            Membership.role == Role.ADMIN,
            Membership.person_id != person_id,
            Membership.until_at.is_(None),
            Person.deactivated_at.is_(None),
        )
    )
    if not others:
        detail = "This is the last admin. Appoint another one first; nothing was changed."
        raise Prevented(detail)


def refuse_circles(session: Session, person_ids: Collection[UUID]) -> None:
    """Refuse, with `Invalid`, that one of these people reports to themselves. A statement for each level above them."""
    above: dict[UUID, UUID | None] = {}
    wanted = set(person_ids)
    while wanted:
        some = list(wanted)[:AT_ONCE]
        rows = session.execute(select(Person.id, Person.manager_id).where(Person.id.in_(some)))
        above |= {row.id: row.manager_id for row in rows}
        wanted = {*wanted, *(m for m in above.values() if m is not None)} - above.keys()
    if in_circles(above) & set(person_ids):
        detail = "Nobody is their own manager, not even over others in between. Nothing was changed."
        raise Invalid(detail, errors={"manager": [detail]})
