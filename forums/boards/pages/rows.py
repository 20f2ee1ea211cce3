"""The threads of a board as HTML: frames (`web.frames`) into which is put what differs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from babel import Locale
from flask_babel import ngettext
from markupsafe import Markup, escape

from academy.kernel.ids import encode
from academy.web import frames, i18n
from academy.web.frames import frame, macros
from forums.boards.queries import ThreadLine


class Shape(NamedTuple):
    """All that decides how the frame of a thread looks; `by` and `last` say whether somebody is named."""

    new: bool
    by: bool
    answered: bool
    last: bool
    pinned: bool
    solved: bool
    locked: bool
    follows: bool


def rows(threads: Sequence[ThreadLine]) -> Markup:
    """Write the threads as a list shows them."""
    spoken = i18n.locale()
    made: list[str] = []
    for t in threads:
        by = t.author
        parts = {
            "id": encode(t.id),
            "title": escape(t.title),
            "unread": t.unread,
            "last": escape(t.last_by),
            "iso": t.last_at.isoformat(),
            "moment": i18n.moment(t.last_at),
            "replies": _replies(spoken, t.replies),
        }
        if by is not None:
            parts |= {"by": escape(by.name), "initials": escape(by.initials), "hue": by.hue}
        shape = Shape(
            new=bool(t.unread),
            by=by is not None,
            answered=bool(t.replies),
            last=bool(t.last_by),
            pinned=t.pinned,
            solved=t.solved,
            locked=t.locked,
            follows=t.follows,
        )
        made.append(_row(spoken, shape) % parts)
    return Markup("".join(made))  # noqa: S704 - frames are made by an escaping template, parts are escaped above


@lru_cache(frames.KEPT)
def _row(_spoken: Locale, shape: Shape) -> str:
    return frame(macros("forums/boards/row.html").row(shape))


@lru_cache(frames.KEPT)
def _replies(_spoken: Locale, replies: int) -> str:
    return ngettext("%(num)d reply", "%(num)d replies", replies)
