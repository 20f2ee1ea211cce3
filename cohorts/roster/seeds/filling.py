"""The demo academy: made through actions under a travelling clock, so that nothing in it can lie.

Everything is dated relative to the day it is filled. Mail is muted. What a job does (solving a match,
reminding) is done at its own time, as in a running academy.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from academy.kernel import clock
from academy.people import queries as people_queries
from cohorts.roster.seeds.aiming import aim
from cohorts.roster.seeds.asking import ask, read_threads
from cohorts.roster.seeds.learning import learn, schedule_workshops
from cohorts.roster.seeds.opening import add_people, head_of, invite, open_academy, open_cohorts
from cohorts.roster.seeds.pairing import match
from cohorts.roster.seeds.story import Story
from cohorts.roster.seeds.talking import read, talk

if TYPE_CHECKING:
    from academy.kernel.app import Kernel

FOLDER = Path(__file__).parents[1] / "demo"
OPENED = timedelta(days=60)


def fill(kernel: Kernel, said: Callable[[str], None]) -> None:
    """Fill an empty database with the demo academy; a database with people in it is left alone."""
    with kernel.reading() as session:
        if people_queries.organization(session) is not None:
            said("There is an academy here already; it is kept.")
            return
    with kernel.quiet("mail.send"):
        _fill(kernel, said)


def _fill(kernel: Kernel, said: Callable[[str], None]) -> None:
    now = clock.now()
    told = {
        name: tomllib.loads((FOLDER / f"{name}.toml").read_text("utf-8"))
        for name in ("people", "academy", "conversations", "boards", "careers")
    }
    said("Opening the academy and reading the skills framework...")
    with clock.travel(now - OPENED):
        world = open_academy(kernel, now, told["academy"])
        add_people(world, told["people"])
    story = Story(world)
    open_cohorts(world, story, told)
    invite(world, story, told["academy"])
    story.tell(said, "Publishing tracks, opening cohorts")
    match(world, story, told)
    schedule_workshops(world, story, told["academy"])
    learn(world, story, told["people"])
    story.tell(said, "Matching, scheduling and learning")
    aim(world, story, told["careers"], head_of(told))
    talk(world, story, told["conversations"])
    ask(world, story, told["boards"])
    story.tell(said, "Letting people talk")
    kernel.runner.run_due()
    read_threads(world, told["boards"])
    read(world)
