"""Runs Alembic in a process of its own, so that no server ever carries it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class MigrationFailed(Exception):
    """Alembic said no; the message is what it printed."""


def alembic(database_url: str, *arguments: str) -> str:
    """Run one Alembic command against a database and return what it printed."""
    command = [sys.executable, "-m", "alembic", "-c", str(ROOT / "migrations" / "alembic.ini")]
    done = subprocess.run(  # noqa: S603 - our own interpreter, no shell
        [*command, *arguments],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": database_url},  # not an argument: anybody here may list those
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise MigrationFailed((done.stderr or done.stdout).strip())
    return done.stdout
