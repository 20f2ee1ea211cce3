"""Who is shown why somebody fits them: it is written down, also beside the room of two."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from academy.kernel.app import Kernel
from academy.kernel.ids import encode
from academy.privacy.models import Disclosure
from tests.factories import mentoring


def written(kernel: Kernel) -> list[tuple[UUID, UUID, str]]:
    with kernel.reading() as session:
        return [
            tuple(row) for row in session.execute(select(Disclosure.viewer_id, Disclosure.person_id, Disclosure.what))
        ]


def test_the_reasons_beside_a_pairs_room_are_written_down_first(
    kernel: Kernel, client_of: Callable[[UUID], FlaskClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = mentoring.world(kernel)
    ana, mia = mentoring.learner(made, "Ana"), mentoring.mentor(made, "Mia")
    mentoring.published(made, "mentorship")
    pair = mentoring.accept(made, mentoring.offers_to(made, mia)[0])
    room = f"/spaces/{encode(pair.space_id)}"
    with monkeypatch.context() as broken:
        broken.setattr("academy.privacy.pages.actions.disclose", lambda *_args, **_more: 1 / 0)
        assert client_of(ana).get(room).status_code == 500, "what can't be written down is not shown"
    assert written(kernel) == []
    assert "Mia has functional programming" in client_of(ana).get(room).text
    assert written(kernel) == [(ana, mia, "matching")]
    assert client_of(ana).get(room).status_code == 200
    assert len(written(kernel)) == 1, "once a day is enough"
