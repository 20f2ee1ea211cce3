"""Two at once: a link is used once, and the last place of a group is given once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from uuid import UUID

import pytest

from academy.accounts.actions import links, passwords
from academy.accounts.models import LinkKind
from academy.kernel.access import Missing, Refusal
from academy.kernel.app import Kernel
from academy.people.engine import new_token, token_hash

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
