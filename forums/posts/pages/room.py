"""A room: everything here works by links and forms; scripts only spare the reload."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy.orm import Session

from academy.kernel import clock, log, offload
from academy.kernel.access import Conflict, Invalid, Missing, RateLimited, Refusal
from academy.kernel.app import kernel
from academy.kernel.ids import anonymous_id, decode, encode
from academy.kernel.viewer import Viewer
from academy.people.queries import faces
from academy.web import forms, i18n, shell
from academy.web.guards import guard
from academy.web.signed_in import viewer
from forums.posts import actions, engine, policy, queries
from forums.posts.pages.words import date_of, day_of, emojis, marking, reacting, roles, words
from forums.posts.queries import Quoted, Shown
from forums.posts.schemas import SendFormIn
from forums.spaces.queries import Reader, SpaceView, position_for, room_for

blueprint = Blueprint("room", __name__)

TOGETHER = timedelta(minutes=5)
"""Messages of one person within this time stand under one name."""

SIDE = 60
"""People named beside a room; a bigger room shows who is here now only."""


@dataclass(slots=True)
class By:
    """Who wrote a message, as it is shown; `acts` names the message's menu. `id` is empty for nobody."""

    id: str
    name: str
    initials: str
    hue: int
    role: str
    acts: str


@dataclass(slots=True)
class Line:
    """A message as the page shows it, with what stands around it and what the viewer may do with it.

    `day` and `new` are headings before it, `time` is the viewer's, `gone` is said in the place of a removed one.
    """

    id: str
    no: int
    by: By
    iso: str
    time: str
    html: Markup
    quote: Quoted | None = None
    gone: str = ""
    edited: bool = False
    day: str = ""
    new: str = ""
    cont: bool = False
    mine: bool = False
    may_edit: bool = True
    may_remove: bool = True
    may_solve: bool = False
    solves: bool = False
    reactions: Sequence[Mapping[str, Any]] = ()


@blueprint.get("/spaces/<id:space_id>")
@guard("forums:read")
def show(space_id: UUID) -> str:
    """Show a room: its newest messages, those before `before`, or those around `at`. Reading writes nothing."""
    return _room(space_id, before=_number("before"), around=_number("at"), reply=_reply(request.args.get("reply")))


def _number(name: str) -> int | None:
    found = request.args.get(name, type=int)
    return found if found is not None and 0 < found < 2**31 else None


def _reply(text: str | None) -> UUID | None:
    try:
        return decode(text) if text else None
    except Missing:
        return None


def _room(
    space_id: UUID,
    *,
    before: int | None = None,
    around: int | None = None,
    reply: UUID | None = None,
    typed: str = "",
    nonce: str = "",
    errors: Mapping[str, Sequence[str]] | None = None,
) -> str:
    me = viewer()
    with kernel().reading() as session:
        shell.load(session, me)
        space, people = room_for(session, me, space_id)
        posts, replying = queries.posts_in(session, space, before=before, around=around, also=reply)
        # Who opens the page is here, even before their socket is, and where scripts are off.
        here = kernel().realtime.present(space_id) | {me.person_id}
        if space.is_thread:
            people = [Reader(face, "") for face in faces(session, list(here)[:SIDE]).values()]
        panels = [] if space.is_thread else _panels(session, me, space)
    last = posts[-1].no if posts else 0
    return render_template(
        "forums/posts/room.html",
        page="boards" if space.is_thread else "rooms",
        space=space,
        lines=_lines(posts, space, me),
        blank=_blank(policy.may_solve(me, space)),
        older=posts[0].no if posts and posts[0].no > 1 else None,
        tail=last >= space.head_no,
        last=last,
        unread=last > space.read_no,
        replying=None if replying is None or replying.removed else replying,
        typed=typed,
        nonce=nonce or encode(anonymous_id()),
        people=_beside(people, here),
        total=len(people),
        here=len(here),
        panels=panels,
        emojis=emojis(),
        most=engine.MOST,
        words=words(),
        roles=roles(),
        errors=errors or {},
    )


def _panels(session: Session, me: Viewer, space: SpaceView) -> list[Markup]:
    slots = sorted(kernel().slots(shell.SpacePanel), key=lambda slot: slot.order)
    # A panel is a template that was rendered with escaping on, so its HTML is taken as it is.
    return [Markup(html) for slot in slots if (html := slot.render(session, me, space.group_id))]  # noqa: S704


def _beside(people: Sequence[Reader], here: set[UUID]) -> list[dict[str, Any]]:
    shown = people if len(people) <= SIDE else [p for p in people if p.face.id in here][:SIDE]
    return [{"face": p.face, "role": p.role, "here": p.face.id in here} for p in shown]


def _lines(posts: Sequence[Shown], space: SpaceView, me: Viewer) -> list[Line]:
    lines: list[Line] = []
    zone, today = ZoneInfo(i18n.zone()), date_of(clock.now())
    mark, react = marking(me), reacting(me)
    solving = policy.may_solve(me, space)
    authors: dict[UUID | None, By] = {}
    before: Shown | None = None
    last_day: date | None = None
    marked = False
    for post in posts:
        author_id = post.author.id if post.author else None
        by = authors.get(author_id)
        if by is None:
            by = authors[author_id] = _by(post.author)
        mine = author_id == me.person_id
        local = post.at.astimezone(zone)
        date_there = local.date()
        day = "" if date_there == last_day else day_of(date_there, today)
        fresh = not marked and not mine and post.no > space.read_no and not post.removed
        marked = marked or fresh
        there = not post.removed
        lines.append(
            Line(
                id=encode(post.id),
                no=post.no,
                by=by,
                iso=post.at.isoformat(),
                time=f"{local.hour:02}:{local.minute:02}",
                html=mark(post.html),
                quote=post.reply_to,
                gone="" if there else _gone(post),
                edited=post.edited,
                day=day,
                new=_("New since %(moment)s", moment=i18n.moment(post.at)) if fresh else "",
                cont=before is not None and not day and not fresh and _together(before, post),
                mine=mine,
                may_edit=there and policy.may_edit(me, author_id, space),
                may_remove=there and policy.may_remove(me, author_id, space),
                may_solve=solving and post.no > 1 and there,
                solves=post.no == space.solved_no,
                reactions=react(post.reactions) if post.reactions else (),
            )
        )
        before, last_day = post, date_there
    return lines


def _by(author: queries.Author | None) -> By:
    name = author.name if author else _("Anonymous")
    acts = _("Actions for the message from %(name)s", name=name)
    if author is None:
        return By("", name, "?", 0, "", acts)
    return By(encode(author.id), name, author.initials, author.hue, author.role, acts)


def _gone(post: Shown) -> str:
    if post.by_author and post.author:
        return _("%(name)s removed this message.", name=post.author.name)
    return _("This message was removed by somebody who looks after this room.")


def _blank(solving: bool) -> Line:
    """Return the message that scripts copy and fill in."""
    now = clock.now()
    by = _by(queries.Author(UUID(int=0), "", ""))
    return Line("_", 0, by, now.isoformat(), i18n.time_of(now), Markup(), may_solve=solving)


def _together(before: Shown, post: Shown) -> bool:
    return (
        before.author == post.author
        and post.author is not None
        and post.reply_to is None
        and not before.removed
        and not post.removed
        and post.at - before.at < TOGETHER
    )


@blueprint.post("/spaces/<id:space_id>/posts")
@guard("forums:post")
def send(space_id: UUID) -> ResponseReturnValue:
    """Store a message once, however often its form is sent, and count as read what was shown with it."""
    me = viewer()
    try:
        form = forms.read(SendFormIn)
        policy.spend(kernel().limits, me, space_id)
        with kernel().reading() as session:
            names = queries.nameable(session, me, space_id, form["body"])
        draft = offload.run(engine.compose, form["body"], names)
        key = log.send_of(
            *(kernel().settings.secrets, me.person_id, form["nonce"]),
            *("post", space_id, draft.body_md, form["reply_to"]),
        )

        def work(session: Session) -> actions.Posted:
            return actions.post(
                session,
                viewer=me,
                space_id=space_id,
                body_md=draft.body_md,
                body_html=draft.body_html,
                mentions=draft.mentions,
                reply_to=form["reply_to"],
                seen=form["seen"],
                send=key,
            )

        posted = kernel().commit(work)
    except (Invalid, Conflict, RateLimited) as refusal:
        return _again(space_id, refusal), refusal.status
    if kernel().realtime.listening(me.person_id):
        with kernel().reading() as session:
            told = position_for(session, me, space_id)
        kernel().realtime.tell(me.person_id, "read:changed", told)
    return forms.see_other(url_for("room.show", space_id=space_id) + f"#p-{encode(posted.id)}")


def _again(space_id: UUID, refusal: Refusal) -> str:
    """Show the room once more with what was typed. After a conflict the form is a new one, with a nonce of its own."""
    typed = forms.kept()
    found = refusal.errors if isinstance(refusal, Invalid) else {}
    return _room(
        space_id,
        reply=_reply(typed.get("reply_to")),
        typed=typed.get("body", ""),
        nonce="" if isinstance(refusal, Conflict) else typed.get("nonce", "")[:64],
        errors={"body": [t for texts in found.values() for t in texts] or [refusal.detail]},
    )
