"""What tests of the bridges share."""

from __future__ import annotations

from uuid import UUID

import pytest

from academy.kernel.app import Kernel
from academy.people.models import GroupKind, Role
from tests.factories import people


@pytest.fixture
def admin(kernel: Kernel) -> UUID:
    """Return the admin of an organization with one academy."""
    top = people.group(kernel, GroupKind.ORGANIZATION, "Fernhill")
    people.group(kernel, GroupKind.ACADEMY, "North Academy", top)
    found = people.person(kernel, "Ada Admin", email="ada@example.org", zone="UTC")
    return people.member(kernel, top, found, Role.ADMIN)
