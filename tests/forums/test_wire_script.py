"""What a wire does to a room: one that answers nothing, and events that overtake each other on it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import WebSocketRoute

from tests.forums.rooms import Own

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("room_script")]

ASKED = re.compile(r"42\d+\[")
"""How an event that wants an ack begins on the wire."""


def test_a_server_that_lets_everybody_in_and_answers_nobody_is_tried_less_and_less_often(own: Own) -> None:
    opened: list[WebSocketRoute] = []

    def deaf(route: WebSocketRoute) -> None:
        opened.append(route)
        server = route.connect_to_server()
        route.on_message(lambda message: None if ASKED.match(str(message)) else server.send(message))

    profile = own.profile(0)
    profile.add_init_script("Math.random = () => 1;")
    profile.route_web_socket("**/socket.io/**", deaf)
    ana = profile.new_page()
    ana.clock.install()
    ana.goto(own.url)
    ana.wait_for_selector("html[data-live=on]")
    seconds = 0
    while len(opened) < 6:
        ana.clock.run_for(1000)
        ana.wait_for_timeout(50)
        seconds += 1
    assert seconds > 60  # five times 8 s without an answer, and between them waits of 1, 2, 4, 8 and 16 s
