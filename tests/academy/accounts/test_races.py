"""Two at once: a link is used once, and the last place of a group is given once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from academy.accounts.actions import joining, links, passwords
from academy.accounts.actions.joining import NewAccount
from academy.accounts.models import JoinLink, LinkKind
from academy.accounts.policy import JoinRule
from academy.kernel.access import Closed, Missing, Refusal
from academy.kernel.app import Kernel
from academy.people import queries
from academy.people.engine import new_token, token_hash
from academy.people.models import GroupKind, Role
from tests.factories import cohorts, people

BOTH = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


def at_once(works: list[Callable[[], object]]) -> list[object]:
    """Do all of it at the same time; return what came of each, refusals too."""
    gate, found = threading.Barrier(len(works)), [None] * len(works)

    def run(place: int, work: Callable[[], object]) -> None:
        gate.wait()
        try:
            found[place] = work()
        except Refusal as refusal:
            found[place] = refusal

    threads = [threading.Thread(target=run, args=item) for item in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


@BOTH
def test_of_many_uses_of_one_link_at_once_one_counts(kernel: Kernel, ana: UUID):
    token = new_token()
    kernel.commit(lambda s: links.open_link(s, kind=LinkKind.RESET, hashed=token_hash(token), person_id=ana))

    def use(n: int) -> Callable[[], object]:
        return lambda: kernel.commit(lambda s: passwords.reset_password(s, token=token, password_hash=f"hash {n}"))

    found = at_once([use(n) for n in range(8)])
    assert found.count(ana) == 1
    assert sum(isinstance(one, Missing) for one in found) == 7


@BOTH
def test_of_many_links_opened_at_once_one_stays_open(kernel: Kernel, ana: UUID):
    tokens = [new_token() for _ in range(6)]

    def open_one(token: str) -> Callable[[], object]:
        return lambda: kernel.commit(
            lambda s: links.open_link(s, kind=LinkKind.RESET, hashed=token_hash(token), person_id=ana)
        )

    assert len(at_once([open_one(token) for token in tokens])) == 6
    usable = 0
    for token in tokens:
        with kernel.reading() as session:
            try:
                links.use_link(session, kind=LinkKind.RESET, token=token)
            except Missing:
                continue
            usable += 1
    assert usable == 1


@BOTH
def test_of_many_who_join_at_once_as_many_come_in_as_there_are_places(kernel: Kernel):
    academy = people.group(kernel, GroupKind.ACADEMY, "North Academy")
    lead = people.viewer(kernel, people.member(kernel, academy, people.person(kernel, "Ling"), Role.LEAD))
    token = new_token()
    kernel.commit(lambda s: joining.make_link(s, viewer=lead, group_id=academy, token=token, days=7, seats=3))
    found = at_once([_join(kernel, token, people.person(kernel)) for _ in range(10)])
    assert (found.count(True), sum(isinstance(one, Closed) for one in found)) == (3, 7)
    with kernel.reading() as session:
        assert session.scalars(select(JoinLink.taken)).one() == 3
        assert sum(m.role == Role.MEMBER for m in queries.members_of(session, academy)) == 3


@BOTH
def test_two_links_of_one_cohort_share_its_seats_at_once(kernel: Kernel):
    world = cohorts.world(kernel, seats=3)
    lead = people.viewer(kernel, world.lead)
    tokens = [new_token(), new_token()]
    for token in tokens:
        kernel.commit(
            lambda s, t=token: joining.make_link(s, viewer=lead, group_id=world.cohort, token=t, days=7, seats=None)
        )
    found = at_once([_join(kernel, tokens[n % 2], people.person(kernel)) for n in range(10)])
    assert found == [True] * 10  # three have a seat, and seven a place on the waitlist
    with kernel.reading() as session:
        assert sum(m.role == Role.LEARNER for m in queries.members_of(session, world.cohort)) == 3
        assert sum(session.scalars(select(JoinLink.taken))) == 10


@BOTH
def test_one_person_in_two_tabs_takes_one_place(kernel: Kernel):
    academy = people.group(kernel, GroupKind.ACADEMY, "North Academy")
    lead = people.viewer(kernel, people.member(kernel, academy, people.person(kernel, "Ling"), Role.LEAD))
    token, ana = new_token(), people.person(kernel, "Ana")
    kernel.commit(lambda s: joining.make_link(s, viewer=lead, group_id=academy, token=token, days=7, seats=5))
    found = at_once([_join(kernel, token, ana) for _ in range(6)])
    assert (found.count(True), found.count(False)) == (1, 5)
    with kernel.reading() as session:
        assert session.scalars(select(JoinLink.taken)).one() == 1


@BOTH
def test_two_letters_to_one_address_make_one_account_at_once(kernel: Kernel):
    academy = people.group(kernel, GroupKind.ACADEMY, "North Academy")
    lead = people.viewer(kernel, people.member(kernel, academy, people.person(kernel, "Ling"), Role.LEAD))
    tokens = [new_token(), new_token()]
    for token in tokens:

        def work(session: Session, token: str = token) -> None:
            door = joining.make_link(session, viewer=lead, group_id=academy, token=new_token(), days=7, seats=None)
            links.open_link(
                session,
                kind=LinkKind.SIGN_UP,
                hashed=token_hash(token),
                join_link_id=door.id,
                address="nia@example.org",
            )

        kernel.commit(work)
    account = NewAccount(name="Nia", zone="UTC", password_hash="hash")
    found = at_once(
        [
            lambda t=token: kernel.commit(
                lambda s: joining.accept(s, kind=LinkKind.SIGN_UP, token=t, viewer=None, account=account, rules={})
            )
            for token in tokens
        ]
    )
    assert sum(isinstance(one, UUID) for one in found) == 1
    assert sum(isinstance(one, Refusal) for one in found) == 1


def _join(kernel: Kernel, token: str, person_id: UUID) -> Callable[[], object]:
    viewer = people.viewer(kernel, person_id)
    rules = {rule.kind: rule for rule in kernel.slots(JoinRule)}
    return lambda: kernel.commit(lambda s: joining.join_by_link(s, viewer=viewer, token=token, rules=rules))
