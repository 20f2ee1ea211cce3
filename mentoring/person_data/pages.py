"""The parts of what mentoring stores about a person, in words."""

from __future__ import annotations

from flask_babel import gettext as _

from academy.privacy.queries import PersonData
from mentoring.person_data import actions, queries

PARTS = [
    PersonData(
        "mentoring",
        lambda: _("What you offer as a mentor"),
        lambda: _("For how many people you have time, and your words about it."),
        ("mentor_profiles.person_id",),
        queries.count_mentoring,
        queries.mentoring,
        actions.erase_mentoring,
    ),
    PersonData(
        "matches",
        lambda: _("Proposals"),
        lambda: _("For whom you were proposed, why, and how you answered. Your reasons for a no stay private."),
        (
            "runs.asked_by",
            "match_people.person_id",
            "unplaced.person_id",
            "offers.person_id",
            "match_history.actor_id",
            "matching_settings.changed_by",
            "pair_choices.one_id",
            "pair_choices.other_id",
            "pair_choices.by_id",
        ),
        queries.count_matches,
        queries.matches,
        actions.erase_matches,
    ),
    PersonData(
        "pairs",
        lambda: _("Mentorships and buddies"),
        lambda: _("With whom you work, or worked, since when, and why you ended it, if you said so."),
        ("partings.person_id",),
        queries.count_pairs,
        queries.pairs,
        actions.erase_pairs,
    ),
]
