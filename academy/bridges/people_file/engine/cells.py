"""What one cell of a people file says; raises `Wrong` with a sentence where it can't be used."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from email.errors import MessageError
from email.headerregistry import Address
from functools import cache

from babel import Locale, UnknownLocaleError
from rapidfuzz import process, utils

from academy.people.engine import ZONES

SURE = 82
"""From which likeness on (of 100) a name is suggested for another."""
LOWEST, HIGHEST = 1, 5
DIGITS = 9
ADDRESS = re.compile(r"[^\s@<>,;:\"'()\[\]\\]+@[^\s@.]+(\.[^\s@.]+)+")

_zones: Mapping[str, str] = {zone.casefold(): zone for zone in ZONES}
_tongues: Mapping[str, str] = Locale("en").languages


class Wrong(Exception):
    """A cell can't be used; the message is a sentence for whoever wrote the file."""


def address(cell: str) -> str:
    """Read an e-mail address."""
    try:
        Address(addr_spec=cell)
    except (MessageError, ValueError, IndexError):
        readable = False
    else:
        readable = ADDRESS.fullmatch(cell) is not None and cell.isprintable() and len(cell) <= 254
    if not readable:
        raise Wrong(f"“{cell[:60]}” is not an e-mail address such as ana@example.org.")
    return cell


def line(cell: str, most: int, what: str) -> str:
    """Read a text of one line with at most so many characters."""
    if len(cell) > most:
        raise Wrong(f"{what} has at most {most} characters; this has {len(cell)}.")
    if not cell.isprintable():
        raise Wrong(f"{what} stands on one line, without characters that can't be seen.")
    return cell


def zone(cell: str) -> str:
    """Read a time zone, whatever its case."""
    found = _zones.get(cell.casefold().replace(" ", "_"))
    if found is None:
        raise Wrong(f"“{cell[:60]}” is no time zone such as Europe/Lisbon.{meant(cell, ZONES)}")
    return found


def locale(cell: str) -> str:
    """Read the language of pages, as a tag such as en or pt-BR."""
    try:
        found = Locale.parse(cell.replace("_", "-"), sep="-")
    except (ValueError, UnknownLocaleError):
        raise Wrong(f"“{cell[:20]}” is no language tag such as en or pt-BR.") from None
    tag = str(found).replace("_", "-")
    return line(tag, 12, "A language tag")


def languages(cell: str) -> list[str]:
    """Read languages, as tags or English names: `en; Portuguese`. Sorted, each once."""
    found = set()
    for word in entries(cell.replace(",", ";")):
        tag = _tag(word)
        if tag is None:
            raise Wrong(f"“{word[:40]}” is no language such as en or Portuguese.{meant(word, _tongues.values())}")
        found.add(tag)
    if len(found) > 30:
        raise Wrong("Name at most 30 languages.")
    return sorted(found)


@cache
def _names() -> dict[str, str]:
    return {name.casefold(): code for code, name in reversed(list(_tongues.items()))}


def _tag(word: str) -> str | None:
    code = word.replace("-", "_")
    known = {tag.casefold(): tag for tag in (code, code.lower()) if tag in _tongues}
    found = known.get(code.casefold()) or next((t for t in _tongues if t.casefold() == code.casefold()), None)
    found = found or _names().get(word.casefold())
    return found.replace("_", "-") if found and len(found) <= 12 else None


def level(word: str, name: str) -> int:
    """Read a level from 1 to 5."""
    found = whole(word)
    if found is None or not LOWEST <= found <= HIGHEST:
        raise Wrong(f"Write a level from {LOWEST} to {HIGHEST} after a colon, such as “{name[:60]}:3”.")
    return found


def whole(word: str) -> int | None:
    """Read a whole number of at most nine digits; None for anything else.

    >>> whole("12"), whole("-1"), whole("9" * 5000)
    (12, None, None)
    """
    return int(word) if len(word) <= DIGITS and word.isascii() and word.isdecimal() else None


def entries(cell: str) -> list[str]:
    """Split a cell that holds several things, `a; b`."""
    return [part for raw in cell.split(";") if (part := raw.strip())]


def rated(entry: str) -> tuple[str, str]:
    """Split `Python:3` into a name and what follows the last colon, '' without one.

    >>> rated("Python: 3"), rated("Python")
    (('Python', '3'), ('Python', ''))
    """
    name, colon, rest = entry.rpartition(":")
    return (name.strip(), rest.strip()) if colon else (entry, "")


def meant(word: str, known: Iterable[str]) -> str:
    """Say what a word that is not known may have been meant for: " Did you mean …?", or nothing."""
    best = process.extractOne(word[:100], known, processor=utils.default_process, score_cutoff=SURE)
    return f" Did you mean “{best[0]}”?" if best else ""
