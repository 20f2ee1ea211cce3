"""More of everything that pages list, in the world of the doors."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from academy.accounts.actions import invitations, joining
from academy.kernel import clock
from academy.kernel.app import Kernel
from academy.kernel.ids import new_id
from academy.people import actions as people_actions
from academy.people.models import Role
from academy.skills import actions as skill_actions
from academy.skills.models import Skill
from cohorts.roster import actions as roster
from cohorts.workshops import actions as workshops
from forums.boards import actions as boards
from forums.posts import actions as posts
from mentoring.pairs import actions as pairs
from tests.factories import people
from tests.factories.world import written


def grow(kernel: Kernel, ids: dict[str, UUID], number: int) -> None:
    """Add so many of everything that pages list: people, messages, notices, workshops, cohorts, pairs, skills."""
    seen = {name: people.viewer(kernel, ids[name]) for name in ("learner", "peer", "mentor", "lead")}
    readers = [ids[name] for name in ("learner", "mentor", "lead")]

    def gather(session: Session) -> list[UUID]:
        made = [
            people_actions.add_person(session, email=f"{new_id().hex}@example.org", name=f"Person {n}").id
            for n in range(number)
        ]
        roster.enroll(session, viewer=seen["lead"], cohort_id=ids["cohort"], person_ids=made, role=Role.LEARNER)
        return made

    def talk(session: Session) -> None:
        for place, author in [("room", "peer"), ("pair_room", "mentor")] * number:
            posts.post(
                session,
                viewer=seen[author],
                space_id=ids[place],
                body_md="More to say.",
                body_html="<p>More to say.</p>",
                mentions=readers if place == "room" else [],
            )

    def ask(session: Session) -> None:
        for n in range(number):
            begun = boards.start(
                session,
                viewer=seen["learner" if n % 2 else "peer"],
                board_id=ids["board"],
                title=f"Question {n}",
                body_md="How?",
                body_html="<p>How?</p>",
            )
            posts.post(session, viewer=seen["mentor"], space_id=begun.id, body_md="So.", body_html="<p>So.</p>")
            posts.post(session, viewer=seen["peer"], space_id=ids["thread"], body_md="So.", body_html="<p>So.</p>")
            boards.open_board(session, viewer=seen["lead"], group_id=ids["cohort"], name=f"Board {n}")

    def pair_up(session: Session, new: list[UUID]) -> None:
        for person in new:
            for one, kind, role in (("learner", "buddy", Role.LEARNER), ("mentor", "mentorship", Role.MENTOR)):
                pairs.open_pair(
                    session,
                    kind=kind,
                    people={ids[one]: role, person: Role.LEARNER},
                    academy_group_id=ids["academy"],
                    cohort_group_id=ids["cohort"],
                )

    def more_cohorts(session: Session) -> None:
        made = [
            roster.create_cohort(
                session,
                viewer=seen["lead"],
                academy_group_id=ids["academy"],
                track_version_id=ids["track"],
                name=f"Cohort {n}",
                starts_on=clock.now().date(),
                zone="Europe/Berlin",
            ).id
            for n in range(number)
        ]
        for cohort in made:
            for name, role in (("learner", Role.LEARNER), ("mentor", Role.MENTOR), ("facilitator", Role.FACILITATOR)):
                roster.enroll(session, viewer=seen["lead"], cohort_id=cohort, person_ids=[ids[name]], role=role)
        for n in range(number):
            about = written(f"Workshop {n}", clock.now() + timedelta(hours=30 + n), ids)
            workshops.schedule(session, viewer=seen["lead"], group_id=made[0], **about)

    def learn(session: Session) -> None:
        for skill_id in session.scalars(select(Skill.id).order_by(Skill.label).limit(number)).all():
            skill_actions.set_skill(session, person_id=ids["learner"], skill_id=skill_id, level=2, source="self")
            skill_actions.set_goal(session, person_id=ids["learner"], skill_id=skill_id, level=3)

    def bring_in(session: Session) -> None:
        for _ in range(number):
            name = new_id().hex
            about = {"viewer": seen["lead"], "group_id": ids["cohort"]}
            invitations.invite(session, **about, address=f"{name}@example.org", name=name, role=Role.LEARNER)
            joining.make_link(session, **about, token=name, days=14, seats=5)

    new = kernel.commit(gather)
    with kernel.quiet("mail.send"):
        kernel.commit(bring_in)
    for work in (talk, ask, partial(pair_up, new=new), more_cohorts, learn):
        kernel.commit(work)
