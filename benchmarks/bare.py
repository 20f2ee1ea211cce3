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
SELECT a.id, a.title, a.kind, a.summary, a.minutes, v.title AS module, c.at IS NOT NULL AS done
FROM deliveries d JOIN track_parts t ON t.track_version_id = d.track_version_id
JOIN module_versions v ON v.id = t.module_version_id JOIN activities a ON a.module_version_id = v.id
LEFT JOIN completions c ON c.activity_id = a.id AND c.person_id = ? WHERE d.id = ? ORDER BY t.position, a.position
"""


def create_app(file: str, author: str) -> Flask:
    """Make the bare app on the same database file; `author` is whose posts it stores."""
    app = Flask("bare", static_folder=None)
    app.jinja_loader = DictLoader({"thread.html": THREAD, "track.html": TRACK, "sign-in.html": SIGN_IN})
    database = sqlite3.connect(file, isolation_level=None)
    database.row_factory = sqlite3.Row
    database.execute("PRAGMA synchronous=FULL")

    @app.get("/spaces/<space>")
    def thread(space: str) -> str:
        rows = database.execute(POSTS, (space, request.args.get("most", 50, int))).fetchall()
        posts: list[dict[str, Any]] = [
            {**row, "time": datetime.fromisoformat(row["at"]).strftime("%H:%M")} for row in map(dict, rows)
        ]
        return render_template("thread.html", title="A room", posts=posts, emojis="💛🙌✨💡😂🙏", space=space)

    @app.get("/deliveries/<delivery>")
    def track(delivery: str) -> str:
        return render_template(
            "track.html", title="A track", steps=database.execute(STEPS, (author, delivery)).fetchall()
        )

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
