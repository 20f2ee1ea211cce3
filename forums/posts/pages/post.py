"""One message: found, answered, changed, removed, reacted to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from flask import Blueprint, flash, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from academy.kernel import offload
from academy.kernel.access import Closed, Missing, Refused
from academy.kernel.app import kernel
from academy.kernel.ids import encode
from academy.web import forms, shell
from academy.web.errors import sentence
from academy.web.guards import guard
from academy.web.signed_in import viewer
from forums.posts import actions, engine, policy
from forums.posts.pages.words import for_me
from forums.posts.queries import posts as queries
from forums.posts.schemas import EditFormIn, ReactFormIn

blueprint = Blueprint("posts", __name__)


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
def edit(post_id: UUID) -> ResponseReturnValue:
    """Show the form to change one's own message; where nothing is changed any more it says so, and shows the words."""
    try:
        return _edit(post_id, {}, {})
    except (Closed, Refused) as refusal:
        return _edit(post_id, {}, {"_": [sentence(refusal)]}), refusal.status


def _edit(post_id: UUID, typed: Mapping[str, str], errors: Mapping[str, Sequence[str]]) -> str:
    me = viewer()
    with kernel().reading() as session:
        shell.load(session, me)
        post = queries.post_for(session, me, post_id)
    open_to_me = not post.removed and policy.may_edit(me, post.author_id, post.space)
    mine = post.author_id == me.person_id
    if not open_to_me and not (errors and mine):  # words once typed are shown to be copied
        if mine and not post.removed:
            policy.require_edit(me, post.author_id, post.space)
        raise Missing
    body = typed.get("body", post.body_md)
    return render_template(
        "forums/posts/edit.html",
        page="rooms",
        post=post,
        body=body,
        open_to_me=open_to_me,
        errors=errors,
        place=_place(post),
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
        draft = offload.run_on(body, engine.compose, names)
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

    try:
        return forms.answer(done, lambda typed, errors: _edit(post_id, typed, errors))
    except Refused as refusal:
        with kernel().reading() as session:
            mine = queries.post_for(session, me, post_id).author_id == me.person_id
        if not mine:
            raise
        return _edit(post_id, forms.kept(), {"_": [sentence(refusal)]}), refusal.status


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
        html=for_me(post.body_html, me),
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
