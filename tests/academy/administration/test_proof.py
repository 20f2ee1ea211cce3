"""A role is given by whoever has just shown who they are; whom and which they chose waits for them meanwhile."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from uuid import UUID

from flask.testing import FlaskClient

from academy.kernel.app import Kernel
from academy.kernel.ids import encode
from academy.people import queries
from academy.people.engine import hash_password
from academy.people.models import GroupKind, Role
from tests.factories import people

PASSWORD = "tea with three sugars"


def test_an_open_screen_gives_no_role_and_the_choice_is_kept(
    kernel: Kernel, client_of: Callable[[UUID], FlaskClient]
) -> None:
    top = people.group(kernel, GroupKind.ORGANIZATION, "Fernhill")
    north = people.group(kernel, GroupKind.ACADEMY, "North", top)
    ada = people.person(kernel, "Ada", email="ada@example.org", password_hash=hash_password(PASSWORD))
    people.member(kernel, top, ada, Role.ADMIN)
    priya = people.person(kernel, "Priya Nair")
    wish = {"group": encode(north), "person": encode(priya), "role": "lead", "q": "priya", "next": "/admin/roles"}

    def held() -> dict[UUID, frozenset[str]]:
        with kernel.reading() as session:
            return queries.roles_of(session, priya)

    assert client_of(priya).post("/admin/roles", data=wish).status_code == 404, "who may not is not asked"
    admin = client_of(ada)
    asked = admin.post("/admin/roles", data=wish)
    assert (asked.status_code, asked.location.startswith("/me/proof?next="), held()) == (303, True, {})
    back = unescape(re.findall(r'name="next" value="([^"]*)"', admin.get(asked.location).text)[-1])
    proof = admin.post("/me/proof", data={"password": PASSWORD, "next": back})
    page = admin.get(proof.location).text
    assert "What you chose is marked below." in page
    [button] = re.findall(r'<button class="btn btn-p"[^>]*>.*?</button>', page)
    assert "Program lead" in button
    assert held() == {}, "an address gives nothing"
    given = admin.post("/admin/roles", data=wish)
    assert (given.location, held()) == ("/admin/roles", {north: frozenset({"lead"})})
    assert admin.post("/admin/roles", data={**wish, "role": "owner"}).status_code == 422


def test_an_address_that_a_stranger_wrote_marks_nobody_as_chosen(
    kernel: Kernel, client_of: Callable[[UUID], FlaskClient]
) -> None:
    top = people.group(kernel, GroupKind.ORGANIZATION, "Fernhill")
    north = people.group(kernel, GroupKind.ACADEMY, "North", top)
    admin = client_of(people.member(kernel, top, people.person(kernel, "Ada"), Role.ADMIN))
    priya = people.person(kernel, "Priya Nair")
    page = admin.get(f"/admin/roles/new?group={encode(north)}&q=priya&person={encode(priya)}&role=lead").text
    assert "Program lead" in page
    assert "What you chose" not in page
    assert re.findall(r'<button class="btn btn-p"[^>]*>.*?</button>', page) == []
