"""Plain words for matching and mentoring, as admins read them; who is paired with whom is not told."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import gettext as _

from academy.administration.queries.slots import PlainWords


def _entries() -> Mapping[str, str]:
    return {
        "RunAsked": _("%(actor)s asked for pairs to be proposed in %(group_id)s"),
        "RunProposed": _("The matcher proposed pairs in %(group_id)s: %(placed)s people of %(considered)s placed"),
        "RunFailed": _("The matcher could not answer for %(group_id)s"),
        "RunCancelled": _("%(actor)s stopped a proposal that was being worked out in %(group_id)s"),
        "MatchingWeighed": _("%(actor)s changed how matching is weighed in %(group_id)s"),
        "PairLocked": _("%(actor)s locked a pair for proposals in %(group_id)s"),
        "PairUnlocked": _("%(actor)s unlocked a pair for proposals in %(group_id)s"),
        "PairExcluded": _("%(actor)s excluded a pair from proposals in %(group_id)s"),
        "PairAllowed": _("%(actor)s allowed a pair in proposals in %(group_id)s again"),
        "RunPublished": _("%(actor)s made a proposal known in %(group_id)s"),
        "MatchProposed": _("People were proposed to each other"),
        "MatchDropped": _("A match will not come about"),
        "OfferMade": _("%(person_id)s was asked to accept a match"),
        "OfferReminded": _("%(person_id)s was reminded of an offer"),
        "OfferAccepted": _("%(person_id)s accepted an offer"),
        "OfferDeclined": _("%(person_id)s declined an offer"),
        "OfferExpired": _("An offer to %(person_id)s expired"),
        "OfferWithdrawn": _("An offer to %(person_id)s was taken back"),
        "OfferReplaced": _("An offer to %(person_id)s was taken back, so that one more person is placed"),
        "OfferSuperseded": _("An offer to %(person_id)s no longer fits"),
        "CandidatesExhausted": _("Nobody can be asked to mentor %(learner_id)s now"),
        "PartnerLeft": _("%(left_id)s left, and with that a pair"),
        "PairParted": _("A pair of %(cohort_group_id)s ended, or one of three left it"),
        "PairPaused": _("A pair rests, as an account was closed"),
        "PairResumed": _("A pair that rested goes on"),
        "PairOpened": _("A pair began"),
        "MentoringOffered": _("%(person_id)s offers to mentor %(capacity)s people in %(group_id)s"),
    }


def _jobs() -> Mapping[str, str]:
    return {
        "matches.solve": _("Proposing pairs"),
        "matches.explain": _("Writing down why somebody fits who is asked after others"),
        "matches.repair": _("Asking somebody else after a match fell away"),
        "offers.expire": _("Ending an offer whose time is over"),
        "offers.remind": _("Reminding somebody of an offer"),
        "offers.letter": _("Writing a letter about an offer"),
    }


def _letters() -> Mapping[str, str]:
    return {"offer": _("An offer to mentor")}


LED = frozenset(
    {
        "RunAsked",
        "RunProposed",
        "RunFailed",
        "RunCancelled",
        "RunPublished",
        "MatchingWeighed",
        "PairLocked",
        "PairUnlocked",
        "PairExcluded",
        "PairAllowed",
        "PairParted",
    }
)
WORDS = PlainWords(_entries, _jobs, _letters, LED)
