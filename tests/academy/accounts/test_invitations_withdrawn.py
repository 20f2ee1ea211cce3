"""An invitation that is taken back before its letter has left is mailed to nobody."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from academy.accounts.actions import invitations
from academy.accounts.jobs import letters
from academy.accounts.models import MailedLink
from academy.kernel import clock, mail
from academy.kernel.app import Kernel
from academy.kernel.jobs import Job
from academy.people.models import GroupKind, Role
from tests.academy.accounts.conftest import Outbox
from tests.factories import people

BOTH = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def lead(kernel: Kernel) -> UUID:
    organization = people.group(kernel, GroupKind.ORGANIZATION, "Fernhill")
    academy = people.group(kernel, GroupKind.ACADEMY, "North Academy", organization)
    return people.member(kernel, academy, people.person(kernel, "Ling"), Role.LEAD)


def invited(kernel: Kernel, lead: UUID, address: str = "ina@example.org") -> UUID:
    viewer = people.viewer(kernel, lead)
    [academy] = viewer.roles
    return kernel.commit(
        lambda s: invitations.invite(s, viewer=viewer, group_id=academy, address=address, name="Ina", role=Role.MEMBER)
    ).id


def taken_back(kernel: Kernel, lead: UUID, invitation_id: UUID) -> None:
    viewer = people.viewer(kernel, lead)
    kernel.commit(lambda s: invitations.withdraw(s, viewer=viewer, invitation_id=invitation_id))


def about_somebody(kernel: Kernel) -> list[dict[str, str]]:
    """Return what promised letters still hold, and the links that are open."""
    with kernel.reading() as session:
        held = [payload for payload in session.scalars(select(Job.payload).where(Job.kind == mail.KIND)) if payload]
        links = session.scalars(select(MailedLink.address).where(MailedLink.ended_at.is_(None))).all()
        return held + [{"link": address} for address in links]


@BOTH
def test_taken_back_before_its_letter_is_written_it_is_not_mailed(kernel: Kernel, lead: UUID, outbox: Outbox):
    taken_back(kernel, lead, invited(kernel, lead))
    assert outbox.take() == {}
    assert about_somebody(kernel) == []


@BOTH
def test_taken_back_while_its_letter_is_written_it_is_not_mailed(
    kernel: Kernel, lead: UUID, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
):
    invitation_id, write = invited(kernel, lead), letters.invitation

    def slowly(**words: str) -> mail.Letter:
        taken_back(kernel, lead, invitation_id)
        return write(**words)

    monkeypatch.setattr(letters, "invitation", slowly)
    assert outbox.take() == {}
    assert about_somebody(kernel) == []


@BOTH
def test_taken_back_while_its_letter_waits_for_the_mail_server_it_is_not_mailed_and_others_are(
    kernel: Kernel, lead: UUID, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
):
    def away(*_: object) -> None:
        raise ConnectionRefusedError

    withdrawn, _standing = invited(kernel, lead), invited(kernel, lead, "ivo@example.org")
    with monkeypatch.context() as patched:
        patched.setattr(outbox, "send", away)
        assert outbox.take() == {}
    taken_back(kernel, lead, withdrawn)
    assert [held.get("to_address") for held in about_somebody(kernel) if "link" not in held] == ["ivo@example.org"]
    with clock.travel(clock.now() + timedelta(hours=1)):
        assert set(outbox.take()) == {"ivo@example.org"}


@BOTH
def test_sent_again_while_its_letter_waits_for_the_mail_server_one_letter_goes(
    kernel: Kernel, lead: UUID, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
):
    def away(*_: object) -> None:
        raise ConnectionRefusedError

    invitation_id, viewer = invited(kernel, lead), people.viewer(kernel, lead)
    with monkeypatch.context() as patched:
        patched.setattr(outbox, "send", away)
        assert outbox.take() == {}
    kernel.commit(lambda s: invitations.resend(s, viewer=viewer, invitation_id=invitation_id))
    with clock.travel(clock.now() + timedelta(hours=1)):
        assert set(outbox.take()) == {"ina@example.org"}  # one letter
        assert outbox.take() == {}


@BOTH
def test_invited_twice_before_the_first_letter_is_written_one_letter_goes(kernel: Kernel, lead: UUID, outbox: Outbox):
    assert invited(kernel, lead) == invited(kernel, lead)
    assert set(outbox.take()) == {"ina@example.org"}  # one letter
