"""Twelve people who talk at once over wires that keep being cut, and a tally of what became of their words."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select

from academy.bridges.client.api.client import Client
from academy.bridges.client.engine.asking import Backoff
from academy.bridges.client.engine.sending import Sent
from academy.kernel import log
from academy.kernel.app import Kernel
from academy.kernel.ids import encode
from academy.people.engine import hash_password
from forums.posts.models import Post
from tests.factories import cohorts, people
from tests.faults.workers import Workers
from tests.live import kernel_on
from tests.proxy import Proxy
from tests.redis_server import RedisServer, redis_server
from tests.serving import ROOT, SECRET, Server, start_server

CLIENTS = 12
POSTS = 60
PASSWORD = "correct horse battery staple"
SECONDS = 300  # until everything has arrived, once everything is said; the machine may be busy


@dataclass(frozen=True)
class Tally:
    """What went wrong, in posts; nothing at best."""

    lost: int
    stored_twice: int
    shown_twice: int
    out_of_order: int


NOTHING = Tally(0, 0, 0, 0)


def tally(said: Sequence[Sequence[str]], stored: Sequence[str], screens: Sequence[Sequence[str]]) -> Tally:
    """Compare what each person said, what the server has and what each screen shows; all words are different ones."""
    place = {words: number for number, words in enumerate(stored)}
    lost = sum(words not in place for mine in said for words in mine)
    lost += sum(len(place.keys() - set(screen)) for screen in screens)
    stored_twice = sum(Counter(stored).values()) - len(place)
    shown_twice = sum(len(screen) - len(set(screen)) for screen in screens)
    # Nobody's words overtake their own; and each screen shows them as the server has them.
    known = [[words for words in one if words in place] for one in (*said, *screens)]
    out_of_order = sum(place[before] > place[after] for one in known for before, after in pairwise(one))
    return Tally(lost, stored_twice, shown_twice, out_of_order)


@dataclass
class Academy:
    """A server of one test's own, that can be killed and come back to where it was, with a room of twelve."""

    url: str
    folder: Path
    kernel: Kernel
    app: str
    server: Server | Workers
    redis: RedisServer | None
    space_id: UUID
    people: list[UUID]
    emails: list[str]

    @property
    def space(self) -> str:
        """The room as it goes over the wire."""
        return encode(self.space_id)

    def again(self) -> None:
        """Start a server that was killed anew, on the same port."""
        self.server = start_server(self.url, self.folder, app=self.app, port=self.server.port)

    def command(self, *command: str) -> None:
        """Run a command of `academy` beside the server or in its place."""
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "DATABASE_URL": self.url,
            "SECRET_KEY": SECRET,
            "ACADEMY_INSTANCE": str(self.folder),
        }
        run = [sys.executable, "-c", "from academy.kernel.cli import main; main()", *command]
        done = subprocess.run(run, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    def restore(self, backup: Path) -> list[str]:
        """Put a backup back while no server runs, and return the words that it holds."""
        self.kernel.database.engine.dispose()
        self.command("restore", str(backup), "--yes")
        kept = self.stored()
        self.kernel.database.engine.dispose()
        return kept

    def head(self) -> int:
        """Return the number of the last event of the room."""
        with self.kernel.reading() as session:
            return log.heads_of(session, [self.space_id])[self.space_id]

    def stored(self) -> list[str]:
        """Return the words of the room as the database has them, in order."""
        with self.kernel.reading() as session:
            found = session.scalars(select(Post.body_md).where(Post.space_id == self.space_id).order_by(Post.no))
            return list(found)


@contextmanager
def academy(database_url: str, folder: Path, app: str, *, workers: int = 1) -> Iterator[Academy]:
    """Serve a room of twelve people, who sign in by their passwords; several workers have a Redis of their own."""
    with ExitStack() as stack:
        redis = stack.enter_context(redis_server(folder)) if workers > 1 else None
        kernel = kernel_on(database_url, folder, redis_url=redis.url if redis else "")
        stack.callback(kernel.database.engine.dispose)
        space_id, everybody, emails = _room(kernel)
        server = (
            Workers(database_url, folder, redis, kernel, app=f"{app}()", count=workers)
            if redis
            else start_server(database_url, folder, app=app)
        )
        found = Academy(database_url, folder, kernel, app, server, redis, space_id, everybody, emails)
        try:
            yield found
        finally:
            found.server.stop()


def _room(kernel: Kernel) -> tuple[UUID, list[UUID], list[str]]:
    made = cohorts.world(kernel)
    hashed = hash_password(PASSWORD)
    emails = [f"reader{number}@example.org" for number in range(CLIENTS)]
    everybody = [
        people.person(kernel, f"Reader {number}", email=email, password_hash=hashed)
        for number, email in enumerate(emails)
    ]
    for person in everybody:
        people.member(kernel, made.cohort, person)
    return made.space, everybody, emails


@dataclass
class Talker:
    """One person: what they said and what their screen shows, kept by the test and not by the client."""

    name: str
    space: str
    client: Client
    said: list[str] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    screen: list[str] = field(default_factory=list)
    resets: list[str] = field(default_factory=list)

    def follow(self) -> None:
        """Show what comes, as it comes."""
        self.client.follow(self.space, self._show, reset=self._forget, since=0)

    def say(self, words: str) -> None:
        """Send something."""
        self.said.append(words)
        self.sent.append(self.client.send(self.space, words))

    def _show(self, event: Any) -> None:
        if event["kind"] == "post":
            self.screen.append(event["payload"]["html"].removeprefix("<p>").removesuffix("</p>"))

    def _forget(self, reason: str) -> None:
        self.resets.append(reason)
        self.screen.clear()


@contextmanager
def talkers(place: Academy, url: str, which: slice = slice(None)) -> Iterator[list[Talker]]:
    """Let clients of the room's people follow it."""
    with ExitStack() as stack:
        found = []
        for number, email in list(enumerate(place.emails))[which]:
            # The protocol's own cap of 30 s would only make the test long.
            client = Client(url, email=email, password=PASSWORD, backoff=Backoff(1.0, 4.0))
            talker = Talker(f"Reader {number}", place.space, stack.enter_context(client))
            talker.follow()
            found.append(talker)
        yield found


def settled(everybody: Sequence[Talker], count: int) -> None:
    """Wait until everything is acknowledged and every screen shows so many posts."""
    until = time.monotonic() + SECONDS
    while any(one.client.waiting or len(one.screen) < count for one in everybody):
        assert time.monotonic() < until, [(len(one.screen), one.client.waiting, one.client.state) for one in everybody]
        time.sleep(0.1)


def cutting(port: int, seed: int) -> Proxy:
    """Return a wire whose connections last 0.3 s and some more, three on average."""
    return Proxy(port, lives=random.Random(seed))
