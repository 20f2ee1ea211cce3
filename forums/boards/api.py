"""Boards and their threads for programs. The posts of a thread are those of the space with its id."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response
from sqlalchemy.orm import Session

from academy.kernel import log, offload
from academy.kernel.access import Missing
from academy.kernel.app import kernel
from academy.kernel.paging import Part, part_of
from academy.kernel.viewer import Viewer
from academy.web.api import conditions, shapes
from academy.web.api.effects import conditional, create, create_by_nonce, repeatable
from academy.web.api.operations import PREFIX, Operations, answers, asks, refuses, takes
from academy.web.api.shapes import span_of
from academy.web.guards import guard
from academy.web.signed_in import viewer
from forums.boards import actions, policy, queries
from forums.boards.queries import BoardLine, BoardView, ThreadLine, ThreadView
from forums.boards.schemas import (
    BoardChangeIn,
    BoardIn,
    BoardLineOut,
    BoardOut,
    BoardsIn,
    FollowIn,
    MarksIn,
    OneThreadOut,
    SolvedIn,
    ThreadIn,
    ThreadOut,
    ThreadsIn,
)
from forums.posts import engine as words
from forums.posts import policy as posting
from forums.posts.queries.posts import post_for
from forums.spaces.queries.views import named_on, space_for

blueprint = Operations("boards_api", __name__, tag="Boards")


@blueprint.get("/boards")
@guard("forums:read")
@asks(BoardsIn)
@answers(200, shapes.part_of(BoardLineOut))
def index(query: dict[str, Any]) -> Part[BoardLine]:
    """List the boards that the caller may read; with `group` those that it keeps."""
    with kernel().reading() as session:
        return part_of(queries.boards_for(session, viewer(), group_id=query.get("group")), span_of(query))


@blueprint.get("/boards/<id:board_id>")
@guard("forums:read")
@answers(200, BoardOut, tagged=True)
def show(board_id: UUID) -> BoardView:
    """Return one board."""
    with kernel().reading() as session:
        return queries.board_for(session, viewer(), board_id)


@blueprint.post("/boards")
@guard("forums:moderate")
@refuses(404)
@repeatable
@takes(BoardIn)
@answers(201, BoardOut, tagged=True)
def open_board(sent: dict[str, Any]) -> Response:
    """Open a board that a group keeps."""
    me = viewer()

    def work(session: Session) -> BoardView:
        board_id = actions.open_board(
            session, viewer=me, group_id=sent["group"], name=sent["name"], about=sent["about"]
        )
        session.flush()
        return queries.board_for(session, me, board_id)

    return create(work, BoardOut, location=lambda body: f"{PREFIX}/boards/{body['id']}")


@blueprint.patch("/boards/<id:board_id>")
@guard("forums:moderate")
@conditional
@takes(BoardChangeIn, partial=True)
@answers(200, BoardOut, tagged=True)
def change(board_id: UUID, sent: dict[str, Any]) -> BoardView:
    """Rename a board, say what it is about, close it or open it again; what is not sent stays."""
    me = viewer()

    def work(session: Session) -> BoardView:
        held = queries.board_for(session, me, board_id, lock=True)
        conditions.demand(BoardOut, held)
        policy.require_care(may_moderate=held.may_moderate)
        if "name" in sent or "about" in sent:
            words = {"name": held.name, "about": held.about, **sent}
            actions.change_board(session, viewer=me, board_id=board_id, name=words["name"], about=words["about"])
        if "closed" in sent:
            actions.set_closed(session, viewer=me, board_id=board_id, closed=sent["closed"])
        session.flush()
        return queries.board_for(session, me, board_id)

    return kernel().commit(work)


@blueprint.get("/boards/<id:board_id>/threads")
@guard("forums:read")
@asks(ThreadsIn)
@answers(200, shapes.part_of(ThreadOut))
def threads(board_id: UUID, query: dict[str, Any]) -> Part[ThreadLine]:
    """List the threads of a board, those begun last first."""
    me = viewer()
    with kernel().reading() as session:
        board = queries.board_for(session, me, board_id)
        return queries.threads_part(session, me, board.id, span_of(query), show=query["show"], words=query["q"])


@blueprint.post("/boards/<id:board_id>/threads")
@guard("forums:post")
@refuses(409)
@repeatable
@takes(ThreadIn)
@answers(201, OneThreadOut, tagged=True)
def start(board_id: UUID, sent: dict[str, Any]) -> Response:
    """Begin a thread. An Idempotency-Key counts as its nonce; the same one again answers with the same thread."""
    me = viewer()
    with kernel().reading() as session:
        names = named_on(session, queries.board_for(session, me, board_id).id, sent["body"])
    posting.spend(kernel().limits, me, board_id)
    draft = offload.run_on(sent["body"], words.compose, names)
    secrets, what = kernel().settings.secrets, ("thread", board_id, sent["title"], draft.body_md)

    def work(session: Session, nonce: str) -> tuple[ThreadView, bool]:
        started = actions.start(
            session,
            viewer=me,
            board_id=board_id,
            title=sent["title"],
            body_md=draft.body_md,
            body_html=draft.body_html,
            mentions=draft.mentions,
            send=log.send_of(secrets, me.person_id, nonce, *what),
        )
        session.flush()
        return queries.thread_for(session, me, started.id), started.duplicate

    return create_by_nonce(
        work, OneThreadOut, nonce=sent.get("nonce"), location=lambda body: f"{PREFIX}/threads/{body['id']}"
    )


@blueprint.get("/threads/<id:thread_id>")
@guard("forums:read")
@answers(200, OneThreadOut, tagged=True)
def thread(thread_id: UUID) -> ThreadView:
    """Return one thread."""
    with kernel().reading() as session:
        return queries.thread_for(session, viewer(), thread_id)


def _held(session: Session, me: Viewer, thread_id: UUID) -> ThreadView:
    """Hold a thread, and compare it with the request's conditions."""
    found = queries.thread_for(session, me, thread_id, lock=True)
    conditions.demand(OneThreadOut, found)
    return found


@blueprint.patch("/threads/<id:thread_id>")
@guard("forums:moderate")
@conditional
@takes(MarksIn, partial=True)
@answers(200, OneThreadOut, tagged=True)
def mark(thread_id: UUID, sent: dict[str, Any]) -> ThreadView:
    """Pin a thread, lock it, or take either back; what is not sent stays."""
    me = viewer()

    def work(session: Session) -> ThreadView:
        policy.require_care(may_moderate=_held(session, me, thread_id).may_moderate)
        if "pinned" in sent:
            actions.set_pinned(session, viewer=me, space_id=thread_id, on=sent["pinned"])
        if "locked" in sent:
            actions.set_locked(session, viewer=me, space_id=thread_id, on=sent["locked"])
        session.flush()
        return queries.thread_for(session, me, thread_id)

    return kernel().commit(work)


@blueprint.put("/threads/<id:thread_id>/follow")
@guard("forums:read")
@takes(FollowIn)
@answers(200, OneThreadOut, tagged=True)
def follow(thread_id: UUID, sent: dict[str, Any]) -> ThreadView:
    """Follow a thread from here on, or hear no more of it."""
    me = viewer()

    def work(session: Session) -> ThreadView:
        actions.set_following(session, viewer=me, space_id=thread_id, on=sent["on"])
        session.flush()
        return queries.thread_for(session, me, thread_id)

    return kernel().commit(work)


@blueprint.put("/threads/<id:thread_id>/answer")
@guard("forums:post")
@refuses(409)
@conditional
@takes(SolvedIn)
@answers(200, OneThreadOut, tagged=True)
def solve(thread_id: UUID, sent: dict[str, Any]) -> ThreadView:
    """Say which reply solved a thread, in place of another one; null takes it back."""
    me = viewer()

    def work(session: Session) -> ThreadView:
        held = _held(session, me, thread_id)
        policy.require_solve(me, space_for(session, me, thread_id))
        if sent["post"] is not None:
            if post_for(session, me, sent["post"]).space.id != thread_id:
                raise Missing
            actions.set_solved(session, viewer=me, post_id=sent["post"], on=True)
        elif held.answer is not None:
            actions.set_solved(session, viewer=me, post_id=held.answer, on=False)
        session.flush()
        return queries.thread_for(session, me, thread_id)

    return kernel().commit(work)
