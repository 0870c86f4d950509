"""A party has the other one transferred, by REFER of its own phone (RFC 3515, RFC 5589).

Only a user of the tenant may: what his call leads to is planned as if he had dialled it, with his
rights, his caller id and his limits. A party outside is refused. Where he names the other call that
he is in (attended, by Replaces), that one's other party takes his place here, answered or not, and
that call ends. A dialog that is none of ours can only be somebody inside, who is dialled.

He hears how it goes by NOTIFY, leaves when the target answers, and has the other party back where
the target fails. Who hangs up before that has left: then the party that stays hears why, and the
call is over. A program answers at once.
"""

from __future__ import annotations

from typing import Final

from cordboard.calls.causes import Cause, refusal_of
from cordboard.calls.limits import Take
from cordboard.calls.outcome import Verdict
from cordboard.calls.planning.plan import ProgramPlan
from cordboard.calls.ports import AnswerReferral, HoldChanged, Referred
from cordboard.calls.refusals import RefusalId, Refused
from cordboard.calls.request import Leg
from cordboard.calls.ringing.hunt import Hunt
from cordboard.calls.ringing.switchboard import Consultation, Rerouted
from cordboard.calls.running import into_program, transfer_log
from cordboard.calls.running.parts import Apply, Parts
from cordboard.calls.running.referral import OK, TERMINATED, TRYING, Referral
from cordboard.calls.said import readable
from cordboard.calls.stages import Stage, Trigger

MAX_TRANSFERS: Final = 20
"""Of one call: who is sent on more often is in a maze."""

PENDING: Final = 491
DECLINED: Final = 603
FORBIDDEN: Final = 403
STATUSES: Final[dict[RefusalId, int]] = {
    RefusalId.INVALID_DESTINATION: 404,
    RefusalId.USER_NOT_FOUND: 404,
    RefusalId.GROUP_NOT_FOUND: 404,
    RefusalId.USER_NOT_REGISTERED: 480,
    RefusalId.NO_MEMBER_AVAILABLE: 480,
    RefusalId.CHANNEL_LIMIT_REACHED: 503,
    RefusalId.TRUNK_DOWN: 503,
    RefusalId.OVERLOADED: 503,
    RefusalId.NO_CREDIT: 402,
}
"""What he is told of a target that can't be had. A REFER itself is refused with what speaks of the
request and not of the dialog (RFC 5057 5.1): whatever is missing here he may not do (403)."""


def referred(
    event: Referred, leg: Leg, _hunt: Hunt, parts: Parts, apply: Apply, now: float
) -> None:
    """A party wants the other one to be transferred."""
    winner = parts.legs.winner(leg)
    user = None if winner is None else parts.legs.hunt(leg).channels[winner].planned.user
    if parts.stage is not Stage.BRIDGED or event.channel != winner:
        _refuse(event, leg, parts, PENDING, "the two do not talk with each other")
    elif user is None:
        _refuse(event, leg, parts, DECLINED, "only a user of ours may transfer")
    elif parts.transfers >= MAX_TRANSFERS:
        _refuse(event, leg, parts, FORBIDDEN, f"transferred {MAX_TRANSFERS} times already")
    else:
        held = parts.holdings.of(leg)
        try:
            route = _route(event, leg, user, parts)
        except Refused as refusal:
            status = STATUSES.get(refusal.id)
            if status is not None:
                parts.command(AnswerReferral(event.channel, event.referral, TRYING))
            _refuse(event, leg, parts, status or FORBIDDEN, refusal.message)
            return
        if isinstance(route, ProgramPlan):
            parts.command(AnswerReferral(event.channel, event.referral, OK))
            into_program.transfer(leg, route, Cause.TRANSFERRED, parts, apply, now)
            return
        parts.transfers += 1
        parts.route = route
        parts.referral = _referral(event, leg, parts, route, held)
        if route.handed is None or route.handed.hunt.winner is None:
            parts.command(AnswerReferral(event.channel, event.referral, TRYING))
        apply(Trigger.TRANSFERRED, now)


def _route(event: Referred, leg: Leg, user: int, parts: Parts) -> Rerouted | ProgramPlan:
    dialling = parts.dialling
    if event.replaces is not None:
        return dialling.take_over(leg, Consultation(user=user, channel=event.replaces))
    return dialling.find_referred(leg, user, event.target, inside=event.elsewhere)


def _referral(
    event: Referred, leg: Leg, parts: Parts, route: Rerouted, held: tuple[Take, ...]
) -> Referral:
    plan = parts.leg_plan(leg)
    assert plan is not None  # a program has no phone
    parts.dialling.shared = True
    return Referral(
        event.channel,
        event.referral,
        leg,
        parts.legs.hunt(leg),
        plan,
        parts.verdicts.replaced,
        held,
        route.handed is not None,
        parts.bridged.holds(leg),
        parts.bridged.is_on_hold(leg),
    )


def _refuse(event: Referred, leg: Leg, parts: Parts, status: int, why: str) -> None:
    parts.command(AnswerReferral(event.channel, event.referral, status))
    transfer_log.refused(parts.log, leg, event.channel, readable(event.target.user), status, why)


def progress(status: int, parts: Parts) -> None:
    """The target rings (180 to 183): who transfers is told, each once."""
    referral = parts.referral
    if referral is not None and status > referral.told:
        _tell(referral, status, parts)


def answered(parts: Parts) -> None:
    """The target is there, and connected: who has transferred leaves."""
    referral, parts.referral = parts.referral, None
    if referral is None:
        return
    _give_back(referral, parts)
    if referral.is_there:
        _tell(referral, OK, parts)
        parts.hunting.leave(referral.hunt, Cause.TRANSFERRED)


def failed(trigger: Trigger, verdict: Verdict, parts: Parts) -> Trigger:
    """A hunt has failed; where it was for the target of who transfers and he is still there, he has
    the other party back."""
    if trigger is not Trigger.TARGET_FAILED or parts.referral is None:
        return trigger
    referral, parts.referral = parts.referral, None
    parts.dialling.shared = False
    leg = referral.leg
    if not referral.is_there:
        return trigger
    status = verdict.status if verdict.status is not None and verdict.status >= 400 else None
    _tell(referral, status or refusal_of(verdict.cause)[0], parts)
    parts.legs.put_back(leg, referral.hunt)
    parts.plan = parts.dialling.go_back(leg, referral.plan)
    parts.holdings.go_back(leg, referral.held)
    parts.verdicts.replaced = referral.replaced
    parts.bridged.arrive(leg, holds=referral.holds, on_hold=referral.on_hold)
    return Trigger.PARTY_BACK


def hunt_failed(leg: Leg, verdict: Verdict, parts: Parts, apply: Apply, now: float) -> None:
    """The hunt for a leg is over, and nobody there."""
    trigger = parts.verdicts.hunt_failed(leg, parts.stage, verdict, now)
    apply(failed(trigger, verdict, parts), now)


def left(channel: str, parts: Parts) -> None:
    """A channel is over; where it was that of who transfers, he has left."""
    referral = parts.referral
    if referral is not None and channel == referral.channel:
        _give_back(referral, parts)


def held(event: HoldChanged, parts: Parts) -> bool:
    """Who transfers holds us, or no longer; whether it was he."""
    referral = parts.referral
    if referral is None or event.channel != referral.channel:
        return False
    if event.held != referral.holds:
        referral.holds = event.held
        parts.log.hold(referral.leg, event.channel, event.held)
    return True


def over(parts: Parts) -> None:
    """The call ends before the target has answered."""
    referral, parts.referral = parts.referral, None
    if referral is not None and referral.is_there:
        _tell(referral, TERMINATED, parts)


def lost(channel: str, parts: Parts) -> None:
    """Nothing is heard on a channel any more; who waits there to leave has left."""
    referral = parts.referral
    if referral is not None and channel == referral.channel:
        parts.hunting.leave(referral.hunt, Cause.MEDIA_TIMEOUT)


def _give_back(referral: Referral, parts: Parts) -> None:
    """He needs no longer what his leg had taken, but for what the target shares with him."""
    parts.dialling.shared = False
    plan, needed = parts.leg_plan(referral.leg), set()
    if plan is not None and not referral.alone:
        needed = {take.key for take in plan.takes}
    idle = tuple(take for take in referral.held if take.key not in needed)
    parts.holdings.drop(referral.leg, idle)
    referral.held = ()


def _tell(referral: Referral, status: int, parts: Parts) -> None:
    referral.told = status
    parts.command(AnswerReferral(referral.channel, referral.number, status))
