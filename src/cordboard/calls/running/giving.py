"""A call gives one of its parties away: he goes on in another call, and this one ends.

Who transfers is in both calls. Here he is on one leg, answered or still waiting for an answer; the
other leg goes, with its hunt as it is, whether it was answered or is being rung. Where he talks
with a program, that is what he brings; and who talks with one may be taken out of it.
"""

from __future__ import annotations

from typing import Final

from cordboard.calls.ports import StopPlay
from cordboard.calls.refusals import RefusalId, Refused
from cordboard.calls.request import Leg
from cordboard.calls.ringing.legs import other
from cordboard.calls.ringing.switchboard import Consultation, Handed, HandedProgram
from cordboard.calls.running import transfer_log
from cordboard.calls.running.parts import Apply, Parts
from cordboard.calls.stages import Stage, Trigger

_GIVING: Final = frozenset({Stage.BRIDGED, Stage.RINGING_SECOND, Stage.TRANSFERRING, Stage.PROGRAM})


def give(
    wanted: Consultation, into: str, parts: Parts, apply: Apply, now: float
) -> Handed | HandedProgram:
    """Give away the other party of who transfers; it goes into the call ``into``. Raises
    :class:`Refused`; then nothing has changed."""
    gone = _leg_of_who_transfers(wanted, parts)
    leg = other(gone)
    if parts.stage is Stage.PROGRAM and gone is parts.waiting.leg:
        return _give_program(gone, into, parts, apply, now)
    plan, hunt = parts.leg_plan(leg), parts.legs.hunt(leg)
    there = hunt.winner is not None or (hunt.open and leg is parts.hunted)
    busy = parts.referral is not None or parts.waits_in_line_for is not None
    if parts.stage not in _GIVING or busy or plan is None or not there:
        raise Refused(RefusalId.INVALID_DESTINATION, f"that call is {parts.stage.value}", "call")
    holds, on_hold = parts.bridged.holds(leg), parts.bridged.is_on_hold(leg)
    metered = () if parts.meter is None else parts.meter.hand_out(hunt.channels)
    times = parts.times
    handed = Handed(
        parts.log.call,
        plan,
        hunt,
        parts.holdings.hand_out(leg),
        times.stage_ends,
        times.rung_ends,
        holds,
        on_hold,
        metered,
    )
    parts.recording.cut()
    if parts.stage is Stage.PROGRAM and hunt.winner is not None:
        parts.command(StopPlay(hunt.winner))
    parts.legs.take_out(leg)
    transfer_log.merged(parts.log, leg, into, tuple(hunt.channels))
    parts.verdicts.merged = gone
    apply(Trigger.MERGED, now)
    return handed


def _give_program(gone: Leg, into: str, parts: Parts, apply: Apply, now: float) -> HandedProgram:
    plan = parts.program_plan
    if plan is None:
        raise Refused(RefusalId.INVALID_DESTINATION, "there is no program", "call")
    parts.recording.cut()
    transfer_log.merged(parts.log, other(gone), into, ())
    parts.verdicts.merged = gone
    apply(Trigger.MERGED, now)
    return HandedProgram(parts.log.call, plan.party.name)


def _leg_of_who_transfers(wanted: Consultation, parts: Parts) -> Leg:
    """Where he is in this call; raises :class:`Refused` where he is not."""
    if wanted.channel is None:
        if wanted.kept is not None:
            return other(wanted.kept)
        if parts.stage is Stage.PROGRAM:
            talks = parts.waiting.leg
            own = wanted.user is not None and _user_of(talks, parts) == wanted.user
            return talks if own else other(talks)
        return Leg.SECOND if _user_of(Leg.SECOND, parts) == wanted.user else Leg.FIRST
    leg = parts.legs.leg_of(wanted.channel)
    hunt = None if leg is None else parts.legs.hunt(leg)
    waits = parts.caller.waits and parts.caller.is_on(wanted.channel)
    if leg is None or hunt is None or not (waits or hunt.winner == wanted.channel):
        raise Refused(RefusalId.INVALID_DESTINATION, "he is not in that call", "call")
    if hunt.channels[wanted.channel].planned.user != wanted.user:
        raise Refused(RefusalId.INVALID_DESTINATION, "that call is not his", "call")
    return leg


def _user_of(leg: Leg, parts: Parts) -> int | None:
    winner = parts.legs.winner(leg)
    return None if winner is None else parts.legs.hunt(leg).channels[winner].planned.user
