"""The walk through every page knows what to put in the place of each argument."""

from __future__ import annotations

from flask import Flask

from benchmarks import addresses


def test_every_address_that_answers_has_something_in_the_place_of_its_arguments(whole_app: Flask):
    found = [address for rule in addresses.rules(whole_app) for address in addresses.of_rule(rule)]
    assert len(found) > 150
    assert not [address for address in found if "<" in address]
