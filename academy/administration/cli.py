"""`academy setup`: the organization, its first academy and its first admin."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any
from uuid import UUID

import click
from marshmallow import ValidationError
from sqlalchemy.orm import Session

from academy.accounts.actions import links
from academy.accounts.models import LinkKind
from academy.accounts.schemas import strong
from academy.administration import actions
from academy.administration.adapters import post_office
from academy.administration.schemas import SetUpIn
from academy.kernel import migrate
from academy.kernel.cli import one_line, opened, version_of
from academy.kernel.config import Settings
from academy.kernel.db import SCHEMA
from academy.kernel.mail import Letter
from academy.people import queries as people
from academy.people.engine import hash_password, new_token, token_hash

if TYPE_CHECKING:
    from academy.kernel.app import Kernel

PASSWORD = "ACADEMY_SETUP_PASSWORD"


@click.command("setup")
@click.option("--organization", default="", help="how the organization is called")
@click.option("--academy", "academy_name", default="", help="how its first academy is called")
@click.option("--name", default="", help="the first admin's name")
@click.option("--email", default="", help="the address that they sign in with")
@click.option("--zone", default="", help="the time zone of whoever has chosen none  [default: UTC]")
@click.option("--leads/--no-leads", default=None, help="whether they lead the first academy too, and read its rooms")
@click.option("--link", is_flag=True, help="print a one-time link for their password instead of asking for one")
@click.option("--skills", type=click.Choice(["esco", "none"]), default="esco", show_default=True, help="skills to load")
@click.option("--no-mail", is_flag=True, help="do not try the mail server out")
@click.option("--migrate", "forward", is_flag=True, help="bring the database forward first, without asking")
def setup(
    *,
    organization: str,
    academy_name: str,
    name: str,
    email: str,
    zone: str,
    leads: bool | None,
    link: bool,
    skills: str,
    no_mail: bool,
    forward: bool,
) -> None:
    """Make the organization, its first academy and its first admin; asks for what is not said.

    For scripts, ACADEMY_SETUP_PASSWORD holds the password.
    """
    _bring_forward(asked=not forward)
    with opened() as kernel, one_line():
        with kernel.reading() as session:
            found = people.organization(session)
        if found is not None:
            message = f"{found.name} is set up already; nothing was changed."
            if any((organization, academy_name, name, email)):
                raise click.ClickException(message)
            click.echo(message)
            return
        sent = _read(
            organization=organization or click.prompt("Name of the organization"),
            academy=academy_name or click.prompt("Name of its first academy"),
            name=name or click.prompt("Your name"),
            email=email or click.prompt("Your address"),
            zone=zone or (click.prompt("Your time zone", default="UTC") if not email else "UTC"),
        )
        if leads is None:
            question = "Will you lead this academy yourself, and read its rooms? An admin alone reads none"
            leads = False if email else click.confirm(question, default=False)
        password = "" if link else _password(sent["name"], sent["email"])
        person_id = _make(kernel, sent, password=password, leads=leads, framework=skills == "esco")
        click.echo(f"{sent['organization']} is set up, with {sent['academy']}.")
        if not no_mail:
            click.echo(_try_mail(kernel, person_id, sent))
        if link:
            click.echo(f"Choose your password within the hour: {_link(kernel, person_id)}")
        click.echo(f"Then sign in as {sent['email']} at {kernel.settings.base_url}/sign-in: home shows what is next.")


def _bring_forward(*, asked: bool) -> None:
    url = Settings.from_environment().database_url
    found = version_of(url)
    if found == SCHEMA:
        return
    if asked:
        click.confirm(f"The database is at {found or 'nothing'}. Bring it to {SCHEMA} now?", default=True, abort=True)
    migrate.alembic(url, "upgrade", "head")
    click.echo(f"The database is at {SCHEMA}.")


def _read(**sent: str) -> dict[str, Any]:
    try:
        read: dict[str, Any] = SetUpIn().load(sent)
    except ValidationError as error:
        wrong: dict[str, list[str]] = error.messages_dict
        said = [f"{field}: {' '.join(map(str, texts))}" for field, texts in wrong.items()]
        raise click.ClickException("; ".join(said)) from error
    return read


def _password(name: str, email: str) -> str:
    password = os.environ.get(PASSWORD, "")
    if not password:
        password = click.prompt("Your password", hide_input=True, confirmation_prompt=True)
    strong(password, own=(name, email))
    return password


def _make(kernel: Kernel, sent: dict[str, Any], *, password: str, leads: bool, framework: bool) -> UUID:
    hashed = hash_password(password) if password else None

    def work(session: Session) -> UUID:
        return actions.set_up(
            session,
            organization=sent["organization"],
            academy=sent["academy"],
            admin={"name": sent["name"], "email": sent["email"], "zone": sent["zone"], "password_hash": hashed},
            leads=leads,
            framework=framework,
        )

    return kernel.commit(work)


def _try_mail(kernel: Kernel, person_id: UUID, sent: dict[str, Any]) -> str:
    letter = Letter(
        about="trial",
        to_name=sent["name"],
        to_address=sent["email"],
        subject=f"{sent['organization']} is set up",
        text=f"Hello {sent['name']},\n\nmail from {sent['organization']} arrives, as you see.\n",
    )
    outcome = post_office.try_out(kernel, letter)
    kernel.commit(
        lambda session: actions.note_trial(
            session, person_id=person_id, letter=letter, message=outcome.message, taken=outcome.taken
        )
    )
    if outcome.taken:
        return f"A test letter to {sent['email']} was {post_office.where(kernel)}."
    return f"No test letter was sent. {post_office.explained(outcome.problem)} ({post_office.quoted(outcome.problem)})"


def _link(kernel: Kernel, person_id: UUID) -> str:
    token = new_token()
    kernel.commit(
        lambda session: links.open_link(session, kind=LinkKind.RESET, hashed=token_hash(token), person_id=person_id)
    )
    return f"{kernel.settings.base_url}/reset/{token}"
