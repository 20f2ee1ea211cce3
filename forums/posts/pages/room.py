"""A room: everything here works by links and forms; scripts only spare the reload."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from sqlalchemy.orm import Session

from academy.kernel import log, offload
from academy.kernel.access import Busy, Closed, Conflict, Invalid, Missing, RateLimited, Refusal, Refused
from academy.kernel.app import kernel
from academy.kernel.ids import anonymous_id, decode, encode
from academy.kernel.viewer import Viewer
from academy.people.queries import faces
from academy.privacy.pages import shown_after
from academy.web import forms, shell
from academy.web.errors import headers, sentence
from academy.web.guards import guard
from academy.web.signed_in import viewer
from forums.posts import actions, engine, policy
from forums.posts.pages import messages
from forums.posts.pages.words import slow, words
from forums.posts.queries import posts as queries
from forums.posts.schemas import SendFormIn
from forums.spaces.queries.views import Reader, SpaceView, position_for, room_for

blueprint = Blueprint("room", __name__)

SIDE = 60
"""People named beside a room; a bigger room shows who is here now only."""


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
    with shown_after(), kernel().reading() as session:
        shell.load(session, me)
        space, people = room_for(session, me, space_id)
        posts, replying = queries.posts_in(session, space, before=before, around=around, also=reply)
        # Who opens the page is here, even before their socket is, and where scripts are off.
        here = kernel().realtime.present(space_id) | {me.person_id}
        if space.is_thread:
            people = [Reader(face, "") for face in faces(session, sorted(here)[:SIDE]).values()]
        panels = [] if space.is_thread else _panels(session, me, space)
    last = posts[-1].no if posts else 0
    return render_template(
        "forums/posts/room.html",
        page="boards" if space.is_thread else "rooms",
        space=space,
        messages=messages.messages(posts, space, me),
        blank=messages.blank(space, me),
        older=posts[0].no if posts and posts[0].no > 1 else None,
        tail=last >= space.head_no,
        last=last,
        unread=last > space.read_no,
        replying=None if replying is None or replying.removed else replying,
        typed=typed,
        nonce=nonce or encode(anonymous_id()),
        people=messages.beside(_shown(people, here), here),
        total=len(people),
        here=len(here),
        panels=panels,
        most=engine.MOST,
        slow=slow().get(space.slow, ""),
        words=words(),
        errors=errors or {},
    )


def _panels(session: Session, me: Viewer, space: SpaceView) -> list[Markup]:
    slots = sorted(kernel().slots(shell.SpacePanel), key=lambda slot: slot.order)
    # A panel is a template that was rendered with escaping on, so its HTML is taken as it is.
    return [Markup(html) for slot in slots if (html := slot.render(session, me, space.group_id))]  # noqa: S704


def _shown(people: list[Reader], here: set[UUID]) -> list[Reader]:
    """Choose whom to name: everybody, or in a bigger room of who is here those whom its live lists name first, too."""
    if len(people) <= SIDE:
        return people
    first = set(sorted(p.face.id for p in people if p.face.id in here)[:SIDE])
    return [p for p in people if p.face.id in first]


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
        draft = offload.run_on(form["body"], engine.compose, names)
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
    except (Invalid, Conflict, Closed, Refused, RateLimited, Busy) as refusal:
        return _again(space_id, refusal), refusal.status, headers(refusal)
    if kernel().realtime.listening(me.person_id):
        with kernel().reading() as session:
            told = position_for(session, me, space_id)
        kernel().realtime.tell(me.person_id, "read:changed", told)
    return forms.see_other(url_for("room.show", space_id=space_id) + f"#p-{encode(posted.id)}")


def _again(space_id: UUID, refusal: Refusal) -> str:
    """Show the room once more with what was typed, to be copied where nothing can be sent any more.

    After a conflict the form is a new one, with a nonce of its own.
    """
    typed = forms.kept()
    found = refusal.errors if isinstance(refusal, Invalid) else {}
    return _room(
        space_id,
        reply=_reply(typed.get("reply_to")),
        typed=typed.get("body", ""),
        nonce="" if isinstance(refusal, Conflict) else typed.get("nonce", "")[:64],
        errors={"body": [t for texts in found.values() for t in texts] or [sentence(refusal)]},
    )
