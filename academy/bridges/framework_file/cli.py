"""`academy skills import` and `academy skills export`."""

from __future__ import annotations

from pathlib import Path

import click

from academy.bridges.framework_file import actions, engine
from academy.bridges.framework_file.queries import planning, writing
from academy.bridges.people_file.cli import AS, MOST_FILE, admin, put
from academy.bridges.people_file.engine import sheets
from academy.kernel.access import Missing
from academy.kernel.cli import one_line, opened

NOT_YOURS = "Only an admin of the organization brings frameworks in and out."


@click.group("skills")
def group() -> None:
    """Bring frameworks of skills in from CSV files, and write them to one."""


@group.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="say what would change, and change nothing")
@AS
def bring_in(file: Path, *, dry_run: bool, address: str) -> None:
    """Make a framework what FILE says. See docs/frameworks-csv.md for its columns."""
    if file.stat().st_size > MOST_FILE:
        message = f"{file.name} is larger than {MOST_FILE >> 20} MB."
        raise click.ClickException(message)
    with opened() as kernel, one_line(NOT_YOURS):
        sheet = engine.read(file.read_bytes())
        viewer = admin(kernel, address)
        with kernel.reading() as session:
            plan = planning.plan_for(session, viewer, sheet)
        if not dry_run and not plan.problems:
            plan = kernel.commit(lambda session: actions.bring_in(session, viewer=viewer, sheet=sheet))
    _tell(plan, dry_run=dry_run)
    if plan.problems:
        message = f"{plan.bad_rows} of {sheet.rows} rows can't be used; nothing was changed."
        raise click.ClickException(message)


def _tell(plan: planning.Plan, *, dry_run: bool) -> None:
    for problem in plan.problems:
        where = f"line {problem.line}" + (f", {problem.column}" if problem.column else "")
        click.echo(f"{where}: {problem.sentence}", err=True)
    for name in plan.sheet.unknown:
        click.echo(f"The column “{name}” is not known; it is left alone.", err=True)
    if plan.problems:
        return
    for _, label in plan.kept:
        click.echo(f"gone from the file and in use, so it {'would be' if dry_run else 'is'} kept: {label}")
    did = "would be " if dry_run else ""
    click.echo(
        f"{plan.sheet.key} {plan.sheet.version}: {len(plan.added)} {did}added, {len(plan.changed)} {did}changed, "
        f"{len(plan.removed)} {did}removed, {len(plan.kept)} {did}kept as gone; relations: {len(plan.linked)} "
        f"{did}added, {len(plan.unlinked)} {did}removed."
    )


@group.command("export")
@click.argument("framework")
@click.option(
    "-o",
    "out",
    type=click.Path(dir_okay=False, writable=True, allow_dash=True),
    default="-",
    metavar="FILE.csv",
    help="where to; the terminal when it is left out",
)
@AS
def take_out(framework: str, out: str, address: str) -> None:
    """Write the framework of the key FRAMEWORK, such as esco, to a file."""
    with opened() as kernel, one_line(NOT_YOURS):
        viewer = admin(kernel, address)
        with kernel.reading() as session:
            planning.organization_for(session, viewer)
            try:
                framework_id = writing.id_of(session, framework)
            except Missing:
                known = ", ".join(kept.key for kept in writing.frameworks_for(session, viewer))
                message = f"There is no framework “{framework}”. There is: {known or 'none yet'}."
                raise click.ClickException(message) from None
            _, rows = writing.rows_for(session, viewer, framework_id)
            lines = list(sheets.write(list(engine.COLUMNS), rows))
    put(out, lines)
    if out != "-":
        click.echo(f"{len(lines) - 2} skills and groups are in {out}.")
