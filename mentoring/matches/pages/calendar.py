"""What matching puts into a calendar: the last day to answer an offer."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from academy.bridges.calendars.engine import Dated
from academy.kernel.ids import encode
from academy.kernel.viewer import Viewer
from mentoring.matches.queries import offered


def dated(session: Session, viewer: Viewer, since: datetime, until: datetime) -> list[Dated]:
    """Return until when the viewer's offers wait. Nobody is named: a calendar may be seen by others."""
    return [
        Dated(
            uid=f"offer-{encode(offer.offer_id)}",
            title=_("Last day to answer an offer"),
            url=url_for("offers.show", offer_id=offer.offer_id),
            on=offer.expires_at.astimezone(ZoneInfo(viewer.zone)).date(),
            line=_("Somebody would like to learn with you."),
            icon="handshake",
        )
        for offer in offered.offers_for(session, viewer)
        if since <= offer.expires_at < until
    ]
