"""The time zones that forms offer are places, and all of them can be kept."""

from __future__ import annotations

from academy.people.engine import ZONES, zone_options


def test_every_zone_that_is_offered_is_known_and_said_without_underscores() -> None:
    offered = zone_options()
    assert offered[0] == ("UTC", "UTC")
    assert ("America/New_York", "America/New York") in offered
    assert {value for value, _text in offered} <= ZONES
    assert not any(value.startswith("Etc/") or ("/" not in value and value != "UTC") for value, _text in offered)


def test_likely_zones_come_first_and_once() -> None:
    offered = [value for value, _text in zone_options("Europe/Lisbon", "Etc/GMT+1", "Europe/Lisbon")]
    assert offered[:3] == ["Europe/Lisbon", "Etc/GMT+1", "UTC"]
    assert offered.count("Europe/Lisbon") == 1
