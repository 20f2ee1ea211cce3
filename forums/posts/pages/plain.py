"""Plain words for what happens in rooms, as admins read them in the audit; never what was said."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import gettext as _

from academy.administration.queries.slots import PlainWords


def _entries() -> Mapping[str, str]:
    return {
        "SpaceOpened": _("%(group_id)s got a place to talk"),
        "SpaceSlowed": _("%(actor)s set how often people may write in a room: %(seconds)s s"),
        "PostSent": _("%(actor)s sent a message"),
        "PostEdited": _("%(actor)s changed a message"),
        "PostRemoved": _("%(actor)s removed a message"),
        "BoardOpened": _("%(actor)s opened a board in %(group_id)s"),
        "BoardChanged": _("%(actor)s changed a board: %(what)s"),
        "ThreadStarted": _("%(actor)s began a thread"),
        "ThreadMarked": _("%(actor)s marked a thread: %(what)s"),
        "ThreadSolved": _("%(actor)s marked what solved a thread"),
        "PostReacted": _("%(actor)s reacted to a message"),
    }


WORDS = PlainWords(_entries, led=frozenset({"SpaceOpened", "BoardOpened"}))
