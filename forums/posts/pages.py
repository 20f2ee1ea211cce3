"""A room and its messages: everything here works by links and forms; scripts only spare the reload."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from markupsafe import Markup
from sqlalchemy.orm import Session

from academy.kernel import clock, log, offload
from academy.kernel.access import Conflict, Invalid, Missing, RateLimited, Refusal
from academy.kernel.app import kernel
from academy.kernel.ids import anonymous_id, encode
from academy.kernel.viewer import Viewer
from academy.web import forms, i18n, shell
from academy.web.guards import guard
from academy.web.signed_in import viewer
from forums.posts import actions, engine, policy, queries
from forums.posts.queries import Shown
from forums.posts.schemas import EditFormIn, ReactFormIn, SendFormIn
from forums.spaces import actions as spaces
from forums.spaces.queries import Reader, SpaceView, people_in, position_for, space_for

blueprint = Blueprint("room", __name__)

TOGETHER = timedelta(minutes=5)
"""Messages of one person within this time stand under one name."""

SIDE = 60
"""People named beside a room; a bigger room shows who is here now only."""


@dataclass(frozen=True)
class Line:
    """A message with what stands around it: headings before it, and what the viewer may do with it."""

    post: Shown
    html: Markup
    day: str
    new: str
    cont: bool
    mine: bool
    may_edit: bool
    may_remove: bool
    reactions: Sequence[Mapping[str, Any]]


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
        return shell.decode(text) if text else None
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
        space = space_for(session, me, space_id)
        posts, replying = queries.posts_in(session, space, before=before, around=around, also=reply)
        people = people_in(session, space.group_id)
        panels = _panels(session, me, space)
    here = kernel().realtime.present(space_id)
    last = posts[-1].no if posts else 0
    return render_template(
        "forums/posts/room.html",
        page="rooms",
        space=space,
        lines=_lines(posts, space, me),
        blank=_blank(),
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
        emojis=_emojis(),
        most=engine.MOST,
        words=_words(),
        roles=_roles(),
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
    before: Shown | None = None
    marked = False
    for post in posts:
        mine = post.author is not None and post.author.id == me.person_id
        day = _day(post.at) if before is None or _date(before.at) != _date(post.at) else ""
        fresh = not marked and not mine and post.no > space.read_no and not post.removed
        marked = marked or fresh
        lines.append(
            Line(
                post=post,
                html=_for_me(post.html, me),
                day=day,
                new=_("New since %(moment)s", moment=i18n.moment(post.at)) if fresh else "",
                cont=before is not None and not day and not fresh and _together(before, post),
                mine=mine,
                may_edit=not post.removed and policy.may_edit(me, post.author.id if post.author else None, space),
                may_remove=not post.removed and policy.may_remove(me, post.author.id if post.author else None, space),
                reactions=_reactions(post.reactions, me),
            )
        )
        before = post
    return lines


def _blank() -> Line:
    """Return the message that scripts copy and fill in."""
    author = queries.Author(UUID(int=0), "", "")
    post = Shown(UUID(int=0), 0, author, "", None, clock.now(), False, False, False, {})
    return Line(post, Markup(), "", "", False, False, True, True, ())


def _together(before: Shown, post: Shown) -> bool:
    return (
        before.author == post.author
        and post.author is not None
        and post.reply_to is None
        and not before.removed
        and not post.removed
        and post.at - before.at < TOGETHER
    )


def _for_me(html: str, me: Viewer) -> Markup:
    mark = f'class="mention" data-p="{encode(me.person_id)}"'
    mine = f'class="mention is-me" data-p="{encode(me.person_id)}"'
    return Markup(html.replace(mark, mine))  # noqa: S704 - rendered and cleaned when it was written


def _date(at: datetime) -> Any:
    return i18n.local(at).date()


def _day(at: datetime) -> str:
    today = _date(clock.now())
    if _date(at) == today:
        return _("Today, %(day)s", day=i18n.day(at))
    if _date(at) == today - timedelta(days=1):
        return _("Yesterday, %(day)s", day=i18n.day(at))
    return i18n.day(at)


def _emojis() -> list[tuple[str, str]]:
    names = (_("heart"), _("hands up"), _("sparkles"), _("idea"), _("laughing"), _("thank you"))
    return list(zip(engine.REACTIONS, names, strict=True))


def _reactions(reactions: Mapping[str, Sequence[UUID]], me: Viewer) -> list[dict[str, Any]]:
    names = dict(_emojis())
    found = []
    for emoji, who in reactions.items():
        mine = me.person_id in who
        people = ngettext("%(num)d person", "%(num)d people", len(who))
        label = _("%(emoji)s, %(people)s, including you") if mine else _("%(emoji)s, %(people)s")
        label %= {"emoji": names[emoji], "people": people}
        found.append({"emoji": emoji, "count": len(who), "mine": mine, "label": label})
    return found


def _roles() -> dict[str, str]:
    return {"lead": _("Program lead"), "facilitator": _("Facilitator"), "mentor": _("Mentor")}


def _words() -> dict[str, Any]:
    """Return what scripts say, in the viewer's language."""
    return {
        "sending": _("Sending…"),
        "waiting": _("Kept. It is sent when you are back."),
        "gone": _("%(name)s removed this message.", name="{name}"),
        "gone_by": _("This message was removed by somebody who looks after this room."),
        "typing": [
            _("%(name)s is writing…", name="{a}"),
            _("%(a)s and %(b)s are writing…", a="{a}", b="{b}"),
            _("Several people are writing…"),
        ],
        "new": _("New since %(moment)s", moment="{t}"),
        "jump": [_("1 new message"), _("%(n)s new messages", n="{n}")],
        "end": _("Newest messages"),
        "today": _("Today, %(day)s", day="{day}"),
        "here": _("%(n)s here now", n="{n}"),
        "from": _("Message from %(name)s", name="{name}"),
        "acts": _("Actions for the message from %(name)s", name="{name}"),
        "react": [
            _("%(emoji)s, 1 person", emoji="{e}"),
            _("%(emoji)s, %(n)s people", emoji="{e}", n="{n}"),
            _(", including you"),
        ],
        "emojis": dict(_emojis()),
        "roles": _roles(),
        "remove": _("Remove this message for everybody? Its words are gone for good."),
        "reply": _("Replying to"),
        "edit": _("Changing your message"),
        "long": _("This is %(n)s characters too long. Shorten it or send it in two parts.", n="{n}"),
        "closed": _("This room is not open to you any more. What you wrote is kept on this device."),
        "failed": _("That did not work. Nothing was changed; please try again."),
    }


# Sending


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
            *(kernel().settings.secret_key, me.person_id, form["nonce"]),
            *("post", space_id, draft.body_md, form["reply_to"]),
        )

        def work(session: Session) -> actions.Posted:
            spaces.set_read(session, viewer=me, space_id=space_id, no=form["seen"])
            return actions.post(
                session,
                viewer=me,
                space_id=space_id,
                body_md=draft.body_md,
                body_html=draft.body_html,
                mentions=draft.mentions,
                reply_to=form["reply_to"],
                send=key,
            )

        posted = kernel().commit(work)
    except (Invalid, Conflict, RateLimited) as refusal:
        return _again(space_id, refusal), refusal.status
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


# One message


@blueprint.get("/posts/<id:post_id>")
@guard("forums:read")
def find(post_id: UUID) -> ResponseReturnValue:
    """Lead to a message in its room."""
    with kernel().reading() as session:
        post = queries.post_for(session, viewer(), post_id)
    return forms.see_other(_place(post))


def _place(post: queries.Source) -> str:
    return url_for("room.show", space_id=post.space.id, at=post.no) + f"#p-{encode(post.id)}"


@blueprint.get("/posts/<id:post_id>/reply")
@guard("forums:post")
def reply(post_id: UUID) -> ResponseReturnValue:
    """Lead to the room's form, ready to answer a message."""
    with kernel().reading() as session:
        post = queries.post_for(session, viewer(), post_id)
    url = url_for("room.show", space_id=post.space.id, reply=encode(post_id))
    return forms.see_other(url + "#composer")


@blueprint.get("/posts/<id:post_id>/edit")
@guard("forums:post")
def edit(post_id: UUID) -> str:
    """Show the form to change one's own message."""
    return _edit(post_id, {}, {})


def _edit(post_id: UUID, typed: Mapping[str, str], errors: Mapping[str, Sequence[str]]) -> str:
    me = viewer()
    with kernel().reading() as session:
        shell.load(session, me)
        post = queries.post_for(session, me, post_id)
    if post.removed or not policy.may_edit(me, post.author_id, post.space):
        raise Missing
    body = typed.get("body", post.body_md)
    return render_template(
        "forums/posts/edit.html", page="rooms", post=post, body=body, errors=errors, place=_place(post)
    )


@blueprint.post("/posts/<id:post_id>/edit")
@guard("forums:post")
def change(post_id: UUID) -> ResponseReturnValue:
    """Change one's own message."""
    me = viewer()

    def done() -> ResponseReturnValue:
        body = forms.read(EditFormIn)["body"]
        with kernel().reading() as session:
            post = queries.post_for(session, me, post_id)
            names = queries.nameable(session, me, post.space.id, body)
        policy.spend(kernel().limits, me, post.space.id)
        draft = offload.run(engine.compose, body, names)
        kernel().commit(
            lambda session: actions.edit(
                session,
                viewer=me,
                post_id=post_id,
                body_md=draft.body_md,
                body_html=draft.body_html,
                mentions=draft.mentions,
            )
        )
        return forms.see_other(_place(post))

    return forms.answer(done, lambda typed, errors: _edit(post_id, typed, errors))


@blueprint.get("/posts/<id:post_id>/remove")
@guard("forums:post")
def ask(post_id: UUID) -> str:
    """Ask once before a message is removed, as nothing brings it back."""
    me = viewer()
    with kernel().reading() as session:
        shell.load(session, me)
        post = queries.post_for(session, me, post_id)
    if post.removed or not policy.may_remove(me, post.author_id, post.space):
        raise Missing
    return render_template(
        "forums/posts/remove.html",
        page="rooms",
        post=post,
        html=_for_me(post.body_html, me),
        mine=post.author_id == me.person_id,
        place=_place(post),
    )


@blueprint.post("/posts/<id:post_id>/remove")
@guard("forums:post")
def remove(post_id: UUID) -> ResponseReturnValue:
    """Remove a message."""
    me = viewer()
    with kernel().reading() as session:
        post = queries.post_for(session, me, post_id)
    policy.spend(kernel().limits, me, post.space.id)
    kernel().commit(lambda session: actions.remove(session, viewer=me, post_id=post_id))
    flash(_("The message is removed. Its place stays, so that the conversation can be followed."))
    return forms.see_other(_place(post))


@blueprint.post("/posts/<id:post_id>/react")
@guard("forums:post")
def react(post_id: UUID) -> ResponseReturnValue:
    """Set a reaction or take it back, as the button that was pressed says: pressing it twice is pressing it once."""
    me = viewer()
    form = forms.read(ReactFormIn)
    with kernel().reading() as session:
        post = queries.post_for(session, me, post_id)
    policy.spend(kernel().limits, me, post.space.id)
    kernel().commit(
        lambda session: actions.react(
            session, viewer=me, post_id=post_id, emoji=form["on"] or form["off"], on=bool(form["on"])
        )
    )
    return forms.see_other(_place(post))
