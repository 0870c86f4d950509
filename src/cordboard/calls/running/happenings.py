"""What an engine tells of a call's channels, and what that means for the call."""

from __future__ import annotations

from collections.abc import Callable

from cordboard.calls.causes import Cause
from cordboard.calls.outcome import Verdict
from cordboard.calls.planning.plan import ProgramPlan
from cordboard.calls.ports import (
    Answered,
    Digit,
    EarlyMedia,
    EngineEvent,
    Failed,
    HoldChanged,
    MediaLost,
    MediaRouted,
    PlayEnded,
    RecordingEnded,
    Referred,
    Released,
    Ringing,
)
from cordboard.calls.request import Leg
from cordboard.calls.running import climbing, performing, referring, transfer_log
from cordboard.calls.running.parts import Apply, Parts
from cordboard.calls.running.place_in_line import ANSWERED
from cordboard.calls.stages import Stage, Trigger, hunt_begun_in


def happen(event: EngineEvent, parts: Parts, apply: Apply, now: float) -> bool:
    """Take notice of an event of one of the call's channels; False where it is none of them, or
    nothing follows from it."""
    if type(event) is RecordingEnded:  # maybe of who is in another call by now
        parts.recording.ended(event)
        return True
    leg = parts.legs.leg_of(event.channel)
    handler = _HANDLERS.get(type(event))
    if leg is None or handler is None:
        return False
    meter = parts.dialling.meter
    if meter is not None and type(event) is Answered:
        meter.answered(event.channel, now)
    handler(event, leg, parts, apply, now)
    if meter is not None and _is_over(event, leg, parts):
        meter.ended(event.channel, now)
    return True


def _is_over(event: EngineEvent, leg: Leg, parts: Parts) -> bool:
    """Whether an event was the last one of its channel, which is not dialled again."""
    if type(event) is not Released and type(event) is not Failed:
        return False
    return parts.legs.hunt_of(event.channel, leg).is_gone(event.channel)


def _ringing(event: Ringing, leg: Leg, parts: Parts, _apply: Apply, _now: float) -> None:
    parts.hunting.rang(event, leg)
    if leg is parts.hunted:
        referring.progress(event.status, parts)


def _early_media(event: EarlyMedia, leg: Leg, parts: Parts, _apply: Apply, _now: float) -> None:
    hunted = parts.is_hunted(event.channel, leg) and leg is not parts.waiting.leg
    wanted = hunted and parts.place.leg is None
    if wanted and parts.waiting.early_media(event.channel, event.flowing):
        parts.log.early_media(leg, event.channel, event.flowing)


def _answered(event: Answered, leg: Leg, parts: Parts, apply: Apply, now: float) -> None:
    plan = parts.leg_plan(leg)
    if plan is None or not plan.screen:
        _accepted(event.channel, leg, parts, apply, now)
    elif parts.is_hunted(event.channel, leg) and parts.hunting.picked_up(event.channel, leg):
        first = leg is Leg.FIRST
        apply(Trigger.FIRST_PICKED_UP if first else Trigger.SECOND_PICKED_UP, now)
        asked = parts.legs.hunt_of(event.channel, leg).channels[event.channel].planned
        parts.screening.ask(event.channel, plan.caller.number, asked.language, now)


def _accepted(channel: str, leg: Leg, parts: Parts, apply: Apply, now: float) -> None:
    """A channel is answered, by somebody who takes the call."""
    if not parts.hunting.answered(channel, leg):
        return
    parts.screening.end()
    rang = parts.times.since(_rung_since(parts.stage), now)
    if leg is parts.place.leg:
        parts.place.leave(ANSWERED, now, answered_on=channel)
    if parts.stage is Stage.TRANSFERRING:
        transfer_log.transferred(parts.log, leg, channel, rang)
        apply(Trigger.TARGET_ANSWERED, now)
        return
    parts.log.leg_answered(leg, channel, rang)
    if leg is Leg.SECOND:
        waits = parts.caller.waits
        apply(Trigger.SECOND_ANSWERED_BEFORE_FIRST if waits else Trigger.SECOND_ANSWERED, now)
    elif parts.eavesdropping is not None:
        apply(Trigger.FIRST_ANSWERED_TO_EAVESDROP, now)
    elif isinstance(parts.plan.second, ProgramPlan):
        apply(Trigger.FIRST_ANSWERED_FOR_PROGRAM, now)
    else:
        apply(Trigger.FIRST_ANSWERED, now)


def _rung_since(stage: Stage) -> Stage:
    """When a leg began to ring, or to hear that the other one rings, that is answered now."""
    return Stage.RINGING_SECOND if stage is Stage.ANSWERING_FIRST else hunt_begun_in(stage)


def refuse(channel: str, cause: Cause, parts: Parts, apply: Apply, now: float) -> None:
    """Who was asked does not take the call, which may be the end of his leg's hunt."""
    leg = parts.legs.leg_of(channel)
    if leg is not None and parts.is_hunted(channel, leg):
        verdict = parts.hunting.refused(channel, leg, cause)
        if verdict is not None:
            climbing.failed(leg, verdict, parts, apply, now)


def _failed(event: Failed, leg: Leg, parts: Parts, apply: Apply, now: float) -> None:
    verdict = parts.hunting.failed(event, leg)
    if parts.caller.is_on(event.channel):
        parts.caller.gone()
        parts.verdicts.gone = Verdict(Cause.NORMAL, said=event.said)  # he gave up
        apply(Trigger.FIRST_GONE, now)
    elif verdict is not None and parts.is_hunted(event.channel, leg):
        climbing.failed(leg, verdict, parts, apply, now)


def _released(event: Released, leg: Leg, parts: Parts, apply: Apply, now: float) -> None:
    gone = parts.hunting.released(event, leg)
    referring.left(event.channel, parts)
    if gone is not None:
        parts.verdicts.gone = gone
        apply(Trigger.FIRST_GONE if leg is Leg.FIRST else Trigger.SECOND_GONE, now)
    elif parts.screening.forget(event.channel) and parts.is_hunted(event.channel, leg):
        hunt = parts.legs.hunt(leg)
        if not hunt.open:
            climbing.failed(leg, hunt.verdict(), parts, apply, now)


def _play_ended(event: PlayEnded, _leg: Leg, parts: Parts, apply: Apply, now: float) -> None:
    parts.screening.played(event.channel, event.play_id)
    if parts.place.leg is not None:
        parts.place.played(event)
    elif parts.program is not None:
        performing.played(event, parts, apply, now)


def _digit(event: Digit, leg: Leg, parts: Parts, apply: Apply, now: float) -> None:
    if performing.pressed(event.digit, leg, parts, apply, now):
        return
    parts.log.digit(leg, event.channel, event.digit)
    decided = parts.screening.pressed(event.channel, event.digit)
    if decided is Cause.NORMAL:
        _accepted(event.channel, leg, parts, apply, now)
    elif decided is not None:
        refuse(event.channel, decided, parts, apply, now)


def _hold_changed(event: HoldChanged, leg: Leg, parts: Parts, _apply: Apply, _now: float) -> None:
    if not referring.held(event, parts):
        parts.bridged.hold(event, leg, together=parts.stage is Stage.BRIDGED)


def _media_lost(event: MediaLost, leg: Leg, parts: Parts, apply: Apply, now: float) -> None:
    if event.channel == parts.legs.hunt(leg).winner:
        apply(Trigger.MEDIA_LOST, now)
    else:
        referring.lost(event.channel, parts)


def _media_routed(event: MediaRouted, _leg: Leg, parts: Parts, _apply: Apply, _now: float) -> None:
    parts.log.media_routed(event.channel, event.direct)


_HANDLERS: dict[type, Callable[..., None]] = {
    Ringing: _ringing,
    EarlyMedia: _early_media,
    Answered: _answered,
    Failed: _failed,
    Released: _released,
    PlayEnded: _play_ended,
    Referred: referring.referred,
    Digit: _digit,
    HoldChanged: _hold_changed,
    MediaLost: _media_lost,
    MediaRouted: _media_routed,
}
