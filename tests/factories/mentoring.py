"""Makers of mentors, learners and proposals, on a small framework of skills."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from uuid import UUID

from sqlalchemy import select

from academy.kernel.app import Kernel
from academy.kernel.ids import new_id
from academy.people import actions as people_actions
from academy.people.models import GroupKind, Role
from academy.skills import queries as skills
from academy.skills.models import Framework, Skill, SkillLink
from mentoring.matches.actions import offers, runs
from mentoring.matches.actions.asking import request_for
from mentoring.matches.engine import solve
from mentoring.matches.models import Offer, Run
from mentoring.pairs.models import Pair
from mentoring.profiles.actions import offer_mentoring
from tests.factories import people
from tests.factories.skills import has, wants

TUESDAY = (1, 9 * 60, 12 * 60)
OFFICE = [(day, 9 * 60, 17 * 60) for day in range(5)]

SKILLS = {
    "haskell": ("Haskell", "knowledge"),
    "fp": ("functional programming", "knowledge"),
    "sql": ("SQL", "knowledge"),
    "models": ("data models", "knowledge"),
    "listening": ("listen actively", "skill"),
    "group": ("programming", "group"),
}
LINKS = [
    ("haskell", "fp", "broader_skill"),
    ("sql", "models", "essential"),
    ("haskell", "group", "broader_group"),
    ("sql", "group", "broader_group"),
]

_numbers = count(1)


def framework(kernel: Kernel) -> None:
    """Load a framework of five skills; its version is never used twice, as the matcher knows it by that."""

    def work(session):
        made = Framework(id=new_id(), key="small", version=f"{new_id().hex}", name="Small", licence="For tests only.")
        session.add(made)
        session.flush()
        ids = {}
        for key, (label, kind) in SKILLS.items():
            skill = Skill(id=new_id(), framework_id=made.id, key=key, label=label, kind=kind)
            session.add(skill)
            ids[key] = skill.id
        session.flush()
        for a, b, relation in LINKS:
            session.add(SkillLink(skill_id=ids[a], related_id=ids[b], relation=relation))

    kernel.commit(work)


@dataclass
class World:
    """An academy with one cohort, its lead and an admin."""

    kernel: Kernel
    academy: UUID
    cohort: UUID
    lead: UUID
    admin: UUID
    names: dict[UUID, str] = field(default_factory=dict)

    def viewer(self, person_id: UUID):
        """Return somebody as they look at things now."""
        return people.viewer(self.kernel, person_id)


def world(kernel: Kernel, *, skilled: bool = True) -> World:
    """Make an academy with one cohort, its lead and an admin."""
    if skilled:
        framework(kernel)
    top = people.group(kernel, GroupKind.ORGANIZATION, "Fernhill")
    academy = people.group(kernel, GroupKind.ACADEMY, "Fernhill Academy", top)
    cohort = people.group(kernel, GroupKind.COHORT, "Kestrel", academy)
    lead = people.member(kernel, cohort, people.person(kernel, "Ling Chen", zone="UTC"), Role.LEAD)
    admin = people.member(kernel, top, people.person(kernel, "Dana Kaplan", zone="UTC"), Role.ADMIN)
    return World(kernel, academy, cohort, lead, admin)


def beside(made: World, name: str) -> World:
    """Make another cohort of the same academy, with the same lead."""
    cohort = people.group(made.kernel, GroupKind.COHORT, name, made.academy)
    people.member(made.kernel, cohort, made.lead, Role.LEAD)
    return World(made.kernel, made.academy, cohort, made.lead, made.admin)


def joins(made: World, person: UUID, role: str) -> None:
    """Let somebody who is in another cohort be in this one too."""
    people.member(made.kernel, made.cohort, person, role)


def _person(
    made: World,
    name: str,
    role: str,
    *,
    zone: str = "UTC",
    knows: Mapping[str, int] | None = None,
    seeks: Mapping[str, int] | None = None,
    hours: Sequence[tuple[int, int, int]] = (TUESDAY,),
    languages: Sequence[str] = ("en",),
) -> UUID:
    kernel = made.kernel
    person = people.member(kernel, made.cohort, people.person(kernel, name, zone=zone), role)
    made.names[person] = name

    def work(session):
        people_actions.set_hours(session, person_id=person, hours=hours)
        people_actions.set_languages(session, person_id=person, languages=languages)

    kernel.commit(work)
    has(kernel, person, knows or {})
    wants(kernel, person, seeks or {})
    return person


def learner(made: World, name: str = "", *, seeks: Mapping[str, int] | None = None, **more) -> UUID:
    """Enroll a learner who, unless told otherwise, wants Haskell 3 and works on Tuesday mornings (UTC)."""
    return _person(
        made,
        name or f"Learner {next(_numbers)}",
        Role.LEARNER,
        seeks={"Haskell": 3} if seeks is None else seeks,
        **more,
    )


def mentor(made: World, name: str = "", *, capacity: int = 1, knows: Mapping[str, int] | None = None, **more) -> UUID:
    """Make a mentor who, unless told otherwise, has functional programming 4 and one place."""
    person = _person(
        made,
        name or f"Mentor {next(_numbers)}",
        Role.MENTOR,
        knows={"functional programming": 4} if knows is None else knows,
        **more,
    )
    places(made, person, capacity)
    return person


def places(made: World, person: UUID, capacity: int) -> None:
    """Let a mentor say for how many people they have room."""
    made.kernel.commit(
        lambda s: offer_mentoring(s, person_id=person, group_id=made.academy, capacity=capacity, offers="Patience.")
    )


def asked(made: World, kind: str) -> UUID:
    """Let the lead ask for a run; nothing solves it yet."""
    viewer = made.viewer(made.lead)
    return made.kernel.commit(lambda s: runs.ask_run(s, viewer=viewer, group_id=made.cohort, kind=kind))


def answer_of(made: World, run_id: UUID):
    """Work a run out in this process, and return what is kept of it: the answer, the week and the weights."""
    with made.kernel.reading() as session:
        value = request_for(session, run_id)
        graph = skills.graph(session)
    request = value["request"]
    answer = solve({**request, "ask": {**request["ask"], "graph": graph}})
    return {"answer": answer, **{name: value[name] for name in ("week", "weights", "floor")}}


def proposed(made: World, kind: str) -> UUID:
    """Let the lead ask, and the matcher answer."""
    run_id = asked(made, kind)
    answer = answer_of(made, run_id)
    made.kernel.commit(lambda s: runs.keep_answer(s, run_id=run_id, **answer))
    return run_id


def version_of(made: World, run_id: UUID) -> int:
    """Return a run's version."""
    with made.kernel.reading() as session:
        return session.get(Run, run_id).version


def publish(made: World, run_id: UUID, version: int | None = None) -> bool:
    """Let the lead publish a run."""
    viewer = made.viewer(made.lead)
    wanted = version_of(made, run_id) if version is None else version
    return made.kernel.commit(lambda s: runs.publish(s, viewer=viewer, run_id=run_id, version=wanted)) is not None


def published(made: World, kind: str) -> UUID:
    """Let the lead ask, the matcher answer, and the lead publish."""
    run_id = proposed(made, kind)
    publish(made, run_id)
    return run_id


def offers_to(made: World, person: UUID) -> list[Offer]:
    """Return every offer ever made to somebody, the oldest first."""
    with made.kernel.reading() as session:
        return list(session.scalars(select(Offer).where(Offer.person_id == person).order_by(Offer.id)))


def accept(made: World, offer: Offer, version: int | None = None) -> Pair:
    """Let whoever was asked say yes."""
    viewer = made.viewer(offer.person_id)
    return made.kernel.commit(
        lambda s: offers.accept(
            s, viewer=viewer, offer_id=offer.id, version=offer.version if version is None else version
        )
    )


def decline(made: World, offer: Offer, reason: str = "", version: int | None = None) -> None:
    """Let whoever was asked say no."""
    viewer = made.viewer(offer.person_id)
    made.kernel.commit(
        lambda s: offers.decline(
            s,
            viewer=viewer,
            offer_id=offer.id,
            version=offer.version if version is None else version,
            reason=reason,
        )
    )


def settled(made: World) -> None:
    """Do what is due now, such as asking somebody else after a no."""
    made.kernel.runner.run_due()
