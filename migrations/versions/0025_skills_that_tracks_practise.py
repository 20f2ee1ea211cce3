"""A track names the skills that it practises."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "track_skills",
        sa.Column("track_version_id", sa.Uuid(), nullable=False),
        sa.Column("skill_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["skill_id"], ["skills.id"], name=op.f("fk_track_skills_skill_id")),
        sa.ForeignKeyConstraint(
            ["track_version_id"], ["track_versions.id"], name=op.f("fk_track_skills_track_version_id")
        ),
        sa.PrimaryKeyConstraint("track_version_id", "skill_id", name=op.f("pk_track_skills")),
    )
    op.create_index(op.f("ix_track_skills_skill_id"), "track_skills", ["skill_id"])
    with op.batch_alter_table("track_drafts") as batch_op:
        batch_op.add_column(sa.Column("skills", sa.Text(), server_default="", nullable=False))
    with op.batch_alter_table("track_drafts") as batch_op:
        batch_op.alter_column("skills", server_default=None)


def downgrade() -> None:
    """Go back."""
    with op.batch_alter_table("track_drafts") as batch_op:
        batch_op.drop_column("skills")
    op.drop_table("track_skills")
