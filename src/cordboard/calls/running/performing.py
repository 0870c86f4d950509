"""What a program wants, done in its call; and what happens in the call, told to the program.

The caller is the first party. Whom the program rings becomes the second one by the same stages as
in any call, so that a hunt, screening and limits are as there; where nobody is had, the call comes
back to the program instead of to its end.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cordboard.calls.causes import Cause
from cordboard.calls.outcome import Verdict
from cordboard.calls.planning.plan import ProgramPlan
from cordboard.calls.ports import Play, PlayEnded, Prompt, StopPlay
from cordboard.calls.programs.program import Program
from cordboard.calls.programs.program_words import (
    Effect,
    Ended,
    Fetch,
    Fetched,
    Gathered,
    Hush,
    Input,
    Keep,
    RingOut,
    Sound,
    Stepped,
    TakeCall,
    Tape,
    WantedSteps,
)
from cordboard.calls.recording_terms import id_of
from cordboard.calls.refusals import Refused
from cordboard.calls.request import Leg
from cordboard.calls.ringing.hunt import Hunt
from cordboard.calls.running import climbing, queueing, rung_times
from cordboard.calls.running.parts import Apply, Parts
from cordboard.calls.stages import Stage, Trigger
from cordboard.directory.steps import EndReason, Step

_CAUSES = {
    EndReason.NORMAL: Cause.NORMAL,
    EndReason.BUSY: Cause.BUSY,
    EndReason.REJECTED: Cause.REJECTED,
}


def enter(parts: Parts, apply: Apply, now: float) -> None:
    """The call is in the program's hands: it begins, or it goes on after a ring in vain."""
    program, plan = parts.program, parts.plan.second
    if program is None and isinstance(plan, ProgramPlan):
        parts.times.call_ends = now + parts.plan.longest_call
        parts.program_plan = plan
        parts.program = program = Program(plan.steps, dict(plan.variables), plan.language)
        parts.log.forwarded(plan, plan.forwarded)
        parts.log.program(parts.legs.first.winner, plan.party.name)
        _tell(parts, apply, now, Input.BEGUN)
    elif program is not None:
        _silence(parts)
        _tell(parts, apply, now, Input.NOT_CONNECTED, parts.verdicts.sought.cause.value)


def ring(parts: Parts, apply: Apply, now: float) -> None:
    """Ring whom the program wants."""
    route = parts.route
    assert route is not None  # who rings has found one
    parts.plan = parts.dialling.go_to(Leg.SECOND, route)
    parts.verdicts.resumes = True
    hunt = Hunt(route.channels)
    if parts.legs.second is None:
        parts.legs.second = hunt
    else:
        parts.legs.replace(Leg.SECOND, hunt)
    rung_times.begin(route.plan, parts, now)
    if route.plan.queued:
        queueing.begin(route.plan, parts, apply, now)
        return
    if not hunt.channels:
        verdict = Verdict(route.plan.absent or Cause.UNREACHABLE)
        climbing.failed(Leg.SECOND, verdict, parts, apply, now)
        return
    parts.dialling.dial_all(hunt, route.plan)
    parts.waiting.ringback()


def connected(parts: Parts, now: float) -> None:
    """The caller is connected with whom the program rang."""
    parts.verdicts.resumes = False
    if parts.program is not None:
        parts.program.handle(Input.CONNECTED, now)


def due(parts: Parts, apply: Apply, now: float) -> None:
    """The program's time has come."""
    _tell(parts, apply, now, Input.DUE)


def played(event: PlayEnded, parts: Parts, apply: Apply, now: float) -> None:
    """A prompt is over, perhaps the program's."""
    if parts.stage is Stage.PROGRAM and event.channel == parts.legs.first.winner:
        _tell(parts, apply, now, Input.PLAYED, (event.play_id, event.complete))


def pressed(key: str, leg: Leg, parts: Parts, apply: Apply, now: float) -> bool:
    """A key was pressed; whether it was the program's, and is nobody else's business."""
    program = parts.program
    if program is None or program.over or leg is not Leg.FIRST:
        return False
    if parts.stage is Stage.PROGRAM:
        _tell(parts, apply, now, Input.KEY, key)
    return True


def fetched(
    parts: Parts, apply: Apply, now: float, turn: int, answer: tuple[Step, ...] | str
) -> None:
    """Steps were fetched, or why not."""
    if parts.stage is Stage.PROGRAM:
        happened = Input.NOT_FETCHED if isinstance(answer, str) else Input.FETCHED
        _tell(parts, apply, now, happened, (turn, answer))


def _tell(parts: Parts, apply: Apply, now: float, happened: Input, value: Any = None) -> None:
    """Tell the program something and do what it wants then, until it wants nothing more."""
    program = parts.program
    if program is None:
        return
    program.handle(happened, now, value)
    while parts.stage is Stage.PROGRAM and (effects := program.take()):
        for effect in effects:
            _DO[type(effect)](effect, parts, apply, now)
    if parts.stage is Stage.PROGRAM:
        parts.times.stage_ends = program.deadline


def _silence(parts: Parts) -> None:
    first = parts.legs.first.winner
    if first is not None:
        parts.command(StopPlay(first))


def _sound(effect: Sound, parts: Parts, _apply: Apply, _now: float) -> None:
    first = parts.legs.first.winner
    if first is not None:
        parts.command(Play(first, Prompt(effect.path), effect.turn))


def _hush(_effect: Hush, parts: Parts, _apply: Apply, _now: float) -> None:
    _silence(parts)


def _take_call(_effect: TakeCall, _parts: Parts, _apply: Apply, _now: float) -> None:
    """A call is answered before its program begins, whoever called whom."""


def _ring_out(effect: RingOut, parts: Parts, apply: Apply, now: float) -> None:
    try:
        parts.route = parts.dialling.find_party(effect)
    except Refused as refusal:
        parts.log.program_refused(parts.legs.first.winner, refusal)
        if parts.program is not None:
            parts.program.handle(Input.NOT_CONNECTED, now, refusal.id.value)
        return
    apply(Trigger.PROGRAM_RINGS, now)


def _fetch(effect: Fetch, parts: Parts, _apply: Apply, _now: float) -> None:
    """What Basix tells its XML servers (docs.brastel.com/xml/request.html), and all variables."""
    plan, first = parts.program_plan, parts.plan.first.party
    if plan is None:
        return
    known = dict(plan.variables)
    caller, called = known["CALLER_NUMBER"], known["CALLED_NUMBER"]
    form = {
        **effect.variables,
        "CallUUID": parts.legs.first.winner or "",
        "CallStatus": "in-progress",
        "Direction": "inbound" if parts.plan.offered else "outbound",
        "CalledNumber": called,
        "CallingNumber": caller,
        "Anonymous": "false" if caller else "true",
        "To": called,
        "From": caller,
    }
    if first.kind == "user":
        form |= {"UserId": str(first.id), "UserName": first.name}
    wanted = WantedSteps(effect.turn, effect.urls, form, plan.folder, plan.language)
    parts.wanted_steps = wanted


def _keep(effect: Keep, parts: Parts, _apply: Apply, _now: float) -> None:
    parts.recording.wanted = effect.on


def _tape(effect: Tape, parts: Parts, _apply: Apply, now: float) -> None:
    first, recording, program = parts.legs.first.winner, parts.recording, parts.program
    if not effect.on:
        recording.cut()
    elif first is not None and program is not None:
        begun = recording.begin(first, None) and recording.file is not None
        program.handle(Input.TAPED, now, id_of(recording.file or "") if begun else "")


def _stepped(effect: Stepped, parts: Parts, _apply: Apply, _now: float) -> None:
    parts.log.program_step(parts.legs.first.winner, effect)


def _gathered(effect: Gathered, parts: Parts, _apply: Apply, _now: float) -> None:
    parts.log.program_gathered(parts.legs.first.winner, effect)


def _fetched(effect: Fetched, parts: Parts, _apply: Apply, _now: float) -> None:
    parts.log.program_fetched(parts.legs.first.winner, effect)


def _ended(effect: Ended, parts: Parts, apply: Apply, now: float) -> None:
    cause = _CAUSES[effect.reason] if effect.fault is None else Cause.FAILED
    if effect.fault is not None:
        parts.log.program_stopped(parts.legs.first.winner, effect.fault)
    parts.verdicts.gone = Verdict(cause)
    apply(Trigger.PROGRAM_ENDED, now)


_DO: dict[type[Effect], Callable[[Any, Parts, Apply, float], None]] = {
    Sound: _sound,
    Hush: _hush,
    TakeCall: _take_call,
    RingOut: _ring_out,
    Fetch: _fetch,
    Keep: _keep,
    Tape: _tape,
    Stepped: _stepped,
    Gathered: _gathered,
    Fetched: _fetched,
    Ended: _ended,
}
