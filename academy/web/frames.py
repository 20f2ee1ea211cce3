"""Frames: what is alike in many rows of a page, made once for everybody, with places where a row's own parts are put.

A macro writes <f-id> or <f-name> where such a part goes. What it makes of one shape of row in one language is kept as a
format; it holds nothing of a row and nothing of a person. Whoever fills it in gives parts that are escaped or safe.
"""

from __future__ import annotations

import re
from typing import Any

from flask import current_app

KEPT = 2000
"""How many frames of one kind are kept at most; a page needs about ten of the possible ones."""

_PLACE = re.compile(r"<f-(\w+)>")


def macros(template: str) -> Any:
    """Return the macros of a template, by name."""
    return current_app.jinja_env.get_template(template).module


def frame(html: Any) -> str:
    """Turn what a macro made into a format that takes the parts by name, with the % operator."""
    return _PLACE.sub(r"%(\1)s", str(html).replace("%", "%%"))
