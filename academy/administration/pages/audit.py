"""The page of the audit: the ledger in plain words."""

from __future__ import annotations

from collections.abc import Container, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from academy.administration import actions
from academy.administration.pages import words
from academy.administration.queries import audit, people
from academy.kernel.access import Missing
from academy.kernel.app import kernel
from academy.kernel.ids import encode
from academy.kernel.viewer import Viewer
from academy.people.policy import Right, may
from academy.privacy.pages import before_showing
from academy.web import forms, shell
from academy.web.guards import guard
from academy.web.signed_in import viewer

blueprint = Blueprint("audit", __name__)

MOST_NAMES = 10


@blueprint.get("/admin/audit")
@guard("people:settle")
def show() -> ResponseReturnValue:
    """Show what happened, newest first, perhaps for one kind, person, group or time. Looking is written down first."""
    me, sentences = viewer(), words.entry_words()
    wanted, errors = _wanted(me, sentences)
    before, who = forms.wanted_id("before"), forms.wanted_text("who")
    kernel().commit(
        lambda session: actions.look_at_audit(
            session, viewer=me, kind=wanted.kind, person_id=wanted.person_id, group_id=wanted.group_id
        )
    )
    with kernel().reading() as session:
        lines = people.people_by_name(session, wanted=who, most=MOST_NAMES)[0] if who else []
        found, more = audit.entries(session, wanted, before=before)
        named = {one for entry in found for value in entry.facts.values() for one in audit.ids_in(value)}
        named |= {entry.actor_id for entry in found if entry.actor_id}
        names = audit.names_of(session, named | ({wanted.person_id} if wanted.person_id else set()))
        groups = audit.groups_to_choose(session)
        shell.load(session, me)
    before_showing(me, "address", [line.face.id for line in lines])
    kept = {name: value for name, value in request.args.items() if name not in {"before", "who"} and value}
    return render_template(
        "academy/administration/audit.html",
        entries=[(entry, words.told(entry, names, sentences), words.when(entry.at)) for entry in found],
        older=f"/admin/audit?{urlencode({**kept, 'before': encode(found[-1].id)})}" if more else "",
        newest=f"/admin/audit?{urlencode(kept)}" if before else "",
        kinds=sorted(((kind, words.label_of(text)) for kind, text in sentences.items()), key=lambda one: one[1]),
        groups=[(encode(group_id), name) for group_id, name in groups],
        base="/admin/audit",
        person=(wanted.person_id, names.get(wanted.person_id, _("Somebody"))) if wanted.person_id else None,
        who=who,
        lines=[(line, f"/admin/audit?{urlencode({**kept, 'person': encode(line.face.id)})}") for line in lines],
        asked=request.args,
        narrowed=bool(kept),
        errors=errors,
        labels={"since": _("From"), "until": _("Until")},
        page="admin",
    )


TAB = shell.GroupTab(
    "audit",
    lambda: _("Audit"),
    lambda group_id: f"/audit?group={encode(group_id)}",
    90,
    lambda viewer, path: may(viewer, Right.CREATE_COHORT, path),
)


@blueprint.get("/audit")
@guard("cohorts:create")
def part() -> ResponseReturnValue:
    """Show what happened in the groups that the viewer leads, newest first. Looking is written down first."""
    me, kinds = viewer(), words.led_kinds()
    wanted, errors = _wanted(me, kinds)
    before = forms.wanted_id("before")
    kernel().commit(
        lambda session: actions.look_at_part(session, viewer=me, kind=wanted.kind, group_id=wanted.group_id)
    )
    with kernel().reading() as session:
        found, more = audit.entries_led(session, me, wanted, kinds, before=before)
        named = {one for entry in found for value in entry.facts.values() for one in audit.ids_in(value)}
        names = audit.names_of(session, named | {entry.actor_id for entry in found if entry.actor_id})
        groups = audit.groups_to_choose(session, led_by=me)
        shell.load(session, me)
    sentences = words.entry_words()
    kept = {name: request.args[name] for name in ("kind", "group", "since", "until") if request.args.get(name)}
    return render_template(
        "academy/administration/audit.html",
        entries=[(entry, words.told(entry, names, sentences), words.when(entry.at)) for entry in found],
        older=f"/audit?{urlencode({**kept, 'before': encode(found[-1].id)})}" if more else "",
        newest=f"/audit?{urlencode(kept)}" if before else "",
        kinds=sorted(((kind, words.label_of(sentences[kind])) for kind in kinds), key=lambda one: one[1]),
        groups=[(encode(group_id), name) for group_id, name in groups],
        base="/audit",
        asked=request.args,
        narrowed=bool(kept),
        errors=errors,
        labels={"since": _("From"), "until": _("Until")},
        page="cohorts",
    )


def _wanted(me: Viewer, kinds: Container[str]) -> tuple[audit.Wanted, Mapping[str, list[str]]]:
    """Read what is looked for; a date that can't be one is said and not asked about.

    A kind that is not among those told is no such page: what was looked for is written down, so it is never free text.
    """
    errors: dict[str, list[str]] = {}
    bounds: dict[str, Any] = {}
    for name, days in (("since", 0), ("until", 1)):
        text = request.args.get(name, "")
        if text:
            try:
                day = datetime.fromisoformat(text).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
                bounds[name] = (day + timedelta(days=days)).replace(tzinfo=ZoneInfo(me.zone))
            except (ValueError, OverflowError):
                errors[name] = [_("Write a date such as 2027-01-18.")]
    kind = request.args.get("kind", "")
    if kind and kind not in kinds:
        raise Missing
    person_id: UUID | None = forms.wanted_id("person")
    return audit.Wanted(kind=kind, person_id=person_id, group_id=forms.wanted_id("group"), **bounds), errors
