"""What people say to each other, and how far each has read."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from academy.notices import actions as notices
from cohorts.roster.seeds.pairing import room_of
from cohorts.roster.seeds.story import Story, World
from forums.posts import actions as posts
from forums.posts.queries import posts as post_queries
from forums.spaces import actions as spaces
from forums.spaces.queries.rooms import rooms_for

if TYPE_CHECKING:
    pass

MENTION = re.compile(r"@\[(\w+)\]")


def talk(world: World, story: Story, told: Mapping[str, Any]) -> None:
    """Let people write what the script has them write, each in their own room."""
    for room in told["rooms"]:
        for post in room["posts"]:
            _post(world, story, post, partial(_cohort_room, world, room["cohort"]))
    for pair in told["pairs"]:
        kind = "mentorship" if pair["kind"] == "mentor" else "buddy"
        for post in pair["posts"]:
            _post(world, story, post, partial(room_of, world, pair["people"], kind))


def _cohort_room(world: World, cohort: str, _session: Session) -> UUID:
    return world.rooms[cohort]


def _post(world: World, story: Story, post: Mapping[str, Any], room: Callable[[Session], UUID | None]) -> None:
    if "hours_ago" in post:
        at = world.now - timedelta(hours=post["hours_ago"])
    else:
        day = world.now.date() - timedelta(days=post["days_ago"])
        at = datetime.combine(day, time.fromisoformat(post["time"]), ZoneInfo(world.zones[post["author"]]))
    body = named(world, post.get("before") or post["body"])

    def write(session: Session) -> None:
        space_id = room(session)
        if space_id is None:
            return
        reply_to = world.posts.get(post.get("reply_to", ""))
        viewer = world.viewer(session, post["author"])
        draft = post_queries.draft_for(session, viewer, space_id, body)
        made = posts.post(
            session,
            viewer=viewer,
            space_id=space_id,
            body_md=draft.body_md,
            body_html=draft.body_html,
            reply_to=reply_to,
            mentions=draft.mentions,
        )
        world.posts[post["key"]] = made.id

    said = at.astimezone(UTC)
    story.add(said, write)
    number = 0
    for reaction in post.get("reactions", ()):
        for key in reaction["by"]:
            number += 1
            when = min(said + timedelta(minutes=4 * number), world.now)
            story.add(when, partial(_react, world, post["key"], key, reaction["emoji"]))
    if post.get("edited"):
        story.add(min(said + timedelta(minutes=3), world.now), partial(_edit, world, post))
    if post.get("removed"):
        story.add(min(said + timedelta(minutes=50), world.now), partial(_remove, world, post))


def _react(world: World, post: str, key: str, emoji: str, session: Session) -> None:
    posts.react(session, viewer=world.viewer(session, key), post_id=world.posts[post], emoji=emoji, on=True)


def _edit(world: World, post: Mapping[str, Any], session: Session) -> None:
    viewer = world.viewer(session, post["author"])
    space_id = post_queries.post_for(session, viewer, world.posts[post["key"]]).space.id
    draft = post_queries.draft_for(session, viewer, space_id, named(world, post["body"]))
    posts.edit(
        session,
        viewer=viewer,
        post_id=world.posts[post["key"]],
        body_md=draft.body_md,
        body_html=draft.body_html,
        mentions=draft.mentions,
    )


def _remove(world: World, post: Mapping[str, Any], session: Session) -> None:
    posts.remove(session, viewer=world.viewer(session, post["author"]), post_id=world.posts[post["key"]])


def named(world: World, body: str) -> str:
    """Write names where a script has keys."""
    return MENTION.sub(lambda found: f"@{world.names[found[1]]}", body)


def read(world: World) -> None:
    """Let everybody have read everything but the last few posts, and the notices of days gone by."""
    for number, key in enumerate(world.people):

        def read(session: Session, key: str = key, number: int = number) -> None:
            viewer = world.viewer(session, key)
            for room in rooms_for(session, viewer):
                left = (4, 0, 2, 1)[number % 4]
                spaces.set_read(session, viewer=viewer, space_id=room.id, no=max(0, room.head_no - left))
            notices.read_before(session, viewer=viewer, before=world.now - timedelta(days=2))

        world.kernel.commit(read)
