"""Workshops past and coming, and how far each learner has walked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from academy.tracks import actions as tracks
from academy.tracks.queries import walking as track_queries
from academy.web import markup
from cohorts.roster.seeds.opening import seats
from cohorts.roster.seeds.story import Story, World
from cohorts.workshops import actions as workshops

ANSWERED, APART = timedelta(minutes=30), timedelta(minutes=7)
"""How long after a workshop was scheduled its first answer comes, and each of the others after the one before."""


def schedule_workshops(world: World, story: Story, told: Mapping[str, Any]) -> None:
    """Let leads schedule the workshops of the script, and people answer them."""
    for workshop in told["workshops"]:
        cohort = workshop["cohort"]
        wall, asked = scheduled(workshop, begun=world.starts[cohort], now=world.now)
        html = markup.render(workshop["agenda"])
        made: dict[str, UUID] = {}

        def schedule(
            session: Session, workshop: Any = workshop, wall: Any = wall, html: str = html, made: Any = made
        ) -> None:
            host = world.viewer(session, world.leads[workshop["cohort"]])
            done = workshops.schedule(
                session,
                viewer=host,
                group_id=world.cohorts[workshop["cohort"]],
                title=workshop["title"],
                agenda_md=workshop["agenda"],
                agenda_html=html,
                wall_start=wall.strftime("%Y-%m-%dT%H:%M"),
                zone=workshop["zone"],
                minutes=workshop["minutes"],
                venue_url=workshop["venue"],
                capacity=workshop["capacity"],
                facilitator_id=world.people[workshop["facilitator"]],
                activity_id=_activity(world, session, workshop),
            )
            made["id"] = done.id

        story.add(asked, schedule)
        answers = [
            (k, s)
            for s, word in (("going", "going"), ("maybe", "maybe"), ("declined", "declined"))
            for k in workshop[word]
        ]
        for number, (key, state) in enumerate(answers):

            def answer(session: Session, key: str = key, state: str = state, made: Any = made) -> None:
                workshops.answer(session, viewer=world.viewer(session, key), workshop_id=made["id"], state=state)

            story.add(asked + ANSWERED + number * APART, answer)


def scheduled(workshop: Mapping[str, Any], *, begun: datetime, now: datetime) -> tuple[datetime, datetime]:
    """Return when a workshop is, on the clocks of its zone, and the instant at which a lead schedules it.

    `begun` is when its cohort begins: people are enrolled before that, and nothing is scheduled before they are.
    """
    zone = ZoneInfo(workshop["zone"])
    day = _working_day(now.astimezone(zone).date() + timedelta(days=workshop["days_from_now"]), workshop)
    wall = datetime.combine(day, time.fromisoformat(workshop["time"]))
    at = wall.replace(tzinfo=zone).astimezone(UTC)
    asked = min(at - timedelta(days=6), now - timedelta(days=2))
    return wall, max(asked, begun - timedelta(days=2))


def _working_day(day: Any, workshop: Mapping[str, Any]) -> Any:
    """Move a coming workshop from a weekend to Monday, a past one to the Friday before."""
    over = day.weekday() - 4
    if over <= 0:
        return day
    return day + timedelta(days=3 - over) if workshop["days_from_now"] > 0 else day - timedelta(days=over)


def _activity(world: World, session: Session, workshop: Mapping[str, Any]) -> UUID | None:
    """Find the activity of the track that a workshop belongs to, by its title in the pack."""
    wanted = workshop.get("activity")
    if not wanted:
        return None
    return track_queries.activity_of(session, world.cohorts[workshop["cohort"]], wanted)


def learn(world: World, story: Story, told: Mapping[str, Any]) -> None:
    """Let learners walk their track: most are about where their cohort is, some before, some behind."""
    for cohort, start in world.starts.items():
        weeks = (world.now - start).days // 7
        learners = [key for key, role in seats(told, cohort) if role == "learner"]
        for number, key in enumerate(learners):
            ahead = weeks + (0, 0, -1, 0, 1, 0, 0)[number % 7]
            story.do(world.now - timedelta(days=1), partial(_walk, world, cohort, key, ahead))


def _walk(world: World, cohort: str, key: str, weeks: int) -> None:
    group_id = world.cohorts[cohort]

    def work(session: Session) -> None:
        viewer = world.viewer(session, key)
        delivery_id = track_queries.delivery_of(session, group_id)
        if delivery_id is None:
            return
        plan = track_queries.plan_for(session, viewer, delivery_id)
        begun = [stage for stage in plan.stages if stage.week == weeks + 1][:1]
        for stage in plan.stages:
            if stage.week > weeks and stage not in begun:
                continue
            for number, step in enumerate(stage.steps):
                if stage in begun and number >= 2:
                    break
                if step.kind == "reflection":
                    text = "I noticed it twice this week, once in time."
                    tracks.reflect(session, viewer=viewer, activity_id=step.id, body=text)
                else:
                    tracks.complete(session, viewer=viewer, activity_id=step.id)

    world.kernel.commit(work)
