"""Letters that wait when somebody is erased: theirs are not sent any more, everybody else's still are."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from academy.bridges.person_data import actions
from academy.kernel import mail
from academy.kernel.app import Kernel
from academy.kernel.jobs import Job
from tests.factories import people

BOTH = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


def waiting(kernel: Kernel) -> list[tuple[str, str, str]]:
    """Return (name, address, text) of the letters that will be sent."""
    with kernel.reading() as session:
        jobs = session.scalars(select(Job).where(Job.kind == mail.KIND, Job.done_at.is_(None)).order_by(Job.id)).all()
    return [(job.payload["to_name"], job.payload["to_address"], job.payload["text"]) for job in jobs]


@BOTH
def test_addresses_that_hold_an_erased_one_and_namesakes_still_get_their_letters(kernel: Kernel) -> None:
    ana = people.person(kernel, "Ana Lim", email="ana@example.org")
    for name, address, text in (
        ("Ana Lim", "ana@example.org", "Hello Ana Lim"),
        ("Joana", "joana@example.org", "Ask Ana Lim, ana@example.org"),
        ("Jo", "jo.ana@example.org", "Hello Jo"),
        ("Ana Lim", "namesake@example.org", "Your workshop is near"),
    ):
        sent = mail.Letter(to_name=name, to_address=address, subject="News", text=text)
        kernel.commit(lambda s, one=sent: mail.post(s, one))
    kernel.commit(lambda s: actions.erase_profile(s, ana))
    assert waiting(kernel) == [
        ("Joana", "joana@example.org", "Ask Somebody who left, Somebody who left"),
        ("Jo", "jo.ana@example.org", "Hello Jo"),
        ("Ana Lim", "namesake@example.org", "Your workshop is near"),
    ]
