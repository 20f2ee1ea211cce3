"""Videos with captions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import academy.kernel.db

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table('media',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('group_id', sa.Uuid(), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('type', sa.String(length=20), nullable=False),
    sa.Column('bytes', sa.BigInteger(), nullable=False),
    sa.Column('created_at', academy.kernel.db.Instant(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['group_id'], ['groups.id'], name=op.f('fk_media_group_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_media')),
    sa.UniqueConstraint('group_id', 'digest', name=op.f('uq_media_group_id_digest'))
    )
    with op.batch_alter_table('activities', schema=None) as batch_op:
        batch_op.add_column(sa.Column('media_id', sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column('captions', sa.Text(), server_default='', nullable=False))
        batch_op.create_index(batch_op.f('ix_activities_media_id'), ['media_id'], unique=False)
        batch_op.create_foreign_key(batch_op.f('fk_activities_media_id'), 'media', ['media_id'], ['id'])
    with op.batch_alter_table('activities', schema=None) as batch_op:
        batch_op.alter_column('captions', existing_type=sa.Text(), existing_nullable=False, server_default=None)

    with op.batch_alter_table('draft_activities', schema=None) as batch_op:
        batch_op.add_column(sa.Column('media_id', sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column('captions', sa.Text(), server_default='', nullable=False))
        batch_op.create_index(batch_op.f('ix_draft_activities_media_id'), ['media_id'], unique=False)
        batch_op.create_foreign_key(batch_op.f('fk_draft_activities_media_id'), 'media', ['media_id'], ['id'])
    with op.batch_alter_table('draft_activities', schema=None) as batch_op:
        batch_op.alter_column('captions', existing_type=sa.Text(), existing_nullable=False, server_default=None)



def downgrade() -> None:
    """Go back."""
    with op.batch_alter_table('draft_activities', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_draft_activities_media_id'), type_='foreignkey')
        batch_op.drop_index(batch_op.f('ix_draft_activities_media_id'))
        batch_op.drop_column('captions')
        batch_op.drop_column('media_id')

    with op.batch_alter_table('activities', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_activities_media_id'), type_='foreignkey')
        batch_op.drop_index(batch_op.f('ix_activities_media_id'))
        batch_op.drop_column('captions')
        batch_op.drop_column('media_id')

    op.drop_table('media')
