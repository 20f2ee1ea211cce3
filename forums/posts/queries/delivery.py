"""Posts as they go over the wire, and the payloads of a space's log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, and_, func, select
from sqlalchemy.orm import Session

from academy.kernel import log
from academy.kernel.expressions import octets
from academy.kernel.ids import encode
from academy.people.models import Person
from academy.people.queries import Face
from forums.posts.models import Post, PostReaction
from forums.posts.queries.posts import Shown, shown_of
from forums.spaces.models import Follow, Space

STATES = ("pin", "lock", "solve", "slow")
"""Events of a space that show how it stands now; their reference is the space itself."""

NAME = 28
"""Characters by which a reaction says whose it is, at least."""


def reactions_json(reactions: Mapping[str, Sequence[UUID]]) -> list[dict[str, Any]]:
    """Write reactions as they go over the wire."""
    return [{"emoji": e, "count": len(who), "who": [encode(i) for i in who]} for e, who in reactions.items()]


def post_json(post: Shown) -> dict[str, Any]:
    """Write a post as it goes over the wire: the same for every viewer, and without words once it is removed."""
    author, quoted = post.author, post.reply_to
    return {
        "id": encode(post.id),
        "no": post.no,
        "author": {
            "id": encode(author.id),
            "name": author.name,
            "initials": author.initials,
            "hue": author.hue,
            "role": author.role,
        }
        if author
        else None,
        "html": post.html,
        "reply_to": {
            "id": encode(quoted.id),
            "no": quoted.no,
            "author": quoted.author,
            "excerpt": quoted.excerpt,
            "removed": quoted.removed,
        }
        if quoted
        else None,
        "at": post.at.isoformat(),
        "edited": post.edited,
        "removed": post.removed,
        "by_author": post.by_author,
        "reactions": reactions_json(post.reactions),
    }


def load(session: Session, rows: Sequence[log.Row]) -> list[Mapping[str, Any]]:
    """Return the payloads of a space's events, all from the rows as they are now. At most three statements.

    So an event of a post that was removed since carries a tombstone, and one of a post that was edited its
    newest words; whoever applies the events in order ends with what there is.
    """
    space_id = rows[0].log_id
    refs = {row.ref for row in rows if row.kind not in {"member", *STATES}}
    people = {row.ref for row in rows if row.kind == "member"}
    posts = {post.id: post for post in shown_of(session, refs)}
    members = _members(session, space_id, people) if people else {}
    states = _states(session, space_id) if any(row.kind in STATES for row in rows) else {}
    found = {**members, **states}
    return [found[r.ref] if r.ref in found else _payload(r.kind, posts[r.ref]) for r in rows]


def _json_length(text: Any) -> ColumnElement[int]:
    """Return how many characters a text has as JSON in ASCII; of some texts too few, of none too many.

    What is beyond ASCII takes six there for two or three bytes of UTF-8, and twelve for four.
    """
    return (5 * octets(text) - 3 * func.length(text, type_=Integer)) // 2


def size(ref: ColumnElement[UUID]) -> ColumnElement[int]:
    """Select how many characters a post's words and reactions have as JSON, at least; NULL for what is no post."""
    reactions = select(func.count()).where(PostReaction.post_id == Post.id).correlate(Post).scalar_subquery()
    return select(_json_length(Post.body_html) + NAME * reactions).where(Post.id == ref).scalar_subquery()


def _states(session: Session, space_id: UUID) -> dict[UUID, Mapping[str, Any]]:
    row = session.execute(
        select(Space.pinned, Space.locked_at, Space.solved_no, Space.slow).where(Space.id == space_id)
    ).one()
    return {
        space_id: {"pinned": row.pinned, "locked": row.locked_at is not None, "solved": row.solved_no, "slow": row.slow}
    }


def _payload(kind: str, post: Shown) -> Mapping[str, Any]:
    if kind == "react":
        return {"post": encode(post.id), "no": post.no, "reactions": reactions_json(post.reactions)}
    return post_json(post)


def _members(session: Session, space_id: UUID, people: set[UUID]) -> dict[UUID, Mapping[str, Any]]:
    rows = session.execute(
        select(Person.id, Person.name, Person.pronouns, Person.zone, Follow.person_id.label("member"))
        .outerjoin(
            Follow,
            and_(Follow.person_id == Person.id, Follow.space_id == space_id, Follow.until_seq.is_(None)),
        )
        .where(Person.id.in_(people))
    )
    found: dict[UUID, Mapping[str, Any]] = {}
    for r in rows:
        face = Face(r.id, r.name, r.pronouns, r.zone)
        person = {"id": encode(face.id), "name": face.name, "initials": face.initials, "hue": face.hue}
        found[r.id] = {"person": person, "member": r.member is not None}
    return found
