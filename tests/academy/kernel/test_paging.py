"""Lists that are read whole and shown a page at a time."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import pytest

from academy.kernel.paging import page_of


@dataclass(frozen=True)
class Line:
    id: UUID


LINES = [Line(UUID(int=n)) for n in (7, 3, 9, 1, 5)]


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 6])
def test_a_walk_meets_every_line_once_in_the_lists_own_order(limit: int) -> None:
    seen: list[Line] = []
    after = None
    while True:
        page = page_of(LINES, limit, after)
        assert 0 < len(page.items) <= limit
        seen += page.items
        if page.next is None:
            break
        assert isinstance(page.next, UUID)
        after = page.next
    assert seen == LINES


def test_whoever_goes_on_after_what_is_gone_begins_again_and_misses_nothing() -> None:
    assert page_of(LINES, 2, UUID(int=99)).items == LINES[:2]


def test_there_is_nothing_after_the_end_or_in_an_empty_list() -> None:
    assert page_of(LINES, 2, LINES[-1].id).items == []
    assert page_of([], 2, None).next is None
