"""Why somebody could not be placed is kept in numbers: no longer who was ruled out by what, one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

UNPLACED = sa.table(
    "unplaced", sa.column("run_id", sa.Uuid()), sa.column("person_id", sa.Uuid()), sa.column("reasons", sa.JSON())
)
EARLIER = ("blocked", "declined_before")


def _tally(refused: Iterable[list[str]], considered: int) -> dict[str, Any]:
    barred = [reasons for reasons in refused if reasons]
    allowed = considered - len(barred)
    return {
        "code": "taken" if allowed else "none_allowed" if considered else "nobody_else",
        "allowed": allowed,
        "reasons": dict(Counter(reason for reasons in barred for reason in reasons)),
        "only": dict(Counter(reasons[0] for reasons in barred if len(reasons) == 1)),
    }


def counted(one: dict[str, Any]) -> dict[str, Any]:
    """Put numbers in the place of ids."""
    refused = list(one["refused"].values())
    earlier = sum(any(reason in EARLIER for reason in reasons) for reasons in refused)
    found = {name: value for name, value in one.items() if name != "refused"} | {"earlier": earlier}
    if earlier:
        others = [[reason for reason in reasons if reason not in EARLIER] for reasons in refused]
        found["without"] = _tally(others, one.get("considered", len(refused)))
    return found


def named(one: dict[str, Any]) -> dict[str, Any]:
    """Put places in a row where ids were: as many for each reason as there were people, and nobody can be named."""
    found = {name: value for name, value in one.items() if name not in ("earlier", "without")}
    counts = {reason: count for reason, count in one["reasons"].items() if reason not in EARLIER}
    counts[EARLIER[0]] = one["earlier"]
    most = max(counts.values(), default=0)
    found["refused"] = {str(at): [reason for reason, count in counts.items() if at < count] for at in range(most)}
    return found


def _rewrite(connection: sa.Connection, column: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Change what rows say that have a word in them, a run at a time."""
    for (run_id,) in connection.execute(sa.select(UNPLACED.c.run_id).distinct()).all():
        rows = connection.execute(sa.select(UNPLACED).where(UNPLACED.c.run_id == run_id)).all()
        changed = [
            {"run": run_id, "person": row.person_id, "now": [change(one) for one in row.reasons]}
            for row in rows
            if row.reasons and all(isinstance(one, dict) and column in one for one in row.reasons)
        ]
        if changed:
            connection.execute(
                sa.update(UNPLACED)
                .where(UNPLACED.c.run_id == sa.bindparam("run"), UNPLACED.c.person_id == sa.bindparam("person"))
                .values(reasons=sa.bindparam("now")),
                changed,
            )


def upgrade() -> None:
    """Go forward: nobody's id stands in what is said of somebody else."""
    _rewrite(op.get_bind(), "refused", counted)


def downgrade() -> None:
    """Go back: the sentences stay what they were; who was meant is known no more."""
    _rewrite(op.get_bind(), "earlier", named)
