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
from typing import TYPE_CHECKING, NotRequired, TypedDict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

COSTS: Mapping[str, int] = {"essential": 12, "optional": 15, "broader_skill": 20, "together": 24, "broader_group": 40}
"""What a relation costs on a path: whole numbers, so that equal paths compare as equal. ESCO's own relations, and
"together" for what people of an academy have both, or its tracks practise both."""

WEIGHTS: Mapping[str, float] = {relation: 12 / cost for relation, cost in COSTS.items()}
"""How strongly each relation joins two skills."""

MINUTES_PER_WEEK = 7 * 24 * 60
MILLION = 1_000_000
SCORE_SCALE = 10_000
LOWEST_LEVEL = 1
HIGHEST_LEVEL = 5
MINIMUM_MINUTES = 60
"""Shared hours a week below which two people are not matched, unless a request says otherwise."""

STEPS = ("reading", "scoring", "matching", "explaining")  # of solving, as they are told on the way


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
    EXCLUDED = "excluded"


EARLIER_CHOICES = frozenset({Reason.BLOCKED, Reason.DECLINED_BEFORE})
"""What somebody chose about somebody else: told as one, and never to whom it concerns."""


class GraphData(TypedDict):
    """A skill graph: nodes are ``[key, label, kind]``, edges ``[a, b, relation]``.

    ``kind`` is skill, knowledge or group; ``relation`` one of ``WEIGHTS``. ``version`` names
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
    """What every request may carry besides its people.

    ``weights`` of the components sum to 1. ``floor`` puts the worst-off person before the total. ``locked`` pairs are
    made whatever else would be better, where no rule bars them; ``excluded`` ones are never made. Of answers that are
    as good, the one with the most pairs of ``previous`` is given. ``seconds`` bound the search for trios. ``compare``
    works out what asking for the floor, or not, would have given.
    """

    graph: GraphData
    graph_version: str
    ex_pairs: Sequence[Sequence[str]]
    current_pairs: Sequence[Sequence[str]]
    minimum_minutes: int
    weights: Mapping[str, float]
    seed: int
    floor: bool
    locked: Sequence[Sequence[str]]
    excluded: Sequence[Sequence[str]]
    previous: Sequence[Sequence[str]]
    seconds: float
    compare: bool


class BuddiesRequest(Settings):
    """Input of ``matching.buddies.solve``; ``max_trios`` left out is 1 where the people are odd in number, else 0."""

    people: Sequence[PersonData]
    max_trios: NotRequired[int]


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
    """One named component of what a pair is worth to somebody."""

    name: str
    weight: float
    raw: float


class Side(TypedDict):
    """What a pair is worth to one of its people: ``score`` is the sum of the components * 10,000."""

    person: str
    score: int
    components: list[Component]


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
    between ``own_level`` and ``level`` that the holder's level spans. ``helpers`` counts everybody who was looked at
    and could help with it.
    """

    person: str
    skill: str
    label: str
    level: int
    own_level: int
    held: HeldSkill | None
    raw: float
    helpers: int


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

    ``purpose`` is mentor (``people`` = learner, mentor) or buddy. ``sides`` say what it is worth to each: to both
    buddies in the order of ``people``, of a mentor's pair to the learner. ``zone_minutes`` is the difference between
    their clocks.
    """

    purpose: str
    people: list[str]
    score: int
    sides: list[Side]
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


class Tally(TypedDict):
    """What rules out the others, in numbers.

    ``code``: ``nobody_else`` (nobody to pair with), ``none_allowed`` (every pair was ruled out) or ``taken``
    (``allowed`` others were possible, and all were placed with somebody else). ``reasons`` counts the others
    by reason (one pair may have several), ``only`` those whom that reason alone rules out.
    """

    code: str
    allowed: int
    reasons: dict[str, int]
    only: dict[str, int]


class Unplaced(Tally):
    """Why somebody was not placed: numbers alone, so that nobody can be found in what is kept.

    ``earlier`` counts those whom an earlier choice rules out, a block or a refusal; ``without`` is what would be said
    if there were no such choices, left out where there are none. ``languages`` and ``hours`` (of the UTC week) are
    hers: what somebody would have to bring.
    """

    person: str
    considered: int
    earlier: int
    without: NotRequired[Tally]
    languages: list[str]
    hours: NotRequired[list[list[int]]]


class Sum(TypedDict):
    """How good an answer is, as ``matching.instance.Answer`` counts it; ``worst`` is somebody's score, or nobody's."""

    placed: int
    total: int
    worst: float | None


class Solved(Sum):
    """How good an answer is and how sure that is.

    ``each`` is what everybody placed has of it: a score, in a trio the mean of two. ``floor`` and ``plain`` are what
    putting the worst-off person first gives, and what not doing so gives: the one that was asked for and the other,
    which is None where it was not worked out. ``ignored`` are locked pairs that a rule bars; ``seconds`` are added by
    whoever measures them, so that the same question has the same answer.
    """

    each: dict[str, float]
    optimal: bool
    gap: float | None
    solver: str
    seconds: NotRequired[float]
    floor: Sum | None
    plain: Sum | None
    ignored: list[list[str]]


class BuddiesAnswer(TypedDict):
    """Output of ``matching.buddies.solve``."""

    graph_version: str
    groups: list[BuddyGroup]
    unplaced: list[Unplaced]
    placed: int
    trios: int
    total: int
    solved: Solved
    unknown_skills: list[str]


class MentorMatch(TypedDict):
    """A learner and the mentor proposed for her."""

    learner: str
    mentor: str
    score: int
    parts: Parts


class Candidate(TypedDict):
    """A mentor who may be asked for a learner; what the score is made of, ``matching.why.mentors_of`` says."""

    mentor: str
    score: int


class MentorsAnswer(TypedDict):
    """Output of ``matching.mentors.solve``.

    ``ranked`` lists, for each learner, the allowed mentors from the best score down, the proposed one among
    them wherever it stands: after a decline, the next candidate is the first one not asked yet.
    """

    graph_version: str
    matches: list[MentorMatch]
    ranked: dict[str, list[Candidate]]
    unplaced: list[Unplaced]
    placed: int
    total: int
    solved: Solved
    unknown_skills: list[str]


class WhyRequest(TypedDict):
    """Input of ``matching.why.solve``: what was asked (``purpose`` buddy or mentorship) and two people of it."""

    purpose: str
    ask: BuddiesRequest | MentorsRequest
    people: Sequence[str]


class WhyAnswer(TypedDict):
    """Output of ``matching.why.solve``: every rule that bars the two, and what they would be worth to each other."""

    reasons: list[str]
    parts: Parts


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
