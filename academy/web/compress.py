"""Answers travel compressed: what is text and longer than a packet, for whoever takes it.

Static files compress themselves (`assets`), once and densely; what is made for one request is compressed quickly.
Why that is safe beside secrets in a page is docs/decisions/0015-pages-travel-compressed.md.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Final

import brotli
from flask import Flask, Response, request

from academy.kernel.app import Kernel

LEAST: Final = 1024
"""Bytes; below it an answer fits into the first packet whatever is done to it."""

TYPES: Final = frozenset(
    {
        *("text/html", "text/plain", "text/csv", "text/calendar"),
        *("application/json", "application/problem+json", "application/xml"),
    }
)
"""Kinds of answers that are compressed; pictures, films and archives are so already."""

# Quality 1: of a room's 232 KB it leaves 18 KB in 0.5 ms, where gzip leaves 23 KB in 0.8 ms.
ENCODERS: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    "br": lambda body: bytes(brotli.compress(body, quality=1)),
    "gzip": lambda body: gzip.compress(body, compresslevel=1, mtime=0),
}


def install(app: Flask, _kernel: Kernel) -> None:
    """Compress answers last of all, when their bodies are whole."""
    app.after_request(_compress)


def _compress(response: Response) -> Response:
    headers = response.headers
    # A tag names bytes, so an answer that carries one stays as it was tagged, and is the same for everybody.
    if response.mimetype not in TYPES or response.is_streamed or "Content-Encoding" in headers or "ETag" in headers:
        return response
    response.vary.add("Accept-Encoding")
    encoding = next((name for name in ENCODERS if request.accept_encodings.quality(name) > 0), None)
    body = response.get_data()
    if encoding is not None and len(body) >= LEAST and response.status_code != HTTPStatus.PARTIAL_CONTENT:
        response.set_data(ENCODERS[encoding](body))
        headers["Content-Encoding"] = encoding
    return response
