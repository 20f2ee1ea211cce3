"""Lists of people as leads have them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohorts.roster.engine import Row, Wrong, read_addresses, read_roster


@pytest.mark.parametrize(
    ("text", "found", "unread"),
    [
        ("ana@x.org", ["ana@x.org"], []),
        ("ana@x.org, ben@x.org;cy@x.org\ndi@x.org", ["ana@x.org", "ben@x.org", "cy@x.org", "di@x.org"], []),
        ("ana@x.org ben@x.org\t cy@x.org", ["ana@x.org", "ben@x.org", "cy@x.org"], []),
        ("Ana Silva <ana@x.org>, Ben <BEN@x.org>", ["ana@x.org", "BEN@x.org"], []),
        ("Ana@x.org\nana@X.org", ["Ana@x.org"], []),
        ("Ana Silva\nben@x.org", ["ben@x.org"], ["Ana Silva"]),
        (" ,;\n ", [], []),
        ("a@b@c, @x.org, ana@", [], ["a@b@c", "@x.org", "ana@"]),
    ],
)
def test_addresses_are_found_in_what_was_pasted(text: str, found: list[str], unread: list[str]):
    assert read_addresses(text) == (found, unread)


@given(st.text(max_size=300))
def test_no_text_is_too_odd_to_be_read(text: str):
    read_addresses(text)
    read_roster(text)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_roster_file_is_matched_by_its_header(separator: str):
    lines = [["Name", " E-Mail", "Team", "ROLE"], ["Ana", "ana@x.org", "A", "Mentor"], ["Ben", "ben@x.org", "", ""]]
    text = "\ufeff" + "\r\n".join(separator.join(line) for line in lines)
    assert read_roster(text) == ([Row(2, "ana@x.org", "mentor"), Row(3, "ben@x.org", "learner")], [])


def test_every_wrong_line_is_named_by_its_number():
    text = 'email,role\nana@x.org,\n\n"two\nlines",\nben@x.org,boss\nana@x.org,learner\ncy@x.org,facilitator\n'
    rows, wrong = read_roster(text)
    assert rows == [Row(2, "ana@x.org", "learner"), Row(8, "cy@x.org", "facilitator")]
    assert wrong == [Wrong(5, "no-address", "two\nlines"), Wrong(6, "no-role", "boss")]


@pytest.mark.parametrize("text", ["", "\n\n", "name,role\nana@x.org,learner\n", "ana@x.org\n"])
def test_a_file_without_a_column_of_addresses_is_refused(text: str):
    assert [line.code for line in read_roster(text)[1]] == ["no-header"]


def test_more_lines_than_can_be_taken_are_refused_as_a_whole():
    rows, wrong = read_roster("email\n" + "".join(f"p{n}@x.org\n" for n in range(2001)))
    assert (rows, [line.code for line in wrong]) == ([], ["too-many"])
