"""Makers of videos with captions: the demo's own, which is a real one."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from uuid import UUID

from academy.authoring import queries
from academy.authoring.actions import parts
from academy.kernel.app import Kernel
from academy.media import actions
from academy.media.engine import WEBM, tidy
from academy.media.queries import Recording
from academy.tracks.engine import ActivityPart, Pack
from tests.factories import people

FILE = Path(__file__).parents[2] / "cohorts" / "roster" / "demo" / "two-slow-breaths.webm"
FILM = FILE.read_bytes()
CAPTIONS = tidy(FILE.with_suffix(".vtt").read_text("utf-8"))


def recording(kernel: Kernel, content: bytes = FILM) -> Recording:
    """Keep a video in the instance folder."""
    return Recording(kernel.files.keep(io.BytesIO(content)), WEBM, len(content))


def with_video(kernel: Kernel, academy: UUID, pack: Pack, captions: str = CAPTIONS) -> Pack:
    """Let an academy have a video and put it at the end of a pack's first module."""
    found = recording(kernel)
    kernel.commit(lambda s: actions.keep(s, group_id=academy, recording=found, actor_id=None))
    part = ActivityPart("a-video", "video", "A video", "One line.", 5, "", found.digest, captions)
    first, *others = pack.modules
    return replace(pack, modules=(replace(first, activities=(*first.activities, part)), *others))


def attach(kernel: Kernel, author: UUID, activity_id: UUID, captions: str | None = CAPTIONS) -> None:
    """Give an activity of a draft a video and its captions."""
    viewer = people.viewer(kernel, author)
    found = recording(kernel)
    with kernel.reading() as session:
        version = queries.activity_for(session, viewer, activity_id)[2].version
    kernel.commit(
        lambda s: parts.attach_video(
            s, viewer=viewer, activity_id=activity_id, version=version, recording=found, captions=captions
        )
    )
