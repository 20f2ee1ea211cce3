"""The import contracts of pyproject.toml hold, and each of them catches a deliberate breach."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.contracts.tree import PACKAGES, ROOT

CONTRACTS = {
    c["id"]: c for c in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
}


def test_every_import_contract_is_kept():
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command as c; c()",
            "--no-cache",
            "--no-logo",
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "300"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert f"Contracts: {len(CONTRACTS)} kept, 0 broken." in done.stdout, done.stdout + done.stderr


@dataclass(frozen=True)
class Breach:
    """A line added to a module (made if need be), and what the contract must then name."""

    contract: str
    module: str
    line: str
    named: str

    def __str__(self) -> str:
        return f"{self.contract}: {self.module} {self.line}"


BREACHES = [
    Breach("street", "matching/hours", "import academy.kernel.ids", "matching is not allowed to import academy"),
    Breach(
        "street", "academy/notices/queries", "import forums.spaces.models", "academy is not allowed to import forums"
    ),
    Breach(
        "street", "forums/spaces/models", "import mentoring.pairs.models", "forums is not allowed to import mentoring"
    ),
    Breach(
        "street", "mentoring/pairs/models", "import cohorts.roster.models", "mentoring is not allowed to import cohorts"
    ),
    Breach(
        "rooms",
        "academy/people/models",
        "import academy.people.policy",
        "academy.people.models -> academy.people.policy",
    ),
    Breach(
        "rooms",
        "academy/people/policy",
        "import academy.people.queries",
        "academy.people.policy -> academy.people.queries",
    ),
    Breach(
        "rooms",
        "academy/people/queries",
        "import academy.people.actions",
        "academy.people.queries -> academy.people.actions",
    ),
    Breach(
        "rooms",
        "academy/people/actions",
        "import academy.people.reactions",
        "academy.people.actions -> academy.people.reactions",
    ),
    Breach(
        "rooms",
        "academy/people/schemas",
        "import academy.people.actions",
        "academy.people.schemas -> academy.people.actions",
    ),
    Breach(
        "rooms",
        "academy/people/reactions",
        "import academy.people.pages",
        "academy.people.reactions -> academy.people.pages",
    ),
    Breach("rooms", "academy/people/cli", "import academy.people.pages", "academy.people.cli -> academy.people.pages"),
    Breach(
        "rooms",
        "academy/people/events",
        "import academy.people.models",
        "academy.people.events -> academy.people.models",
    ),
    Breach(
        "rooms",
        "academy/people/engine",
        "import academy.people.models",
        "academy.people.engine -> academy.people.models",
    ),
    Breach("rooms", "forums/spaces/utils", "", "forums.spaces.utils"),
    Breach("rooms", "cohorts/roster/service", "", "cohorts.roster.service"),
    Breach("rooms", "mentoring/pairs/helpers", "", "mentoring.pairs.helpers"),
    Breach("rooms", "academy/people/manager", "", "academy.people.manager"),
    Breach(
        "ground-floor",
        "academy/kernel/ids",
        "import academy.web.wire",
        "academy.kernel is not allowed to import academy.web",
    ),
    Breach(
        "ground-floor",
        "academy/web/wire",
        "import academy.people.engine",
        "academy.web is not allowed to import academy.people",
    ),
    Breach(
        "ground-floor",
        "academy/people/queries",
        "import academy.notices.models",
        "academy.people is not allowed to import academy.notices",
    ),
    Breach(
        "ground-floor",
        "academy/notices/models",
        "import academy.skills.models",
        "academy.notices is not allowed to import academy.skills",
    ),
    Breach(
        "ground-floor",
        "academy/skills/models",
        "import academy.tracks.models",
        "academy.skills is not allowed to import academy.tracks",
    ),
    Breach("ground-floor", "academy/common", "", "academy.common"),
    Breach("front-door", "cohorts/roster/queries", "import wsgi", "cohorts.roster.queries -> wsgi"),
    Breach("pure-matching", "matching/types", "import sqlalchemy", "matching.types -> sqlalchemy"),
    Breach("pure-matching", "matching/candidates", "import flask", "matching.candidates -> flask"),
    Breach("light-matching", "matching/explain", "import numpy", "matching.explain -> numpy"),
    Breach("light-matching", "matching/instance", "import matching.pairing", "matching.instance -> matching.pairing"),
    Breach("light-matching", "matching/hours", "import networkx", "matching.hours -> networkx"),
    Breach("light-web", "academy/skills/queries", "import scipy", "academy.skills.queries -> scipy"),
    Breach(
        "light-web",
        "mentoring/matches/queries/proposed",
        "import mentoring.matches.engine",
        "mentoring.matches.queries.proposed -> mentoring.matches.engine",
    ),
    Breach("light-web", "academy/kernel/migrate", "import alembic", "academy.kernel.migrate -> alembic"),
    Breach(
        "numeric-engines", "academy/tracks/queries/walking", "import matching.graph", "academy.tracks.queries.walking"
    ),
    Breach(
        "numeric-engines",
        "mentoring/matches/queries/proposed",
        "import matching.solving",
        "mentoring.matches.queries.proposed",
    ),
    Breach("rules-without-web", "academy/people/policy", "import flask", "academy.people.policy -> flask"),
    Breach(
        "rules-without-web",
        "academy/people/queries",
        "import academy.web.forms",
        "academy.people.queries -> academy.web.forms",
    ),
    Breach(
        "rules-without-web", "academy/tracks/actions", "import marshmallow", "academy.tracks.actions -> marshmallow"
    ),
    Breach("one-voice", "academy/people/pages", "import flask_socketio", "academy.people.pages"),
    Breach("no-circles", "academy/kernel/clock", "import academy.kernel.jobs", "academy.kernel"),
    Breach("home-academy", "mentoring/profiles/schemas", "import academy.skills.models", "mentoring.profiles.schemas"),
    Breach("home-forums", "cohorts/roster/actions", "import forums.spaces.models", "cohorts.roster.actions"),
    Breach("home-mentoring", "cohorts/roster/pages", "import mentoring.pairs.models", "cohorts.roster.pages"),
]


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[Breach, str]:
    """Copy the packages and return what import-linter says to each breach, one at a time."""
    folder = tmp_path_factory.mktemp("breached")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=_all_but_modules)
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("lint_each.py")), str(ROOT / "pyproject.toml")],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "300", "NO_COLOR": "1"},
        input=json.dumps([(b.contract, b.module, b.line) for b in BREACHES]),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return dict(zip(BREACHES, json.loads(done.stdout), strict=True))


def _all_but_modules(folder: str, names: list[str]) -> list[str]:
    return [name for name in names if (Path(folder) / name).is_file() and not name.endswith(".py")]


@pytest.mark.parametrize("breach", BREACHES, ids=str)
@pytest.mark.xdist_group("imports")
def test_a_deliberate_breach_of_the_street_is_caught(breach: Breach, said: dict[Breach, str]):
    answer = said[breach]
    assert CONTRACTS[breach.contract]["name"] + " BROKEN" in answer
    assert breach.named in answer.partition("Broken contracts")[2]


def test_each_contract_has_a_breach_that_it_must_catch():
    assert {breach.contract for breach in BREACHES} == set(CONTRACTS)


def test_every_feature_stands_under_the_contract_for_features():
    listed = set(CONTRACTS["rooms"]["containers"])
    floor = {p.parent for p in (ROOT / "academy").glob("*/__init__.py")} - {ROOT / "academy" / "bridges"}
    bridges = {p.parent for p in (ROOT / "academy" / "bridges").glob("*/__init__.py")}
    features = {".".join(folder.relative_to(ROOT).parts) for folder in floor | bridges}
    assert features - {"academy.kernel", "academy.web"} <= listed
    assert {"cohorts.*", "mentoring.*", "forums.*"} <= listed
