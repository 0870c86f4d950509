"""What a program wants, done in its call; and what happens in the call, told to the program.

The caller is the first party; of a call that was transferred to the program, whichever has stayed.
It is always he who waits for the other leg (``waiting.leg``). Whom the program rings becomes the
other party by the same stages as in any call, so that a hunt, screening and limits are as there;
where nobody is had, the call comes back to the program instead of to its end.
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
    AddJob,
    Answer,
    Effect,
    Ended,
    Fetch,
    Fetched,
    Gathered,
    Hush,
    Input,
    Keep,
    Recovered,
    RingOut,
    Sound,
    Stepped,
    TakeCall,
    Tape,
    WantedJob,
)
from cordboard.calls.recording_terms import id_of
from cordboard.calls.refusals import Refused
from cordboard.calls.request import Leg
from cordboard.calls.ringing.hunt import Hunt
from cordboard.calls.ringing.legs import other
from cordboard.calls.running import climbing, program_log, queueing, rung_times
from cordboard.calls.running.errands import request_of, steps_for
from cordboard.calls.running.parts import Apply, Parts
from cordboard.calls.stages import Stage, Trigger
from cordboard.directory.steps import EndReason

_CAUSES = {
    EndReason.NORMAL: Cause.NORMAL,
    EndReason.BUSY: Cause.BUSY,
    EndReason.REJECTED: Cause.REJECTED,
}


def enter(parts: Parts, apply: Apply, now: float) -> None:
    """The call is in the program's hands: it begins, or it goes on after a ring in vain."""
    if parts.program is not None:
        parts.waiting.music = False
        _silence(parts)
        _tell(parts, apply, now, Input.NOT_CONNECTED, parts.verdicts.sought.cause.value)
        return
    plan = parts.program_plan  # that a party was transferred to
    if plan is None:
        assert isinstance(parts.plan.second, ProgramPlan)  # the table sends nobody else here
        plan = parts.program_plan = parts.plan.second
        parts.times.call_ends = now + parts.plan.longest_call
        if parts.plan.acts and not parts.plan.acts_at_once:
            parts.log.acted(parts.plan.acts)
    parts.program = Program(plan.steps, dict(plan.variables), plan.language)
    leg = parts.waiting.leg
    parts.log.forwarded(plan, plan.forwarded, other(leg))
    program_log.begun(parts, plan.party.name)
    _tell(parts, apply, now, Input.BEGUN)


def rings(parts: Parts) -> bool:
    """Whether whoever is rung is rung by a program."""
    return parts.program is not None and not parts.program.over


def ring(parts: Parts, apply: Apply, now: float) -> None:
    """Ring whom the program wants."""
    route = parts.route
    assert route is not None  # who rings has found one
    leg = route.plan.leg
    parts.plan = parts.dialling.go_to(leg, route)
    parts.verdicts.resumes = True
    hunt = Hunt(route.channels)
    if parts.legs.second is None:
        parts.legs.second = hunt
    else:
        parts.legs.replace(leg, hunt)
    rung_times.begin(route.plan, parts, now)
    if route.plan.queued:
        queueing.begin(route.plan, parts, apply, now)
        return
    if not hunt.channels:
        verdict = Verdict(route.plan.absent or Cause.UNREACHABLE)
        climbing.failed(leg, verdict, parts, apply, now)
        return
    parts.dialling.dial(hunt.channels.values(), route.plan)
    parts.waiting.ringback()


def connected(parts: Parts, now: float) -> None:
    """The caller is connected with whom the program rang."""
    parts.verdicts.resumes = False
    parts.waiting.music = False
    if parts.program is not None:
        parts.program.handle(Input.CONNECTED, now)


def due(parts: Parts, apply: Apply, now: float) -> None:
    """The program's time has come."""
    _tell(parts, apply, now, Input.DUE)


def played(event: PlayEnded, parts: Parts, apply: Apply, now: float) -> None:
    """A prompt is over, perhaps the program's."""
    if parts.stage is Stage.PROGRAM and event.channel == _hearer(parts):
        _tell(parts, apply, now, Input.PLAYED, (event.play_id, event.complete))
    elif parts.hunted is not None:
        parts.waiting.played(event)


def pressed(key: str, leg: Leg, parts: Parts, apply: Apply, now: float) -> bool:
    """A key was pressed; whether it was the program's, and is nobody else's business."""
    program = parts.program
    if program is None or program.over or leg is not parts.waiting.leg:
        return False
    if parts.stage is Stage.PROGRAM:
        _tell(parts, apply, now, Input.KEY, key)
    return True


def fetched(parts: Parts, apply: Apply, now: float, turn: int, answer: Answer) -> None:
    """Steps or data were fetched, or why not."""
    if parts.stage is Stage.PROGRAM:
        happened = Input.NOT_FETCHED if isinstance(answer, str) else Input.FETCHED
        _tell(parts, apply, now, happened, (turn, answer))


def job_added(
    parts: Parts, apply: Apply, now: float, turn: int, job: str | None, fault: str | None
) -> None:
    """Another call will be made, or why not."""
    if parts.stage is Stage.PROGRAM:
        program_log.job(parts, job, fault)
        _tell(parts, apply, now, Input.ADDED, (turn, job is not None))


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


def _hearer(parts: Parts) -> str | None:
    """The channel of whom the program talks with."""
    return parts.legs.winner(parts.waiting.leg)


def _silence(parts: Parts) -> None:
    hearer = _hearer(parts)
    if hearer is not None:
        parts.command(StopPlay(hearer))


def _sound(effect: Sound, parts: Parts, _apply: Apply, _now: float) -> None:
    hearer = _hearer(parts)
    if hearer is not None:
        parts.command(Play(hearer, Prompt(effect.path), effect.turn))


def _hush(_effect: Hush, parts: Parts, _apply: Apply, _now: float) -> None:
    _silence(parts)


def _take_call(_effect: TakeCall, _parts: Parts, _apply: Apply, _now: float) -> None:
    """A call is answered before its program begins, whoever called whom."""


def _ring_out(effect: RingOut, parts: Parts, apply: Apply, now: float) -> None:
    leg = parts.waiting.leg
    try:
        route = parts.dialling.find_party(effect, other(leg), inside=_outsider(parts))
    except Refused as refusal:
        program_log.refused(parts, refusal)
        if parts.program is not None:
            parts.program.handle(Input.NOT_CONNECTED, now, refusal.id.value)
        return
    parts.route = route
    parts.waiting.music = effect.step.music and route.plan.party.kind == "number"
    transferred = parts.verdicts.replaced is not None
    apply(Trigger.PROGRAM_TRANSFERS if transferred else Trigger.PROGRAM_RINGS, now)


def _outsider(parts: Parts) -> bool:
    """Whether somebody outside has stayed when the call was transferred to the program."""
    transferred = parts.verdicts.replaced is not None
    return transferred and parts.dialling.party(parts.waiting.leg).kind == "number"


def _fetch(effect: Fetch, parts: Parts, _apply: Apply, _now: float) -> None:
    parts.effects.errand = steps_for(effect, parts)


def _add_job(effect: AddJob, parts: Parts, _apply: Apply, now: float) -> None:
    try:
        request = request_of(effect, parts, inside=_outsider(parts))
    except Refused as refusal:
        program_log.job(parts, None, refusal.message)
        if parts.program is not None:
            parts.program.handle(Input.ADDED, now, (effect.turn, False))
    else:
        parts.effects.errand = WantedJob(effect.turn, request)


def _keep(effect: Keep, parts: Parts, _apply: Apply, _now: float) -> None:
    parts.recording.wanted = effect.on


def _tape(effect: Tape, parts: Parts, _apply: Apply, now: float) -> None:
    hearer, recording, program = _hearer(parts), parts.recording, parts.program
    if not effect.on:
        recording.cut()
    elif hearer is not None and program is not None:
        begun = recording.begin(hearer, None) and recording.file is not None
        program.handle(Input.TAPED, now, id_of(recording.file or "") if begun else "")


def _stepped(effect: Stepped, parts: Parts, _apply: Apply, _now: float) -> None:
    program_log.stepped(parts, effect)


def _gathered(effect: Gathered, parts: Parts, _apply: Apply, _now: float) -> None:
    program_log.gathered(parts, effect)


def _fetched(effect: Fetched, parts: Parts, _apply: Apply, _now: float) -> None:
    program_log.fetched(parts, effect)


def _recovered(effect: Recovered, parts: Parts, _apply: Apply, _now: float) -> None:
    program_log.error(parts, effect.fault)


def _ended(effect: Ended, parts: Parts, apply: Apply, now: float) -> None:
    cause = _CAUSES[effect.reason] if effect.fault is None else Cause.FAILED
    if effect.fault is not None:
        program_log.stopped(parts, effect.fault)
    parts.verdicts.gone = Verdict(cause)
    apply(Trigger.PROGRAM_ENDED, now)


_DO: dict[type[Effect], Callable[[Any, Parts, Apply, float], None]] = {
    Sound: _sound,
    Hush: _hush,
    TakeCall: _take_call,
    RingOut: _ring_out,
    Fetch: _fetch,
    AddJob: _add_job,
    Keep: _keep,
    Tape: _tape,
    Stepped: _stepped,
    Gathered: _gathered,
    Fetched: _fetched,
    Recovered: _recovered,
    Ended: _ended,
}
