"""The pages on which tracks are written: by forms alone, with nothing lost."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from academy.authoring.models import Draft
from academy.kernel.app import Kernel
from academy.kernel.ids import encode
from academy.people.models import Role
from academy.tracks.engine import write_pack
from academy.tracks.models import Activity, TrackVersion
from tests.factories import people, tracks
from tests.factories.drafts import draft, module, seen, text


@pytest.fixture
def academy(kernel: Kernel) -> UUID:
    return tracks.academy(kernel)


@pytest.fixture
def ling(kernel: Kernel, academy: UUID) -> UUID:
    return people.member(kernel, academy, people.person(kernel, "Ling"), Role.LEAD)


@pytest.fixture
def hers(client_of: Callable[[UUID], FlaskClient], ling: UUID) -> FlaskClient:
    return client_of(ling)


THREE_PARTS = {
    "title": "Open questions",
    "summary": "Questions that let people go on talking.",
    "week": "1",
    "icon": "ear",
    "parts": "3",
    **{f"kind-{i}": kind for i, kind in enumerate(("reading", "reflection", "workshop"))},
    **{f"title-{i}": f"Part {i}" for i in range(3)},
    **{f"summary-{i}": "One line." for i in range(3)},
    **{f"minutes-{i}": "6" for i in range(3)},
    **{f"body-{i}": f"Text **{i}**." for i in range(3)},
}


def test_a_new_module_of_three_parts_is_published_in_six_requests(kernel: Kernel, academy: UUID, ling: UUID, hers):
    made = draft(kernel, ling, academy)
    requests = 0

    def ask(method: str, url: str, **sent):
        nonlocal requests
        requests += 1
        return hers.open(url, method=method, **sent)

    page = f"/drafts/{encode(made)}"
    assert ask("GET", f"{page}/modules/new").status_code == 200
    added = ask("POST", f"{page}/modules", data=THREE_PARTS)
    shown = ask("GET", added.location).text
    version = re.search(r'name="version" value="(\d+)"', shown).group(1)
    published = ask("POST", f"{page}/publish", data={"version": version})
    assert "Version 1" in ask("GET", published.location).text
    assert requests <= 6
    with kernel.reading() as session:
        kinds = session.scalars(select(Activity.kind).order_by(Activity.position)).all()
        assert (
            session.scalar(select(Activity.body_html).where(Activity.position == 2))
            == "<p>Text <strong>1</strong>.</p>"
        )
    assert kinds == ["reading", "reflection", "workshop"]


def test_what_was_written_stays_in_the_form_and_every_mistake_is_named(kernel: Kernel, academy: UUID, ling: UUID, hers):
    made = draft(kernel, ling, academy)
    sent = {**THREE_PARTS, "title": "", "minutes-1": "soon", "title-2": ""}
    answer = hers.post(f"/drafts/{encode(made)}/modules", data=sent)
    assert answer.status_code == 422
    for name in ("f-title", "f-minutes-1", "f-title-2"):
        assert f'href="#{name}"' in answer.text
    for kept in ("Text **0**.", "Text **2**.", "Questions that let people go on talking.", 'value="soon"'):
        assert kept in answer.text
    assert seen(kernel, ling, made).modules == ()


def test_one_more_activity_is_asked_for_without_losing_anything(kernel: Kernel, academy: UUID, ling: UUID, hers):
    made = draft(kernel, ling, academy)
    answer = hers.post(f"/drafts/{encode(made)}/modules", data={**THREE_PARTS, "more": "1"})
    assert answer.status_code == 200
    assert 'name="title-3"' in answer.text
    assert "Text **2**." in answer.text
    assert seen(kernel, ling, made).modules == ()


def test_the_slower_of_two_authors_sees_both_texts_and_can_save_again(kernel: Kernel, academy: UUID, ling: UUID, hers):
    made = draft(kernel, ling, academy)
    module(kernel, ling, made, "Open questions", text())
    activity = seen(kernel, ling, made).modules[0].activities[0]
    url = f"/draft-activities/{encode(activity.id)}"
    form = {"kind": "reading", "title": "T", "summary": "S", "minutes": "6", "version": "1"}
    assert hers.post(url, data={**form, "body": "Written first."}).status_code == 303
    slower = hers.post(url, data={**form, "body": "Written second."})
    assert slower.status_code == 409
    assert "Written first." in slower.text
    assert "Written second." in slower.text
    version = re.search(r'name="version" value="(\d+)"', slower.text).group(1)
    assert hers.post(url, data={**form, "body": "Written second.", "version": version}).status_code == 303
    assert seen(kernel, ling, made).modules[0].activities[0].body == "Written second."


@pytest.mark.parametrize("what", ["draft", "module"])
def test_a_head_that_changed_meanwhile_is_not_overwritten(kernel: Kernel, academy: UUID, ling: UUID, hers, what: str):
    made = draft(kernel, ling, academy)
    part = module(kernel, ling, made)
    url = f"/drafts/{encode(made)}/edit" if what == "draft" else f"/draft-modules/{encode(part)}"
    form = {"title": "New", "summary": "S", "weeks": "3", "week": "1", "icon": "pen", "version": "9"}
    answer = hers.post(url, data=form)
    assert answer.status_code == 409
    assert 'value="New"' in answer.text
    assert "Asking better questions" in answer.text if what == "draft" else "Open questions" in answer.text


def test_a_pack_file_is_brought_and_downloaded_again_identically(kernel: Kernel, academy: UUID, ling: UUID, hers):
    file = write_pack(tracks.pack(modules=3)).encode()
    brought = hers.post("/tracks/upload", data={"pack": (io.BytesIO(file), "pack.toml")})
    assert brought.status_code == 303
    draft_page = brought.location
    down = hers.get(f"{draft_page}/pack")
    assert down.data == file
    assert down.headers["Content-Disposition"] == 'attachment; filename="a-track.toml"'
    version = seen(kernel, ling, _only_draft(kernel)).version
    assert hers.post(f"{draft_page}/publish", data={"version": version}).status_code == 303
    with kernel.reading() as session:
        published = session.scalars(select(TrackVersion.id)).one()
    assert hers.get(f"/track-versions/{encode(published)}/pack").data == file


def _only_draft(kernel: Kernel) -> UUID:
    with kernel.reading() as session:
        return session.scalars(select(Draft.id)).one()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "the pack has no key"),
        (b"\xff\xfe", "not text in UTF-8"),
        (b"key = ", "be read"),
    ],
)
def test_a_file_that_is_no_pack_is_refused_in_words(hers, data: bytes, said: str):
    answer = hers.post("/tracks/upload", data={"pack": (io.BytesIO(data), "pack.toml")})
    assert answer.status_code == 422
    assert said in answer.text


def test_a_pack_whose_draft_is_there_does_not_replace_it(hers):
    file = write_pack(tracks.pack()).encode()
    assert hers.post("/tracks/upload", data={"pack": (io.BytesIO(file), "p.toml")}).status_code == 303
    again = hers.post("/tracks/upload", data={"pack": (io.BytesIO(file), "p.toml")})
    assert again.status_code == 422
    assert "There is a draft of the track a-track already." in again.text


def test_the_preview_shows_what_learners_will_see_and_no_learners_buttons(
    kernel: Kernel, academy: UUID, ling: UUID, hers
):
    made = draft(kernel, ling, academy)
    module(kernel, ling, made, "Open questions", text(body="Ask **how**. <script>alert(1)</script>"))
    whole = hers.get(f"/drafts/{encode(made)}/preview").text
    activity = encode(seen(kernel, ling, made).modules[0].activities[0].id)
    assert f"/draft-activities/{activity}/preview" in whole
    page = hers.get(f"/draft-activities/{activity}/preview").text
    assert "<strong>how</strong>" in page
    assert "<script>alert" not in page
    assert "/complete" not in page


def test_warnings_are_said_in_words_and_do_not_block(kernel: Kernel, academy: UUID, ling: UUID, hers):
    made = draft(kernel, ling, academy, weeks=1)
    module(kernel, ling, made, "Open questions", text(minutes=25))
    page = hers.get(f"/drafts/{encode(made)}").text
    assert "25 minutes. Lessons of 5 to 10 minutes fit into most working days." in page
    assert "You can publish all the same." in page
    version = re.search(r'name="version" value="(\d+)"', page).group(1)
    assert hers.post(f"/drafts/{encode(made)}/publish", data={"version": version}).status_code == 303


def test_a_text_that_can_not_be_rendered_is_named_and_nothing_is_published(
    kernel: Kernel, academy: UUID, ling: UUID, hers
):
    made = draft(kernel, ling, academy, weeks=1)
    module(kernel, ling, made, "Open questions", text("Too many", body="*a* " * 700))
    version = seen(kernel, ling, made).version
    answer = hers.post(f"/drafts/{encode(made)}/publish", data={"version": version})
    assert answer.status_code == 422
    assert "Too many: This has more lines or marks" in answer.text
    assert _only_draft(kernel) == made
