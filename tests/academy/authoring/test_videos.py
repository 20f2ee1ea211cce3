"""An author brings a video and its captions; without both nothing is published."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from academy.authoring import queries
from academy.authoring.actions import drafts
from academy.kernel import clock
from academy.kernel.app import Kernel
from academy.kernel.ids import encode
from academy.media.models import Media
from academy.people.models import GroupKind, Role
from academy.tracks.engine import read_pack, write_pack
from academy.tracks.models import Activity
from tests.factories import media, people, tracks
from tests.factories.drafts import activity, draft, module, seen, text
from tests.factories.media import CAPTIONS, FILM


@pytest.fixture
def academy(kernel: Kernel) -> UUID:
    return tracks.academy(kernel)


@pytest.fixture
def ling(kernel: Kernel, academy: UUID) -> UUID:
    return people.member(kernel, academy, people.person(kernel, "Ling"), Role.LEAD)


@pytest.fixture
def hers(client_of: Callable[[UUID], FlaskClient], ling: UUID) -> FlaskClient:
    return client_of(ling)


@pytest.fixture
def made(kernel: Kernel, academy: UUID, ling: UUID) -> UUID:
    return draft(kernel, ling, academy)


@pytest.fixture
def film(kernel: Kernel, ling: UUID, made: UUID) -> UUID:
    part = module(kernel, ling, made, "Open questions", text())
    return activity(kernel, ling, part, text("Two breaths", kind="video", body=""))


def send(client: FlaskClient, film: UUID, version: int = 1, **files: tuple[bytes, str]):
    data = {name: (io.BytesIO(content), called) for name, (content, called) in files.items()}
    return client.post(f"/draft-activities/{encode(film)}/video", data={"version": str(version), **data})


def stored(kernel: Kernel, ling: UUID, made: UUID):
    return seen(kernel, ling, made).modules[0].activities[1]


def test_a_video_and_its_captions_are_brought_looked_at_and_published(kernel: Kernel, ling, made, film, hers):
    answer = send(hers, film, video=(FILM, "my film.webm"), captions=(b"\xef\xbb\xbf" + CAPTIONS.encode(), "c.vtt"))
    assert answer.status_code == 303
    page = hers.get(answer.location).text
    assert "The video is here: WebM, 69.2 kB." in page
    assert "The captions are here." in page
    place = f"/draft-activities/{encode(film)}"
    assert hers.get(f"{place}/video", headers={"Range": "bytes=0-3"}).data == FILM[:4]
    assert hers.get(f"{place}/captions.vtt").text == f"{CAPTIONS}\n"
    preview = hers.get(f"{place}/preview").text
    assert f'src="{place}/video"' in preview
    assert "Breathe in, slowly." in preview
    version = re.search(r'name="version" value="(\d+)"', hers.get(f"/drafts/{encode(made)}").text).group(1)
    assert hers.post(f"/drafts/{encode(made)}/publish", data={"version": version}).status_code == 303
    with kernel.reading() as session:
        row = session.execute(
            select(Activity.captions, Media.digest, Media.bytes).join(Media, Media.id == Activity.media_id)
        ).one()
    assert (row.captions, row.bytes) == (CAPTIONS, len(FILM))
    assert kernel.files.path(row.digest).read_bytes() == FILM


@pytest.mark.parametrize("brought", [(), ("video",), ("captions",)])
def test_without_its_captions_or_itself_a_video_is_not_published(kernel: Kernel, made, film, hers, brought):
    files = {"video": (FILM, "f.webm"), "captions": (CAPTIONS.encode(), "c.vtt")}
    if brought:
        assert send(hers, film, **{name: files[name] for name in brought}).status_code == 303
    page = hers.get(f"/drafts/{encode(made)}").text
    beside = hers.get(f"/draft-activities/{encode(film)}").text
    assert ("The video is not here yet. Upload it." in page) == ("video" not in brought)
    assert ("The video has no captions yet." in page) == ("captions" not in brought)
    assert ("There are no captions yet." in beside) == ("captions" not in brought)
    with kernel.reading() as session:
        version = session.scalars(select(drafts.Draft.version)).one()
    answer = hers.post(f"/drafts/{encode(made)}/publish", data={"version": str(version)})
    assert answer.status_code == 422
    assert "Something is still missing" in answer.text


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"video": (b"<html><script>alert(1)</script>", "film.mp4")}, "no video that browsers play everywhere"),
        ({"video": (b"", "film.webm")}, "no video that browsers play everywhere"),
        ({"video": (b"\x00\x00\x00\x20ftypqt  moov", "film.mp4")}, "no video that browsers play everywhere"),
        ({"captions": (b"1\n00:00:01,000 --> 00:00:02,000\nHi", "c.vtt")}, "captions begin with the word WEBVTT"),
        ({"captions": (b"WEBVTT\n\n00:00.000 --> 00:00.000\nHi", "c.vtt")}, "Line 3 of the captions"),
        ({"captions": (b"\xff\xfe", "c.vtt")}, "not text in UTF-8"),
        ({}, "Choose a file first."),
    ],
)
def test_a_file_that_is_something_else_is_refused_whatever_its_name(
    kernel: Kernel, ling, made, film, hers, files, said
):
    answer = send(hers, film, **files)
    assert answer.status_code == 422
    assert said in answer.text
    found = stored(kernel, ling, made)
    assert (found.recording, found.captions, found.version) == (None, "", 1)


def test_one_wrong_file_keeps_neither_and_both_are_named(kernel: Kernel, ling, made, film, hers):
    answer = send(hers, film, video=(FILM, "f.webm"), captions=(b"Hello", "c.vtt"))
    assert answer.status_code == 422
    assert stored(kernel, ling, made).recording is None
    both = send(hers, film, video=(b"GIF89a", "f.webm"), captions=(b"Hello", "c.vtt")).text
    assert 'href="#f-video"' in both
    assert 'href="#f-captions"' in both


class Unread(io.BytesIO):
    """A body that nobody may read."""

    def read(self, size: int | None = -1) -> bytes:
        raise AssertionError("it was read")

    readinto = read


@pytest.mark.parametrize("who", ["author", "learner", "nobody"])
def test_a_huge_upload_is_refused_by_its_length_and_never_read(
    kernel: Kernel, academy, film, hers, client_of, app, who
):
    learner = people.member(kernel, academy, people.person(kernel, "Ana"), Role.LEARNER)
    client = {"author": hers, "learner": client_of(learner), "nobody": app.test_client()}[who]
    app.config["WTF_CSRF_ENABLED"] = True
    most = (200 << 20) + (1 << 20)
    length = most + 1 if who == "author" else (1 << 20) + 1
    answer = client.post(
        f"/draft-activities/{encode(film)}/video",
        input_stream=Unread(),
        content_type="multipart/form-data; boundary=x",
        environ_overrides={"CONTENT_LENGTH": str(length)},
    )
    assert answer.status_code == 413


def test_an_author_may_send_more_than_other_forms_take(kernel: Kernel, ling, made, film, hers):
    large = FILM + b"\0" * (3 << 20)
    assert send(hers, film, video=(large, "f.webm")).status_code == 303
    assert stored(kernel, ling, made).recording.bytes == len(large)


def test_a_video_over_the_limit_is_refused_in_words(kernel: Kernel, ling, made, film, hers, monkeypatch):
    monkeypatch.setattr(kernel, "settings", replace(kernel.settings, media_mb=1))
    answer = send(hers, film, video=(FILM + b"\0" * (1 << 20), "f.webm"))
    assert answer.status_code == 422
    assert "This video is larger than 1 MB." in answer.text
    assert stored(kernel, ling, made).recording is None


def test_who_comes_second_is_told_and_changes_nothing(kernel: Kernel, ling, made, film, hers):
    assert send(hers, film, captions=(CAPTIONS.encode(), "c.vtt")).status_code == 303
    slower = send(hers, film, captions=(b"WEBVTT\n\n00:00.000 --> 00:01.000\nMine", "c.vtt"))
    assert slower.status_code == 409
    assert "Choose the files again" in slower.text
    assert stored(kernel, ling, made).captions == CAPTIONS


def test_only_a_video_takes_a_video(kernel: Kernel, ling, made, film, hers):
    reading = seen(kernel, ling, made).modules[0].activities[0].id
    assert send(hers, reading, video=(FILM, "f.webm")).status_code == 422
    assert seen(kernel, ling, made).modules[0].activities[0].recording is None


def test_a_video_that_was_refused_after_it_came_is_removed_and_one_that_was_taken_stays(
    kernel: Kernel, ling, made, film, hers
):
    refused, taken = FILM + b"refused", FILM + b"taken"
    assert send(hers, film, 1, video=(taken, "f.webm")).status_code == 303
    assert send(hers, film, 1, video=(refused, "f.webm")).status_code == 409
    here = [kernel.files.path(hashlib.sha256(content).hexdigest()) for content in (taken, refused)]
    for hours, there in ((0.9, [True, True]), (1.1, [True, False])):
        with clock.travel(clock.now() + timedelta(hours=hours)):
            kernel.runner.run_due()
        assert [place.exists() for place in here] == there, hours


def test_the_same_content_is_one_file_of_the_academy(kernel: Kernel, ling, made, film, hers):
    for version in (1, 2):
        assert send(hers, film, version, video=(FILM, f"{version}.webm")).status_code == 303
    with kernel.reading() as session:
        assert session.scalar(select(func.count()).select_from(Media)) == 1


def test_a_pack_that_was_downloaded_brings_its_video_again_by_its_hash(kernel: Kernel, academy, ling, hers):
    file = write_pack(media.with_video(kernel, academy, tracks.pack())).encode()
    brought = hers.post("/tracks/upload", data={"pack": (io.BytesIO(file), "pack.toml")})
    assert hers.get(f"{brought.location}/pack").data == file
    assert "Missing before it can be published" not in hers.get(brought.location).text


def test_a_video_of_another_academy_is_not_had_by_knowing_its_hash(kernel: Kernel, academy, ling, client_of):
    other = people.group(kernel, GroupKind.ACADEMY, "South Academy")
    omar = people.member(kernel, other, people.person(kernel, "Omar"), Role.LEAD)
    pack = media.with_video(kernel, academy, tracks.pack())
    his = client_of(omar)
    brought = his.post("/tracks/upload", data={"pack": (io.BytesIO(write_pack(pack).encode()), "pack.toml")})
    assert brought.status_code == 303
    assert "The video is not here yet. Upload it." in his.get(brought.location).text
    with kernel.reading() as session:
        [found] = [a for a in _all(session, people.viewer(kernel, omar)) if a.kind == "video"]
    assert (found.recording, found.captions) == (None, CAPTIONS)


def _all(session, viewer):
    [line] = queries.tracks_for(session, viewer)
    return [a for m in queries.draft_for(session, viewer, line.draft_id).modules for a in m.activities]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('kind = "reading"\nbody = "x"\nvideo = "aa"', "has video, which only an activity of the kind video has"),
        ('kind = "video"\nvideo = "../../secret-key"', "video is named by the 64 hexadecimal digits"),
        ('kind = "video"\ncaptions = "Hello"', r"modules\[1\].activities\[1\]: Line 1 of the captions"),
        ('kind = "video"\nvideo = 3', "has no video"),
    ],
)
def test_a_pack_with_a_video_that_can_not_be_used_is_refused_in_words(line: str, said: str):
    head = 'key = "k"\ntitle = "t"\nsummary = "s"\nweeks = 1\n[[modules]]\nkey = "m"\ntitle = "t"\nsummary = "s"\nweek = 1\n'
    part = f'[[modules.activities]]\nkey = "a"\ntitle = "t"\nsummary = "s"\nminutes = 5\n{line}\n'
    with pytest.raises(drafts.Invalid, match=said):
        read_pack(head + part)
