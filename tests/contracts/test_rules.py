"""The rules of the house hold in every module and template, and each of them catches a deliberate breach."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.contracts.rules import RULES, policy_of_templates, words_of_templates
from tests.contracts.tree import ROOT, Module, modules, templates

TREE = modules()
TEMPLATES = templates()


@pytest.mark.parametrize("name", RULES)
def test_the_rule_is_kept_everywhere(name: str):
    assert list(RULES[name](TREE)) == []


BREACHES = [
    ("names", "cohorts.roster.utils", "", "cohorts.roster.utils: there are no utils modules"),
    ("names", "forums.helpers", "", "forums.helpers: there are no helpers modules"),
    ("names", "academy.kernel.base", "", "academy.kernel.base: there are no base modules"),
    ("names", "academy.people.engine.common", "", "academy.people.engine.common: there are no common modules"),
    ("names", "academy.people.person_manager", "", "academy.people.person_manager: there are no manager modules"),
    ("names", "academy.kernel.toolbox", "", "academy.kernel.toolbox: no such module in the architecture"),
    ("names", "academy.web.widgets", "", "academy.web.widgets: no such module in the architecture"),
    ("names", "mentoring.pairs.notices", "", "mentoring.pairs.notices: no such module in the architecture"),
    ("names", "mentoring.pairing", "", "mentoring.pairing: no such module in the architecture"),
    ("names", "matching.magic", "", "matching.magic: no such module in the architecture"),
    (
        "imports_at_the_top",
        "forums.posts.actions",
        "def f():\n    import os\n",
        "forums.posts.actions: line 2 imports inside a function",
    ),
    (
        "imports_at_the_top",
        "forums.posts.actions",
        "import importlib\nimportlib.import_module('wsgi')",
        "forums.posts.actions: line 2 loads a module by name",
    ),
    ("one_commit", "forums.posts.actions", "session.commit()", "forums.posts.actions: line 1 commits"),
    (
        "one_commit",
        "academy.kernel.db",
        "session.commit()\nconnection.commit()",
        "academy.kernel.db: 2 commits where one belongs",
    ),
    (
        "one_commit",
        "forums.posts.pages",
        "with engine.begin(): pass",
        "forums.posts.pages: line 1 begins a transaction of its own",
    ),
    (
        "emit_in_actions",
        "forums.posts.pages",
        "emit(session, Posted())",
        "forums.posts.pages: line 1 emits outside an action",
    ),
    (
        "emit_in_actions",
        "forums.posts.reactions",
        "kernel.realtime.socketio.emit('x')",
        "forums.posts.reactions: line 1 writes to sockets past the kernel",
    ),
    (
        "durable_sends_in_reactions",
        "forums.posts.actions",
        "notify(session)",
        "forums.posts.actions: line 1 notifies outside a reaction",
    ),
    (
        "durable_sends_in_reactions",
        "forums.posts.pages",
        "notices.notify(session)",
        "forums.posts.pages: line 1 notifies outside a reaction",
    ),
    (
        "durable_sends_in_reactions",
        "cohorts.workshops.actions",
        "jobs.enqueue(session)",
        "cohorts.workshops.actions: line 1 promises a job outside a reaction",
    ),
    (
        "durable_sends_in_reactions",
        "cohorts.workshops.pages",
        "mail.post(session)",
        "cohorts.workshops.pages: line 1 promises a job outside a reaction",
    ),
    (
        "durable_sends_in_reactions",
        "forums.posts.pages",
        "kernel().realtime.ship([])",
        "forums.posts.pages: line 1 ships rows itself: the kernel does after the commit",
    ),
    (
        "signals_in_sockets",
        "forums.posts.actions",
        "kernel.realtime.signal(a, b, c)",
        "forums.posts.actions: line 1 signals outside a socket handler",
    ),
    (
        "signals_in_sockets",
        "forums.spaces.reactions",
        "kernel.realtime.tell(a, b, c)",
        "forums.spaces.reactions: line 1 tells tabs outside an entry point",
    ),
    (
        "one_clock",
        "forums.posts.actions",
        "datetime.now(UTC)",
        "forums.posts.actions: line 1 asks for the time past the clock",
    ),
    (
        "one_clock",
        "forums.posts.actions",
        "datetime.datetime.utcnow()",
        "forums.posts.actions: line 1 asks for the time past the clock",
    ),
    (
        "one_clock",
        "forums.posts.actions",
        "at = date.today",
        "forums.posts.actions: line 1 asks for the time past the clock",
    ),
    (
        "one_clock",
        "forums.posts.actions",
        "time.time()",
        "forums.posts.actions: line 1 asks for the time past the clock",
    ),
    (
        "one_clock",
        "forums.posts.actions",
        "from time import time",
        "forums.posts.actions: line 1 asks for the time past the clock",
    ),
    (
        "one_clock",
        "forums.posts.models",
        "x = func.now()",
        "forums.posts.models: line 1 asks for the time past the clock",
    ),
    ("short_modules", "forums.posts.actions", "x = 1\n" * 401, "forums.posts.actions: 401 lines"),
    (
        "tables_are_written_at_home",
        "cohorts.roster.actions",
        "from academy.people.models import Person\nPerson(name='')",
        "cohorts.roster.actions: line 2 writes academy.people.models.Person, which is not its own",
    ),
    (
        "tables_are_written_at_home",
        "cohorts.roster.actions",
        "from academy.people.models import Membership\nsession.execute(insert(Membership))",
        "cohorts.roster.actions: line 2 writes academy.people.models.Membership, which is not its own",
    ),
    (
        "tables_are_written_at_home",
        "mentoring.pairs.actions",
        "from forums.spaces.models import Space as Room\nupdate(Room).values(x=1)",
        "mentoring.pairs.actions: line 2 writes forums.spaces.models.Room, which is not its own",
    ),
    (
        "only_wsgi_names_all",
        "cohorts.home.pages",
        "import forums.feature",
        "cohorts.home.pages: imports forums.feature",
    ),
    ("only_wsgi_names_all", "cohorts.home.pages", "from wsgi import app", "cohorts.home.pages: imports wsgi"),
    (
        "said_through_gettext",
        "cohorts.home.pages",
        "flash('Saved.')",
        "cohorts.home.pages: line 1 flashes text past gettext",
    ),
    (
        "said_through_gettext",
        "cohorts.home.pages",
        "flash(f'Saved {name}.')",
        "cohorts.home.pages: line 1 flashes text past gettext",
    ),
]


@pytest.mark.parametrize(("rule", "module", "text", "found"), BREACHES, ids=lambda value: str(value)[:40])
def test_a_deliberate_breach_of_the_rule_is_caught(rule: str, module: str, text: str, found: str):
    # The rest of the tree stays as it is; the breach stands beside it (or in place of the module it names).
    others = [m for m in TREE if m.name != module]
    assert found in list(RULES[rule]([*others, Module(module, text)]))


def test_an_init_that_holds_code_is_caught():
    package = Module("cohorts.roster", '"""Rosters."""\n\nfrom cohorts.roster import models\n', is_package=True)
    assert list(RULES["bare_packages"]([package])) == [
        "cohorts.roster: __init__.py holds more or less than a docstring"
    ]


def test_each_rule_has_a_breach_that_it_must_catch():
    assert {rule for rule, *_ in BREACHES} | {"bare_packages"} == set(RULES)


def test_templates_hold_nothing_that_the_policy_refuses():
    assert list(policy_of_templates(TEMPLATES)) == []


@pytest.mark.parametrize(
    ("written", "what"),
    [
        ('<p style="color: red">', "a style attribute"),
        ('{{ field("a", attrs={"style": "x"}) }}', "a style attribute"),
        ('<button onclick="go()">', "a script in an attribute"),
        ('{{ field("a", attrs={"onfocus": "x"}) }}', "a script in an attribute"),
        ("<script>go()</script>", "an inline script"),
        ('<script type="module">go()</script>', "an inline script"),
        ("<style>p {}</style>", "an inline style sheet"),
        ('<p hx-on:click="x">', "hx-on"),
        ('<p hx-trigger="click[ctrlKey]">', "a filter in hx-trigger"),
        ('<p hx-vals="js:{a: 1}">', "a script address"),
        ('<a href="javascript:go()">', "a script address"),
    ],
)
def test_what_the_policy_would_refuse_is_caught_in_templates(written: str, what: str):
    assert any(what in finding for finding in policy_of_templates({"x.html": written}))


def test_every_word_in_templates_goes_through_gettext():
    assert list(words_of_templates(TEMPLATES)) == []


@pytest.mark.parametrize(
    "written",
    [
        "<p>Hello</p>",
        '<p>{{ _("Hello") }} you</p>',
        '<button aria-label="Close">',
        '<img alt="A hill">',
        '{{ button("Save", "p") }}',
        '{% if a %}<p>One</p>{% else %}{{ _("Two") }}{% endif %}',
        '{{ field("name", "Your name", attrs={"placeholder": "Ana"}) }}',
    ],
)
def test_a_word_past_gettext_is_caught(written: str):
    assert list(words_of_templates({"x.html": written}))


@pytest.mark.parametrize(
    "written",
    [
        '<p>{{ _("Hello %(name)s", name=viewer.name) }}</p>',
        '<a class="btn btn-s" href="/me" aria-label="{{ _(\'Close\') }}">{{ icon("x") }}</a>',
        '<p>{{ ngettext("%(num)s day", "%(num)s days", n) }} · 3</p>',
        '{{ button(_("Save"), "p", icon_name="check") }}',
    ],
)
def test_words_that_go_through_gettext_pass(written: str):
    assert list(words_of_templates({"x.html": written})) == []


HEAVY = "numpy scipy networkx rustworkx alembic pandas ortools".split()
SERVED = """
import sys
import wsgi
from academy.kernel.config import Settings
app = wsgi.create_app(Settings.from_environment())
client = app.test_client()
assert client.get("/healthz").status_code == 200
client.get("/sign-in")
print(*[name for name in {heavy!r} if name in sys.modules])
"""


def carried(program: str, folder: Path) -> list[str]:
    """Return which heavy libraries a process holds after running a program."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "ACADEMY_INSTANCE": str(folder), "ACADEMY_LOG": "error", "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1].split()


def test_the_web_process_carries_no_numeric_library_and_no_migrations(tmp_path: Path):
    assert carried(SERVED.format(heavy=HEAVY), tmp_path) == []


def test_a_web_process_that_carried_one_would_be_caught(tmp_path: Path):
    assert carried("import networkx\n" + SERVED.format(heavy=HEAVY), tmp_path) == ["networkx"]
