"""The shell that every page stands in, and the slots by which packages put entries into it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID

from flask import Flask, current_app, g, url_for
from jinja2 import ChoiceLoader, FileSystemLoader
from markupsafe import Markup
from sqlalchemy import ScalarSelect, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from werkzeug.routing import BaseConverter, ValidationError

from academy.kernel.access import Missing
from academy.kernel.app import Kernel, kernel
from academy.kernel.db import ask
from academy.kernel.ids import decode, encode
from academy.kernel.prepared import Prepared
from academy.kernel.viewer import Viewer
from academy.web import assets as static
from academy.web import i18n
from academy.web.around import Around, Entry
from academy.web.signed_in import viewer_or_none

Badge = Callable[[Viewer], ScalarSelect[int]]


@dataclass(frozen=True)
class NavEntry:
    """A slot: one entry of the main navigation. `label` is a function so that each request translates it.

    `badge(viewer)` is a scalar select that counts what is new: all badges are asked in one statement, which is built
    once for everybody (`kernel.prepared`).
    `shown(viewer)` hides the entry from those it is not for.
    """

    key: str
    label: Callable[[], str]
    url: str
    icon: str
    order: int
    badge: Badge | None = None
    shown: Callable[[Viewer], bool] = lambda _viewer: True


@dataclass(frozen=True)
class SpacePanel:
    """A slot: something that stands beside a room. `render(session, viewer, group_id)` returns HTML or ''."""

    order: int
    render: Callable[[Session, Viewer, UUID], str]


@dataclass(frozen=True)
class GroupTab:
    """A slot: one page of a group.

    `shown(viewer, path)` hides it from those it is not for, given the group's path of (ancestor, own kind, depth).
    """

    key: str
    label: Callable[[], str]
    url: Callable[[UUID], str]
    order: int
    shown: Callable[[Viewer, list[tuple[UUID, str, int]]], bool]


def part(template: str, **values: Any) -> Markup:
    """Render what stands inside another page; it knows its values and the globals, and not what pages are given."""
    return Markup(current_app.jinja_env.get_template(template).render(values))  # noqa: S704 - an escaping template


def tabs(viewer: Viewer, path: list[tuple[UUID, str, int]], group_id: UUID) -> list[dict[str, str]]:
    """Return the pages of a group that a viewer may open."""
    found = sorted(kernel().slots(GroupTab), key=lambda tab: tab.order)
    return [{"key": t.key, "label": t.label(), "url": t.url(group_id)} for t in found if t.shown(viewer, path)]


@dataclass(frozen=True)
class LicenceLines:
    """A slot: the lines that the licences of what is built in ask to be shown."""

    find: Callable[[Session], Sequence[str]]


class Id(BaseConverter):
    """An id in an address: 26 base32 characters; anything else is no such page."""

    regex = "[a-z2-7]{26}"

    def to_python(self, value: str) -> UUID:
        """Read an id; what only looks like one is no such page."""
        try:
            return decode(value)
        except Missing as error:  # a refusal raised while routing would reach no error handler
            raise ValidationError from error

    def to_url(self, value: UUID) -> str:
        """Write an id."""
        return encode(value)


@cache
def _counting(badges: tuple[tuple[str, Badge], ...]) -> Prepared:
    return Prepared(lambda viewer: select(*(badge(viewer).label(key) for key, badge in badges)))


def load(session: Session, viewer: Viewer | None) -> None:
    """Make the navigation within a page's own reading; otherwise it is read when the page is rendered."""
    if viewer is None or "nav" in g:
        return
    entries = [e for e in sorted(kernel().slots(NavEntry), key=lambda e: e.order) if e.shown(viewer)]
    badges = tuple((e.key, e.badge) for e in entries if e.badge)
    counts: dict[str, int] = {}
    if badges:
        row = ask(session, *_counting(badges)(viewer)).one()
        counts = {key: value or 0 for key, value in row._mapping.items()}  # noqa: SLF001 - SQLAlchemy's public name
    g.nav = [Entry(e.key, e.url, e.icon, e.label(), counts.get(e.key, 0)) for e in entries]


@dataclass(frozen=True)
class _Shown:
    """The viewer as templates see it."""

    viewer: Viewer
    place: str

    def __getattr__(self, name: str) -> Any:
        return getattr(self.viewer, name)


@dataclass(frozen=True)
class OrganizationName:
    """A slot: how the organization is called; asked once a minute, as it is the same for everybody."""

    find: Callable[[Session], str]


@dataclass(frozen=True)
class HelpAddress:
    """A slot: an address to write to for help, "" for none; asked once a minute, and only by pages that show it."""

    find: Callable[[Session], str]


def _help_address() -> str:
    known: tuple[float, str] = kernel().kept.get("help", (0.0, ""))
    if time.monotonic() < known[0]:
        return known[1]
    with kernel().reading() as session:
        found = next((a for slot in kernel().slots(HelpAddress) if (a := slot.find(session))), "")
    kernel().kept["help"] = (time.monotonic() + 60, found)
    return found


def academy_name() -> str:
    """Return how the academy is called; it is asked for once a minute."""
    known: tuple[float, str] = kernel().kept.get("name", (0.0, ""))
    if time.monotonic() < known[0]:
        return known[1]
    try:
        found = _asked_name()
    except OperationalError:  # an error page that says so needs a name too
        return known[1] or "Academy"
    kernel().kept["name"] = (time.monotonic() + 60, found)
    return found


def _asked_name() -> str:
    with kernel().reading() as session:
        return next((n for slot in kernel().slots(OrganizationName) if (n := slot.find(session))), "Academy")


def _context() -> dict[str, Any]:
    viewer = viewer_or_none()
    if viewer is not None and "nav" not in g:
        with kernel().reading() as session:
            load(session, viewer)
    entries, name = g.get("nav", []), academy_name()
    around = Around(viewer, entries, name, current_app.jinja_env.globals["csrf_token"])
    return {
        "viewer": _Shown(viewer, i18n.city(viewer.zone)) if viewer else None,
        "nav": entries,
        "around": around,
        "locale": i18n.locale(),
        "academy_name": name,
        "errors": {},
        "page": "",
    }


def install(app: Flask, kernel: Kernel) -> None:
    """Attach templates, static files, the context that every page gets and the id converter."""
    app.url_map.converters["id"] = Id
    folders: Sequence[Path] = [feature.folder for feature in kernel.features]
    app.jinja_env.loader = ChoiceLoader([FileSystemLoader(root) for root in _roots(folders, "templates")])
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters["id"] = encode
    assets = static.Assets(_roots(folders, "static"))
    app.register_blueprint(static.blueprint(assets))

    @lru_cache(500)
    def icon(name: str, cls: str = "i") -> Markup:
        svg = Markup('<svg class="{}" aria-hidden="true" focusable="false"><use href="{}#{}"/></svg>')
        return svg.format(cls, assets.url("vendor/sprite.svg"), name)

    # In the page itself: named by address it would be fetched a second time, beside the tab's own.
    mark = assets.text("academy/favicon.svg").replace("<svg", '<svg aria-hidden="true" focusable="false"', 1)
    made = {"made_icon": icon, "brand_mark": Markup(mark)}  # noqa: S704 - a file of ours
    app.jinja_env.globals.update(help_address=_help_address, url_for=url_for, **made)
    app.context_processor(_context)


def _roots(folders: Sequence[Path], name: str) -> list[Path]:
    """Find the template or static folders of packages: their own, and for the ground floor the web shell's."""
    return [root for folder in folders for root in (folder / name, folder / "web" / name) if root.is_dir()]
