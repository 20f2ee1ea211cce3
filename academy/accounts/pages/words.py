"""Words and addresses that the pages about coming in share."""

from __future__ import annotations

from uuid import UUID

from flask_babel import gettext as _

from academy.accounts.policy import GroupPlace, JoinRule
from academy.kernel.app import kernel
from academy.kernel.viewer import Viewer
from academy.people.policy import Path, kind_of


def role_names() -> dict[str, str]:
    """Name every role."""
    return {
        "member": _("Member"),
        "learner": _("Learner"),
        "mentor": _("Mentor"),
        "facilitator": _("Facilitator"),
        "lead": _("Program lead"),
        "admin": _("Administrator"),
        "analyst": _("Analyst"),
    }


def rules() -> dict[str, JoinRule]:
    """Return how people are let into groups, by kind."""
    return {rule.kind: rule for rule in kernel().slots(JoinRule)}


def place_of(kind: str, group_id: UUID, default: str = "") -> str:
    """Return the address of a group's own page, where its kind has one."""
    rule = rules().get(kind)
    return rule.place(group_id) if rule else default


def place_for(viewer: Viewer, path: Path, group_id: UUID) -> str:
    """Return the address of a group's own page, where the viewer may open one."""
    own = (slot.url(viewer, path, group_id) for slot in kernel().slots(GroupPlace))
    return place_of(kind_of(path), group_id) or next((url for url in own if url), "")
