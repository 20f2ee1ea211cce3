"""Static files under content-hashed names, kept in memory and served immutable for a year.

At start-up every file of the given folders is read and named after its content: ``academy/base.css`` answers as
``/static/academy/base.3f9c0a12de.css``. References between files (``url(...)`` in a style sheet, ``import`` in an ES
module) are rewritten to those names first, so the name of a file changes when anything it pulls in changes. Only
names known from that walk are ever answered, so no request path reaches the file system. Compressed bodies are made
when first asked for and kept. Lines of our scripts that only comment are sent empty: they are for who reads the source.
"""

from __future__ import annotations

import gzip
import hashlib
import posixpath
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import brotli
from flask import Blueprint, Response, abort, request
from flask.sansio.blueprints import BlueprintSetupState

from academy.web.guards import public

URL_PREFIX: Final = "/static"
HASH_DIGITS: Final = 10
FOREVER: Final = "public, max-age=31536000, immutable"

CONTENT_TYPES: Final[Mapping[str, str]] = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".webp": "image/webp",
    ".ico": "image/vnd.microsoft.icon",
    ".woff2": "font/woff2",
    ".vtt": "text/vtt; charset=utf-8",
    ".webmanifest": "application/manifest+json",
}
COMPRESSED_TYPES: Final = frozenset({".css", ".js", ".json", ".svg", ".txt", ".vtt", ".webmanifest"})

_CSS_URL = re.compile(r"""(url\(\s*)(["']?)([^"')]+)\2(\s*\))""")
_CSS_IMPORT = re.compile(r"""(@import\s+)(["'])([^"']+)\2()""")
_JS_COMMENT = re.compile(rb"(?m)^[ \t]*(//|/\*\*[^\n]*\*/$)[^\n]*")
_JS_IMPORT = re.compile(r"""(\bfrom\s*|\bimport\s*\(?\s*)(["'])(\.{1,2}/[^"']+)\2()""")


class BrokenReferenceError(ValueError):
    """A style sheet or module points to a file that is not there, or files refer to each other in a circle."""


@dataclass
class Asset:
    """One static file: its logical name, its hashed name, and its body in each encoding made so far."""

    name: str
    hashed: str
    body: bytes
    etag: str
    content_type: str
    compresses: bool
    _encoded: dict[str, bytes] = field(default_factory=dict)

    def encoded(self, encoding: str) -> bytes:
        """Body in `encoding` (``br``, ``gzip`` or ``identity``), made once."""
        if encoding == "identity":
            return self.body
        if encoding not in self._encoded:
            if encoding == "br":
                # quality 10 is within 2 % of 11 and holds the hub for a third of the time
                self._encoded[encoding] = brotli.compress(self.body, quality=10)
            else:
                self._encoded[encoding] = gzip.compress(self.body, compresslevel=9, mtime=0)
        return self._encoded[encoding]

    def best_encoding(self, accepts: Callable[[str], bool]) -> str:
        """The densest encoding that `accepts` allows; ``identity`` where compressing gains nothing."""
        if self.compresses:
            if accepts("br"):
                return "br"
            if accepts("gzip"):
                return "gzip"
        return "identity"


class Assets:
    """Every static file of the packages, found by its logical or its hashed name.

    `folders` are static roots (``academy/web/static``); a file's logical name is its path below its root, with
    forward slashes. The first root that holds a name wins. Raises `BrokenReferenceError` when a file refers to one
    that does not exist.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self._raw: dict[str, Path] = {}
        for folder in folders:
            for path in sorted(folder.rglob("*")):
                if path.is_file() and path.suffix in CONTENT_TYPES:
                    self._raw.setdefault(path.relative_to(folder).as_posix(), path)
        self._by_name: dict[str, Asset] = {}
        self._by_hashed: dict[str, Asset] = {}
        for name in self._raw:
            self._load(name, ())

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def names(self) -> tuple[str, ...]:
        """Logical names, sorted."""
        return tuple(sorted(self._by_name))

    def url(self, name: str) -> str:
        """Address of the file with this logical name, ``/static/academy/base.<hash>.css``.

        Raises `KeyError` when there is no such file: a page that names a missing file is a bug.
        """
        return f"{URL_PREFIX}/{self._by_name[name].hashed}"

    def text(self, name: str) -> str:
        """What stands in the file with this logical name; raises `KeyError` when there is no such file."""
        return self._by_name[name].body.decode()

    def find(self, path: str) -> tuple[Asset, bool] | None:
        """The file that answers to `path` below the prefix, and whether that name is the hashed one."""
        hashed = self._by_hashed.get(path)
        if hashed is not None:
            return hashed, True
        plain = self._by_name.get(path)
        return (plain, False) if plain is not None else None

    def _load(self, name: str, parents: tuple[str, ...]) -> Asset:
        known = self._by_name.get(name)
        if known is not None:
            return known
        if name in parents:
            message = f"static files refer to each other in a circle: {' -> '.join((*parents, name))}"
            raise BrokenReferenceError(message)
        if name not in self._raw:
            message = f"{parents[-1]} refers to {name}, which is not among the static files"
            raise BrokenReferenceError(message)
        suffix = posixpath.splitext(name)[1]
        body = self._raw[name].read_bytes()
        if suffix == ".css":
            body = self._rewritten(body, name, parents, (_CSS_URL, _CSS_IMPORT))
        elif suffix == ".js" and not name.startswith("vendor/"):
            body = self._rewritten(_JS_COMMENT.sub(b"", body), name, parents, (_JS_IMPORT,))
        digest = hashlib.sha256(body).hexdigest()
        stem, extension = posixpath.splitext(name)
        asset = Asset(
            name=name,
            hashed=f"{stem}.{digest[:HASH_DIGITS]}{extension}",
            body=body,
            etag=digest[:32],
            content_type=CONTENT_TYPES[suffix],
            compresses=suffix in COMPRESSED_TYPES,
        )
        self._by_name[name] = asset
        self._by_hashed[asset.hashed] = asset
        return asset

    def _rewritten(
        self, body: bytes, name: str, parents: tuple[str, ...], patterns: tuple[re.Pattern[str], ...]
    ) -> bytes:
        folder = posixpath.dirname(name)

        def replace(found: re.Match[str]) -> str:
            before, quote, reference, after = found.groups()
            if reference.startswith(("#", "/", "data:")) or "://" in reference:
                return found.group(0)
            path, mark, fragment = reference.partition("#")
            target = self._load(posixpath.normpath(posixpath.join(folder, path)), (*parents, name))
            relative = posixpath.relpath(target.hashed, folder or ".")
            if not relative.startswith("."):
                relative = f"./{relative}"
            return f"{before}{quote}{relative}{mark}{fragment}{quote}{after}"

        text = body.decode("utf-8")
        for pattern in patterns:
            text = pattern.sub(replace, text)
        return text.encode("utf-8")


def blueprint(assets: Assets) -> Blueprint:
    """Serve `assets` under ``/static`` and give templates the global ``asset(name)``."""
    static = Blueprint("assets", __name__)

    @static.get(f"{URL_PREFIX}/<path:path>")
    @public
    def serve(path: str) -> Response:
        found = assets.find(path)
        if found is None:
            abort(404)
        asset, immutable = found
        encoding = asset.best_encoding(lambda name: request.accept_encodings.quality(name) > 0)
        response = Response(asset.encoded(encoding), content_type=asset.content_type)
        response.headers["Cache-Control"] = FOREVER if immutable else "no-cache"
        if asset.compresses:
            response.headers["Vary"] = "Accept-Encoding"
        if encoding != "identity":
            response.headers["Content-Encoding"] = encoding
        # each encoding is another representation, so it has another tag (RFC 9110, 8.8.3.3)
        response.set_etag(asset.etag if encoding == "identity" else f"{asset.etag}-{encoding}")
        response.make_conditional(request)
        return response

    @static.record
    def give_templates_the_name(state: BlueprintSetupState) -> None:
        state.app.jinja_env.globals["asset"] = assets.url

    return static
