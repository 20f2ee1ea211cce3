"""Runs import-linter once per breach, in a copy of the packages: `python lint_each.py CONFIG < breaches.json`.

Each breach is a contract's id, a file and a line; the line is added, that contract is checked, and the file
is put back. Prints what import-linter said, in the same order.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
from pathlib import Path

from importlinter import configuration
from importlinter.application.use_cases import lint_imports


def check(config: str, contract: str, file: Path, line: str) -> str:
    """Return what import-linter says about one contract with the breach in place; '' when it is kept."""
    before = file.read_text() if file.exists() else None
    file.write_text((before or '"""A breach."""\n') + f"\n{line}\n")
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said):
            kept = lint_imports(config, (contract,), cache_dir=".grimp", no_logo=True)
    finally:
        file.unlink() if before is None else file.write_text(before)
    return "" if kept else said.getvalue()


if __name__ == "__main__":
    configuration.configure()
    found = [
        check(sys.argv[1], contract, Path(f"{module}.py"), line) for contract, module, line in json.load(sys.stdin)
    ]
    sys.stdout.write(json.dumps(found))
