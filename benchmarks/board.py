"""A board with a hundred threads, as people would have begun them: through Core, each by another person."""

from __future__ import annotations

from itertools import cycle
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from academy.kernel.viewer import Viewer
from academy.people import queries as people
from academy.people.models import Group, Membership
from forums.boards import actions as boards
from forums.posts import actions as posts
from forums.posts.queries.posts import draft_for

THREADS = 100
TITLES = ("How do you begin?", "What I tried this week", "A question about listening", "Where to find the recording")


def open_board(session: Session, cohort_id: UUID) -> UUID:
    """Open a board beside a cohort and let its people begin threads there, with up to three answers each."""
    lead = session.scalars(
        select(Membership.person_id).where(
            Membership.group_id == select(Group.parent_id).where(Group.id == cohort_id).scalar_subquery(),
            Membership.role == "lead",
        )
    ).first()
    found = session.scalars(select(Membership.person_id).where(Membership.group_id == cohort_id))
    assert lead is not None
    board = boards.open_board(session, viewer=_as(session, lead), group_id=cohort_id, name="Questions")
    writers = cycle([_as(session, person) for person in found])
    for number in range(THREADS):
        text = draft_for(session, next(writers), board, "Has anybody else *seen* this?")
        words = {"body_md": text.body_md, "body_html": text.body_html}
        title = f"{TITLES[number % len(TITLES)]} ({number + 1})"
        thread = boards.start(session, viewer=next(writers), board_id=board, title=title, **words).id
        for _answer in range(number % 4):
            posts.post(session, viewer=next(writers), space_id=thread, **words)
    return board


def _as(session: Session, person_id: UUID) -> Viewer:
    roles = people.roles_of(session, person_id)
    return Viewer(person_id=person_id, sign_in_id=person_id, name="", roles=roles)
