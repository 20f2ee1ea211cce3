"""What cohorts bring to the whole: rosters, workshops, and the pages that show everything together."""

from __future__ import annotations

from pathlib import Path

from flask_babel import gettext as _

from academy.accounts.policy import JoinRule
from academy.bridges.calendars.queries import CalendarSource
from academy.bridges.people_file.queries.slots import Column
from academy.kernel.feature import Feature
from academy.kernel.ids import encode
from academy.people import policy
from academy.people.models import GroupKind
from academy.people.policy import Right
from academy.tracks.pages import ActivityKind
from academy.web.shell import NavEntry, SpacePanel
from cohorts.home.pages import calendar, home
from cohorts.load import cli as load
from cohorts.people_file import actions as people_file
from cohorts.people_file import queries as people_file_cells
from cohorts.person_data.pages import PARTS
from cohorts.roster import actions as roster_actions
from cohorts.roster import api as roster_api
from cohorts.roster import jobs as roster_jobs
from cohorts.roster import reactions as roster_reactions
from cohorts.roster.pages import enrolling, forming
from cohorts.roster.pages import reading as roster
from cohorts.roster.seeds import filling
from cohorts.workshops import api as workshops_api
from cohorts.workshops.jobs import mailing
from cohorts.workshops.pages import panels, plain, reading, scheduling
from cohorts.workshops.reactions import consequences, notices

FEATURE = Feature(
    name="cohorts",
    folder=Path(__file__).parent,
    blueprints=[
        home.blueprint,
        calendar.blueprint,
        roster.blueprint,
        roster_api.blueprint,
        forming.blueprint,
        enrolling.blueprint,
        reading.blueprint,
        scheduling.blueprint,
        workshops_api.blueprint,
    ],
    reactions=[*consequences.REACTIONS, *roster_reactions.REACTIONS],
    jobs=[*mailing.JOBS, *roster_jobs.JOBS],
    cli=[load.seed],
    seeds=filling.fill,
    slots=[
        plain.WORDS,
        *PARTS,
        reading.NAV,
        reading.GROUP_TAB,
        JoinRule(GroupKind.COHORT, roster_actions.admit, lambda cohort_id: f"/cohorts/{encode(cohort_id)}"),
        SpacePanel(10, panels.beside_room),
        SpacePanel(30, roster.agreements),
        ActivityKind("workshop", panels.beside_activity),
        *notices.NOTICE_KINDS,
        CalendarSource(calendar.dated),
        Column("cohort", ("cohorts",), people_file_cells.plan, people_file.apply, people_file_cells.export),
        *roster_reactions.NOTICE_KINDS,
        NavEntry("home", lambda: _("Home"), "/", "house", 10),
        NavEntry("people", lambda: _("People"), "/people", "users", 40),
        NavEntry(
            "cohorts",
            lambda: _("Cohorts"),
            "/cohorts",
            "flag",
            60,
            shown=lambda viewer: bool(policy.granting(viewer, Right.SEE_ROSTER)),
        ),
    ],
)
