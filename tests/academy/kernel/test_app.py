"""What follows a commit: its log rows are delivered, those of one log in their order."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from uuid import UUID

import pytest

from academy.kernel import log
from academy.kernel.app import Kernel
from academy.kernel.ids import new_id

WAIT = 20  # seconds, on a busy machine


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
def test_rows_of_one_log_are_delivered_in_their_order_whoever_is_first(
    kernel: Kernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first delivery is slow; meanwhile eight others append. Nobody overtakes, and what waited goes at once."""
    told: list[list[int]] = []
    slow, goes = threading.Event(), threading.Event()

    def ship(rows: Sequence[log.Row]) -> None:
        if not told:
            slow.set()
            goes.wait(WAIT)
        told.append([row.seq for row in rows])

    monkeypatch.setattr(kernel.realtime, "ship", ship)
    log_id: UUID = kernel.commit(lambda session: log.open_log(session, kind="space"))

    def append() -> int:
        return kernel.commit(lambda session: log.append(session, log_id, kind="post", ref=new_id(), actor_id=None)).seq

    threads = [threading.Thread(target=append) for _ in range(9)]
    threads[0].start()
    assert slow.wait(WAIT)
    for thread in threads[1:]:
        thread.start()
    while len(kernel._appended) < 8:
        threading.Event().wait(0.005)
    goes.set()
    for thread in threads:
        thread.join(WAIT)
    assert told == [[1], [2, 3, 4, 5, 6, 7, 8, 9]]


def test_what_is_undone_is_not_delivered(kernel: Kernel, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[log.Row] = []
    monkeypatch.setattr(kernel.realtime, "ship", told.extend)

    def work(session: object) -> None:
        log_id = log.open_log(session, kind="space")
        log.append(session, log_id, kind="post", ref=new_id(), actor_id=None)
        raise RuntimeError("half-way")

    with pytest.raises(RuntimeError):
        kernel.commit(work)
    kernel.commit(lambda session: log.open_log(session, kind="space"))
    assert told == []
