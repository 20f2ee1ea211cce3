"""What templates say goes through one catalog, and what is put into it is escaped."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Flask, render_template_string

from academy.web import i18n


def shown(app: Flask, template: str, **values: object) -> str:
    with app.test_request_context():
        return render_template_string(template, **values)


def test_what_stands_in_a_text_is_escaped_and_the_text_is_not(app: Flask) -> None:
    said = shown(app, "{{ _('%(name)s wrote this & that.', name=name) }}", name="<b>Ana</b>")
    assert said == "&lt;b&gt;Ana&lt;/b&gt; wrote this & that."


def test_a_percent_sign_is_written_twice_with_and_without_something_to_put_in(app: Flask) -> None:
    assert shown(app, "{{ _('100%% done') }}") == "100% done"
    assert shown(app, "{{ _('%(n)s%% done', n=5) }}") == "5% done"


def test_a_text_that_counts_has_two_forms(app: Flask) -> None:
    template = "{{ ngettext('%(num)d person in %(room)s', '%(num)d people in %(room)s', n, room='A&B') }}"
    assert shown(app, template, n=1) == "1 person in A&amp;B"
    assert shown(app, template, n=3) == "3 people in A&amp;B"


def test_a_text_is_translated_by_the_catalog_of_the_locale_and_kept_for_the_next_page(app: Flask) -> None:
    class Shouting:
        asked = 0

        def ugettext(self, text: str) -> str:
            self.asked += 1
            return text.upper()

    texts, loud = i18n._Babel.texts, Shouting()
    texts.said.clear()
    texts.cache["en", "messages"] = loud
    try:
        assert [shown(app, "{{ _('calm') }}") for _page in range(3)] == ["CALM"] * 3
        assert loud.asked == 1
    finally:
        texts.cache.clear()
        texts.said.clear()


def test_one_instant_has_the_day_of_each_zone_it_is_read_in(app: Flask) -> None:
    at = datetime(2027, 1, 14, 15, tzinfo=UTC)
    with app.test_request_context():
        zones = ("Europe/Berlin", "Pacific/Auckland", "Europe/Berlin")
        assert [i18n.day(at, zone) for zone in zones] == [
            *("Thursday 14 January", "Friday 15 January", "Thursday 14 January"),
        ]
        assert [i18n.short_day(at, zone) for zone in zones] == ["Thu 14 Jan", "Fri 15 Jan", "Thu 14 Jan"]
