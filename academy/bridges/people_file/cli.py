"""`academy people import` and `academy people export`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import click
from sqlalchemy import select

from academy.accounts.queries.incoming import standing
from academy.bridges.people_file import actions
from academy.bridges.people_file.engine import sheets
from academy.bridges.people_file.queries import planning, writing
from academy.bridges.people_file.queries.slots import Column
from academy.kernel.cli import one_line, opened
from academy.people import queries as people
from academy.people.models import Membership, Person, Role

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.orm import Session

    from academy.bridges.people_file.queries.slots import Plan
    from academy.kernel.app import Kernel
    from academy.kernel.viewer import Viewer

NOT_AN_ADMIN = "Only an admin of the organization brings people in and out."
MOST_FILE = 50 * 1024 * 1024
AS = click.option(
    "--as",
    "address",
    default="",
    metavar="ADDRESS",
    help="the admin on whose behalf; to be said when there are several",
)


@click.group("people")
def group() -> None:
    """Bring people in from a CSV file, and write them to one."""


@group.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="say what would change, and change nothing")
@click.option("--skip-bad-rows", is_flag=True, help="leave out rows that can't be used instead of refusing the file")
@click.option("--invite", is_flag=True, help="write to everybody who is new, with a link to their first password")
@AS
def bring_in(file: Path, *, dry_run: bool, skip_bad_rows: bool, invite: bool, address: str) -> None:
    """Add and change people as FILE says. See docs/people-csv.md for its columns."""
    if file.stat().st_size > MOST_FILE:
        message = f"{file.name} is larger than {MOST_FILE >> 20} MB: bring it in in parts."
        raise click.ClickException(message)
    body = file.read_bytes()
    with opened() as kernel, one_line(NOT_AN_ADMIN):
        more = kernel.slots(Column)
        sheet = sheets.read(body, {column.name: column.also for column in more})
        viewer = admin(kernel, address)
        if dry_run:
            make = planning.plan_without_bad_rows if skip_bad_rows else planning.plan_for
            with kernel.reading() as session:
                plan = make(session, viewer, sheet, more)
        else:
            with kernel.reading() as session:
                plan = planning.plan_for(session, viewer, sheet, more)
            if skip_bad_rows or not plan.problems:
                plan = kernel.commit(
                    lambda session: actions.bring_in(
                        session,
                        viewer=viewer,
                        sheet=sheet,
                        more=more,
                        body=body,
                        skip_bad_rows=skip_bad_rows,
                        invite=invite,
                        proved=True,  # whoever runs the server
                    )
                )
    _tell(plan, dry_run=dry_run, invite=invite and (dry_run or skip_bad_rows or not plan.problems))
    if plan.problems and not skip_bad_rows:
        message = f"{plan.bad_rows} of {plan.rows} rows can't be used; nothing was changed."
        raise click.ClickException(message)


def _tell(plan: Plan, *, dry_run: bool, invite: bool) -> None:
    for problem in plan.problems:
        where = f"line {problem.line}" + (f", {problem.column}" if problem.column else "")
        click.echo(f"{where}: {problem.sentence}", err=True)
    for name in plan.unknown:
        click.echo(f"The column “{name}” is not known; it is left alone.", err=True)
    if dry_run:
        for person in plan.people:
            changes = ", ".join(
                f"{c.column}: {c.before or '(nothing)'} → {c.after or '(nothing)'}" for c in person.changes
            )
            click.echo(f"line {person.line}: {'new, ' if person.new else ''}{person.email}: {changes}")
    did = "would be " if dry_run else ""
    click.echo(
        f"{plan.added} {did}added, {plan.changed} {did}changed, {plan.same} as they are, {plan.bad_rows} left out."
    )
    if invite:
        click.echo(f"{plan.added} {did}invited by mail.")


@group.command("export")
@click.argument("file", type=click.Path(dir_okay=False, writable=True, allow_dash=True))
@AS
def take_out(file: str, address: str) -> None:
    """Write everybody to FILE, or to the terminal with `-`."""
    with opened() as kernel, one_line(NOT_AN_ADMIN):
        more, viewer = kernel.slots(Column), admin(kernel, address)
        ids = kernel.commit(lambda session: actions.take_out(session, viewer=viewer))
        with kernel.reading() as session:
            put(file, sheets.write(writing.columns(more), writing.rows_for(session, viewer, ids, more)))
    if file != "-":
        click.echo(f"{len(ids)} people are in {file}.")


def put(file: str, lines: Iterable[str]) -> None:
    """Write lines to a file, or to the terminal with `-`; one that can't be written is said on one line."""
    if file == "-":
        sys.stdout.writelines(lines)
        return
    try:
        with Path(file).open("w", encoding="utf-8", newline="") as out:
            out.writelines(lines)
    except OSError as error:
        message = f"{file}: can't be written: {error.strerror}."
        raise click.ClickException(message) from error


def admin(kernel: Kernel, address: str) -> Viewer:
    """Find the admin on whose behalf this is done: who is named, else the only one there is."""
    with kernel.reading() as session:
        found = people.account_of(session, address) if address else None
        if address and found is None:
            message = f"Nobody here signs in as {address}."
            raise click.ClickException(message)
        ids = [found[0]] if found else _admins(session)
        if not ids:
            message = "There is no organization with an admin yet."
            raise click.ClickException(message)
        if len(ids) > 1:
            message = "There are several admins: say on whose behalf with --as ADDRESS."
            raise click.ClickException(message)
        viewer = standing(session, ids[0])
        if viewer is None:
            raise click.ClickException(NOT_AN_ADMIN)
        return viewer


def _admins(session: Session) -> list[UUID]:
    top = people.organization(session)
    if top is None:
        return []
    return list(
        session.scalars(
            select(Membership.person_id)
            .join(Person, Person.id == Membership.person_id)
            .where(
                Membership.group_id == top.id,
                Membership.role == Role.ADMIN,
                Membership.until_at.is_(None),
                Person.deactivated_at.is_(None),
            )
        )
    )
