"""What earlier runs said of those whom they could not place reads the same after the migration, without ids."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from academy.kernel.ids import encode
from academy.people import actions as people_actions
from mentoring.matches.models import Unplaced
from tests.contracts.test_migrations import alembic
from tests.factories import mentoring as make


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
def test_ids_become_numbers_and_numbers_become_places_again(kernel, client_of, database_url):
    world = make.world(kernel)
    ana, ben, cleo = (make.learner(world, name) for name in ("Ana Silva", "Ben Okafor", "Cleo Park"))
    kernel.commit(lambda s: people_actions.set_languages(s, person_id=cleo, languages=["is"]))
    kernel.commit(lambda s: people_actions.block(s, person_id=ana, blocked_id=ben))
    make.proposed(world, "buddy")
    lead, here = client_of(world.lead), f"/groups/{encode(world.cohort)}/matches"

    def said():
        with kernel.reading() as session:
            return {row.person_id: row.reasons[0] for row in session.scalars(select(Unplaced))}

    def sentences():
        return lead.get(here).text.partition("Who could not be placed")[2].partition("</section>")[0]

    now, told = said(), sentences()
    assert "1 person is ruled out by an earlier choice; 1 person shares no language." in told
    older = {name: value for name, value in now[ana].items() if name not in ("earlier", "without")}
    older["refused"] = {str(ben): ["blocked"], str(cleo): ["no_shared_language"]}
    kernel.database.engine.dispose()
    alembic(database_url, "downgrade", "0025")
    before = said()
    assert all(not {str(ana), str(ben), str(cleo)} & set(one["refused"]) for one in before.values())
    assert sorted(reason for some in before[ana]["refused"].values() for reason in some) == [
        "blocked",
        "no_shared_language",
    ]
    kernel.commit(
        lambda s: s.execute(update(Unplaced).where(Unplaced.person_id == ana).values(reasons=[older])) and None
    )
    kernel.database.engine.dispose()
    alembic(database_url, "upgrade", "head")
    assert said()[ana] == now[ana]
    assert sentences() == told
