"""Whoever looks after thousands is answered from indexes: groups by kind, roles by name, who is in a group now."""

from __future__ import annotations

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_index(op.f("ix_groups_kind"), "groups", ["kind"])
    op.create_index(op.f("ix_memberships_role_group_id"), "memberships", ["role", "group_id"])
    op.create_index(
        op.f("ix_memberships_group_id_person_id_until_at"), "memberships", ["group_id", "person_id", "until_at"]
    )
    op.drop_index(op.f("ix_memberships_group_id_person_id"), table_name="memberships")


def downgrade() -> None:
    """Go back."""
    op.create_index(op.f("ix_memberships_group_id_person_id"), "memberships", ["group_id", "person_id"])
    op.drop_index(op.f("ix_memberships_group_id_person_id_until_at"), table_name="memberships")
    op.drop_index(op.f("ix_memberships_role_group_id"), table_name="memberships")
    op.drop_index(op.f("ix_groups_kind"), table_name="groups")
