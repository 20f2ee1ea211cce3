"""Second factors: authenticator apps, recovery codes, passkeys and what they are asked to sign."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import academy.kernel.db

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table("app_factors",
    sa.Column("id", sa.Uuid(), nullable=False),
    sa.Column("person_id", sa.Uuid(), nullable=False),
    sa.Column("sealed", sa.Text(), nullable=False),
    sa.Column("created_at", academy.kernel.db.Instant(timezone=True), nullable=False),
    sa.Column("confirmed_at", academy.kernel.db.Instant(timezone=True), nullable=True),
    sa.Column("last_step", sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_app_factors_person_id")),
    sa.PrimaryKeyConstraint("id", name=op.f("pk_app_factors")),
    sa.UniqueConstraint("person_id", name=op.f("uq_app_factors_person_id"))
    )
    op.create_table("passkey_challenges",
    sa.Column("id", sa.Uuid(), nullable=False),
    sa.Column("purpose", sa.String(length=10), nullable=False),
    sa.Column("person_id", sa.Uuid(), nullable=True),
    sa.Column("challenge", sa.String(length=100), nullable=False),
    sa.Column("expires_at", academy.kernel.db.Instant(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_passkey_challenges_person_id")),
    sa.PrimaryKeyConstraint("id", name=op.f("pk_passkey_challenges"))
    )
    with op.batch_alter_table("passkey_challenges", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_passkey_challenges_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_passkey_challenges_person_id"), ["person_id"], unique=False)

    op.create_table("passkeys",
    sa.Column("id", sa.Uuid(), nullable=False),
    sa.Column("person_id", sa.Uuid(), nullable=False),
    sa.Column("name", sa.String(length=60), nullable=False),
    sa.Column("credential_id", sa.String(length=1400), nullable=False),
    sa.Column("public_key", sa.Text(), nullable=False),
    sa.Column("sign_count", sa.BigInteger(), nullable=False),
    sa.Column("transports", sa.JSON(), nullable=False),
    sa.Column("created_at", academy.kernel.db.Instant(timezone=True), nullable=False),
    sa.Column("last_used_at", academy.kernel.db.Instant(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_passkeys_person_id")),
    sa.PrimaryKeyConstraint("id", name=op.f("pk_passkeys")),
    sa.UniqueConstraint("credential_id", name=op.f("uq_passkeys_credential_id"))
    )
    with op.batch_alter_table("passkeys", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_passkeys_person_id"), ["person_id"], unique=False)

    op.create_table("recovery_codes",
    sa.Column("id", sa.Uuid(), nullable=False),
    sa.Column("person_id", sa.Uuid(), nullable=False),
    sa.Column("code_hash", sa.String(length=64), nullable=False),
    sa.Column("created_at", academy.kernel.db.Instant(timezone=True), nullable=False),
    sa.Column("used_at", academy.kernel.db.Instant(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_recovery_codes_person_id")),
    sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_codes")),
    sa.UniqueConstraint("person_id", "code_hash", name=op.f("uq_recovery_codes_person_id_code_hash"))
    )


def downgrade() -> None:
    """Go back."""
    op.drop_table("recovery_codes")
    with op.batch_alter_table("passkeys", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_passkeys_person_id"))

    op.drop_table("passkeys")
    with op.batch_alter_table("passkey_challenges", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_passkey_challenges_person_id"))
        batch_op.drop_index(batch_op.f("ix_passkey_challenges_expires_at"))

    op.drop_table("passkey_challenges")
    op.drop_table("app_factors")
