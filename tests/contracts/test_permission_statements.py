"""Who one is and which roles one holds costs one statement, with a token two, on every page that anybody opens."""

from __future__ import annotations

from math import inf

import pytest

from academy.kernel.ids import decode
from academy.web import guards
from tests.contracts.conftest import Doors
from tests.contracts.table import COLUMNS, ROUTES, rows
from tests.contracts.test_statements import counted
from tests.factories import tokens

PEOPLE = [column for column in COLUMNS if column != "nobody"]
READ = [address for method, address in rows(ROUTES, COLUMNS) if method == "GET"]


def test_whoever_is_let_in_anywhere_was_found_with_one_statement(doors: Doors, monkeypatch: pytest.MonkeyPatch) -> None:
    before: list[tuple[str, str, int]] = []
    asked_of = guards.demand_scope

    def noted(scopes: frozenset[str] | None, by: str) -> None:
        before.append((column, address, len(statements)))
        asked_of(scopes, by)

    monkeypatch.setattr(guards, "demand_scope", noted)
    for column in ("learner", "lead", "admin"):
        client = doors.client(column)
        for address in READ:
            doors.kernel.limits.clear()
            with counted(doors.kernel.database) as statements:
                client.get(address.format(**doors.made.ids))
    assert len(before) > 3 * 100
    assert [one for one in before if one[2] != 1] == []


def test_a_token_is_found_with_two_statements(doors: Doors) -> None:
    _row, made = tokens.token(doors.kernel, decode(doors.made.ids["learner"]), ["read"])
    sent = {"Authorization": f"Bearer {made}"}
    client = doors.client("nobody")
    assert client.get("/api/v1/me", headers=sent).status_code == 200  # its use is written down once an hour
    with counted(doors.kernel.database) as statements:
        assert client.get("/api/v1/me", headers=sent).status_code == 200
    assert 1 <= len(statements) <= 2, statements


@pytest.mark.parametrize(("address", "most"), [("/api/v1/me", 1), ("/me/password", 2)])
@pytest.mark.parametrize("column", PEOPLE)
def test_what_shows_nothing_but_oneself_asks_no_more(doors: Doors, column: str, address: str, most: int) -> None:
    """The page's second statement is what is new, for the frame around it."""
    client = doors.client(column)
    doors.kernel.kept["name"] = (inf, "Fernhill")  # the same for everybody, so it is asked once a minute
    with counted(doors.kernel.database) as statements:
        assert client.get(address).status_code == 200
    assert 1 <= len(statements) <= most, statements
