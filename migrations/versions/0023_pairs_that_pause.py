"""Pairs pause while the account of one of two is closed, and a match is offered to somebody once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import academy.kernel.db

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

# Whose members with an open account are fewer than two, since the last of the others was closed.
PAUSED = """
UPDATE pairs SET paused_at = (
    SELECT MAX(people.deactivated_at) FROM memberships JOIN people ON people.id = memberships.person_id
    WHERE memberships.group_id = pairs.group_id AND memberships.until_at IS NULL
)
WHERE ended_at IS NULL AND (
    SELECT COUNT(DISTINCT people.id) FROM memberships JOIN people ON people.id = memberships.person_id
    WHERE memberships.group_id = pairs.group_id AND memberships.until_at IS NULL AND people.deactivated_at IS NULL
) < 2
"""


def upgrade() -> None:
    """Go forward: what rests already is known to rest."""
    op.add_column("pairs", sa.Column("paused_at", academy.kernel.db.Instant(timezone=True), nullable=True))
    op.execute(PAUSED)
    op.create_index("uq_offers_match_person", "offers", ["match_id", "person_id"], unique=True)


def downgrade() -> None:
    """Go back: what rests goes on, as it was known."""
    op.drop_index("uq_offers_match_person", table_name="offers")
    with op.batch_alter_table("pairs", schema=None) as batch_op:
        batch_op.drop_column("paused_at")
