"""Codes of apps and recovery codes: which are right, when, and how many times."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4
from xml.etree import ElementTree as ET

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from academy.factors.engine import codes

RFC = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
"""The secret of RFC 6238's appendix: the ASCII text 12345678901234567890."""


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (2000000000, "279037")],
)
def test_the_codes_of_the_standard_are_right(seconds: int, code: str) -> None:
    at = datetime.fromtimestamp(seconds, UTC)
    assert codes.step_of(RFC, code, at) == seconds // 30
    assert codes.step_of(RFC, f" {code[:3]} {code[3:]} ", at) == seconds // 30


def test_a_clock_may_be_off_by_one_step_and_no_more() -> None:
    at = datetime(2026, 11, 22, 3, 0, 15, tzinfo=UTC)
    code = pyotp.TOTP(RFC).at(int(at.timestamp()))
    step = int(at.timestamp()) // 30
    for seconds, known in ((-60, False), (-30, True), (0, True), (30, True), (60, False)):
        assert codes.step_of(RFC, code, at + timedelta(seconds=seconds)) == (step if known else None)


@given(st.text(max_size=12).filter(lambda text: not re.fullmatch(r"[\s\-\d]*", text)))
def test_what_is_not_six_digits_is_no_code(text: str) -> None:
    assert codes.step_of(RFC, text, datetime(2026, 11, 22, tzinfo=UTC)) is None


@pytest.mark.parametrize("text", ["", "12345", "1234567", "１２３４５６", "٠٠٥٩٢٤", "-1-2-3-4-5-6-7"])
def test_other_digits_and_lengths_are_no_code_and_break_nothing(text: str) -> None:
    assert codes.step_of(RFC, text, datetime.fromtimestamp(1234567890, UTC)) is None


def test_ten_recovery_codes_are_all_different_and_read_easily() -> None:
    made = codes.new_codes()
    assert len(set(made)) == 10
    assert all(re.fullmatch(r"[a-z2-7]{4}(-[a-z2-7]{4}){3}", code) for code in made)


def test_how_a_recovery_code_is_typed_does_not_matter_and_whose_it_is_does() -> None:
    ana, ben, code = uuid4(), uuid4(), "abcd-efgh-2345-6723"
    assert codes.code_hash(ana, code) == codes.code_hash(ana, " ABCDEFGH 2345 6723")
    assert codes.code_hash(ana, code) != codes.code_hash(ben, code)
    assert code.replace("-", "") not in codes.code_hash(ana, code)


def test_the_picture_is_one_svg_without_style_or_script() -> None:
    address = codes.address(RFC, account="ana@example.org", issuer="Fernhill & Sons")
    assert address.startswith("otpauth://totp/Fernhill%20%26%20Sons:ana%40example.org?secret=" + RFC)
    drawn = codes.picture(address)
    root = ET.fromstring(drawn)
    assert root.tag.endswith("svg")
    found = {name for element in root.iter() for name in element.attrib}
    assert found <= {"viewBox", "class", "fill", "d", "stroke", "aria-hidden", "focusable"}
