"""The files of docs/deployment, served for real: nginx with TLS, two workers, PostgreSQL and Redis."""

from __future__ import annotations

import time

import pytest
import requests
from socketio.exceptions import ConnectionError as Unwelcome

from tests.faults.deployed import TOKEN, Deployed
from tests.faults.rooms import room_on
from tests.faults.wire import send
from tests.live import signed_in

pytestmark = pytest.mark.xdist_group("workers")


def test_people_come_in_by_tls_and_their_cookies_stay_there(deployed: Deployed) -> None:
    plain = requests.get(f"{deployed.plain}/sign-in", allow_redirects=False, timeout=5)
    assert (plain.status_code, plain.headers["Location"]) == (301, "https://127.0.0.1/sign-in")
    page = requests.get(f"{deployed.url}/sign-in", verify=str(deployed.certificate), timeout=5)
    assert page.status_code == 200
    assert "Secure" in page.headers["Set-Cookie"]
    assert page.headers["Strict-Transport-Security"]


def test_two_people_talk_by_tls_through_both_workers(deployed: Deployed) -> None:
    made = room_on(deployed.workers.kernel, "Ana", "Ben")
    ana, ben = (signed_in(deployed.workers.kernel, person) for person in made.learners)
    wires = [deployed.wire(cookie, origin=deployed.url) for cookie in [ana, ben] * 8]
    try:
        for wire in wires:
            assert wire.ask("space:open", {"spaces": {made.space: 0}})["ok"]
        assert deployed.workers.spread() == 2
        assert send(wires[0], made.space, "hello to all")["ok"]
        for wire in wires:
            wire.wait(
                lambda wire=wire: (
                    [event["payload"]["html"] for event in wire.events(made.space)] == ["<p>hello to all</p>"]
                )
            )
        assert deployed.browsing(ana).submit("/me", "/sign-out").status_code == 303
        for wire in wires[::2]:
            wire.wait(wire.gone.is_set)
        assert not [wire for wire in wires[1::2] if wire.gone.is_set()]
    finally:
        for wire in wires:
            wire.close()


def test_a_page_of_another_site_opens_no_socket_through_the_proxy(deployed: Deployed) -> None:
    made = room_on(deployed.workers.kernel, "Ana")
    cookie = signed_in(deployed.workers.kernel, made.learners[0])
    for origin in ("https://evil.example", deployed.plain):
        with pytest.raises(Unwelcome):
            deployed.wire(cookie, origin=origin)


def test_numbers_for_prometheus_are_not_public_and_secret_addresses_are_not_written_down(deployed: Deployed) -> None:
    asked = {"verify": str(deployed.certificate), "timeout": 5, "headers": {"Authorization": f"Bearer {TOKEN}"}}
    assert requests.get(f"{deployed.url}/metrics", **asked).status_code == 404
    assert requests.get(f"{deployed.workers.url}/metrics", headers=asked["headers"], timeout=5).status_code == 200
    for path in ("/join/a-secret-address", "/reset/a-secret-address", "/sign-in?next=/join/a-secret-address"):
        requests.get(f"{deployed.url}{path}", **asked)
    from_there = {**asked["headers"], "Referer": f"{deployed.url}/join/a-secret-address"}
    requests.get(f"{deployed.url}/no-secret", **{**asked, "headers": from_there})
    deadline = time.monotonic() + 5
    while "/no-secret" not in deployed.log.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert "a-secret-address" not in deployed.log.read_text()
    assert "a-secret-address" not in deployed.workers.log.read_text()
