"""The one place that names every package. `gunicorn wsgi:app` makes the app when it first asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import academy.feature
import cohorts.feature
import forums.feature
import mentoring.feature
from academy.kernel.app import build
from academy.kernel.config import Settings

if TYPE_CHECKING:
    from flask import Flask

FEATURES = [
    academy.feature.FEATURE,
    forums.feature.FEATURE,
    mentoring.feature.FEATURE,
    cohorts.feature.FEATURE,
]
"""All packages, from the ground floor up."""


def create_app(settings: Settings | None = None) -> Flask:
    """Build the academy from settings, by default those of the environment."""
    return build(settings or Settings.from_environment(), FEATURES)


def __getattr__(name: str) -> Flask:
    """Make `app` when a server asks for it, not when this module is read.

    What runs beside requests is started in the process that serves: gunicorn.conf.py does so after the fork.
    """
    if name != "app":
        raise AttributeError(name)
    app = create_app()
    globals()["app"] = app
    return app
