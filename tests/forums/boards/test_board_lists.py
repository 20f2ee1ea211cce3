"""Boards come a page at a time to those who see many."""

from __future__ import annotations

from uuid import UUID

import pytest

from academy.kernel.app import Kernel
from academy.people.models import GroupKind, Role
from forums.boards import queries
from tests.factories import forums, people


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
def test_many_boards_come_in_pages_each_once_in_the_order_of_the_list(kernel: Kernel) -> None:
    top = people.group(kernel, GroupKind.ORGANIZATION, "Fernhill")
    academy = people.group(kernel, GroupKind.ACADEMY, "North", top)
    cohort = people.group(kernel, GroupKind.COHORT, "Kestrel", academy)
    lead = people.member(kernel, academy, people.person(kernel, "Ling"), Role.LEAD)
    for n in range(7):  # names that are alike, of two keepers
        forums.board(kernel, lead, academy if n % 2 else cohort, f"Board {n // 4}")
    viewer = people.viewer(kernel, lead)
    with kernel.reading() as session:
        whole = [line.id for line in queries.boards_for(session, viewer)]
        walked: list[UUID] = []
        while page := queries.boards_for(session, viewer, limit=2, after=walked[-1] if walked else None):
            assert len(page) <= 2
            walked += [line.id for line in page]
    assert len(whole) == 7
    assert walked == whole
