"""Posts for programs."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from academy.kernel.app import kernel
from academy.kernel.paging import Part
from academy.kernel.viewer import Viewer
from academy.web.api.operations import Operations, answers, asks
from academy.web.api.shapes import NumberedPageIn, part_of
from academy.web.guards import guard
from academy.web.signed_in import viewer
from forums.posts import policy, queries
from forums.posts.schemas import OnePostOut, PostOut
from forums.spaces.queries import space_for

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
    return Part([queries.post_json(post) for post in reversed(shown)], following)


@blueprint.get("/posts/<id:post_id>")
@guard("forums:read")
@answers(200, OnePostOut, tagged=True)
def show(post_id: UUID) -> dict[str, Any]:
    """Return one post."""
    with kernel().reading() as session:
        return _one(session, viewer(), post_id)


def _one(session: Session, me: Viewer, post_id: UUID) -> dict[str, Any]:
    source = queries.post_for(session, me, post_id)
    mine = policy.may_edit(me, source.author_id, source.space)
    shown = queries.shown(session, post_id)
    return {**queries.post_json(shown), "space": source.space.id, "body": source.body_md if mine else None}
