"""Personal API tokens, of which a hash is kept."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import academy.kernel.db

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table("api_tokens",
    sa.Column("id", sa.Uuid(), nullable=False),
    sa.Column("person_id", sa.Uuid(), nullable=False),
    sa.Column("name", sa.String(length=60), nullable=False),
    sa.Column("token_hash", sa.String(length=64), nullable=False),
    sa.Column("ending", sa.String(length=4), nullable=False),
    sa.Column("scopes", sa.JSON(), nullable=False),
    sa.Column("created_at", academy.kernel.db.Instant(timezone=True), nullable=False),
    sa.Column("expires_at", academy.kernel.db.Instant(timezone=True), nullable=False),
    sa.Column("last_used_at", academy.kernel.db.Instant(timezone=True), nullable=True),
    sa.Column("revoked_at", academy.kernel.db.Instant(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_api_tokens_person_id")),
    sa.PrimaryKeyConstraint("id", name=op.f("pk_api_tokens")),
    sa.UniqueConstraint("token_hash", name=op.f("uq_api_tokens_token_hash"))
    )
    with op.batch_alter_table("api_tokens", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_api_tokens_person_id"), ["person_id"], unique=False)



def downgrade() -> None:
    """Go back."""
    with op.batch_alter_table("api_tokens", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_api_tokens_person_id"))

    op.drop_table("api_tokens")
