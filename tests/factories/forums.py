"""Makers of rooms and messages."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from academy.kernel import log
from academy.kernel.app import Kernel
from forums.boards import actions as boards
from forums.posts import actions as posts
from forums.posts.actions import Changed, Posted
from forums.posts.queries import posts as queries
from forums.spaces import actions as spaces
from forums.spaces.models import Space
from forums.spaces.queries.rooms import rooms_for
from tests.factories import people


def space(kernel: Kernel, group_id: UUID, title: str = "A room", kind: str = "room") -> UUID:
    """Open a space for a group and return its id."""
    return kernel.commit(lambda session: spaces.open_space(session, group_id=group_id, kind=kind, title=title)).id


def room(kernel: Kernel, *names: str) -> tuple[UUID, UUID, list[UUID]]:
    """Make a cohort with a room and one learner per name; return group, space and people."""
    group_id = people.group(kernel)
    found = [people.member(kernel, group_id, people.person(kernel, name)) for name in names]
    return group_id, space(kernel, group_id), found


def board(kernel: Kernel, person_id: UUID, group_id: UUID, name: str = "Questions") -> UUID:
    """Open a board as somebody who looks after a group, and return its id."""
    viewer = people.viewer(kernel, person_id)
    return kernel.commit(lambda s: boards.open_board(s, viewer=viewer, group_id=group_id, name=name))


def thread(
    kernel: Kernel, person_id: UUID, board_id: UUID, title: str = "A question", body: str = "How?", nonce: str = ""
) -> UUID:
    """Begin a thread as somebody, and return its id."""
    viewer = people.viewer(kernel, person_id)
    key = log.send_of(kernel.settings.secrets, person_id, nonce, "thread", board_id, title, body) if nonce else None
    return kernel.commit(
        lambda s: boards.start(
            s, viewer=viewer, board_id=board_id, title=title, body_md=body, body_html=f"<p>{body}</p>", send=key
        )
    ).id


def say(
    kernel: Kernel,
    person_id: UUID,
    space_id: UUID,
    body: str = "Hello",
    *,
    nonce: str | None = None,
    reply_to: UUID | None = None,
) -> Posted:
    """Post as a person, as the socket does."""
    viewer = people.viewer(kernel, person_id)
    key = None
    if nonce is not None:
        key = log.send_of(kernel.settings.secrets, person_id, nonce, "post", space_id, body, reply_to)

    def work(session: Any) -> Posted:
        draft = queries.draft_for(session, viewer, space_id, body)
        return posts.post(
            session,
            viewer=viewer,
            space_id=space_id,
            body_md=draft.body_md,
            body_html=draft.body_html,
            mentions=draft.mentions,
            reply_to=reply_to,
            send=key,
        )

    return kernel.commit(work)


def change(kernel: Kernel, person_id: UUID, space_id: UUID, post_id: UUID, body: str) -> Changed:
    """Edit as a person."""
    viewer = people.viewer(kernel, person_id)

    def work(session: Any) -> Changed:
        draft = queries.draft_for(session, viewer, space_id, body)
        return posts.edit(
            session,
            viewer=viewer,
            post_id=post_id,
            body_md=draft.body_md,
            body_html=draft.body_html,
            mentions=draft.mentions,
        )

    return kernel.commit(work)


def remove(kernel: Kernel, person_id: UUID, post_id: UUID) -> Changed:
    """Remove as a person."""
    viewer = people.viewer(kernel, person_id)
    return kernel.commit(lambda session: posts.remove(session, viewer=viewer, post_id=post_id))


def react(kernel: Kernel, person_id: UUID, post_id: UUID, emoji: str = "💛", *, on: bool | None = None) -> Changed:
    """React as a person."""
    viewer = people.viewer(kernel, person_id)
    return kernel.commit(lambda session: posts.react(session, viewer=viewer, post_id=post_id, emoji=emoji, on=on))


def read(kernel: Kernel, person_id: UUID, space_id: UUID, no: int, rev: int | None = None) -> tuple[int, int]:
    """Move a person's reading position."""
    viewer = people.viewer(kernel, person_id)
    return kernel.commit(lambda session: spaces.set_read(session, viewer=viewer, space_id=space_id, no=no, rev=rev))


def unread(kernel: Kernel, person_id: UUID, space_id: UUID) -> int:
    """Return how much of a space the list of rooms shows as new to a person."""
    viewer = people.viewer(kernel, person_id)
    with kernel.reading() as session:
        from_list = {line.id: line.unread for line in rooms_for(session, viewer)}
    return from_list[space_id]


def catch_up(
    kernel: Kernel, person_id: UUID, space_id: UUID, since: int = 0, epoch: str | None = None
) -> dict[str, Any]:
    """Read a space's log as a person."""
    viewer = people.viewer(kernel, person_id)
    with kernel.reading() as session:
        return kernel.realtime.catch_up(session, viewer, space_id, since=since, epoch=epoch)


def group_of(session: Any, space_id: UUID) -> UUID:
    """Return the group that a space belongs to."""
    found: UUID = session.get_one(Space, space_id).group_id
    return found
