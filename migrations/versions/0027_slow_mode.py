"""How long somebody waits in a space before they write again: its slow mode, off everywhere."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    with op.batch_alter_table("spaces") as batch_op:
        batch_op.add_column(sa.Column("slow", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("spaces") as batch_op:
        batch_op.alter_column("slow", existing_type=sa.Integer(), existing_nullable=False, server_default=None)


def downgrade() -> None:
    """Go back: everybody may write as often as they like again."""
    with op.batch_alter_table("spaces") as batch_op:
        batch_op.drop_column("slow")
