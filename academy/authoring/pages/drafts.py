"""Pages of one draft: what is in it, its head, how learners will see it, publishing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from academy.authoring import engine, queries
from academy.authoring.actions import drafts
from academy.authoring.engine import Remark
from academy.authoring.pages.tracks import file_of
from academy.authoring.queries import ActivityLine, DraftDetail
from academy.authoring.schemas import DraftHeadIn, VersionIn
from academy.kernel import clock, offload
from academy.kernel.access import Conflict, Invalid
from academy.kernel.app import kernel
from academy.skills import queries as skills
from academy.skills.pages import unknown
from academy.tracks.engine import LONGEST_BODY, MOST_SKILLS, Pack
from academy.tracks.pages import begin_at, cues_of
from academy.tracks.queries.practised import Practised
from academy.tracks.queries.walking import Plan, Stage, Step, Task
from academy.web import forms, markup, shell
from academy.web.guards import guard
from academy.web.signed_in import viewer

blueprint = Blueprint("drafts", __name__)


@blueprint.get("/drafts/<id:draft_id>")
@guard("tracks:author")
def show(draft_id: UUID) -> ResponseReturnValue:
    """Show a draft, what it lacks and what could be better."""
    return _draft(draft_id, {})


def _draft(draft_id: UUID, errors: Mapping[str, list[str]]) -> str:
    me = viewer()
    with kernel().reading() as session:
        draft = queries.draft_for(session, me, draft_id)
        known = queries.ids_of(session, draft.skills)
        shell.load(session, me)
    pack = draft.pack
    return render_template(
        "academy/authoring/draft.html",
        draft=draft,
        known=known,
        lacks=[_said(draft, remark) for remark in engine.missing(pack, known)],
        better=[_said(draft, remark) for remark in engine.lint(pack)],
        errors=errors,
        page="tracks",
    )


def _said(draft: DraftDetail, remark: Remark) -> tuple[str, str, str]:
    """Say a remark in words: what it is about, the sentence, and the page where it can be mended."""
    module = draft.modules[remark.module] if remark.module is not None else None
    activity = module.activities[remark.activity] if module and remark.activity is not None else None
    if activity:
        place, url = activity.title, url_for("draft_parts.activity", activity_id=activity.id)
    elif module:
        place, url = module.title, url_for("draft_parts.module", module_id=module.id)
    else:
        place, url = draft.title, url_for("drafts.edit", draft_id=draft.id)
    if remark.code == "no-skill":
        return place, unknown(draft.skills[remark.number]), url
    words = {
        "skill-twice": _("Two of its skills are the same one, by its name and by its key. Take one of them out."),
        "no-summary": _("The line about it is empty."),
        "no-modules": _("There is no module yet."),
        "no-activities": _("There is no activity in this module yet."),
        "no-body": _("The text is empty."),
        "no-video": _("The video is not here yet. Upload it."),
        "no-captions": _(
            "The video has no captions yet. Without them it leaves out who can’t hear it; so it waits for them."
        ),
        "late-week": _("It is in week %(n)s, after the track’s last week.", n=remark.number),
        "lesson-length": _("%(n)s minutes. Lessons of 5 to 10 minutes fit into most working days.", n=remark.number),
        "long-text": _("Reading this takes about %(n)s minutes, longer than it says.", n=remark.number),
        "live-length": _("%(n)s minutes. Most live workshops take 15 to 120.", n=remark.number),
        "no-reflection": _("Nothing here asks for a reflection, which is where reading becomes doing."),
        "empty-week": _("Week %(n)s has no module.", n=remark.number),
        "full-week": _("Week %(n)s asks for more than two hours.", n=remark.number),
    }
    return place, words[remark.code], url


@blueprint.get("/drafts/<id:draft_id>/edit")
@guard("tracks:author")
def edit(draft_id: UUID) -> ResponseReturnValue:
    """Show the form for the head of a draft."""
    draft = _found(draft_id)
    values = {"title": draft.title, "summary": draft.summary, "weeks": draft.weeks, "version": draft.version}
    values["skills"] = "\n".join(draft.skills)
    return _head(draft, values, {})


def _found(draft_id: UUID) -> DraftDetail:
    me = viewer()
    with kernel().reading() as session:
        shell.load(session, me)
        return queries.draft_for(session, me, draft_id)


def _head(draft: DraftDetail, values: Mapping[str, Any], errors: Mapping[str, list[str]]) -> str:
    return render_template(
        "academy/authoring/head.html", draft=draft, values=values, errors=errors, most=MOST_SKILLS, page="tracks"
    )


@blueprint.post("/drafts/<id:draft_id>/edit")
@guard("tracks:author")
def change(draft_id: UUID) -> ResponseReturnValue:
    """Change the head of a draft. Who was slower sees their words again, beside what is there now."""
    me = viewer()

    def done() -> ResponseReturnValue:
        sent = forms.read(DraftHeadIn)
        kernel().commit(
            lambda session: drafts.edit(
                session,
                viewer=me,
                draft_id=draft_id,
                version=sent["version"],
                title=sent["title"],
                summary=sent["summary"],
                weeks=sent["weeks"],
                skills=sent["skills"],
            )
        )
        return forms.see_other(url_for("drafts.show", draft_id=draft_id))

    return forms.answer_compared(done, lambda: _found(draft_id), _head, _changed)


def _changed(now: DraftDetail) -> tuple[int, str]:
    return now.version, _(
        "Somebody has changed this draft meanwhile; the track is now called “%(title)s”. What you wrote is "
        "kept here and not saved. Save again to put it over theirs.",
        title=now.title,
    )


@blueprint.post("/drafts/<id:draft_id>/publish")
@guard("tracks:author")
def publish(draft_id: UUID) -> ResponseReturnValue:
    """Publish a draft as the next version of its track."""
    me = viewer()

    def done() -> ResponseReturnValue:
        version = forms.read(VersionIn)["version"]
        draft = _found(draft_id)
        if draft.version != version:
            raise Conflict(drafts.CHANGED)
        bodies = offload.run(rendered, draft.pack)
        made = kernel().commit(
            lambda session: drafts.publish(session, viewer=me, draft_id=draft_id, version=version, bodies=bodies)
        )
        flash(
            _("Version %(n)s is published. Cohorts that run stay on theirs until they are moved.", n=made.number),
            "good",
        )
        return forms.see_other(url_for("authoring.show", track_id=made.track_id))

    try:
        return forms.answer(done, lambda _values, errors: _draft(draft_id, errors))
    except Conflict:
        detail = _("Somebody has changed this draft since you opened it. Look at it again; nothing was published.")
        return _draft(draft_id, {"_": [detail]}), 409


def rendered(pack: Pack) -> dict[tuple[str, str], str]:
    """Render all texts of a pack: HTML by (module key, activity key)."""
    bodies = {}
    for module in pack.modules:
        for activity in module.activities:
            try:
                html = markup.render(activity.body, headings_from=2, limit=LONGEST_BODY)
            except Invalid as refusal:
                detail = f"{activity.title}: {refusal.detail}"
                raise Invalid(detail) from refusal
            bodies[module.key, activity.key] = html
    return bodies


@blueprint.post("/drafts/<id:draft_id>/discard")
@guard("tracks:author")
def discard(draft_id: UUID) -> ResponseReturnValue:
    """Throw a draft away."""
    me = viewer()
    version = forms.read(VersionIn)["version"]
    kernel().commit(lambda session: drafts.discard(session, viewer=me, draft_id=draft_id, version=version))
    flash(_("The draft is gone. What was published before is as it was."), "good")
    return forms.see_other(url_for("authoring.index"))


@blueprint.get("/drafts/<id:draft_id>/pack")
@guard("tracks:author")
def download(draft_id: UUID) -> ResponseReturnValue:
    """Give a draft as a pack file."""
    return file_of(_found(draft_id).pack)


@blueprint.get("/drafts/<id:draft_id>/preview")
@guard("tracks:author")
def preview(draft_id: UUID) -> ResponseReturnValue:
    """Show a draft as its learners will see the track."""
    me = viewer()
    with kernel().reading() as session:
        draft = queries.draft_for(session, me, draft_id)
        known = skills.named(session, draft.skills)
        shell.load(session, me)
    plan = Plan(
        delivery_id=draft.id,
        group_id=draft.group_id,
        group_name=_("Your cohort"),
        title=draft.title,
        summary=draft.summary,
        weeks=draft.weeks,
        week=1,
        starts_on=clock.now().date(),
        stages=tuple(
            Stage(
                m.title,
                m.summary,
                m.icon,
                m.week,
                tuple(Step(a.id, a.kind, a.title, a.summary, a.minutes, done=False) for a in m.activities),
            )
            for m in draft.modules
        ),
        skills=tuple(Practised(known[name].id, known[name].label) for name in draft.skills if name in known),
    )
    return render_template("academy/tracks/track.html", plan=plan, draft=draft, page="tracks")


@blueprint.get("/draft-activities/<id:activity_id>/preview")
@guard("tracks:author")
def preview_activity(activity_id: UUID) -> ResponseReturnValue:
    """Show an activity of a draft as its learners will see it."""
    me = viewer()
    with kernel().reading() as session:
        draft, module, activity = queries.activity_for(session, me, activity_id)
        shell.load(session, me)
    html = offload.run(lambda: markup.render(activity.body, headings_from=2, limit=LONGEST_BODY))
    task = _task(draft, module.title, [a.id for a in module.activities], activity, html)
    return render_template(
        "academy/tracks/activity.html",
        task=task,
        beside=[],
        text="",
        cues=cues_of(task.captions),
        begin=begin_at(),
        draft=draft,
        errors={},
        page="tracks",
    )


def _task(draft: DraftDetail, module: str, siblings: list[UUID], activity: ActivityLine, html: str) -> Task:
    order = [a.id for m in draft.modules for a in m.activities]
    place = order.index(activity.id)
    return Task(
        id=activity.id,
        kind=activity.kind,
        title=activity.title,
        summary=activity.summary,
        minutes=activity.minutes,
        body_html=html,
        module_title=module,
        delivery_id=draft.id,
        group_id=draft.group_id,
        track_title=draft.title,
        done=False,
        reflection="",
        position=siblings.index(activity.id) + 1,
        count=len(siblings),
        following=order[place + 1] if place + 1 < len(order) else None,
        recording=activity.recording,
        captions=activity.captions,
    )
