"""Who may overhear whom: the rules of the directory, against two who talk with each other now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cordboard.calls.planning.live import LiveView
from cordboard.calls.planning.plan import EavesdropPlan, Party
from cordboard.calls.planning.talkers import Conversation, Talker
from cordboard.calls.refusals import RefusalId, Refused
from cordboard.calls.request import Leg, Overhear
from cordboard.directory.eavesdroppers import may_overhear
from cordboard.directory.model import User
from cordboard.directory.snapshot import TenantDirectory
from cordboard.media.overhearing import MOST_EAVESDROPPERS

KIND: Final = "eavesdrop"
"""Of the party that stands for two who are overheard."""

MEDIA_PLUG: Final = "media_plug"
"""How the party is called while it is nobody yet; Basix's own web app calls it so."""


@dataclass(frozen=True, slots=True)
class Watched:
    """Two who are overheard, and which of them is watched."""

    talkers: Conversation
    leg: Leg


def eavesdrop_plan(
    asked: Overhear, user: User | None, tenant: TenantDirectory, live: LiveView
) -> EavesdropPlan:
    """What a request to overhear somebody amounts to; raises :class:`Refused`."""
    if user is None:
        message = "only a user of this tenant can overhear a call"
        raise Refused(RefusalId.EAVESDROPPING_NOT_ALLOWED, message, "first")
    if asked.watched is None:
        if not user.eavesdrops:
            raise _not_allowed(user)
        plug = Party(KIND, MEDIA_PLUG, MEDIA_PLUG, label=MEDIA_PLUG)
        return EavesdropPlan(plug, user.id, None, Leg.FIRST, asked.mode)
    talkers = live.conversation(tenant.domain, asked.watched)
    watched = find_watched(tenant, user, talkers, asked.watched_leg)
    if live.eavesdroppers_of(asked.watched) >= MOST_EAVESDROPPERS:
        raise too_many()
    party = _party(tenant, watched.talkers.of(watched.leg))
    return EavesdropPlan(party, user.id, asked.watched, watched.leg, asked.mode)


def find_watched(
    tenant: TenantDirectory, user: User, talkers: Conversation | None, leg: Leg | None
) -> Watched:
    """Who of two is watched by a user: who is wanted, else one of ours, else whoever may be. Raises
    :class:`Refused` where he may not, is one of the two himself, or nobody talks there."""
    if talkers is None:
        message = "no two talk with each other in that call"
        raise Refused(RefusalId.INVALID_DESTINATION, message, "call")
    if any(talkers.of(each).user == user.id for each in Leg):
        message = f"{user.name} is in that call himself"
        raise Refused(RefusalId.INVALID_DESTINATION, message, "call")
    wanted = [leg] if leg is not None else sorted(Leg, key=lambda each: _is_outside(talkers, each))
    for each in wanted:
        if may_overhear(tenant, user, talkers.of(each).user):
            return Watched(talkers, each)
    raise _not_allowed(user)


def too_many() -> Refused:
    """Why nobody else may overhear a call."""
    message = f"{MOST_EAVESDROPPERS} overhear that call already"
    return Refused(RefusalId.CHANNEL_LIMIT_REACHED, message, "eavesdroppers")


def _is_outside(talkers: Conversation, leg: Leg) -> bool:
    return talkers.of(leg).user is None


def _party(tenant: TenantDirectory, talker: Talker) -> Party:
    """Who is watched, as a phone shows it that overhears him."""
    user = None if talker.user is None else tenant.user_by_id(talker.user)
    if user is None:
        party = talker.party
        return Party(KIND, party.name, party.number, label=party.label)
    return Party(KIND, user.name, user.extension or user.name, user.id, user.label)


def _not_allowed(user: User) -> Refused:
    message = f'{user.name} may not overhear that call: his "eavesdrop" names nobody of it'
    return Refused(RefusalId.EAVESDROPPING_NOT_ALLOWED, message, "first")
