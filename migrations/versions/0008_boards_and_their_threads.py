"""Boards list threads; a space knows what a list shows of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import academy.kernel.db

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

COUNTED = """
UPDATE spaces SET
  last_at = (SELECT max(p.at) FROM posts p WHERE p.space_id = spaces.id),
  last_by = (SELECT p.author_id FROM posts p WHERE p.space_id = spaces.id AND p.no = spaces.head_no),
  replies = (SELECT count(*) FROM posts p WHERE p.space_id = spaces.id AND p.no > 1 AND p.removed_at IS NULL)
"""


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "boards",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("about", sa.String(length=300), nullable=False),
        sa.Column("created_at", academy.kernel.db.Instant(timezone=True), nullable=False),
        sa.Column("closed_at", academy.kernel.db.Instant(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["id"], ["groups.id"], name=op.f("fk_boards_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_boards")),
    )
    with op.batch_alter_table("spaces", schema=None) as batch_op:
        batch_op.add_column(sa.Column("author_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("replies", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("last_at", academy.kernel.db.Instant(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("last_by", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("pinned", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("locked_at", academy.kernel.db.Instant(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("solved_no", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(batch_op.f("fk_spaces_author_id"), "people", ["author_id"], ["id"])
        batch_op.create_foreign_key(batch_op.f("fk_spaces_last_by"), "people", ["last_by"], ["id"])
        batch_op.create_index(batch_op.f("ix_spaces_author_id"), ["author_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_spaces_last_by"), ["last_by"], unique=False)
        batch_op.create_index("ix_spaces_listed", ["group_id", "pinned", "last_at", "id"], unique=False)
        batch_op.drop_index(batch_op.f("ix_spaces_group_id"))
    op.execute(COUNTED)
    with op.batch_alter_table("spaces", schema=None) as batch_op:
        batch_op.alter_column("replies", existing_type=sa.Integer(), existing_nullable=False, server_default=None)
        batch_op.alter_column("pinned", existing_type=sa.Boolean(), existing_nullable=False, server_default=None)


def downgrade() -> None:
    """Go back."""
    with op.batch_alter_table("spaces", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_spaces_group_id"), ["group_id"], unique=False)
        batch_op.drop_index("ix_spaces_listed")
        batch_op.drop_index(batch_op.f("ix_spaces_last_by"))
        batch_op.drop_index(batch_op.f("ix_spaces_author_id"))
        batch_op.drop_constraint(batch_op.f("fk_spaces_last_by"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_spaces_author_id"), type_="foreignkey")
        for name in ("solved_no", "locked_at", "pinned", "last_by", "last_at", "replies", "author_id"):
            batch_op.drop_column(name)
    op.drop_table("boards")
