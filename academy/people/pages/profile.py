"""One's own profile, display and blocks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from academy.kernel.access import Invalid
from academy.kernel.app import kernel
from academy.kernel.viewer import Viewer
from academy.people import actions, queries
from academy.people.engine import (
    ZONES,
)
from academy.people.schemas import DAY, BlockIn, DisplayIn, Hours, ProfileIn, WeekIn, hours_of
from academy.web import forms, i18n, shell
from academy.web.guards import guard
from academy.web.signed_in import viewer

blueprint = Blueprint("people", __name__)

LANGUAGES = (
    *("ar", "bg", "bn", "ca", "cs", "da", "de", "el", "en", "es", "et", "fa", "fi", "fr", "ga", "gu", "he", "hi", "hr"),
    *("hu", "id", "is", "it", "ja", "ko", "lt", "lv", "ms", "mt", "nb", "nl", "pl", "pt", "ro", "ru", "sk", "sl", "sr"),
    *("sv", "sw", "ta", "te", "th", "tl", "tr", "uk", "ur", "vi", "zh"),
)
"""Offered on the profile; whoever has another one keeps it."""

AREAS = ("Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")


@blueprint.get("/me")
@guard("people:self")
def profile() -> ResponseReturnValue:
    """Show one's own profile as a form."""
    return _profile_page(None, {})


@blueprint.post("/me")
@guard("people:self")
def change_profile() -> ResponseReturnValue:
    """Change one's own profile."""
    me = viewer()

    def done() -> ResponseReturnValue:
        sent, week = _read_profile()
        kernel().commit(
            lambda database: actions.change_profile(
                database,
                person_id=me.person_id,
                name=sent["name"].strip(),
                pronouns=sent["pronouns"].strip(),
                about=sent["about"].strip(),
                zone=sent["zone"],
                languages=sent["languages"],
                hours=week,
            )
        )
        flash(_("Your profile is saved."))
        return forms.see_other("/me")

    return forms.answer(done, _profile_page)


def _read_profile() -> tuple[dict[str, Any], Hours]:
    """Read both halves of the form, so that everything that is wrong is said at once."""
    errors: dict[str, list[str]] = {}
    sent: dict[str, Any] = {}
    hours: Hours = []
    try:
        sent = forms.read(ProfileIn)
        if not sent["name"].strip():
            errors["name"] = [_("Please fill this in.")]
    except Invalid as refusal:
        errors.update(refusal.errors)
    try:
        hours = hours_of(forms.read(WeekIn), sent.get("keep", []))
    except Invalid as refusal:
        errors.update(refusal.errors)
    if errors:
        raise Invalid(errors=errors)
    return sent, hours


def _profile_page(values: Mapping[str, str] | None, errors: Mapping[str, list[str]]) -> str:
    me = viewer()
    with kernel().reading() as database:
        found = queries.profile_for(database, me)
        blocked = queries.blocked_for(database, me)
        shell.load(database, me)
    form = request.form if values is not None else None
    shown = {name: getattr(found, name) for name in ("name", "pronouns", "about", "zone")}
    chosen = found.languages
    first, more = _rows(found.hours)
    kept = {code for code, *_rest in more}
    if form is not None:
        shown = {name: form.get(name, "") for name in shown}
        chosen = form.getlist("languages")
        first = {day: (form.get(f"from-{day}", ""), form.get(f"to-{day}", "")) for day in range(7)}
        kept = set(form.getlist("keep"))
    return render_template(
        "academy/people/profile.html",
        page="me",
        profile=found,
        shown=shown,
        languages=_languages({*found.languages, *chosen}),
        chosen=set(chosen),
        zones=_zones(shown["zone"]),
        days=i18n.weekdays(),
        names=dict(i18n.weekdays()),
        hours=first,
        more=more,
        kept=kept,
        another={name: form.get(name, "") if form else "" for name in ("day-more", "from-more", "to-more")},
        blocked=blocked,
        errors=errors,
        labels=_labels(),
    )


def _labels() -> dict[str, str]:
    """Name the fields for the list of what is wrong."""
    named = {"name": _("Display name"), "pronouns": _("Pronouns"), "about": _("About you"), "zone": _("Time zone")}
    days = {f"{end}-{day}": name for day, name in i18n.weekdays() for end in ("from", "to")}
    return {**named, **days}


def _rows(hours: Hours) -> tuple[dict[int, tuple[str, str] | None], list[tuple[str, int, str, str]]]:
    """Split a week into the first stretch of each day, which the table shows, and the ones beyond it."""
    first: dict[int, tuple[str, str] | None] = defaultdict(lambda: None)
    more = []
    for day, start, end in sorted(hours):
        if first[day] is None:
            first[day] = (_clock(start), _clock(end))
        else:
            more.append((f"{day}-{start}-{end}", day, _clock(start), _clock(end)))
    return first, more


def _clock(minute: int) -> str:
    return f"{minute % DAY // 60:02}:{minute % 60:02}"


def _languages(also: set[str]) -> list[tuple[str, str]]:
    names = i18n.locale().languages
    offered = {code: names.get(code.replace("-", "_"), code) for code in {*LANGUAGES, *also}}
    return sorted(offered.items(), key=lambda item: item[1].casefold())


def _zones(current: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the zones by part of the world, as (value, city)."""
    areas: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for name in sorted(ZONES):
        area, _slash, place = name.partition("/")
        if area in AREAS:
            areas[area].append((name, place.replace("_", " ").replace("/", ", ")))
    other = [(name, name) for name in dict.fromkeys(("UTC", current)) if name and name.partition("/")[0] not in AREAS]
    return [*areas.items(), (_("Other"), other)]


@blueprint.post("/me/display")
@guard("people:self")
def change_display() -> ResponseReturnValue:
    """Keep how pages look and sound for the viewer; a script that asked gets no page back."""
    me = viewer()
    sent = forms.read(DisplayIn)
    kernel().commit(
        lambda database: actions.set_display(
            database,
            person_id=me.person_id,
            theme=_or_system(sent["theme"]),
            contrast=_or_system(sent["contrast"]),
            announce=sent["announce"],
        )
    )
    if request.headers.get("X-Requested-With") == "fetch":
        return Response(status=204)
    return forms.see_other(forms.next_url("/me"))


def _or_system(choice: str) -> str:
    return "" if choice == "system" else choice


@blueprint.post("/me/blocks")
@guard("people:self")
def block() -> ResponseReturnValue:
    """Block somebody whom the viewer may meet."""
    me = viewer()
    blocked_id: UUID = forms.read(BlockIn)["person_id"]
    face = kernel().commit(lambda database: _block(database, me, blocked_id))
    flash(_("You have blocked %(name)s. They are not told, and you will not be matched.", name=face.name))
    return forms.see_other(forms.next_url("/me"))


def _block(database: Session, me: Viewer, blocked_id: UUID) -> queries.Face:
    face = queries.face_for(database, me, blocked_id)
    actions.block(database, person_id=me.person_id, blocked_id=blocked_id)
    return face


@blueprint.post("/me/blocks/<id:person_id>/remove")
@guard("people:self")
def unblock(person_id: UUID) -> ResponseReturnValue:
    """Take a block back."""
    me = viewer()
    kernel().commit(lambda database: actions.unblock(database, person_id=me.person_id, blocked_id=person_id))
    flash(_("The block is taken back."))
    return forms.see_other(forms.next_url("/me"))
