"""Why a log is read by its own numbers: on PostgreSQL, who reads by ids that rise for all misses rows for good."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable

import psycopg
import pytest

from academy.kernel import log
from academy.kernel.app import Kernel
from academy.kernel.ids import new_id
from academy.kernel.log import Span

pytestmark = [
    pytest.mark.lane,
    pytest.mark.parametrize("database_url", ["postgresql"], indirect=True),
]

WRITERS, READERS, EACH = 8, 3, 100


def tailed(write: Callable[[int], None], read: Callable[[int], list[int]]) -> list[list[int]]:
    """Let eight write at once while three read on from the last number they saw; return what each reader saw."""
    seen: list[list[int]] = [[] for _ in range(READERS)]
    done = threading.Event()

    def tail(mine: list[int]) -> None:
        ending = False
        while not ending:
            ending = done.is_set()  # looked at before the last read, so that this sees everything
            mine += read(mine[-1] if mine else 0)

    readers = [threading.Thread(target=tail, args=[mine]) for mine in seen]
    writers = [threading.Thread(target=write, args=[number]) for number in range(WRITERS)]
    for thread in (*readers, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    for thread in readers:
        thread.join()
    return seen


def test_three_who_tail_a_log_that_eight_write_to_miss_nothing(kernel: Kernel) -> None:
    log_id = kernel.commit(lambda s: log.open_log(s, kind="room"))

    def write(_number: int) -> None:
        for _ in range(EACH):
            kernel.commit(lambda s: log.append(s, log_id, kind="post", ref=new_id(), actor_id=None))

    def read(since: int) -> list[int]:
        with kernel.reading() as session:
            return [row.seq for row in log.page(session, log_id, span=Span(), since=since, epoch=None).rows]

    assert tailed(write, read) == [list(range(1, WRITERS * EACH + 1))] * READERS


def test_three_who_tail_by_an_id_that_the_database_hands_out_miss_rows(kernel: Kernel, database_url: str) -> None:
    url = database_url.replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE naive (id bigserial PRIMARY KEY)")

    def write(number: int) -> None:
        dice = random.Random(number)
        with psycopg.connect(url) as connection:
            for _ in range(EACH):
                connection.execute("INSERT INTO naive DEFAULT VALUES")
                time.sleep(dice.uniform(0, 0.004))  # what else a transaction does before it commits
                connection.commit()

    def read(since: int) -> list[int]:
        with psycopg.connect(url) as connection:
            found = connection.execute("SELECT id FROM naive WHERE id > %s ORDER BY id", [since])
            return [number for (number,) in found]

    missed = [WRITERS * EACH - len(mine) for mine in tailed(write, read)]
    assert min(missed) > 0
