"""Levels of a skill from several voices; occupations, target roles, needs and opportunities."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import academy.kernel.db
from academy.kernel.ids import new_id

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

AT_ONCE = 5_000
HELD = sa.table(
    "person_skills",
    sa.column("person_id", sa.Uuid()),
    sa.column("skill_id", sa.Uuid()),
    sa.column("level", sa.Integer()),
    sa.column("source", sa.String()),
    sa.column("at", academy.kernel.db.Instant(timezone=True)),
)
SAID = sa.table(
    "skill_statements",
    sa.column("id", sa.Uuid()),
    *(sa.column(column.name, column.type) for column in HELD.columns),
    sa.column("said_by_id", sa.Uuid()),
)
PEOPLE = sa.table("people", sa.column("id", sa.Uuid()), sa.column("manager_id", sa.Uuid()))
SOURCES = ("self", "peer", "manager", "organization", "mentor", "360", "evidence", "assessment")


def said() -> None:
    """Make a statement of every level that there is: what somebody said of themselves is theirs, a manager's word their manager's."""
    connection = op.get_bind()
    rows = connection.execute(
        sa.select(*HELD.columns, PEOPLE.c.manager_id).join(PEOPLE, PEOPLE.c.id == HELD.c.person_id)
    ).all()
    for start in range(0, len(rows), AT_ONCE):
        found = []
        for row in rows[start : start + AT_ONCE]:
            source = row.source if row.source in SOURCES else "organization"
            by = {"self": row.person_id, "manager": row.manager_id}.get(source)
            said_so = {"person_id": row.person_id, "skill_id": row.skill_id, "level": row.level, "at": row.at}
            found.append({**said_so, "id": new_id(), "source": source, "said_by_id": by})
        connection.execute(sa.insert(SAID), found)


def one_source() -> None:
    """Name the newest of several sources as the source of a level, as there is room for one."""
    last = (
        sa.select(SAID.c.source)
        .where(SAID.c.person_id == HELD.c.person_id, SAID.c.skill_id == HELD.c.skill_id)
        .order_by(SAID.c.at.desc(), SAID.c.id)
        .limit(1)
        .scalar_subquery()
    )
    op.execute(
        sa.update(HELD).where(HELD.c.source == "several").values(source=sa.func.coalesce(last, "organization"))
    )


def upgrade() -> None:
    """Go forward."""
    op.create_table('occupations',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('framework_id', sa.Uuid(), nullable=False),
    sa.Column('key', sa.String(length=120), nullable=False),
    sa.Column('label', sa.String(length=200), nullable=False),
    sa.ForeignKeyConstraint(['framework_id'], ['frameworks.id'], name=op.f('fk_occupations_framework_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_occupations')),
    sa.UniqueConstraint('framework_id', 'key', name=op.f('uq_occupations_framework_id_key'))
    )
    with op.batch_alter_table('occupations', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_occupations_label'), ['label'], unique=False)

    op.create_table('opportunities',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('group_id', sa.Uuid(), nullable=False),
    sa.Column('title', sa.String(length=160), nullable=False),
    sa.Column('body_md', sa.Text(), nullable=False),
    sa.Column('body_html', sa.Text(), nullable=False),
    sa.Column('renderer', sa.Integer(), nullable=False),
    sa.Column('closes_on', sa.Date(), nullable=False),
    sa.Column('contact_id', sa.Uuid(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('created_at', academy.kernel.db.Instant(timezone=True), nullable=False),
    sa.Column('closed_at', academy.kernel.db.Instant(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['contact_id'], ['people.id'], name=op.f('fk_opportunities_contact_id')),
    sa.ForeignKeyConstraint(['group_id'], ['groups.id'], name=op.f('fk_opportunities_group_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_opportunities'))
    )
    with op.batch_alter_table('opportunities', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_opportunities_contact_id'), ['contact_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_opportunities_group_id'), ['group_id'], unique=False)

    op.create_table('needs',
    sa.Column('group_id', sa.Uuid(), nullable=False),
    sa.Column('skill_id', sa.Uuid(), nullable=False),
    sa.Column('level', sa.Integer(), nullable=False),
    sa.Column('people', sa.Integer(), nullable=False),
    sa.Column('at', academy.kernel.db.Instant(timezone=True), nullable=False),
    sa.CheckConstraint('level BETWEEN 1 AND 5', name=op.f('ck_needs_level')),
    sa.CheckConstraint('people > 0', name=op.f('ck_needs_people')),
    sa.ForeignKeyConstraint(['group_id'], ['groups.id'], name=op.f('fk_needs_group_id')),
    sa.ForeignKeyConstraint(['skill_id'], ['skills.id'], name=op.f('fk_needs_skill_id')),
    sa.PrimaryKeyConstraint('group_id', 'skill_id', name=op.f('pk_needs'))
    )
    with op.batch_alter_table('needs', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_needs_skill_id'), ['skill_id'], unique=False)

    op.create_table('occupation_skills',
    sa.Column('occupation_id', sa.Uuid(), nullable=False),
    sa.Column('skill_id', sa.Uuid(), nullable=False),
    sa.Column('level', sa.Integer(), nullable=False),
    sa.CheckConstraint('level BETWEEN 1 AND 5', name=op.f('ck_occupation_skills_level')),
    sa.ForeignKeyConstraint(['occupation_id'], ['occupations.id'], name=op.f('fk_occupation_skills_occupation_id')),
    sa.ForeignKeyConstraint(['skill_id'], ['skills.id'], name=op.f('fk_occupation_skills_skill_id')),
    sa.PrimaryKeyConstraint('occupation_id', 'skill_id', name=op.f('pk_occupation_skills'))
    )
    with op.batch_alter_table('occupation_skills', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_occupation_skills_skill_id'), ['skill_id'], unique=False)

    op.create_table('opportunity_skills',
    sa.Column('opportunity_id', sa.Uuid(), nullable=False),
    sa.Column('skill_id', sa.Uuid(), nullable=False),
    sa.Column('level', sa.Integer(), nullable=False),
    sa.CheckConstraint('level BETWEEN 1 AND 5', name=op.f('ck_opportunity_skills_level')),
    sa.ForeignKeyConstraint(['opportunity_id'], ['opportunities.id'], name=op.f('fk_opportunity_skills_opportunity_id')),
    sa.ForeignKeyConstraint(['skill_id'], ['skills.id'], name=op.f('fk_opportunity_skills_skill_id')),
    sa.PrimaryKeyConstraint('opportunity_id', 'skill_id', name=op.f('pk_opportunity_skills'))
    )
    with op.batch_alter_table('opportunity_skills', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_opportunity_skills_skill_id'), ['skill_id'], unique=False)

    op.create_table('skill_statements',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('skill_id', sa.Uuid(), nullable=False),
    sa.Column('source', sa.String(length=20), nullable=False),
    sa.Column('said_by_id', sa.Uuid(), nullable=True),
    sa.Column('level', sa.Integer(), nullable=False),
    sa.Column('at', academy.kernel.db.Instant(timezone=True), nullable=False),
    sa.CheckConstraint('level BETWEEN 1 AND 5', name=op.f('ck_skill_statements_level')),
    sa.ForeignKeyConstraint(['person_id'], ['people.id'], name=op.f('fk_skill_statements_person_id')),
    sa.ForeignKeyConstraint(['said_by_id'], ['people.id'], name=op.f('fk_skill_statements_said_by_id')),
    sa.ForeignKeyConstraint(['skill_id'], ['skills.id'], name=op.f('fk_skill_statements_skill_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_skill_statements')),
    sa.UniqueConstraint('person_id', 'skill_id', 'source', 'said_by_id', name=op.f('uq_skill_statements_person_id_skill_id_source_said_by_id'))
    )
    with op.batch_alter_table('skill_statements', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_skill_statements_at'), ['at'], unique=False)
        batch_op.create_index(batch_op.f('ix_skill_statements_said_by_id'), ['said_by_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_skill_statements_skill_id'), ['skill_id'], unique=False)

    op.create_table('target_roles',
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('occupation_id', sa.Uuid(), nullable=False),
    sa.Column('at', academy.kernel.db.Instant(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['occupation_id'], ['occupations.id'], name=op.f('fk_target_roles_occupation_id')),
    sa.ForeignKeyConstraint(['person_id'], ['people.id'], name=op.f('fk_target_roles_person_id')),
    sa.PrimaryKeyConstraint('person_id', name=op.f('pk_target_roles'))
    )
    with op.batch_alter_table('target_roles', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_target_roles_occupation_id'), ['occupation_id'], unique=False)

    said()



def downgrade() -> None:
    """Go back."""
    one_source()
    with op.batch_alter_table('target_roles', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_target_roles_occupation_id'))

    op.drop_table('target_roles')
    with op.batch_alter_table('skill_statements', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_skill_statements_skill_id'))
        batch_op.drop_index(batch_op.f('ix_skill_statements_said_by_id'))
        batch_op.drop_index(batch_op.f('ix_skill_statements_at'))

    op.drop_table('skill_statements')
    with op.batch_alter_table('opportunity_skills', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_opportunity_skills_skill_id'))

    op.drop_table('opportunity_skills')
    with op.batch_alter_table('occupation_skills', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_occupation_skills_skill_id'))

    op.drop_table('occupation_skills')
    with op.batch_alter_table('needs', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_needs_skill_id'))

    op.drop_table('needs')
    with op.batch_alter_table('opportunities', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_opportunities_group_id'))
        batch_op.drop_index(batch_op.f('ix_opportunities_contact_id'))

    op.drop_table('opportunities')
    with op.batch_alter_table('occupations', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_occupations_label'))

    op.drop_table('occupations')
