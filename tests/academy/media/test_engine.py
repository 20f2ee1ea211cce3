"""Videos are told by what is in them, and captions are read strictly and shown as text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from academy.kernel.access import Invalid
from academy.media.engine import Cue, read_captions, tidy, type_of
from tests.factories.media import CAPTIONS, FILM

MP4 = b"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2avc1mp41"


@pytest.mark.parametrize(
    ("head", "found"),
    [
        (FILM[:4096], "video/webm"),
        (MP4, "video/mp4"),
        (MP4.replace(b"ftypisom", b"ftypM4V "), "video/mp4"),
        (MP4.replace(b"ftypisom", b"ftypqt  "), None),
        (MP4.replace(b"ftypisom", b"ftypM4A "), None),
        (MP4.replace(b"ftypisom", b"ftypheic"), None),
        (MP4.replace(b"ftypisom", b"ftypavif"), None),
        (FILM[:4096].replace(b"\x84webm", b"\x88matroska"), None),
        (b"\x1a\x45\xdf\xa3" + b"\x00" * 200 + b"\x42\x82\x84webm", None),
        (b"<!doctype html><script>alert(1)</script>", None),
        (b"%PDF-1.7 ftypisom", None),
        (b"GIF89a", None),
        (b"\x00\x00\x00\x20ftyp", None),
        (b"", None),
    ],
)
def test_a_file_is_what_its_first_bytes_say(head: bytes, found: str | None):
    assert type_of(head) == found


def test_captions_are_read_with_their_times():
    cues = read_captions(CAPTIONS)
    assert [(cue.start, cue.end) for cue in cues] == [(0, 4), (4, 10), (10, 14), (14, 19.5)]
    assert cues[0].text == "[A soft tone swells] Breathe in, slowly."


def test_notes_styles_names_voices_and_settings_are_understood():
    text = tidy(
        "\ufeffWEBVTT A talk\r\n\r\nNOTE by hand\r\nover two lines\r\n\r\nSTYLE\r\n::cue { color: red }\r\n\r\n"
        "first\r\n00:01.500 --> 00:04.000 align:start line:0\r\n<v.loud Ling Wu>Hello <i>you</i>,\r\nall &amp; &lt;sundry&gt;\r\n\r\n"
        "01:02:05.000 --> 01:02:06.000\r\n<00:01:02.000><c.yellow>Later</c>"
    )
    assert read_captions(text) == (
        Cue(1.5, 4.0, "Ling Wu: Hello you, all & <sundry>"),
        Cue(3725.0, 3726.0, "Later"),
    )
    assert [cue.at for cue in read_captions(text)] == ["0:01", "1:02:05"]


def test_what_is_no_mark_of_captions_stays_text():
    [cue] = read_captions("WEBVTT\n\n00:00.000 --> 00:01.000\n<script>alert(1)</script>")
    assert cue.text == "<script>alert(1)</script>"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Line 1 of the captions: captions begin with the word WEBVTT"),
        ("WEBVTTX", "Line 1"),
        ("1\n00:00:01,000 --> 00:00:02,000\nHello", "Line 1"),
        ("WEBVTT\n00:00.000 --> 00:01.000\nHello", "Line 2 of the captions: after the line WEBVTT"),
        ("WEBVTT", "There is no caption in this file"),
        ("WEBVTT\n\nNOTE nothing else", "There is no caption"),
        ("WEBVTT\n\n00:00:01,000 --> 00:00:02,000\nHello", "Line 3 of the captions: a caption begins with its times"),
        ("WEBVTT\n\n00:61.000 --> 00:62.000\nHello", "Line 3"),
        ("WEBVTT\n\nname\n\n00:00.000 --> 00:01.000\nHello", "Line 4"),
        ("WEBVTT\n\n00:02.000 --> 00:02.000\nHello", "Line 3 of the captions: this caption ends before it begins"),
        ("WEBVTT\n\n00:02.000 --> 00:03.000\nA\n\n00:01.000 --> 00:03.000\nB", "Line 6 .* begins before the one above"),
        ("WEBVTT\n\n00:02.000 --> 00:03.000\n<b> </b>", "Line 3 of the captions: this caption says nothing"),
        ("WEBVTT\n\n00:02.000 --> 00:03.000\na\0b", "no text"),
        ("WEBVTT\n\n" + "x" * 200_000, "at most 200000"),
    ],
)
def test_captions_that_can_not_be_used_are_refused_with_the_line(text: str, said: str):
    with pytest.raises(Invalid, match=said):
        read_captions(text)


@given(st.text(max_size=200))
def test_whatever_is_sent_as_captions_is_read_or_refused_in_words(text: str):
    for sent in (text, f"WEBVTT\n\n{text}", f"WEBVTT\n\n00:00.000 --> 00:01.000\n{text}"):
        try:
            cues = read_captions(tidy(sent))
        except Invalid as refusal:
            assert refusal.detail
        else:
            assert all(cue.text and cue.start < cue.end for cue in cues)
