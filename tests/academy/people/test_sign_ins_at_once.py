"""Who holds many sign-ins' tokens, asked at once: as true as asked one by one."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import event, update

from academy.kernel import clock
from academy.kernel.app import Kernel
from academy.people import actions, queries
from academy.people.engine import new_token, token_hash
from academy.people.models import Person, Role, SignIn
from tests.factories import people, tracks


def signed_in(kernel: Kernel, person_id: UUID) -> str:
    token = new_token()
    kernel.commit(lambda s: actions.sign_in(s, person_id=person_id, token_hash=token_hash(token), agent="test"))
    return token


def test_each_token_finds_what_it_finds_alone_and_what_has_ended_is_missing(kernel: Kernel) -> None:
    academy = tracks.academy(kernel)
    lead = people.member(kernel, academy, people.person(kernel, "Lea"), Role.LEAD)
    nobody, closed = people.person(kernel, "Noa"), people.person(kernel, "Clo")
    here, elsewhere, alone, ended, old, gone = (
        signed_in(kernel, person) for person in (lead, lead, nobody, nobody, nobody, closed)
    )
    past = clock.now() - timedelta(days=31)

    def change(session: object) -> None:
        session.execute(update(SignIn).where(SignIn.token_hash == token_hash(ended)).values(ended_at=clock.now()))
        session.execute(update(SignIn).where(SignIn.token_hash == token_hash(old)).values(created_at=past))
        session.execute(update(Person).where(Person.id == closed).values(deactivated_at=clock.now()))

    kernel.commit(change)
    asked: list[str] = []
    event.listen(kernel.database.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    with kernel.reading() as session:
        found = queries.viewers_of(session, [here, elsewhere, alone, ended, old, gone, "unknown"])
        assert len([one for one in asked if one.startswith("SELECT")]) == 1
        assert found == {token: queries.viewer_of(session, token) for token in (here, elsewhere, alone)}
        assert queries.viewers_of(session, []) == {}
    assert found[here].roles[academy] == {Role.LEAD}
    assert found[here].sign_in_id != found[elsewhere].sign_in_id
    assert found[alone].roles == {}
