"""Pages of work and mail: what waits, what failed, what was sent, and trying the mail server out."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from academy.administration import actions
from academy.administration.adapters import post_office
from academy.administration.pages import words
from academy.administration.queries import house, work
from academy.kernel import mail
from academy.kernel.app import kernel
from academy.kernel.mail import Letter
from academy.web import forms, shell
from academy.web.guards import guard
from academy.web.signed_in import viewer

blueprint = Blueprint("work", __name__)

TRIALS = "5 per 5 minute"


@blueprint.get("/admin/jobs")
@guard("people:settle")
def jobs() -> ResponseReturnValue:
    """Show the work that is not done: set aside, in hand, waiting."""
    me = viewer()
    with kernel().reading() as session:
        house.organization_for(session, me)
        load = work.load_of(session)
        found = work.open_work(session)
        shell.load(session, me)
    return render_template(
        "academy/administration/jobs.html", load=load, lines=_lines(found), most=work.MOST, page="admin"
    )


def _lines(found: list[work.Work]) -> list[dict[str, object]]:
    names, letters = words.job_words(), words.letter_words()
    return [
        {
            "job": job,
            "name": names.get(job.kind, words.spaced(job.kind)),
            "about": letters.get(job.about, _("A letter")) if job.recipient else "",
            "problem": post_office.explained(job.error) if job.error or job.failed_at else "",
            "said": post_office.quoted(job.error),
            "due": words.when(job.run_at),
            "aside": words.when(job.failed_at) if job.failed_at else "",
        }
        for job in found
    ]


@blueprint.post("/admin/jobs/retry")
@guard("people:settle")
def retry_all() -> ResponseReturnValue:
    """Have everything tried again that was set aside."""
    me = viewer()
    count = kernel().commit(lambda session: actions.retry_jobs(session, viewer=me))
    flash(ngettext("%(num)s is tried again now.", "%(num)s are tried again now.", count))
    return forms.see_other("/admin/jobs")


@blueprint.post("/admin/jobs/<id:job_id>/retry")
@guard("people:settle")
def retry(job_id: UUID) -> ResponseReturnValue:
    """Have one thing tried again now."""
    me = viewer()
    kernel().commit(lambda session: actions.retry_jobs(session, viewer=me, job_id=job_id))
    flash(_("It is tried again now. Open this page again in a moment to see what became of it."))
    return forms.see_other(forms.next_url("/admin/jobs"))


@blueprint.post("/admin/jobs/<id:job_id>/set-aside")
@guard("people:settle")
def set_aside(job_id: UUID) -> ResponseReturnValue:
    """Leave something undone until somebody has it tried again."""
    me = viewer()
    kernel().commit(lambda session: actions.set_job_aside(session, viewer=me, job_id=job_id))
    flash(_("It is set aside. You can have it tried again for 90 days."))
    return forms.see_other(forms.next_url("/admin/jobs"))


@blueprint.get("/admin/mail")
@guard("people:settle")
def letters() -> ResponseReturnValue:
    """Show which letters wait and which were sent. Looking at one person's letters is written down first."""
    me = viewer()
    person_id, before = forms.wanted_id("person"), forms.wanted_id("before")
    if person_id is not None:
        kernel().commit(lambda session: actions.look_at_mail(session, viewer=me, person_id=person_id))
    with kernel().reading() as session:
        house.organization_for(session, me)
        address = work.address_of(session, person_id) if person_id else ""
        waiting = [] if person_id or before else work.open_work(session, kind=mail.KIND)
        sent, more = work.sent_mail(session, address=address, before=before)
        shell.load(session, me)
    names = words.letter_words()
    return render_template(
        "academy/administration/mail.html",
        waiting=_lines(waiting),
        sent=[(one, names.get(one.about, _("A letter")), words.when(one.at)) for one in sent],
        more=more,
        person_id=person_id,
        address=address,
        further=before is not None,
        where=post_office.where(kernel()),
        page="admin",
    )


@blueprint.post("/admin/mail/test")
@guard("people:settle")
def try_out() -> ResponseReturnValue:
    """Send the viewer a letter now and say what the mail server said."""
    me = viewer()
    with kernel().reading() as session:
        name = house.organization_for(session, me).name
        address = work.address_of(session, me.person_id)
    kernel().limits.hit(TRIALS, "mail-trial", str(me.person_id))
    letter = Letter(
        about="trial",
        to_name=me.name,
        to_address=address,
        subject=_("A test letter from %(academy)s", academy=name),
        text=_(
            "Hello %(name)s,\n\nthis letter shows that mail from %(academy)s arrives.\n", name=me.name, academy=name
        ),
    )
    outcome = post_office.try_out(kernel(), letter)
    kernel().commit(
        lambda session: actions.note_trial(
            session, person_id=me.person_id, letter=letter, message=outcome.message, taken=outcome.taken
        )
    )
    if outcome.taken:
        flash(_("A letter to %(address)s was %(where)s.", address=address, where=post_office.where(kernel())))
    else:
        said = f"{post_office.explained(outcome.problem)} {post_office.quoted(outcome.problem)}"
        flash(said, "error")
    return forms.see_other("/admin/mail")
