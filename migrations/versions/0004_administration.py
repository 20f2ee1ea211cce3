"""What admins look after: settings of the organization, the mail log, and finding entries of the ledger."""

from __future__ import annotations

import re
from uuid import UUID

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

NAMES = re.compile(r"(?:^|_)(?:person|learner|manager|group|cohort|academy)_ids?$")
SQLITE = """
CREATE TRIGGER ledger_subjects_refuses_{verb} BEFORE {verb} ON ledger_subjects
BEGIN SELECT RAISE(ABORT, 'the ledger only grows'); END
"""
POSTGRESQL = """
CREATE TRIGGER ledger_subjects_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_subjects
FOR EACH STATEMENT EXECUTE FUNCTION ledger_only_grows();
"""
BATCH = 5000


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "organization_settings",
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("zone", sa.String(length=60), nullable=False),
        sa.Column("contact", sa.String(length=254), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_organization_settings_group_id")),
        sa.PrimaryKeyConstraint("group_id", name=op.f("pk_organization_settings")),
    )
    op.create_table(
        "mail_log",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("message", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("about", sa.String(length=40), nullable=False),
        sa.Column("recipient", sa.String(length=254), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_log")),
    )
    op.create_index(op.f("ix_mail_log_digest"), "mail_log", ["digest"])
    subjects = op.create_table(
        "ledger_subjects",
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("subject_id", "entry_id", name=op.f("pk_ledger_subjects")),
    )
    _find(subjects)
    # Plain indexes: a batch change would build the ledger anew on SQLite, and its triggers would be gone.
    op.create_index("ix_ledger_kind_id", "ledger", ["kind", "id"])
    op.create_index("ix_ledger_actor_id_id", "ledger", ["actor_id", "id"])
    op.drop_index("ix_ledger_actor_id", table_name="ledger")
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(SQLITE.format(verb=verb))
    else:
        op.execute(POSTGRESQL)


def _find(subjects: sa.Table) -> None:
    """Write down whom the entries made so far are about."""
    connection = op.get_bind()
    ledger = sa.table("ledger", sa.column("id", sa.Uuid()), sa.column("facts", sa.JSON()))
    last = None
    while True:
        query = sa.select(ledger.c.id, ledger.c.facts).order_by(ledger.c.id).limit(BATCH)
        entries = connection.execute(query if last is None else query.where(ledger.c.id > last)).all()
        if not entries:
            return
        last = entries[-1].id
        found = [
            {"subject_id": subject, "entry_id": entry.id} for entry in entries for subject in _subjects(entry.facts)
        ]
        if found:
            connection.execute(sa.insert(subjects), found)


def _subjects(facts: dict[str, object]) -> set[UUID]:
    named = [value for name, value in facts.items() if value and NAMES.search(name)]
    return {UUID(str(one)) for value in named for one in (value if isinstance(value, list) else [value])}


def downgrade() -> None:
    """Go back."""
    op.create_index("ix_ledger_actor_id", "ledger", ["actor_id"])
    op.drop_index("ix_ledger_actor_id_id", table_name="ledger")
    op.drop_index("ix_ledger_kind_id", table_name="ledger")
    op.drop_table("ledger_subjects")
    op.drop_table("mail_log")
    op.drop_table("organization_settings")
