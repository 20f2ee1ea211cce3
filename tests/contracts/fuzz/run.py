"""Serve a demo academy and let schemathesis, in an environment of its own, look for answers that nobody promised.

    python -m tests.contracts.fuzz.run .venv-fuzz/bin/schemathesis [role…]

Every operation of the document is asked as a learner, a mentor, a lead and an admin would, or as those that are named: within
it and against it, the same things in the same order in every run. Whatever is found ends this with 1. The code should stay as
it is meanwhile: each role has a server of its own, and one that came after a migration finds tables that it does not
know.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from sqlalchemy import select

from academy.kernel.db import Database
from academy.kernel.ids import new_id
from academy.kernel.viewer import Viewer
from academy.people.models import Person
from academy.tokens.actions import make_token
from academy.tokens.engine import new_token
from tests.databases import checkpoint
from tests.serving import ROOT, serving

HERE = Path(__file__).parent
ROLES = ("learner", "mentor", "lead", "admin")
EXAMPLES = os.environ.get("EXAMPLES", "8")
PHASES = os.environ.get("PHASES", "coverage,fuzzing,stateful")
"""`coverage` walks the bounds of every field, the same in every run; `stateful` takes the most time."""


def token_of(database: Database, role: str) -> str:
    """Make a token for one of the demo's people that may read and write everywhere."""
    token = new_token()

    def work(session: object) -> None:
        person = session.scalars(select(Person).where(Person.email == f"{role}@demo.academy")).one()
        viewer = Viewer(person_id=person.id, sign_in_id=new_id(), name=person.name)
        make_token(session, viewer=viewer, token=token, name="fuzz", scopes=["read", "write"], days=30)

    database.unit_of_work(work)
    return token


def demo(folder: Path) -> Path:
    """Make the demo academy, as people do; each role gets a copy of it."""
    file = folder / "academy.db"
    environment = {**os.environ, "ACADEMY_DEMO": "1", "ACADEMY_INSTANCE": str(folder), "PYTHONPATH": str(ROOT)}
    academy = [sys.executable, "-c", "from academy.kernel.cli import main; main()"]
    made = {**environment, "DATABASE_URL": f"sqlite:///{file}"}
    subprocess.run([*academy, "demo"], check=True, cwd=ROOT, env=made, stdout=subprocess.DEVNULL)
    checkpoint(f"sqlite:///{file}")
    return file


def known(address: str, token: str) -> dict[str, str]:
    """Return ids that this person finds, by the names of parameters, so that more is met than 404."""

    def read(path: str) -> dict[str, Any]:
        asked = Request(f"{address}/api/v1{path}", headers={"Authorization": f"Bearer {token}"})
        try:
            with urlopen(asked) as answer:
                return dict(json.load(answer))
        except HTTPError as error:
            if error.code == HTTPStatus.FORBIDDEN:  # not theirs: there is nothing to know
                return {}
            raise

    def first(path: str) -> str | None:
        return next((item.get("id") for item in read(path).get("items", ())), None)

    lists = {
        name: f"/{name}s"
        for name in ("group", "cohort", "track", "space", "board", "workshop", "offer", "skill", "notice")
    }
    found = {f"{name}_id": first(path) for name, path in lists.items()}
    found |= {"person_id": first("/people"), "delivery_id": first("/deliveries")}
    if found["space_id"]:
        found["post_id"] = first(f"/spaces/{found['space_id']}/posts")
    if found["board_id"]:
        found["thread_id"] = first(f"/boards/{found['board_id']}/threads")
    if found["delivery_id"]:
        steps = [step for stage in read(f"/deliveries/{found['delivery_id']}")["stages"] for step in stage["steps"]]
        # What somebody writes for themselves is the only kind that takes more than one verb.
        found["activity_id"] = next((s["id"] for s in steps if s["kind"] == "reflection"), steps[0]["id"])
    if found["cohort_id"]:
        found["group_id"] = found["cohort_id"]  # the kind of group that most is done in
        asked = [
            read(f"/groups/{found['cohort_id']}/matches?kind={kind}").get("run") for kind in ("buddy", "mentorship")
        ]
        found["run_id"] = next((run["id"] for run in asked if run), None)
    return {name: value for name, value in found.items() if value}


def fuzz(role: str, schemathesis: str, template: Path, folder: Path) -> bool:
    """Fuzz as one role on a copy of the demo; says whether something was found."""
    file = folder / "academy.db"
    shutil.copyfile(template, file)
    database = Database(f"sqlite:///{file}")
    token = token_of(database, role)
    database.engine.dispose()
    began = time.monotonic()
    # Only shapes are looked for here: how much is too much has its own test.
    with serving(f"sqlite:///{file}", folder, ACADEMY_API_RATE="1000000 per minute", ACADEMY_JOBS="off") as address:
        config = folder / "schemathesis.toml"
        try:
            ids = "".join(f'"path.{name}" = "{value}"\n' for name, value in known(address, token).items())
        except HTTPError as error:
            print(
                f"{role}: {error.url} answers {error.code}", (folder / "server.log").read_text(), sep="\n", flush=True
            )
            return True
        config.write_text(f"{(HERE / 'schemathesis.toml').read_text()}\n[parameters]\n{ids}")
        command = [
            *(schemathesis, "--config-file", str(config), "--no-color", "run", f"{address}/api/v1/openapi.json"),
            *("--header", f"Authorization: Bearer {token}", "--max-examples", EXAMPLES),
            *("--phases", PHASES, "--generation-deterministic"),  # the same in every run
        ]
        steady = {**os.environ, "PYTHONHASHSEED": "0"}
        done = subprocess.run(command, check=False, cwd=folder, env=steady)
    found = done.returncode != 0
    print(f"{role}: {'FOUND' if found else 'nothing found'} in {time.monotonic() - began:.0f} s", flush=True)
    logged = (folder / "server.log").read_text().splitlines()
    broken = [line for line in logged if "request_failed" in line or "database_unavailable" in line]
    print(*broken[:5], sep="\n")
    return found or bool(broken)


def main(schemathesis: str, roles: Sequence[str]) -> int:
    """Fuzz as each role in turn; returns how many roles found something."""
    with tempfile.TemporaryDirectory(prefix="academy-fuzz-") as name:
        (Path(name) / "demo").mkdir()
        template = demo(Path(name) / "demo")
        folders = {role: Path(name) / role for role in roles}
        for folder in folders.values():
            folder.mkdir()
        return sum(fuzz(role, schemathesis, template, folder) for role, folder in folders.items())


if __name__ == "__main__":
    sys.exit(bool(main(str(Path(sys.argv[1]).absolute()), sys.argv[2:] or ROLES)))
