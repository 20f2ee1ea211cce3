"""Whoever is signed out, closed out or removed is gone within a second of the answer that says so, from every worker.

Their sockets are dead, and nothing lets them catch up: no socket, no event, no request. Nobody else's is touched.
There is no ban beside these: an admin closes an account, a lead removes somebody.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from uuid import UUID

import pytest
import requests
from socketio.exceptions import ConnectionError as Unwelcome

from academy.kernel.app import Kernel
from academy.kernel.ids import encode
from academy.people import actions as people_actions
from academy.people.engine import hash_password
from academy.people.models import Role
from academy.people.queries import organization, path_of
from mentoring.pairs import actions as pairs
from tests.browsing import Browsing
from tests.factories import people, tokens
from tests.faults.rooms import Room, room_on
from tests.faults.wire import Lost, Wire, gone, refused, send
from tests.faults.workers import Workers, said
from tests.live import signed_in

pytestmark = pytest.mark.xdist_group("workers")

PASSWORD = "a long and winding password"
HASH = hash_password(PASSWORD)
BOTH = ("forums:read", "forums:write")


@dataclass
class Going:
    """Somebody who will be gone: by what they are here, and where they are signed in beside it."""

    place: Workers
    room: Room
    person: UUID
    cookie: str
    elsewhere: str
    token: str = ""
    pair: UUID | None = None

    def as_one(self, who: UUID) -> Browsing:
        """Open the pages as somebody else, by a sign-in of their own."""
        return Browsing(self.place.url, signed_in(self.place.kernel, who))

    def as_admin(self) -> Browsing:
        """Open the pages as an admin of the organization, which each room of a test has one of."""
        with self.place.kernel.reading() as session:
            tops = [row[0] for row in path_of(session, self.room.academy)]
            known = organization(session)
            assert known is not None
            tops.append(known.id)
        admin = people.person(self.place.kernel, "Adi Min")
        for top in set(tops) - {self.room.academy}:
            people.member(self.place.kernel, top, admin, Role.ADMIN)
        return self.as_one(admin)


def log_out(going: Going) -> None:
    assert Browsing(going.place.url, going.cookie).submit("/me", "/sign-out").status_code == 303


def sign_out_everywhere_else(going: Going) -> None:
    page = Browsing(going.place.url, going.elsewhere)
    assert page.submit("/me/devices", "/me/devices/end-others").status_code == 303


def change_the_password(going: Going) -> None:
    sent = {"present": PASSWORD, "password": "tea with three sugars"}
    page = Browsing(going.place.url, going.elsewhere)
    assert page.submit("/me/password", "/me/password", sent).headers["Location"] == "/me"


def be_signed_out_by_an_admin(going: Going) -> None:
    path = f"/admin/people/{encode(going.person)}"
    assert going.as_admin().submit(path, f"{path}/sign-out").status_code == 303


def have_the_account_closed(going: Going) -> None:
    path = f"/admin/people/{encode(going.person)}"
    assert going.as_admin().submit(path, f"{path}/close").status_code == 303


def be_removed_from_the_cohort(going: Going) -> None:
    sent = {"person": encode(going.person), "role": str(Role.LEARNER)}
    page = going.as_one(going.room.lead)
    assert page.post(f"/cohorts/{encode(going.room.group)}/remove", sent).status_code == 303


def lose_a_role_in_the_academy(going: Going) -> None:
    sent = {"group": encode(going.room.academy), "person": encode(going.person), "role": str(Role.LEAD)}
    assert going.as_admin().post("/admin/roles/end", sent).status_code == 303


def leave_a_private_room_of_three(going: Going) -> None:
    assert going.pair is not None
    path = f"/pairs/{encode(going.pair)}/end"
    assert Browsing(going.place.url, going.elsewhere).submit(path, path).status_code == 303


def revoke_the_token(going: Going) -> None:
    page = Browsing(going.place.url, going.elsewhere)
    (form,) = [form for form in page.forms("/me/tokens") if form.action.endswith("/revoke")]
    assert page.send(form).status_code == 303


WAYS = [
    log_out,
    sign_out_everywhere_else,
    change_the_password,
    be_signed_out_by_an_admin,
    have_the_account_closed,
    be_removed_from_the_cohort,
    lose_a_role_in_the_academy,
    leave_a_private_room_of_three,
    revoke_the_token,
]
STAY_SIGNED_IN = [be_removed_from_the_cohort, lose_a_role_in_the_academy, leave_a_private_room_of_three]
BY_TOKEN = [revoke_the_token]
"""Whatever else ends, ends tokens only with the account, or loses them the room with its owner."""


def going_from(place: Workers, way: Callable[[Going], None], *, by_token: bool) -> Going:
    """Let somebody be here who will go that way."""
    made, pair = room_on(place.kernel, "Ana", "Ben"), None
    if way is leave_a_private_room_of_three:
        made, pair = private_room(place.kernel)
    person = made.lead if way is lose_a_role_in_the_academy else made.learners[1]
    if way is change_the_password:
        place.kernel.commit(
            lambda s: people_actions.set_password(s, person_id=person, password_hash=HASH, actor_id=None)
        )
    token = tokens.token(place.kernel, person, BOTH)[1] if by_token else ""
    cookies = [signed_in(place.kernel, person) for _ in range(2)]
    return Going(place, made, person, *cookies, token, pair)


def private_room(kernel: Kernel) -> tuple[Room, UUID]:
    """Bring three learners of a cohort together in a room of their own; returns it and who they are as buddies."""
    around = room_on(kernel, "Ana", "Ben", "Cleo")
    pair = kernel.commit(
        lambda s: pairs.open_pair(
            s,
            kind="buddy",
            people=dict.fromkeys(around.learners, Role.LEARNER),
            academy_group_id=around.academy,
            cohort_group_id=around.group,
        )
    )
    return replace(around, group=pair.group_id, space_id=pair.space_id), pair.id


def is_shut_out(going: Going, way: Callable[[Going], None], connect: Callable[[], Wire]) -> None:
    """Fail where somebody who has gone gets a socket, or with it anything of the room."""
    space = going.room.space
    shown = {"Authorization": f"Bearer {going.token}"} if going.token else {"Cookie": f"academy={going.cookie}"}
    answer = requests.get(f"{going.place.url}/api/v1/spaces/{space}/events", headers=shown, timeout=5)
    if way in STAY_SIGNED_IN:
        assert answer.status_code == 404
        with connect() as back:
            assert refused(back.ask("space:open", {"spaces": {space: 0}}))
            assert refused(back.ask("space:sync", {"space": space, "since": 0}))
            assert refused(send(back, space, "from beyond"))
            assert back.events(space) == []
    else:
        assert answer.status_code == 401
        with pytest.raises(Unwelcome):
            connect()


CASES = [(way, False) for way in WAYS if way not in BY_TOKEN] + [
    (way, True) for way in (have_the_account_closed, be_removed_from_the_cohort, revoke_the_token)
]


def case_name(value: object) -> str:
    """Name a case by what happens."""
    return getattr(value, "__name__", "by token" if value else "by cookie")


@pytest.mark.parametrize(("way", "by_token"), CASES, ids=case_name)
def test_they_are_gone_from_both_workers(two: Workers, way: Callable[[Going], None], by_token: bool) -> None:
    going = going_from(two, way, by_token=by_token)
    space, shown = going.room.space, {"token": going.token} if by_token else {"cookie": going.cookie}
    with (
        two.wire(signed_in(two.kernel, going.room.learners[0])) as stays,
        two.wire(on=two.worker_of(stays), **shown) as here,
        two.wire(off=two.worker_of(stays), **shown) as there,
    ):
        for wire in (stays, here, there):
            assert wire.ask("space:open", {"spaces": {space: 0}})["ok"]
        assert send(stays, space, "while they are here")["ok"]
        for wire in (here, there):
            wire.wait(lambda wire=wire: said(wire, going.room))
        way(going)
        gone(here, there)
        assert send(stays, space, "after they went")["ok"]
        stays.wait(lambda: len(said(stays, going.room)) == 2)
        for wire in (here, there):
            assert said(wire, going.room) == ["<p>while they are here</p>"]
            for event, sent in (("space:open", {"spaces": {space: 0}}), ("space:sync", {"space": space, "since": 0})):
                with pytest.raises(Lost):
                    wire.ask(event, sent)
        is_shut_out(going, way, lambda: two.wire(on=two.worker_of(stays), **shown))
        is_shut_out(going, way, lambda: two.wire(off=two.worker_of(stays), **shown))
        assert not stays.gone.is_set()
