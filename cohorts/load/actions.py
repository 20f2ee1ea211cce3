"""The one verb on load data: write it, in bulk and all of it or nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Table as SqlTable
from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from academy.careers import actions as careers
from academy.kernel import bulk
from academy.kernel.access import Conflict, Invalid
from academy.kernel.db import Table, learn
from academy.kernel.ledger import subjects_of
from academy.people import actions as people
from academy.people.models import GroupKind, Person
from academy.people.queries import organization
from academy.skills import actions as skills
from academy.skills.models import Skill
from academy.tracks import actions as tracks
from academy.tracks import engine as track_engine
from academy.tracks.engine import read_pack
from academy.tracks.models import Activity, TrackPart
from academy.web import markup
from cohorts.load.engine.boards import Board
from cohorts.load.engine.population import OF_A_COHORT, Population, Room, Size, Somebody, academies_of, domain, populate
from cohorts.load.engine.rows import Ground, Row, settling
from cohorts.load.engine.talk import talking

BATCH = 20_000
"""Rows that are gathered before they are written."""
PACK = Path(track_engine.__file__).parent / "packs" / "leading-with-empathy.toml"
Said = Callable[[str], None]


def load(
    session: Session, *, size: Size, now: datetime, passwords: dict[str, str], into_existing: bool, said: Said
) -> Population:
    """Write an academy of a given size and return who is in it.

    It is what a lived academy's tables hold: logs without gaps, reading positions, notices, the ledger. Nobody
    is sent mail, and no reminder is promised. `passwords` are hashes by address. Raises `Invalid` for a size that
    makes no academy, `Conflict` where people are already, or where this very load data is.
    """
    if size.people < OF_A_COHORT * size.cohorts:
        detail = f"{size.cohorts} cohorts need at least {OF_A_COHORT * size.cohorts} people."
        raise Invalid(detail)
    if session.scalar(select(Person.id).limit(1)) is not None and not into_existing:
        detail = "There are people here. Load data goes into an empty database, or anywhere with --into-existing."
        raise Conflict(detail)
    if session.scalar(select(Person.id).where(Person.email_key == f"admin@{domain(size.seed)}")) is not None:
        detail = f"The load data of seed {size.seed} is here already. Choose another --seed."
        raise Conflict(detail)
    skills.load_framework(session)
    top = organization(session) or people.open_group(session, kind=GroupKind.ORGANIZATION, name="Load data")
    homes = [
        people.open_group(session, kind=GroupKind.ACADEMY, name=f"Load academy {n + 1}", parent_id=top.id).id
        for n in range(academies_of(size))
    ]
    pack = read_pack(PACK.read_text("utf-8"))
    bodies = {
        (m.key, a.key): markup.render(a.body, headings_from=2, limit=40_000) for m in pack.modules for a in m.activities
    }
    versions = [tracks.publish(session, group_id=home, pack=pack, bodies=bodies).id for home in homes]
    ground = Ground(
        skills=list(session.scalars(select(Skill.id).where(Skill.kind != "group").order_by(Skill.key))),
        versions=versions,
        activities=[_activities(session, version) for version in versions],
        passwords=passwords,
    )
    session.flush()
    made = populate(size, now, top.id, homes)
    said(f"Writing {len(made.people)} people in {len(made.classes)} cohorts and {len(made.pairs)} pairs...")
    with bulk.room(session):
        _write(session, settling(made, ground))
        said(f"Writing {size.posts} posts...")
        _write(session, talking(made))
        _close(session, made)
    careers.complete(session)
    learn(session)
    return made


def _activities(session: Session, version_id: Any) -> list[tuple[Any, str, int]]:
    rows = session.execute(
        select(Activity.id, Activity.kind, TrackPart.week)
        .join(TrackPart, TrackPart.module_version_id == Activity.module_version_id)
        .where(TrackPart.track_version_id == version_id)
        .order_by(TrackPart.week, TrackPart.position, Activity.position)
    )
    return [(row.id, row.kind, row.week) for row in rows]


def _write(session: Session, rows: Iterable[Row]) -> None:
    """Write rows in bulk, batch by batch; within a batch tables come in the order of their references."""
    waiting: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for number, (name, row) in enumerate(rows, 1):
        waiting[name].append(row)
        if name == "ledger":
            waiting["ledger_subjects"] += [
                {"subject_id": subject, "entry_id": row["id"]} for subject in subjects_of(row["facts"])
            ]
        if number % BATCH == 0:
            _flush(session, waiting)
    _flush(session, waiting)


def _flush(session: Session, waiting: dict[str, list[dict[str, Any]]]) -> None:
    for table in Table.metadata.sorted_tables:
        if waiting.get(table.name):
            bulk.write(session, table, waiting.pop(table.name))


def _close(session: Session, made: Population) -> None:
    """Let each log know its last number, and each space what lists show of it."""
    logs: SqlTable = Table.metadata.tables["logs"]
    bump = update(logs).where(logs.c.id == bindparam("log")).values(head_seq=bindparam("head"))
    numbered: list[Somebody | Room | Board] = [*made.people, *made.rooms, *made.boards]
    heads = [{"log": one.id, "head": one.seq} for one in numbered if one.seq]
    if heads:
        session.connection().execute(bump, heads)
    spaces: SqlTable = Table.metadata.tables["spaces"]
    names: dict[str, Any] = {"replies": bindparam("count"), "last_at": bindparam("at"), "last_by": bindparam("by")}
    names["solved_no"] = bindparam("solved")
    shown = [
        {"space": room.id, "count": room.replies, "at": room.last_at, "by": room.last_by, "solved": room.solved_no}
        for room in made.rooms
        if room.no
    ]
    if shown:
        session.connection().execute(update(spaces).where(spaces.c.id == bindparam("space")).values(names), shown)
