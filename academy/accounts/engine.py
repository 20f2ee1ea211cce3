"""Which passwords are too easy, and what a browser calls itself: pure calculation."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

SHORTEST, LONGEST = 10, 200

Weakness = Literal["short", "long", "common", "own"]

COMMON = frozenset((Path(__file__).parent / "data" / "common-passwords.txt").read_text("utf-8").split())
"""The commonest passwords of ten characters and more, in lower case: what a guesser tries first."""


def weakness(password: str, *, own: tuple[str, ...] = ()) -> Weakness | None:
    """Say why a password will not do: its length, that everybody's guess is it, or that it is one's own name.

    `own` are the name and address of whose it is. Which characters it is made of is its owner's business.
    """
    if len(password) < SHORTEST:
        return "short"
    if len(password) > LONGEST:  # hashing costs by the character
        return "long"
    plain = password.casefold().strip()
    if plain in COMMON or not plain:
        return "common"
    words = {part for text in own for part in (text, text.partition("@")[0])}
    if _letters(plain) in {_letters(word.casefold()) for word in words if word}:
        return "own"
    return None


def _letters(text: str) -> str:
    """Leave out what only separates: "Ana Silva", "ana.silva" and "AnaSilva" are one name."""
    return re.sub(r"[\s._@+-]", "", text)


BROWSERS = (
    (r"\b(?:Edg|EdgA|EdgiOS)/", "Edge"),
    (r"\b(?:OPR|OPT|OPiOS)/", "Opera"),
    (r"\bSamsungBrowser/", "Samsung Internet"),
    (r"\bVivaldi/", "Vivaldi"),
    (r"\b(?:Firefox|FxiOS)/", "Firefox"),
    (r"\b(?:Chrome|CriOS|Chromium|HeadlessChrome)/", "Chrome"),
    (r"\bVersion/[\d.]+.* Safari/", "Safari"),
)
SYSTEMS = (
    (r"\biPhone\b", "iPhone"),
    (r"\biPad\b", "iPad"),
    (r"\bAndroid\b", "Android"),
    (r"\bCrOS\b", "ChromeOS"),
    (r"\bWindows\b", "Windows"),
    (r"\bMac(?:intosh| OS X)\b", "macOS"),
    (r"\bLinux\b", "Linux"),
)
"""In this order: each browser also claims to be those below it."""


def device_of(agent: str) -> tuple[str, str]:
    """Read the browser and the system out of what a browser calls itself; "" for what can't be told."""
    browser = next((name for pattern, name in BROWSERS if re.search(pattern, agent)), "")
    system = next((name for pattern, name in SYSTEMS if re.search(pattern, agent)), "")
    return browser, system
