"""Nearest skills and what is had together; frameworks that come as files."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import academy.kernel.db

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "skill_neighbours",
        sa.Column("skill_id", sa.Uuid(), nullable=False),
        sa.Column("walk", sa.String(length=32), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("near_id", sa.Uuid(), nullable=False),
        sa.Column("nearness", sa.Integer(), nullable=False),
        sa.Column("way", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["near_id"], ["skills.id"], name=op.f("fk_skill_neighbours_near_id")),
        sa.ForeignKeyConstraint(["skill_id"], ["skills.id"], name=op.f("fk_skill_neighbours_skill_id")),
        sa.PrimaryKeyConstraint("skill_id", "walk", "position", name=op.f("pk_skill_neighbours")),
    )
    op.create_index(op.f("ix_skill_neighbours_near_id"), "skill_neighbours", ["near_id"])
    op.create_table(
        "skills_together",
        sa.Column("skill_id", sa.Uuid(), nullable=False),
        sa.Column("related_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["related_id"], ["skills.id"], name=op.f("fk_skills_together_related_id")),
        sa.ForeignKeyConstraint(["skill_id"], ["skills.id"], name=op.f("fk_skills_together_skill_id")),
        sa.PrimaryKeyConstraint("skill_id", "related_id", name=op.f("pk_skills_together")),
    )
    op.create_index(op.f("ix_skills_together_related_id"), "skills_together", ["related_id"])
    op.create_table(
        "graph_states",
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("at", academy.kernel.db.Instant(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_graph_states")),
    )
    with op.batch_alter_table("frameworks") as batch_op:
        batch_op.add_column(sa.Column("digest", sa.String(length=16), server_default="", nullable=False))
    with op.batch_alter_table("frameworks") as batch_op:
        batch_op.alter_column("digest", server_default=None)
    with op.batch_alter_table("skills") as batch_op:
        batch_op.add_column(sa.Column("gone_at", academy.kernel.db.Instant(timezone=True), nullable=True))
    with op.batch_alter_table("people_files") as batch_op:
        batch_op.add_column(sa.Column("purpose", sa.String(length=20), server_default="people", nullable=False))
    with op.batch_alter_table("people_files") as batch_op:
        batch_op.alter_column("purpose", server_default=None)


def downgrade() -> None:
    """Go back."""
    with op.batch_alter_table("people_files") as batch_op:
        batch_op.drop_column("purpose")
    with op.batch_alter_table("skills") as batch_op:
        batch_op.drop_column("gone_at")
    with op.batch_alter_table("frameworks") as batch_op:
        batch_op.drop_column("digest")
    op.drop_table("graph_states")
    op.drop_table("skills_together")
    op.drop_table("skill_neighbours")
