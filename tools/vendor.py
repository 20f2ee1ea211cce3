"""Fetch the vendored front-end files again, at development time only.

Run with the registry's ordinary client on the path: ``python tools/vendor.py``. Each package is packed by its
pinned version (``npm pack``), the wanted files are copied (source map references stripped, Lucide icons gathered
into one sprite), and each ``vendor.json`` is written with package, version, licence and SHA-256 of every file.
Nothing here runs when the project is installed: the results are committed.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SHIPPED = ROOT / "academy" / "web" / "static" / "vendor"
TESTED = ROOT / "tests" / "browser" / "vendor"


@dataclass(frozen=True)
class Vendored:
    """One file of one package: where it stands in the package and under which name we keep it."""

    package: str
    version: str
    licence: str
    source: str
    file: str
    folder: Path = SHIPPED


FILES = (
    Vendored("htmx.org", "4.0.1", "0BSD", "dist/htmx.min.js", "htmx.min.js"),
    Vendored("socket.io-client", "4.8.4", "MIT", "dist/socket.io.esm.min.js", "socket.io.esm.min.js"),
    Vendored(
        "@fontsource-variable/atkinson-hyperlegible-next",
        "5.3.0",
        "OFL-1.1",
        "files/atkinson-hyperlegible-next-latin-wght-normal.woff2",
        "atkinson-hyperlegible-next-latin.woff2",
    ),
    Vendored("lucide-static", "1.62.0", "ISC", "icons", "sprite.svg"),
    Vendored("axe-core", "4.14.1", "MPL-2.0", "axe.min.js", "axe.min.js", TESTED),
    Vendored("ical.js", "2.2.1", "MPL-2.0", "dist/ical.min.js", "ical.min.js", TESTED),
)

# Our name of an icon (what it means on a page) and Lucide's name of its drawing.
ICONS = {
    "alert": "circle-alert",
    "arrow": "arrow-right",
    "at": "at-sign",
    "back": "chevron-left",
    "bell": "bell",
    "bold": "bold",
    "book": "book-open",
    "building": "building-2",
    "calendar": "calendar",
    "calendar-clock": "calendar-clock",
    "captions": "captions",
    "check": "check",
    "chevron": "chevron-right",
    "chevron-down": "chevron-down",
    "circle": "circle",
    "clip": "paperclip",
    "clock": "clock",
    "coffee": "coffee",
    "copy": "copy",
    "dashed": "circle-dashed",
    "done": "circle-check",
    "dot": "circle-dot",
    "down": "arrow-down",
    "download": "download",
    "ear": "ear",
    "external": "external-link",
    "eye": "eye",
    "file": "file-text",
    "flag": "flag",
    "globe": "globe",
    "graduation": "graduation-cap",
    "hand": "hand",
    "handshake": "handshake",
    "heart": "heart",
    "help": "circle-question-mark",
    "history": "history",
    "hourglass": "hourglass",
    "house": "house",
    "inbox": "inbox",
    "info": "info",
    "italic": "italic",
    "key": "key-round",
    "languages": "languages",
    "lightbulb": "lightbulb",
    "link": "link",
    "list": "list-checks",
    "lock": "lock",
    "log-out": "log-out",
    "mail": "mail",
    "map-pin": "map-pin",
    "messages": "message-circle",
    "mic": "mic",
    "minus": "minus",
    "mood-1": "frown",
    "mood-2": "annoyed",
    "mood-3": "meh",
    "mood-4": "smile",
    "mood-5": "laugh",
    "moon": "moon",
    "more": "ellipsis",
    "network": "waypoints",
    "pen": "pen-line",
    "pin": "pin",
    "plus": "plus",
    "quote": "quote",
    "repeat": "repeat",
    "reply": "reply",
    "route": "route",
    "search": "search",
    "send": "send",
    "settings": "settings",
    "shield": "shield-check",
    "sliders": "sliders-horizontal",
    "smile": "smile-plus",
    "sparkles": "sparkles",
    "speech": "message-square-quote",
    "sprout": "sprout",
    "star": "star",
    "sun": "sun",
    "target": "target",
    "trash": "trash-2",
    "undo": "rotate-ccw",
    "up": "arrow-up",
    "upload": "upload",
    "user": "user",
    "user-plus": "user-plus",
    "users": "users",
    "video": "video",
    "video-off": "video-off",
    "wifi-off": "wifi-off",
    "x": "x",
}


def unpacked(package: str, version: str, into: Path) -> Path:
    """Pack `package` at `version`, unpack it under `into` and return the folder that holds it."""
    into.mkdir(parents=True)
    npm = shutil.which("npm")
    if npm is None:
        message = "npm is needed to fetch the vendored files again"
        raise SystemExit(message)
    listing = subprocess.run(
        [npm, "pack", "--silent", f"{package}@{version}"], cwd=into, check=True, capture_output=True, text=True
    )
    with tarfile.open(into / listing.stdout.split()[-1]) as archive:
        archive.extractall(into, filter="data")
    return into / "package"


def sprite(icons: Path) -> bytes:
    """One SVG with a symbol for each entry of ICONS, drawn by the strokes of the page's text colour."""
    symbols = []
    for name, drawing in sorted(ICONS.items()):
        source = (icons / f"{drawing}.svg").read_text(encoding="utf-8")
        found = re.search(r"<svg[^>]*>(.*)</svg>", source, re.DOTALL)
        if found is None:
            message = f"{drawing}.svg holds no drawing"
            raise SystemExit(message)
        strokes = re.sub(r"\s+", " ", found.group(1)).strip().replace("> <", "><")
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{strokes}</symbol>')
    return ('<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n").encode()


def content(item: Vendored, package: Path) -> bytes:
    """The bytes we keep for `item`, without references to source maps."""
    if item.file == "sprite.svg":
        return sprite(package / item.source)
    raw = (package / item.source).read_bytes()
    if item.file.endswith(".js"):
        return re.sub(rb"\n?//# sourceMappingURL=\S*", b"", raw)
    return raw


def main() -> None:
    """Fetch every file and write the manifests."""
    manifests: dict[Path, list[dict[str, str]]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for index, item in enumerate(FILES):
            package = unpacked(item.package, item.version, Path(scratch) / str(index))
            item.folder.mkdir(parents=True, exist_ok=True)
            kept = content(item, package)
            (item.folder / item.file).write_bytes(kept)
            licence_file = f"{Path(item.file).name.split('.')[0]}.LICENSE.txt"
            shutil.copyfile(package / "LICENSE", item.folder / licence_file)
            manifests.setdefault(item.folder, []).append(
                {
                    "package": item.package,
                    "version": item.version,
                    "licence": item.licence,
                    "source": item.source,
                    "file": item.file,
                    "sha256": hashlib.sha256(kept).hexdigest(),
                    "licence_file": licence_file,
                }
            )
    for folder, entries in manifests.items():
        text = json.dumps({"files": entries}, indent=2, ensure_ascii=False)
        (folder / "vendor.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
