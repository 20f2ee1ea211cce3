"""What is next: one thing, people who wait first."""

from __future__ import annotations

from uuid import UUID

import pytest

from cohorts.home.engine import Kind, Situation, next_step

ONE, TWO = UUID(int=1), UUID(int=2)


@pytest.mark.parametrize(
    ("situation", "kind"),
    [
        (Situation(live_workshop=ONE, pending_offer=TWO, next_activity=TWO), Kind.JOIN),
        (Situation(pending_offer=ONE, next_activity=TWO, unread_room=TWO), Kind.OFFER),
        (Situation(next_activity=ONE, unanswered_workshop=TWO), Kind.STEP),
        (Situation(unanswered_workshop=ONE, unread_room=TWO), Kind.ANSWER),
        (Situation(unread_room=ONE, led_cohort=TWO), Kind.READ),
        (Situation(led_cohort=ONE), Kind.COHORT),
    ],
)
def test_the_most_urgent_thing_comes_first(situation, kind):
    assert (next_step(situation).kind, next_step(situation).ref) == (kind, ONE)


def test_when_nothing_waits_it_is_quiet():
    assert next_step(Situation()).kind is Kind.QUIET
