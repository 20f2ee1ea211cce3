"""A learner's video: on its page, in ranges, and for nobody else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from academy.kernel.app import Kernel
from academy.kernel.ids import encode
from academy.people.models import GroupKind, Role
from academy.tracks.models import Activity, Completion
from tests.factories import media, people, tracks
from tests.factories.media import CAPTIONS, FILM

SIZE = len(FILM)


@pytest.fixture
def academy(kernel: Kernel) -> UUID:
    return tracks.academy(kernel)


@pytest.fixture
def cohort(kernel: Kernel, academy: UUID) -> UUID:
    group = people.group(kernel, GroupKind.COHORT, "Cohort Kestrel", academy)
    pack = media.with_video(kernel, academy, tracks.pack())
    tracks.delivered(kernel, group, tracks.published(kernel, academy, pack), date(2026, 11, 2))
    return group


@pytest.fixture
def ana(kernel: Kernel, cohort: UUID) -> UUID:
    return people.member(kernel, cohort, people.person(kernel, "Ana"), Role.LEARNER)


@pytest.fixture
def hers(client_of: Callable[[UUID], FlaskClient], ana: UUID) -> FlaskClient:
    return client_of(ana)


@pytest.fixture
def place(kernel: Kernel, cohort: UUID) -> str:
    with kernel.reading() as session:
        found = session.scalars(select(Activity.id).where(Activity.kind == "video")).one()
    return f"/activities/{encode(found)}"


def test_the_whole_video_is_given_to_look_at_and_never_run(hers: FlaskClient, place: str):
    answer = hers.get(f"{place}/video")
    assert (answer.status_code, answer.data) == (200, FILM)
    headers = answer.headers
    assert headers["Content-Type"] == "video/webm"
    assert headers["Accept-Ranges"] == "bytes"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert headers["Cache-Control"] == "private, no-cache"
    assert headers["Content-Disposition"] == "inline"


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-99", 0, 99),
        ("bytes=100-100", 100, 100),
        ("bytes=500-", 500, SIZE - 1),
        ("bytes=-200", SIZE - 200, SIZE - 1),
        (f"bytes=10-{SIZE + 5000}", 10, SIZE - 1),
    ],
)
def test_a_range_is_answered_with_itself(hers: FlaskClient, place: str, asked: str, first: int, last: int):
    answer = hers.get(f"{place}/video", headers={"Range": asked})
    assert answer.status_code == 206
    assert answer.headers["Content-Range"] == f"bytes {first}-{last}/{SIZE}"
    assert answer.headers["Content-Length"] == str(last - first + 1)
    assert answer.data == FILM[first : last + 1]


def test_a_range_behind_the_end_can_not_be_answered(hers: FlaskClient, place: str):
    answer = hers.get(f"{place}/video", headers={"Range": f"bytes={SIZE}-"})
    assert answer.status_code == 416
    assert answer.headers["Content-Range"] == f"bytes */{SIZE}"


@pytest.mark.parametrize("asked", ["bytes=0-9,20-29", "bytes=9-1", "lines=1-2", "bytes=a-b", "bytes", "bytes=--5"])
def test_several_ranges_and_what_is_none_are_answered_with_the_whole(hers: FlaskClient, place: str, asked: str):
    answer = hers.get(f"{place}/video", headers={"Range": asked})
    assert (answer.status_code, len(answer.data)) == (200, SIZE)


def test_a_part_is_given_only_of_the_content_that_it_was_begun_with(hers: FlaskClient, place: str):
    tag = hers.get(f"{place}/video").headers["ETag"]
    same = hers.get(f"{place}/video", headers={"Range": "bytes=0-9", "If-Range": tag})
    other = hers.get(f"{place}/video", headers={"Range": "bytes=0-9", "If-Range": '"another"'})
    assert (same.status_code, other.status_code) == (206, 200)
    assert hers.get(f"{place}/video", headers={"If-None-Match": tag}).status_code == 304


def test_asked_for_its_head_a_video_says_its_size_and_sends_nothing(hers: FlaskClient, place: str):
    answer = hers.head(f"{place}/video")
    assert (answer.status_code, answer.headers["Content-Length"], answer.data) == (200, str(SIZE), b"")


def test_captions_are_text_of_their_own(hers: FlaskClient, place: str):
    answer = hers.get(f"{place}/captions.vtt")
    assert answer.headers["Content-Type"] == "text/vtt; charset=utf-8"
    assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert answer.text == f"{CAPTIONS}\n"
    assert hers.get(f"{place}/captions.vtt", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


def test_the_page_shows_the_video_its_size_and_what_is_said(hers: FlaskClient, place: str):
    page = hers.get(place).text
    assert f'src="{place}/video"' in page
    assert 'preload="none"' in page
    assert f'<track kind="captions" label="Captions" src="{place}/captions.vtt" default>' in page
    assert "the whole video is 69.2 kB." in page
    assert '<a href="?t=4#video" aria-label="Play from 0:04">0:04</a>' in page
    assert "And out, a little longer." in page


@pytest.mark.parametrize(("asked", "shown"), [("4", "#t=4"), ("x", ""), ("-1", ""), ("1" * 40, ""), ('4"><b>', "")])
def test_a_line_of_the_text_leads_to_its_place_without_scripts(hers: FlaskClient, place: str, asked: str, shown: str):
    page = hers.get(place, query_string={"t": asked}).text
    assert f'src="{place}/video{shown}"' in page


def test_what_captions_say_is_never_run(kernel: Kernel, academy: UUID, cohort: UUID, client_of, place: str):
    text = "WEBVTT\n\n00:00.000 --> 00:01.000\n<script>alert(1)</script> <b onmouseover=alert(2)>Hello</b>"
    version = tracks.published(kernel, academy, media.with_video(kernel, academy, tracks.pack("other"), text))
    group = people.group(kernel, GroupKind.COHORT, "Cohort Heron", academy)
    tracks.delivered(kernel, group, version, date(2026, 11, 2))
    bo = people.member(kernel, group, people.person(kernel, "Bo"), Role.LEARNER)
    with kernel.reading() as session:
        found = session.scalars(select(Activity.id).where(Activity.captions == text)).one()
    page = client_of(bo).get(f"/activities/{encode(found)}").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; Hello" in page
    assert "<script>alert" not in page
    assert "onmouseover" not in page


def test_a_video_is_done_as_a_reading_is(kernel: Kernel, hers: FlaskClient, ana: UUID, place: str):
    assert "Done, go on" in hers.get(place).text
    assert hers.post(f"{place}/complete").status_code == 303
    with kernel.reading() as session:
        assert session.scalars(select(Completion.person_id)).all() == [ana]


def test_a_program_is_told_of_the_video(hers: FlaskClient, place: str):
    found = hers.get(f"/api/v1{place}").json
    assert found["video"]["type"] == "video/webm"
    assert found["video"]["bytes"] == SIZE
    assert found["captions"] == CAPTIONS


def test_a_file_that_was_lost_is_not_there_and_breaks_nothing(kernel: Kernel, academy: UUID, hers, place: str):
    pack = media.with_video(kernel, academy, tracks.pack("lost"))
    lost = pack.modules[0].activities[-1].video
    file = kernel.files.path(lost)
    moved = file.rename(file.with_name("aside"))
    try:
        assert hers.get(f"{place}/video").status_code == 404
    finally:
        moved.rename(file)


def test_a_version_keeps_its_video_and_captions_when_the_next_one_changes_them(
    kernel: Kernel, academy: UUID, hers: FlaskClient, place: str
):
    pack = media.with_video(kernel, academy, tracks.pack())
    first, *others = pack.modules
    film = replace(first.activities[-1], captions=CAPTIONS.replace("Breathe", "Breath"))
    newer = replace(pack, modules=(replace(first, activities=(*first.activities[:-1], film)), *others))
    tracks.published(kernel, academy, newer)
    assert hers.get(f"{place}/video").data == FILM
    assert hers.get(f"{place}/captions.vtt").text == f"{CAPTIONS}\n"
    with kernel.reading() as session:
        kept = session.execute(select(Activity.captions, Activity.media_id).where(Activity.kind == "video")).all()
    assert len(kept) == 2
    assert len({row.media_id for row in kept}) == 1
    assert len({row.captions for row in kept}) == 2
