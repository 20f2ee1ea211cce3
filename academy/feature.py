"""What the ground floor brings to the whole: the web shell, people, accounts, notices, skills and tracks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from academy.accounts import reactions as account_reactions
from academy.accounts.jobs import mailing
from academy.accounts.pages import addresses, devices, inviting, joining, passwords
from academy.administration import cli as administration_cli
from academy.administration import reactions as administration_reactions
from academy.administration.pages import audit, plain, reading, work
from academy.administration.pages import house as administration
from academy.administration.pages import people as administration_people
from academy.authoring import jobs as authoring_jobs
from academy.authoring import reactions as authoring_reactions
from academy.authoring.pages import drafts, parts, videos
from academy.authoring.pages import tracks as authoring
from academy.bridges.backups import cli as backups_cli
from academy.bridges.calendars import pages as calendars
from academy.bridges.calendars import reactions as calendars_reactions
from academy.bridges.framework_file import cli as framework_file_cli
from academy.bridges.framework_file import pages as framework_file
from academy.bridges.people_file import cli as people_file_cli
from academy.bridges.people_file import jobs as people_file_jobs
from academy.bridges.people_file import pages as people_file
from academy.bridges.people_file import reactions as people_file_reactions
from academy.bridges.person_data.pages import PARTS
from academy.careers import api as careers_api
from academy.careers import jobs as careers_jobs
from academy.careers import reactions as careers_reactions
from academy.careers.pages import board, gap, needs, stating
from academy.factors import cli as factors_cli
from academy.factors import reactions as factor_reactions
from academy.factors.pages import entering as second_step
from academy.factors.pages import proof, resets
from academy.factors.pages import security as factors
from academy.kernel.authentication import ViewerSlot
from academy.kernel.feature import Feature
from academy.kernel.log import LogKind
from academy.neighbours import jobs as neighbours_jobs
from academy.neighbours import pages as neighbours
from academy.neighbours import reactions as neighbours_reactions
from academy.notices import api as notices_api
from academy.notices import pages as inbox
from academy.notices import queries as notices
from academy.people import api as people_api
from academy.people import queries as people
from academy.people import reactions as people_reactions
from academy.people.engine import DEMO_ADDRESSES, DEMO_PASSWORD
from academy.people.pages import entering
from academy.people.pages import profile as own
from academy.privacy import jobs as privacy_jobs
from academy.privacy import pages as privacy
from academy.privacy import reactions as privacy_reactions
from academy.skills import api as skills_api
from academy.skills import jobs as skills_jobs
from academy.skills import pages as skills
from academy.skills import queries as frameworks
from academy.tokens import api as token_api
from academy.tokens import pages as tokens
from academy.tokens import reactions as token_reactions
from academy.tracks import api as tracks_api
from academy.tracks import pages as tracks
from academy.tracks.queries import practised
from academy.web import compress, errors, i18n, security, shell, signed_in
from academy.web import pages as house
from academy.web.api import document, rates

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.orm import Session

    from academy.kernel.app import Kernel


def install(app: Flask, kernel: Kernel) -> None:
    """Attach the web shell, in the order in which a request passes."""
    for part in (compress, security, signed_in, i18n, shell, errors, rates):
        part.install(app, kernel)
    if kernel.settings.demo:
        kernel.banner += [f"  {address}  password {DEMO_PASSWORD}" for address in DEMO_ADDRESSES]


def _organization_name(session: Session) -> str:
    found = people.organization(session)
    return found.name if found else ""


FEATURE = Feature(
    name="academy",
    folder=Path(__file__).parent,
    install=install,
    blueprints=[
        house.blueprint,
        entering.blueprint,
        own.blueprint,
        people_api.blueprint,
        inbox.blueprint,
        second_step.blueprint,
        proof.blueprint,
        factors.blueprint,
        resets.blueprint,
        tokens.blueprint,
        notices_api.blueprint,
        skills.blueprint,
        skills_api.blueprint,
        gap.blueprint,
        stating.blueprint,
        needs.blueprint,
        board.blueprint,
        careers_api.blueprint,
        neighbours.blueprint,
        tracks.blueprint,
        devices.blueprint,
        passwords.blueprint,
        authoring.blueprint,
        drafts.blueprint,
        parts.blueprint,
        videos.blueprint,
        addresses.blueprint,
        people_file.blueprint,
        framework_file.blueprint,
        calendars.blueprint,
        tracks_api.blueprint,
        administration.blueprint,
        administration_people.blueprint,
        audit.blueprint,
        work.blueprint,
        document.blueprint,
        joining.blueprint,
        inviting.blueprint,
        privacy.blueprint,
    ],
    reactions=[
        *people_reactions.REACTIONS,
        *account_reactions.REACTIONS,
        *token_reactions.REACTIONS,
        *factor_reactions.REACTIONS,
        *calendars_reactions.REACTIONS,
        *people_file_reactions.REACTIONS,
        *neighbours_reactions.REACTIONS,
        *administration_reactions.REACTIONS,
        *careers_reactions.REACTIONS,
        *privacy_reactions.REACTIONS,
        *authoring_reactions.REACTIONS,
    ],
    jobs=[
        *mailing.JOBS,
        *authoring_jobs.JOBS,
        *people_file_jobs.JOBS,
        *privacy_jobs.JOBS,
        *skills_jobs.JOBS,
        *careers_jobs.JOBS,
        *neighbours_jobs.JOBS,
    ],
    cli=[
        factors_cli.reseal,
        people_file_cli.group,
        framework_file_cli.group,
        *backups_cli.COMMANDS,
        administration_cli.setup,
    ],
    log_kinds=[LogKind("inbox", notices.follow, notices.load)],
    slots=[
        ViewerSlot(people.viewer_of, people.viewers_of),
        shell.OrganizationName(_organization_name),
        shell.LicenceLines(frameworks.licences),
        inbox.NAV,
        *inviting.TABS,
        audit.TAB,
        *PARTS,
        token_api.BEARER,
        second_step.STEP,
        second_step.WAY,
        *factor_reactions.NOTICE_KINDS,
        *token_reactions.NOTICE_KINDS,
        gap.BESIDE,
        *careers_reactions.NOTICE_KINDS,
        board.NAV,
        authoring.NAV,
        administration.NAV,
        administration.PLACE,
        framework_file.PAGE,
        neighbours.BESIDE,
        practised.TOGETHER,
        plain.WORDS,
        shell.SpacePanel(40, reading.beside_room),
        shell.HelpAddress(people.contact),
        *administration_reactions.NOTICE_KINDS,
    ],
)
