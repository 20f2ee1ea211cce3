"""One proposed match as the lead's page shows it: who, why, what it is worth to each, and what may be decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from flask_babel import gettext as _

from academy.kernel.ids import encode
from academy.web import i18n
from mentoring.matches.models import MatchState, RunState
from mentoring.matches.pages import explanation
from mentoring.pairs.models import PairKind

if TYPE_CHECKING:
    from academy.kernel.viewer import Viewer
    from academy.people.queries import Face
    from mentoring.matches.queries.proposed import MatchLine, RunLine


@dataclass(frozen=True)
class Card:
    """A proposed pair as the page shows it. `tag` is what became of it as (text, tone, icon), if anything.

    `pair` are the two ids by which something is decided about them, empty for three and for the viewer's own;
    `choice` is what was decided.
    """

    faces: list[tuple[Face, str]]
    reasons: list[explanation.Reason]
    pairs: list[str]
    scores: list[explanation.Score]
    tag: tuple[str, str, str] | None
    pair: str
    choice: str


def card(line: MatchLine, run: RunLine, me: Viewer, choices: Mapping[frozenset[UUID], str]) -> Card:
    """Prepare one match; `choices` are what was decided about each two people."""
    faces = [face for face, _role in line.people]
    mentorship = run.kind == PairKind.MENTORSHIP
    trio = len(line.parts) > 1
    return Card(
        faces=[(face, _role_name(role)) for face, role in line.people],
        reasons=explanation.reasons(
            line.parts,
            faces,
            week=run.settings.get("week", ""),
            zone=me.zone,
            about=faces[0].id if mentorship else None,
        ),
        pairs=explanation.by_pair(line.parts, {face.id: face for face in faces}) if trio else [],
        scores=[explanation.score(one, {str(face.id): face.name for face in faces}) for one in line.parts],
        tag=_tag(line, run, mentorship=mentorship),
        pair="" if trio or me.person_id in {face.id for face in faces} else " ".join(encode(face.id) for face in faces),
        choice=choices.get(frozenset(face.id for face in faces), ""),
    )


def _role_name(role: str) -> str:
    return {"mentor": _("mentor"), "learner": _("learner"), "buddy": _("buddy")}[role]


def _tag(line: MatchLine, run: RunLine, *, mentorship: bool) -> tuple[str, str, str] | None:
    if line.state == MatchState.SETTLED:
        return (_("Accepted"), "good", "check") if mentorship else (_("Room open"), "good", "check")
    if line.state == MatchState.OFFERED and line.expires_at is not None:
        return _("Asked, answer by %(day)s", day=i18n.short_day(line.expires_at)), "warm", "hourglass"
    if line.state == MatchState.ENDED:
        return _("Ended"), "", "info"
    if line.state == MatchState.DROPPED:
        return (_("Nobody left to ask"), "", "info") if mentorship else (_("No longer fits"), "", "info")
    if run.state == RunState.PUBLISHED:
        return _("Nobody is being asked"), "", "info"
    return None
