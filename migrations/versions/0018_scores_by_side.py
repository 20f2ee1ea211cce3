"""What a match is worth is kept for each of its people: scores of before are what they were for all together."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

NAMES = {"goals": "help", "complementary": "help"}
MATCHES = sa.table("matches", sa.column("id"), sa.column("kind"), sa.column("parts", sa.JSON))


def upgrade() -> None:
    """Go forward."""
    _change(op.get_bind(), _with_sides)


def downgrade() -> None:
    """Go back."""
    _change(op.get_bind(), _without_sides)


def _change(bind: sa.Connection, how: Any) -> None:
    rows = bind.execute(sa.select(sa.cast(MATCHES.c.id, sa.String), MATCHES.c.parts)).all()
    for key, parts in rows:
        made = [how(part) for part in (json.loads(parts) if isinstance(parts, str) else parts)]
        bind.execute(MATCHES.update().where(sa.cast(MATCHES.c.id, sa.String) == key).values(parts=made))


def _with_sides(part: dict[str, Any]) -> dict[str, Any]:
    if "components" not in part:
        return part
    made = [{**one, "name": NAMES.get(one["name"], one["name"])} for one in part["components"]]
    kept = {name: value for name, value in part.items() if name != "components"}
    return {**kept, "sides": [{"person": part["people"][0], "score": part["score"], "components": made}]}


def _without_sides(part: dict[str, Any]) -> dict[str, Any]:
    if "sides" not in part:
        return part
    kept = {name: value for name, value in part.items() if name != "sides"}
    return {**kept, "components": part["sides"][0]["components"]}
