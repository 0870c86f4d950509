"""A transfer to a program: one party leaves, and the other one is in the program's hands.

Nothing is waited for, for a program is always there: who transfers leaves at once, whether a client
or his own phone wants it. The program talks with whichever leg stays. So it is where whom he was to
be connected with has his calls forwarded to a program, or a queue sends him there.
"""

from __future__ import annotations

from cordboard.calls.causes import Cause
from cordboard.calls.planning.plan import ProgramPlan
from cordboard.calls.ports import StopPlay
from cordboard.calls.request import Leg
from cordboard.calls.ringing.hunt import Hunt
from cordboard.calls.ringing.legs import other
from cordboard.calls.running import transfer_log
from cordboard.calls.running.parts import Apply, Parts
from cordboard.calls.stages import Stage, Trigger


def transfer(
    leg: Leg, plan: ProgramPlan, cause: Cause, parts: Parts, apply: Apply, now: float
) -> None:
    """The party of a leg is hung up with ``cause``, and the other one connected with a program."""
    parts.transfers += 1
    parts.hunting.give_up(leg, cause)
    parts.recording.part()
    by_phone = cause is Cause.TRANSFERRED
    transfer_log.transferring(
        parts.log, leg, plan.party, (), by_phone=by_phone, from_call=plan.from_call
    )
    parts.legs.replace(leg, Hunt(()))
    parts.plan = parts.dialling.go_into(plan, leg)
    parts.recording.agree(parts.recording_terms)
    parts.verdicts.replaced = leg
    parts.bridged.part(leg)
    parts.waiting.leg = other(leg)
    parts.program, parts.program_plan = None, plan
    _silence(parts)  # he may have been on hold
    apply(Trigger.TRANSFERRED_TO_PROGRAM, now)


def goes_on(leg: Leg, parts: Parts) -> bool:
    """Whether a program may take the place of whom a leg is hunted for: not of a first party who is
    only just called, and not where another program has him rung."""
    if parts.program is not None and not parts.program.over:
        return False
    return leg is Leg.SECOND or parts.stage is Stage.TRANSFERRING


def take_place(leg: Leg, program: ProgramPlan, parts: Parts) -> Trigger:
    """A program takes the place of whom a leg was hunted for; what that is for the call."""
    parts.plan = parts.dialling.go_into(program, leg)
    _silence(parts)
    if parts.stage is Stage.TRANSFERRING:
        parts.legs.replace(leg, Hunt(()))
        parts.program, parts.program_plan = None, program
        return Trigger.TARGET_MISSED
    waits = parts.caller.waits
    return Trigger.SECOND_MISSED_BEFORE_FIRST if waits else Trigger.SECOND_MISSED


def _silence(parts: Parts) -> None:
    stays = parts.legs.winner(parts.waiting.leg)
    if stays is not None:
        parts.command(StopPlay(stays))
