"""Links that bring people in: mailed ones, invitations, join links."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import academy.kernel.db

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table("invitations",
    sa.Column("id", sa.Uuid(), nullable=False),
    sa.Column("group_id", sa.Uuid(), nullable=False),
    sa.Column("role", sa.String(length=20), nullable=False),
    sa.Column("name", sa.String(length=120), nullable=False),
    sa.Column("address", sa.String(length=254), nullable=False),
    sa.Column("address_key", sa.String(length=254), nullable=False),
    sa.Column("invited_by_id", sa.Uuid(), nullable=False),
    sa.Column("sent_at", academy.kernel.db.Instant(timezone=True), nullable=False),
    sa.Column("accepted_at", academy.kernel.db.Instant(timezone=True), nullable=True),
    sa.Column("accepted_by_id", sa.Uuid(), nullable=True),
    sa.Column("withdrawn_at", academy.kernel.db.Instant(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(["accepted_by_id"], ["people.id"], name=op.f("fk_invitations_accepted_by_id")),
    sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_invitations_group_id")),
    sa.ForeignKeyConstraint(["invited_by_id"], ["people.id"], name=op.f("fk_invitations_invited_by_id")),
    sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations"))
    )
    with op.batch_alter_table("invitations", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_invitations_accepted_by_id"), ["accepted_by_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_invitations_group_id"), ["group_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_invitations_invited_by_id"), ["invited_by_id"], unique=False)
        batch_op.create_index("uq_invitations_open", ["group_id", "address_key"], unique=True, sqlite_where=sa.text("accepted_at IS NULL AND withdrawn_at IS NULL"), postgresql_where=sa.text("accepted_at IS NULL AND withdrawn_at IS NULL"))

    op.create_table("join_links",
    sa.Column("id", sa.Uuid(), nullable=False),
    sa.Column("group_id", sa.Uuid(), nullable=False),
    sa.Column("role", sa.String(length=20), nullable=False),
    sa.Column("token", sa.String(length=64), nullable=False),
    sa.Column("made_by_id", sa.Uuid(), nullable=False),
    sa.Column("created_at", academy.kernel.db.Instant(timezone=True), nullable=False),
    sa.Column("expires_at", academy.kernel.db.Instant(timezone=True), nullable=False),
    sa.Column("seats", sa.Integer(), nullable=True),
    sa.Column("taken", sa.Integer(), nullable=False),
    sa.Column("ended_at", academy.kernel.db.Instant(timezone=True), nullable=True),
    sa.CheckConstraint("seats IS NULL OR taken <= seats", name=op.f("ck_join_links_seats")),
    sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_join_links_group_id")),
    sa.ForeignKeyConstraint(["made_by_id"], ["people.id"], name=op.f("fk_join_links_made_by_id")),
    sa.PrimaryKeyConstraint("id", name=op.f("pk_join_links")),
    sa.UniqueConstraint("token", name=op.f("uq_join_links_token"))
    )
    with op.batch_alter_table("join_links", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_join_links_group_id"), ["group_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_join_links_made_by_id"), ["made_by_id"], unique=False)

    op.create_table("mailed_links",
    sa.Column("id", sa.Uuid(), nullable=False),
    sa.Column("kind", sa.String(length=20), nullable=False),
    sa.Column("token_hash", sa.String(length=64), nullable=False),
    sa.Column("person_id", sa.Uuid(), nullable=True),
    sa.Column("invitation_id", sa.Uuid(), nullable=True),
    sa.Column("join_link_id", sa.Uuid(), nullable=True),
    sa.Column("address", sa.String(length=254), nullable=False),
    sa.Column("created_at", academy.kernel.db.Instant(timezone=True), nullable=False),
    sa.Column("expires_at", academy.kernel.db.Instant(timezone=True), nullable=False),
    sa.Column("used_at", academy.kernel.db.Instant(timezone=True), nullable=True),
    sa.Column("ended_at", academy.kernel.db.Instant(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(["invitation_id"], ["invitations.id"], name=op.f("fk_mailed_links_invitation_id")),
    sa.ForeignKeyConstraint(["join_link_id"], ["join_links.id"], name=op.f("fk_mailed_links_join_link_id")),
    sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_mailed_links_person_id")),
    sa.PrimaryKeyConstraint("id", name=op.f("pk_mailed_links")),
    sa.UniqueConstraint("token_hash", name=op.f("uq_mailed_links_token_hash"))
    )
    with op.batch_alter_table("mailed_links", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_mailed_links_invitation_id"), ["invitation_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_mailed_links_join_link_id"), ["join_link_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_mailed_links_person_id"), ["person_id"], unique=False)
        batch_op.create_index("uq_mailed_links_open", ["kind", "person_id"], unique=True, sqlite_where=sa.text("used_at IS NULL AND ended_at IS NULL AND kind <> 'undo'"), postgresql_where=sa.text("used_at IS NULL AND ended_at IS NULL AND kind <> 'undo'"))



def downgrade() -> None:
    """Go back."""
    with op.batch_alter_table("mailed_links", schema=None) as batch_op:
        batch_op.drop_index("uq_mailed_links_open", sqlite_where=sa.text("used_at IS NULL AND ended_at IS NULL AND kind <> 'undo'"), postgresql_where=sa.text("used_at IS NULL AND ended_at IS NULL AND kind <> 'undo'"))
        batch_op.drop_index(batch_op.f("ix_mailed_links_person_id"))
        batch_op.drop_index(batch_op.f("ix_mailed_links_join_link_id"))
        batch_op.drop_index(batch_op.f("ix_mailed_links_invitation_id"))

    op.drop_table("mailed_links")
    with op.batch_alter_table("join_links", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_join_links_made_by_id"))
        batch_op.drop_index(batch_op.f("ix_join_links_group_id"))

    op.drop_table("join_links")
    with op.batch_alter_table("invitations", schema=None) as batch_op:
        batch_op.drop_index("uq_invitations_open", sqlite_where=sa.text("accepted_at IS NULL AND withdrawn_at IS NULL"), postgresql_where=sa.text("accepted_at IS NULL AND withdrawn_at IS NULL"))
        batch_op.drop_index(batch_op.f("ix_invitations_invited_by_id"))
        batch_op.drop_index(batch_op.f("ix_invitations_group_id"))
        batch_op.drop_index(batch_op.f("ix_invitations_accepted_by_id"))

    op.drop_table("invitations")
