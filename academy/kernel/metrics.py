"""What the server counts of itself, as Prometheus reads it. No person, id or text stands in a label.

Counted in memory, in a registry of the app's own, so that two apps in one process do not count into each other. The
workers of gunicorn count into files instead (PROMETHEUS_MULTIPROC_DIR, which gunicorn.conf.py sets), and whichever of
them is asked sums them up. What lives in the database (jobs) is asked when somebody looks.
"""

from __future__ import annotations

import hmac
import os
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from sqlalchemy import event, func, select
from sqlalchemy.exc import SQLAlchemyError

from academy.kernel import clock
from academy.kernel.jobs import Job

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from academy.kernel.app import Kernel
    from academy.kernel.events import Event

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
REQUEST_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
STATEMENT_SECONDS = (0.0005, 0.001, 0.005, 0.01, 0.05, 0.25, 1, 5)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
NO_ROUTE = "none"
FOLDER = "PROMETHEUS_MULTIPROC_DIR"


class Metrics:
    """The counters of one app."""

    def __init__(self, kernel: Kernel) -> None:
        """Make the counters; nothing is counted yet."""
        self.registry = CollectorRegistry()
        self._kernel = kernel
        self._requests = Histogram(
            "academy_request_seconds",
            "How long requests took, by the pattern of their route.",
            ("route", "method", "status"),
            registry=self.registry,
            buckets=REQUEST_SECONDS,
        )
        self._statements = Histogram(
            "academy_statement_seconds",
            "How long the database took over one statement.",
            registry=self.registry,
            buckets=STATEMENT_SECONDS,
        )
        self._facts = Counter("academy_facts", "What happened, by kind of fact.", ("fact",), registry=self.registry)
        self._jobs = Counter(
            "academy_jobs", "Jobs taken, by kind and outcome.", ("kind", "outcome"), registry=self.registry
        )
        sockets = self._gauge("academy_open_sockets", "Open sockets.")
        kernel.realtime.connections.counted = sockets.set
        connections = self._gauge("academy_database_connections", "Database connections in use.")
        event.listen(kernel.database.engine, "checkout", lambda *_: connections.inc())
        event.listen(kernel.database.engine, "checkin", lambda *_: connections.dec())
        self.registry.register(_Waiting(kernel))
        self.watch(kernel.database.engine)

    def _gauge(self, name: str, what: str) -> Gauge:
        """Make a gauge that is the sum over the workers that live."""
        return Gauge(name, what, registry=self.registry, multiprocess_mode="livesum")

    def request(self, route: str | None, method: str, status: int, seconds: float) -> None:
        """Count one request. A method that nobody knows is one label for all, or a stranger could make thousands."""
        known = method if method in METHODS else "other"
        self._requests.labels(route or NO_ROUTE, known, str(status)).observe(seconds)

    def happened(self, events: Iterable[Event]) -> None:
        """Count what a transaction did, once it is committed."""
        for event_of in events:
            self._facts.labels(type(event_of).__name__).inc()

    def job(self, kind: str, *, done: bool) -> None:
        """Count one job that was tried; a mail is a job of the kind mail.send."""
        self._jobs.labels(kind, "done" if done else "failed").inc()

    def watch(self, engine: Engine) -> None:
        """Time every statement of an engine."""
        event.listen(engine, "before_cursor_execute", self._begin)
        event.listen(engine, "after_cursor_execute", self._end)

    def _begin(self, connection: Connection, *_: object) -> None:
        connection.info["began"] = time.perf_counter()

    def _end(self, connection: Connection, *_: object) -> None:
        self._statements.observe(time.perf_counter() - connection.info["began"])

    def written(self) -> bytes:
        """Return everything as Prometheus reads it."""
        if FOLDER not in os.environ:
            return generate_latest(self.registry)
        summed = CollectorRegistry()
        MultiProcessCollector(summed)  # type: ignore[no-untyped-call]
        summed.register(_Waiting(self._kernel))
        return generate_latest(summed)


class _Waiting:
    """Jobs as the database has them now: asked when somebody looks, so that it is true with several runners too."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Count jobs that wait and jobs set aside, and say how long the oldest that is due has waited.

        Nothing of that where the database can't be asked: then everything else is needed most.
        """
        there = "academy_database_up", "Whether the database answered just now."
        now = clock.now()
        open_jobs = (Job.done_at.is_(None), Job.failed_at.is_(None))
        set_aside = select(func.count(Job.id)).where(Job.done_at.is_(None), Job.failed_at.is_not(None))
        try:
            with self._kernel.reading() as session:
                waiting = session.scalar(select(func.count(Job.id)).where(*open_jobs)) or 0
                failed = session.scalar(set_aside) or 0
                oldest = session.scalar(select(func.min(Job.run_at)).where(*open_jobs, Job.run_at <= now))
        except SQLAlchemyError:
            yield GaugeMetricFamily(*there, value=0)
            return
        yield GaugeMetricFamily(*there, value=1)
        yield GaugeMetricFamily("academy_jobs_waiting", "Jobs that wait, later ones too.", value=waiting)
        yield GaugeMetricFamily("academy_jobs_set_aside", "Jobs whose attempts are used up.", value=failed)
        age = max(0.0, (now - oldest).total_seconds()) if oldest else 0.0
        yield GaugeMetricFamily("academy_jobs_oldest_due_seconds", "How long the oldest due job has waited.", value=age)

    def describe(self) -> list[GaugeMetricFamily]:
        """Describe nothing beforehand: the database need not be there yet."""
        return []


def admitted(token: str, authorization: str | None) -> bool:
    """Say whether a request's Authorization header holds the token."""
    return bool(token) and hmac.compare_digest((authorization or "").encode(), f"Bearer {token}".encode())
