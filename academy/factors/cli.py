"""The command that goes with a change of the installation's secret."""

from __future__ import annotations

from functools import partial

import click

from academy.factors import actions, queries
from academy.kernel.app import Kernel
from academy.kernel.cli import opened


def reseal_all(kernel: Kernel) -> tuple[int, int]:
    """Seal every secret of an authenticator app with the newest key; returns how many, and how many are lost."""
    with kernel.reading() as session:
        found = queries.sealed_secrets(session)
    done = lost = 0
    for app_id, sealed in found:
        again = kernel.vault.resealed(sealed)
        if again is not None:
            kernel.commit(partial(actions.reseal, app_id=app_id, before=sealed, sealed=again))
            done += 1
        elif kernel.vault.open(sealed) is None:
            lost += 1
    return done, lost


@click.command()
def reseal() -> None:
    """Seal what must be read again with the present SECRET_KEY, before an old one is taken out."""
    with opened() as kernel:
        done, lost = reseal_all(kernel)
    click.echo(f"Sealed anew: {done}. Sealed by a secret that is gone: {lost}.")
