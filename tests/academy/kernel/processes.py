"""Parts of a server in a process of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from tests.academy.kernel.wires import ROOT


def told_by(script: str, *arguments: str) -> Any:
    """Run a server's part in a process of its own, as a mode patches all of one; return what it tells as JSON."""
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.stderr == ""
    return json.loads(done.stdout)
