"""The pages of the project say what is so: links, settings, commands, events and codes are those of the code."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest
from flask import Flask

from academy.kernel import access, cli, config
from academy.kernel.app import Kernel
from academy.tracks.engine import read_pack
from tests.contracts.tree import PACKAGES, ROOT, modules

DOCS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"```.*?```", re.DOTALL)
ELSEWHERE = re.compile(r"[a-z]+:")

# Words that belong to one machine or one registry, and to nobody who reads these pages.
FORBIDDEN = re.compile(
    r"/work/|/root/|/home/|/tmp/|file://|(?i:pypi\.org|pythonhosted|registry\.npmjs|index-url|uv\.lock)"
    r"|(?i:\bissue #?\d)|#\d{1,4}\b|\b(?:TODO|FIXME|TBD|LLM|AI)\b"
)


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def anchors(text: str) -> set[str]:
    """Return the anchors of a page's headings, as forges make them."""
    found = re.findall(r"^#{1,6} (.+)$", CODE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("page", DOCS, ids=named)
def test_every_link_and_picture_leads_somewhere(page: Path) -> None:
    broken = []
    for target in LINK.findall(CODE.sub("", page.read_text(encoding="utf-8"))):
        if ELSEWHERE.match(target):
            continue
        name, _, anchor = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        if not file.exists() or ROOT not in (file, *file.parents):
            broken.append(target)
        elif anchor and anchor not in anchors(file.read_text(encoding="utf-8")):
            broken.append(target)
    assert broken == []


def test_a_broken_link_would_be_found() -> None:
    assert LINK.findall("see [a](nowhere.md#x) and ![b](pictures/c.png)") == ["nowhere.md#x", "pictures/c.png"]
    assert anchors("# One\n## The `academy` command: run, stop") == {"one", "the-academy-command-run-stop"}


def test_every_page_can_be_reached_from_the_readme() -> None:
    seen: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in seen:
            continue
        seen.add(page)
        links = LINK.findall(CODE.sub("", page.read_text(encoding="utf-8")))
        local = [(page.parent / link.partition("#")[0]).resolve() for link in links if not ELSEWHERE.match(link)]
        waiting += [file for file in local if file.suffix == ".md" and file.exists()]
    assert sorted(set(DOCS) - seen) == []


@pytest.mark.parametrize("page", [*DOCS, ROOT / "NOTICE"], ids=named)
def test_no_page_speaks_of_one_machine_or_of_plans(page: Path) -> None:
    found = [hit.group() for hit in FORBIDDEN.finditer(page.read_text(encoding="utf-8"))]
    assert found == []


def test_words_of_one_machine_would_be_found() -> None:
    said = ["in /tmp/x", "see issue 12", "fixed in #40", "TODO: write", "from https://pypi.org/simple"]
    assert [bool(FORBIDDEN.search(text)) for text in said] == [True] * len(said)


PLACE = re.compile(
    r"`((?:academy|forums|mentoring|cohorts|matching|migrations|tests|docs|tools)/[\w./*-]*|\w+\.conf\.py|\w+\.toml)`"
)


@pytest.mark.parametrize("page", DOCS, ids=named)
def test_every_file_that_a_page_names_is_there(page: Path) -> None:
    places = PLACE.findall(page.read_text(encoding="utf-8"))
    roots = (ROOT, ROOT / "academy" / "tracks" / "packs")
    static = [ROOT / package / "static" for package in PACKAGES]
    web = ROOT / "academy" / "web"
    known = (*roots, *static, web / "static", web / "templates")
    assert [place for place in places if not any(list(root.glob(place)) for root in known)] == []


def test_the_architecture_lists_every_feature_of_every_package() -> None:
    page = read("docs/architecture.md")
    for package in ("academy", "forums", "mentoring", "cohorts"):
        row = next(line for line in page.splitlines() if line.startswith(f"| `{package}` |"))
        folders = {file.parent.name for file in (ROOT / package).glob("*/__init__.py")} - {"kernel", "web"}
        assert set(re.findall(r"`(\w+)`", row.split("|")[3])) == folders


def settings_rows() -> dict[str, str]:
    """Return the rows of the settings' own docstring, by variable."""
    rows = [line.strip() for line in (config.Settings.__doc__ or "").splitlines() if line.strip().startswith("|")]
    return {row.split("|")[1].strip(): row for row in rows[2:]}


def read_variables() -> set[str]:
    """Return every variable that the settings' code asks the environment for."""
    return set(
        re.findall(
            r"\"((?:ACADEMY_[A-Z_]+|[A-Z]+_URL|[A-Z]+_KEY(?:_FALLBACKS)?|PORT))\"", read("academy/kernel/config.py")
        )
    )


def test_every_setting_is_described_as_the_code_describes_it() -> None:
    rows = settings_rows()
    assert len(rows) > 10
    assert set(rows) == read_variables()
    page = read("docs/deployment.md").replace("`", "")
    assert [name for name, row in rows.items() if row.replace("`", "") not in page] == []


def test_no_setting_is_described_that_nothing_reads() -> None:
    described = set(re.findall(r"^\| `([A-Z_]+)` \|", read("docs/deployment.md"), re.MULTILINE))
    assert described - read_variables() == {"HOST"}
    assert "environ.get('HOST')" in read("gunicorn.conf.py")


def commands(group: click.Group, before: str = "academy") -> list[str]:
    found = []
    context = click.Context(group)
    for name in group.list_commands(context):  # what features bring too
        command, whole = group.get_command(context, name), f"{before} {name}"
        found += commands(command, whole) if isinstance(command, click.Group) else [whole]
    return found


def test_every_command_is_described_and_every_described_command_exists() -> None:
    page = read("docs/deployment.md")
    described = set(re.findall(r"^\| `(academy [a-z ]+[a-z])[ A-Z]*` \|", page, re.MULTILINE))
    assert described == set(commands(cli.academy))


def test_every_make_target_that_a_page_names_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE))
    named_in = {
        target
        for page in DOCS
        for target in re.findall(r"(?:`|^ {4}|= ?\d+ )make ([a-z]+)", page.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert {"run", "test"} <= named_in
    assert named_in <= targets


SENT = re.compile(r"(?:\.emit(?:_each)?|\.signal|\.tell|_realtime\.signal)\((?:[\w.()]+, )*\"([a-z:]+)\"")


def sent_by_the_server() -> set[str]:
    """Return the name of every event that code sends to sockets."""
    return {name for module in modules() for name in SENT.findall(module.text)}


def rows_of(page: str, heading: str) -> set[str]:
    """Return the words in backticks in the first column of the table below a heading."""
    section = re.split(r"^#+ ", page.split(f"{heading}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]
    firsts = [line.split("|")[1] for line in section.splitlines() if line.startswith("|")]
    return {word for first in firsts for word in re.findall(r"`([^`]+)`", first)}


def test_every_socket_event_is_published_and_none_that_is_not_there(kernel: Kernel) -> None:
    page = read("docs/realtime.md")
    assert rows_of(page, "## Client → server") == {handler.event for handler in kernel.realtime.handlers}
    assert rows_of(page, "## Server → client") == sent_by_the_server()


def test_the_published_acks_say_which_events_are_answered(kernel: Kernel) -> None:
    lines = read("docs/realtime.md").splitlines()
    for handler in kernel.realtime.handlers:
        row = next(line for line in lines if line.startswith(f"| `{handler.event}`"))
        assert row.endswith("| none |") is not handler.acknowledged
        for name, field in handler.schema().load_fields.items():
            assert f'"{name}"' in row
            assert field.required is not (f'"{name}"?' in row)


def test_every_ack_code_is_published_with_whether_to_retry_and_its_status() -> None:
    page = read("docs/realtime.md")
    kinds = [k for k in vars(access).values() if isinstance(k, type) and issubclass(k, access.Refusal)]
    codes = {kind.code: kind for kind in kinds if kind is not access.Refusal}
    assert rows_of(page, "### When it fails") == set(codes)
    for code, kind in codes.items():
        assert f"| `{code}` | {'yes' if kind.retry else 'no'} |" in page
        assert re.search(rf"`{code}`(?: and `\w+`)* {kind.status}", page)


def test_every_address_of_the_api_is_published(app: Flask) -> None:
    operations = {
        f"{method} {re.sub(r'<id:', '<', rule.rule).removeprefix('/api/v1')}"
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.rule.startswith("/api/")
    }
    published = re.findall(r"^\| `([A-Z]+ /[^`?]*)", read("docs/api.md"), re.MULTILINE)
    assert sorted(published) == sorted(operations)


def test_every_kind_of_log_is_published(kernel: Kernel) -> None:
    section = read("docs/realtime.md").split("### Kinds of events", 1)[1]
    logs = set(re.findall(r"^\| (\w+) \| `", section, re.MULTILINE))
    assert logs == set(kernel.log_kinds)
    appended = {
        kind
        for module in modules()
        for kind in re.findall(r"log\.append\w*\([^)]*?kind=\"(\w+)\"", module.text, re.DOTALL)
    }
    told = {
        kind
        for row in re.findall(r"^\| \w+ \| (.+?) \|", section, re.MULTILINE)
        for kind in re.findall(r"`(\w+)`", row)
    }
    assert told == appended


def test_every_part_of_a_score_is_described_with_its_weight() -> None:
    source = read("matching/scoring.py")
    page = read("docs/matching.md")
    for side, column in (("MENTOR_WEIGHTS", 2), ("BUDDY_WEIGHTS", 3)):
        body = re.search(rf"{side}: [^=]+= \{{(.*?)\}}", source, re.DOTALL)
        assert body is not None
        weights = {name: float(value) for name, value in re.findall(r"\"(\w+)\": ([\d.]+)", body[1])}
        rows = [line.split("|") for line in page.splitlines() if re.match(r"\| `\w+` \|", line)]
        told = {row[1].strip(" `"): float(row[column]) for row in rows if row[column].strip()}
        assert told == weights
    relations = dict(
        re.findall(r"\"(\w+)\": ([\d.]+),", read("matching/graph.py").split("WEIGHTS", 1)[1].split("}", 1)[0])
    )
    for name, weight in relations.items():
        assert f"| {name.replace('_', ' ')} | {weight} |" in page


def block(page: str, language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```", read(page), re.DOTALL | re.MULTILINE)
    assert found is not None
    return found[1]


def test_the_track_that_the_page_shows_can_be_read() -> None:
    pack = read_pack(block("docs/authoring.md", "toml"))
    assert (pack.key, pack.modules[0].activities[0].kind) == ("asking-better-questions", "reading")
