"""Slots that others fill: their pages for admins, their part of a person's page, and plain words for what they do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from academy.kernel.viewer import Viewer


@dataclass(frozen=True)
class AdminPage:
    """A slot: a page that the index of administration leads to. It is for whoever administers the organization."""

    key: str
    label: Callable[[], str]
    line: Callable[[], str]
    url: str
    icon: str
    order: int


@dataclass(frozen=True)
class PersonPart:
    """A slot: a part of an admin's page of one person. `render(session, viewer, person_id)` returns HTML or ''."""

    order: int
    render: Callable[[Session, Viewer, UUID], str]


@dataclass(frozen=True)
class PlainWords:
    """A slot: what the entries of the ledger and the jobs of a package are called in plain words.

    `entries` gives each kind of event its sentence, such as "%(actor)s enrolled %(person_id)s in %(cohort_id)s":
    names in brackets are `actor` and the facts that the event records. `jobs` names each kind of job, `letters`
    each thing that a letter can be about. `led` are the kinds of entries that those who lead a group read of it: who
    came, what was opened and changed, and not how somebody learns, writes or answers.
    """

    entries: Callable[[], Mapping[str, str]]
    jobs: Callable[[], Mapping[str, str]] = dict
    letters: Callable[[], Mapping[str, str]] = dict
    led: frozenset[str] = frozenset()
