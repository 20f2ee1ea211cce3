"""A group's rooms are found by an index of their own, without the threads of boards."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

ROOMS = sa.text("kind <> 'thread'")


def upgrade() -> None:
    """Go forward."""
    op.create_index("ix_spaces_rooms", "spaces", ["group_id"], sqlite_where=ROOMS, postgresql_where=ROOMS)


def downgrade() -> None:
    """Go back."""
    op.drop_index("ix_spaces_rooms", table_name="spaces")
