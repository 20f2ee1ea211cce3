"""Between password and second step somebody is nobody, at every door that there is."""

from __future__ import annotations

from academy.kernel.ids import decode
from tests.contracts.conftest import Doors
from tests.contracts.sending import FORMS
from tests.contracts.table import COLUMNS, ROUTES, rows
from tests.contracts.test_doors import met
from tests.factories import factors
from tests.factories.world import PASSWORD

TABLE = rows(ROUTES, COLUMNS)


def test_somebody_waiting_is_nobody_at_every_door(doors: Doors) -> None:
    factors.app(doors.kernel, decode(doors.made.ids["learner"]))
    client = doors.app.test_client()
    client.post("/sign-in", data={"email": "learner@example.org", "password": PASSWORD})
    with client.session_transaction() as cookie:
        waiting = dict(cookie)
    assert "waiting" in waiting
    before, different = doors.written(), {}
    for (method, address), cells in TABLE.items():
        if set(cells.values()) == {"ok"}:
            continue
        with client.session_transaction() as cookie:
            cookie.clear()
            cookie.update(waiting)
        sent = FORMS.get((method, address), lambda *_: {})(doors.made.ids, "learner")
        found = met(client.open(address.format(**doors.made.ids), method=method, data=sent or None), method)
        if found != cells["nobody"]:
            different[method, address] = found
        doors.kernel.limits.clear()
    assert different == {}
    assert doors.written() == before


def test_whoever_has_no_factor_is_not_asked_for_one(doors: Doors) -> None:
    client = doors.app.test_client()
    answer = client.post("/sign-in", data={"email": "learner@example.org", "password": PASSWORD})
    assert answer.location == "/"
