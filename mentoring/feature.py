"""What mentoring brings to the whole: mentor profiles, matching with its offers, and pairs."""

from __future__ import annotations

from pathlib import Path

from academy.bridges.calendars.queries import CalendarSource
from academy.kernel.feature import Feature
from mentoring.matches import api as matches_api
from mentoring.matches import cli as matches_cli
from mentoring.matches import jobs
from mentoring.matches import reactions as match_reactions
from mentoring.matches.pages import (
    calendar,
    declined,
    history,
    notices,
    offers,
    pairs,
    panel,
    plain,
    proposals,
    steering,
)
from mentoring.pairs import api as pairs_api
from mentoring.pairs import pages as pair_pages
from mentoring.pairs import reactions as pair_reactions
from mentoring.person_data.pages import PARTS
from mentoring.profiles import pages as profiles

FEATURE = Feature(
    name="mentoring",
    folder=Path(__file__).parent,
    blueprints=[
        profiles.blueprint,
        pair_pages.blueprint,
        proposals.blueprint,
        steering.blueprint,
        pairs.blueprint,
        history.blueprint,
        offers.blueprint,
        declined.blueprint,
        matches_api.blueprint,
        pairs_api.blueprint,
    ],
    reactions=[*pair_reactions.REACTIONS, *match_reactions.REACTIONS],
    jobs=jobs.JOBS,
    cli=[matches_cli.match],
    slots=[
        *PARTS,
        *pair_pages.NOTICE_KINDS,
        *notices.NOTICE_KINDS,
        CalendarSource(calendar.dated),
        proposals.TAB,
        panel.PANEL,
        declined.PAGE,
        plain.WORDS,
    ],
)
