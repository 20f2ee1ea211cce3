"""Plain words for what the ground floor does: entries of the ledger, jobs and letters."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import gettext as _

from academy.administration.queries.slots import PlainWords


def _entries() -> Mapping[str, str]:
    return {
        "PersonAdded": _("%(person_id)s got an account"),
        "SignedIn": _("%(actor)s signed in"),
        "SignInEnded": _("A sign-in of %(person_id)s ended"),
        "PasswordChanged": _("The password of %(person_id)s was changed"),
        "AddressAsked": _("%(person_id)s wants to sign in with another address"),
        "AddressChanged": _("The address of %(person_id)s was changed"),
        "LinkUsed": _("%(person_id)s used a mailed link"),
        "InvitationSent": _("%(actor)s invited somebody into %(group_id)s as %(role)s"),
        "InvitationWithdrawn": _("%(actor)s took back an invitation into %(group_id)s"),
        "FirstPasswordOffered": _("%(actor)s invited %(person_id)s to choose a password"),
        "InvitationAccepted": _("%(person_id)s accepted an invitation into %(group_id)s as %(role)s"),
        "JoinLinkMade": _("%(actor)s made a join link for %(group_id)s"),
        "JoinLinkEnded": _("%(actor)s ended a join link of %(group_id)s"),
        "JoinLinkUsed": _("%(person_id)s joined %(group_id)s by a link"),
        "MemberJoined": _("%(actor)s made %(person_id)s %(role)s in %(group_id)s"),
        "MemberLeft": _("%(actor)s ended the role of %(person_id)s as %(role)s in %(group_id)s"),
        "ProfileChanged": _("%(actor)s changed the profile of %(person_id)s: %(fields)s"),
        "AccountClosed": _("%(actor)s closed the account of %(person_id)s"),
        "AccountReopened": _("%(actor)s opened the account of %(person_id)s again"),
        "ManagerSet": _("%(actor)s set the manager of %(person_id)s: %(manager_id)s"),
        "GroupRenamed": _("%(actor)s renamed %(group_id)s"),
        "FeedMade": _("%(actor)s made an address for their calendar"),
        "FeedRevoked": _("The address of a calendar leads nowhere any more"),
        "TokenMade": _("%(person_id)s made an API token"),
        "TokenRevoked": _("An API token of %(person_id)s was revoked"),
        "FactorAdded": _("%(person_id)s added a second factor"),
        "FactorRemoved": _("%(person_id)s removed a second factor"),
        "RecoveryCodesMade": _("%(person_id)s made recovery codes"),
        "RecoveryCodeUsed": _("%(person_id)s used a recovery code; %(left)s are left"),
        "FactorsReset": _("%(actor)s reset the second factor of %(person_id)s"),
        "SecondStepFailed": _("Somebody knew the password of %(person_id)s and failed at the second step"),
        "PeopleBroughtIn": _("%(actor)s brought people in from a file: %(added)s new, %(changed)s changed"),
        "PeopleTakenOut": _("%(actor)s wrote people out to a file"),
        "AcademyRestored": _("The academy was brought back from a backup of %(made_at)s; everybody was signed out"),
        "DataAsked": _("%(person_id)s asked for a file of their data"),
        "DataTaken": _("%(person_id)s took a file of their data along"),
        "ErasureAsked": _("%(actor)s asked that the data of %(person_id)s be erased"),
        "ErasureTakenBack": _("%(actor)s took back that the data of %(person_id)s be erased"),
        "PersonErased": _("The data of %(person_id)s was erased"),
        "FrameworkBroughtIn": _(
            "%(actor)s brought in the framework %(framework)s from a file: %(added)s new, %(changed)s changed, "
            "%(removed)s removed, %(kept)s kept"
        ),
        "SkillSet": _("%(actor)s changed a skill of %(person_id)s"),
        "TargetSet": _("%(person_id)s chose what to aim at"),
        "NeedSet": _("%(actor)s said what %(group_id)s needs"),
        "OpportunityOpened": _("%(actor)s put an opportunity on the board of %(group_id)s"),
        "OpportunityChanged": _("%(actor)s changed an opportunity of %(group_id)s"),
        "GoalSet": _("%(actor)s changed a goal of %(person_id)s"),
        "DraftOpened": _("%(actor)s began a draft of a track in %(group_id)s"),
        "DraftChanged": _("%(actor)s changed a draft of a track"),
        "DraftClosed": _("%(actor)s closed a draft of a track in %(group_id)s"),
        "MediaKept": _("%(actor)s gave a video to %(group_id)s"),
        "MediaRemoved": _("A video that %(group_id)s no longer used was removed"),
        "TrackPublished": _("%(actor)s published %(track_version_id)s in %(group_id)s"),
        "TrackDelivered": _("%(actor)s gave %(track_version_id)s to %(group_id)s"),
        "TrackUpgraded": _("%(actor)s gave %(group_id)s a newer version of %(track_version_id)s"),
        "ActivityCompleted": _("%(actor)s completed an activity"),
        "ReflectionKept": _("%(actor)s kept a reflection"),
        "OrganizationSettled": _("%(actor)s changed settings of %(group_id)s: %(fields)s"),
        "AcademyOpened": _("%(actor)s opened %(academy_id)s"),
        "PersonSeen": _("%(actor)s looked at what is kept of %(person_id)s"),
        "AuditSeen": _("%(actor)s looked at the audit"),
        "MailLogSeen": _("%(actor)s looked at which letters %(person_id)s was sent"),
        "JobsRetried": _("%(actor)s had work tried again"),
        "JobSetAside": _("%(actor)s set work aside"),
        "MailTried": _("%(actor)s tried the mail server out; the letter was taken: %(taken)s"),
    }


def _jobs() -> Mapping[str, str]:
    return {
        "mail.send": _("Sending a letter"),
        "mail.forget": _("Forgetting letters of long ago"),
        "jobs.clean": _("Cleaning up what was done"),
        "accounts.password-changed": _("Telling somebody of their new password"),
        "accounts.reset": _("Writing a link for a new password"),
        "accounts.address": _("Writing a link that proves an address"),
        "accounts.address-changed": _("Telling somebody of their new address"),
        "accounts.invitation": _("Writing an invitation"),
        "accounts.first": _("Writing a link to a first password"),
        "accounts.join": _("Writing a link for joining"),
        "accounts.forget": _("Forgetting links of long ago"),
        "accounts.lapse": _("Ending links whose time is over"),
        "neighbours.again": _("Computing which skills are near each other"),
        "neighbours.near": _("Looking whether nearest skills are to be computed again"),
        "neighbours.count": _("Counting again which skills go together, as a track names others"),
        "neighbours.together": _("Counting which skills go together"),
        "media.tidy": _("Looking for videos that nothing shows any more"),
        "media.unlink": _("Removing a video that nothing shows any more"),
        "careers.load": _("Loading the jobs that people can aim at"),
        "skills.age": _("Letting what was said long ago count less"),
        "once.forget": _("Forgetting what was sent once"),
        "people_file.forget": _("Forgetting a file of people"),
        "privacy.pack": _("Putting somebody's data together for them"),
        "privacy.erase": _("Erasing somebody's data"),
        "privacy.letter": _("Telling somebody that their data will be erased"),
        "privacy.forget": _("Forgetting who saw what a year ago"),
    }


def _letters() -> Mapping[str, str]:
    return {
        "trial": _("A test letter"),
        "account": _("A letter about an account"),
        "erasure": _("A letter about erasing data"),
    }


LED = frozenset(
    {
        "InvitationSent",
        "InvitationWithdrawn",
        "InvitationAccepted",
        "JoinLinkMade",
        "JoinLinkEnded",
        "JoinLinkUsed",
        "MemberJoined",
        "MemberLeft",
        "GroupRenamed",
        "AcademyOpened",
        "DraftOpened",
        "DraftClosed",
        "MediaKept",
        "MediaRemoved",
        "TrackPublished",
        "TrackDelivered",
        "TrackUpgraded",
        "AuditSeen",
        "NeedSet",
        "OpportunityOpened",
        "OpportunityChanged",
    }
)
WORDS = PlainWords(_entries, _jobs, _letters, LED)
