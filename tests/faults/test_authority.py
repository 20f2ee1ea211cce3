"""Who may listen and speak is asked again at every event, and an end is an end at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
import requests
from socketio.exceptions import ConnectionError as Unwelcome

from academy.kernel import clock, websocket_engine
from academy.kernel.ids import encode
from academy.kernel.websocket_frames import NORMAL
from academy.people import actions as people_actions
from academy.people.models import Role
from tests.academy.kernel.wires import Client
from tests.browsing import Browsing
from tests.factories import forums, people, tokens
from tests.faults.rooms import Room
from tests.faults.wire import Lost, Wire, gone, nonce, refused, send
from tests.live import Live, signed_in

pytestmark = pytest.mark.xdist_group("faults")


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://127.0.0.1.evil.example",
        "null",
        "http://localhost",
        "http://127.0.0.1:1",
        "https://{host}",
        "http://{host}.evil.example",
        "http://evil.example@{host}/",
    ],
)
def test_a_page_of_another_site_cannot_open_a_socket_with_the_victims_cookie(
    live: Live, room: Callable[..., Room], origin: str
) -> None:
    victim = room("Ana").learners[0]
    host = live.url.removeprefix("http://")
    with pytest.raises(Unwelcome):
        Wire(live.url, live.cookie(victim), origin=origin.format(host=host))
    with Wire(live.url, live.cookie(victim), origin=live.url) as own:
        assert own.client.connected


@pytest.mark.parametrize(
    "cookie", ["", "nonsense", "eyJfdXNlcl9pZCI6ImFueWJvZHkifQ.aaaaaa.bbbbbbbbbbbbbbbbbbbbbbbbbbb"]
)
def test_nobody_connects_without_a_sign_in(live: Live, cookie: str) -> None:
    heard: list[Any] = []
    with pytest.raises(Unwelcome):
        Wire(live.url, cookie, heard=heard)
    assert heard == [("connect_error", {"message": "signed_out", "data": {"error": "signed_out", "retry": False}})]


def test_a_connection_that_names_somebody_is_theirs_or_none_by_a_cookie_and_by_a_token(
    live: Live, room: Callable[..., Room]
) -> None:
    ana, ben = room("Ana", "Ben").learners
    _row, token = tokens.token(live.kernel, ben, ("forums:read", "forums:write"))
    shown: tuple[dict[str, Any], ...] = ({"cookie": live.cookie(ben)}, {"token": token})
    for by in shown:
        for named in (encode(ana), "nobody", "", 5, [encode(ben)], {"id": encode(ben)}, str(ben), False):
            heard: list[Any] = []
            with pytest.raises(Unwelcome):
                Wire(live.url, named=named, heard=heard, **by)
            assert heard == [
                ("connect_error", {"message": "signed_out", "data": {"error": "signed_out", "retry": False}})
            ], named
        for own in (encode(ben), None):
            with Wire(live.url, named=own, **by) as wire:
                assert wire.client.connected
    with pytest.raises(Unwelcome):  # the token counts, and it is not Ana's
        Wire(live.url, live.cookie(ana), token=token, named=encode(ana))


def test_who_was_refused_and_does_not_hang_up_is_cut_soon(live: Live) -> None:
    with Client(live.server.port) as client:
        assert client.text().startswith("0{")
        client.send("40")
        assert client.text().startswith('44{"message":"signed_out"')
        began = time.monotonic()
        code, _rest = client.ending()
        assert code == NORMAL
        assert websocket_engine.LEAVE_WITHIN - 0.5 < time.monotonic() - began < websocket_engine.LEAVE_WITHIN + 3


def test_logging_out_closes_the_open_sockets_of_that_sign_in_at_once_and_of_no_other(
    live: Live, room: Callable[..., Room]
) -> None:
    made = room("Ana", "Ben")
    ana, ben = made.learners
    here, there = signed_in(live.kernel, ana), signed_in(live.kernel, ana)
    opening = {"spaces": {made.space: 0}}
    with (
        Wire(live.url, here) as first,
        Wire(live.url, here) as second,
        Wire(live.url, there) as elsewhere,
        Wire(live.url, live.cookie(ben)) as other,
    ):
        for wire in (first, second, elsewhere, other):
            assert wire.ask("space:open", opening)["ok"]
        Browsing(live.url, here).submit("/me", "/sign-out")
        gone(first, second)
        assert send(other, made.space, "after the log-out")["ok"]
        elsewhere.wait(lambda: elsewhere.events(made.space))
        assert first.events(made.space) == second.events(made.space) == []
        with pytest.raises(Lost):
            send(first, made.space, "from beyond")
    with pytest.raises(Unwelcome):
        Wire(live.url, here)
    assert requests.get(f"{live.url}/api/v1/spaces", cookies={"academy": here}, timeout=5).status_code == 401


def test_a_removed_members_open_socket_gets_nothing_more_and_sends_nothing_more(
    live: Live, room: Callable[..., Room]
) -> None:
    made = room("Ana", "Ben")
    ana, ben = made.learners
    with Wire(live.url, live.cookie(ana)) as stays, Wire(live.url, live.cookie(ben)) as leaves:
        for wire in (stays, leaves):
            assert wire.ask("space:open", {"spaces": {made.space: 0}})["ok"]
        his = send(leaves, made.space, "while I am here")
        assert his["ok"]
        stays.wait(lambda: stays.events(made.space))
        _remove(live, made, ben)
        gone(leaves)
        heard = len(leaves.heard)
        hers = send(stays, made.space, "after he left")
        assert hers["ok"]
        with pytest.raises(Lost):
            send(leaves, made.space, "still here?")
        assert len(leaves.heard) == heard

    with Wire(live.url, live.cookie(ben)) as back:
        assert refused(back.ask("space:open", {"spaces": {made.space: 0}}))
        assert refused(back.ask("space:sync", {"space": made.space, "since": 0}))
        assert refused(send(back, made.space, "may I?"))
        assert refused(back.ask("post:edit", {"post": his["id"], "nonce": nonce(), "body": "other words"}))
        assert refused(back.ask("post:remove", {"post": his["id"], "nonce": nonce()}))
        assert refused(back.ask("post:react", {"post": hers["id"], "nonce": nonce(), "emoji": "💛"}))
        assert refused(back.ask("read:set", {"space": made.space, "no": 1}))
        back.client.emit("typing", {"space": made.space})
        with Wire(live.url, live.cookie(ana)) as stays:
            assert stays.ask("space:open", {"spaces": {made.space: 0}})["ok"]
            assert send(stays, made.space, "one more")["ok"]
            stays.wait(lambda: stays.events(made.space))
            assert "typing" not in [name for name, _ in stays.heard]
        assert back.ask("space:close", {"space": made.space})["ok"]
        assert back.events(made.space) == []
    browsing = Browsing(live.url, live.cookie(ben))
    for path in (
        f"/spaces/{made.space}",
        f"/api/v1/spaces/{made.space}/events",
        f"/posts/{hers['id']}",
        f"/posts/{his['id']}/edit",
    ):
        assert browsing.get(path).status_code == 404, path
    assert made.space not in browsing.get("/api/v1/spaces").text


def _remove(live: Live, made: Room, person: object) -> None:
    """End a membership as the room's lead does, inside the server."""
    answer = Browsing(live.url, live.cookie(made.lead)).post(
        f"/cohorts/{encode(made.group)}/remove", {"person": encode(person), "role": str(Role.LEARNER)}
    )
    assert answer.status_code == 303, answer.text


def test_a_socket_that_says_it_has_gone_and_stays_is_closed_with_the_sign_in_all_the_same(
    live: Live, room: Callable[..., Room]
) -> None:
    made = room("Ana", "Ben")
    ana, ben = made.learners
    cookie = signed_in(live.kernel, ben)
    with Wire(live.url, live.cookie(ana)) as stays, Wire(live.url, cookie) as sly:
        assert sly.ask("space:open", {"spaces": {made.space: 0}})["ok"]
        sly.client.emit("disconnect", "client namespace disconnect")
        sly.client.emit("disconnect")
        assert sly.ask("space:open", {"spaces": {made.space: 0}})["ok"]
        Browsing(live.url, cookie).submit("/me", "/sign-out")
        gone(sly)
        assert send(stays, made.space, "after he left")["ok"]
        time.sleep(0.3)
        assert sly.events(made.space) == []


def test_a_deactivated_person_is_out_at_the_next_event_even_when_another_process_did_it(
    live: Live, room: Callable[..., Room]
) -> None:
    made = room("Ana")
    (ana,) = made.learners
    with Wire(live.url, live.cookie(ana)) as wire:
        assert wire.ask("space:open", {"spaces": {made.space: 0}})["ok"]
        now = clock.now()
        live.kernel.commit(lambda s: people_actions.deactivate(s, person_id=ana, at=now, actor_id=None))
        try:
            answer = send(wire, made.space, "am I here?")
        except Lost:
            answer = {"error": "signed_out"}
        assert answer["error"] == "signed_out"
        gone(wire)


def test_a_stranger_who_guesses_a_rooms_id_learns_nothing(live: Live, room: Callable[..., Room]) -> None:
    made, other = room("Ana"), room("Ben")
    said = forums.say(live.kernel, made.learners[0], made.space_id, "for us alone")
    stranger = live.cookie(other.learners[0])
    nowhere = encode(uuid4())
    with Wire(live.url, stranger) as wire:
        for ask in (
            lambda space: wire.ask("space:open", {"spaces": {space: 0}}),
            lambda space: wire.ask("space:sync", {"space": space, "since": 0}),
            lambda space: send(wire, space, "hello"),
            lambda space: wire.ask("read:set", {"space": space, "no": 1}),
        ):
            real, unreal = ask(made.space), ask(nowhere)
            assert real == unreal
            assert real["error"] == "missing"
        for event, more in (("post:edit", {"body": "x"}), ("post:remove", {}), ("post:react", {"emoji": "💛"})):
            real = wire.ask(event, {"post": encode(said.id), "nonce": nonce(), **more})
            unreal = wire.ask(event, {"post": nowhere, "nonce": nonce(), **more})
            assert real == unreal
            assert real["error"] == "missing"
        # All of the spaces or none: one that is not hers keeps the door to her own shut as well.
        both = wire.ask("space:open", {"spaces": {other.space: 0, made.space: 0}})
        assert both["error"] == "missing"
        forums.say(live.kernel, other.learners[0], other.space_id, "in her own room")
        # Somebody else's inbox is a log like any other.
        inbox = encode(made.learners[0])
        assert wire.ask("space:open", {"spaces": {inbox: 0}})["error"] == "missing"
        assert wire.ask("space:sync", {"space": inbox, "since": 0})["error"] == "missing"
    browsing = Browsing(live.url, stranger)
    for path in ("/spaces/{}", "/api/v1/spaces/{}/events"):
        real, unreal = browsing.get(path.format(made.space)), browsing.get(path.format(nowhere))
        assert (real.status_code, unreal.status_code) == (404, 404)


def test_power_over_settings_is_no_power_to_read_or_to_send(live: Live, room: Callable[..., Room]) -> None:
    made = room("Ana")
    forums.say(live.kernel, made.learners[0], made.space_id, "for us alone")
    admin = people.member(live.kernel, made.academy, people.person(live.kernel, "Adi Min"), Role.ADMIN)
    with Wire(live.url, live.cookie(admin)) as wire:
        assert refused(wire.ask("space:open", {"spaces": {made.space: 0}}))
        assert refused(wire.ask("space:sync", {"space": made.space, "since": 0}))
        assert refused(send(wire, made.space, "may I?"))
        assert wire.events(made.space) == []
