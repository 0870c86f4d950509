"""A transfer to a program: one party leaves, and the other one is in the program's hands.

Nothing is waited for, for a program is always there: who transfers leaves at once, whether a client
or his own phone wants it. The program talks with whichever leg stays.
"""

from __future__ import annotations

from cordboard.calls.causes import Cause
from cordboard.calls.planning.plan import ProgramPlan
from cordboard.calls.ports import StopPlay
from cordboard.calls.request import Leg
from cordboard.calls.ringing.hunt import Hunt
from cordboard.calls.ringing.legs import other
from cordboard.calls.running.parts import Apply, Parts
from cordboard.calls.stages import Trigger


def transfer(
    leg: Leg, plan: ProgramPlan, cause: Cause, parts: Parts, apply: Apply, now: float
) -> None:
    """The party of a leg is hung up with ``cause``, and the other one connected with a program."""
    parts.transfers += 1
    parts.hunting.give_up(leg, cause)
    parts.recording.part()
    by_phone = cause is Cause.TRANSFERRED
    parts.log.transferring(leg, plan.party, (), by_phone=by_phone)
    parts.legs.replace(leg, Hunt(()))
    parts.plan = parts.dialling.go_into(plan, leg)
    parts.recording.agree(parts.recording_terms)
    parts.verdicts.replaced = leg
    parts.bridged.part(leg)
    parts.waiting.leg = other(leg)
    parts.program, parts.program_plan = None, plan
    stays = parts.legs.winner(parts.waiting.leg)
    if stays is not None:
        parts.command(StopPlay(stays))  # he may have been on hold
    apply(Trigger.TRANSFERRED_TO_PROGRAM, now)
