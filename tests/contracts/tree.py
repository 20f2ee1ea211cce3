"""The source tree as the contract tests read it: every package, module and template, never run."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("cohorts", "mentoring", "forums", "academy", "matching")
"""The five packages, leftmost first."""
BRIDGES = "academy.bridges"
"""A folder of features: each bridge is one."""


@dataclass(frozen=True)
class Module:
    """One module: its dotted name and what is written in it."""

    name: str
    text: str
    is_package: bool = False

    @cached_property
    def tree(self) -> ast.Module:
        """Return the syntax tree."""
        return ast.parse(self.text)

    @cached_property
    def calls(self) -> list[ast.Call]:
        """Return every call in it."""
        return [node for node in ast.walk(self.tree) if isinstance(node, ast.Call)]

    @property
    def package(self) -> str:
        """Return the first part of the name."""
        return self.name.split(".")[0]

    @property
    def feature(self) -> str:
        """Return the first two parts of the name."""
        return ".".join(self.name.split(".")[:2])

    @property
    def place(self) -> str:
        """Return what the module is in its feature: "pages", "models", …; '' outside features."""
        parts = self.name.split(".")
        at = 3 if self.feature == BRIDGES else 2
        return parts[at] if len(parts) > at else ""


def modules(root: Path = ROOT) -> list[Module]:
    """Read every module of the five packages, and wsgi."""
    files = [file for package in PACKAGES for file in sorted((root / package).rglob("*.py"))]
    found = []
    for file in [*files, root / "wsgi.py"]:
        parts = file.relative_to(root).with_suffix("").parts
        package = parts[-1] == "__init__"
        found.append(Module(".".join(parts[:-1] if package else parts), file.read_text(), is_package=package))
    return found


def templates(root: Path = ROOT) -> dict[str, str]:
    """Read every template, by its path."""
    return {
        str(file.relative_to(root)): file.read_text()
        for package in PACKAGES
        for file in sorted((root / package).rglob("templates/**/*.html"))
    }
