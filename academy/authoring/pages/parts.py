"""Pages of the modules and activities of a draft: one page each, everything kept when something is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from marshmallow import EXCLUDE, ValidationError

from academy.authoring import queries
from academy.authoring.actions import parts
from academy.authoring.actions.parts import ActivityText
from academy.authoring.queries import ActivityLine, DraftDetail, ModuleLine
from academy.authoring.schemas import ActivityIn, ModuleIn, MoveIn, VersionIn
from academy.kernel.access import Conflict, Invalid
from academy.kernel.app import kernel
from academy.kernel.payloads import invalid
from academy.tracks.engine import ICONS, VIDEO
from academy.web import forms, shell
from academy.web.guards import guard
from academy.web.signed_in import viewer

blueprint = Blueprint("draft_parts", __name__)

Errors = Mapping[str, list[str]]

AT_ONCE = 3
MOST_AT_ONCE = 12
FIELDS = ("kind", "title", "summary", "minutes", "body")
USUAL = {"reading": "7", "video": "5", "reflection": "5", "workshop": "60"}


def _kinds() -> list[tuple[str, str]]:
    return [
        ("reading", _("Reading")),
        ("video", _("Video")),
        ("reflection", _("Reflection")),
        ("workshop", _("Live workshop")),
    ]


def _icons() -> list[tuple[str, str]]:
    words = {
        "book": _("Book"),
        "ear": _("Ear"),
        "speech": _("Speech bubble"),
        "eye": _("Eye"),
        "pen": _("Pen"),
        "lightbulb": _("Light bulb"),
        "search": _("Magnifying glass"),
        "target": _("Target"),
        "users": _("People"),
        "handshake": _("Handshake"),
        "shield": _("Shield"),
        "flag": _("Flag"),
    }
    return [(icon, words[icon]) for icon in ICONS]


@blueprint.get("/drafts/<id:draft_id>/modules/new")
@guard("tracks:author")
def new_module(draft_id: UUID) -> ResponseReturnValue:
    """Show the form for a new module with its first activities."""
    draft = _draft(draft_id)
    week = min(max((m.week for m in draft.modules), default=0) + 1, draft.weeks)
    values = {"week": str(week)}
    for number, kind in enumerate(("reading", "reflection", "workshop")):
        values |= {f"kind-{number}": kind, f"minutes-{number}": USUAL[kind]}
    return _new_module(draft, values, {}, AT_ONCE)


def _draft(draft_id: UUID) -> DraftDetail:
    me = viewer()
    with kernel().reading() as session:
        shell.load(session, me)
        return queries.draft_for(session, me, draft_id)


def _new_module(draft: DraftDetail, values: Mapping[str, Any], errors: Errors, count: int) -> str:
    return render_template(
        "academy/authoring/module_new.html",
        draft=draft,
        values=values,
        errors=errors,
        places=count,
        more=count < MOST_AT_ONCE,
        kinds=_kinds(),
        icons=_icons(),
        page="tracks",
    )


def _count() -> int:
    sent = request.form.get("parts", "")
    return min(int(sent), MOST_AT_ONCE) if sent.isascii() and sent.isdecimal() and len(sent) < 3 else AT_ONCE


@blueprint.post("/drafts/<id:draft_id>/modules")
@guard("tracks:author")
def create_module(draft_id: UUID) -> ResponseReturnValue:
    """Add a module with its first activities, or show one more place for an activity."""
    me = viewer()
    count = _count()
    if "more" in request.form:
        return _new_module(_draft(draft_id), request.form, {}, min(count + 1, MOST_AT_ONCE))

    def done() -> ResponseReturnValue:
        sent, texts = _module_and_texts(count)
        kernel().commit(
            lambda session: parts.add_module(
                session,
                viewer=me,
                draft_id=draft_id,
                title=sent["title"],
                summary=sent["summary"],
                icon=sent["icon"],
                week=sent["week"],
                activities=texts,
            )
        )
        flash(_("The module is in the draft."), "good")
        return forms.see_other(url_for("drafts.show", draft_id=draft_id))

    return forms.answer(done, lambda values, errors: _new_module(_draft(draft_id), values, errors, count))


def _module_and_texts(count: int) -> tuple[dict[str, Any], list[ActivityText]]:
    """Read a module and its activities from one form; all that is wrong is said at once."""
    errors: dict[str, list[str]] = {}
    sent: dict[str, Any] = {}
    try:
        sent = forms.read(ModuleIn)
    except Invalid as refusal:
        errors |= refusal.errors
    texts = []
    for number in range(count):
        raw = {name: request.form.get(f"{name}-{number}", "") for name in FIELDS}
        raw = {name: value.replace("\r\n", "\n").replace("\0", "") for name, value in raw.items()}
        if not any(raw[name].strip() for name in ("title", "summary", "body")):
            continue
        try:
            loaded = ActivityIn(unknown=EXCLUDE).load(raw)
        except ValidationError as error:
            errors |= {f"{name}-{number}": said for name, said in invalid(error).errors.items()}
        else:
            texts.append(_text(loaded))
    if errors:
        raise Invalid(errors=errors)
    return sent, texts


def _text(loaded: Mapping[str, Any]) -> ActivityText:
    return ActivityText(**{name: loaded[name] for name in FIELDS})


@blueprint.get("/draft-modules/<id:module_id>")
@guard("tracks:author")
def module(module_id: UUID) -> ResponseReturnValue:
    """Show a module of a draft: its form and its activities."""
    draft, found = _found_module(module_id)
    values = {name: getattr(found, name) for name in ("title", "summary", "icon", "week", "version")}
    return _module_page(draft, found, values, {})


def _found_module(module_id: UUID) -> tuple[DraftDetail, ModuleLine]:
    me = viewer()
    with kernel().reading() as session:
        shell.load(session, me)
        return queries.module_for(session, me, module_id)


def _module_page(draft: DraftDetail, found: ModuleLine, values: Mapping[str, Any], errors: Errors) -> str:
    return render_template(
        "academy/authoring/module.html",
        draft=draft,
        module=found,
        values=values,
        errors=errors,
        icons=_icons(),
        page="tracks",
    )


@blueprint.post("/draft-modules/<id:module_id>")
@guard("tracks:author")
def change_module(module_id: UUID) -> ResponseReturnValue:
    """Change a module. Who was slower sees their words again."""
    me = viewer()

    def done() -> ResponseReturnValue:
        sent = forms.read(ModuleIn)
        kernel().commit(lambda session: parts.edit_module(session, viewer=me, module_id=module_id, **sent))
        flash(_("Saved in the draft."), "good")
        return forms.see_other(url_for("draft_parts.module", module_id=module_id))

    def again(found: tuple[DraftDetail, ModuleLine], values: Mapping[str, Any], errors: Errors) -> str:
        return _module_page(*found, values, errors)

    return forms.answer_compared(done, lambda: _found_module(module_id), again, _changed)


def _changed(found: tuple[DraftDetail, ModuleLine]) -> tuple[int, str]:
    _draft_around, now = found
    return now.version, _(
        "Somebody has changed this module meanwhile; it is now called “%(title)s”: %(summary)s What you wrote "
        "is kept here and not saved. Save again to put it over theirs.",
        title=now.title,
        summary=now.summary,
    )


@blueprint.post("/draft-modules/<id:module_id>/move")
@guard("tracks:author")
def move_module(module_id: UUID) -> ResponseReturnValue:
    """Move a module one place."""
    me = viewer()
    to = forms.read(MoveIn)["to"]
    kernel().commit(lambda session: parts.move_module(session, viewer=me, module_id=module_id, to=to))
    draft, _module = _found_module(module_id)
    return forms.see_other(url_for("drafts.show", draft_id=draft.id, _anchor="modules"))


@blueprint.post("/draft-modules/<id:module_id>/remove")
@guard("tracks:author")
def remove_module(module_id: UUID) -> ResponseReturnValue:
    """Remove a module with its activities."""
    me = viewer()
    version = forms.read(VersionIn)["version"]
    draft_id = kernel().commit(
        lambda session: parts.remove_module(session, viewer=me, module_id=module_id, version=version)
    )
    flash(_("The module is out of the draft. Published versions keep it."), "good")
    return forms.see_other(url_for("drafts.show", draft_id=draft_id))


@blueprint.get("/draft-modules/<id:module_id>/activities/new")
@guard("tracks:author")
def new_activity(module_id: UUID) -> ResponseReturnValue:
    """Show the form for a new activity."""
    draft, found = _found_module(module_id)
    kind = request.args.get("kind", "reading")
    kind = kind if kind in USUAL else "reading"
    return activity_page(draft, found, None, {"kind": kind, "minutes": USUAL[kind]}, {})


def activity_page(
    draft: DraftDetail,
    around: ModuleLine,
    found: ActivityLine | None,
    values: Mapping[str, Any],
    errors: Errors,
    theirs: ActivityLine | None = None,
) -> str:
    """Render the page of an activity, or of a new one."""
    return render_template(
        "academy/authoring/activity.html",
        draft=draft,
        module=around,
        activity=found,
        theirs=theirs,
        values=values,
        errors=errors,
        kinds=_kinds(),
        most=kernel().settings.media_mb,
        page="tracks",
    )


@blueprint.post("/draft-modules/<id:module_id>/activities")
@guard("tracks:author")
def create_activity(module_id: UUID) -> ResponseReturnValue:
    """Add an activity."""
    me = viewer()

    def done() -> ResponseReturnValue:
        text = _text(forms.read(ActivityIn))
        made = kernel().commit(lambda session: parts.add_activity(session, viewer=me, module_id=module_id, text=text))
        if text.kind == VIDEO:
            flash(_("The activity is in the draft. Now upload the video and its captions."), "good")
            return forms.see_other(url_for("draft_parts.activity", activity_id=made, _anchor="video"))
        flash(_("The activity is in the draft."), "good")
        return forms.see_other(url_for("draft_parts.module", module_id=module_id))

    return forms.answer(done, lambda values, errors: activity_page(*_found_module(module_id), None, values, errors))


@blueprint.get("/draft-activities/<id:activity_id>")
@guard("tracks:author")
def activity(activity_id: UUID) -> ResponseReturnValue:
    """Show an activity of a draft."""
    draft, around, found = found_activity(activity_id)
    return activity_page(draft, around, found, values_of(found), {})


def values_of(found: ActivityLine) -> dict[str, Any]:
    """Return what the form of an activity begins with."""
    return {name: getattr(found, name) for name in (*FIELDS, "version")}


def found_activity(activity_id: UUID) -> tuple[DraftDetail, ModuleLine, ActivityLine]:
    """Return an activity of a draft with what is around it."""
    me = viewer()
    with kernel().reading() as session:
        shell.load(session, me)
        return queries.activity_for(session, me, activity_id)


@blueprint.post("/draft-activities/<id:activity_id>")
@guard("tracks:author")
def change_activity(activity_id: UUID) -> ResponseReturnValue:
    """Change an activity. Who was slower sees their words again, beside what is saved now."""
    me = viewer()

    def done() -> ResponseReturnValue:
        sent = forms.read(ActivityIn)
        text, version = _text(sent), sent["version"]
        kernel().commit(
            lambda session: parts.edit_activity(session, viewer=me, activity_id=activity_id, version=version, text=text)
        )
        flash(_("Saved in the draft."), "good")
        _draft_around, around, _now = found_activity(activity_id)
        return forms.see_other(url_for("draft_parts.module", module_id=around.id))

    try:
        return forms.answer(done, lambda values, errors: activity_page(*found_activity(activity_id), values, errors))
    except Conflict:
        draft, around, now = found_activity(activity_id)
        detail = _(
            "Somebody has changed this activity meanwhile. What you wrote is kept here and not saved; what they "
            "wrote stands below it. Save again to put yours over theirs."
        )
        values = {**request.form, "version": str(now.version)}
        return activity_page(draft, around, now, values, {"_": [detail]}, theirs=now), 409


@blueprint.post("/draft-activities/<id:activity_id>/move")
@guard("tracks:author")
def move_activity(activity_id: UUID) -> ResponseReturnValue:
    """Move an activity one place in its module."""
    me = viewer()
    to = forms.read(MoveIn)["to"]
    kernel().commit(lambda session: parts.move_activity(session, viewer=me, activity_id=activity_id, to=to))
    _draft_around, around, _now = found_activity(activity_id)
    return forms.see_other(url_for("draft_parts.module", module_id=around.id, _anchor="activities"))


@blueprint.post("/draft-activities/<id:activity_id>/remove")
@guard("tracks:author")
def remove_activity(activity_id: UUID) -> ResponseReturnValue:
    """Remove an activity."""
    me = viewer()
    version = forms.read(VersionIn)["version"]
    module_id = kernel().commit(
        lambda session: parts.remove_activity(session, viewer=me, activity_id=activity_id, version=version)
    )
    flash(_("The activity is out of the draft. Published versions keep it."), "good")
    return forms.see_other(url_for("draft_parts.module", module_id=module_id))
