"""Followers of rooms by the hundred, in one process, who keep the rules of docs/realtime.md: for the soak.

All members of a room are sent the same bytes, so an event is read once for all of them.
"""

from __future__ import annotations

import heapq
import json
import random
import time
from collections import deque
from dataclasses import dataclass, field
from functools import lru_cache, partial
from itertools import count
from typing import Any

from benchmarks.realtime.wire import AT_ONCE, Crowd, Member

Event = tuple[int, str, str]
"""A durable event as it is compared: its number, its kind, and which post it is about, if it is about one."""
OF_A_POST = frozenset({"post", "edit", "remove", "react"})
RECENT = 50
TICK = 0.05  # seconds
ANSWERS_WITHIN = 20.0
"""Seconds after which a connection that owes an answer is given up."""


@lru_cache(maxsize=1024)
def read(event: bytes) -> tuple[str, Any]:
    """Read an event: its name, and what it says."""
    name, told = json.loads(event)
    return name, told


@dataclass(eq=False)
class Room:
    """A space, and who follows it. `recent` are ids of posts, `head_no` the last number among them."""

    space: str
    followers: list[Follower] = field(default_factory=list)
    recent: deque[str] = field(default_factory=lambda: deque(maxlen=RECENT))
    head_no: int = 0


@dataclass(eq=False)
class Follower:
    """Somebody in a room: the log as they have applied it, and what they sent that was not acked yet."""

    number: int
    room: Room
    cookie: str
    log: list[Event] = field(default_factory=list)
    cursor: int = 0
    member: Member | None = None
    here: bool = False
    """Whether the room is open, and nothing is known to be missing."""
    asking: bool = False
    caught_up: int = 0
    tries: int = 0
    held: dict[int, Any] = field(default_factory=dict)
    outbox: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    in_flight: float = 0.0
    """Since when the first of the outbox waits for its ack; 0 for not sent."""
    posted: set[str] = field(default_factory=set)
    acked: set[str] = field(default_factory=set)
    posts: list[str] = field(default_factory=list)

    _numbers = count(1)

    @property
    def applied(self) -> int:
        """How many events have been applied."""
        return len(self.log)

    def send(self, event: str, data: dict[str, Any]) -> None:
        """Put something into the outbox, from which it goes once what is before it was acked."""
        nonce = f"soak-{next(self._numbers):08}"
        self.outbox.append((event, {**data, "nonce": nonce}))
        if event == "post:send":
            self.posted.add(nonce)

    def apply(self, event: Any) -> None:
        """Apply an event that is the next one."""
        told = event["payload"]
        post = "" if event["kind"] not in OF_A_POST else told["post"] if event["kind"] == "react" else told["id"]
        self.log.append((event["seq"], event["kind"], post))
        self.cursor = event["seq"]
        if event["kind"] == "post" and told["no"] > self.room.head_no:
            self.room.head_no = told["no"]
            self.room.recent.append(post)


class Following(Crowd):
    """The connections of all followers of one server."""

    def __init__(self, port: int) -> None:
        """Connect nobody yet."""
        super().__init__(port)
        self.rooms: list[Room] = []
        self.resets = 0
        self.refused: list[Any] = []
        self._who: dict[Member, Follower] = {}
        self._due: list[tuple[float, int, Follower]] = []
        self._dice = random.Random(2)
        self._everybody: list[Follower] = []
        self._next = 0.0

    # coming and going

    def enter(self, space: str, cookies: list[str]) -> None:
        """Let people into a room soon."""
        room = Room(space)
        self.rooms.append(room)
        for cookie in cookies:
            follower = Follower(len(self._everybody), room, cookie)
            room.followers.append(follower)
            self._everybody.append(follower)
            self._return(follower, 0.0)

    def leave(self, follower: Follower, away: float) -> bool:
        """Let somebody lose the network for some seconds; says whether they were there."""
        if follower.member is None:
            return False
        self._away(follower)
        self._return(follower, away)
        return True

    def drop(self, member: Member, why: str) -> None:
        """The server hung up: come back as any client does."""
        super().drop(member, why)
        follower = self._who.get(member)
        if follower is not None:
            self._away(follower)
            follower.tries += 1
            self._return(follower, self._dice.uniform(0, min(30.0, 2.0**follower.tries)))

    def _away(self, follower: Follower) -> None:
        member, follower.member = follower.member, None
        follower.here = follower.asking = False
        follower.in_flight = 0.0
        if member is not None:
            self._who.pop(member, None)
            self.hang_up(member)

    def _return(self, follower: Follower, after: float) -> None:
        heapq.heappush(self._due, (time.perf_counter() + after, follower.number, follower))

    def tick(self) -> None:
        """Dial for those who come back now, and send what waits."""
        now = time.perf_counter()
        if now < self._next:
            return
        self._next = now + TICK
        coming = sum(one.member is not None and not one.here for one in self._everybody)
        while self._due and self._due[0][0] <= now and coming < AT_ONCE:
            follower = heapq.heappop(self._due)[2]
            follower.member = self.dial(follower.cookie, partial(self._open, follower))
            self._who[follower.member] = follower
            coming += 1
        for follower in self._everybody:
            if follower.here and follower.outbox and not follower.in_flight:
                self._send(follower)
            elif follower.in_flight and now > follower.in_flight + ANSWERS_WITHIN and follower.member is not None:
                self.drop(follower.member, "no answer")

    def poll(self, seconds: float) -> None:
        """Wait at most so long for something to come, and take what came; then do what is due."""
        super().poll(seconds)
        self.tick()

    @property
    def here(self) -> int:
        """How many have their room open."""
        return sum(one.here for one in self._everybody)

    def settled(self) -> bool:
        """Say whether everybody is there with nothing left to send."""
        return all(one.here and not one.outbox and not one.held for one in self._everybody)

    def end(self, seconds: float) -> bool:
        """Wait until everybody is settled, then let each ask once more what there is; says whether all could."""
        if not self.until(self.settled, seconds):
            return False
        for follower in self._everybody:
            self._sync(follower)
        return self.until(lambda: self.settled() and not any(one.asking for one in self._everybody), seconds)

    # what is asked

    def _open(self, follower: Follower, _member: Member) -> None:
        space = follower.room.space
        self._ask(follower, "space:open", {"spaces": {space: follower.cursor}})

    def _sync(self, follower: Follower) -> None:
        if not follower.asking:
            self._ask(follower, "space:sync", {"space": follower.room.space, "since": follower.cursor})

    def _ask(self, follower: Follower, event: str, data: dict[str, Any]) -> None:
        member = follower.member
        if member is None:
            return
        follower.asking = True

        def answered(answer: Any) -> None:
            if follower.member is not member:
                return
            follower.asking = False
            if not answer["ok"]:
                self._refused(follower, answer)
                return
            follower.tries = 0
            self._take(follower, answer["spaces"][follower.room.space] if "spaces" in answer else answer)

        self.emit(member, event, data, answered)

    def _refused(self, follower: Follower, answer: Any) -> None:
        """Come back later where that may help."""
        if not answer["retry"]:
            self.refused.append(answer)
        self.leave(follower, answer.get("retry_after", 1.0) + self._dice.random())

    def _take(self, follower: Follower, page: Any) -> None:
        self.resets += "reset" in page
        for event in page["events"]:
            if event["seq"] > follower.cursor:
                follower.apply(event)
                follower.caught_up += 1
        self._release(follower)
        if page["more"]:
            self._sync(follower)
        else:
            follower.here = True

    def _send(self, follower: Follower) -> None:
        member = follower.member
        if member is None:
            return
        event, data = follower.outbox[0]
        follower.in_flight = time.perf_counter()

        def answered(answer: Any) -> None:
            if follower.member is not member:
                return
            follower.in_flight = 0.0
            if answer["ok"]:
                follower.acked.add(data["nonce"])
                if event == "post:send":
                    follower.posts.append(answer["id"])
            elif answer["retry"]:
                self.leave(follower, answer.get("retry_after", 1.0))  # and the same again, as the outbox does
                return
            else:
                self.refused.append(answer)
            follower.outbox.pop(0)

        self.emit(member, event, data, answered)

    def pass_on(self, follower: Follower, event: str, data: dict[str, Any]) -> bool:
        """Send something that nobody waits for; says whether the follower is there."""
        if follower.member is None or not follower.here:
            return False
        self.emit(follower.member, event, data)
        return True

    # what is heard

    def heard(self, member: Member, event: bytes, frame: bytes) -> None:
        """Apply the next event, hold one that is further ahead and ask for what is between."""
        del frame
        follower = self._who.get(member)
        if follower is None:
            return
        name, told = read(event)
        if name == "space:event" and told["space"] == follower.room.space:
            if told["seq"] > follower.cursor:
                follower.held[told["seq"]] = told
                self._release(follower)
                if follower.held and follower.here:
                    self._sync(follower)
        elif name == "space:heads":
            if told.get(follower.room.space, 0) > follower.cursor and follower.here:
                self._sync(follower)
        elif name == "space:reset":
            self.resets += 1

    def _release(self, follower: Follower) -> None:
        for number in [number for number in follower.held if number <= follower.cursor]:
            del follower.held[number]
        while (following := follower.held.pop(follower.cursor + 1, None)) is not None:
            follower.apply(following)
