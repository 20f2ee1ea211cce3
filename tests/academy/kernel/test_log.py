"""Logs: numbers without gaps, pages that go on where they ended, and every reason to start afresh."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from sqlalchemy import ColumnElement, func, literal, select, update

from academy.kernel import log
from academy.kernel.access import Conflict
from academy.kernel.app import Kernel
from academy.kernel.ids import new_id
from academy.kernel.log import EVENT, Log, LogEvent, Row, Send, Span
from tests.factories import people

pytestmark = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def log_id(kernel: Kernel) -> UUID:
    return kernel.commit(lambda s: log.open_log(s, kind="room"))


def append(kernel: Kernel, log_id: UUID, *, send: Send | None = None, actor: UUID | None = None) -> Row:
    return kernel.commit(lambda s: log.append(s, log_id, kind="post", ref=new_id(), actor_id=actor, send=send))


def epoch_of(kernel: Kernel, log_id: UUID) -> str:
    with kernel.reading() as session:
        return session.scalars(select(Log.epoch).where(Log.id == log_id)).one()


def page(
    kernel: Kernel, log_id: UUID, since: int, *, span: Span = Span(), epoch: str | None = None, limit: int = 200
) -> log.Page:
    with kernel.reading() as session:
        return log.page(session, log_id, span=span, since=since, epoch=epoch, limit=limit)


def test_events_are_numbered_from_one_on(kernel: Kernel, log_id: UUID) -> None:
    assert [append(kernel, log_id).seq for _ in range(3)] == [1, 2, 3]


def test_eight_writers_at_once_leave_no_gap_and_no_double(kernel: Kernel, log_id: UUID) -> None:
    seen: list[int] = []

    def write() -> None:
        for _ in range(10):
            seen.append(append(kernel, log_id).seq)

    with ThreadPoolExecutor(8) as pool:
        for running in [pool.submit(write) for _ in range(8)]:
            running.result(60)
    assert sorted(seen) == list(range(1, 81))
    with kernel.reading() as session:
        assert session.scalars(
            select(LogEvent.seq).where(LogEvent.log_id == log_id).order_by(LogEvent.seq)
        ).all() == sorted(seen)
        assert session.scalars(select(Log.head_seq).where(Log.id == log_id)).one() == 80


def test_a_reader_beside_the_writers_never_sees_a_gap(kernel: Kernel, log_id: UUID) -> None:
    writers = [threading.Thread(target=lambda: [append(kernel, log_id) for _ in range(12)]) for _ in range(4)]
    for thread in writers:
        thread.start()
    cursor, gaps = 0, []
    for _ in range(400):
        for row in page(kernel, log_id, cursor).rows:
            if row.seq != cursor + 1:
                gaps.append((cursor, row.seq))
            cursor = row.seq
        if cursor == 48:
            break
    for thread in writers:
        thread.join(60)
    for row in page(kernel, log_id, cursor).rows:
        assert row.seq == cursor + 1
        cursor = row.seq
    assert gaps == []
    assert cursor == 48


def test_a_work_that_fails_leaves_no_gap(kernel: Kernel, log_id: UUID) -> None:
    append(kernel, log_id)
    with pytest.raises(RuntimeError):
        kernel.commit(lambda s: (log.append(s, log_id, kind="post", ref=new_id(), actor_id=None), _raise()))
    assert append(kernel, log_id).seq == 2


def _raise() -> None:
    raise RuntimeError


def test_pages_go_on_where_they_ended(kernel: Kernel, log_id: UUID) -> None:
    for _ in range(5):
        append(kernel, log_id)
    first = page(kernel, log_id, 0, limit=2)
    second = page(kernel, log_id, 2, limit=2)
    third = page(kernel, log_id, 4, limit=2)
    assert [[r.seq for r in p.rows] for p in (first, second, third)] == [[1, 2], [3, 4], [5]]
    assert [p.more for p in (first, second, third)] == [True, True, False]
    assert {p.head for p in (first, second, third)} == {5}
    assert {p.reset for p in (first, second, third)} == {None}


def test_an_exact_page_says_that_there_is_no_more(kernel: Kernel, log_id: UUID) -> None:
    for _ in range(2):
        append(kernel, log_id)
    assert page(kernel, log_id, 0, limit=2).more is False


def test_a_page_ends_where_what_its_events_are_about_fills_the_room_and_has_one_event_in_any_case(
    kernel: Kernel, log_id: UUID
) -> None:
    twice = new_id()
    for ref in (twice, twice, new_id(), new_id()):
        kernel.commit(lambda s, ref=ref: log.append(s, log_id, kind="post", ref=ref, actor_id=None))

    def thousand(_ref: ColumnElement[UUID]) -> ColumnElement[int]:
        return literal(1000)

    def within(room: int, limit: int = 200) -> tuple[int, bool]:
        with kernel.reading() as session:
            found = log.page(session, log_id, span=Span(), since=0, epoch=None, limit=limit, size=thousand, room=room)
        return len(found.rows), found.more

    assert [within(room) for room in (0, 1000, 2 * EVENT + 1000)] == [(1, True), (1, True), (2, True)]
    assert within(3 * EVENT + 2000) == (3, True)
    assert within(4 * EVENT + 3000) == (4, False)
    assert within(10**6, limit=2) == (2, True)


def test_a_reader_of_another_epoch_starts_afresh(kernel: Kernel, log_id: UUID) -> None:
    append(kernel, log_id)
    found = page(kernel, log_id, 0, epoch="another")
    assert (found.reset, found.rows) == ("epoch", ())
    assert page(kernel, log_id, 0, epoch=epoch_of(kernel, log_id)).reset is None


def test_a_reader_ahead_of_the_log_starts_afresh(kernel: Kernel, log_id: UUID) -> None:
    append(kernel, log_id)
    assert page(kernel, log_id, 1).reset is None
    assert page(kernel, log_id, 2).reset == "ahead"


def test_a_reader_behind_what_is_kept_starts_afresh(kernel: Kernel, log_id: UUID) -> None:
    for _ in range(5):
        append(kernel, log_id)
    kernel.commit(lambda s: s.execute(update(Log).where(Log.id == log_id).values(min_seq=3)))
    assert page(kernel, log_id, 2).reset == "trimmed"
    assert [r.seq for r in page(kernel, log_id, 3).rows] == [4, 5]


def test_who_came_after_the_trimming_misses_nothing_and_starts_nothing_afresh(kernel: Kernel, log_id: UUID) -> None:
    for _ in range(5):
        append(kernel, log_id)
    kernel.commit(lambda s: s.execute(update(Log).where(Log.id == log_id).values(min_seq=3)))
    found = page(kernel, log_id, 0, span=Span(from_seq=4))
    assert (found.reset, [r.seq for r in found.rows]) == (None, [5])


def test_a_follower_reads_nothing_from_before_and_nothing_from_after_their_time(kernel: Kernel, log_id: UUID) -> None:
    for _ in range(6):
        append(kernel, log_id)
    found = page(kernel, log_id, 0, span=Span(from_seq=2, until_seq=4))
    assert [r.seq for r in found.rows] == [3, 4]
    assert (found.head, found.more) == (4, False)


def test_a_span_holds_what_lies_inside_it(database_url: str) -> None:
    assert [Span(2, 4).holds(n) for n in (2, 3, 4, 5)] == [False, True, True, False]
    assert [Span(2).holds(n) for n in (2, 3, 10**9)] == [False, True, True]


def test_the_same_send_is_found_again(kernel: Kernel, log_id: UUID) -> None:
    ana = people.person(kernel)
    send = log.send_of(["secret"], ana, "nonce-1", "hello")
    first = append(kernel, log_id, send=send, actor=ana)
    with kernel.reading() as session:
        again = log.sent_before(session, log.send_of(["secret"], ana, "nonce-1", "hello"))
    assert again is not None
    assert (again.seq, again.ref, again.nonce) == (first.seq, first.ref, "nonce-1")


def test_the_same_nonce_with_other_words_is_a_conflict(kernel: Kernel, log_id: UUID) -> None:
    ana = people.person(kernel)
    append(kernel, log_id, send=log.send_of(["secret"], ana, "nonce-1", "hello"), actor=ana)
    with kernel.reading() as session, pytest.raises(Conflict):
        log.sent_before(session, log.send_of(["secret"], ana, "nonce-1", "other words"))


def test_a_nonce_is_its_senders_own(kernel: Kernel, log_id: UUID) -> None:
    ana, ben = people.person(kernel), people.person(kernel)
    append(kernel, log_id, send=log.send_of(["secret"], ana, "nonce-1", "hello"), actor=ana)
    with kernel.reading() as session:
        assert log.sent_before(session, log.send_of(["secret"], ben, "nonce-1", "hello")) is None
        assert log.sent_before(session, log.send_of(["another secret"], ana, "nonce-1", "hello")) is None


def test_one_send_made_twice_at_once_is_stored_once(kernel: Kernel, log_id: UUID) -> None:
    ana = people.person(kernel)
    start = threading.Barrier(4)
    numbers: list[int] = []

    def send_it() -> None:
        send = log.send_of(["secret"], ana, "nonce-1", "hello")
        start.wait(10)

        def work(session):
            found = log.sent_before(session, send)
            return found or log.append(session, log_id, kind="post", ref=new_id(), actor_id=ana, send=send)

        numbers.append(kernel.commit(work).seq)

    threads = [threading.Thread(target=send_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert numbers == [1, 1, 1, 1]
    with kernel.reading() as session:
        assert session.scalar(select(func.count()).select_from(LogEvent).where(LogEvent.log_id == log_id)) == 1
        assert session.scalars(select(Log.head_seq).where(Log.id == log_id)).one() == 1


def test_heads_and_kinds_are_those_of_the_logs_that_exist(kernel: Kernel, log_id: UUID) -> None:
    append(kernel, log_id)
    with kernel.reading() as session:
        assert log.heads_of(session, [log_id, new_id()]) == {log_id: 1}
        assert log.kinds_of(session, [log_id, new_id()]) == {log_id: "room"}
