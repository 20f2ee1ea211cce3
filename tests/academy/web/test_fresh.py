"""A proof of a moment ago counts for ten minutes, and what is no proof never does."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask, session

from academy.kernel import clock
from academy.web import fresh


def test_a_proof_counts_for_ten_minutes(app: Flask) -> None:
    with app.test_request_context("/"):
        assert not fresh.proved()
        fresh.note()
        assert fresh.proved()
        with clock.travel(clock.now() + timedelta(minutes=9, seconds=58)):
            assert fresh.proved()
        with clock.travel(clock.now() + timedelta(minutes=10)):
            assert not fresh.proved()
        with clock.travel(clock.now() - timedelta(minutes=1)):
            assert not fresh.proved()


@pytest.mark.parametrize("kept", ["", "soon", 7, None, ["2026-11-22T03:00:00+00:00"]])
def test_what_is_no_proof_counts_for_nothing(app: Flask, kept: object) -> None:
    with app.test_request_context("/"):
        session[fresh.KEY] = kept
        assert not fresh.proved()


def test_who_is_asked_comes_back_to_where_they_were(app: Flask) -> None:
    with app.test_request_context("/"):
        assert fresh.ask("/people/a?b=c").location == "/me/proof?next=/people/a%3Fb%3Dc"
