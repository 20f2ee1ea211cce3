"""Who may bring whom into which group, and how long a link lasts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from academy.accounts.models import LinkKind
from academy.kernel.viewer import Viewer
from academy.people.models import GroupKind, Role
from academy.people.policy import Path, Right, appointable, kind_of, may

LASTS: dict[str, timedelta] = {
    LinkKind.RESET: timedelta(hours=1),
    LinkKind.ADDRESS: timedelta(days=1),
    LinkKind.UNDO: timedelta(days=7),
    LinkKind.INVITATION: timedelta(days=14),
    LinkKind.SIGN_UP: timedelta(days=1),
}
FIRST_LASTS = timedelta(days=14)
"""How long the link to a first password lasts, mailed to somebody whom an admin brought in."""
JOIN_DAYS, MOST_DAYS = 14, 90
MOST_SEATS = 1000

INVITED_AS: dict[str, tuple[Role, ...]] = {
    GroupKind.ORGANIZATION: (Role.MEMBER, Role.ANALYST, Role.ADMIN),
    GroupKind.ACADEMY: (Role.MEMBER, Role.LEAD, Role.ANALYST, Role.ADMIN),
    GroupKind.COHORT: (Role.LEARNER, Role.MENTOR, Role.FACILITATOR),
}
JOINS_AS: dict[str, Role] = {
    GroupKind.ORGANIZATION: Role.MEMBER,
    GroupKind.ACADEMY: Role.MEMBER,
    GroupKind.COHORT: Role.LEARNER,
}
"""A link handed round opens to the least there is. An academy's learner would read every cohort's room below it."""


@dataclass(frozen=True)
class JoinRule:
    """A slot: how people are let into groups of one kind that have rules of their own.

    Cohorts stand left of the academy and count seats, so accounts can't ask them: they say here how somebody is
    let in. `admit(session, by=…, group_id=…, person_id=…, role=…)` acts with the rights of `by`, who made the
    link, says whether the role was new, and raises `Closed` with a sentence when nobody more fits in.
    `place(group_id)` is the address of the group's own page.
    """

    kind: str
    admit: Callable[..., bool]
    place: Callable[[UUID], str]


@dataclass(frozen=True)
class GroupPlace:
    """A slot: the page of a group, for whoever may open it, that invitations into it and links to it lead back to.

    `url(viewer, path, group_id)` is "" for everybody else.
    """

    url: Callable[[Viewer, Path, UUID], str]


def may_bring_in(viewer: Viewer, path: Path) -> bool:
    """Say whether the viewer may invite people and make links here."""
    return kind_of(path) in JOINS_AS and may(viewer, Right.ENROLL, path)


def roles_to_give(viewer: Viewer, path: Path) -> list[Role]:
    """Return the roles as which the viewer may invite somebody here: those they hold, and those they may appoint to."""
    return [role for role in INVITED_AS.get(kind_of(path), ()) if appointable(viewer, role, path, None)]
