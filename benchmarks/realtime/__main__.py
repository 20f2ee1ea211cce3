"""`make bench-realtime`: our live delivery beside Node's socket.io, side by side and in turns.

Servers: `bare`, our kernel's sockets with nothing behind them; `product`, the whole academy on SQLite; `node`, the
peer. All run on one core, this client on another one; while one is measured the others stand still. `--quick` takes
about a minute; with `--write` what was measured is kept in baseline.json, and its table is put into docs/realtime.md.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from academy.kernel.server import raise_file_limit, settle
from benchmarks.realtime import ground, report, rounds, servers
from benchmarks.realtime.counting import Counting
from benchmarks.realtime.report import BARE, NODE, PRODUCT, Measurement
from benchmarks.realtime.servers import Server
from benchmarks.realtime.wire import connect
from benchmarks.tables import put

HERE = Path(__file__).parent
PAGE = HERE.parent.parent / "docs" / "realtime.md"
SMALL, LARGE, IDLE = 200, 1_000, 3_000
WORKERS_AT_ONCE = 2
FEW = 20
"""Members who have a small room open, where posts are counted rather than deliveries."""
CALM = 0.5
"""Seconds between one measurement and the next, so that each begins with nothing on its way."""


@dataclass(frozen=True)
class Plan:
    """How long is measured: rounds, and the seconds of each part of one.

    A server stands still for two parts at most: after 20 s without an answer to its ping it would hang up.
    """

    rounds: int
    flood: float
    latency_rounds: int
    latency: float
    settles: float
    """Seconds that a server gets after the last of many has come, before its memory is looked at."""
    whole: bool
    """With the whole academy at its largest, and with several workers of it."""


WHOLE = Plan(rounds=5, flood=2.0, latency_rounds=5, latency=3.0, settles=2.0, whole=True)
QUICK = Plan(rounds=1, flood=1.0, latency_rounds=1, latency=2.0, settles=0.5, whole=False)


class Bench:
    """The servers, who is connected to them, and what was found out."""

    def __init__(self, ground_: ground.Ground, plan: Plan) -> None:
        """Measure nothing yet."""
        self._ground = ground_
        self._plan = plan
        self._core, self._own = servers.cores()
        self.measured: list[Measurement] = []

    def run(self) -> None:
        """Measure everything."""
        os.sched_setaffinity(0, self._own)
        for members in (SMALL, LARGE):
            for number in range(self._plan.latency_rounds):
                self._from_the_start(members, [NODE, BARE] if number % 2 == 0 else [BARE, NODE])
            with ExitStack() as stack:
                names = [NODE, BARE, PRODUCT] if members == SMALL or self._plan.whole else [NODE, BARE]
                running = [self._started(stack, name) for name in names]
                # The slowest to let everybody in comes first: nobody answers the pings of the others meanwhile.
                crowds = {server.name: self._joined(stack, server, members) for server in running[::-1]}
                self._take_turns(running, crowds, members)
        with ExitStack() as stack:
            for name in (NODE, BARE):
                self._idle(stack, self._started(stack, name))
        if self._plan.whole:
            with ExitStack() as stack:
                self._workers(stack)

    def _started(self, stack: ExitStack, name: str) -> Server:
        if name == NODE:
            server = servers.node(self._ground.folder, self._core)
        else:
            database = self._ground.database("full" if name == PRODUCT else "empty")
            server = servers.ours(name, database, self._core)
        stack.callback(server.stop)
        return server

    def _cookies(self, server: Server, count: int) -> list[str]:
        if server.name in {PRODUCT, report.WORKERS}:
            return self._ground.rooms[0].cookies[:count]
        return [ground.cookie_of(f"member {number}") for number in range(count)]

    @property
    def _space(self) -> str:
        return self._ground.rooms[0].space

    def _from_the_start(self, members: int, names: Sequence[str]) -> None:
        """See how long the first messages of servers take that were started just now."""
        with ExitStack() as stack:
            running = [self._started(stack, name) for name in names]
            crowds = [self._entered(stack, server, members) for server in running]
            for server, crowd in zip(running, crowds, strict=True):
                with server.alone(running):
                    _wait(crowd, CALM)
                    found = rounds.latency(server, crowd, self._space, self._plan.latency)
                    self._found(report.FIRST, server, members, **found)

    def _entered(self, stack: ExitStack, server: Server, members: int) -> Counting:
        crowd = Counting(server.port)
        stack.callback(crowd.close)
        crowd.members = connect(crowd, self._cookies(server, members), self._space)
        _wait(crowd, self._plan.settles)
        return crowd

    def _joined(self, stack: ExitStack, server: Server, members: int) -> Counting:
        before = server.memory()
        crowd = self._entered(stack, server, members)
        self._found(report.ROOM, server, members, kb_per_socket=(server.memory() - before) / members)
        return crowd

    def _take_turns(self, running: Sequence[Server], crowds: dict[str, Counting], members: int) -> None:
        plan = self._plan
        for measure, what, count, seconds in (
            (rounds.flood, report.FLOOD, plan.rounds, plan.flood),
            (rounds.latency, report.LATENCY, plan.latency_rounds, plan.latency),
        ):
            for number in range(count):
                for server in running if number % 2 == 0 else running[::-1]:
                    with server.alone(running):
                        _wait(crowds[server.name], CALM)
                        self._found(what, server, members, **measure(server, crowds[server.name], self._space, seconds))
        for _ in range(plan.rounds):
            server = next(server for server in running if server.name == BARE)
            with server.alone(running):
                _wait(crowds[BARE], CALM)
                found = rounds.flood(server, crowds[BARE], self._space, plan.flood, "bench:alone")
                self._found(report.ONE_BY_ONE, server, members, **found)
        if members == SMALL:
            self._posts(running[-1], running, crowds[PRODUCT])

    def _posts(self, server: Server, running: Sequence[Server], crowd: Counting) -> None:
        """Compare posts that are stored with posts that are not, in the room of all and in one of a few."""
        senders = crowd.members
        for count in (SMALL, FEW):
            for member in senders[count:]:
                crowd.emit(member, "space:close", {"space": self._space})
            crowd.members = senders[:count]
            with server.alone(running):
                _wait(crowd, self._plan.settles)
                for number in range(self._plan.rounds):
                    kinds = [(report.STORED, "post:send"), (report.UNSTORED, "bench:unstored")]
                    for what, event in kinds if number % 2 == 0 else kinds[::-1]:
                        _wait(crowd, CALM)
                        found = rounds.posts(server, crowd, senders, self._space, self._plan.flood, event)
                        self._found(what, server, count, **found)

    def _idle(self, stack: ExitStack, server: Server) -> None:
        crowd = Counting(server.port)
        stack.callback(crowd.close)
        _wait(crowd, self._plan.settles)
        before = server.memory()
        connect(crowd, self._cookies(server, IDLE), self._space)
        _wait(crowd, self._plan.settles)
        self._found(report.IDLE, server, IDLE, kb_per_socket=(server.memory() - before) / IDLE)

    def _workers(self, stack: ExitStack) -> None:
        """Compare two workers, with Redis between them, with one process."""
        redis = servers.redis(self._ground.folder, self._core)
        stack.callback(redis.stop)
        several = servers.workers(WORKERS_AT_ONCE, self._ground.database("full"), redis.port, self._core)
        stack.callback(several.stop)
        running = [self._started(stack, PRODUCT), several]
        crowds = [self._joined(stack, server, SMALL) for server in running]
        print(f"{'':<9}{several.name:<9}{SMALL:>5}  open files of each process: {several.connections()}", flush=True)
        for _ in range(self._plan.latency_rounds):
            for what, server, crowd in zip((report.ALONE, report.LATENCY), running, crowds, strict=True):
                with server.alone(running):
                    _wait(crowd, CALM)
                    self._found(what, server, SMALL, **rounds.latency(server, crowd, self._space, self._plan.latency))

    def _found(self, what: str, server: Server, members: int, **found: float) -> None:
        self.measured.append(Measurement(what, server.name, members, found))
        figures = "  ".join(f"{name} {figure:,.4g}" for name, figure in found.items())
        print(f"{what:<9}{server.name:<9}{members:>5}  {figures}", flush=True)


def _wait(crowd: Counting, seconds: float) -> None:
    """Let time pass, answering pings meanwhile."""
    crowd.until(lambda: False, seconds)


def main() -> None:
    """Measure and print; keep it with `--write`."""
    options = argparse.ArgumentParser(prog="make bench-realtime")
    options.add_argument("--quick", action="store_true", help="one short round")
    options.add_argument("--first", action="store_true", help="take the processors before other work; needs root")
    options.add_argument("--write", action="store_true")
    given = options.parse_args()
    if given.first:
        servers.go_first()
    raise_file_limit()
    load = os.getloadavg()[0]
    core, own = servers.cores()
    where = f"servers on core {core}, the client on {own}" if core != own else "one core for servers and client alike"
    print(f"{platform.machine()}, Python {platform.python_version()}: {where}", flush=True)
    with tempfile.TemporaryDirectory(prefix="academy-bench-") as folder:
        bench = Bench(ground.lay(Path(folder), members=LARGE), QUICK if given.quick else WHOLE)
        settle()
        began = os.times().elapsed
        bench.run()
    rows = report.rows_of(bench.measured)
    busy = f"When it began, the load of other work was {load:.1f} on {os.cpu_count()} cores."
    lines = [*report.table(rows), "", f"{report.verdict(bench.measured)} {busy}"]
    print("", *lines, f"{os.times().elapsed - began:.0f} s", sep="\n")
    if given.write:
        kept = {
            "machine": platform.machine(),
            "cores": len({*core, *own}),
            "load": round(load, 1),
            "python": platform.python_version(),
            "node": subprocess.run(["node", "--version"], check=True, capture_output=True, text=True).stdout.strip(),
            "rows": report.kept(rows),
        }
        (HERE / "baseline.json").write_text(json.dumps(kept, indent=1) + "\n", "utf-8")
        put("make bench-realtime", lines, PAGE)


if __name__ == "__main__":
    main()
