"""The messages of a room, and who is there, as HTML: frames (`web.frames`) into which is put what differs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from babel import Locale
from flask_babel import gettext as _
from flask_babel import ngettext
from markupsafe import Markup, escape

from academy.kernel import clock
from academy.kernel.ids import encode
from academy.kernel.viewer import Viewer
from academy.people.queries import Face
from academy.web import frames, i18n
from academy.web.frames import frame, macros
from forums.posts import policy
from forums.posts.pages.words import date_of, day_of, emojis, marking, roles
from forums.posts.queries.posts import Author, Shown
from forums.spaces.queries.views import Reader, SpaceView

TEMPLATE = "forums/posts/message.html"

TOGETHER = timedelta(minutes=5)
"""Messages of one person within this time stand under one name."""


class Shape(NamedTuple):
    """All that decides how the frame of a message looks; `role` and `nobody` are the author's."""

    role: str = ""
    nobody: bool = False
    cont: bool = False
    mine: bool = False
    solves: bool = False
    gone: bool = False
    edited: bool = False
    quotes: bool = False
    reacted: bool = False
    may_post: bool = True
    may_solve: bool = False
    may_edit: bool = True
    may_remove: bool = True


class _Voice(NamedTuple):
    """What is the same in all messages of one author."""

    parts: Mapping[str, Any]
    mine: bool
    may_edit: bool
    may_remove: bool


class Messages(NamedTuple):
    """Messages ready for the page; `new` says whether the line above the first new one is among them."""

    html: Markup
    new: bool


def messages(posts: Sequence[Shown], space: SpaceView, me: Viewer) -> Messages:
    """Write a page of a room, with a heading before each day and before what is new to the viewer."""
    made: list[str] = []
    place = encode(space.id)
    spoken, zone, today = i18n.locale(), ZoneInfo(i18n.zone()), date_of(clock.now())
    mark, solving = marking(me), policy.may_solve(me, space)
    voices: dict[UUID | None, _Voice] = {}
    before: Shown | None = None
    last_day: date | None = None
    marked = False
    for post in posts:
        author, there, quote = post.author, not post.removed, post.reply_to
        author_id = author.id if author else None
        by = voices.get(author_id)
        if by is None:
            by = voices[author_id] = _voice(author, space, me)
        local = post.at.astimezone(zone)
        date_there = local.date()
        starts = date_there != last_day
        if starts:
            made.append(_heading(day_of(date_there, today)))
        fresh = not marked and not by.mine and there and post.no > space.read_no
        if fresh:
            marked = True
            made.append(_heading(_("New since %(moment)s", moment=i18n.moment(post.at)), new=True))
        shape = Shape(
            role=author.role if author else "",
            nobody=author is None,
            cont=before is not None and not starts and not fresh and _together(before, post),
            mine=by.mine,
            solves=post.no == space.solved_no,
            gone=not there,
            edited=post.edited,
            quotes=quote is not None,
            reacted=bool(post.reactions),
            may_post=space.may_post,
            may_solve=solving and post.no > 1 and there,
            may_edit=there and by.may_edit,
            may_remove=there and by.may_remove,
        )
        parts = {
            **by.parts,
            "id": encode(post.id),
            "no": post.no,
            "iso": post.at.isoformat(),
            "clock": f"{local.hour:02}:{local.minute:02}",
            "space": place,
            "words": mark(post.html) if there else escape(_gone(post)),
        }
        if quote is not None:
            parts["quote_id"] = encode(quote.id)
            parts["quote_by"] = escape(quote.author)
            parts["quote_words"] = escape(quote.excerpt or _("removed this message."))
        if post.reactions:
            buttons = [_button(spoken, e, len(w), me.person_id in w, space.may_post) for e, w in post.reactions.items()]
            parts["reactions"] = "".join(buttons) % parts
        made.append(_frame(spoken, shape) % parts)
        before, last_day = post, date_there
    return Messages(Markup("".join(made)), marked)  # noqa: S704 - frames are made by an escaping template, parts above


def _voice(author: Author | None, space: SpaceView, me: Viewer) -> _Voice:
    author_id = author.id if author else None
    return _Voice(
        _parts(author),
        author_id == me.person_id,
        policy.may_edit(me, author_id, space),
        policy.may_remove(me, author_id, space),
    )


def beside(people: Sequence[Reader], here: set[UUID]) -> Markup:
    """Write who is named beside a room; who is not here now is hidden, and scripts show them when they come."""
    spoken = i18n.locale()
    rows = [_row(spoken, reader.role, reader.face.id in here) % _parts(reader.face) for reader in people]
    return Markup("".join(rows))  # noqa: S704 - as above


@lru_cache(frames.KEPT)
def _row(_spoken: Locale, role: str, here: bool) -> str:
    return frame(macros(TEMPLATE).person(roles().get(role, ""), here))


def blank(space: SpaceView, me: Viewer) -> Markup:
    """Write the message that scripts copy and fill in."""
    now = clock.now()
    parts = {
        **_parts(Author(UUID(int=0), "", "")),
        "id": "_",
        "no": 0,
        "space": encode(space.id),
        "iso": now.isoformat(),
        "clock": i18n.time_of(now),
        "words": "",
    }
    return Markup(_frame(i18n.locale(), Shape(may_solve=policy.may_solve(me, space))) % parts)  # noqa: S704 - as above


@lru_cache(frames.KEPT)
def _frame(_spoken: Locale, shape: Shape) -> str:
    """Make the frame of all messages of one shape: a format that takes their parts by name."""
    return frame(macros(TEMPLATE).message(shape, roles(), emojis()))


@lru_cache(frames.KEPT)
def _button(_spoken: Locale, emoji: str, count: int, mine: bool, may_post: bool) -> str:
    """Make the button of a reaction that so many have given."""
    people = ngettext("%(num)d person", "%(num)d people", count)
    label = _("%(emoji)s, %(people)s, including you") if mine else _("%(emoji)s, %(people)s")
    label %= {"emoji": dict(emojis())[emoji], "people": people}
    return frame(macros(TEMPLATE).reaction(emoji, count, mine, label, may_post))


def _heading(text: str, *, new: bool = False) -> str:
    made: str = macros(TEMPLATE).heading(text, new)
    return made


def _parts(who: Author | Face | None) -> dict[str, Any]:
    if who is None:
        return {"by": "", "name": escape(_("Anonymous")), "initials": "?", "hue": 0}
    return {"by": encode(who.id), "name": escape(who.name), "initials": escape(who.initials), "hue": who.hue}


def _gone(post: Shown) -> str:
    if post.by_author and post.author:
        return _("%(name)s removed this message.", name=post.author.name)
    return _("This message was removed by somebody who looks after this room.")


def _together(before: Shown, post: Shown) -> bool:
    return (
        before.author == post.author
        and post.author is not None
        and post.reply_to is None
        and not before.removed
        and not post.removed
        and post.at - before.at < TOGETHER
    )
