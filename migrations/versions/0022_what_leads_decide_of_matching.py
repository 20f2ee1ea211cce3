"""Leads weigh matching, lock and exclude pairs; a run says how far it is, and can be cancelled."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import academy.kernel.db

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

RUNS = sa.table("runs", sa.column("state"))


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "matching_settings",
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("weights", sa.JSON(), nullable=False),
        sa.Column("floor", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_by", sa.Uuid(), nullable=False),
        sa.Column("changed_at", academy.kernel.db.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["changed_by"], ["people.id"], name=op.f("fk_matching_settings_changed_by")),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_matching_settings_group_id")),
        sa.PrimaryKeyConstraint("group_id", "kind", name=op.f("pk_matching_settings")),
    )
    with op.batch_alter_table("matching_settings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_matching_settings_changed_by"), ["changed_by"], unique=False)
    op.create_table(
        "pair_choices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("one_id", sa.Uuid(), nullable=False),
        sa.Column("other_id", sa.Uuid(), nullable=False),
        sa.Column("choice", sa.String(length=20), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("at", academy.kernel.db.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["people.id"], name=op.f("fk_pair_choices_by_id")),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_pair_choices_group_id")),
        sa.ForeignKeyConstraint(["one_id"], ["people.id"], name=op.f("fk_pair_choices_one_id")),
        sa.ForeignKeyConstraint(["other_id"], ["people.id"], name=op.f("fk_pair_choices_other_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pair_choices")),
        sa.UniqueConstraint(
            "group_id", "kind", "one_id", "other_id", name=op.f("uq_pair_choices_group_id_kind_one_id_other_id")
        ),
    )
    with op.batch_alter_table("pair_choices", schema=None) as batch_op:
        for column in ("one_id", "other_id", "by_id"):
            batch_op.create_index(batch_op.f(f"ix_pair_choices_{column}"), [column], unique=False)
    with op.batch_alter_table("runs", schema=None) as batch_op:
        batch_op.add_column(sa.Column("step", sa.String(length=20), nullable=True))


def downgrade() -> None:
    """Go back: what was cancelled has failed."""
    op.execute(RUNS.update().where(RUNS.c.state == "cancelled").values(state="failed"))
    with op.batch_alter_table("runs", schema=None) as batch_op:
        batch_op.drop_column("step")
    op.drop_table("pair_choices")
    op.drop_table("matching_settings")
