"""0 lost, 0 stored twice, 0 shown twice, 0 out of order: whatever network, server and backups do, on both databases."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.faults.lane.harness import (
    CLIENTS,
    NOTHING,
    POSTS,
    Academy,
    Tally,
    academy,
    cutting,
    settled,
    talkers,
    tally,
)
from tests.faults.lane.naive import Listener, relay
from tests.faults.servers import FORGETFUL, HURRIED
from tests.faults.wire import talk

pytestmark = pytest.mark.lane

BOTH = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
EVERYTHING = CLIENTS * POSTS


def never(_place: Academy) -> None:
    """Let the server live."""


def twice(place: Academy) -> None:
    """Kill the server, twice, as a power cut would, and bring it back."""
    for _ in range(2):
        time.sleep(3)
        place.server.kill()
        time.sleep(0.5)
        place.again()


def redis_away(place: Academy) -> None:
    """Kill Redis for two seconds; it comes back empty."""
    assert place.redis is not None
    time.sleep(5)
    place.redis.kill()
    time.sleep(2)
    place.redis.start()


@BOTH
@pytest.mark.parametrize(
    ("app", "workers", "harm"),
    [
        pytest.param(HURRIED, 1, never, id="cut wires"),
        pytest.param(FORGETFUL, 1, never, id="cut wires, 5 % of broadcasts dropped"),
        pytest.param(HURRIED, 1, twice, id="cut wires, the server killed twice"),
        pytest.param(HURRIED, 2, redis_away, id="cut wires, two workers, Redis killed for 2 s and back empty"),
    ],
)
def test_nothing_is_lost_doubled_or_out_of_order(
    database_url: str, tmp_path: Path, app: str, workers: int, harm: Callable[[Academy], None]
) -> None:
    with academy(database_url, tmp_path, app, workers=workers) as place, cutting(place.server.port, seed=7) as proxy:
        with talkers(place, proxy.url) as everybody:
            talk(everybody, POSTS, meanwhile=lambda: harm(place))
            settled(everybody, EVERYTHING)
        stored = place.stored()
        assert tally([one.said for one in everybody], stored, [one.screen for one in everybody]) == NOTHING
        assert len(stored) == EVERYTHING
        assert [one.resets for one in everybody] == [[]] * CLIENTS
        # The harm was real.
        assert proxy.cuts >= 2 * CLIENTS
        assert sum(one.client.connections for one in everybody) > 2 * CLIENTS


@BOTH
def test_a_restored_backup_resets_everybody_and_takes_what_was_not_acknowledged(
    database_url: str, tmp_path: Path
) -> None:
    with academy(database_url, tmp_path, HURRIED) as place, cutting(place.server.port, seed=8) as proxy:
        with talkers(place, proxy.url) as everybody:
            backup = tmp_path / "backup.tar"
            talk(everybody, POSTS // 2, meanwhile=lambda: place.command("backup", str(backup)))
            place.server.kill()
            time.sleep(1)  # what was acknowledged on the way is known by now
            acknowledged = {
                words for one in everybody for words, sent in zip(one.said, one.sent, strict=True) if sent.done
            }
            for one in everybody:
                one.say(f"{one.name} says something while nobody listens")
            kept = place.restore(backup)
            waiting = {words for one in everybody for words in one.said} - acknowledged
            gone = acknowledged - set(kept)
            place.again()
            talk(everybody, POSTS // 4, since=POSTS)
            valid = [[words for words in one.said if words not in gone] for one in everybody]
            settled(everybody, sum(len(words) for words in valid))
        stored = place.stored()
    assert tally(valid, stored, [one.screen for one in everybody]) == NOTHING
    assert stored[: len(kept)] == kept
    assert not gone & set(stored)
    assert waiting <= set(stored)
    assert len(stored) == sum(len(words) for words in valid)
    # Everybody was told, once; and the harm was real: posts were gone, and outboxes were not empty.
    assert [one.resets for one in everybody] == [["epoch"]] * CLIENTS
    assert len(gone) > CLIENTS
    assert len(waiting) >= CLIENTS
    assert len(kept) > 0


def test_the_same_wires_and_the_same_tally_find_that_a_naive_server_loses_posts() -> None:
    with relay() as server, cutting(server.port, seed=7) as proxy, ExitStack() as stack:
        everybody = [stack.enter_context(Listener(f"Reader {number}", proxy.url)) for number in range(CLIENTS)]
        talk(everybody, POSTS // 2)
        time.sleep(3)
        found = tally([one.said for one in everybody], server.stored, [list(one.screen) for one in everybody])
    everything = CLIENTS * POSTS // 2
    assert found.lost > everything / 10
    assert len(server.stored) > 0


def test_the_tally_counts_each_kind_of_harm() -> None:
    said = [["a", "b"], ["c"]]
    assert tally(said, ["a", "c", "b"], [["a", "c", "b"]] * 2) == NOTHING
    assert tally(said, ["a", "c"], [["a", "c"]]) == Tally(1, 0, 0, 0)
    assert tally(said, ["a", "c", "b"], [["a", "b"]]) == Tally(1, 0, 0, 0)
    assert tally(said, ["a", "c", "b", "c"], [["a", "b", "c"]]) == Tally(0, 1, 0, 0)
    assert tally(said, ["a", "c", "b"], [["a", "c", "b", "b"]]) == Tally(0, 0, 1, 0)
    assert tally(said, ["a", "c", "b"], [["c", "a", "b"]]) == Tally(0, 0, 0, 1)
    assert tally(said, ["b", "a", "c"], [["b", "a", "c"]]) == Tally(0, 0, 0, 1)
