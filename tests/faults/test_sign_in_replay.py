"""A cookie that was copied is worth nothing once its sign-in is over, over HTTP and over sockets, however it ended."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
import requests
from socketio.exceptions import ConnectionError as Unwelcome

from academy.accounts.actions import addresses, links
from academy.accounts.models import LinkKind
from academy.kernel import clock
from academy.kernel.access import Missing
from academy.kernel.ids import encode
from academy.people import actions as people_actions
from academy.people.engine import hash_password, new_token, token_hash
from tests.browsing import Browsing
from tests.factories import people
from tests.faults.rooms import Room
from tests.faults.wire import Lost, Wire, gone, send
from tests.live import Live, signed_in

pytestmark = pytest.mark.xdist_group("faults")

PASSWORD = "a long and winding password"
HASH = hash_password(PASSWORD)


def with_password(live: Live, person: UUID) -> UUID:
    live.kernel.commit(lambda s: people_actions.set_password(s, person_id=person, password_hash=HASH, actor_id=None))
    return person


def _mailed(live: Live, kind: LinkKind, person: UUID, address: str = "") -> str:
    token = new_token()
    live.kernel.commit(
        lambda s: links.open_link(s, kind=kind, hashed=token_hash(token), person_id=person, address=address)
    )
    return token


def log_out(live: Live, person: UUID, lost: str, here: str) -> None:
    Browsing(live.url, lost).submit("/me", "/sign-out")


def revoke_all_others(live: Live, person: UUID, lost: str, here: str) -> None:
    assert Browsing(live.url, here).submit("/me/devices", "/me/devices/end-others").status_code == 303


def change_password(live: Live, person: UUID, lost: str, here: str) -> None:
    sent = {"present": PASSWORD, "password": "tea with three sugars"}
    assert Browsing(live.url, here).submit("/me/password", "/me/password", sent).headers["Location"] == "/me"


def reset_password(live: Live, person: UUID, lost: str, here: str) -> None:
    path = f"/reset/{_mailed(live, LinkKind.RESET, person)}"
    answer = Browsing(live.url).submit(path, path, {"password": "tea with three sugars"})
    assert answer.headers["Location"] == "/sign-in"


def take_the_address_back(live: Live, person: UUID, lost: str, here: str) -> None:
    path = f"/address-back/{_mailed(live, LinkKind.UNDO, person, f'{encode(person)}@example.org')}"
    assert Browsing(live.url).submit(path, path).headers["Location"] == "/forgot"


WAYS = [log_out, revoke_all_others, change_password, reset_password, take_the_address_back]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_a_copied_cookie_and_its_open_socket_end_with_the_sign_in(
    live: Live, room: Callable[..., Room], way: Callable[[Live, UUID, str, str], None]
) -> None:
    made = room("Ana", "Ben")
    ana, ben = made.learners
    with_password(live, ana)
    lost, here = signed_in(live.kernel, ana), signed_in(live.kernel, ana)
    with Wire(live.url, live.cookie(ben)) as stays, Wire(live.url, lost) as thief:
        for wire in (stays, thief):
            assert wire.ask("space:open", {"spaces": {made.space: 0}})["ok"]
        way(live, ana, lost, here)
        gone(thief)
        heard = len(thief.heard)
        assert send(stays, made.space, "after the end")["ok"]
        stays.wait(lambda: stays.events(made.space))
        with pytest.raises(Lost):
            send(thief, made.space, "from beyond")
        assert len(thief.heard) == heard
    with pytest.raises(Unwelcome):
        Wire(live.url, lost)
    for path, status in (("/api/v1/me", 401), ("/me", 303), (f"/spaces/{made.space}", 303)):
        answer = requests.get(live.url + path, cookies={"academy": lost}, timeout=5, allow_redirects=False)
        assert answer.status_code == status, path
    still = requests.get(f"{live.url}/api/v1/me", cookies={"academy": here}, timeout=5)
    stays_here = way in {log_out, revoke_all_others, change_password}
    assert still.status_code == (200 if stays_here else 401)


def test_a_closed_account_ends_every_cookie_and_no_link_of_it_opens(live: Live, room: Callable[..., Room]) -> None:
    (ana,) = room("Ana").learners
    cookie = signed_in(live.kernel, ana)
    reset, back = _mailed(live, LinkKind.RESET, ana), _mailed(live, LinkKind.UNDO, ana, "ana.before@example.org")
    live.kernel.commit(lambda s: people_actions.deactivate(s, person_id=ana, at=clock.now(), actor_id=None))
    with pytest.raises(Unwelcome):
        Wire(live.url, cookie)
    assert requests.get(f"{live.url}/api/v1/me", cookies={"academy": cookie}, timeout=5).status_code == 401
    for path in (f"/reset/{reset}", f"/address-back/{back}"):
        assert Browsing(live.url).get(path).status_code == 404
    with pytest.raises(Missing):
        live.kernel.commit(lambda s: addresses.restore_address(s, token=back))


def test_somebody_who_loses_a_role_hears_nothing_more_at_once_and_keeps_their_sign_in(
    live: Live, room: Callable[..., Room]
) -> None:
    made = room("Ana")
    facilitator = people.person(live.kernel, "Fay")
    lead = Browsing(live.url, live.cookie(made.lead))
    sent = {"people": encode(facilitator), "role": "facilitator"}
    assert lead.post(f"/cohorts/{encode(made.group)}/enroll", sent).status_code == 303
    cookie = live.cookie(facilitator)
    with Wire(live.url, cookie) as wire:
        assert wire.ask("space:open", {"spaces": {made.space: 0}})["ok"]
        sent = {"person": encode(facilitator), "role": "facilitator"}
        assert lead.post(f"/cohorts/{encode(made.group)}/remove", sent).status_code == 303
        gone(wire)
    with Wire(live.url, cookie) as again:
        assert again.ask("space:open", {"spaces": {made.space: 0}})["error"] == "missing"
    assert requests.get(f"{live.url}/api/v1/me", cookies={"academy": cookie}, timeout=5).status_code == 200
