"""What tests of the bridges share."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest

from academy.kernel.app import Kernel
from academy.people.models import GroupKind, Role
from tests.academy.bridges.saving import House
from tests.factories import forums, people


@pytest.fixture
def admin(kernel: Kernel) -> UUID:
    """Return the admin of an organization with one academy."""
    top = people.group(kernel, GroupKind.ORGANIZATION, "Fernhill")
    people.group(kernel, GroupKind.ACADEMY, "North Academy", top)
    found = people.person(kernel, "Ada Admin", email="ada@example.org", zone="UTC")
    return people.member(kernel, top, found, Role.ADMIN)


@pytest.fixture
def house(kernel: Kernel, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    """Return an academy in use, which the commands will take for theirs."""
    folder = tmp_path / "instance"
    folder.mkdir()
    for name, value in {
        "DATABASE_URL": database_url,
        "ACADEMY_INSTANCE": str(folder),
        "SECRET_KEY": "a secret for tests only",
    }.items():
        monkeypatch.setenv(name, value)
    _, space, (ana, ben) = forums.room(kernel, "Ana Lima", "Ben Okri")
    forums.say(kernel, ana, space, "Before the backup")
    return House(kernel, database_url, tmp_path, ana, ben, space)
