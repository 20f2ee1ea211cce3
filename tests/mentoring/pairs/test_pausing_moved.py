"""Pairs from before pauses were kept rest after the migration where somebody's account is closed."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from academy.kernel import clock
from academy.people import actions as people_actions
from mentoring.pairs.models import Pair
from mentoring.pairs.queries import here_in
from tests.contracts.test_migrations import alembic
from tests.factories import mentoring as make


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
def test_what_had_somebody_away_rests_and_everything_else_goes_on(kernel, database_url):
    world = make.world(kernel)
    for _ in range(4):
        make.learner(world)
    make.published(world, "buddy")
    with kernel.reading() as session:
        one, other = session.scalars(select(Pair).order_by(Pair.id)).all()
        away = here_in(session, one.group_id)[0]
    at = clock.now()
    kernel.commit(lambda s: people_actions.deactivate(s, person_id=away, at=at, actor_id=world.admin))
    kernel.database.engine.dispose()
    alembic(database_url, "downgrade", "0022")
    alembic(database_url, "upgrade", "head")
    with kernel.reading() as session:
        rested = {pair.id: pair.paused_at for pair in session.scalars(select(Pair))}
    assert rested == {one.id: at, other.id: None}
