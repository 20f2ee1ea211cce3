"""What leads do with workshops, and what people are told of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from academy.kernel.app import Kernel
from academy.notices.models import Notice
from cohorts.workshops import actions
from cohorts.workshops.models import Workshop
from tests.factories import people as make
from tests.factories import workshops as factory

NOW = datetime(2027, 1, 5, 12, tzinfo=UTC)


def move(kernel: Kernel, of: factory.Cohort, workshop_id: UUID, version: int, **other: Any) -> Workshop:
    viewer = make.viewer(kernel, of.lead)
    return kernel.commit(
        lambda session: actions.move(
            session, viewer=viewer, workshop_id=workshop_id, version=version, **factory.written(of, **other)
        )
    )


def cancel(kernel: Kernel, of: factory.Cohort, workshop_id: UUID, version: int) -> None:
    viewer = make.viewer(kernel, of.lead)
    kernel.commit(lambda s: actions.cancel(s, viewer=viewer, workshop_id=workshop_id, version=version))


def notices(kernel: Kernel, person_id: UUID) -> list[str]:
    with kernel.reading() as session:
        return list(session.scalars(select(Notice.kind).where(Notice.person_id == person_id).order_by(Notice.id)))
