"""The parts of what cohorts store about a person, in words."""

from __future__ import annotations

from flask_babel import gettext as _

from academy.privacy.queries import PersonData
from cohorts.person_data import actions, queries

PARTS = [
    PersonData(
        "workshops",
        lambda: _("Workshops"),
        lambda: _("Whether you come, and which you led. Numbers of who came stay without your name."),
        ("rsvps.person_id", "workshops.facilitator_id"),
        queries.count_workshops,
        queries.workshops,
        actions.erase_workshops,
    ),
    PersonData(
        "waitlists",
        lambda: _("Waiting for a seat"),
        lambda: _("For which cohorts you wait, and since when, so that you are next when it is your turn."),
        ("waitlist.person_id",),
        queries.count_waitlists,
        queries.waitlists,
        actions.erase_waitlists,
    ),
]
