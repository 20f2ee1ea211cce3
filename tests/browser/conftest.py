"""One server and one demo academy per process; the browser is that of the whole suite."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from academy.kernel.db import Database
from tests.browser.pages import places, sign_in_everybody
from tests.databases import checkpoint, once
from tests.serving import serving


@dataclass(frozen=True)
class Demo:
    """The demo academy as a file to copy, everybody's sign-in, and the ids that stand in addresses."""

    file: Path
    tokens: dict[str, str]
    ids: dict[str, str]


@dataclass(frozen=True)
class Site:
    """A served copy of the demo academy."""

    address: str
    tokens: dict[str, str]
    ids: dict[str, str]

    def url(self, address: str) -> str:
        """Return the whole address of a page."""
        return self.address + address.format(**self.ids)


@pytest.fixture(scope="session")
def demo_academy(shared: Path, demo_template: Path) -> Demo:
    """Sign the demo's people in, once among all processes of this run."""
    file, notes = shared / "pages.db", shared / "pages.json"

    def make() -> None:
        shutil.copyfile(demo_template, file)
        database = Database(f"sqlite:///{file}")
        notes.write_text(json.dumps({"tokens": sign_in_everybody(database), "ids": places(database)}))
        database.engine.dispose()
        checkpoint(f"sqlite:///{file}")

    once(shared, "pages", make)
    return Demo(file, **json.loads(notes.read_text()))


@pytest.fixture(scope="session")
def site(demo_academy: Demo, demo_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Serve a copy of the demo academy; its jobs rest, so that a page stays what it was."""
    folder = tmp_path_factory.mktemp("site")
    shutil.copyfile(demo_academy.file, folder / "demo.db")
    shutil.copytree(demo_template.parent / "media", folder / "media")
    with serving(f"sqlite:///{folder / 'demo.db'}", folder, ACADEMY_JOBS="off", ACADEMY_DEMO="1") as address:
        yield Site(address, demo_academy.tokens, demo_academy.ids)
