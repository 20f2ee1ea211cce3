"""The command that writes load data."""

from __future__ import annotations

import secrets
import time

import click

from academy.kernel import clock
from academy.kernel.access import Refusal
from academy.kernel.cli import opened
from academy.people.engine import hash_password
from cohorts.load import actions
from cohorts.load.engine.population import Size, domain

ROLES = ("learner", "mentor", "facilitator", "lead", "admin")


@click.command()
@click.option("--people", default=1000, show_default=True, type=click.IntRange(8, 200_000), help="how many people")
@click.option("--cohorts", default=30, show_default=True, type=click.IntRange(1, 5_000), help="how many cohorts")
@click.option("--posts", default=20_000, show_default=True, type=click.IntRange(0, 20_000_000), help="how many posts")
@click.option("--seed", default=1, show_default=True, type=click.IntRange(0), help="the same seed, the same academy")
@click.option("--into-existing", is_flag=True, help="write beside the people who are there already")
def seed(*, people: int, cohorts: int, posts: int, seed: int, into_existing: bool) -> None:
    """Write load data, to see how everything answers when it is full. Never into an academy that people use."""
    started = time.monotonic()
    size = Size(people=people, cohorts=cohorts, posts=posts, seed=seed)
    password = secrets.token_urlsafe(12)
    kept = hash_password(password)
    now = clock.now().replace(minute=0, second=0, microsecond=0)
    with opened() as kernel:
        try:
            kernel.commit(
                lambda session: actions.load(
                    session,
                    size=size,
                    now=now,
                    passwords={f"{role}@{domain(seed)}": kept for role in ROLES},
                    into_existing=into_existing,
                    said=click.echo,
                )
            )
        except Refusal as refusal:
            raise click.ClickException(refusal.detail) from refusal
    click.echo(f"The load data is there ({time.monotonic() - started:.0f} s). Sign in with the password {password} as")
    for role in ROLES:
        click.echo(f"  {role}@{domain(seed)}")
