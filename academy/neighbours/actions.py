"""Verbs on what is computed from the skill graph."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert
from sqlalchemy.orm import Session

from academy.kernel import clock
from academy.kernel.events import emit
from academy.neighbours import queries
from academy.neighbours.events import GraphChanged, TogetherChanged
from academy.neighbours.models import GraphState, SkillNeighbour, SkillsTogether

AT_ONCE = 5_000


def compute(session: Session) -> None:
    """Have nearest skills computed now, such as after a framework was loaded."""
    emit(session, GraphChanged(actor_id=None))


def count(session: Session) -> None:
    """Have counted now which skills go together, such as after a track was published that names some."""
    emit(session, TogetherChanged(actor_id=None))


def keep_together(session: Session, pairs: Sequence[Sequence[str]]) -> bool:
    """Keep which skills go together here, given as pairs of keys; says whether that is new."""
    ids = {key: skill_id for skill_id, key, _ in queries.seeds(session)}
    known = [(a, b) for a, b in pairs if a in ids and b in ids]
    version = hashlib.sha256(json.dumps(known).encode()).hexdigest()[:12] if known else ""
    if version == queries.state(session, queries.TOGETHER):
        return False
    session.execute(delete(SkillsTogether))
    if known:
        session.execute(insert(SkillsTogether), [{"skill_id": ids[a], "related_id": ids[b]} for a, b in known])
    _note(session, queries.TOGETHER, version)
    emit(session, GraphChanged(actor_id=None))
    return True


def write_near(
    session: Session, walk: str, near: Mapping[str, Sequence[Any]], known: Mapping[str, tuple[UUID, str]]
) -> None:
    """Write nearest skills that do not count yet: those of some seeds, under the name of a walk.

    `near` is as the engine answers: for each key a list of [key, nearness, [[key, relation, back], ...]]; `known` has
    the id and name of each key.
    """

    def way(steps: Sequence[Any]) -> list[Any]:
        return [[known[key][0].hex, known[key][1], relation, back] for key, relation, back in steps]

    rows = [
        {
            "skill_id": known[seed][0],
            "walk": walk,
            "position": position,
            "near_id": known[key][0],
            "nearness": nearness,
            "way": way(steps),
        }
        for seed, found in near.items()
        for position, (key, nearness, steps) in enumerate(found)
    ]
    if rows:
        session.execute(insert(SkillNeighbour), rows)


def keep_near(session: Session, version: str, walk: str) -> bool:
    """Let the rows of a walk count, in the place of all others, unless the graph is another by now; says which."""
    same = queries.graph_version(session) == version
    if same:
        _note(session, queries.NEIGHBOURS, version)
        _note(session, queries.WALK, walk)
        session.flush()
    session.execute(delete(SkillNeighbour).where(SkillNeighbour.walk != queries.state(session, queries.WALK)))
    return same


def forget(session: Session, skill_ids: Sequence[UUID]) -> None:
    """Let go of what was computed about skills that are to be removed."""
    for table, columns in (
        (SkillNeighbour, (SkillNeighbour.skill_id, SkillNeighbour.near_id)),
        (SkillsTogether, (SkillsTogether.skill_id, SkillsTogether.related_id)),
    ):
        for column in columns:
            for at in range(0, len(skill_ids), AT_ONCE):
                session.execute(delete(table).where(column.in_(skill_ids[at : at + AT_ONCE])))


def _note(session: Session, name: str, version: str) -> None:
    session.merge(GraphState(name=name, version=version, at=clock.now()))
