"""Jobs of the skill graph: what goes together is counted, daily and when a track says so; what is near is computed.

Both count in the matcher process, so that no server waits for it.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from academy.kernel import offload
from academy.kernel.ids import new_id
from academy.kernel.jobs import JobKind
from academy.neighbours import actions, queries
from academy.neighbours.reactions import AGAIN, COUNT

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy.orm import Session

    from academy.kernel.app import Kernel

WALK = "academy.neighbours.engine.walking:near"
TOGETHER = "academy.neighbours.engine.together:counted"
LIMIT = 8
"""Nearest skills that are kept of each skill."""
AT_ONCE = 1_000
"""Seeds of one request: matching waits a second or two for it, not longer."""
WRITTEN = 200
"""Skills whose neighbours are written in one transaction."""


def _read(session: Session, _payload: dict[str, Any]) -> dict[str, Any] | None:
    """Read nothing when what is near is known already of this version of the graph."""
    version = queries.graph_version(session)
    if version == queries.state(session, queries.NEIGHBOURS):
        return None
    return {"version": version, "seeds": queries.seekable(session)}


def _walk(kernel: Kernel, _job_id: UUID, value: dict[str, Any]) -> dict[str, Any] | None:
    """Have everything computed, and write it down bit by bit: a large framework has a hundred thousand rows."""
    near: dict[str, Any] = {}
    for at in range(0, len(value["seeds"]), AT_ONCE):
        asked = {"graph_version": value["version"], "seeds": value["seeds"][at : at + AT_ONCE], "limit": LIMIT}
        try:
            found = offload.solve(WALK, asked)
        except offload.SolveFailed as failure:
            if failure.kind != "UnknownGraph":
                raise
            # Only a matcher process that is new, or has met other graphs since, asks for the graph itself.
            with kernel.reading() as session:
                graph = queries.graph(session)
            if graph["version"] != value["version"]:
                return None  # it changed meanwhile, and that has promised its own work
            found = offload.solve(WALK, {**asked, "graph": graph})
        near |= found["near"]
    with kernel.reading() as session:
        known = {key: (skill_id, label) for skill_id, key, label in queries.seeds(session)}
        if queries.graph_version(session) != value["version"]:
            return None
    walk, keys = new_id().hex, list(near)
    for at in range(0, len(keys), WRITTEN):
        part = {key: near[key] for key in keys[at : at + WRITTEN]}
        kernel.commit(partial(actions.write_near, walk=walk, near=part, known=known))
    return {"version": value["version"], "walk": walk}


def _keep(session: Session, _payload: dict[str, Any], value: dict[str, Any] | None) -> None:
    if value is not None:
        actions.keep_near(session, value["version"], value["walk"])


def _people(session: Session, _payload: dict[str, Any]) -> list[list[str]]:
    return queries.held_together(session)


def _count(kernel: Kernel, _job_id: UUID, people: list[list[str]]) -> list[list[str]]:
    with kernel.reading() as session:
        named = queries.named_together(session, kernel.slots(queries.GoTogether))
    found: list[list[str]] = offload.solve(TOGETHER, {"people": people, "named": named})["pairs"]
    return found


def _together(session: Session, _payload: dict[str, Any], pairs: list[list[str]]) -> None:
    actions.keep_together(session, pairs)


JOBS = [
    JobKind(AGAIN, read=_read, outside=_walk, apply=_keep),
    JobKind("neighbours.near", read=_read, outside=_walk, apply=_keep, every=timedelta(hours=1)),
    JobKind(COUNT, read=_people, outside=_count, apply=_together),
    JobKind("neighbours.together", read=_people, outside=_count, apply=_together, every=timedelta(days=1)),
]
