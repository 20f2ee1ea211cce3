"""Structured logs, one line of JSON each, all lines of a request under one id."""

from __future__ import annotations

import logging
import re
import sys
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING
from uuid import uuid4

import structlog

if TYPE_CHECKING:
    from collections.abc import Iterator

    from structlog.typing import EventDict

_request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
GIVEN = re.compile(r"[A-Za-z0-9_-]{8,32}")


SECRET = re.compile(r"[A-Za-z0-9_-]{40,}")
"""What is this long in an address is the token of a link: 256 random bits are 43 characters, an id has 26."""


def place(path: str) -> str:
    """Return an address as logs may keep it: a token in it is worth as much as a password, and is left out."""
    return SECRET.sub("***", path)


def configure(level: str) -> None:
    """Send structlog to standard error as JSON lines from `level` up."""
    structlog.configure(
        processors=[
            _with_request_id,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        # Asked for at each line: what standard error is may have changed since.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )


def _with_request_id(_logger: object, _method: str, line: EventDict) -> EventDict:
    name = _request_id.get()
    return line if name is None else {**line, "request_id": name}


def request_id() -> str | None:
    """Return the id of the request, socket event or job that is being served."""
    return _request_id.get()


@contextmanager
def serving(given: str | None = None) -> Iterator[str]:
    """Give one request an id: the one its proxy sent when it is well-formed, else a new one."""
    name = given if given and GIVEN.fullmatch(given) else uuid4().hex
    token = _request_id.set(name)
    try:
        yield name
    finally:
        _request_id.reset(token)
