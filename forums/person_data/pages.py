"""The parts of what forums store about a person, in words."""

from __future__ import annotations

from flask_babel import gettext as _

from academy.privacy.queries import PersonData
from forums.person_data import actions, queries

PARTS = [
    PersonData(
        "posts",
        lambda: _("Your messages"),
        lambda: _("What you wrote in rooms and threads, your reactions, and where others named you."),
        (
            "posts.author_id",
            "posts.removed_by",
            "post_reactions.person_id",
            "mentions.person_id",
            "spaces.author_id",
            "spaces.last_by",
        ),
        queries.count_posts,
        queries.posts,
        actions.erase_posts,
    ),
    PersonData(
        "reading",
        lambda: _("How far you have read"),
        lambda: _("So that every room shows you what is new. Numbers, which stay without your name."),
        ("follows.person_id",),
        queries.count_reading,
        queries.reading,
        actions.erase_reading,
    ),
]
