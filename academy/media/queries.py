"""Questions about media."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from academy.media.models import Media


@dataclass(frozen=True)
class Recording:
    """A file that is kept: its SHA-256 in hexadecimal, its type as HTTP names it, its size in bytes."""

    digest: str
    type: str
    bytes: int


def recording_of(media: Media | None) -> Recording | None:
    """Return what a row says of its file."""
    return Recording(media.digest, media.type, media.bytes) if media else None


def is_kept(session: Session, digest: str) -> bool:
    """Say whether any academy has a file."""
    return session.scalar(select(Media.id).where(Media.digest == digest).limit(1)) is not None
