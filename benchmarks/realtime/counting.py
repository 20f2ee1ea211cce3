"""A crowd in one room that counts: every message reaches every member once, and in the order of its number.

All members of a room are sent the same bytes. So the first one to receive a message reads it, and for the others it is
compared, byte by byte, which costs a client next to nothing and overlooks nothing.
"""

from __future__ import annotations

import json
import re
import time
from array import array
from collections import defaultdict
from itertools import count

from benchmarks.realtime.wire import Crowd, Member

TOKEN = re.compile(rb"\((\d{10})\)")
EVENT = b'["space:event",'
NOT_YET = b"\0"
"""Stands for a frame that only the sender's own copy was heard of yet; no frame of a server begins so."""
WORDS = "What helped me this week was to listen first, and to ask one question more before I said what I thought"
BODY = f"{WORDS} about it, which is harder than it sounds to me."


class Counting(Crowd):
    """Members who have a room open, and what was sent to it since `begin`.

    `doubled` and `disordered` count deliveries that came twice or not in their turn, `refused` are acks that say no,
    `latencies` the seconds from each send to each of its deliveries.
    """

    members: list[Member]
    """Whoever has the room open."""

    def __init__(self, port: int) -> None:
        """Begin with nothing sent."""
        super().__init__(port)
        self._tokens = count(1)
        self.members = []
        self.begin(timed=False)

    def begin(self, *, timed: bool) -> None:
        """Count from here on; with `timed` the latency of each delivery is kept."""
        self.sent: dict[int, float] = {}
        self.doubled = self.disordered = 0
        self.refused: list[object] = []
        self.latencies = array("d")
        self._frames: list[bytes] = []
        self._waiting: list[int] = []
        self._since: list[float] = []
        self._places: dict[int, int] = {}
        self._left_out: defaultdict[int, set[int]] = defaultdict(set)
        self._last = 0
        self._timed = timed
        self._whole = self._answered = 0
        for member in self.members:
            member.place = 0

    @property
    def whole(self) -> int:
        """How many messages have reached everybody."""
        return self._whole

    @property
    def answered(self) -> int:
        """How many messages were acked."""
        return self._answered

    @property
    def delivered(self) -> int:
        """How many deliveries there were."""
        return len(self._frames) * len(self.members) - sum(self._waiting)

    @property
    def missing(self) -> int:
        """How many deliveries of what was sent have not come."""
        return len(self.sent) * len(self.members) - self.delivered

    @property
    def waits(self) -> bool:
        """Whether a delivery or an ack of what was sent has not come."""
        return bool(self.missing) or self.answered < len(self.sent)

    def say(self, member: Member, space: str, event: str = "post:send") -> None:
        """Send a message and have it counted."""
        token = next(self._tokens)
        said = {"space": space, "nonce": f"nonce-{token:010}", "body": f"({token:010}) {BODY}"}
        self.sent[token] = time.time()
        self.emit(member, event, said, self._answer)

    def _answer(self, answer: object) -> None:
        self._answered += 1
        if not (isinstance(answer, dict) and answer.get("ok")):
            self.refused.append(answer)

    def take(self, member: Member, data: bytes) -> None:
        """Take bytes: the messages that others had before are compared, everything else is read.

        Raises `OSError` where deliveries are timed and the kernel does not say when these came.
        """
        if member.rest:
            data = member.rest + data
        frames, waiting = self._frames, self._waiting
        came, timed = self.came, self._timed
        if timed and not came:
            raise OSError("this kernel does not say when it came")
        place, at, end = member.place, 0, len(data)
        while at < end:
            if place < len(frames) and data.startswith(frames[place], at):
                at += len(frames[place])
                waiting[place] -= 1
                self._whole += not waiting[place]
                if timed:
                    self.latencies.append(came - self._since[place])
                place += 1
                continue
            member.place = place
            stop = self.frame(member, data, at)
            place = member.place
            if stop is None:
                break
            at = stop
        member.place, member.rest = place, data[at:]

    def heard(self, member: Member, event: bytes, frame: bytes) -> None:
        """Read an event: a message that nobody had before, a sender's own copy of one, or something else."""
        if not event.startswith(EVENT):
            return  # presence, heads of logs
        token = TOKEN.search(event)
        told = json.loads(event)[1]
        if token is None:
            return
        if "nonce" in told:
            frame = NOT_YET  # only its sender gets this copy, in the common one's place
        number, sent = told["seq"], self.sent.get(int(token.group(1)))
        if sent is None:
            self.doubled += 1  # of an earlier measurement, in which it was waited for
        elif number in self._places:
            place = self._places[number]
            if self._frames[place] is NOT_YET:
                self._frames[place] = frame
            self._count(member, place)
        else:
            self._first(member, number, sent, frame)

    def _first(self, member: Member, number: int, sent: float, frame: bytes) -> None:
        """Keep a message that nobody had before."""
        place = self._places[number] = len(self._frames)
        self.disordered += bool(self._frames) and number != self._last + 1
        self._last = number
        self._frames.append(frame)
        self._waiting.append(len(self.members))
        self._since.append(sent)
        self._count(member, place)

    def _count(self, member: Member, place: int) -> None:
        """Count a message for one member, who may have had it, or not have had what stands before it."""
        left_out = self._left_out[member.number]
        if place < member.place and place not in left_out:
            self.doubled += 1
            return
        if place != member.place:
            self.disordered += 1
        left_out.discard(place)
        left_out.update(range(member.place, place))
        member.place = max(member.place, place + 1)
        self._waiting[place] -= 1
        self._whole += not self._waiting[place]
        if self._timed:
            self.latencies.append(self.came - self._since[place])
