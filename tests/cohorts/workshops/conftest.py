"""The days before the workshops of these tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from academy.kernel import clock
from tests.cohorts.workshops.acting import NOW


@pytest.fixture
def january() -> Iterator[None]:
    """Live before any of them begins."""
    with clock.travel(NOW):
        yield
