"""The demo academy in a file: made by the command that people run, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from academy.kernel import migrate
from tests.serving import ROOT, SECRET

COMMAND = "from academy.kernel.cli import main; main()"


def make(file: Path) -> None:
    """Migrate a new SQLite file and fill it with the demo academy."""
    url = f"sqlite:///{file}"
    migrate.alembic(url, "upgrade", "head")
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, "demo"],
        cwd=ROOT,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "DATABASE_URL": url,
            "SECRET_KEY": SECRET,
            "ACADEMY_INSTANCE": str(file.parent),
            "ACADEMY_DEMO": "1",
            "ACADEMY_LOG": "error",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
