"""What a package contributes to the whole, as plain data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import click
    from flask import Blueprint, Flask

    from academy.kernel.app import Kernel
    from academy.kernel.events import Reaction
    from academy.kernel.jobs import JobKind
    from academy.kernel.log import LogKind
    from academy.kernel.realtime import SocketHandler


@dataclass(frozen=True, kw_only=True)
class Feature:
    """One package's contribution record.

    `slots` are records of slot types that lower packages offer (`NavEntry`, `NoticeKind`, …); the owner
    of a slot asks the kernel for all records of its type. `install` runs once per app, in street order
    from the ground floor up. `seeds` fill the demo academy, in the same order. `cli` are commands of
    `academy`; one that needs the academy itself opens it with `kernel.cli.opened()`.
    """

    name: str
    folder: Path
    blueprints: Sequence[Blueprint] = ()
    sockets: Sequence[SocketHandler] = ()
    reactions: Sequence[Reaction] = ()
    jobs: Sequence[JobKind] = ()
    log_kinds: Sequence[LogKind] = ()
    slots: Sequence[Any] = ()
    cli: Sequence[click.Command] = ()
    install: Callable[[Flask, Kernel], None] | None = None
    seeds: Callable[[Kernel, Callable[[str], None]], None] | None = None
