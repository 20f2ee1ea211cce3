"""The app that is measured: one process of threads on a database, nobody's mail sent, and its log written to nobody."""

from __future__ import annotations

import logging
from io import StringIO
from pathlib import Path

import structlog
from flask import Flask

import wsgi
from academy.kernel import clock
from academy.kernel.app import Kernel
from academy.kernel.config import Settings
from cohorts.load import actions as load
from cohorts.load.engine.population import Size

SECRET = "a secret for measuring only"
CSRF = "a" * 40


def app_at(database_url: str, folder: Path) -> Flask:
    """Return the app on a database at the present schema, with its files in a folder; from here on it logs unheard."""
    app = wsgi.create_app(
        Settings(
            database_url=database_url,
            secret_key=SECRET,
            instance=folder,
            async_mode="threading",
            jobs="off",
            log_level="info",
        )
    )
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(StringIO()))  # written, but not to here
    logging.disable()
    return app


def fill(app: Flask, size: Size) -> None:
    """Write load data of a size, as `academy seed` does."""
    kernel: Kernel = app.extensions["kernel"]
    now = clock.now().replace(minute=0, second=0, microsecond=0)
    with app.app_context():
        kernel.commit(
            lambda session: load.load(
                session, size=size, now=now, passwords={}, into_existing=False, said=lambda _: None
            )
        )
