"""Static files: names that follow the content, answers that can be kept for a year, and nothing outside the walk."""

from __future__ import annotations

import gzip
import hashlib
import re
from pathlib import Path

import brotli
import pytest
from flask import Flask, render_template_string

from academy.web.assets import Assets, BrokenReferenceError, blueprint

ROOT = Path(__file__).parents[3]


@pytest.fixture
def folder(tmp_path):
    for name, text in {
        "a/base.css": 'body { background: url("../v/mark.svg#m"); } @font-face { src: url(../v/f.woff2) }',
        "a/app.js": 'export const one = 1;\nconst far = import("./late.js");\n',
        "a/late.js": "export const late = 2;\n",
        "b/room.js": "import { one } from '../a/app.js';\nimport \"../a/late.js\";\nconsole.log(one);\n",
        "v/mark.svg": '<svg xmlns="http://www.w3.org/2000/svg"><g id="m"/></svg>',
        "v/f.woff2": "not really a font",
        "a/notes.md": "never served",
    }.items():
        path = tmp_path / "static" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (tmp_path / "secret.css").write_text("secret", encoding="utf-8")
    return tmp_path / "static"


@pytest.fixture
def client(folder):
    app = Flask(__name__, static_folder=None)
    app.register_blueprint(blueprint(Assets([folder])))
    return app.test_client()


def hashed(assets, name):
    return assets.url(name).removeprefix("/static/")


def test_the_hash_in_a_name_is_that_of_the_body_as_served(folder):
    assets = Assets([folder])
    for name in assets.names():
        asset, immutable = assets.find(hashed(assets, name))
        assert immutable
        stem, extension = name.rsplit(".", 1)
        assert asset.hashed == f"{stem}.{hashlib.sha256(asset.body).hexdigest()[:10]}.{extension}"


def test_a_style_sheet_refers_to_hashed_names(folder):
    assets = Assets([folder])
    body = assets.find("a/base.css")[0].body.decode()
    mark, font = hashed(assets, "v/mark.svg"), hashed(assets, "v/f.woff2")
    assert body == f'body {{ background: url("../{mark}#m"); }} @font-face {{ src: url(../{font}) }}'


def test_modules_import_each_other_by_hashed_names_across_packages(folder):
    assets = Assets([folder])
    app, late = hashed(assets, "a/app.js"), hashed(assets, "a/late.js")
    assert (
        assets.find("b/room.js")[0]
        .body.decode()
        .startswith(f"import {{ one }} from '../{app}';\nimport \"../{late}\";")
    )
    assert f'import("./{late.removeprefix("a/")}")' in assets.find("a/app.js")[0].body.decode()


def test_lines_of_a_script_that_only_comment_are_sent_empty_and_the_others_keep_their_numbers(folder):
    text = 'export const a = "//";\n// why\n/** What. */\nif (a) {\n  // here\n  b(); // said beside it\n}\n'
    (folder / "a" / "late.js").write_text(text, encoding="utf-8")
    body = Assets([folder]).find("a/late.js")[0].body.decode()
    assert body == 'export const a = "//";\n\n\nif (a) {\n\n  b(); // said beside it\n}\n'


def test_a_change_in_a_file_renames_everything_that_pulls_it_in(folder):
    before = Assets([folder])
    (folder / "a" / "late.js").write_text("export const late = 3;\n", encoding="utf-8")
    after = Assets([folder])
    renamed = {name for name in before.names() if before.url(name) != after.url(name)}
    assert renamed == {"a/late.js", "a/app.js", "b/room.js"}


def test_a_reference_to_a_missing_file_is_refused_at_start(folder):
    (folder / "a" / "base.css").write_text("a { background: url(gone.svg) }", encoding="utf-8")
    with pytest.raises(BrokenReferenceError, match=r"a/base.css refers to a/gone.svg"):
        Assets([folder])


def test_modules_in_a_circle_are_refused_at_start(folder):
    (folder / "a" / "late.js").write_text('import "./app.js";', encoding="utf-8")
    with pytest.raises(BrokenReferenceError, match="circle"):
        Assets([folder])


def test_a_data_address_and_a_fragment_are_left_alone(folder):
    text = 'a { background: url("data:image/svg+xml,x"); fill: url(#here) }'
    (folder / "a" / "base.css").write_text(text, encoding="utf-8")
    assert Assets([folder]).find("a/base.css")[0].body.decode() == text


def test_a_hashed_name_may_be_kept_for_a_year(client, folder):
    answer = client.get(Assets([folder]).url("a/base.css"))
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
    assert answer.headers["Vary"] == "Accept-Encoding"


def test_a_plain_name_answers_and_is_asked_for_again_each_time(client):
    answer = client.get("/static/a/app.js")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-cache"
    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"


@pytest.mark.parametrize(
    ("accepted", "encoding", "opened"),
    [
        ("gzip, deflate, br", "br", brotli.decompress),
        ("gzip", "gzip", gzip.decompress),
        ("br;q=0, gzip", "gzip", gzip.decompress),
        ("", None, bytes),
        ("identity", None, bytes),
    ],
)
def test_a_body_comes_in_the_densest_encoding_that_is_accepted(client, folder, accepted, encoding, opened):
    answer = client.get("/static/v/mark.svg", headers={"Accept-Encoding": accepted})
    assert answer.headers.get("Content-Encoding") == encoding
    assert opened(answer.data) == (folder / "v" / "mark.svg").read_bytes()
    assert int(answer.headers["Content-Length"]) == len(answer.data)


def test_a_font_is_never_compressed_again(client):
    answer = client.get("/static/v/f.woff2", headers={"Accept-Encoding": "br, gzip"})
    assert "Content-Encoding" not in answer.headers
    assert answer.headers["Content-Type"] == "font/woff2"


def test_a_known_tag_is_answered_without_a_body(client):
    first = client.get("/static/a/app.js", headers={"Accept-Encoding": "gzip"})
    second = client.get("/static/a/app.js", headers={"Accept-Encoding": "gzip", "If-None-Match": first.headers["ETag"]})
    assert second.status_code == 304
    assert second.data == b""


def test_each_encoding_has_a_tag_of_its_own(client):
    tags = {client.get("/static/a/app.js", headers={"Accept-Encoding": e}).headers["ETag"] for e in ("br", "gzip", "")}
    assert len(tags) == 3


@pytest.mark.parametrize(
    "path",
    ["/static/../secret.css", "/static/%2e%2e/secret.css", "/static/a/../../secret.css", "/static/a%2fbase.css/",
     "/static//etc/passwd", "/static/a/notes.md", "/static/a/", "/static/a/base.0000000000.css", "/static/A/base.css"],
)  # fmt: skip
def test_only_names_from_the_walk_are_answered(client, path):
    assert client.get(path).status_code in {404, 308}
    assert b"secret" not in client.get(path, follow_redirects=True).data


def test_a_template_that_names_a_missing_file_fails(folder):
    app = Flask(__name__, static_folder=None)
    app.register_blueprint(blueprint(Assets([folder])))
    with app.test_request_context():
        assert re.fullmatch(r"/static/a/app\.[0-9a-f]{10}\.js", render_template_string("{{ asset('a/app.js') }}"))
        with pytest.raises(KeyError):
            render_template_string("{{ asset('a/gone.js') }}")


def test_the_first_folder_that_holds_a_name_wins(folder, tmp_path):
    other = tmp_path / "other" / "a"
    other.mkdir(parents=True)
    (other / "late.js").write_text("theirs", encoding="utf-8")
    assert b"theirs" not in Assets([folder, other.parent]).find("a/late.js")[0].body


def test_all_files_of_the_project_refer_to_files_that_exist():
    folders = [p for p in [ROOT / "academy" / "web" / "static", *ROOT.glob("*/static")] if p.is_dir()]
    assets = Assets(folders)
    assert {"academy/base.css", "academy/app.js", "vendor/htmx.min.js", "vendor/sprite.svg"} <= set(assets.names())
    base = assets.find("academy/base.css")[0].body.decode()
    assert hashed(assets, "vendor/atkinson-hyperlegible-next-latin.woff2") in base
