"""Through which delivery somebody may do an activity, and where an activity of another version is now."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session, aliased

from academy.kernel.access import Missing
from academy.kernel.prepared import Prepared
from academy.kernel.viewer import Viewer
from academy.people.policy import Right, own_groups, reaches
from academy.tracks.models import Activity, Delivery, ModuleVersion, TrackPart, TrackVersion

_WALKED = Prepared(
    lambda viewer: (
        select(Delivery)
        .join(TrackPart, TrackPart.track_version_id == Delivery.track_version_id)
        .join(Activity, Activity.module_version_id == TrackPart.module_version_id)
        .where(Activity.id == bindparam("activity_id"), reaches(viewer, Right.LEARN, Delivery.group_id))
        .order_by(Delivery.group_id.in_(own_groups(viewer)).desc(), Delivery.starts_on.desc())
        .limit(1)
    )
)


def delivery_with(session: Session, viewer: Viewer, activity_id: UUID) -> Delivery:
    """Find the delivery through which the viewer may do an activity; raises `Missing`."""
    found = session.execute(*_WALKED(viewer, activity_id=activity_id)).scalar_one_or_none()
    if found is None:
        raise Missing
    return cast("Delivery", found)


def now_at(session: Session, viewer: Viewer, activity_id: UUID) -> UUID:
    """Return which activity stands, in a version that the viewer walks, where one of another version stood.

    Modules and activities keep their keys over the versions of a track, and addresses in mails and calendars are
    older than a cohort's move to a newer version. Raises `Missing` where there is none. One statement.
    """
    old, old_module, before, part = aliased(Activity), aliased(ModuleVersion), aliased(TrackPart), aliased(TrackVersion)
    new, new_module, after, walked = (
        aliased(Activity),
        aliased(ModuleVersion),
        aliased(TrackPart),
        aliased(TrackVersion),
    )
    found = session.execute(
        select(new.id)
        .select_from(old)
        .join(old_module, old_module.id == old.module_version_id)
        .join(before, before.module_version_id == old_module.id)
        .join(part, part.id == before.track_version_id)
        .join(walked, walked.track_id == part.track_id)
        .join(Delivery, Delivery.track_version_id == walked.id)
        .join(after, after.track_version_id == walked.id)
        .join(new_module, (new_module.id == after.module_version_id) & (new_module.module_id == old_module.module_id))
        .join(new, (new.module_version_id == new_module.id) & (new.key == old.key))
        .where(old.id == activity_id, reaches(viewer, Right.LEARN, Delivery.group_id))
        .order_by(Delivery.group_id.in_(list(viewer.roles)).desc(), Delivery.starts_on.desc(), walked.number.desc())
        .limit(1)
    ).scalar()
    if found is None:
        raise Missing
    return found
