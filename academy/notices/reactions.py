"""Telling somebody what was done with their own account."""

from __future__ import annotations

from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from academy.kernel import mail
from academy.notices.actions import notify
from academy.people.queries import addresses_of


def warn(session: Session, *, person_id: UUID, kind: str, ref: UUID, subject: str, happened: str) -> None:
    """Tell somebody by notice and by mail what was done with their account, by themselves too.

    A mail about one's account holds no link: whoever gets used to such links follows a forged one some day.
    """
    notify(session, person_id=person_id, kind=kind, ref=ref, actor_id=None)
    found = addresses_of(session, [person_id]).get(person_id)
    if found is None:
        return
    name, address = found
    parts = (
        _("Hello %(name)s,", name=name),
        happened,
        _(
            "If that was you, you need to do nothing. If it was not, sign in, change your password, end the other "
            "sign-ins and look at your security page. An admin of your organization can help."
        ),
        _("There is no link in this mail on purpose: open the academy as you always do."),
    )
    text = "\n\n".join(parts) + "\n"
    mail.post(session, mail.Letter(to_name=name, to_address=address, subject=subject, text=text, about="account"))
