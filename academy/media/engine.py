"""Which files are videos, told by their own first bytes, and captions in WebVTT. Pure calculation."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn

from academy.kernel.access import Invalid

MP4, WEBM = "video/mp4", "video/webm"
HEAD = 4096
"""As many bytes of a file as `type_of` asks for."""
_BRANDS = frozenset(
    (
        b"isom", b"iso2", b"iso3", b"iso4", b"iso5", b"iso6", b"iso8", b"iso9", b"mp41", b"mp42", b"mp71", b"avc1",
        b"M4V ", b"M4VH", b"M4VP", b"dash", b"MSNV",
    )
)  # fmt: skip
"""Major brands of MP4 files that hold moving pictures, each of four bytes."""
EBML = b"\x1a\x45\xdf\xa3"
DOC_TYPE = b"\x42\x82"

LONGEST_CAPTIONS = 200_000
_TIME = r"(?:(\d{2,4}):)?([0-5]\d):([0-5]\d)\.(\d{3})"
TIMING = re.compile(rf"{_TIME}[ \t]+-->[ \t]+{_TIME}(?:[ \t].*)?")
VOICE = re.compile(r"<v(?:\.[^\s>]*)?[ \t]+([^>]+)>")
MARKUP = re.compile(r"</?(?:c|i|b|u|v|lang|ruby|rt)(?:[.\s][^>]*)?>|<\d[\d:.]*>")
ASIDE = ("NOTE", "STYLE", "REGION")


@dataclass(frozen=True)
class Cue:
    """One caption: from `start` to `end`, in seconds, as plain text."""

    start: float
    end: float
    text: str

    @property
    def second(self) -> int:
        """The whole second in which it begins."""
        return int(self.start)

    @property
    def at(self) -> str:
        """When it begins, as players show it: 1:05, or 1:02:05 after an hour."""
        minutes, seconds = divmod(self.second, 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def type_of(head: bytes) -> str | None:
    """Return what a file is by its first `HEAD` bytes: MP4 or WebM; None for anything else, whatever its name."""
    if head[4:8] == b"ftyp" and head[8:12] in _BRANDS:
        return MP4
    if head.startswith(EBML):
        place = head.find(DOC_TYPE, 4, 64)
        if place > 0 and head[place + 2 : place + 7] == b"\x84webm":
            return WEBM
    return None


def tidy(text: str) -> str:
    """Return captions with plain line ends and nothing around them, as they are kept."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").strip()


def read_captions(text: str) -> tuple[Cue, ...]:
    """Read tidy WebVTT; raises `Invalid` with one sentence that names the line."""
    if len(text) > LONGEST_CAPTIONS:
        detail = f"The captions have {len(text)} characters; at most {LONGEST_CAPTIONS} can be taken."
        raise Invalid(detail)
    if "\0" in text:
        detail = "The captions hold a character that is no text."
        raise Invalid(detail)
    lines = text.split("\n")
    if not re.fullmatch(r"WEBVTT(?:[ \t].*)?", lines[0]):
        _refuse(1, "captions begin with the word WEBVTT. This file is something else.")
    if len(lines) > 1 and lines[1].strip():
        _refuse(2, "after the line WEBVTT comes an empty one.")
    cues: list[Cue] = []
    for number, block in _blocks(lines):
        cue = _cue(number, block)
        if cue is None:
            continue
        if cues and cue.start < cues[-1].start:
            _refuse(number, "this caption begins before the one above it.")
        cues.append(cue)
    if not cues:
        detail = "There is no caption in this file, only its first line."
        raise Invalid(detail)
    return tuple(cues)


def _refuse(line: int, sentence: str) -> NoReturn:
    detail = f"Line {line} of the captions: {sentence}"
    raise Invalid(detail)


def _blocks(lines: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Give what stands between empty lines after the header, with the number of its first line."""
    begin, block = 0, list[str]()
    for number, line in enumerate([*lines[1:], ""], 2):
        if line.strip():
            begin = begin if block else number
            block.append(line)
        elif block:
            yield begin, block
            block = []


def _cue(number: int, block: list[str]) -> Cue | None:
    if "-->" not in block[0]:
        if block[0].split()[0] in ASIDE:
            return None
        number, block = number + 1, block[1:]  # the first line is the caption's name
    found = TIMING.fullmatch(block[0].strip()) if block else None
    if found is None:
        _refuse(number, "a caption begins with its times, such as 00:00:01.000 --> 00:00:04.000.")
    parts = [int(part or 0) for part in found.groups()]
    start, end = (h * 3600 + m * 60 + s + ms / 1000 for h, m, s, ms in (parts[:4], parts[4:]))
    if end <= start:
        _refuse(number, "this caption ends before it begins.")
    text = _plain("\n".join(block[1:]))
    if not text:
        _refuse(number, "this caption says nothing.")
    return Cue(start, end, text)


def _plain(text: str) -> str:
    """Return what a caption says, without the marks of WebVTT; who speaks stands before it."""
    spoken = MARKUP.sub("", VOICE.sub(lambda found: f"{found[1].strip()}: ", text))
    return " ".join(html.unescape(spoken).split())
