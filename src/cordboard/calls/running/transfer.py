"""A transfer: one party stays and is connected with somebody else, the other one leaves.

Whom it is connected with takes the place of who leaves, so that first stays first. The party that
stays hears ringback meanwhile, or the early media of whom it waits for. Whom another call hands
over may be there already; then the two are connected at once.

Where a client wants it, who leaves is hung up at once, and there is nobody to go back to: the party
that stays hears why its target can't be had, and the call is over. Where a party's own phone wants
it (:mod:`~cordboard.calls.running.referring`), he leaves when the target answers, and has the other
one back where it does not, unless he has hung up meanwhile.

A transfer to a program is none of these: it waits for nobody
(:mod:`~cordboard.calls.running.into_program`).
"""

from __future__ import annotations

from cordboard.calls.causes import Cause
from cordboard.calls.ports import Play, Tone, ToneKind
from cordboard.calls.ringing.hunt import Hunt
from cordboard.calls.ringing.legs import other
from cordboard.calls.running import queueing, referring, rung_times, transfer_log
from cordboard.calls.running.parts import Apply, Parts
from cordboard.calls.stages import Stage, Trigger


def begin(parts: Parts, apply: Apply, now: float) -> None:
    """Do what entering the stage needs; ``parts.route`` says where it goes."""
    route, referral = parts.route, parts.referral
    assert route is not None  # who transfers has found one
    leg, handed = route.plan.leg, route.handed
    if referral is None:
        parts.hunting.give_up(leg, Cause.NORMAL)
        parts.recording.part()
    else:
        parts.recording.cut()  # for the two are still connected
    transfer_log.transferring(
        parts.log,
        leg,
        route.plan.party,
        tuple(channel.id for channel in route.channels),
        by_phone=referral is not None,
        from_call=None if handed is None else handed.call,
    )
    parts.legs.replace(leg, Hunt(route.channels) if handed is None else handed.hunt)
    parts.plan = parts.dialling.go_to(leg, route)
    parts.verdicts.replaced = leg
    parts.bridged.part(leg)
    parts.waiting.leg = other(leg)
    if handed is None:
        rung_times.begin(route.plan, parts, now)
        if route.plan.queued:
            queueing.begin(route.plan, parts, apply, now)
            if parts.stage is Stage.TRANSFERRING:
                referring.answered(parts)  # for he is taken care of
            return
        parts.waiting.ringback()
        _rest(parts)
        parts.dialling.dial(parts.legs.hunt(leg).channels.values(), route.plan)
        return
    parts.bridged.arrive(leg, holds=handed.holds, on_hold=handed.on_hold)
    if handed.metered:
        parts.dialling.metering().take_in(leg, handed.metered)
    if handed.hunt.winner is not None:
        transfer_log.transferred(parts.log, leg, handed.hunt.winner, 0.0)
        apply(Trigger.TARGET_ANSWERED, now)
        return
    parts.times.stage_ends, parts.times.rung_ends = handed.stage_ends, handed.rung_ends
    parts.waiting.ringback()
    _rest(parts)


def _rest(parts: Parts) -> None:
    """Who waits to leave hears nothing of the other one any more."""
    if parts.referral is not None:
        tone = Tone(ToneKind.HOLD, parts.plan.country)
        parts.command(Play(parts.referral.channel, tone))
