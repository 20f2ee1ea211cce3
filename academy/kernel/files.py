"""Files that people bring: kept in a folder by the hash of what is in them, whole or not at all."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from datetime import datetime
from pathlib import Path
from typing import IO

DIGEST = re.compile(r"[0-9a-f]{64}")
CHUNK = 1 << 20


class Files:
    """A folder of files, each named by the SHA-256 of its content: the same content is there once.

    No name from outside is ever a path. What is here never changes, and nothing half written is ever seen.
    """

    def __init__(self, folder: Path) -> None:
        """Name the folder; it is made when the first file comes."""
        self._folder = folder

    def path(self, digest: str) -> Path:
        """Return where the content of this hash is or would be; raises `ValueError` for what is no hash."""
        if not DIGEST.fullmatch(digest):
            message = "a file is named by the 64 hexadecimal digits of its hash"
            raise ValueError(message)
        return self._folder / digest[:2] / digest

    def keep(self, stream: IO[bytes]) -> str:
        """Keep what can be read from `stream`, and return its hash once it is safely on the disk.

        It is read piece by piece, and never whole in memory.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        hashed = hashlib.sha256()
        with tempfile.NamedTemporaryFile(dir=self._folder, prefix="coming-", delete=False) as coming:
            waiting = Path(coming.name)
            try:
                while piece := stream.read(CHUNK):
                    hashed.update(piece)
                    coming.write(piece)
                coming.flush()
                os.fsync(coming.fileno())
                place = self.path(hashed.hexdigest())
                place.parent.mkdir(exist_ok=True)
                waiting.replace(place)
            except BaseException:
                waiting.unlink(missing_ok=True)
                raise
        for folder in (place.parent, self._folder):
            settle(folder)
        return hashed.hexdigest()

    def drop(self, digest: str, *, before: datetime) -> bool:
        """Remove a file that nobody has brought since `before`; says whether it is gone.

        Whoever brings the same content meanwhile puts a file of now in its place, which stays.
        """
        place = self.path(digest)
        try:
            if place.stat().st_mtime >= before.timestamp():
                return False
            place.unlink()
        except FileNotFoundError:
            pass
        return True


def settle(folder: Path) -> None:
    """Write a folder's list of names to the disk, so that a name survives a power cut like its content."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
