"""Pages of the house itself: what it is made of, and whether it is well."""

from __future__ import annotations

import json
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog
from flask import Blueprint, Response, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from academy.kernel.access import Missing
from academy.kernel.app import kernel
from academy.kernel.db import SCHEMA
from academy.kernel.metrics import CONTENT_TYPE, admitted
from academy.web import shell
from academy.web.api.document import document
from academy.web.api.outline import outline
from academy.web.guards import public
from academy.web.signed_in import viewer_or_none

if TYPE_CHECKING:
    from academy.kernel.app import Kernel

logger = structlog.get_logger(__name__)

blueprint = Blueprint("web", __name__)

VENDORED = json.loads((Path(__file__).parent / "static" / "vendor" / "vendor.json").read_text(encoding="utf-8"))[
    "files"
]


@blueprint.get("/about")
@public
def about() -> ResponseReturnValue:
    """Say what this is, under which licence, and what of others it is made of."""
    with kernel().reading() as session:
        licences = [line for slot in kernel().slots(shell.LicenceLines) for line in slot.find(session)]
        shell.load(session, viewer_or_none())
    return render_template("academy/web/about.html", licences=licences, vendored=VENDORED)


@blueprint.get("/api")
@public
def api() -> ResponseReturnValue:
    """Show the API's document to people."""
    with kernel().reading() as session:
        shell.load(session, viewer_or_none())
    return render_template("academy/web/api.html", parts=outline(document()))


@blueprint.get("/healthz")
@public
def healthz() -> ResponseReturnValue:
    """Say that the process is alive; asks nobody else."""
    return _never_kept(jsonify(status="alive"))


@blueprint.get("/readyz")
@public
def readyz() -> ResponseReturnValue:
    """Say whether requests can be answered: the database is there, at the version this code needs, jobs run."""
    checks = {"database": _database(kernel()), "jobs": _jobs(kernel())}
    ready = not any(checks.values())
    shown: dict[str, Any] = {"status": "ready" if ready else "not ready", "schema": SCHEMA}
    shown |= {name: reason or "ok" for name, reason in checks.items()}
    answer = _never_kept(jsonify(shown))
    answer.status_code = HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE
    return answer


def _database(kernel: Kernel) -> str:
    """Return why the database can't be used, or nothing. Never its address."""
    try:
        with kernel.reading() as session:
            session.execute(text("SELECT 1"))
            try:
                found = session.execute(text("SELECT version_num FROM alembic_version")).scalar()
            except DBAPIError:
                found = None
    except SQLAlchemyError as error:
        logger.warning("not_ready", exc_info=error)
        return "out of reach"
    if found != SCHEMA:
        return f"at {found or 'nothing'}, needs {SCHEMA}: run academy db upgrade"
    return ""


def _jobs(kernel: Kernel) -> str:
    """Return why jobs are not done, or nothing; where they run in another process, that process answers for them."""
    if kernel.settings.jobs == "embedded" and not kernel.runner.running:
        return "the runner inside the server has stopped"
    return ""


@blueprint.get("/metrics")
@public
def metrics() -> ResponseReturnValue:
    """Tell a Prometheus that holds the token what the server counted; to anybody else there is no such page."""
    found = kernel().metrics
    if found is None or not admitted(kernel().settings.metrics, request.headers.get("Authorization")):
        raise Missing
    return _never_kept(Response(found.written(), content_type=CONTENT_TYPE))


def _never_kept(answer: Response) -> Response:
    answer.headers["Cache-Control"] = "no-store"
    return answer
