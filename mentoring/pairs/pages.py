"""The words of notices about pairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from flask_babel import gettext as _

from academy.kernel.ids import encode
from academy.notices.queries import NoticeKind, Told
from mentoring.pairs import queries
from mentoring.pairs.models import PairKind
from mentoring.pairs.reactions import BUDDY, OFFER_ACCEPTED, PARTNER_LEFT

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from academy.kernel.viewer import Viewer
    from academy.notices.models import Notice
    from academy.people.queries import Face
    from mentoring.pairs.queries import PairLine


def names_of(faces: Sequence[Face]) -> str:
    """Name people in a sentence: Ana, Ben and Chidi."""
    names = [face.name for face in faces]
    if len(names) < 2:
        return "".join(names)
    return _("%(several)s and %(last)s", several=", ".join(names[:-1]), last=names[-1])


def tell(session: Session, viewer: Viewer, notices: Sequence[Notice]) -> Mapping[UUID, Told]:
    """Say who the viewer works with now, and lead to their room. One statement."""
    lines = queries.pairs_by_id(session, viewer, [notice.ref for notice in notices])
    return {notice.id: _told(lines[notice.ref]) for notice in notices if notice.ref in lines}


def _told(line: PairLine) -> Told:
    names = names_of(line.others)
    if line.kind == PairKind.BUDDY:
        title = _("%(names)s is your learning buddy", names=names)
        if len(line.others) > 1:
            title = _("%(names)s are your learning buddies", names=names)
        words = _("You have a room of your own. A first hello is a good start.")
    elif line.role == "mentor":
        title = _("You mentor %(names)s", names=names)
        words = _("Your room is open. Say when you could meet first.")
    else:
        title = _("%(names)s is your mentor", names=names)
        words = _("You have a room of your own. Say what you would like to learn first.")
    return Told(title, words, f"/spaces/{encode(line.space_id)}", "handshake")


def tell_of_parting(session: Session, viewer: Viewer, notices: Sequence[Notice]) -> Mapping[UUID, Told]:
    """Say that somebody whom the viewer worked with has left, and what stays. One statement."""
    rooms = queries.rooms_by_id(session, viewer, [notice.ref for notice in notices])
    found = {}
    for notice in notices:
        if notice.ref in rooms:
            space_id, ended = rooms[notice.ref]
            words = _("Your room stays, to read. Your program lead can find you somebody new.")
            if not ended:
                words = _("The others go on with you, in the same room.")
            title = _("Somebody you worked with has left the academy")
            found[notice.id] = Told(title, words, f"/spaces/{encode(space_id)}", "handshake")
    return found


NOTICE_KINDS = [NoticeKind(BUDDY, tell), NoticeKind(OFFER_ACCEPTED, tell), NoticeKind(PARTNER_LEFT, tell_of_parting)]
