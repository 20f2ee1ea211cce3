"""Programs open sockets by a personal API token: no cookie, no more than its scopes, and no longer than it lasts."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import requests
from socketio.exceptions import ConnectionError as Unwelcome
from sqlalchemy import select, update

from academy.kernel import clock
from academy.kernel.app import Kernel
from academy.kernel.ids import encode
from academy.people import actions as people_actions
from academy.people.engine import new_token as sign_in_token
from academy.people.engine import token_hash as sign_in_hash
from academy.tokens import actions as token_actions
from academy.tokens.engine import new_token
from academy.tokens.models import ApiToken
from tests.browsing import Browsing
from tests.factories import people, tokens
from tests.faults.rooms import Room, room_on
from tests.faults.test_erasure import JOB_COMES, erase_now
from tests.faults.wire import A_SECOND, Lost, Wire, gone, send
from tests.live import Live, kernel_on, signed_in
from tests.serving import start_server

pytestmark = pytest.mark.xdist_group("faults")

BOTH = ("forums:read", "forums:write")


def refusal_of(url: str, cookie: str = "", **more: Any) -> dict[str, Any]:
    """Return what a connection is told that is refused."""
    heard: list[Any] = []
    with pytest.raises(Unwelcome):
        Wire(url, cookie, heard=heard, **more)
    ((name, told),) = heard
    assert name == "connect_error"
    assert told["message"] == told["data"]["error"]
    refused: dict[str, Any] = told["data"]
    return refused


def opened(url: str, made: Room, token: str) -> Wire:
    """Open a room by a token."""
    wire = Wire(url, token=token)
    answer = wire.ask("space:open", {"spaces": {made.space: 0}})
    assert answer["ok"], answer
    return wire


def test_a_program_hears_and_posts_by_its_token_and_needs_no_cookie(live: Live, room: Callable[..., Room]) -> None:
    made = room("Ana", "Ben")
    row, token = tokens.token(live.kernel, made.learners[0], BOTH)
    with opened(live.url, made, token) as bot, Wire(live.url, live.cookie(made.learners[1])) as ben:
        assert ben.ask("space:open", {"spaces": {made.space: 0}})["ok"]
        assert send(bot, made.space, "by a program", key="a-nonce-of-its-own")["ok"]
        ben.wait(lambda: ben.events(made.space))
        bot.wait(lambda: bot.events(made.space))
        assert bot.events(made.space)[0]["nonce"] == "a-nonce-of-its-own"
        assert ben.events(made.space)[0]["actor"] == encode(made.learners[0])
        assert "nonce" not in ben.events(made.space)[0]
        bot.wait(lambda: last_used(live.kernel, row) is not None)


def last_used(kernel: Kernel, row: UUID) -> datetime | None:
    with kernel.reading() as session:
        return session.scalar(select(ApiToken.last_used_at).where(ApiToken.id == row))


def test_beside_a_cookie_the_token_counts(live: Live, room: Callable[..., Room]) -> None:
    made = room("Ana", "Ben")
    ana, ben = made.learners
    _row, token = tokens.token(live.kernel, ana, BOTH)
    with Wire(live.url, live.cookie(ben), token=token) as wire:
        assert wire.ask("space:open", {"spaces": {made.space: 0}})["ok"]
        assert send(wire, made.space, "whose is it?")["ok"]
        wire.wait(lambda: wire.events(made.space))
        assert wire.events(made.space)[0]["actor"] == encode(ana)


@pytest.mark.parametrize("token", ["", "nonsense", 5, ["acad_"], "acad_" + "a" * 43, "\ud800", "acad_\0" + "a" * 42])
def test_what_is_no_token_opens_nothing_also_beside_a_good_cookie(
    live: Live, room: Callable[..., Room], token: object
) -> None:
    cookie = live.cookie(room("Ana").learners[0])
    signed_out = {"error": "signed_out", "retry": False}
    assert refusal_of(live.url, token=token) == refusal_of(live.url, cookie, token=token) == signed_out
    with Wire(live.url, cookie, token=None) as wire:
        assert wire.client.connected


def test_the_two_kinds_of_token_are_never_taken_for_one_another(live: Live, room: Callable[..., Room]) -> None:
    made = room("Ana")
    secret = sign_in_token()
    hashed = sign_in_hash(secret)
    live.kernel.commit(lambda s: people_actions.sign_in(s, person_id=made.learners[0], token_hash=hashed, agent="test"))
    assert refusal_of(live.url, token=secret)["error"] == "signed_out"


def test_a_page_of_another_site_opens_no_socket_by_a_token_either(live: Live, room: Callable[..., Room]) -> None:
    _row, token = tokens.token(live.kernel, room("Ana").learners[0], BOTH)
    with pytest.raises(Unwelcome):
        Wire(live.url, token=token, origin="https://evil.example")
    with Wire(live.url, token=token, origin=live.url) as own:
        assert own.client.connected


def test_a_token_that_only_reads_opens_and_catches_up_and_sends_nothing(live: Live, room: Callable[..., Room]) -> None:
    made = room("Ana")
    _row, token = tokens.token(live.kernel, made.learners[0], ["forums:read"])
    with opened(live.url, made, token) as bot:
        assert bot.ask("space:sync", {"space": made.space, "since": 0})["ok"]
        answer = send(bot, made.space, "may it?")
        assert (answer["error"], answer["retry"]) == ("forbidden", False)
        assert "forums:write" in answer["detail"]
        assert bot.ask("read:set", {"space": made.space, "no": 0})["error"] == "forbidden"


def test_a_token_that_may_hear_nothing_opens_no_socket_and_reads_which_scope_it_lacks(
    live: Live, room: Callable[..., Room]
) -> None:
    _row, token = tokens.token(live.kernel, room("Ana").learners[0], ["forums:write", "people:read"])
    told = refusal_of(live.url, token=token)
    assert (told["error"], told["retry"]) == ("forbidden", False)
    assert "forums:read" in told["detail"]


# it ends


def is_over(live: Live, made: Room, token: str, wire: Wire, heard: int) -> None:
    """Say that a token is worth nothing any more: neither the open socket nor another one, nor a request."""
    with pytest.raises(Lost):
        send(wire, made.space, "from beyond")
    with pytest.raises(Lost):
        wire.ask("space:sync", {"space": made.space, "since": 0})
    assert len(wire.events(made.space)) == heard
    assert refusal_of(live.url, token=token)["error"] == "signed_out"
    path = f"{live.url}/api/v1/spaces/{made.space}/events"
    assert requests.get(path, headers={"Authorization": f"Bearer {token}"}, timeout=5).status_code == 401


def test_a_revoked_tokens_sockets_are_closed_at_once_and_no_others(live: Live, room: Callable[..., Room]) -> None:
    made = room("Ana")
    (ana,) = made.learners
    row, token = tokens.token(live.kernel, ana, BOTH)
    _row, other = tokens.token(live.kernel, ana, BOTH)
    cookie = signed_in(live.kernel, ana)
    with (
        opened(live.url, made, token) as first,
        opened(live.url, made, token) as second,
        opened(live.url, made, other) as stays,
        Wire(live.url, cookie) as page,
    ):
        answer = Browsing(live.url, cookie).submit("/me/tokens", f"/me/tokens/{encode(row)}/revoke")
        assert answer.status_code == 303
        gone(first, second)
        assert send(stays, made.space, "after it")["ok"]
        stays.wait(lambda: stays.events(made.space))
        assert not page.gone.is_set()
        for wire in (first, second):
            is_over(live, made, token, wire, 0)


def test_a_token_that_was_revoked_by_another_process_is_out_at_the_next_event(
    live: Live, room: Callable[..., Room]
) -> None:
    made = room("Ana")
    row, token = tokens.token(live.kernel, made.learners[0], BOTH)
    owner = people.viewer(live.kernel, made.learners[0])
    with opened(live.url, made, token) as bot:
        live.kernel.commit(lambda s: token_actions.revoke_token(s, viewer=owner, token_id=row))
        try:
            answer = send(bot, made.space, "am I here?")
        except Lost:
            answer = {"error": "signed_out"}
        assert answer["error"] == "signed_out"
        gone(bot)
        is_over(live, made, token, bot, 0)


def test_a_token_that_expires_is_cut_when_it_does(live: Live, room: Callable[..., Room]) -> None:
    made = room("Ana", "Ben")
    row, token = tokens.token(live.kernel, made.learners[0], BOTH)
    with Wire(live.url, live.cookie(made.learners[1])) as other:
        ends = clock.now() + timedelta(seconds=3)
        live.kernel.commit(lambda s: s.execute(update(ApiToken).where(ApiToken.id == row).values(expires_at=ends)))
        with opened(live.url, made, token) as bot:
            assert send(bot, made.space, "still here")["ok"]
            bot.wait(bot.gone.is_set, 3 + A_SECOND)
            assert timedelta() <= clock.now() - ends < timedelta(seconds=A_SECOND)
            is_over(live, made, token, bot, 1)
        assert not other.gone.is_set()


def test_who_is_erased_has_no_program_here_any_more_whatever_group_they_were_in(live: Live) -> None:
    ana = people.person(live.kernel, "Ana Alone")
    _row, token = tokens.token(live.kernel, ana, BOTH)
    with Wire(live.url, token=token) as bot:
        erase_now(live, ana)
        bot.wait(bot.gone.is_set, JOB_COMES)
    assert refusal_of(live.url, token=token)["error"] == "signed_out"


def test_whose_role_ends_loses_the_room_by_a_token_as_well(live: Live, room: Callable[..., Room]) -> None:
    made = room("Ana", "Ben")
    _row, token = tokens.token(live.kernel, made.learners[1], BOTH)
    with opened(live.url, made, token) as bot:
        answer = Browsing(live.url, live.cookie(made.lead)).post(
            f"/cohorts/{encode(made.group)}/remove", {"person": encode(made.learners[1]), "role": "learner"}
        )
        assert answer.status_code == 303
        gone(bot)
    with Wire(live.url, token=token) as back:
        assert back.ask("space:open", {"spaces": {made.space: 0}})["error"] == "missing"


def test_connecting_by_a_token_counts_as_a_request_of_the_api(sqlite_template: Path, tmp_path: Path) -> None:
    shutil.copyfile(sqlite_template, tmp_path / "academy.db")
    url = f"sqlite:///{tmp_path / 'academy.db'}"
    kernel = kernel_on(url, tmp_path)
    made = room_on(kernel, "Ana", "Ben")
    _row, hers = tokens.token(kernel, made.learners[0], BOTH)
    _row, his = tokens.token(kernel, made.learners[1], BOTH)
    server = start_server(url, tmp_path, ACADEMY_API_RATE="3 per hour")
    try:
        for _ in range(3):
            assert refusal_of(server.url, token=new_token())["error"] == "signed_out"
        told = refusal_of(server.url, token=new_token())
        assert (told["error"], told["retry"]) == ("rate_limited", True)
        assert told["retry_after"] > 60
        for _ in range(3):  # who is known is counted for themselves
            Wire(server.url, token=hers).close()
        assert refusal_of(server.url, token=hers)["error"] == "rate_limited"
        bearing = {"Authorization": f"Bearer {hers}"}
        assert requests.get(f"{server.url}/api/v1/spaces", headers=bearing, timeout=5).status_code == 429
        Wire(server.url, token=his).close()
        with Wire(server.url, signed_in(kernel, made.learners[0])) as page:  # pages are counted nowhere here
            assert page.client.connected
    finally:
        server.stop()
        kernel.database.engine.dispose()


def test_the_beacon_notes_the_use_of_tokens_that_stay_and_closes_those_that_went(
    sqlite_template: Path, tmp_path: Path
) -> None:
    shutil.copyfile(sqlite_template, tmp_path / "academy.db")
    url = f"sqlite:///{tmp_path / 'academy.db'}"
    kernel = kernel_on(url, tmp_path)
    made = room_on(kernel, "Ana")
    row, token = tokens.token(kernel, made.learners[0], BOTH)
    server = start_server(url, tmp_path, app="tests.faults.servers:with_a_hurried_beacon")
    try:
        with opened(server.url, made, token) as bot:
            bot.wait(lambda: last_used(kernel, row) is not None)
            before = clock.now() - timedelta(hours=2)
            kernel.commit(lambda s: s.execute(update(ApiToken).where(ApiToken.id == row).values(last_used_at=before)))
            bot.wait(lambda: last_used(kernel, row) > before)
            bot.wait(lambda: "space:heads" in [name for name, _ in bot.heard])
            now = clock.now()
            kernel.commit(lambda s: s.execute(update(ApiToken).where(ApiToken.id == row).values(revoked_at=now)))
            bot.wait(bot.gone.is_set)  # it says nothing, and nobody told the server
    finally:
        server.stop()
        kernel.database.engine.dispose()
