"""Home, the people one shares a cohort with, and the page of one of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from academy.accounts.pages import words
from academy.accounts.queries import incoming
from academy.administration.queries import house
from academy.careers.queries import standing
from academy.kernel import clock
from academy.kernel.app import kernel
from academy.kernel.ids import decode, encode
from academy.people import policy
from academy.people import queries as people
from academy.people.models import Role
from academy.people.policy import Right
from academy.privacy.pages import before_showing
from academy.skills import queries as skills
from academy.tracks.queries import published
from academy.tracks.queries import walking as tracks
from academy.web import i18n, pictures, shell
from academy.web.guards import guard
from academy.web.signed_in import viewer
from cohorts.home import queries
from cohorts.home.engine import Kind, NextStep, Situation, next_step
from cohorts.roster import queries as roster
from cohorts.workshops.engine import times
from cohorts.workshops.queries import listing as workshops
from forums.spaces.queries import rooms as spaces
from mentoring.matches.queries import offered
from mentoring.pairs import queries as pairs

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from academy.kernel.viewer import Viewer

blueprint = Blueprint("home", __name__)

LOOKED = 20
"""Of how many workshops, the next ones, and rooms, the liveliest, the first that wants something is looked for."""
WEEK = 8
"""How many workshops of a week are shown."""

CLOSE = 5
"""How many people's working hours are drawn beside a workshop."""


@dataclass(frozen=True)
class Strip:
    """Working hours around one workshop: geometry, the people with their local times, and the same in words."""

    picture: pictures.OverlapStrip
    people: list[tuple[str, str]]
    sentence: str


@dataclass(frozen=True)
class StepLabel:
    """A module on the journey picture."""

    name: str
    line: str
    icon: str
    url: str


@dataclass(frozen=True)
class Beginning:
    """A step of setting an organization up."""

    name: str
    line: str
    url: str
    done: bool


@blueprint.get("/")
@guard("people:home")
def home() -> ResponseReturnValue:
    """Answer "what now?", then show the journey, this week, one's people and rooms."""
    me = viewer()
    now = clock.now()
    with kernel().reading() as session:
        shell.load(session, me)
        cohorts = roster.own_cohorts(session, me)
        walked = [c for c in cohorts if c.id in policy.granting(me, Right.LEARN)]
        learning = [c for c in walked if Role.LEARNER in me.roles.get(c.id, ())] or walked
        plan = tracks.plan_for(session, me, learning[0].delivery_id) if learning else None
        week = workshops.workshops_for(session, me, since=now, until=now + timedelta(days=7), limit=LOOKED)
        rooms = spaces.rooms_page(session, me, LOOKED).items
        mine = pairs.pairs_of(session, me)
        offers = offered.offers_for(session, me)
        strips = _strips(session, me, week[:WEEK], [face for pair in mine for face in pair.others])
        unsaid = _unsaid(session, me) if plan and not mine else False
        begun = house.beginnings_for(session, me) if policy.granting(me, Right.SETTLE) else None
        homes = [] if cohorts or begun else policy.granting(me, Right.CREATE_COHORT)
        written = bool(homes) and bool(published.tracks_in(session, roster.academies_below(session, homes)))
        led = (
            [] if cohorts or not policy.granting(me, Right.SEE_ROSTER) else roster.cohorts_for(session, me, limit=1)[0]
        )
    learns = plan is not None and Role.LEARNER in me.roles.get(plan.group_id, ())
    step = next_step(
        Situation(
            live_workshop=next((w.id for w in week if w.starts_at - timedelta(minutes=10) <= now), None),
            pending_offer=next((o.offer_id for o in offers), None),
            unanswered_workshop=next((w.id for w in week if w.answer == "invited"), None),
            next_activity=plan.next_step[1].id if learns and plan is not None and plan.next_step else None,
            unread_room=next((r.id for r in rooms if r.unread), None),
            led_cohort=next((c.id for c in [*cohorts, *led]), None),
        )
    )
    setting_up = _setting_up(begun) if begun and step.kind in {Kind.QUIET, Kind.COHORT} else []
    if homes and step.kind is Kind.QUIET:
        setting_up = _opening(written)
    return render_template(
        "cohorts/home/home.html",
        greeting=_greeting(me, now),
        step=step,
        lead=_("Your academy takes shape. One step is next.") if setting_up else _lead(step, len(week)),
        setting_up=setting_up,
        plan=plan,
        learns=learns,
        journey=pictures.journey(len(plan.stages), None if all(s.complete for s in plan.stages) else plan.current)
        if plan and plan.stages and learns
        else None,
        labels=_labels(plan) if plan else [],
        cohorts=[*cohorts, *led],
        week=week,
        drawn=WEEK,
        strips=strips,
        rooms=rooms,
        pairs=mine,
        unsaid=unsaid,
        offers=offers,
        now=now,
        page="home",
    )


def _unsaid(session: Session, me: Viewer) -> bool:
    """Say whether the viewer has left out what people are matched by: their languages or their hours."""
    own = me.person_id
    return not (people.languages_of(session, [own])[own] and people.availability_of(session, [own])[own])


def _greeting(me: Viewer, now: datetime) -> str:
    hour = i18n.local(now, me.zone).hour
    first = (me.name.split() or [me.name])[0]
    if hour < 5:
        return _("Hello, %(name)s", name=first)
    if hour < 12:
        return _("Good morning, %(name)s", name=first)
    if hour < 18:
        return _("Good afternoon, %(name)s", name=first)
    return _("Good evening, %(name)s", name=first)


def _setting_up(begun: house.Beginnings) -> list[Beginning]:
    """Return the steps from an empty organization to its first cohort; none once all are done."""
    academy = f"/admin/academies/{encode(begun.leaderless_id)}" if begun.leaderless_id else "/admin/academies"
    steps = [
        Beginning(_("Open an academy"), _("It keeps the tracks."), "/admin/academies", bool(begun.academy_id)),
        Beginning(_("Bring people in"), _("By invitation, by a link or from a file."), "/admin/people", begun.people),
        Beginning(
            _("Appoint a lead"),
            _("They run the academy and read its rooms; you do not."),
            academy,
            bool(begun.academy_id) and begun.leaderless_id is None,
        ),
        *_opening(begun.tracks, begun.cohorts),
    ]
    return [] if all(step.done for step in steps) else steps


def _opening(written: bool, run: bool = False) -> list[Beginning]:
    """Return the steps to the first cohort, which are a lead's as well as an admin's."""
    return [
        Beginning(_("Publish a track"), _("What people will learn, week by week."), "/tracks", written),
        Beginning(_("Create a cohort"), _("A dated run of a track, with its room."), "/cohorts/new", run),
    ]


def _lead(step: NextStep, meetings: int) -> str:
    if step.kind is Kind.JOIN:
        return _("Your workshop is open. People are arriving.")
    if step.kind is Kind.OFFER:
        return _("Somebody would like to learn with you.")
    if step.kind is Kind.QUIET:
        return _("Nothing is waiting for you. Enjoy the quiet.")
    if step.kind is Kind.STEP:
        return _("You have one small thing to do today. Everything else can wait.")
    return (
        _("One thing would be good to look at.") if meetings else _("A quiet week. One thing would be good to look at.")
    )


def _labels(plan: tracks.Plan) -> list[StepLabel]:
    track = url_for("tracks.show", delivery_id=plan.delivery_id)
    return [
        StepLabel(
            name=stage.title,
            line=_("%(done)s of %(count)s done", done=stage.done, count=len(stage.steps))
            if 0 < stage.done < len(stage.steps)
            else _("Week %(week)s", week=stage.week),
            icon=stage.icon,
            url=f"{track}#m{number}",
        )
        for number, stage in enumerate(plan.stages, 1)
    ]


def _strips(
    session: Session, me: Viewer, week: list[workshops.WorkshopLine], close: list[people.Face]
) -> dict[UUID, Strip]:
    """Draw the working hours of the viewer, their people and the facilitator around each workshop. One statement."""
    own = people.Face(me.person_id, me.name, "", me.zone)
    hours = people.availability_of(session, [f.id for f in [own, *close, *(w.facilitator for w in week)]])
    drawn: dict[UUID, Strip] = {}
    for workshop in week:
        shown = list({f.id: f for f in [own, *close, workshop.facilitator]}.values())[:CLOSE]
        event = (workshop.starts_at, workshop.starts_at + timedelta(minutes=workshop.minutes))
        day = times.day_around(workshop.starts_at, me.zone)
        working = [times.working(day, hours[face.id], face.zone) for face in shown]
        outside = [
            _("you") if face.id == me.person_id else face.name.split()[0]
            for face, spans in zip(shown, working, strict=True)
            if not times.covers(spans, event)
        ]
        sentence = (
            _("Outside the working hours of: %(names)s.", names=", ".join(outside))
            if outside
            else _("It falls inside everybody's working hours.")
        )
        labels = [
            (
                f"{_('You') if face.id == me.person_id else face.name.split()[0]}, {i18n.city(face.zone)}",
                i18n.time_of(workshop.starts_at, face.zone),
            )
            for face in shown
        ]
        said = "; ".join(f"{who}: {at}" for who, at in labels)
        drawn[workshop.id] = Strip(pictures.overlap(day, event, working), labels, f"{said}. {sentence}")
    return drawn


@blueprint.get("/people")
@guard("people:meet")
def everybody() -> ResponseReturnValue:
    """List whom the viewer shares a cohort with, by name; `after` goes on with the next page."""
    wanted = request.args.get("q", "").strip()[:60]
    after = decode(request.args["after"]) if request.args.get("after") else None
    with kernel().reading() as session:
        found, more = queries.neighbours_for(session, viewer(), wanted=wanted, after=after)
        invites = incoming.houses_for(session, viewer())
    return render_template(
        "cohorts/home/people.html",
        found=found,
        more=more,
        after=after,
        q=wanted,
        roles=words.role_names(),
        now=clock.now(),
        may_settle=bool(policy.granting(viewer(), Right.SETTLE)),
        invites=invites,
        page="people",
    )


@blueprint.get("/people/<id:person_id>")
@guard("people:meet")
def person(person_id: UUID) -> ResponseReturnValue:
    """Show somebody whom the viewer may meet: their words, what they can help with, where they are."""
    me = viewer()
    with kernel().reading() as session:
        found = queries.neighbour_for(session, me, person_id)
        held = skills.skills_of(session, [person_id])[person_id]
        spoken = people.languages_of(session, [person_id])[person_id]
        stands = None if person_id == me.person_id else standing.standing_for(session, me, person_id)
        shared = next((p for p in pairs.pairs_of(session, me) if person_id in {f.id for f in p.others}), None)
        shell.load(session, me)
    before_showing(me, "page", [person_id])
    names = i18n.locale().languages
    return render_template(
        "cohorts/home/person.html",
        person=found,
        about=found.about,
        skills=[s for s in held if s.level >= 3],
        languages=[_language(code, names) for code in spoken],
        blocked=found.blocked,
        may_settle=bool(policy.granting(me, Right.SETTLE)),
        pair=shared,
        stands=stands,
        own=person_id == me.person_id,
        roles=words.role_names(),
        now=clock.now(),
        page="people",
    )


def _language(code: str, names: Mapping[str, str]) -> str:
    return names.get(code.replace("-", "_")) or names.get(code.partition("-")[0], code)
