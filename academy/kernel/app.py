"""Builds an app out of features; knows none of them by name."""

from __future__ import annotations

import importlib
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar

from flask import Flask, current_app
from sqlalchemy.orm import Session

from academy.kernel import jobs, ledger, log, mail, offload, once, telemetry
from academy.kernel.config import Settings
from academy.kernel.db import Database
from academy.kernel.events import Event, Reactions
from academy.kernel.feature import Feature
from academy.kernel.files import Files
from academy.kernel.jobs import Runner
from academy.kernel.limits import Limits
from academy.kernel.log import LogKind
from academy.kernel.metrics import Metrics
from academy.kernel.realtime import Realtime
from academy.kernel.vault import Vault

if TYPE_CHECKING:
    from academy.kernel.relay import Relay
    from academy.kernel.shared import Shared

T = TypeVar("T")
S = TypeVar("S")


@dataclass
class _Done:
    """What a committed transaction leaves to be followed up."""

    events: list[Event]
    rows: list[log.Row] = field(default_factory=list)
    jobs: bool = False


class Kernel:
    """What an app stands on: its database, logs, jobs, mail and sockets. One per app."""

    def __init__(self, app: Flask, settings: Settings, features: Sequence[Feature]) -> None:
        """Gather what the features bring."""
        self.settings = settings
        self.features = tuple(features)
        self.database = Database(settings.database_url)
        self.reactions = Reactions([r for f in features for r in f.reactions])
        self.log_kinds: dict[str, LogKind] = {k.name: k for f in features for k in f.log_kinds}
        self.shared: Shared | None = None
        self.relay: Relay | None = None
        if settings.redis_url:
            self.shared = importlib.import_module("academy.kernel.shared").Shared(settings.redis_url)
            self.relay = importlib.import_module("academy.kernel.relay").Relay(self.shared)
            self.relay.on("forget", lambda _told: self.kept.clear())
        self.limits = Limits(self.shared)
        self.vault = Vault(settings.secrets)
        self.files = Files(settings.instance / "media")
        self.mail = mail.transport_of(settings)
        self.runner = Runner(
            self, [mail.JOB, mail.FORGET, jobs.CLEAN, once.FORGET, *(k for f in features for k in f.jobs)]
        )
        self.realtime = Realtime(app, self, [h for f in features for h in f.sockets])
        self.metrics = Metrics(self) if settings.metrics else None
        self._appended: deque[log.Row] = deque()
        self._shipping = threading.Lock()
        self.muted: frozenset[str] = frozenset()
        self.banner: list[str] = []
        self.kept: dict[str, Any] = {}
        self._slots: dict[type, list[Any]] = {}
        for feature in features:
            for record in feature.slots:
                self._slots.setdefault(type(record), []).append(record)

    def slots(self, kind: type[S]) -> list[S]:
        """Return every record of one slot type, in street order from the ground floor up."""
        return self._slots.get(kind, [])

    def reading(self) -> AbstractContextManager[Session]:
        """Give a session for questions; whatever it changed is undone."""
        return self.database.reading()

    def commit(self, work: Callable[[Session], T]) -> T:
        """Run `work` in one unit of work: its changes, reactions and jobs are kept together or not at all.

        What must follow the commit (live delivery, waking the runner) follows it here.
        """

        def whole(session: Session) -> tuple[T, _Done]:
            session.info.clear()
            session.info["muted"] = self.muted
            result = work(session)
            events = self.reactions.within(session, ledger.record)
            info = session.info
            return result, _Done(events, info.get("appended", []), info.get("jobs", False))

        result, done = self.database.unit_of_work(whole, lambda kept: self._appended.extend(kept[1].rows))
        if self.metrics is not None:
            self.metrics.happened(done.events)
        self.reactions.after(self, done.events)
        self._ship()
        if done.jobs:
            self.runner.wake()
        return result

    def _ship(self) -> None:
        """Deliver what is committed, all that waits at once: nobody overtakes, so a log's rows leave in their order."""
        with self._shipping:
            rows = [self._appended.popleft() for _ in range(len(self._appended))]
            if rows:
                self.realtime.ship(sorted(rows, key=attrgetter("seq")))

    def forget(self) -> None:
        """Let go of what was found out and kept for a while, in every process."""
        self.kept.clear()
        if self.relay is not None:
            self.relay.say("forget")

    @contextmanager
    def quiet(self, *kinds: str) -> Iterator[None]:
        """Promise no job of these kinds meanwhile, such as mail while demo data is made."""
        before, self.muted = self.muted, frozenset(kinds)
        try:
            yield
        finally:
            self.muted = before

    def start(self) -> None:
        """Begin what runs beside requests: the beacon and, when embedded, the job runner."""
        if self.database.embedded and self.settings.async_mode == "gevent":
            green = importlib.import_module("academy.kernel.offload_gevent")
            self.database.aside, self.database.writers.give_way = green.Pool(threads=1).run, green.look_round
        self.realtime.start()
        if self.settings.jobs == "embedded":
            self.runner.start()

    def stop(self) -> None:
        """End it, the job in hand first."""
        self.runner.stop()
        self.realtime.stop()


def build(settings: Settings, features: Sequence[Feature]) -> Flask:
    """Compose features, given from the ground floor up, into one app."""
    telemetry.configure(settings.log_level)
    offload.configure(settings.async_mode)
    app = Flask("academy", static_folder=None, template_folder=None)
    app.secret_key = settings.secret_key
    app.config["SECRET_KEY_FALLBACKS"] = list(settings.secret_key_fallbacks)
    app.testing = settings.testing
    kernel = Kernel(app, settings, features)
    app.extensions["kernel"] = kernel
    for feature in features:
        if feature.install is not None:
            feature.install(app, kernel)
    for feature in features:
        for blueprint in feature.blueprints:
            app.register_blueprint(blueprint)
    return app


def kernel() -> Kernel:
    """Return the current app's kernel."""
    found: Kernel = current_app.extensions["kernel"]
    return found
