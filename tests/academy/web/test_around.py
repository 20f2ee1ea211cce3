"""What stands around a page: everybody's own, though its frames are everybody's."""

from __future__ import annotations

from flask import Flask

from academy.kernel.ids import new_id
from academy.kernel.viewer import Viewer
from academy.web.around import Around, Entry

ENTRIES = [Entry(key, f"/{key}", "home", key.title(), 0) for key in ("home", "rooms", "boards", "people", "skills")]


def viewer(name: str = "Ana Souza", **more: str) -> Viewer:
    return Viewer(person_id=new_id(), sign_in_id=new_id(), name=name, **more)


def around(who: Viewer | None, entries: list[Entry] = ENTRIES, academy: str = "Demo") -> Around:
    return Around(who, entries, academy, lambda: "a-token")


def test_names_are_text_whatever_they_hold(app: Flask) -> None:
    hostile = "<script>%(name)s %s 100%</script>"
    with app.test_request_context("/"):
        html = str(around(viewer(hostile), academy=hostile).rail("home"))
    assert "<script>" not in html
    assert html.count("&lt;script&gt;%(name)s %s 100%&lt;/script&gt;") == 2


def test_a_frame_kept_for_one_shows_nothing_of_them_to_the_next(app: Flask) -> None:
    with app.test_request_context("/me?a=b"):
        first = str(around(viewer("Ana Souza", zone="Europe/Lisbon", theme="dark")).rail("me"))
        second = str(around(viewer("Ben Okoro", zone="Asia/Tokyo")).rail("me"))
    assert "Ana Souza" in first
    assert "Lisbon" in first
    assert 'value="dark" checked' in first
    assert "Ben Okoro" in second
    assert "Tokyo" in second
    assert 'value="dark" checked' not in second
    assert "Ana" not in second


def test_what_is_new_is_counted_in_both_navigations_and_under_more(app: Flask) -> None:
    more = [*ENTRIES[:1], ENTRIES[1]._replace(news=3), *ENTRIES[2:], Entry("inbox", "/inbox", "bell", "Inbox", 12)]
    more[4] = more[4]._replace(news=2)
    with app.test_request_context("/"):
        made = around(viewer(), more)
        rail, bottom = str(made.rail("rooms")), str(made.bottom("rooms"))
    assert 'data-count="rooms"><span class="vh">, </span><span data-n>3</span>' in rail
    assert 'data-count="boards" hidden' in rail
    assert 'data-count="rooms"><span class="vh">, <span data-n>3</span>' in bottom
    assert 'data-count="skills inbox"><span class="vh">, <span data-n>14</span>' in bottom
    assert '<a href="/rooms" aria-current="page">' in rail


def test_five_places_fit_a_narrow_screen_without_more(app: Flask) -> None:
    with app.test_request_context("/"):
        bottom = str(around(viewer()).bottom("home"))
    assert bottom.count("<a href=") == 5
    assert "popovertarget" not in bottom


def test_whoever_is_signed_out_sees_the_academy_and_no_account(app: Flask) -> None:
    with app.test_request_context("/"):
        made = around(None, [])
        assert "Demo" in made.rail("")
        assert "sign-out" not in made.rail("")
        assert made.bottom("") == ""
