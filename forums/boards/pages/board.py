"""Pages of boards: the list, one board with its threads, and the forms. A thread's own page is a room's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from academy.kernel import log, offload
from academy.kernel.access import Busy, Closed, Conflict, Invalid, Missing, RateLimited, Refused
from academy.kernel.app import kernel
from academy.kernel.ids import anonymous_id, decode, encode
from academy.people.policy import Right, belonging, may
from academy.web import forms, shell
from academy.web.errors import headers, sentence
from academy.web.guards import guard
from academy.web.signed_in import viewer
from forums.boards import actions, engine, queries
from forums.boards.pages.rows import rows
from forums.boards.policy import LONGEST_ABOUT, LONGEST_NAME, LONGEST_TITLE
from forums.boards.schemas import BoardIn, BoardWordsIn, OnIn, ThreadFormIn
from forums.posts import engine as words
from forums.posts import policy as posting
from forums.posts.queries import posts
from forums.spaces.queries.views import named_on, unread_in_threads

blueprint = Blueprint("boards", __name__)
SHOWN = 25
"""How many boards stand on one page."""

NAV = shell.NavEntry(
    key="boards",
    label=lambda: _("Boards"),
    url="/boards",
    icon="speech",
    order=25,
    badge=unread_in_threads,
    shown=lambda who: bool(belonging(who, Right.READ)),
)
GROUP_TAB = shell.GroupTab(
    "boards",
    lambda: _("Boards"),
    lambda group_id: f"/boards?group={encode(group_id)}",
    20,
    lambda who, path: may(who, Right.READ, path),
)


def filters() -> list[tuple[str, str]]:
    """Name what a board can be narrowed to."""
    return [
        ("all", _("All")),
        ("unread", _("New to you")),
        ("unanswered", _("Unanswered")),
        ("mine", _("Yours")),
        ("solved", _("Solved")),
    ]


@blueprint.get("/boards")
@guard("forums:read")
def index() -> str:
    """List the boards that the viewer may read, by who keeps them, a page at a time; `after` goes on with the next."""
    me = viewer()
    after = decode(request.args["after"]) if request.args.get("after") else None
    group_id = decode(request.args["group"]) if request.args.get("group") else None
    with kernel().reading() as session:
        shell.load(session, me)
        lines = queries.boards_for(session, me, group_id=group_id, limit=SHOWN + 1, after=after)
        keepers = queries.keepers_for(session, me)
    return render_template(
        "forums/boards/index.html",
        page="boards",
        kept=[(found[0].keeper, found) for found in _by_keeper(lines[:SHOWN])],
        more=lines[SHOWN - 1].id if len(lines) > SHOWN else None,
        one=group_id is not None,
        may_open=[k for k in keepers if group_id in {None, k[0]}],
        group=encode(group_id) if group_id else "",
    )


def _by_keeper(lines: Sequence[queries.BoardLine]) -> list[list[queries.BoardLine]]:
    return [list(found) for _keeper, found in groupby(lines, lambda line: line.keeper_id)]


@blueprint.get("/boards/new")
@guard("forums:moderate")
def new() -> str:
    """Show the form for a new board."""
    return _board_form({"group": request.args.get("group", "")}, {})


def _board_form(typed: Mapping[str, str], errors: Mapping[str, Sequence[str]]) -> str:
    me = viewer()
    with kernel().reading() as session:
        shell.load(session, me)
        keepers = queries.keepers_for(session, me)
    if not keepers:
        raise Missing
    return render_template(
        "forums/boards/form.html",
        page="boards",
        board=None,
        keepers=[(encode(group_id), name) for group_id, name in keepers],
        typed=typed,
        limits=(LONGEST_NAME, LONGEST_ABOUT),
        errors=errors,
    )


@blueprint.post("/boards")
@guard("forums:moderate")
def create() -> ResponseReturnValue:
    """Open a board."""
    me = viewer()

    def done() -> ResponseReturnValue:
        sent = forms.read(BoardIn)
        board_id = kernel().commit(
            lambda session: actions.open_board(
                session, viewer=me, group_id=sent["group"], name=sent["name"], about=sent["about"]
            )
        )
        flash(_("The board is there. A first thread shows others what it is for."), "good")
        return forms.see_other(url_for("boards.show", board_id=board_id))

    return forms.answer(done, _board_form)


@blueprint.get("/boards/<id:board_id>")
@guard("forums:read")
def show(board_id: UUID) -> str:
    """List a board's threads, the pinned ones and the liveliest first. Reading writes nothing."""
    me = viewer()
    chosen = request.args.get("show", "all")
    chosen = chosen if chosen in queries.SHOWN else "all"
    asked = " ".join(request.args.get("q", "").replace("\0", "").split())[:LONGEST_TITLE]
    after = engine.place(request.args["after"]) if request.args.get("after") else None
    limit = min(queries.MOST, max(1, request.args.get("per", queries.PAGE, type=int)))
    with kernel().reading() as session:
        shell.load(session, me)
        board = queries.board_for(session, me, board_id)
        threads, more = queries.threads_in(session, me, board_id, show=chosen, words=asked, after=after, limit=limit)
    kept: dict[str, Any] = {"show": chosen if chosen != "all" else None, "q": asked or None}
    return render_template(
        "forums/boards/show.html",
        page="boards",
        board=board,
        threads=rows(threads),
        filters=filters(),
        chosen=chosen,
        q=asked,
        narrowed=bool(asked) or chosen != "all",
        later=after is not None,
        more=url_for("boards.show", board_id=board_id, after=str(more), **kept) if more else "",
    )


@blueprint.get("/boards/<id:board_id>/edit")
@guard("forums:moderate")
def edit(board_id: UUID) -> str:
    """Show the form to rename a board, and to close it."""
    return _edit(board_id, {}, {})


def _edit(board_id: UUID, typed: Mapping[str, str], errors: Mapping[str, Sequence[str]]) -> str:
    me = viewer()
    with kernel().reading() as session:
        shell.load(session, me)
        board = queries.board_for(session, me, board_id)
    if not board.may_moderate:
        raise Missing
    return render_template(
        "forums/boards/form.html",
        page="boards",
        board=board,
        keepers=[],
        typed=typed or {"name": board.name, "about": board.about},
        limits=(LONGEST_NAME, LONGEST_ABOUT),
        errors=errors,
    )


@blueprint.post("/boards/<id:board_id>/edit")
@guard("forums:moderate")
def change(board_id: UUID) -> ResponseReturnValue:
    """Rename a board."""
    me = viewer()

    def done() -> ResponseReturnValue:
        sent = forms.read(BoardWordsIn)
        kernel().commit(
            lambda session: actions.change_board(
                session, viewer=me, board_id=board_id, name=sent["name"], about=sent["about"]
            )
        )
        flash(_("The board is changed."), "good")
        return forms.see_other(url_for("boards.show", board_id=board_id))

    return forms.answer(done, lambda typed, errors: _edit(board_id, typed, errors))


@blueprint.post("/boards/<id:board_id>/close")
@guard("forums:moderate")
def close(board_id: UUID) -> ResponseReturnValue:
    """Close a board, or open it again."""
    me, on = viewer(), forms.read(OnIn)["on"]
    kernel().commit(lambda session: actions.set_closed(session, viewer=me, board_id=board_id, closed=on))
    said = _("The board is closed. Its threads can still be read.") if on else _("The board is open again.")
    flash(said, "good")
    return forms.see_other(url_for("boards.show", board_id=board_id))


# threads


@blueprint.get("/boards/<id:board_id>/new")
@guard("forums:post")
def begin(board_id: UUID) -> str:
    """Show the form for a new thread."""
    return _thread_form(board_id, {"title": request.args.get("title", "")[:LONGEST_TITLE]}, {})


def _thread_form(board_id: UUID, typed: Mapping[str, str], errors: Mapping[str, Sequence[str]], nonce: str = "") -> str:
    me = viewer()
    with kernel().reading() as session:
        shell.load(session, me)
        board = queries.board_for(session, me, board_id)
    return render_template(
        "forums/boards/thread.html",
        page="boards",
        board=board,
        typed=typed,
        nonce=nonce or encode(anonymous_id()),
        longest=LONGEST_TITLE,
        errors=errors,
    )


@blueprint.post("/boards/<id:board_id>/threads")
@guard("forums:post")
def start(board_id: UUID) -> ResponseReturnValue:
    """Begin a thread once, however often its form is sent. What was typed is kept whatever stands in its way."""
    me = viewer()
    try:
        sent = forms.read(ThreadFormIn)
        posting.spend(kernel().limits, me, board_id)
        with kernel().reading() as session:
            board = queries.board_for(session, me, board_id)
            names = named_on(session, board.id, sent["body"])
        draft = offload.run_on(sent["body"], words.compose, names)
        key = log.send_of(
            *(kernel().settings.secrets, me.person_id, sent["nonce"]),
            *("thread", board_id, sent["title"], draft.body_md),
        )
        started = kernel().commit(
            lambda session: actions.start(
                session,
                viewer=me,
                board_id=board_id,
                title=sent["title"],
                body_md=draft.body_md,
                body_html=draft.body_html,
                mentions=draft.mentions,
                send=key,
            )
        )
    except (Invalid, Conflict, Closed, Refused, RateLimited, Busy) as refusal:
        typed = forms.kept()
        found = (refusal.errors if isinstance(refusal, Invalid) else {}) or {"body": [sentence(refusal)]}
        # After a conflict the form is a new one, with a nonce of its own.
        nonce = "" if isinstance(refusal, Conflict) else typed.get("nonce", "")[:64]
        return _thread_form(board_id, typed, found, nonce), refusal.status, headers(refusal)
    return forms.see_other(url_for("room.show", space_id=started.id))


def _set(
    space_id: UUID, act: Callable[..., None], said: tuple[str, str], url: str | None = None
) -> ResponseReturnValue:
    me, on = viewer(), forms.read(OnIn)["on"]

    def work(session: Session) -> None:
        act(session, viewer=me, space_id=space_id, on=on)

    kernel().commit(work)
    flash(said[0] if on else said[1], "good")
    return forms.see_other(url or url_for("room.show", space_id=space_id))


@blueprint.post("/threads/<id:space_id>/follow")
@guard("forums:read")
def follow(space_id: UUID) -> ResponseReturnValue:
    """Follow a thread, or hear no more of it."""
    said = (
        _("You follow this thread: what is new in it counts beside Boards."),
        _("You do not follow this thread any more."),
    )
    return _set(space_id, actions.set_following, said)


@blueprint.post("/threads/<id:space_id>/pin")
@guard("forums:moderate")
def pin(space_id: UUID) -> ResponseReturnValue:
    """Let a thread stand first on its board, or no longer."""
    said = (_("The thread is pinned: it stands first on its board."), _("The thread is not pinned any more."))
    return _set(space_id, actions.set_pinned, said)


@blueprint.post("/threads/<id:space_id>/lock")
@guard("forums:moderate")
def lock(space_id: UUID) -> ResponseReturnValue:
    """Lock a thread, or unlock it."""
    said = (_("The thread is locked: it can be read, and nothing is added."), _("The thread is open again."))
    return _set(space_id, actions.set_locked, said)


@blueprint.post("/posts/<id:post_id>/solve")
@guard("forums:post")
def solve(post_id: UUID) -> ResponseReturnValue:
    """Mark a reply as what solved its thread, or take that back."""
    me, on = viewer(), forms.read(OnIn)["on"]
    with kernel().reading() as session:
        post = posts.post_for(session, me, post_id)
    kernel().commit(lambda session: actions.set_solved(session, viewer=me, post_id=post_id, on=on))
    flash(_("Marked as the answer.") if on else _("It is not marked as the answer any more."), "good")
    return forms.see_other(url_for("room.show", space_id=post.space.id, at=post.no) + f"#p-{encode(post_id)}")
