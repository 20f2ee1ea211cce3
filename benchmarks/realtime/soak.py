"""`python -m benchmarks.realtime.soak`: a thousand sockets on the whole academy, mixed traffic, for some minutes.

Everybody follows the rules of docs/realtime.md: a cursor, hold and sync on a gap, an outbox that repeats what was not
acked. What they have applied in the end is compared, event by event, with what the database holds; and what the server
holds in memory is looked at every ten seconds. Exit code 1 where anything is lost, doubled or different. With `--write`
what came of it is put into docs/realtime.md.
"""

from __future__ import annotations

import argparse
import os
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from academy.kernel.ids import decode, encode
from academy.kernel.server import raise_file_limit, settle
from benchmarks.realtime import ground, servers
from benchmarks.realtime.followers import OF_A_POST, TICK, Follower, Following, Room
from benchmarks.realtime.servers import Server
from benchmarks.tables import put

PAGE = Path(__file__).parents[2] / "docs" / "realtime.md"
ROOMS, MEMBERS = 10, 100
SAMPLE = 10.0
ENDS_WITHIN = 60.0
"""Seconds that everybody gets to catch up in the end."""
HEAD = (
    "| minute | memory, MB | connected | posts | changes | events applied | of these caught up | reconnects |\n"
    "|---|---|---|---|---|---|---|---|"
)


@dataclass(frozen=True)
class Sample:
    """What was seen at one moment, in seconds since the start."""

    at: float
    kilobytes: int


class Soak:
    """The traffic: what somebody does, and how often."""

    def __init__(self, crowd: Following, rooms: Sequence[Room], dice: random.Random) -> None:
        """Everybody has connected."""
        self._crowd = crowd
        self._rooms = rooms
        self._dice = dice
        self._owed: dict[str, float] = {}
        self.done: dict[str, int] = {}
        self._before = self._applied
        # How many there are in a second, of all together.
        self._traffic: dict[str, tuple[float, Callable[[Follower], bool]]] = {
            "posts": (20.0, self._post),
            "edits": (5.0, self._edit),
            "reactions": (10.0, self._react),
            "typing": (10.0, self._type),
            "reads": (10.0, self._read),
            "reconnects": (4.0, self._leave),
        }

    @property
    def _applied(self) -> tuple[int, int]:
        followers = [one for room in self._rooms for one in room.followers]
        return sum(one.applied for one in followers), sum(one.caught_up for one in followers)

    @property
    def applied(self) -> tuple[int, int]:
        """How many events all together have applied since the start, and how many of these they caught up on."""
        (whole, caught_up), (whole_before, caught_up_before) = self._applied, self._before
        return whole - whole_before, caught_up - caught_up_before

    @property
    def changes(self) -> int:
        """How many edits and reactions there were."""
        return self.done.get("edits", 0) + self.done.get("reactions", 0)

    def tick(self, seconds: float) -> None:
        """Let happen what happens in so many seconds."""
        for name, (rate, happen) in self._traffic.items():
            self._owed[name] = self._owed.get(name, 0.0) + rate * seconds
            while self._owed[name] >= 1:
                self._owed[name] -= 1
                somebody = self._dice.choice(self._dice.choice(self._rooms).followers)
                self.done[name] = self.done.get(name, 0) + happen(somebody)

    def _post(self, somebody: Follower) -> bool:
        number = self.done.get("posts", 0)
        somebody.send(
            "post:send", {"space": somebody.room.space, "body": f"Thought {number}, and *some* words with it."}
        )
        return True

    def _edit(self, somebody: Follower) -> bool:
        if not somebody.posts:
            return False
        words = f"Said better, at {time.monotonic():.6f}."
        somebody.send("post:edit", {"post": self._dice.choice(somebody.posts), "body": words})
        return True

    def _react(self, somebody: Follower) -> bool:
        if not somebody.room.recent:
            return False
        post = self._dice.choice(somebody.room.recent)
        somebody.send("post:react", {"post": post, "emoji": self._dice.choice("💛🙌✨💡😂🙏")})
        return True

    def _type(self, somebody: Follower) -> bool:
        return self._crowd.pass_on(somebody, "typing", {"space": somebody.room.space})

    def _read(self, somebody: Follower) -> bool:
        return self._crowd.pass_on(somebody, "read:set", {"space": somebody.room.space, "no": somebody.room.head_no})

    def _leave(self, somebody: Follower) -> bool:
        return self._crowd.leave(somebody, self._dice.uniform(0.1, 5.0))


@dataclass(frozen=True)
class End:
    """How it stood at the end: whether everybody has caught up, and counts of what went wrong."""

    caught_up: bool
    differences: int
    resets: int
    refused: int
    cut: int
    complaints: int


def run(server: Server, crowd: Following, soak: Soak, minutes: float) -> list[Sample]:
    """Let it go on for so many minutes, and print a line for each."""
    samples: list[Sample] = []
    print(HEAD, flush=True)
    began = before = time.perf_counter()
    minute = 0
    while (now := time.perf_counter()) < began + 60 * minutes:
        soak.tick(now - before)
        crowd.tick()
        before = now
        if now >= began + SAMPLE * len(samples):
            samples.append(Sample(now - began, server.memory()))
            if now >= began + 60 * minute:
                print(_line(minute, samples[-1], soak, crowd.here), flush=True)
                minute += 1
        crowd.poll(TICK)
    samples.append(Sample(time.perf_counter() - began, server.memory()))
    print(_line(minute, samples[-1], soak, crowd.here), flush=True)
    return samples


def _line(minute: int, sample: Sample, soak: Soak, here: int) -> str:
    done, (applied, caught_up) = soak.done, soak.applied
    return (
        f"| {minute} | {sample.kilobytes / 1024:.1f} | {here:,} | {done.get('posts', 0):,} | {soak.changes:,} "
        f"| {applied:,} | {caught_up:,} | {done.get('reconnects', 0):,} |"
    )


def summary(soak: Soak, samples: Sequence[Sample], end: End) -> str:
    """Say in one paragraph what came of it."""
    done, (applied, caught_up) = soak.done, soak.applied
    held = [one.kilobytes / 1024 for one in samples]
    return (
        f"A run of {samples[-1].at / 60:.3g} minutes: {done.get('posts', 0):,} posts, {soak.changes:,} edits and "
        f"reactions, {done.get('reconnects', 0):,} returns; {applied:,} events applied, {caught_up:,} of them caught "
        f"up on. In the end everybody {'had' if end.caught_up else 'had NOT'} caught up. Differences: "
        f"{end.differences:,}; resets: {end.resets:,}; refused: {end.refused:,}; connections cut by the server: "
        f"{end.cut:,}; lines in its log: {end.complaints:,}. Memory was {held[0]:.0f} MB at the start, "
        f"{max(held):.0f} at most and {held[-1]:.0f} at the end; over the last half it changed by "
        f"{slope(samples) / 1024:+.2f} MB a minute."
    )


def slope(samples: Sequence[Sample]) -> float:
    """Return by how many kilobytes a minute memory grew in the last half, by least squares."""
    late = samples[len(samples) // 2 :]
    if len(late) < 2:
        return 0.0
    return 60 * statistics.linear_regression([one.at for one in late], [one.kilobytes for one in late]).slope


def differences(database: str, rooms: Sequence[Room]) -> list[str]:
    """Say what followers have applied that is not what the database holds, and what was acked that is not there."""
    found = []
    with sqlite3.connect(database.removeprefix("sqlite:///")) as connection:
        for room in rooms:
            rows = connection.execute(
                "SELECT seq, kind, ref, nonce FROM log_events WHERE log_id = ? ORDER BY seq",
                [decode(room.space).hex],
            ).fetchall()
            whole = [(seq, kind, encode(UUID(ref)) if kind in OF_A_POST else "") for seq, kind, ref, _ in rows]
            for follower in room.followers:
                expected = [row for row in whole if row[0] >= follower.log[0][0]] if follower.log else whole
                if follower.log != expected:
                    found.append(f"{follower.number}: has {len(follower.log)} events, and {len(expected)} are there")
            stored = [nonce for _, kind, _, nonce in rows if kind == "post" and nonce and nonce.startswith("soak-")]
            acked = [nonce for follower in room.followers for nonce in follower.acked if nonce in follower.posted]
            if sorted(stored) != sorted(acked):
                found.append(f"{len(stored)} posts are stored, and {len(acked)} were acked")
    return found


def main() -> None:
    """Soak and say what came of it."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.realtime.soak")
    options.add_argument("--minutes", type=float, default=10.0)
    options.add_argument("--write", action="store_true")
    given = options.parse_args()
    raise_file_limit()
    core, own = servers.cores()
    with tempfile.TemporaryDirectory(prefix="academy-soak-") as folder, ExitStack() as stack:
        laid = ground.lay(Path(folder), members=MEMBERS, rooms=ROOMS)
        database = laid.database("full")
        server = servers.ours("product", database, core)
        stack.callback(server.stop)
        os.sched_setaffinity(0, own)
        settle()
        crowd = Following(server.port)
        stack.callback(crowd.close)
        for room in laid.rooms:
            crowd.enter(room.space, room.cookies)
        if not crowd.until(crowd.settled, ENDS_WITHIN):
            raise SystemExit("not everybody could connect")
        soak = Soak(crowd, crowd.rooms, random.Random(1))
        samples = run(server, crowd, soak, given.minutes)
        caught = crowd.end(ENDS_WITHIN)
        wrong = differences(database, crowd.rooms)
        complaints = server.log.read_text("utf-8", "replace").splitlines()
    end = End(caught, len(wrong), crowd.resets, len(crowd.refused), len(crowd.lost), len(complaints))
    said = summary(soak, samples, end)
    print("", said, *wrong[:10], *crowd.refused[:3], *crowd.lost[:3], *complaints[:5], sep="\n")
    if given.write:
        put("soak", [said], PAGE)
    sys.exit(0 if caught and not wrong else 1)


if __name__ == "__main__":
    main()
