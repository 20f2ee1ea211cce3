"""The letter about erasing is said like every other: by the catalog, in the reader's own zone."""

from __future__ import annotations

import pytest
from flask import Flask

from academy.kernel.app import Kernel
from academy.kernel.ids import new_id
from academy.privacy import jobs
from academy.web import i18n

FOUND = {"name": "Ana", "email": "ana@example.org", "zone": "Pacific/Auckland", "due_at": "2027-01-14T15:00:00+00:00"}


class Shouting:
    """A catalog that can be heard."""

    def ugettext(self, text: str) -> str:
        return f"LOUD {text}"


def test_the_letter_about_erasing_names_the_day_where_its_reader_is_and_the_way_back(kernel: Kernel) -> None:
    letter = jobs.write(kernel, new_id(), FOUND)
    assert (letter.to_name, letter.to_address) == ("Ana", "ana@example.org")
    assert letter.subject == "Your data will be erased on Friday 15 January"
    assert letter.text.startswith("Hello Ana,\n\non Friday 15 January what is stored about you at the academy")
    assert f"it can be taken back: {kernel.settings.base_url}/me/data\n" in letter.text


def test_the_letter_about_erasing_is_said_by_the_catalog(
    app: Flask, kernel: Kernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.app_context():
        plain = jobs.write(kernel, new_id(), FOUND)
        monkeypatch.setitem(i18n._Babel.texts.cache, ("en", "messages"), Shouting())
        loud = jobs.write(kernel, new_id(), FOUND)
    assert (loud.subject, loud.text) == (f"LOUD {plain.subject}", f"LOUD {plain.text}")
