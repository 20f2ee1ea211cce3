"""The shapes that go into and come out of the matcher, as plain JSON-able values.

Standard library only: the web process imports this module and must never load a numeric library.

Units, everywhere in this package:

- *minute of week*: whole minutes since Monday 00:00 UTC, 0 to 10,079; intervals exclude their end.
- *level*: proficiency level 1 to 5; 0 stands for "none yet" in calculations only.
- *nearness* and *raw*: 0 to 1, kept to six decimals (whole millionths inside the package, so that a
  score is the same on every machine).
- *score*: a whole number, the weighted sum of the raw values * 10,000, rounded half up.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NotRequired, Protocol, TypedDict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MINUTES_PER_WEEK = 7 * 24 * 60
MILLION = 1_000_000
SCORE_SCALE = 10_000
LOWEST_LEVEL = 1
HIGHEST_LEVEL = 5
MINIMUM_MINUTES = 60
"""Shared hours a week below which two people are not matched, unless a request says otherwise."""


class UnknownGraph(KeyError):
    """A request named a graph version that this process has not loaded: send the graph itself."""


class Reason(StrEnum):
    """Why two people may not be matched: the reason kept for a missing edge."""

    SELF = "self"
    OWN_MANAGER = "own_manager"
    BLOCKED = "blocked"
    DECLINED_BEFORE = "declined_before"
    EX_PAIR = "ex_pair"
    ALREADY_PAIRED = "already_paired"
    NO_SHARED_LANGUAGE = "no_shared_language"
    TOO_FEW_SHARED_HOURS = "too_few_shared_hours"
    NO_CAPACITY = "no_capacity"


class GraphData(TypedDict):
    """A skill graph: nodes are ``[key, label, kind]``, edges ``[a, b, relation]``.

    ``kind`` is skill, knowledge or group; ``relation`` one of ``matching.graph.WEIGHTS``. ``version`` names
    the content: the same version always means the same nodes and edges.
    """

    version: str
    nodes: Sequence[Sequence[str]]
    edges: Sequence[Sequence[str]]


class PersonData(TypedDict):
    """One person as a request carries them. Everything but ``id`` may be left out."""

    id: str
    skills: NotRequired[Sequence[tuple[str, int]]]
    goals: NotRequired[Sequence[tuple[str, int]]]
    hours: NotRequired[Sequence[tuple[int, int]]]
    languages: NotRequired[Sequence[str]]
    utc_offset: NotRequired[int]
    manager_id: NotRequired[str | None]
    blocks: NotRequired[Sequence[str]]
    declined: NotRequired[Sequence[str]]
    capacity: NotRequired[int]


class Settings(TypedDict, total=False):
    """What every request may carry besides its people."""

    graph: GraphData
    graph_version: str
    ex_pairs: Sequence[Sequence[str]]
    current_pairs: Sequence[Sequence[str]]
    minimum_minutes: int
    weights: Mapping[str, float]
    seed: int


class BuddiesRequest(Settings):
    """Input of ``matching.buddies.solve``."""

    people: Sequence[PersonData]


class MentorsRequest(Settings):
    """Input of ``matching.mentors.solve``; ``ranked`` bounds each learner's list of candidates."""

    learners: Sequence[PersonData]
    mentors: Sequence[PersonData]
    ranked: NotRequired[int]


class Slot(TypedDict):
    """Shared minutes in one part of one weekday (0 is Monday) of the reader's clock."""

    weekday: int
    part: str
    minutes: int


class PathNode(TypedDict):
    """One labelled node on a path through the skill graph."""

    key: str
    label: str


class SkillPath(TypedDict):
    """A path through the skill graph: ``steps`` relations join ``steps`` + 1 labelled nodes."""

    steps: int
    nodes: list[PathNode]
    relations: list[str]


class Component(TypedDict):
    """One named component of a score."""

    name: str
    weight: float
    raw: float


class HeldSkill(TypedDict):
    """The skill with which somebody covers a goal best; no ``path`` if the graph does not know it."""

    person: str
    skill: str
    label: str
    level: int
    nearness: float
    path: SkillPath | None


class GoalCover(TypedDict):
    """A goal still open and what covers it.

    ``own_level`` is what the person has already (0: nothing yet); ``raw`` is nearness * the share of the gap
    between ``own_level`` and ``level`` that the holder's level spans.
    """

    person: str
    skill: str
    label: str
    level: int
    own_level: int
    held: HeldSkill | None
    raw: float


class GoalEnd(TypedDict):
    """One end of two goals that lie near each other."""

    person: str
    skill: str
    label: str
    level: int
    own_level: int


class SharedGoal(TypedDict):
    """A goal of the first person and the nearest goal of the other; nearness is seen from the first."""

    first: GoalEnd
    second: GoalEnd
    nearness: float
    path: SkillPath | None


class Hours(TypedDict):
    """Working hours in common: minutes a week, and the UTC intervals that they are made of."""

    minutes: int
    intervals: list[list[int]]


class Parts(TypedDict):
    """Everything that a score was made of: what is stored beside a match, and what ``explain`` reads.

    ``purpose`` is mentor (``people`` = learner, mentor) or buddy. ``zone_minutes`` is the difference between
    their clocks.
    """

    purpose: str
    people: list[str]
    score: int
    components: list[Component]
    goals: list[GoalCover]
    shared_goals: list[SharedGoal]
    hours: Hours
    languages: list[str]
    zone_minutes: int


class PairMatch(TypedDict):
    """Two people with their score."""

    people: list[str]
    score: int
    parts: Parts


class BuddyGroup(TypedDict):
    """Buddies: two people, or three. ``score`` sums ``pairs``; ``hours`` are common to all members."""

    members: list[str]
    score: int
    pairs: list[PairMatch]
    hours: Hours


class Unplaced(TypedDict):
    """Why somebody was not placed.

    ``code``: ``nobody_else`` (nobody to pair with), ``none_allowed`` (every pair was ruled out) or ``taken``
    (``allowed`` others were possible, and all were placed with somebody else). ``reasons`` counts the others
    by reason (one pair may have several); ``refused`` keeps the reasons person by person.
    """

    person: str
    code: str
    considered: int
    allowed: int
    reasons: dict[str, int]
    refused: dict[str, list[str]]


class BuddiesAnswer(TypedDict):
    """Output of ``matching.buddies.solve``; ``total`` sums the pairs before anybody joins to a trio."""

    graph_version: str
    groups: list[BuddyGroup]
    unplaced: list[Unplaced]
    placed: int
    trios: int
    total: int
    unknown_skills: list[str]


class MentorMatch(TypedDict):
    """A learner and the mentor proposed for her."""

    learner: str
    mentor: str
    score: int
    parts: Parts


class MentorsAnswer(TypedDict):
    """Output of ``matching.mentors.solve``.

    ``ranked`` lists, for each learner, the allowed mentors from the best score down, the proposed one among
    them wherever it stands: after a decline, the next candidate is the first one not asked yet.
    """

    graph_version: str
    matches: list[MentorMatch]
    ranked: dict[str, list[MentorMatch]]
    unplaced: list[Unplaced]
    placed: int
    total: int
    unknown_skills: list[str]


class NeighboursRequest(TypedDict, total=False):
    """Input of ``matching.adjacency.solve``: ``seeds`` (all skills when left out), ``limit`` per seed."""

    graph: GraphData
    graph_version: str
    seeds: Sequence[str]
    limit: int


class Neighbour(TypedDict):
    """A skill near another one, with the path between them."""

    key: str
    label: str
    nearness: float
    path: SkillPath


class NeighboursAnswer(TypedDict):
    """Output of ``matching.adjacency.solve``: the nearest skills of each seed, nearest first."""

    graph_version: str
    neighbours: dict[str, list[Neighbour]]


class Gettext(Protocol):
    """Translates a message and fills in its named places."""

    def __call__(self, string: str, /, **variables: object) -> str:
        """Return the message in the reader's language."""
        ...


class Ngettext(Protocol):
    """Translates a message whose form depends on a number; ``num`` is one of its places."""

    def __call__(self, singular: str, plural: str, num: int, /, **variables: object) -> str:
        """Return the message in the reader's language."""
        ...


@dataclass(frozen=True, slots=True)
class Person:
    """A person ready for calculation: checked, sorted, and hours as a set of minutes.

    ``hours`` has bit *m* set when minute of week *m* is a working minute: the overlap of two people is one
    ``&`` and a bit count.
    """

    id: str
    skills: tuple[tuple[str, int], ...]
    goals: tuple[tuple[str, int, int], ...]
    """Open goals as (skill, wanted level, own level); goals reached already are left out."""
    hours: int
    languages: frozenset[str]
    utc_offset: int
    manager_id: str | None
    blocks: frozenset[str]
    declined: frozenset[str]
    capacity: int
