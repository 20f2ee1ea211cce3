"""Rules of the house that import-linter can't express; each returns what breaks it, as "module: what"."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from html.parser import HTMLParser

from jinja2 import Environment, nodes

from tests.contracts.tree import BRIDGES, Module

FEATURE_MODULES = frozenset(
    "models events engine policy queries adapters actions schemas reactions pages api sockets jobs cli seeds".split()
)
KERNEL = frozenset(
    """access app authentication bulk cli clock config connections db delivery direct event_context events expressions
    fanout feature files following gunicorn_eventlet ids jobs ledger limits log mail metrics migrate
    offload offload_eventlet offload_gevent offload_threads once paging payloads
    prepared presence realtime relay secret serve server server_eventlet server_gevent server_threads shared solver
    sqlite telemetry together vault viewer websocket websocket_engine websocket_frames websocket_handshake
    websocket_pings websocket_writer""".split()
)
WEB = frozenset(
    "api around assets compress errors forms frames fresh guards i18n markup pages pictures security shell signed_in wire".split()
)
MATCHING = frozenset(
    "adjacency breakouts buddies candidates coverage explain fairness graph hours instance large mentors oddsets pairing parts pricing"
    " people places program repair rules scoring solving trios types why words".split()
)
NOWHERE = frozenset("util utils helper helpers common misc manager managers base service services".split())

LINES = 400

# Each of these needs what it asks for, and nothing else does.
READS_THE_TIME = {
    "academy.kernel.clock": "it is the clock",
    "academy.kernel.websocket_engine": "engineio reckons in seconds since 1970 how long a socket has been silent",
    "academy.kernel.limits": "the limits library counts its windows in seconds since 1970, in its own process",
}
WRITES_TO_SOCKETS = {
    "academy.kernel.realtime": "it is the one user of Socket.IO",
    "academy.kernel.fanout": "it is what an emit is given to",
    "academy.kernel.delivery": "it brings committed rows to their readers",
}
LOADS_BY_NAME = {
    "academy.kernel.app": "the client of Redis, where REDIS_URL is set",
    "academy.kernel.cli": "the command builds the app, and nobody may import wsgi",
    "academy.kernel.serve": "gevent and eventlet must patch before the server is imported",
    "academy.kernel.server": "the mode's own listener, once the mode is known",
    "academy.kernel.server_gevent": "wsgi, once gevent has patched",
    "academy.kernel.server_threads": "wsgi, once the mode is known",
    "academy.kernel.offload": "the mode's own thread pool",
    "academy.kernel.solver": "the engine that a request names, in a process of its own",
    "academy.web.assets": "brotli is optional",
    "matching.places": "OR-tools is optional",
    "mentoring.matches.cli": "its engine with the numeric libraries, once a file was read and is right",
}


def names(found: Sequence[Module]) -> Iterator[str]:
    """Modules have the names that the architecture lists, and none is a place for anything."""
    for module in found:
        parts = module.name.split(".")
        bad = {word for part in parts for word in part.split("_")} & NOWHERE
        if bad:
            yield f"{module.name}: there are no {bad.pop()} modules"
        if module.name == "wsgi" or len(parts) == 1:
            continue
        if parts[0] == "matching":
            known = parts[1] in MATCHING
        elif len(parts) == 2:
            known = module.is_package or parts[1] == "feature"
        elif module.feature == "academy.kernel":
            known = parts[2] in KERNEL
        elif module.feature == "academy.web":
            known = parts[2] in WEB
        elif module.feature == BRIDGES:
            known = len(parts) == 3 or parts[3] in FEATURE_MODULES
        else:
            known = parts[2] in FEATURE_MODULES
        if not known:
            yield f"{module.name}: no such module in the architecture"


def imports_at_the_top(found: Sequence[Module]) -> Iterator[str]:
    """Nothing is imported inside a function."""
    for module in found:
        for function in ast.walk(module.tree):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                for node in ast.walk(function):
                    if isinstance(node, ast.Import | ast.ImportFrom):
                        yield f"{module.name}: line {node.lineno} imports inside a function"
        if module.name not in LOADS_BY_NAME:
            for call in module.calls:
                if ast.unparse(call.func).endswith(("import_module", "__import__")):
                    yield f"{module.name}: line {call.lineno} loads a module by name"


def one_commit(found: Sequence[Module]) -> Iterator[str]:
    """A session is committed in one place in the whole tree."""
    places = [
        f"{module.name}: line {call.lineno} commits"
        for module in found
        for call in module.calls
        if isinstance(call.func, ast.Attribute) and call.func.attr == "commit" and not call.args and not call.keywords
    ]
    places += [
        f"{module.name}: line {call.lineno} begins a transaction of its own"
        for module in found
        for call in module.calls
        if isinstance(call.func, ast.Attribute) and call.func.attr in {"begin", "begin_nested"}
    ]
    home = [place for place in places if place.startswith("academy.kernel.db: ")]
    if len(home) != 1:
        yield f"academy.kernel.db: {len(home)} commits where one belongs"
    yield from (place for place in places if place not in home)


def emit_in_actions(found: Sequence[Module]) -> Iterator[str]:
    """Facts are emitted by actions; Socket.IO is written to by the kernel and by handlers that answer their caller."""
    for module in found:
        for call in module.calls:
            name = ast.unparse(call.func)
            if name in {"emit", "events.emit"} and module.place != "actions":
                yield f"{module.name}: line {call.lineno} emits outside an action"
            raw = name.endswith((".emit", ".emit_each")) and name != "events.emit"
            if raw and module.place != "sockets" and module.name not in WRITES_TO_SOCKETS:
                yield f"{module.name}: line {call.lineno} writes to sockets past the kernel"


def durable_sends_in_reactions(found: Sequence[Module]) -> Iterator[str]:
    """Notices are told by reactions; jobs and mail are promised by reactions, by jobs and by the kernel."""
    for module in found:
        for call in module.calls:
            name = ast.unparse(call.func).split(".")[-1]
            whole = ast.unparse(call.func)
            told = (
                name in {"notify", "notify_each"} and module.feature != "academy.kernel"
            )  # gunicorn calls its sign of life so
            if told and module.place != "reactions":
                yield f"{module.name}: line {call.lineno} notifies outside a reaction"
            promises = whole in {"enqueue", "enqueue_each", "jobs.enqueue", "jobs.enqueue_each", "mail.post"}
            if promises and module.place not in {"reactions", "jobs"} and module.feature != "academy.kernel":
                yield f"{module.name}: line {call.lineno} promises a job outside a reaction"
            if name == "ship" and module.feature != "academy.kernel":
                yield f"{module.name}: line {call.lineno} ships rows itself: the kernel does after the commit"


def signals_in_sockets(found: Sequence[Module]) -> Iterator[str]:
    """What passes (typing, presence) is sent by sockets and the kernel only.

    A person's own tabs may also be told by the page that is the form's twin of a socket event.
    """
    for module in found:
        if module.place == "sockets" or module.feature == "academy.kernel":
            continue
        for call in module.calls:
            whole = ast.unparse(call.func)
            if whole.endswith(("realtime.signal", "socket.signal")):
                yield f"{module.name}: line {call.lineno} signals outside a socket handler"
            if whole.endswith("realtime.tell") and module.place not in {"pages", "api"}:
                yield f"{module.name}: line {call.lineno} tells tabs outside an entry point"


def one_clock(found: Sequence[Module]) -> Iterator[str]:
    """Only the clock asks what time it is; counting seconds that passed is free."""
    asks = re.compile(
        r"(^|\.)(datetime\.(now|utcnow|today|fromtimestamp)|date\.(today|fromtimestamp)"
        r"|time\.(time|time_ns|localtime|gmtime|strftime|ctime)|func\.(now|current_timestamp|localtime))$"
    )
    for module in found:
        if module.name in READS_THE_TIME:
            continue
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Attribute) and asks.search(ast.unparse(node)):
                yield f"{module.name}: line {node.lineno} asks for the time past the clock"
            if (
                isinstance(node, ast.ImportFrom)
                and node.module == "time"
                and {a.name for a in node.names} & {"time", "time_ns"}
            ):
                yield f"{module.name}: line {node.lineno} asks for the time past the clock"


def short_modules(found: Sequence[Module]) -> Iterator[str]:
    """A module that outgrows 400 lines becomes a folder, a file per noun."""
    for module in found:
        lines = len(module.text.splitlines())
        if lines > LINES:
            yield f"{module.name}: {lines} lines"


def bare_packages(found: Sequence[Module]) -> Iterator[str]:
    """An `__init__.py` holds a docstring and nothing else."""
    for module in found:
        if module.is_package and (len(module.tree.body) != 1 or not ast.get_docstring(module.tree)):
            yield f"{module.name}: __init__.py holds more or less than a docstring"


def tables_are_written_at_home(found: Sequence[Module]) -> Iterator[str]:
    """Rows of another package's tables are made, changed and removed by that package's actions only."""
    tables = {
        (module.name, node.name)
        for module in found
        for node in module.tree.body
        if isinstance(node, ast.ClassDef) and any(ast.unparse(b).split(".")[-1] == "Table" for b in node.bases)
    }
    for module in found:
        mine: dict[str, str] = {}
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ImportFrom) and node.module:
                for alias in node.names:
                    if (node.module, alias.name) in tables:
                        mine[alias.asname or alias.name] = node.module
        foreign = {name for name, home in mine.items() if home.split(".")[0] != module.package}
        writes = {"insert", "update", "delete", "merge", "bulk_insert_mappings", "insert_sqlite", "insert_postgresql"}
        for call in module.calls:
            name = ast.unparse(call.func)
            written = name if name in foreign else ""
            if name.split(".")[-1] in writes and call.args:
                first = ast.unparse(call.args[0])
                written = first if first in foreign else written
            if written:
                yield f"{module.name}: line {call.lineno} writes {mine[written]}.{written}, which is not its own"


def only_wsgi_names_all(found: Sequence[Module]) -> Iterator[str]:
    """Contribution records are gathered by wsgi; nobody else reads them."""
    for module in found:
        if module.name == "wsgi":
            continue
        for node in ast.walk(module.tree):
            wanted = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if isinstance(node, ast.Import):
                wanted = [alias.name for alias in node.names]
            for name in wanted:
                if name == "wsgi" or re.fullmatch(r"(academy|forums|mentoring|cohorts)\.feature", name):
                    yield f"{module.name}: imports {name}"


def said_through_gettext(found: Sequence[Module]) -> Iterator[str]:
    """What web code flashes to people goes through gettext."""
    for module in found:
        for call in module.calls:
            literal = call.args and isinstance(call.args[0], ast.Constant | ast.JoinedStr)
            if ast.unparse(call.func).split(".")[-1] == "flash" and literal:
                yield f"{module.name}: line {call.lineno} flashes text past gettext"


RULES: dict[str, Callable[[Sequence[Module]], Iterator[str]]] = {
    rule.__name__: rule
    for rule in (
        names,
        imports_at_the_top,
        one_commit,
        emit_in_actions,
        durable_sends_in_reactions,
        signals_in_sockets,
        one_clock,
        short_modules,
        bare_packages,
        tables_are_written_at_home,
        only_wsgi_names_all,
        said_through_gettext,
    )
}


# templates

FORBIDDEN = {
    "a style attribute": re.compile(r"<[^>]*\sstyle\s*=|[\"']style[\"']\s*:", re.IGNORECASE),
    "a script in an attribute": re.compile(r"<[^>]*\son[a-z]+\s*=|[\"']on[a-z]+[\"']\s*:", re.IGNORECASE),
    "an inline script": re.compile(r"<script(?![^>]*\ssrc=)[^>]*>", re.IGNORECASE),
    "an inline style sheet": re.compile(r"<style[\s>]", re.IGNORECASE),
    "hx-on": re.compile(r"hx-on", re.IGNORECASE),
    "a filter in hx-trigger": re.compile(r"hx-trigger[\"']?\s*[=:]\s*(\"[^\"]*\[|'[^']*\[)", re.IGNORECASE),
    "a script address": re.compile(r"[\"'=\s]js:|javascript:", re.IGNORECASE),
}
SPOKEN = {"aria-label", "title", "placeholder", "alt", "content", "label", "summary", "aria-description"}
FOR_MACHINES = {"width=device-width, initial-scale=1", "light dark"}
LETTERS = re.compile(r"[^\W\d_]{2,}")
INSIDE_TAGS = re.compile(r"\{%-? block \w+_(class|attrs) -?%\}.*?\{%-? endblock", re.DOTALL)
"""Blocks that fill an attribute: "x_class" and "x_attrs"."""
HOLE = "\N{CURRENCY SIGN}"
NOT_PROSE = {"GET", "POST", "UTC"}


def policy_of_templates(found: Mapping[str, str]) -> Iterator[str]:
    """Templates hold nothing that the content security policy would refuse."""
    for path, text in found.items():
        bare = re.sub(r"\{#.*?#\}", "", text, flags=re.DOTALL)
        for what, pattern in FORBIDDEN.items():
            for hit in pattern.finditer(bare):
                yield f"{path}: {what}: {hit.group()[-60:]!r}"


def words_of_templates(found: Mapping[str, str]) -> Iterator[str]:
    """Every word that a template shows or speaks goes through gettext."""
    environment = Environment(extensions=["jinja2.ext.do"], autoescape=True)
    for path, text in found.items():
        yield from (f"{path}: {words!r} is not translated" for words in _loose(environment, text))
        tree = environment.parse(text)
        inside = {
            id(part)
            for call in tree.find_all(nodes.Call)
            if isinstance(call.node, nodes.Name) and call.node.name in {"_", "gettext", "ngettext"}
            for part in call.find_all(nodes.Const)
        }
        for call in tree.find_all(nodes.Call):
            for part in call.find_all(nodes.Const):
                prose = isinstance(part.value, str) and re.match(r"[A-Z][a-z]+\b", part.value)
                if prose and id(part) not in inside:
                    yield f"{path}: {part.value!r} is not translated"


def _loose(environment: Environment, text: str) -> list[str]:
    flat = "".join(
        value if kind == "data" else HOLE if kind in {"variable_begin", "block_begin"} else ""
        for _line, kind, value in environment.lex(INSIDE_TAGS.sub("", text))
    )
    reader = _Words()
    reader.feed(flat)
    reader.close()
    return reader.words


class _Words(HTMLParser):
    """Gathers the words that stand in text and in spoken attributes."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []

    def handle_data(self, data: str) -> None:
        self._take(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in SPOKEN and value and value not in FOR_MACHINES and not value.startswith("{"):
                self._take(value)

    def _take(self, text: str) -> None:
        # A macro may write a piece of a tag: its attributes are not prose.
        bare = re.sub(r"[a-z-]+=(\"[^\"]*\"|'[^']*')", "", text)
        self.words += [word for word in LETTERS.findall(bare) if word not in NOT_PROSE]
