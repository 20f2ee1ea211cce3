"""What was taken back after a backup was made is not there again with it: erasures, and API tokens."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from academy.bridges.backups import actions
from academy.bridges.backups.cli import restore
from academy.kernel import clock
from academy.kernel.jobs import Job
from academy.people.models import Person
from academy.privacy import actions as privacy
from academy.privacy.models import Erasure
from academy.privacy.queries import PersonData
from academy.tokens import actions as token_actions
from academy.tokens.queries import bearers_of
from tests.academy.bridges.saving import BOTH, House, saved
from tests.factories import people, tokens


@BOTH
def test_who_was_erased_since_is_erased_again(house: House) -> None:
    kernel = house.kernel
    file = saved(house)
    kernel.commit(lambda s: privacy.ask_erasure(s, person_id=house.ben, actor_id=house.ben))
    with clock.travel(clock.now() + privacy.GRACE):
        parts = kernel.slots(PersonData)
        assert kernel.commit(lambda s: privacy.erase(s, person_id=house.ben, parts=parts))
        done = house.run(restore, str(file), "--yes")
        assert "Erasures asked for since the backup are promised again: 1." in done.output
        with kernel.reading() as session:
            assert session.get_one(Person, house.ben).name == "Ben Okri"
            assert session.get_one(Erasure, house.ben).done_at is None
            assert (
                session.scalar(select(func.count()).where(Job.kind == "privacy.erase", Job.run_at <= clock.now())) == 1
            )
        assert kernel.commit(lambda s: privacy.erase(s, person_id=house.ben, parts=parts))
    with kernel.reading() as session:
        assert session.get_one(Person, house.ben).name != "Ben Okri"


@BOTH
def test_a_token_that_was_revoked_since_stays_revoked_and_the_others_serve_on(house: House) -> None:
    kernel = house.kernel
    serves, served = tokens.token(kernel, house.ben)
    leaked, secret = tokens.token(kernel, house.ben)
    file = saved(house)
    ben = people.viewer(kernel, house.ben)
    kernel.commit(lambda s: token_actions.revoke_token(s, viewer=ben, token_id=leaked))
    assert house.run(restore, str(file), "--yes").exit_code == 0
    with kernel.reading() as session:
        found = bearers_of(session, [served, secret])
    assert [viewer.sign_in_id for viewer, _ in found.values()] == [serves]


@BOTH
def test_tokens_of_who_was_erased_since_serve_nobody_until_they_are_erased_again(house: House) -> None:
    kernel = house.kernel
    _, secret = tokens.token(kernel, house.ben)
    file = saved(house)
    kernel.commit(lambda s: privacy.ask_erasure(s, person_id=house.ben, actor_id=house.ben))
    with clock.travel(clock.now() + privacy.GRACE):
        parts = kernel.slots(PersonData)
        assert kernel.commit(lambda s: privacy.erase(s, person_id=house.ben, parts=parts))
        assert house.run(restore, str(file), "--yes").exit_code == 0
        with kernel.reading() as session:
            assert session.get_one(Person, house.ben).name == "Ben Okri"
            assert bearers_of(session, [secret]) == {}


@BOTH
def test_what_was_taken_back_is_known_when_a_restore_has_to_be_begun_once_more(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel = house.kernel
    leaked, secret = tokens.token(kernel, house.ben)
    file = saved(house)
    ben = people.viewer(kernel, house.ben)
    kernel.commit(lambda s: token_actions.revoke_token(s, viewer=ben, token_id=leaked))
    kernel.commit(lambda s: privacy.ask_erasure(s, person_id=house.ana, actor_id=house.ana))
    begin_anew = actions.begin_anew

    def fails(*_: Any, **__: Any) -> int:
        raise OperationalError("INSERT", None, Exception("the disk is full"))

    monkeypatch.setattr(actions, "begin_anew", fails)
    first = house.run(restore, str(file), "--yes")
    assert first.exit_code == 1
    assert "the disk is full" in first.output
    monkeypatch.setattr(actions, "begin_anew", begin_anew)
    assert house.run(restore, str(file), "--yes").exit_code == 0
    with kernel.reading() as session:
        assert bearers_of(session, [secret]) == {}
        assert session.get(Erasure, house.ana) is not None
    assert not (house.folder / "instance" / "restore-unfinished.json").exists()
