"""Track packs: a whole track as one text file, read and checked. Pure calculation."""

from __future__ import annotations

import json
import re
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from academy.kernel.access import Invalid
from academy.media.engine import LONGEST_CAPTIONS, read_captions, tidy

VIDEO = "video"
KINDS = ("reading", VIDEO, "reflection", "workshop")
ICONS = (
    "book", "ear", "speech", "eye", "pen", "lightbulb", "search", "target", "users", "handshake", "shield", "flag",
)  # fmt: skip
"""What may stand beside a module, of the icons in the sprite."""

DIGEST = re.compile(r"[0-9a-f]{64}")
KEY = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
LONGEST_TITLE = 160
LONGEST_SUMMARY = 1000
LONGEST_BODY = 40_000
MOST_WEEKS = 104
MOST_PARTS = 60
"""Modules of a track, and activities of a module."""
MOST_SKILLS = 12
LONGEST_SKILL = 200
"""Characters of a skill's name, or of its key, in a pack."""


@dataclass(frozen=True)
class ActivityPart:
    """One activity of a pack; `body` is Markdown.

    A video is named by the SHA-256 of its file and has captions in WebVTT; in a draft either may be empty still.
    """

    key: str
    kind: str
    title: str
    summary: str
    minutes: int
    body: str
    video: str = ""
    captions: str = ""


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
    """A track as written by its author; `skills` are names or keys of what it practises, each in one line."""

    key: str
    title: str
    summary: str
    weeks: int
    modules: tuple[ModulePart, ...]
    skills: tuple[str, ...] = ()


def read_pack(text: str) -> Pack:
    """Read a pack from TOML; raises `Invalid` with one sentence that names the place."""
    try:
        raw = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        detail = f"The track pack can't be read: {error}"
        raise Invalid(detail) from error
    modules = tuple(_module(m, place) for place, m in _tables(raw, "modules", ""))
    pack = Pack(
        key=_key(raw, "the pack"),
        title=_text(raw, "title", "the pack", LONGEST_TITLE),
        summary=_text(raw, "summary", "the pack", LONGEST_SUMMARY),
        weeks=_number(raw, "weeks", "the pack", 1, MOST_WEEKS),
        modules=modules,
        skills=_skills(raw),
    )
    _distinct([m.key for m in modules], "modules")
    for module in modules:
        _distinct([a.key for a in module.activities], f"activities of {module.key}")
        if module.week > pack.weeks:
            detail = f"Module {module.key} is in week {module.week} of {pack.weeks}."
            raise Invalid(detail)
    return pack


def skills_in(lines: Iterable[str]) -> tuple[str, ...]:
    """Return the names or keys of skills in some lines, as they are kept: each once, without white space to spare.

    >>> skills_in(["show empathy ", "", "lead  others", "Show empathy"])
    ('show empathy', 'lead others')
    """
    found: dict[str, str] = {}
    for line in lines:
        name = " ".join(line.split())
        if name:
            found.setdefault(name.casefold(), name)
    return tuple(found.values())


def _skills(raw: Mapping[str, Any]) -> tuple[str, ...]:
    written = raw.get("skills", [])
    if not isinstance(written, list):
        detail = 'the pack: skills is a list of names, such as ["show empathy"].'
        raise Invalid(detail)
    if len(written) > MOST_SKILLS:
        detail = f"the pack: skills are {len(written)}; at most {MOST_SKILLS} can be taken."
        raise Invalid(detail)
    names = [
        _text({"name": name}, "name", f"skills[{number}]", LONGEST_SKILL) for number, name in enumerate(written, 1)
    ]
    found = skills_in(names)
    if len(found) < len(names):
        detail = "the pack: skills name one twice."
        raise Invalid(detail)
    return found


def _tables(raw: Mapping[str, Any], name: str, place: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    found = raw.get(name, [])
    whole = f"{place}.{name}" if place else name
    if not isinstance(found, list) or not all(isinstance(table, dict) for table in found):
        detail = f"{whole} is written as tables: [[{name}]]."
        raise Invalid(detail)
    if len(found) > MOST_PARTS:
        detail = f"{whole} are {len(found)}; at most {MOST_PARTS} can be taken."
        raise Invalid(detail)
    for number, table in enumerate(found, 1):
        yield f"{whole}[{number}]", table


def _module(raw: Mapping[str, Any], place: str) -> ModulePart:
    icon = raw.get("icon", "book")
    if icon not in ICONS:
        detail = f"{place} has the icon {icon!r}: write one of {', '.join(ICONS)}."
        raise Invalid(detail)
    return ModulePart(
        key=_key(raw, place),
        title=_text(raw, "title", place, LONGEST_TITLE),
        summary=_text(raw, "summary", place, LONGEST_SUMMARY),
        icon=icon,
        week=_number(raw, "week", place, 1, MOST_WEEKS),
        activities=tuple(_activity(a, where) for where, a in _tables(raw, "activities", place)),
    )


def _activity(raw: Mapping[str, Any], place: str) -> ActivityPart:
    kind = _text(raw, "kind", place)
    if kind not in KINDS:
        detail = f"{place} is of kind {kind!r}: write one of {', '.join(KINDS)}."
        raise Invalid(detail)
    return ActivityPart(
        key=_key(raw, place),
        kind=kind,
        title=_text(raw, "title", place, LONGEST_TITLE),
        summary=_text(raw, "summary", place, LONGEST_SUMMARY),
        minutes=_number(raw, "minutes", place, 1, 600),
        body=_text(raw, "body", place, LONGEST_BODY) if kind != VIDEO else _optional(raw, "body", place, LONGEST_BODY),
        **_video(raw, kind, place),
    )


def _optional(raw: Mapping[str, Any], name: str, place: str, longest: int) -> str:
    value = raw.get(name, "")
    return _text(raw, name, place, longest) if not isinstance(value, str) or value.strip() else ""


def _video(raw: Mapping[str, Any], kind: str, place: str) -> dict[str, str]:
    found = {name: _optional(raw, name, place, LONGEST_CAPTIONS) for name in (VIDEO, "captions")}
    named = next((name for name, value in found.items() if value), "")
    if kind != VIDEO and named:
        detail = f"{place} has {named}, which only an activity of the kind video has."
        raise Invalid(detail)
    if found[VIDEO] and not DIGEST.fullmatch(found[VIDEO]):
        detail = f"{place}: video is named by the 64 hexadecimal digits of its SHA-256."
        raise Invalid(detail)
    found["captions"] = tidy(found["captions"])
    if found["captions"]:
        try:
            read_captions(found["captions"])
        except Invalid as refusal:
            detail = f"{place}: {refusal.detail}"
            raise Invalid(detail) from refusal
    return found


def _key(raw: Mapping[str, Any], place: str) -> str:
    key = _text(raw, "key", place)
    if not KEY.fullmatch(key):
        detail = f"{place} has the key {key[:80]!r}: write at most 60 lower-case letters, digits and hyphens."
        raise Invalid(detail)
    return key


def _text(raw: Mapping[str, Any], name: str, place: str, longest: int = 200) -> str:
    value = raw.get(name)
    if not isinstance(value, str) or not value.strip():
        detail = f"{place} has no {name}."
        raise Invalid(detail)
    text = value.strip()
    if len(text) > longest:
        detail = f"{place}: {name} has {len(text)} characters; at most {longest} can be taken."
        raise Invalid(detail)
    if "\0" in text:
        detail = f"{place}: {name} holds a character that is no text."
        raise Invalid(detail)
    return text


def _number(raw: Mapping[str, Any], name: str, place: str, low: int, high: int) -> int:
    value = raw.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        detail = f"{place}: {name} is a whole number from {low} to {high}."
        raise Invalid(detail)
    return value


def _distinct(keys: list[str], place: str) -> None:
    twice = {key for key in keys if keys.count(key) > 1}
    if twice:
        detail = f"The {place} use a key twice: {', '.join(sorted(twice))}."
        raise Invalid(detail)


def write_pack(pack: Pack) -> str:
    """Write a pack as TOML; `read_pack` gives it back, and writing that again gives the same text."""
    lines = [*_lines(pack, ("key", "title", "summary", "weeks"))]
    if pack.skills:
        lines.append(f"skills = [{', '.join(_short(name) for name in pack.skills)}]")
    for module in pack.modules:
        lines += ["", "[[modules]]", *_lines(module, ("key", "title", "summary", "icon", "week"))]
        for activity in module.activities:
            lines += ["", "[[modules.activities]]"]
            lines += _lines(activity, ("key", "kind", "title", "summary", "minutes"))
            lines.append(f"body = {_long(activity.body)}")
            if activity.video:
                lines.append(f"video = {_short(activity.video)}")
            if activity.captions:
                lines.append(f"captions = {_long(activity.captions)}")
    return "\n".join(lines) + "\n"


def _lines(part: object, names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        value = getattr(part, name)
        yield f"{name} = {value if isinstance(value, int) else _short(value)}"


def _short(text: str) -> str:
    """Write a text in one line. JSON escapes what TOML escapes, save one character."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _long(text: str) -> str:
    """Write a text as it reads, over several lines, where TOML can hold it so."""
    if "'''" in text or any(unicodedata.category(c) == "Cc" and c not in "\n\t" for c in text):
        return _short(text)
    return f"'''\n{text}\n'''"


def week_of(starts_on: date, zone: str, at: datetime) -> int:
    """Return which week of a delivery an instant falls in, from 1, by the calendar of its zone; 0 before it."""
    days = (at.astimezone(ZoneInfo(zone)).date() - starts_on).days
    return days // 7 + 1 if days >= 0 else 0
