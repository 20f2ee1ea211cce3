"""An academy with boards."""

from __future__ import annotations

import pytest

from academy.kernel.app import Kernel
from tests.forums.boards.school import School


@pytest.fixture
def school(kernel: Kernel) -> School:
    """Make the academy, its people and a board of its own."""
    return School(kernel)
