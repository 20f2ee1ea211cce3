"""That somebody ended a pair is kept, and why if they said so."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import academy.kernel.db

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "partings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("pair_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("at", academy.kernel.db.Instant(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("erased", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["pair_id"], ["pairs.id"], name=op.f("fk_partings_pair_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_partings_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partings")),
    )
    for column in ("pair_id", "person_id", "at"):
        op.create_index(op.f(f"ix_partings_{column}"), "partings", [column])


def downgrade() -> None:
    """Go back: a match whose pair has ended is settled again, as it was known."""
    op.execute("UPDATE matches SET state = 'settled' WHERE state = 'ended'")
    op.drop_table("partings")
