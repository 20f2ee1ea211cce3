"""Words and addresses that the pages about coming in share."""

from __future__ import annotations

from uuid import UUID

from flask_babel import gettext as _

from academy.accounts.policy import JoinRule
from academy.kernel.app import kernel
from academy.people.engine import ZONES


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


def zone_options() -> list[tuple[str, str]]:
    """Return every time zone as (value, text)."""
    names = ("UTC", *sorted(name for name in ZONES if "/" in name and not name.startswith("Etc/")))
    return [(name, name.replace("_", " ")) for name in names]
