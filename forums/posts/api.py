"""Posts for programs."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, request
from sqlalchemy.orm import Session

from academy.kernel import log, offload
from academy.kernel.app import kernel
from academy.kernel.paging import Part
from academy.kernel.viewer import Viewer
from academy.web.api import conditions
from academy.web.api.effects import conditional, create_by_nonce, repeatable
from academy.web.api.operations import PREFIX, Operations, answers, asks, refuses, takes
from academy.web.api.shapes import NumberedPageIn, part_of
from academy.web.guards import guard
from academy.web.signed_in import viewer
from forums.posts import actions, engine, policy
from forums.posts.queries import delivery
from forums.posts.queries import posts as queries
from forums.posts.schemas import OnePostOut, PostIn, PostOut, ReactionIn, WordsIn
from forums.spaces.queries.views import space_for

blueprint = Operations("posts_api", __name__, tag="Posts")


@blueprint.get("/spaces/<id:space_id>/posts")
@guard("forums:read")
@asks(NumberedPageIn)
@answers(200, part_of(PostOut))
def index(space_id: UUID, query: dict[str, Any]) -> Part[dict[str, Any]]:
    """List the posts of a space, the newest first; the cursor is a post's number."""
    with kernel().reading() as session:
        space = space_for(session, viewer(), space_id)
        found, _also = queries.posts_in(session, space, before=query.get("cursor"), limit=query["limit"])
    shown = found[-query["limit"] :]
    following = shown[0].no if shown and shown[0].no > 1 else None
    return Part([delivery.post_json(post) for post in reversed(shown)], following)


@blueprint.get("/posts/<id:post_id>")
@guard("forums:read")
@answers(200, OnePostOut, tagged=True)
def show(post_id: UUID) -> dict[str, Any]:
    """Return one post."""
    with kernel().reading() as session:
        return _one(session, viewer(), post_id)


def _one(session: Session, me: Viewer, post_id: UUID) -> dict[str, Any]:
    source = queries.post_for(session, me, post_id)
    return _whole(session, me, source)


def _whole(session: Session, me: Viewer, source: queries.Source) -> dict[str, Any]:
    mine = policy.may_edit(me, source.author_id, source.space)
    shown = queries.shown(session, source.id)
    return {**delivery.post_json(shown), "space": source.space.id, "body": source.body_md if mine else None}


def _held(session: Session, me: Viewer, post_id: UUID) -> None:
    """Hold a post's space, and compare the post with the request's conditions."""
    source = queries.post_for(session, me, post_id, lock=True)
    if request.if_match or request.if_none_match:
        conditions.demand(OnePostOut, _whole(session, me, source))


def _draft(me: Viewer, space_id: UUID, body: str) -> engine.Draft:
    with kernel().reading() as session:
        names = queries.nameable(session, me, space_id, body)
    policy.spend(kernel().limits, me, space_id)
    return offload.run_on(body, engine.compose, names)


@blueprint.post("/spaces/<id:space_id>/posts")
@guard("forums:post")
@refuses(409)
@repeatable
@takes(PostIn)
@answers(201, OnePostOut, tagged=True)
def send(space_id: UUID, sent: dict[str, Any]) -> Response:
    """Send a message. An Idempotency-Key counts as its nonce; the same one again answers with the same post."""
    me = viewer()
    draft = _draft(me, space_id, sent["body"])
    secrets, what = kernel().settings.secrets, ("post", space_id, draft.body_md, sent["reply_to"])

    def work(session: Session, nonce: str) -> tuple[dict[str, Any], bool]:
        posted = actions.post(
            session,
            viewer=me,
            space_id=space_id,
            body_md=draft.body_md,
            body_html=draft.body_html,
            mentions=draft.mentions,
            reply_to=sent["reply_to"],
            send=log.send_of(secrets, me.person_id, nonce, *what),
        )
        session.flush()
        return _one(session, me, posted.id), posted.duplicate

    return create_by_nonce(
        work, OnePostOut, nonce=sent.get("nonce"), location=lambda body: f"{PREFIX}/posts/{body['id']}"
    )


@blueprint.patch("/posts/<id:post_id>")
@guard("forums:post")
@refuses(409)
@conditional
@takes(WordsIn)
@answers(200, OnePostOut, tagged=True)
def edit(post_id: UUID, sent: dict[str, Any]) -> dict[str, Any]:
    """Change the words of one's own post."""
    me = viewer()
    with kernel().reading() as session:
        space_id = queries.post_for(session, me, post_id).space.id
    draft = _draft(me, space_id, sent["body"])

    def work(session: Session) -> dict[str, Any]:
        _held(session, me, post_id)
        actions.edit(
            session,
            viewer=me,
            post_id=post_id,
            body_md=draft.body_md,
            body_html=draft.body_html,
            mentions=draft.mentions,
        )
        session.flush()
        return _one(session, me, post_id)

    return kernel().commit(work)


@blueprint.delete("/posts/<id:post_id>")
@guard("forums:post")
@conditional
@answers(204)
def remove(post_id: UUID) -> None:
    """Take a post's words away for good. Its place stays, and is answered as removed."""
    me = viewer()
    with kernel().reading() as session:
        space_id = queries.post_for(session, me, post_id).space.id
    policy.spend(kernel().limits, me, space_id)

    def work(session: Session) -> None:
        _held(session, me, post_id)
        actions.remove(session, viewer=me, post_id=post_id)

    kernel().commit(work)


@blueprint.put("/posts/<id:post_id>/reaction")
@guard("forums:post")
@refuses(409)
@takes(ReactionIn)
@answers(200, OnePostOut, tagged=True)
def react(post_id: UUID, sent: dict[str, Any]) -> dict[str, Any]:
    """Set one of the caller's reactions to a post, or take it back."""
    me = viewer()
    with kernel().reading() as session:
        space_id = queries.post_for(session, me, post_id).space.id
    policy.spend(kernel().limits, me, space_id)

    def work(session: Session) -> dict[str, Any]:
        actions.react(session, viewer=me, post_id=post_id, emoji=sent["emoji"], on=sent["on"])
        session.flush()
        return _one(session, me, post_id)

    return kernel().commit(work)
