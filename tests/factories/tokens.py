"""Makers of personal API tokens."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID, uuid4

from academy.kernel.app import Kernel
from academy.tokens import actions
from academy.tokens.engine import new_token
from tests.factories import people


def token(
    kernel: Kernel, person_id: UUID, scopes: Sequence[str] = ("read",), *, days: int = 30, name: str = ""
) -> tuple[UUID, str]:
    """Make somebody a token and return its row's id and the token itself."""
    made, owner = new_token(), people.viewer(kernel, person_id)
    called = name or f"Token {uuid4().hex[:8]}"  # a world that another process made may hold tokens, too
    row = kernel.commit(
        lambda session: actions.make_token(session, viewer=owner, token=made, name=called, scopes=scopes, days=days)
    )
    return row, made
