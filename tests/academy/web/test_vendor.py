"""What was vendored is what the manifest says, and nothing else."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
FOLDERS = [ROOT / "academy" / "web" / "static" / "vendor", ROOT / "tests" / "browser" / "vendor"]
# the licences that may be handed on with an Apache-2.0 project (MPL-2.0: a file of the tests only)
LICENCES = {"0BSD", "MIT", "ISC", "OFL-1.1", "MPL-2.0"}


def entries(folder: Path) -> list[dict[str, str]]:
    return json.loads((folder / "vendor.json").read_text(encoding="utf-8"))["files"]


@pytest.mark.parametrize("folder", FOLDERS, ids=["shipped", "tests"])
def test_every_vendored_file_has_the_hash_of_the_manifest(folder):
    for entry in entries(folder):
        assert hashlib.sha256((folder / entry["file"]).read_bytes()).hexdigest() == entry["sha256"], entry["file"]


@pytest.mark.parametrize("folder", FOLDERS, ids=["shipped", "tests"])
def test_no_file_lies_beside_the_manifest_unnamed(folder):
    named = {"vendor.json"}
    for entry in entries(folder):
        named |= {entry["file"], entry["licence_file"]}
    assert {path.name for path in folder.iterdir()} == named


@pytest.mark.parametrize("folder", FOLDERS, ids=["shipped", "tests"])
def test_every_entry_has_a_pinned_version_and_a_known_licence(folder):
    for entry in entries(folder):
        assert re.fullmatch(r"\d+\.\d+\.\d+", entry["version"]), entry
        assert entry["licence"] in LICENCES
        assert len((folder / entry["licence_file"]).read_text(encoding="utf-8")) > 200


def test_shipped_scripts_point_to_no_source_map():
    for script in FOLDERS[0].glob("*.js"):
        assert b"sourceMappingURL" not in script.read_bytes()


def test_every_icon_a_template_names_is_in_the_sprite():
    known = set(re.findall(r'<symbol id="([\w-]+)"', (FOLDERS[0] / "sprite.svg").read_text(encoding="utf-8")))
    assert {"house", "messages", "mood-1", "mood-5", "wifi-off"} <= known
    used = set()
    for template in ROOT.glob("*/**/templates/**/*.html"):
        used |= set(re.findall(r"""\bicon\(\s*["']([\w-]+)["']""", template.read_text(encoding="utf-8")))
    assert used
    assert used - known == set()
