"""What a call writes into the event log: one method per kind of event, so that the keys of each
stand in one place (they are documented at :class:`~cordboard.calls.events.EventKind`). Those of
programs, recordings, transfers and eavesdroppers are in ``calls/running/*_log.py``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from cordboard.calls.events import CallEvent, CallResult, EventKind, Json
from cordboard.calls.outcome import Verdict
from cordboard.calls.people.forwarding import ForwardReason, Hop
from cordboard.calls.planning.plan import (
    CallPlan,
    LegPlan,
    Party,
    PlannedChannel,
    ProgramPlan,
)
from cordboard.calls.ports import CallerId, Endpoint, Failed, RedirectTarget, TrunkEndpoint
from cordboard.calls.request import CallRequest, Leg, Offered
from cordboard.calls.ringing.effects import Effects
from cordboard.calls.ringing.hunt_channel import Channel, cause_of
from cordboard.directory.model import AutoAnswerStyle, Trunk
from cordboard.media.figures import MediaFigures


def accepted_event(plan: CallPlan) -> CallEvent:
    """The first event of a call: what was asked for, and of whom."""
    request = plan.request
    data: dict[str, Json] = {
        "dialect": request.dialect,
        "method": request.method,
        "direction": request.direction.value,
        "account": request.account,
        "first": plan.first.party.as_dict(),
        "second": (plan.asked or plan.second.party).as_dict(),
        "channels": [channel.id for channel in plan.channels],
    }
    if plan.group is not None:
        data["group"] = plan.group.as_dict()
    if request.callback is not None:
        data["callback"] = {"url": request.callback.url, "dialect": request.callback.dialect}
    data |= _known_by(request)
    if request.again is not None:
        data["again"] = {"left": request.again.left, "seconds": request.again.seconds}
    return CallEvent(EventKind.CALL_ACCEPTED, request.id, data=data)


def _known_by(request: CallRequest) -> dict[str, Json]:
    """What the client knows the call by, as far as it has said anything."""
    said: dict[str, Json] = {
        "external_id": request.external_id,
        "external_info": request.external_info,
        "link": request.link,
        "variables": dict(request.variables) or None,
        "metadata": request.metadata,
    }
    return {name: value for name, value in said.items() if value is not None}


class CallLog:
    """Writes the events of one call among its effects."""

    __slots__ = ("_effects", "call", "write")

    def __init__(self, call: str, effects: Effects) -> None:
        self.call = call
        self._effects = effects
        self.write: Callable[[CallEvent], None] = effects.events.append
        """Takes an event that was made elsewhere."""

    def offered(self, plan: CallPlan) -> None:
        """Somebody calls us, who is the first party."""
        asked, caller, channel = plan.request.first, plan.first.caller, plan.channels[0]
        assert isinstance(asked, Offered)  # else nobody waits
        data: dict[str, Json] = {
            "party": plan.first.party.as_dict(),
            "endpoint": channel.label,
            "dialled": asked.dialled,
            "caller_number": caller.number,
            "caller_name": caller.name,
        }
        if asked.from_trunk is not None:
            data["trunk"] = asked.from_trunk
        if asked.diverted_by:
            data["diverted_by"] = asked.diverted_by
        self.tell(EventKind.CHANNEL_OFFERED, Leg.FIRST, channel.id, data)

    def picked_up(self, plan: LegPlan, channel: PlannedChannel) -> None:
        """Somebody calls us to take another one's place."""
        data: dict[str, Json] = {
            "party": plan.party.as_dict(),
            "endpoint": channel.label,
            "dialled": None,
            "caller_number": plan.caller.number,
            "caller_name": plan.caller.name,
        }
        self.tell(EventKind.CHANNEL_OFFERED, plan.leg, channel.id, data)

    def dialled(
        self, plan: LegPlan, channel: Channel, endpoint: Endpoint, caller: CallerId
    ) -> None:
        """An endpoint of a channel is being called, and told this of its caller."""
        data: dict[str, Json] = {
            "party": plan.party.as_dict(),
            "endpoint": channel.planned.label,
            "caller_number": caller.number,
            "caller_name": caller.name,
            "attempt": channel.attempt,
        }
        if isinstance(endpoint, TrunkEndpoint):
            data["trunk"] = endpoint.trunk.name
        elif endpoint.auto_answer is not AutoAnswerStyle.NONE:
            data["auto_answer"] = True
        self.tell(EventKind.CHANNEL_DIALLED, plan.leg, channel.planned.id, data)

    def redirected(
        self, leg: Leg, channel: str, target: RedirectTarget, refused: str | None = None
    ) -> None:
        """A channel is sent somewhere else; ``refused`` says why it does not go there."""
        data: dict[str, Json] = {"to": target.user, "host": target.host, "refused": refused}
        self.tell(EventKind.CHANNEL_REDIRECTED, leg, channel, data)

    def failed_over(
        self, leg: Leg, failure: Failed, refused: Trunk | None, channel: Channel
    ) -> None:
        """A trunk refused a channel, which is now dialled through another; or (None) a phone was
        not reached over one of its flows, and is now dialled over another."""
        data: dict[str, Json] = {
            "cause": cause_of(failure).value,
            "sip_status": failure.status,
            "by": "local" if failure.local else "remote",
            "reason": failure.said.as_dict(failure.reason),
            "trunk": None if refused is None else refused.name,
            "next": channel.trunk.name if channel.trunk is not None else None,
            "passed_over": list(channel.passed_over),
        }
        self.tell(EventKind.CHANNEL_FAILED_OVER, leg, failure.channel, data)

    def ringing(self, leg: Leg, channel: str, status: int) -> None:
        """A channel is alerting."""
        self.tell(EventKind.CHANNEL_RINGING, leg, channel, {"status": status})

    def early_media(self, leg: Leg, channel: str, flowing: bool) -> None:
        """Audio of an unanswered channel began or ceased."""
        self.tell(EventKind.CHANNEL_EARLY_MEDIA, leg, channel, {"flowing": flowing})

    def screening(self, leg: Leg, channel: str) -> None:
        """Somebody has picked up and is asked whether he takes the call."""
        self.tell(EventKind.CHANNEL_SCREENING, leg, channel, {})

    def answered(self, leg: Leg, channel: str) -> None:
        """A channel was answered."""
        self.tell(EventKind.CHANNEL_ANSWERED, leg, channel, {})

    def leg_answered(self, leg: Leg, channel: str, ring_seconds: float) -> None:
        """The hunt of a leg ended with an answer."""
        data: dict[str, Json] = {"ring_seconds": round(ring_seconds, 3)}
        self.tell(EventKind.LEG_ANSWERED, leg, channel, data)

    def channel_ended(
        self,
        leg: Leg,
        channel: Channel,
        verdict: Verdict,
        *,
        remote: bool,
        figures: MediaFigures | None = None,
    ) -> None:
        """A channel is over."""
        trunk = channel.trunk
        data: dict[str, Json] = {
            "cause": verdict.cause.value,
            "sip_status": verdict.status,
            "answered": channel.answered,
            "by": "remote" if remote else "local",
            "reason": verdict.reason,
        }
        if trunk is not None:
            data["trunk"] = trunk.name
        if channel.passed_over:
            data["passed_over"] = list(channel.passed_over)
        if figures is not None:
            data["media"] = {
                "packets_sent": figures.packets_sent,
                "packets_received": figures.packets_received,
                "packets_lost": figures.packets_lost,
                "jitter_ms": figures.jitter_ms,
                "wrong_source": figures.wrong_source,
                "one_way_silence": figures.one_way_silence,
            }
        self.tell(EventKind.CHANNEL_ENDED, leg, channel.planned.id, data)

    def leg_failed(self, leg: Leg, verdict: Verdict, ring_seconds: float) -> None:
        """The hunt of a leg ended without answer."""
        self.tell(EventKind.LEG_FAILED, leg, None, verdict_data(verdict, ring_seconds))

    def acted(self, acts: Iterable[CallEvent]) -> None:
        """What a feature code does is done: events of no call."""
        self._effects.events.extend(acts)
        self._effects.acts.extend(acts)

    def labelled(self, leg: Leg | None, labels: Mapping[str, str]) -> None:
        """A client has the parties told otherwise."""
        self.tell(EventKind.CALL_LABELLED, leg, None, {"labels": dict(labels)})

    def forwarded(
        self, plan: LegPlan | ProgramPlan, hops: tuple[Hop, ...], leg: Leg = Leg.SECOND
    ) -> None:
        """Who sent the call on, one after the other, until it came to a party; that of a program
        takes the place of ``leg``."""
        leg = plan.leg if isinstance(plan, LegPlan) else leg
        for hop in hops:
            party: Json = None if hop.refused is not None else plan.party.as_dict()
            self.tell(EventKind.CALL_FORWARDED, leg, None, {**hop.as_dict(), "party": party})

    def forward_refused(self, plan: LegPlan, reason: ForwardReason, to: str, refused: str) -> None:
        """A user has his calls forwarded to where they can't go."""
        party = plan.party
        hop = Hop(party.id or 0, party.name, party.number, to, reason, refused)
        self.forwarded(plan, (hop,))

    def deflected(self, leg: Leg, rung: Party, to: str, party: Party) -> None:
        """A client has sent a call on that rang for somebody."""
        data: dict[str, Json] = {"by": rung.as_dict(), "to": to, "reason": "deflected"}
        data |= {"refused": None, "party": party.as_dict()}
        self.tell(EventKind.CALL_FORWARDED, leg, None, data)

    def queue(self, kind: EventKind, leg: Leg, channel: str | None, data: dict[str, Json]) -> None:
        """A party that waits for a group joins its queue, is told its place, or leaves."""
        self.tell(kind, leg, channel, data)

    def bridged(self, first: str, second: str) -> None:
        """The two hear each other."""
        self.tell(EventKind.CALL_BRIDGED, None, None, {"first": first, "second": second})

    def media_routed(self, channel: str, direct: bool) -> None:
        """The two send their audio to each other, or over us again."""
        kind = EventKind.CALL_MEDIA_DIRECT if direct else EventKind.CALL_MEDIA_RELAYED
        self.tell(kind, None, channel, {})

    def hold(self, leg: Leg, channel: str, held: bool) -> None:
        """A party put the other on hold, or took it off."""
        kind = EventKind.CALL_HELD if held else EventKind.CALL_RESUMED
        self.tell(kind, leg, channel, {})

    def parked(self, leg: Leg, channel: str, on: bool) -> None:
        """A client put a party on hold, or took it off."""
        self.tell(EventKind.CHANNEL_HELD if on else EventKind.CHANNEL_RESUMED, leg, channel, {})

    def warned(self, leg: Leg, channel: str) -> None:
        """A party hears that the longest duration is nearly reached."""
        self.tell(EventKind.CHANNEL_WARNED, leg, channel, {})

    def digits_sent(self, leg: Leg, channel: str, count: int) -> None:
        """Keys are being pressed for a party, which may be a secret of its."""
        self.tell(EventKind.DIGITS_SENT, leg, channel, {"count": count})

    def digit(self, leg: Leg, channel: str, digit: str) -> None:
        """A party pressed a key."""
        self.tell(EventKind.DIGIT, leg, channel, {"digit": digit})

    def ended(self, result: CallResult) -> None:
        """The one terminal result."""
        self.tell(EventKind.CALL_ENDED, None, None, result.as_dict())

    def tell(
        self, kind: EventKind, leg: Leg | None, channel: str | None, data: dict[str, Json]
    ) -> None:
        """An event of the call whose keys stand elsewhere."""
        self.write(CallEvent(kind, self.call, leg, channel, data))


def verdict_data(verdict: Verdict, ring_seconds: float) -> dict[str, Json]:
    """What is told of whoever could not be reached."""
    return {
        "cause": verdict.cause.value,
        "sip_status": verdict.status,
        "reason": verdict.reason,
        "ring_seconds": round(ring_seconds, 3),
    }
