"""One real server per test process, over a world that is built once per run; fixtures of journeys and faults."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import pytest

import wsgi
from academy.kernel.app import Kernel
from academy.kernel.config import Settings
from academy.kernel.ids import decode
from academy.people import actions as people
from academy.people.engine import new_token, token_hash
from tests.databases import checkpoint, once
from tests.factories import world
from tests.serving import SECRET, Server, cookie_of, start_server
from tests.sink import Sink


@dataclass
class Live:
    """A running server, and a kernel of our own on the same database: what it commits, the server never heard of."""

    server: Server
    kernel: Kernel
    folder: Path
    ids: dict[str, str]
    mail: Sink
    _cookies: dict[UUID, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Where the server is."""
        return self.server.url

    def who(self, name: str) -> UUID:
        """Return the id of something in the world, by its name there."""
        return decode(self.ids[name])

    def cookie(self, person_id: UUID) -> str:
        """Sign somebody in once and return what their cookie holds."""
        if person_id not in self._cookies:
            self._cookies[person_id] = signed_in(self.kernel, person_id)
        return self._cookies[person_id]


def signed_in(kernel: Kernel, person_id: UUID) -> str:
    """Sign somebody in on one more device and return what its cookie holds."""
    token = new_token()
    hashed = token_hash(token)
    kernel.commit(lambda s: people.sign_in(s, person_id=person_id, token_hash=hashed, agent="test"))
    return cookie_of(token)


def kernel_on(database_url: str, folder: Path, *, redis_url: str = "") -> Kernel:
    """Build an app of our own on a database, and return its kernel. It never serves, as a command never does."""
    app = wsgi.create_app(
        Settings(
            database_url=database_url,
            redis_url=redis_url,
            secret_key=SECRET,
            instance=folder,
            async_mode="threading",
            jobs="off",
            log_level="error",
            testing=True,
        )
    )
    kernel: Kernel = app.extensions["kernel"]
    return kernel


@pytest.fixture(scope="session")
def living_template(shared: Path, sqlite_template: Path) -> tuple[Path, dict[str, str]]:
    """Return an SQLite file with a small academy in it to copy, and the encoded ids of what is there by name."""
    file, notes = shared / "living.db", shared / "living.json"

    def make() -> None:
        shutil.copyfile(sqlite_template, file)
        kernel = kernel_on(f"sqlite:///{file}", shared)
        notes.write_text(json.dumps(world.build(kernel)))
        kernel.database.engine.dispose()
        checkpoint(f"sqlite:///{file}")

    once(shared, "living", make)
    return file, json.loads(notes.read_text())


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory, living_template: tuple[Path, dict[str, str]]) -> Iterator[Live]:
    """Serve a copy of the world, with mail to a real SMTP server of ours."""
    template, ids = living_template
    folder = tmp_path_factory.mktemp("live")
    file = folder / "academy.db"
    shutil.copyfile(template, file)
    url = f"sqlite:///{file}"
    with Sink() as mail:
        server = start_server(url, folder, ACADEMY_MAIL="smtp", ACADEMY_SMTP_URL=mail.url)
        kernel = kernel_on(url, folder)
        yield Live(server, kernel, folder, ids, mail)
        server.stop()
        kernel.database.engine.dispose()
