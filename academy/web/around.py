"""What stands around every page, as HTML: frames (`web.frames`) into which is put whose page it is and what is new."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

from babel import Locale
from flask import request
from flask_babel import gettext as _
from markupsafe import Markup, escape

from academy.kernel.viewer import Viewer
from academy.web import i18n
from academy.web.frames import frame, macros

TEMPLATE = "academy/web/shell.html"
KEPT = 500
"""How many frames are kept at most: one for each page's entry, for each set of entries, and of those with news."""
SYSTEM, FULL = "system", "full"


class Entry(NamedTuple):
    """One entry of the navigation as the viewer has it; `news` is how much is new there."""

    key: str
    url: str
    icon: str
    label: str
    news: int


class Around:
    """The shell of one answer; templates ask for its two parts."""

    def __init__(self, viewer: Viewer | None, entries: list[Entry], academy: str, token: Any) -> None:
        """Keep whose page it is, their navigation, how the academy is called and what makes the form token."""
        self._viewer, self._academy, self._token = viewer, academy, token
        self._entries = tuple(entry._replace(news=0) for entry in entries)
        self._new = frozenset(entry.key for entry in entries if entry.news)
        self._news = {f"n_{entry.key}": entry.news for entry in entries}
        self._news["n_more"] = sum(entry.news for entry in entries[4:])

    def rail(self, page: str) -> Markup:
        """Write what stands beside a page: the academy, the navigation, and who is signed in."""
        parts: dict[str, Any] = {**self._news, "academy": escape(self._academy)}
        viewer = self._viewer
        if viewer is not None:
            spoken = i18n.locale()
            chosen = _display(spoken, viewer.theme or SYSTEM, viewer.contrast or SYSTEM, viewer.announce or FULL)
            parts |= {
                "initials": escape(viewer.initials),
                "hue": viewer.hue,
                "name": escape(viewer.name),
                "place": escape(i18n.city(viewer.zone) or _("Your profile")),
                "display": chosen % {"csrf": escape(self._token()), "path": escape(request.path)},
            }
        made = _rail(i18n.locale(), self._entries, page, self._new, viewer is not None)
        return Markup(made % parts)  # noqa: S704 - a frame is made by an escaping template, its parts are escaped here

    def bottom(self, page: str) -> Markup:
        """Write the navigation of narrow screens."""
        made = _bottom(i18n.locale(), self._entries, page, self._new)
        return Markup(made % self._news)  # noqa: S704 - as above


@lru_cache(KEPT)
def _rail(_spoken: Locale, entries: tuple[Entry, ...], page: str, new: frozenset[str], somebody: bool) -> str:
    return frame(macros(TEMPLATE).rail(entries, page, new, somebody))


@lru_cache(KEPT)
def _display(_spoken: Locale, theme: str, contrast: str, announce: str) -> str:
    return frame(macros(TEMPLATE).display(theme, contrast, announce))


@lru_cache(KEPT)
def _bottom(_spoken: Locale, entries: tuple[Entry, ...], page: str, new: frozenset[str]) -> str:
    return frame(macros(TEMPLATE).bottom(entries, page, new))
