"""What is new in a log goes out in one piece, and a nonce to nobody but its sender."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from academy.kernel import clock
from academy.kernel.following import bursts
from academy.kernel.ids import new_id
from academy.kernel.log import Row

ANA, BEN, CLEO = (UUID(int=number) for number in (1, 2, 3))
SENT = st.lists(st.tuples(st.sampled_from([ANA, BEN, CLEO, None]), st.booleans()), min_size=1, max_size=12)


def rows_of(sent: list[tuple[UUID | None, bool]]) -> list[Row]:
    """Return rows of one log with numbers from 7 on, each by somebody or nobody, with a nonce or without."""
    log_id = new_id()
    return [
        Row(log_id, "e", seq, "post", actor, new_id(), clock.now(), f"nonce-{seq}" if nonce else None)
        for seq, (actor, nonce) in enumerate(sent, 7)
    ]


@given(SENT)
def test_every_burst_is_whole_and_in_order_and_everybodys_comes_last(sent: list[tuple[UUID | None, bool]]) -> None:
    rows = rows_of(sent)
    events: list[dict[str, Any]] = [{"seq": row.seq} for row in rows]
    given_out = list(bursts(rows, events))
    for _, burst in given_out:
        assert [event["seq"] for event in burst] == [row.seq for row in rows]
    assert [sender for sender, _ in given_out].index(None) == len(given_out) - 1
    assert given_out[-1][1] == events


@given(SENT)
def test_a_nonce_goes_to_its_sender_alone(sent: list[tuple[UUID | None, bool]]) -> None:
    rows = rows_of(sent)
    wanted: dict[UUID | None, dict[int, str]] = {None: {}}
    for row in rows:
        if row.nonce is not None and row.actor_id is not None:
            wanted.setdefault(row.actor_id, {})[row.seq] = row.nonce
    found = {
        sender: {event["seq"]: event["nonce"] for event in burst if "nonce" in event}
        for sender, burst in bursts(rows, [{"seq": row.seq} for row in rows])
    }
    assert found == wanted
