"""Jobs of matching: the matcher's work, what time does to offers, and whom to ask instead.

Solving is read (a plain request), outside (the matcher process) and apply (the drafts are kept).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask_babel import gettext as _

from academy.kernel import mail, offload
from academy.kernel.ids import encode
from academy.kernel.jobs import JobKind
from academy.neighbours import queries as neighbours
from academy.people import queries as people
from academy.web import i18n
from mentoring.matches.actions import asking, explaining, facts, offers, repairing, runs
from mentoring.matches.models import OfferState
from mentoring.matches.queries import proposed
from mentoring.matches.reactions import EXPIRE, EXPLAIN, LETTER, REMIND, REPAIR, SOLVE

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from academy.kernel.app import Kernel

ENGINE = "mentoring.matches.engine:solve"
EXPLAINER = "mentoring.matches.engine:explain"
PASSING = frozenset({"died", "busy"})
"""Failures of the matcher process after which the job is tried again; others the lead learns of."""


def _read(session: Session, payload: dict[str, Any]) -> dict[str, Any] | None:
    return asking.request_for(session, UUID(payload["run_id"]))


def _solve(kernel: Kernel, _job_id: UUID, value: dict[str, Any]) -> dict[str, Any]:
    request, going = value["request"], _going(kernel, UUID(value["run_id"]))
    try:
        answer = _asked(kernel, ENGINE, request, going)
    except offload.SolveFailed as failure:
        if failure.kind in PASSING:
            raise
        return {} if failure.kind == "cancelled" else {"error": f"{failure.kind}: {failure}"}
    return {"answer": answer, **{name: value[name] for name in ("week", "weights", "floor")}}


def _asked(
    kernel: Kernel, engine: str, request: dict[str, Any], going: Callable[[str], bool] | None = None
) -> dict[str, Any]:
    try:
        return offload.solve(engine, request, going=going)
    except offload.SolveFailed as failure:
        if failure.kind != "UnknownGraph":
            raise
    # The matcher knows a graph by its version once it has met it: only a new process asks for it.
    with kernel.reading() as session:
        graph = neighbours.graph(session)
    return offload.solve(engine, {**request, "ask": {**request["ask"], "graph": graph}}, going=going)


def _going(kernel: Kernel, run_id: UUID) -> Callable[[str], bool]:
    """Keep how far the matcher is, and say whether the run still waits for its answer."""
    told = ""

    def going(step: str) -> bool:
        nonlocal told
        if step == told:
            with kernel.reading() as session:
                return proposed.waits(session, run_id)
        told = step
        return kernel.commit(lambda session: runs.note_step(session, run_id=run_id, step=step))

    return going


def _keep(session: Session, payload: dict[str, Any], value: dict[str, Any] | None) -> None:
    run_id = UUID(payload["run_id"])
    if not value:
        return
    if "error" in value:
        runs.fail_run(session, run_id=run_id, error=value["error"])
    else:
        runs.keep_answer(session, run_id=run_id, **value)


def _read_pairs(session: Session, payload: dict[str, Any]) -> dict[str, Any] | None:
    return explaining.request_for(session, UUID(payload["run_id"]), [UUID(one) for one in payload["match_ids"]])


def _explain(kernel: Kernel, _job_id: UUID, value: dict[str, Any]) -> dict[str, Any]:
    return {"matches": value["matches"], "answer": _asked(kernel, EXPLAINER, value["request"])}


def _keep_parts(session: Session, _payload: dict[str, Any], value: dict[str, Any] | None) -> None:
    if value is not None:
        explaining.keep_parts(session, **value)


def _expire(session: Session, payload: dict[str, Any], _value: object) -> None:
    offers.expire(session, offer_id=UUID(payload["offer_id"]))


def _remind(session: Session, payload: dict[str, Any], _value: object) -> None:
    offers.remind(session, offer_id=UUID(payload["offer_id"]))


def _repair(session: Session, payload: dict[str, Any], _value: object) -> None:
    lost = {UUID(payload["match_id"]): UUID(payload["learner_id"])} if "match_id" in payload else {}
    repairing.repair_run(session, run_id=UUID(payload["run_id"]), lost=lost)


def _read_letter(session: Session, payload: dict[str, Any]) -> dict[str, Any] | None:
    """Gather what the mail of an offer says; nothing when it was answered meanwhile."""
    offer = facts.asked(session, UUID(payload["offer_id"]))
    addresses = people.addresses_of(session, [offer.mentor_id])
    faces = people.faces(session, [offer.mentor_id, offer.learner_id])
    if offer.state != OfferState.PENDING or offer.mentor_id not in addresses:
        return None
    name, address = addresses[offer.mentor_id]
    return {
        "name": name,
        "address": address,
        "learner": faces[offer.learner_id].name,
        "until": i18n.day(offer.expires_at, faces[offer.mentor_id].zone),
        "path": f"/offers/{encode(offer.offer_id)}",
    }


def _with_address(kernel: Kernel, _job_id: UUID, value: dict[str, Any]) -> dict[str, Any]:
    return {**value, "url": kernel.settings.base_url.rstrip("/") + value["path"]}


def _post_letter(session: Session, payload: dict[str, Any], value: dict[str, Any] | None) -> None:
    if value is None:
        return
    text = _(
        "Hello %(name)s,\n\n%(learner)s is proposed to you as somebody to mentor. Nothing is settled before "
        "you say yes.\n\nSee why, and answer until %(until)s:\n%(url)s\n\nYou may say no. The reason stays "
        "private, and somebody else is asked.\n",
        name=value["name"],
        learner=value["learner"],
        until=value["until"],
        url=value["url"],
    )
    letter = mail.Letter(
        about="offer",
        to_name=value["name"],
        to_address=value["address"],
        subject=_("Would you mentor %(learner)s?", learner=value["learner"]),
        text=text,
    )
    mail.post(session, letter, unique_key=f"offer-letter:{payload['offer_id']}")


JOBS = [
    JobKind(SOLVE, read=_read, outside=_solve, apply=_keep),
    JobKind(EXPLAIN, read=_read_pairs, outside=_explain, apply=_keep_parts),
    JobKind(EXPIRE, apply=_expire),
    JobKind(REMIND, apply=_remind),
    JobKind(REPAIR, apply=_repair, forget=True),
    JobKind(LETTER, read=_read_letter, outside=_with_address, apply=_post_letter),
]
