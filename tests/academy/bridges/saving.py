"""An academy that is backed up and restored, as tests talk about it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from academy.bridges.backups.cli import backup
from academy.kernel.app import Kernel
from forums.posts.models import Post

BOTH = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


@dataclass
class House:
    """An academy with a room in which something was said, and a folder for its backups."""

    kernel: Kernel
    url: str
    folder: Path
    ana: UUID
    ben: UUID
    space: UUID

    def bodies(self) -> list[str]:
        """Return what is written in the room, in order."""
        with self.kernel.reading() as session:
            return list(session.scalars(select(Post.body_md).where(Post.space_id == self.space).order_by(Post.no)))

    def run(self, command: Any, *arguments: str, answer: str = "") -> Result:
        """Run a command with the server stopped: nobody else is connected."""
        self.kernel.database.engine.dispose()
        return CliRunner().invoke(command, list(arguments), input=answer)


def saved(house: House, name: str = "academy.tar.gz") -> Path:
    """Make a backup."""
    file = house.folder / name
    done = house.run(backup, str(file))
    assert done.exit_code == 0, done.output
    return file
