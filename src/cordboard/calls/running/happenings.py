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
from cordboard.calls.ringing.hunt import Hunt
from cordboard.calls.ringing.screening import Screening
from cordboard.calls.running import climbing, performing, referring, transfer_log
from cordboard.calls.running.parts import Apply, Parts
from cordboard.calls.running.place_in_line import ANSWERED
from cordboard.calls.stages import SCREENING, Stage, Trigger


def happen(event: EngineEvent, parts: Parts, apply: Apply, now: float) -> bool:
    """Take notice of an event of one of the call's channels; False where it is none of them, or
    nothing can have ended by it."""
    kind = type(event)
    if isinstance(event, RecordingEnded):  # maybe of who is in another call by now
        parts.recording.ended(event)
        return True
    known, handler = parts.legs.find(event.channel), _HANDLERS.get(kind)
    if known is None or handler is None:
        return False
    leg, hunt = known
    meter = parts.dialling.meter
    if meter is not None and kind is Answered:
        meter.answered(event.channel, now)
    handler(event, leg, hunt, parts, apply, now)
    if meter is not None and kind in _LAST and hunt.is_gone(event.channel):
        meter.ended(event.channel, now)
    return kind not in _NOT_LAST


def _ringing(
    event: Ringing, leg: Leg, hunt: Hunt, parts: Parts, _apply: Apply, _now: float
) -> None:
    parts.hunting.rang(event, leg, hunt)
    if parts.referral is not None and leg is parts.hunted:
        referring.progress(event.status, parts)


def _early_media(
    event: EarlyMedia, leg: Leg, hunt: Hunt, parts: Parts, _apply: Apply, _now: float
) -> None:
    hunted = leg is parts.hunted and hunt is parts.legs.hunt(leg) and leg is not parts.waiting.leg
    wanted = hunted and parts.waits_in_line_for is None
    if wanted and parts.waiting.early_media(event.channel, event.flowing):
        parts.log.early_media(leg, event.channel, event.flowing)


def _answered(
    event: Answered, leg: Leg, hunt: Hunt, parts: Parts, apply: Apply, now: float
) -> None:
    plan = parts.leg_plan(leg)
    if plan is None or not plan.screen:
        _accepted(event.channel, leg, hunt, parts, apply, now)
    elif parts.is_hunted(leg, hunt) and parts.hunting.picked_up(event.channel, leg, hunt):
        first = leg is Leg.FIRST
        apply(Trigger.FIRST_PICKED_UP if first else Trigger.SECOND_PICKED_UP, now)
        if parts.screening is None:
            parts.screening = Screening(parts.command)
        asked = hunt.channels[event.channel].planned
        parts.screening.ask(event.channel, plan.caller.number, asked.language, now)


def _accepted(channel: str, leg: Leg, hunt: Hunt, parts: Parts, apply: Apply, now: float) -> None:
    """A channel is answered, by somebody who takes the call."""
    if not parts.hunting.answered(channel, leg, hunt):
        return
    parts.screening = None  # nobody needs to be asked any more
    rang = parts.times.since(_RUNG_SINCE.get(parts.stage, parts.stage), now)
    place = parts.place
    if place is not None and leg is place.leg:
        place.leave(ANSWERED, now, answered_on=channel)
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


_RUNG_SINCE = {**SCREENING, Stage.ANSWERING_FIRST: Stage.RINGING_SECOND}
"""When a leg began to ring, or to hear that the other one rings, that is answered in a stage; that
one itself where it is missing."""


def refuse(channel: str, cause: Cause, parts: Parts, apply: Apply, now: float) -> None:
    """Who was asked does not take the call, which may be the end of his leg's hunt."""
    known = parts.legs.find(channel)
    if known is not None and parts.is_hunted(*known):
        leg = known[0]
        verdict = parts.hunting.refused(channel, leg, cause)
        if verdict is not None:
            climbing.failed(leg, verdict, parts, apply, now)


def _failed(event: Failed, leg: Leg, hunt: Hunt, parts: Parts, apply: Apply, now: float) -> None:
    verdict = parts.hunting.failed(event, leg, hunt)
    if parts.caller.is_on(event.channel):
        parts.caller.gone()
        parts.verdicts.gone = Verdict(Cause.NORMAL, said=event.said)  # he gave up
        apply(Trigger.FIRST_GONE, now)
    elif verdict is not None and parts.is_hunted(leg, hunt):
        climbing.failed(leg, verdict, parts, apply, now)


def _released(
    event: Released, leg: Leg, hunt: Hunt, parts: Parts, apply: Apply, now: float
) -> None:
    gone = parts.hunting.released(event, leg, hunt)
    if parts.referral is not None:
        referring.left(event.channel, parts)
    if gone is not None:
        parts.verdicts.gone = gone
        apply(Trigger.FIRST_GONE if leg is Leg.FIRST else Trigger.SECOND_GONE, now)
    elif parts.screening is not None and parts.screening.forget(event.channel):
        _candidate_gone(leg, hunt, parts, apply, now)


def _candidate_gone(leg: Leg, hunt: Hunt, parts: Parts, apply: Apply, now: float) -> None:
    if parts.is_hunted(leg, hunt) and not hunt.open:
        climbing.failed(leg, hunt.verdict(), parts, apply, now)


def _play_ended(
    event: PlayEnded, _leg: Leg, _hunt: Hunt, parts: Parts, apply: Apply, now: float
) -> None:
    if parts.screening is not None:
        parts.screening.played(event.channel, event.play_id)
    if parts.place is not None and parts.place.leg is not None:
        parts.place.played(event)
    elif parts.program is not None:
        performing.played(event, parts, apply, now)


def _digit(event: Digit, leg: Leg, hunt: Hunt, parts: Parts, apply: Apply, now: float) -> None:
    if performing.pressed(event.digit, leg, parts, apply, now):
        return
    parts.log.digit(leg, event.channel, event.digit)
    if parts.screening is None:
        return
    decided = parts.screening.pressed(event.channel, event.digit)
    if decided is Cause.NORMAL:
        _accepted(event.channel, leg, hunt, parts, apply, now)
    elif decided is not None:
        refuse(event.channel, decided, parts, apply, now)


def _hold_changed(
    event: HoldChanged, leg: Leg, _hunt: Hunt, parts: Parts, _apply: Apply, _now: float
) -> None:
    if not referring.held(event, parts):
        parts.bridged.hold(event, leg, together=parts.stage is Stage.BRIDGED)


def _media_lost(
    event: MediaLost, leg: Leg, hunt: Hunt, parts: Parts, apply: Apply, now: float
) -> None:
    if hunt is parts.legs.hunt(leg) and event.channel == hunt.winner:
        apply(Trigger.MEDIA_LOST, now)
    else:
        referring.lost(event.channel, parts)


def _media_routed(
    event: MediaRouted, _leg: Leg, _hunt: Hunt, parts: Parts, _apply: Apply, _now: float
) -> None:
    parts.log.media_routed(event.channel, event.direct)


_LAST = frozenset({Failed, Released})
"""The last one of a channel, unless it is dialled again."""

_NOT_LAST = frozenset({Ringing, EarlyMedia, Answered})

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
