"""Track packs: a whole track as one text file, read and checked. Pure calculation."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from academy.kernel.access import Invalid

KINDS = ("reading", "reflection", "workshop")


@dataclass(frozen=True)
class ActivityPart:
    """One activity of a pack; `body` is Markdown."""

    key: str
    kind: str
    title: str
    summary: str
    minutes: int
    body: str


@dataclass(frozen=True)
class ModulePart:
    """One module of a pack and the week (from 1) that it belongs to."""

    key: str
    title: str
    summary: str
    icon: str
    week: int
    activities: tuple[ActivityPart, ...]


@dataclass(frozen=True)
class Pack:
    """A track as written by its author."""

    key: str
    title: str
    summary: str
    weeks: int
    modules: tuple[ModulePart, ...]


def read_pack(text: str) -> Pack:
    """Read a pack from TOML; raises `Invalid` with one sentence that names the place."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        detail = f"The track pack can't be read: {error}"
        raise Invalid(detail) from error
    modules = tuple(_module(m, f"modules[{i}]") for i, m in enumerate(raw.get("modules", ()), 1))
    pack = Pack(
        key=_text(raw, "key", "the pack"),
        title=_text(raw, "title", "the pack"),
        summary=_text(raw, "summary", "the pack"),
        weeks=_number(raw, "weeks", "the pack", 1, 104),
        modules=modules,
    )
    _distinct([m.key for m in modules], "modules")
    for module in modules:
        _distinct([a.key for a in module.activities], f"activities of {module.key}")
        if module.week > pack.weeks:
            detail = f"Module {module.key} is in week {module.week} of {pack.weeks}."
            raise Invalid(detail)
    return pack


def _module(raw: Mapping[str, Any], place: str) -> ModulePart:
    return ModulePart(
        key=_text(raw, "key", place),
        title=_text(raw, "title", place),
        summary=_text(raw, "summary", place),
        icon=str(raw.get("icon", "book")),
        week=_number(raw, "week", place, 1, 104),
        activities=tuple(_activity(a, f"{place}.activities[{i}]") for i, a in enumerate(raw.get("activities", ()), 1)),
    )


def _activity(raw: Mapping[str, Any], place: str) -> ActivityPart:
    kind = _text(raw, "kind", place)
    if kind not in KINDS:
        detail = f"{place} is of kind {kind!r}: write one of {', '.join(KINDS)}."
        raise Invalid(detail)
    return ActivityPart(
        key=_text(raw, "key", place),
        kind=kind,
        title=_text(raw, "title", place),
        summary=_text(raw, "summary", place),
        minutes=_number(raw, "minutes", place, 1, 600),
        body=_text(raw, "body", place),
    )


def _text(raw: Mapping[str, Any], name: str, place: str) -> str:
    value = raw.get(name)
    if not isinstance(value, str) or not value.strip():
        detail = f"{place} has no {name}."
        raise Invalid(detail)
    return value.strip()


def _number(raw: Mapping[str, Any], name: str, place: str, low: int, high: int) -> int:
    value = raw.get(name)
    if not isinstance(value, int) or not low <= value <= high:
        detail = f"{place}: {name} is a whole number from {low} to {high}."
        raise Invalid(detail)
    return value


def _distinct(keys: list[str], place: str) -> None:
    twice = {key for key in keys if keys.count(key) > 1}
    if twice:
        detail = f"The {place} use a key twice: {', '.join(sorted(twice))}."
        raise Invalid(detail)


def week_of(starts_on: date, zone: str, at: datetime) -> int:
    """Return which week of a delivery an instant falls in, from 1, by the calendar of its zone; 0 before it."""
    days = (at.astimezone(ZoneInfo(zone)).date() - starts_on).days
    return days // 7 + 1 if days >= 0 else 0
