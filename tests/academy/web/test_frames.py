"""Frames: made of what is alike, filled with what differs, and nothing that is filled in is read again."""

from __future__ import annotations

from academy.web.frames import frame


def test_a_part_stands_in_each_of_its_places() -> None:
    assert frame('<a href="/posts/<f-id>"><f-name></a><f-id>') % {"id": "x", "name": "Ana"} == (
        '<a href="/posts/x">Ana</a>x'
    )


def test_a_percent_sign_of_the_template_stays_one() -> None:
    assert frame("<b>100% <f-name> %(name)s</b>") % {"name": "Ana"} == "<b>100% Ana %(name)s</b>"


def test_a_part_that_looks_like_a_place_stays_as_it_is() -> None:
    assert frame("<f-name>, <f-words>") % {"name": "%(words)s", "words": "<f-name> 5%"} == "%(words)s, <f-name> 5%"


def test_tags_are_no_places() -> None:
    assert frame("<time><b>:id</b></time>") % {} == "<time><b>:id</b></time>"
