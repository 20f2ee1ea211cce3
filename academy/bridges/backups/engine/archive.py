"""The file of a backup: a tar archive of what it is, the database, then the videos, and nothing else.

Read once from its beginning to its end, so that it may be compressed and larger than the memory.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Literal, cast

from academy.kernel.files import CHUNK, DIGEST

FORMAT = 1
LABEL, MEDIA = "academy.json", "media/"
MOST_LABEL = 10_000
DATABASES = {"sqlite": "academy.db", "postgresql": "academy.dump"}
Backend = Literal["sqlite", "postgresql"]


class Damaged(Exception):
    """A file is no backup, or not a whole one; the message says how that shows."""


@dataclass(frozen=True)
class Label:
    """What a backup says of itself: when it was made, of which kind of database and at which migration."""

    made_at: datetime
    backend: Backend
    schema: str
    videos: bool
    """Whether the videos are in it; without them it is for beside a copy of their folder."""


def write(out: IO[bytes], label: Label, database: Path, videos: Path, *, packed: bool) -> int:
    """Write a backup; return how many videos are in it.

    The database comes first: a video that it names is there before it, as videos never change.
    """
    count = 0
    with (
        gzip.GzipFile(fileobj=out, mode="wb", compresslevel=6) if packed else nullcontext(out) as stream,
        tarfile.open(fileobj=stream, mode="w|") as archive,
    ):
        said = {"format": FORMAT, **asdict(label), "made_at": label.made_at.isoformat()}
        _add(archive, LABEL, io.BytesIO(text := json.dumps(said, indent=1).encode()), len(text))
        with database.open("rb") as content:
            _add(archive, DATABASES[label.backend], content, database.stat().st_size)
        for video in sorted(videos.glob("??/*")) if label.videos else ():
            if DIGEST.fullmatch(video.name):
                with video.open("rb") as content:
                    _add(archive, MEDIA + video.name, content, video.stat().st_size)
                count += 1
    return count


def _add(archive: tarfile.TarFile, name: str, content: IO[bytes], size: int) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o600
    archive.addfile(member, content)


@contextmanager
def opened(file: Path) -> Iterator[tuple[Label, Iterator[tuple[str, IO[bytes]]]]]:
    """Open a backup: its label, and then each part by its name, in order, to be read before the next is asked for.

    Raises `Damaged` for what is no backup, is cut short, holds what does not belong there, or whose bytes have changed.
    """
    try:
        with tarfile.open(file, "r|*") as archive:
            parts = _parts(archive)
            name, content = next(parts, ("", io.BytesIO()))
            if name != LABEL:
                message = "it does not begin as a backup does"
                raise Damaged(message)
            yield _label(content.read(MOST_LABEL)), parts
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        message = "it is cut short, or no backup at all"
        raise Damaged(message) from error


def _parts(archive: tarfile.TarFile) -> Iterator[tuple[str, IO[bytes]]]:
    for member in archive:
        content = archive.extractfile(member) if member.isfile() else None
        if content is None:
            message = f"“{member.name[:80]}” does not belong into a backup"
            raise Damaged(message)
        yield member.name, content


def _label(text: bytes) -> Label:
    try:
        said = json.loads(text)
        if said["format"] != FORMAT:
            message = f"it is of format {said['format']!s:.20} and this code reads format {FORMAT}"
            raise Damaged(message)
        if said["backend"] not in DATABASES:
            raise ValueError
        made_at = datetime.fromisoformat(said["made_at"]).astimezone(UTC)
        return Label(made_at, cast("Backend", said["backend"]), str(said["schema"]), bool(said["videos"]))
    except (ValueError, KeyError, TypeError) as error:
        message = "what it says of itself can't be read"
        raise Damaged(message) from error


def digest_of(name: str) -> str:
    """Return the hash that a video of a backup is named by; raises `Damaged` for any other name."""
    digest = name.removeprefix(MEDIA)
    if not name.startswith(MEDIA) or not DIGEST.fullmatch(digest):
        message = f"“{name[:80]}” does not belong into a backup"
        raise Damaged(message)
    return digest


def unpack(content: IO[bytes], file: Path) -> None:
    """Write a part to a file."""
    with file.open("wb") as out:
        while piece := content.read(CHUNK):
            out.write(piece)


def check(content: IO[bytes], digest: str) -> None:
    """Read a video through; raises `Damaged` unless it is what its name says."""
    hashed = hashlib.sha256()
    while piece := content.read(CHUNK):
        hashed.update(piece)
    if hashed.hexdigest() != digest:
        message = f"the video {digest[:12]}… is not what it was"
        raise Damaged(message)
