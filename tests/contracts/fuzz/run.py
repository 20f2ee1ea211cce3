"""Serve a demo academy and let schemathesis, in an environment of its own, look for answers that nobody promised.

    python -m tests.contracts.fuzz.run .venv-fuzz/bin/schemathesis

Every operation of the document is asked as a learner, a lead and an admin would: within it and against it, in a
fixed order of things (one seed). Whatever is found ends this with 1.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.request import Request, urlopen

from sqlalchemy import select

from academy.kernel.db import Database
from academy.kernel.ids import new_id
from academy.kernel.viewer import Viewer
from academy.people.models import Person
from academy.tokens.actions import make_token
from academy.tokens.engine import new_token
from tests.conftest import checkpoint
from tests.serving import ROOT, serving

HERE = Path(__file__).parent
ROLES = ("learner", "lead", "admin")
SEED = "20261122"
EXAMPLES = os.environ.get("EXAMPLES", "8")


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

    def first(path: str) -> str | None:
        asked = Request(f"{address}/api/v1{path}", headers={"Authorization": f"Bearer {token}"})
        with urlopen(asked) as answer:
            return next((item.get("id") for item in json.load(answer)["items"]), None)

    lists = {
        name: f"/{name}s" for name in ("group", "cohort", "track", "space", "workshop", "offer", "skill", "notice")
    }
    found = {f"{name}_id": first(path) for name, path in lists.items()}
    found |= {"person_id": first("/people"), "delivery_id": first("/deliveries")}
    if found["space_id"]:
        found["post_id"] = first(f"/spaces/{found['space_id']}/posts")
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
        ids = "".join(f'"path.{name}" = "{value}"\n' for name, value in known(address, token).items())
        config.write_text(f"{(HERE / 'schemathesis.toml').read_text()}\n[parameters]\n{ids}")
        command = [
            *(schemathesis, "--config-file", str(config), "--no-color", "run", f"{address}/api/v1/openapi.json"),
            *("--header", f"Authorization: Bearer {token}", "--seed", SEED, "--max-examples", EXAMPLES),
        ]
        done = subprocess.run(command, check=False, cwd=folder)
    found = done.returncode != 0
    print(f"{role}: {'FOUND' if found else 'nothing found'} in {time.monotonic() - began:.0f} s", flush=True)
    broken = [line for line in (folder / "server.log").read_text().splitlines() if "request_failed" in line]
    print(*broken[:5], sep="\n")
    return found or bool(broken)


def main(schemathesis: str) -> int:
    """Fuzz as each role in turn; returns how many roles found something."""
    with tempfile.TemporaryDirectory(prefix="academy-fuzz-") as name:
        (Path(name) / "demo").mkdir()
        template = demo(Path(name) / "demo")
        folders = {role: Path(name) / role for role in ROLES}
        for folder in folders.values():
            folder.mkdir()
        return sum(fuzz(role, schemathesis, template, folder) for role, folder in folders.items())


if __name__ == "__main__":
    sys.exit(bool(main(str(Path(sys.argv[1]).absolute()))))
