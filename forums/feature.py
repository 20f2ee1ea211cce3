"""What forums brings to the whole: rooms, their messages, and who is told of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from flask_babel import gettext as _

from academy.kernel.feature import Feature
from academy.kernel.log import LogKind
from academy.people.policy import Right, granting
from academy.web.shell import NavEntry
from forums.boards import api as boards_api
from forums.boards import queries as board_queries
from forums.boards import reactions as boards_reactions
from forums.boards.pages import board as boards
from forums.person_data.pages import PARTS
from forums.posts import api as posts_api
from forums.posts import reactions as posts_reactions
from forums.posts import sockets as posts_sockets
from forums.posts.pages import plain, post, room
from forums.posts.queries import delivery
from forums.spaces import api as spaces_api
from forums.spaces import pages as spaces_pages
from forums.spaces import reactions as spaces_reactions
from forums.spaces import sockets as spaces_sockets
from forums.spaces.queries import views as spaces

if TYPE_CHECKING:
    from flask import Flask

    from academy.kernel.app import Kernel


def install(_app: Flask, kernel: Kernel) -> None:
    """Tell rooms who is in them whenever that changes."""
    kernel.realtime.on_presence.append(spaces_sockets.Presence(kernel).changed)


FEATURE = Feature(
    name="forums",
    folder=Path(__file__).parent,
    install=install,
    blueprints=[
        spaces_pages.blueprint,
        spaces_api.blueprint,
        posts_api.blueprint,
        room.blueprint,
        post.blueprint,
        boards.blueprint,
        boards_api.blueprint,
    ],
    sockets=[*spaces_sockets.HANDLERS, *posts_sockets.HANDLERS],
    reactions=[*spaces_reactions.REACTIONS, *posts_reactions.REACTIONS, *boards_reactions.REACTIONS],
    log_kinds=[
        LogKind("space", spaces.follow, delivery.load, delivery.size),
        LogKind("board", board_queries.follow, board_queries.load),
    ],
    slots=[
        plain.WORDS,
        *PARTS,
        NavEntry(
            key="rooms",
            label=lambda: _("Rooms"),
            url="/spaces",
            icon="messages",
            order=20,
            badge=spaces.unread_total,
            shown=lambda viewer: bool(granting(viewer, Right.READ)),
        ),
        boards.NAV,
        boards.GROUP_TAB,
        *posts_reactions.NOTICE_KINDS,
    ],
)
