"""Notices for programs: the caller's inbox."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from academy.kernel.app import kernel
from academy.kernel.paging import Part
from academy.notices import actions, queries
from academy.notices.queries import Entry, NoticeKind
from academy.notices.schemas import NoticeOut
from academy.web.api.operations import Operations, answers, asks
from academy.web.api.shapes import PageIn, part_of
from academy.web.guards import guard
from academy.web.signed_in import viewer

blueprint = Operations("notices_api", __name__, tag="Notices")


@blueprint.get("/notices")
@guard("notices:read")
@asks(PageIn)
@answers(200, part_of(NoticeOut))
def index(query: dict[str, Any]) -> Part[Entry]:
    """List the caller's inbox. A notice whose subject is gone is left out."""
    with kernel().reading() as session:
        entries, older = queries.inbox_for(
            session, viewer(), kernel().slots(NoticeKind), before=query.get("cursor"), limit=query["limit"]
        )
    return Part(entries, older)


@blueprint.post("/notices/read")
@guard("notices:read")
@answers(204)
def read_all() -> None:
    """Mark everything in the caller's inbox as read."""
    me = viewer()
    kernel().commit(lambda session: actions.read(session, viewer=me))


@blueprint.post("/notices/<id:notice_id>/read")
@guard("notices:read")
@answers(204)
def read_one(notice_id: UUID) -> None:
    """Mark one notice as read."""
    me = viewer()

    def work(session: Session) -> None:
        queries.notice_for(session, me, notice_id)
        actions.read(session, viewer=me, notice_ids=[notice_id])

    kernel().commit(work)
