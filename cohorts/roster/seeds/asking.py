"""What people ask and try on the boards, who answers, and how far they have read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from cohorts.roster.seeds.story import Story, World
from cohorts.roster.seeds.talking import named
from forums.boards import actions as boards
from forums.posts import actions as posts
from forums.posts.engine import compose
from forums.posts.queries import posts as post_queries
from forums.spaces import actions as spaces
from forums.spaces.queries.views import named_on


def ask(world: World, story: Story, told: Mapping[str, Any]) -> None:
    """Open the boards and let people write there what the script has them write."""
    for board in told["boards"]:
        at = world.now - timedelta(days=board["opened_days_ago"])
        story.add(at, partial(_open, world, board))
    for thread in told["threads"]:
        story.add(_at(world, thread), partial(_start, world, thread))
        for reply in thread["replies"]:
            story.add(_at(world, reply), partial(_reply, world, thread, reply))


def _at(world: World, post: Mapping[str, Any]) -> datetime:
    day = world.now.date() - timedelta(days=post["days_ago"])
    wall = datetime.combine(day, time.fromisoformat(post["time"]), ZoneInfo(world.zones[post["author"]]))
    return min(wall.astimezone(UTC), world.now)


def _open(world: World, board: Mapping[str, Any], session: Session) -> None:
    keeper = world.academy if board["keeper"] == "academy" else world.cohorts[board["keeper"]]
    world.boards[board["key"]] = boards.open_board(
        session,
        viewer=world.viewer(session, board["opened_by"]),
        group_id=keeper,
        name=board["name"],
        about=board["about"],
    )


def _start(world: World, thread: Mapping[str, Any], session: Session) -> None:
    viewer = world.viewer(session, thread["author"])
    body = named(world, thread["body"])
    board_id = world.boards[thread["board"]]
    draft = compose(body, named_on(session, board_id, body))
    started = boards.start(
        session,
        viewer=viewer,
        board_id=board_id,
        title=thread["title"],
        body_md=draft.body_md,
        body_html=draft.body_html,
        mentions=draft.mentions,
    )
    world.threads[thread["key"]] = started.id
    if thread.get("pinned"):
        boards.set_pinned(session, viewer=viewer, space_id=started.id, on=True)


def _reply(world: World, thread: Mapping[str, Any], reply: Mapping[str, Any], session: Session) -> None:
    viewer, space_id = world.viewer(session, reply["author"]), world.threads[thread["key"]]
    draft = post_queries.draft_for(session, viewer, space_id, named(world, reply["body"]))
    made = posts.post(
        session,
        viewer=viewer,
        space_id=space_id,
        body_md=draft.body_md,
        body_html=draft.body_html,
        mentions=draft.mentions,
    )
    if reply.get("solves"):
        asked = world.viewer(session, thread["author"])
        boards.set_solved(session, viewer=asked, post_id=made.id, on=True)


def read_threads(world: World, told: Mapping[str, Any]) -> None:
    """Let whoever wrote in a thread have read it, but for the last reply to the learner who signs in."""
    for thread in told["threads"]:
        space_id = world.threads[thread["key"]]
        for key in {thread["author"], *(reply["author"] for reply in thread["replies"])}:
            no = len(thread["replies"]) + (0 if key == "priya" else 1)
            world.kernel.commit(partial(_read, world, key, space_id, no))


def _read(world: World, key: str, space_id: UUID, no: int, session: Session) -> None:
    spaces.set_read(session, viewer=world.viewer(session, key), space_id=space_id, no=no)
