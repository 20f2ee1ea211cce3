"""`python -m benchmarks.realtime.soak`: a thousand sockets on the whole academy, mixed traffic, for some minutes.

Everybody follows the rules of docs/realtime.md: a cursor, hold and sync on a gap, an outbox that repeats what was not
acked. What they have applied in the end is compared, event by event, with what the database holds; and what the server
holds in memory is looked at every ten seconds. Exit code 1 where anything is lost, doubled or different.
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
        self.before = self.applied
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
    def applied(self) -> tuple[int, int]:
        """How many events all together have applied, and how many of these they caught up on."""
        followers = [one for room in self._rooms for one in room.followers]
        return sum(one.applied for one in followers), sum(one.caught_up for one in followers)

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


def run(server: Server, crowd: Following, rooms: Sequence[Room], minutes: float) -> list[Sample]:
    """Let it go on for so many minutes, and print a line for each."""
    soak = Soak(crowd, rooms, random.Random(1))
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
    changes = done.get("edits", 0) + done.get("reactions", 0)
    return (
        f"| {minute} | {sample.kilobytes / 1024:.1f} | {here:,} | {done.get('posts', 0):,} | {changes:,} "
        f"| {applied - soak.before[0]:,} | {caught_up - soak.before[1]:,} | {done.get('reconnects', 0):,} |"
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
        samples = run(server, crowd, crowd.rooms, given.minutes)
        caught = crowd.end(ENDS_WITHIN)
        wrong = differences(database, crowd.rooms)
        complaints = server.log.read_text("utf-8", "replace").splitlines()
    print(
        f"\nMemory grew by {slope(samples):+,.0f} kB a minute in the last half. "
        f"Everybody {'has' if caught else 'has NOT'} caught up. {len(wrong)} differences between what "
        f"{ROOMS * MEMBERS:,} followers applied and what is stored; {crowd.resets} resets, "
        f"{len(crowd.refused)} refused, {len(crowd.lost)} connections cut by the server, "
        f"{len(complaints)} lines in its log.",
        *wrong[:10],
        *crowd.refused[:3],
        *crowd.lost[:3],
        *complaints[:5],
        sep="\n",
    )
    sys.exit(0 if caught and not wrong else 1)


if __name__ == "__main__":
    main()
