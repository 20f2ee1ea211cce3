"""A room with nothing but a wire: the smallest app that Socket.IO and the servers can be tested with."""

from __future__ import annotations

import gc
import hashlib
import json
import os
import tempfile
import time
from typing import Any

from flask import Flask, request
from flask_socketio import ConnectionRefusedError as Unwelcome
from flask_socketio import SocketIO, emit, join_room
from greenlet import greenlet
from werkzeug.utils import send_file

from academy.kernel import websocket, websocket_engine
from academy.kernel.fanout import FanOut

MAX_MESSAGE = 100_000
FILM = bytes(range(251)) * 16_000  # 4 MB, more than the kernel's buffers hold


def create_app() -> Flask:
    """Return an app in the mode that ACADEMY_ASYNC names, with our driver installed.

    ROOM_OPTIONS, as JSON, are other settings of the engine; ROOM_ADMITS are the only events that come in; ROOM_JOIN,
    as JSON, are the seconds in which clients must have joined, and have left. ROOM_DRIVER may be stock.
    """
    made = Flask(__name__)
    sockets = SocketIO(
        made,
        async_mode=os.environ["ACADEMY_ASYNC"],
        client_manager=FanOut(),
        max_http_buffer_size=MAX_MESSAGE,
        **{**websocket_engine.OPTIONS, **json.loads(os.environ.get("ROOM_OPTIONS", "{}"))},
    )
    if os.environ.get("ROOM_DRIVER") != "stock":
        websocket_engine.install(sockets.server)
    if "ROOM_ADMITS" in os.environ:
        websocket_engine.admit_only(sockets.server, os.environ["ROOM_ADMITS"].split())

    if "ROOM_JOIN" in os.environ:
        websocket_engine.JOIN_WITHIN, websocket_engine.LEAVE_WITHIN = json.loads(os.environ["ROOM_JOIN"])
        websocket_engine.expect_to_join(sockets.server)

    @sockets.on("connect")
    def connect(auth: Any = None) -> None:
        if auth == {"token": "slow"}:
            sockets.sleep(7)
        elif auth is not None:
            raise Unwelcome("not you")

    @made.get("/")
    def hello() -> str:
        return "hello"

    @made.get("/slow")
    def slow() -> str:
        time.sleep(0.5)
        return "done"

    film = tempfile.NamedTemporaryFile()  # gone with the process
    film.write(FILM)
    film.flush()

    @made.get("/film")
    def show() -> Any:
        return send_file(film.name, request.environ, mimetype="video/webm", conditional=True)

    @made.post("/body")
    def body() -> str:
        return hashlib.sha256(request.stream.read()).hexdigest()

    @made.get("/open")
    def connections() -> dict[str, int]:
        return {"driver": len(websocket.open_connections()), "engine": len(sockets.server.eio.sockets)}

    @made.get("/tasks")
    def tasks() -> dict[str, int]:
        green = sum(isinstance(o, greenlet) and not o.dead for o in gc.get_objects())
        return {"tasks": green + len(os.listdir("/proc/self/task"))}

    @sockets.on("echo")
    def echo(data: Any = None, *_: Any) -> Any:
        return data

    @sockets.on("join")
    def join(*_: Any) -> str:
        join_room("room")
        return "joined"

    @sockets.on("say")
    def say(data: Any) -> None:
        emit("said", data, to="room")

    @sockets.on("send_me_away")
    def send_me_away(_: Any) -> None:
        emit("last", "words")
        websocket_engine.hang_up(sockets.server, request.sid)  # type: ignore[attr-defined]  # Flask-SocketIO sets it

    inner = made.wsgi_app

    def outer(environ: Any, start_response: Any) -> Any:
        if environ["PATH_INFO"] == "/broken":
            raise ZeroDivisionError
        return inner(environ, start_response)

    made.wsgi_app = outer
    return made


class Beside:
    """What runs beside requests, and says so."""

    banner = ("Sign in as ada@example.org",)

    def start(self) -> None:
        """Say it."""
        print("started", flush=True)

    def stop(self) -> None:
        """Say it."""
        print("stopped", flush=True)


def create_app_with_kernel() -> Flask:
    """Return an app that has something to start and to stop."""
    made = create_app()
    made.extensions["kernel"] = Beside()
    return made


def __getattr__(name: str) -> Any:
    if name == "app":
        return create_app_with_kernel()
    raise AttributeError(name)
