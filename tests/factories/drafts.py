"""Makers of drafts."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from academy.authoring import queries
from academy.authoring.actions import drafts, parts
from academy.authoring.actions.parts import ActivityText
from academy.authoring.queries import DraftDetail
from academy.kernel.app import Kernel
from tests.factories import people


def text(title: str = "What and how", **more: object) -> ActivityText:
    """Return what an author might write of an activity."""
    return ActivityText(
        **{
            "kind": "reading",
            "title": title,
            "summary": "Two words that open a question.",
            "minutes": 6,
            "body": "Most questions can be answered with yes or no.",
            **more,
        }
    )


def draft(kernel: Kernel, author: UUID, academy: UUID, title: str = "Asking better questions", weeks: int = 3) -> UUID:
    """Begin an empty draft and return its id."""
    return kernel.commit(
        lambda s: drafts.begin_track(
            s,
            viewer=people.viewer(kernel, author),
            academy_group_id=academy,
            title=title,
            summary="For people who would like to guess less.",
            weeks=weeks,
        )
    )


def module(kernel: Kernel, author: UUID, draft_id: UUID, title: str = "Open questions", *texts: ActivityText) -> UUID:
    """Put a module into a draft and return its id."""
    return kernel.commit(
        lambda s: parts.add_module(
            s,
            viewer=people.viewer(kernel, author),
            draft_id=draft_id,
            title=title,
            summary="Questions that let people go on talking.",
            icon="ear",
            week=1,
            activities=texts,
        )
    )


def naming(kernel: Kernel, author: UUID, draft_id: UUID, skills: Sequence[str]) -> None:
    """Let a draft name the skills that its track practises."""
    now = seen(kernel, author, draft_id)
    kernel.commit(
        lambda s: drafts.edit(
            s,
            viewer=people.viewer(kernel, author),
            draft_id=draft_id,
            version=now.version,
            title=now.title,
            summary=now.summary,
            weeks=now.weeks,
            skills=skills,
        )
    )


def seen(kernel: Kernel, author: UUID, draft_id: UUID) -> DraftDetail:
    """Return a draft as its author sees it."""
    with kernel.reading() as session:
        return queries.draft_for(session, people.viewer(kernel, author), draft_id)


def activity(kernel: Kernel, author: UUID, module_id: UUID, made: ActivityText) -> UUID:
    """Put an activity into a module of a draft and return its id."""
    viewer = people.viewer(kernel, author)
    return kernel.commit(lambda s: parts.add_activity(s, viewer=viewer, module_id=module_id, text=made))
