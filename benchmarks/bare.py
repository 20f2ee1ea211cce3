# ruff: noqa: E501 - templates
"""What a page costs with Flask, Jinja and SQLite alone: the same rows, the same amount of HTML, nothing around it.

No sign-in, no permission, no translation, no navigation, no security header; the standard library's sqlite3 and one
template without macros. What stands here is the floor, not an academy.
"""

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import Any
from uuid import uuid4

from flask import Flask, redirect, render_template, request
from jinja2 import DictLoader

HEAD = '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{{ title }}</title></head><body><main>'
THREAD = (
    HEAD
    + """<h1>{{ title }}</h1><ol>{% for p in posts %}<li class="msg" id="p-{{ p.id }}" data-no="{{ p.no }}">
<div class="who"><h3>{{ p.name }}</h3>{% if p.role %}<span class="tag">{{ p.role }}</span>{% endif %}<time datetime="{{ p.at }}">{{ p.time }}</time></div>
{% if p.quoted_id %}<blockquote><a href="/posts/{{ p.quoted_id }}"><b>{{ p.quoted_name }}</b></a></blockquote>{% endif %}
<div class="body">{{ p.body_html|safe }}</div>
{% if p.reactions %}<div class="re">{% for emoji in p.reactions.split(",") %}<button form="act" formaction="/posts/{{ p.id }}/react" name="on" value="{{ emoji }}">{{ emoji }}</button>{% endfor %}</div>{% endif %}
<details class="acts"><summary>Actions for the message from {{ p.name }}</summary><div class="menu"><div class="quick">{% for emoji in emojis %}<button form="act" formaction="/posts/{{ p.id }}/react" name="on" value="{{ emoji }}" aria-label="React: {{ emoji }}">{{ emoji }}</button>{% endfor %}</div><a href="/posts/{{ p.id }}/reply">Reply</a>
<button form="act" formaction="/spaces/{{ space }}/unread" name="no" value="{{ p.no }}">Mark unread from here</button><a href="/posts/{{ p.id }}/edit">Edit</a><a href="/posts/{{ p.id }}/remove">Remove</a></div></details></li>{% endfor %}</ol></main></body></html>"""
)
TRACK = (
    HEAD
    + """<h1>{{ title }}</h1><ol>{% for s in steps %}<li><a href="/activities/{{ s.id }}">{{ s.title }}</a> <span>{{ s.kind }}</span>
<p>{{ s.summary }}</p>{% if s.done %}<b>Done</b>{% endif %} {{ s.minutes }} minutes, {{ s.module }}</li>{% endfor %}</ol></main></body></html>"""
)
HOME = (
    HEAD
    + """<h1>Good morning, {{ name }}</h1><section><h2>Your journey</h2><ol>{% for m in modules %}<li><a href="/deliveries/{{ delivery }}#m{{ loop.index }}"><b>{{ m.title }}</b></a> <span>{% if 0 < m.done < m.count %}{{ m.done }} of {{ m.count }} done{% else %}Week {{ m.week }}{% endif %}</span></li>{% endfor %}</ol></section>
<section><h2>Together this week</h2><ul>{% for w in week %}<li><h3>{{ w.title }}</h3><p><time datetime="{{ w.starts_at }}">{{ w.time }}</time> {{ w.minutes }} minutes with {{ w.name }}</p><a href="/workshops/{{ w.id }}">{{ "Answer" if w.state == "invited" else "Prepare" }}</a></li>{% endfor %}</ul><table>{% for h in hours %}<tr><th>{{ h.name }}</th><td>{{ h.zone }}</td><td>{{ h.weekday }}</td><td>{{ h.start_minute }}</td><td>{{ h.end_minute }}</td></tr>{% endfor %}</table></section>
<section><h2>Your people</h2><ul>{% for p in people %}<li><span class="av">{{ p.name[0] }}</span><a href="/people/{{ p.id }}">{{ p.name }}</a> {{ p.zone }} <a href="/spaces/{{ p.space_id }}">Write to {{ p.name }}</a></li>{% endfor %}</ul></section>
<section><h2>Rooms</h2><ul>{% for r in rooms %}<li><a href="/spaces/{{ r.id }}">{{ r.title }}</a> {% if r.unread %}{{ r.unread }} new messages for you{% else %}You have read everything{% endif %}</li>{% endfor %}</ul></section></main></body></html>"""
)
BOARD = (
    HEAD
    + """<h1>{{ title }}</h1><ul class="threads">{% for t in threads %}<li{% if t.unread %} class="is-new"{% endif %}><span class="av">{{ t.author[0] }}</span><div><h3><a href="/spaces/{{ t.id }}{% if t.unread %}#new{% endif %}">{{ t.title }}</a> <span class="count"{% if not t.unread %} hidden{% endif %}>{{ t.unread }} new for you</span></h3>
<p>{{ t.author }}{% if t.replies %}, last by {{ t.last }}{% endif %}, <time datetime="{{ t.last_at }}">{{ t.time }}</time></p>{% if t.pinned or t.solved_no or t.locked_at or t.follows %}<p class="tags">{% if t.pinned %}<span class="tag">pinned</span>{% endif %}{% if t.solved_no %}<span class="tag">solved</span>{% endif %}{% if t.locked_at %}<span class="tag">locked</span>{% endif %}{% if t.follows %}<span class="tag">you follow it</span>{% endif %}</p>{% endif %}</div>
<p class="n">{{ t.replies }} replies</p></li>{% endfor %}</ul></main></body></html>"""
)
SIGN_IN = (
    HEAD
    + """<h1>Sign in</h1><form method="post"><label for="email">E-mail</label><input id="email" name="email" type="email">
<label for="password">Password</label><input id="password" name="password" type="password"><button>Sign in</button></form></main></body></html>"""
)

POSTS = """
SELECT p.id, p.no, p.body_html, p.at, a.name, q.id AS quoted_id, qa.name AS quoted_name,
  (SELECT group_concat(r.emoji) FROM post_reactions r WHERE r.post_id = p.id) AS reactions,
  (SELECT m.role FROM memberships m WHERE m.group_id = s.group_id AND m.person_id = p.author_id AND m.until_at IS NULL
     AND m.role IN ('lead', 'facilitator', 'mentor') LIMIT 1) AS role
FROM posts p JOIN spaces s ON s.id = p.space_id LEFT JOIN people a ON a.id = p.author_id
LEFT JOIN posts q ON q.id = p.reply_to LEFT JOIN people qa ON qa.id = q.author_id
WHERE p.space_id = ? AND p.no > s.head_no - ? ORDER BY p.no
"""
STEPS = """
SELECT a.id, a.title, a.kind, a.summary, a.minutes, v.title AS module, t.week, c.at IS NOT NULL AS done
FROM deliveries d JOIN track_parts t ON t.track_version_id = d.track_version_id
JOIN module_versions v ON v.id = t.module_version_id JOIN activities a ON a.module_version_id = v.id
LEFT JOIN completions c ON c.activity_id = a.id AND c.person_id = ? WHERE d.id = ? ORDER BY t.position, a.position
"""
WEEK = """
SELECT w.id, w.title, w.starts_at, w.minutes, w.facilitator_id, f.name, r.state FROM workshops w
JOIN memberships m ON m.group_id = w.group_id AND m.person_id = ? AND m.until_at IS NULL
JOIN people f ON f.id = w.facilitator_id LEFT JOIN rsvps r ON r.workshop_id = w.id AND r.person_id = m.person_id
WHERE w.state = 'published' AND w.starts_at BETWEEN datetime('now', '-1 hour') AND datetime('now', '+7 days') ORDER BY w.starts_at
"""
OTHERS = """
SELECT p.id, p.name, p.zone, x.space_id FROM pairs x
JOIN memberships m ON m.group_id = x.group_id AND m.person_id = ? AND m.until_at IS NULL
JOIN memberships o ON o.group_id = x.group_id AND o.person_id <> m.person_id AND o.until_at IS NULL
JOIN people p ON p.id = o.person_id WHERE x.ended_at IS NULL
"""
UNREAD = """
s.head_no - f.read_no - (SELECT count(*) FROM posts p WHERE p.space_id = s.id AND p.no > f.read_no
  AND (p.author_id = f.person_id OR p.removed_at IS NOT NULL))
"""
ROOMS = f"""
SELECT s.id, s.title, {UNREAD} AS unread FROM spaces s JOIN follows f ON f.space_id = s.id AND f.person_id = ?
WHERE s.kind <> 'thread' ORDER BY s.last_at DESC
"""
HOURS = """
SELECT p.name, p.zone, a.weekday, a.start_minute, a.end_minute FROM availability a JOIN people p ON p.id = a.person_id
WHERE p.id IN ({}) ORDER BY p.id, a.weekday
"""
THREADS = f"""
SELECT s.id, s.title, a.name AS author, s.replies, s.last_at, l.name AS last, s.pinned, s.solved_no, s.locked_at,
  f.person_id IS NOT NULL AS follows, {UNREAD} AS unread
FROM spaces s LEFT JOIN people a ON a.id = s.author_id LEFT JOIN people l ON l.id = s.last_by
LEFT JOIN follows f ON f.space_id = s.id AND f.person_id = ?
WHERE s.group_id = ? ORDER BY s.pinned DESC, s.last_at DESC, s.id DESC LIMIT 100
"""


def create_app(file: str, author: str) -> Flask:
    """Make the bare app on the same database file; `author` is whose posts it stores."""
    app = Flask("bare", static_folder=None)
    pages = {"thread": THREAD, "track": TRACK, "sign-in": SIGN_IN, "home": HOME, "board": BOARD}
    app.jinja_loader = DictLoader({f"{name}.html": text for name, text in pages.items()})
    database = sqlite3.connect(file, isolation_level=None)
    database.row_factory = sqlite3.Row
    database.execute("PRAGMA synchronous=FULL")

    @app.get("/spaces/<space>")
    def thread(space: str) -> str:
        rows = database.execute(POSTS, (space, request.args.get("most", 50, int))).fetchall()
        posts: list[dict[str, Any]] = [{**row, "time": _time(row["at"])} for row in map(dict, rows)]
        return render_template("thread.html", title="A room", posts=posts, emojis="💛🙌✨💡😂🙏", space=space)

    @app.get("/deliveries/<delivery>")
    def track(delivery: str) -> str:
        return render_template(
            "track.html", title="A track", steps=database.execute(STEPS, (author, delivery)).fetchall()
        )

    @app.get("/home/<delivery>")
    def home(delivery: str) -> str:
        modules: dict[str, dict[str, Any]] = {}
        for step in database.execute(STEPS, (author, delivery)):
            module = modules.setdefault(
                step["module"], {"title": step["module"], "week": step["week"], "done": 0, "count": 0}
            )
            module["done"] += step["done"]
            module["count"] += 1
        week = [{**row, "time": _time(row["starts_at"])} for row in map(dict, database.execute(WEEK, (author,)))]
        people = database.execute(OTHERS, (author,)).fetchall()
        shown = [author, *(p["id"] for p in people), *(w["facilitator_id"] for w in week)]
        return render_template(
            "home.html",
            title="Home",
            name="Learner",
            delivery=delivery,
            modules=list(modules.values()),
            week=week,
            people=people,
            hours=database.execute(HOURS.format(",".join("?" * len(shown))), shown).fetchall(),
            rooms=database.execute(ROOMS, (author,)).fetchall()[:6],
        )

    @app.get("/boards/<board>")
    def threads(board: str) -> str:
        rows = database.execute(THREADS, (author, board)).fetchall()
        shown = [{**row, "time": _time(row["last_at"])} for row in map(dict, rows)]
        return render_template("board.html", title="A board", threads=shown)

    @app.get("/sign-in")
    def sign_in() -> str:
        return render_template("sign-in.html", title="Sign in")

    @app.post("/spaces/<space>/posts")
    def post(space: str) -> Any:
        database.execute("BEGIN IMMEDIATE")
        (no,) = database.execute(
            "UPDATE spaces SET head_no = head_no + 1 WHERE id = ? RETURNING head_no", (space,)
        ).fetchone()
        database.execute(
            "INSERT INTO posts (id, space_id, no, author_id, body_md, body_html, renderer, at) VALUES (?,?,?,?,?,?,1,?)",
            (
                uuid4().hex,
                space,
                no,
                author,
                request.form["body"],
                f"<p>{request.form['body']}</p>",
                "2026-01-01 00:00:00",
            ),
        )
        database.execute("COMMIT")
        return redirect(f"/spaces/{space}")

    return app


def _time(at: str) -> str:
    return datetime.fromisoformat(at).strftime("%H:%M")
