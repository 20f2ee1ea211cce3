"""Small crowds for properties: few skills, few hours and few languages, so that everything meets."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

SKILLS = ["1", "2", "3", "4", "5", "our own"]


@st.composite
def crowds(draw: st.DrawFn, least: int = 0, most: int = 7, prefix: str = "p") -> list[dict[str, Any]]:
    count = draw(st.integers(least, most))
    levels = st.dictionaries(st.sampled_from(SKILLS), st.integers(1, 5), max_size=4)
    made = []
    for number in range(count):
        starts = draw(st.lists(st.integers(-3, 40), max_size=3))
        made.append(
            {
                "id": f"{prefix}{number}",
                "skills": sorted(draw(levels).items()),
                "goals": sorted(draw(levels).items()),
                "hours": [(45 * start, 45 * start + draw(st.sampled_from([30, 75, 300]))) for start in starts],
                "languages": sorted(draw(st.sets(st.sampled_from(["de", "en", "pt"])))),
                "utc_offset": draw(st.sampled_from([-660, -90, 0, 60, 720])),
                "blocks": [f"p{other}" for other in draw(st.sets(st.integers(0, count), max_size=1))],
                "manager_id": draw(st.none() | st.integers(0, count).map(lambda other: f"p{other}")),
                "capacity": draw(st.integers(0, 3)),
            }
        )
    return made
