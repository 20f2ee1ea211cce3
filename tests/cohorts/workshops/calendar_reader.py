"""A small reader of iCalendar texts, written from RFC 5545 and sharing nothing with the writer."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

LINE = re.compile(r'^([A-Z-]+)((?:;[A-Z-]+=(?:"[^"]*"|[^";:]*))*):(.*)$', re.DOTALL)
PARAMETER = re.compile(r';([A-Z-]+)=("[^"]*"|[^";:]*)')


@dataclass
class Component:
    """A component: its name, its lines as (name, parameters, value), and the components inside."""

    name: str
    lines: list[tuple[str, dict[str, str], str]] = field(default_factory=list)
    inside: list[Component] = field(default_factory=list)

    def all(self, name: str) -> list[tuple[dict[str, str], str]]:
        return [(parameters, value) for found, parameters, value in self.lines if found == name]

    def one(self, name: str) -> str:
        ((_, value),) = self.all(name)
        return value

    def text(self, name: str) -> str:
        return re.sub(r"\\(.)", lambda m: "\n" if m[1] in "nN" else m[1], self.one(name))

    def part(self, name: str) -> Component:
        (found,) = [c for c in self.inside if c.name == name]
        return found


def read(text: str) -> Component:
    assert "\n" not in text.replace("\r\n", ""), "every line ends with CRLF"
    for line in text.split("\r\n"):
        assert len(line.encode()) <= 75, line
    root = Component("")
    stack = [root]
    for line in text.replace("\r\n ", "").removesuffix("\r\n").split("\r\n"):
        found = LINE.match(line)
        assert found, line
        name, parameters, value = found.groups()
        if name == "BEGIN":
            made = Component(value)
            stack[-1].inside.append(made)
            stack.append(made)
        elif name == "END":
            assert stack.pop().name == value
        else:
            read_parameters = {key: raw.strip('"') for key, raw in PARAMETER.findall(parameters)}
            stack[-1].lines.append((name, read_parameters, value))
    assert stack == [root]
    (calendar,) = root.inside
    return calendar


def instant(calendar: Component, name: str) -> datetime:
    """Work out when a property of the event is, from the time zone's rules in the same text alone."""
    ((parameters, value),) = calendar.part("VEVENT").all(name)
    if value.endswith("Z"):
        return datetime.strptime(value, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    wall = datetime.strptime(value, "%Y%m%dT%H%M%S")
    rules = calendar.part("VTIMEZONE")
    assert rules.one("TZID") == parameters["TZID"]
    onsets = []
    for rule in rules.inside:
        starts = [rule.one("DTSTART"), *(day for _, days in rule.all("RDATE") for day in days.split(","))]
        for start in starts:
            onsets.append((datetime.strptime(start, "%Y%m%dT%H%M%S"), rule.one("TZOFFSETTO")))
    _, offset = max((at, to) for at, to in onsets if at <= wall)
    shift = timedelta(hours=int(offset[1:3]), minutes=int(offset[3:5]))
    return (wall - (shift if offset[0] == "+" else -shift)).replace(tzinfo=UTC)
