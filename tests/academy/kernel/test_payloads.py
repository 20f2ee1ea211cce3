"""What came over a socket is made clean, or refused in words."""

from __future__ import annotations

import json

import pytest

from academy.kernel.access import Invalid
from academy.kernel.payloads import clean


def test_what_no_database_keeps_is_taken_out_of_names_and_texts_at_every_depth() -> None:
    sent = {"na\0me": ["a\0b", {"deep": "\ud800!"}], "number": 1, "nothing": None}
    assert clean(sent) == {"name": ["ab", {"deep": "?!"}], "number": 1, "nothing": None}


@pytest.mark.parametrize("level", ["[%s]", '{"more":%s}'])
def test_what_decodes_but_is_nested_too_deeply_is_refused_for_good(level: str) -> None:
    sent = "0"
    for _ in range(700):
        sent = level % sent
    with pytest.raises(Invalid, match="nested too deeply"):
        clean(json.loads(sent))
