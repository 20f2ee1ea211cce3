"""Somebody is erased while the academy lives: open pages hear of it at once, and their own sockets end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import requests
from socketio.exceptions import ConnectionError as Unwelcome
from sqlalchemy import update
from sqlalchemy.orm import Session

from academy.kernel import clock
from academy.kernel.ids import encode
from academy.kernel.jobs import Job
from academy.privacy import actions
from academy.privacy.models import Erasure
from academy.privacy.reactions import ERASE
from tests.faults.rooms import Room
from tests.faults.wire import Lost, Wire, gone, send
from tests.live import Live, signed_in

pytestmark = pytest.mark.xdist_group("faults")

JOB_COMES = 18.0  # in which a server looks for work that another process promised


def erase_now(live: Live, person: UUID) -> None:
    """Have somebody erased by the server's own job, as if their seven days were over."""
    due = clock.now() - timedelta(seconds=1)

    def come(session: Session) -> None:
        session.execute(update(Erasure).where(Erasure.person_id == person).values(due_at=due))
        promised = (Job.kind == ERASE, Job.unique_key.startswith(f"erase:{person}:"))
        session.execute(update(Job).where(*promised).values(run_at=due))

    live.kernel.commit(lambda s: actions.ask_erasure(s, person_id=person, actor_id=person))
    live.kernel.commit(come)


def test_a_reader_gets_the_tombstones_live_and_the_erased_persons_sockets_end(
    live: Live, room: Callable[..., Room]
) -> None:
    made = room("Ana", "Ben")
    ana, ben = made.learners
    laptop, phone = signed_in(live.kernel, ana), signed_in(live.kernel, ana)
    with Wire(live.url, live.cookie(ben)) as reader, Wire(live.url, laptop) as one, Wire(live.url, phone) as two:
        for wire in (reader, one, two):
            assert wire.ask("space:open", {"spaces": {made.space: 0}})["ok"]
        sent = [send(one, made.space, f"word {number} of mine") for number in range(2)]
        assert all(answer["ok"] for answer in sent)
        reader.wait(lambda: len(reader.events(made.space)) == 2)
        erase_now(live, ana)
        written = {event["payload"]["id"] for event in reader.events(made.space)}

        def tombstones() -> list[dict[str, Any]]:
            return [event["payload"] for event in reader.events(made.space) if event["kind"] == "remove"]

        reader.wait(lambda: {post["id"] for post in tombstones()} == written, JOB_COMES)
        gone(one, two)
        for post in tombstones():
            assert post["removed"] is True
            assert "of mine" not in str(post)
            assert "Ana" not in str(post)
        with pytest.raises(Lost):
            send(one, made.space, "from beyond")
        assert send(reader, made.space, "We go on.")["ok"]
        reader.wait(lambda: "We go on." in str(reader.events(made.space)[-1]))
        numbers = [event["seq"] for event in reader.events(made.space)]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers))), "no number is left out"
    for cookie in (laptop, phone):
        with pytest.raises(Unwelcome):
            Wire(live.url, cookie)
    answer = requests.get(f"{live.url}/api/v1/me", cookies={"academy": laptop}, timeout=5)
    assert answer.status_code == 401
    late = requests.get(
        f"{live.url}/api/v1/spaces/{made.space}/posts", cookies={"academy": live.cookie(ben)}, timeout=5
    ).json()
    assert [post["removed"] for post in late["items"]] == [False, True, True]
    assert encode(ana) in late["items"][1]["author"]["id"]
    assert late["items"][1]["author"]["name"] == "Somebody who left"
