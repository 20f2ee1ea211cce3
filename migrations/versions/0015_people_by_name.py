"""People are listed by name without looking at everybody."""

from __future__ import annotations

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_index(op.f("ix_people_name_id"), "people", ["name", "id"])


def downgrade() -> None:
    """Go back."""
    op.drop_index(op.f("ix_people_name_id"), table_name="people")
