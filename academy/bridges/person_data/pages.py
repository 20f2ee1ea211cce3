"""The parts of what the ground floor stores about a person, in words."""

from __future__ import annotations

from flask_babel import gettext as _

from academy.bridges.person_data import actions, queries
from academy.bridges.person_data.queries import COUNTS
from academy.privacy.actions import erase_own
from academy.privacy.queries import PersonData

PARTS = [
    PersonData(
        "profile",
        lambda: _("Your profile"),
        lambda: _("Name, address, pronouns, zone, languages, hours and your manager: to greet, reach and match you."),
        ("people.manager_id", "person_languages.person_id", "availability.person_id"),
        COUNTS["profile"],
        queries.profile,
        actions.erase_profile,
    ),
    PersonData(
        "groups",
        lambda: _("Where you belong"),
        lambda: _("Academies, cohorts and pairs, as what and since when: your rights follow from it."),
        ("memberships.person_id",),
        COUNTS["groups"],
        queries.groups,
        actions.erase_groups,
    ),
    PersonData(
        "sign_ins",
        lambda: _("Your devices"),
        lambda: _("When you signed in and with which browser, so that you can end what is not yours."),
        ("sign_ins.person_id",),
        COUNTS["sign_ins"],
        queries.sign_ins,
        actions.erase_sign_ins,
    ),
    PersonData(
        "blocks",
        lambda: _("People you keep apart from"),
        lambda: _("So that you are never matched with them. Only you see this."),
        ("blocks.person_id", "blocks.blocked_id"),
        COUNTS["blocks"],
        queries.blocks,
        actions.erase_blocks,
    ),
    PersonData(
        "notices",
        lambda: _("Your inbox"),
        lambda: _("What you were told of, and whether you have read it."),
        ("notices.person_id", "notices.actor_id"),
        COUNTS["notices"],
        queries.notices,
        actions.erase_notices,
    ),
    PersonData(
        "skills",
        lambda: _("Skills and goals"),
        lambda: _("Buddies and mentors are found by them."),
        ("person_skills.person_id", "goals.person_id"),
        COUNTS["skills"],
        queries.skills,
        actions.erase_skills,
    ),
    PersonData(
        "learning",
        lambda: _("What you learned"),
        lambda: _("Activities you completed, and your reflections, which nobody else can read."),
        ("completions.person_id", "reflections.person_id"),
        COUNTS["learning"],
        queries.learning,
        actions.erase_learning,
    ),
    PersonData(
        "links",
        lambda: _("Links and invitations"),
        lambda: _("Links that were mailed to you, and the invitations you sent."),
        (
            "mailed_links.person_id",
            "invitations.invited_by_id",
            "invitations.accepted_by_id",
            "join_links.made_by_id",
        ),
        COUNTS["links"],
        queries.links,
        actions.erase_links,
    ),
    PersonData(
        "factors",
        lambda: _("Second factor and passkeys"),
        lambda: _("With what you show, beside your password, that it is you."),
        (
            "app_factors.person_id",
            "passkeys.person_id",
            "recovery_codes.person_id",
            "passkey_challenges.person_id",
        ),
        COUNTS["factors"],
        queries.factors,
        actions.erase_factors,
    ),
    PersonData(
        "tokens",
        lambda: _("Access for programs"),
        lambda: _("Tokens you made, so that you can revoke them. The token itself is not stored."),
        ("api_tokens.person_id",),
        COUNTS["tokens"],
        queries.tokens,
        actions.erase_tokens,
    ),
    PersonData(
        "uploads",
        lambda: _("Files that wait"),
        lambda: _("People files you sent as an admin, kept for an hour at most."),
        ("people_files.person_id",),
        COUNTS["uploads"],
        queries.uploads,
        actions.erase_uploads,
    ),
    PersonData(
        "trail",
        lambda: _("The trail of what happened"),
        lambda: _("Who did what and when, as numbers and ids, never words: so that nobody can deny or forge it."),
        ("ledger.actor_id", "log_events.actor_id"),
        COUNTS["trail"],
        queries.trail,
        actions.keep_trail,
    ),
    PersonData(
        "seen",
        lambda: _("Who saw your data"),
        lambda: _("So that you can see it too. Kept for a year."),
        (
            "disclosures.person_id",
            "disclosures.viewer_id",
            "data_files.person_id",
            "erasures.person_id",
            "erasures.asked_by",
        ),
        COUNTS["seen"],
        queries.seen,
        erase_own,
    ),
]
