"""Passwords that will not do, and what browsers call themselves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from academy.accounts.engine import COMMON, LONGEST, SHORTEST, device_of, weakness
from academy.people.engine import DEMO_PASSWORD

OWN = ("Ana Silva", "ana.silva@example.org")


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("", "short"),
        ("ninechars", "short"),
        ("ten chars!", None),
        ("x" * 200 + "y", "long"),
        ("password123", "common"),
        ("Password123", "common"),
        (" QWERTYUIOP ", "common"),
        ("academy-demo", "common"),
        (" " * 12, "common"),
        ("ana.silva@example.org", "own"),
        ("ANA.SILVA@EXAMPLE.ORG", "own"),
        ("Ana    Silva", "own"),
        ("ana-silva--", "own"),
        ("ana silva loves tea", None),
        ("correct horse battery staple", None),
        ("åäöåäöåäöå", None),
        ("aaaaaaaaab", None),
    ],
)
def test_a_password_is_refused_for_its_length_for_being_everybodys_or_ones_own_name(password: str, why: str | None):
    assert weakness(password, own=OWN) == why


@given(st.text(min_size=SHORTEST, max_size=LONGEST))
def test_which_characters_a_password_is_made_of_is_its_owners_business(password: str):
    assert weakness(password, own=()) in ({None} if password.casefold().strip() not in {*COMMON, ""} else {"common"})


def test_the_commonest_passwords_are_those_that_length_alone_lets_through():
    assert len(COMMON) > 200
    assert {word for word in COMMON if len(word) < SHORTEST or word != word.casefold()} == set()
    assert DEMO_PASSWORD in COMMON


AGENTS = {
    "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0": ("Firefox", "Linux"),
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36": (
        "Chrome",
        "Windows",
    ),
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0": (
        "Edge",
        "Windows",
    ),
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15": (
        "Safari",
        "macOS",
    ),
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1": (
        "Safari",
        "iPhone",
    ),
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/131.0.6778.73 Mobile/15E148 Safari/604.1": (
        "Chrome",
        "iPhone",
    ),
    "Mozilla/5.0 (Linux; Android 14; SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/26.0 Chrome/122.0.0.0 Mobile Safari/537.36": (
        "Samsung Internet",
        "Android",
    ),
    "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36": (
        "Chrome",
        "ChromeOS",
    ),
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 OPR/116.0.0.0": (
        "Opera",
        "Linux",
    ),
    "curl/8.5.0": ("", ""),
    "": ("", ""),
}


@pytest.mark.parametrize("agent", AGENTS)
def test_a_browser_is_named_in_plain_words(agent: str):
    assert device_of(agent) == AGENTS[agent]
