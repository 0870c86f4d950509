"""The channels of a tenant's calls as the events tell of them, and who waits.

Which kind of event does what to a channel is one table, at the end. Kinds that are missing there
change nothing that the vendor has a column for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from cordboard.api.basix.cti.channel_line import ChannelLine
from cordboard.api.basix.cti.channel_states import (
    BRIDGED,
    MEDIA_PLUG,
    PARK,
    PROGRAM,
    SCREENING,
    eavesdropping,
)
from cordboard.api.basix.cti.deltas import Delta
from cordboard.api.basix.cti.elements import Change, Element, Row
from cordboard.api.basix.cti.event_values import Told, as_cause, as_dict, as_text
from cordboard.api.basix.cti.hangups import hangup
from cordboard.api.basix.cti.live_call import (
    NAMES,
    OTHER,
    House,
    LiveCall,
    accepted_call,
    target_of,
)
from cordboard.api.basix.cti.terms import joined
from cordboard.calls.causes import Cause
from cordboard.calls.events import EventKind, Json, Recorded
from cordboard.calls.request import Leg
from cordboard.directory.snapshot import TenantDirectory

NEW_CHANNEL: Final = joined(b"NEW_CHANNEL")
CHANNEL_ORIGINATE: Final = joined(b"CHANNEL_ORIGINATE")
CHANNEL_ANSWER: Final = joined(b"CHANNEL_ANSWER")
CHANNEL_BRIDGE: Final = joined(b"CHANNEL_BRIDGE")
CHANNEL_PARK: Final = joined(b"CHANNEL_PARK")
CHANNEL_HANGUP: Final = joined(b"CHANNEL_HANGUP")
STATE_CHANGE: Final = joined(b"STATE_CHANGE")

CANCELLED: Final = 487
"""Request Terminated (RFC 3261 21.4.25): what answers an INVITE that was cancelled."""


class CallChannels:
    """Channels and what waits, of all calls of a tenant that are alive."""

    def __init__(self, tenant: Callable[[], TenantDirectory]) -> None:
        self._house = House(tenant)
        self._calls: dict[str, LiveCall] = {}
        self._told: list[Delta] = []

    def take(self, recorded: Recorded) -> list[Delta]:
        """What an event makes of them."""
        event = recorded.event
        does = _DOES.get(event.kind)
        if does is not None:
            call = self._calls.get(event.call)
            if call is not None:
                does(self, call, recorded)
        elif event.kind is EventKind.CALL_ACCEPTED:
            self._calls[event.call] = accepted_call(recorded)
        told, self._told = self._told, []
        return told

    def leg_of(self, channel: str) -> tuple[str, Leg] | None:
        """The call and the leg of a channel that is alive."""
        for name, call in self._calls.items():
            line = call.lines.get(channel)
            if line is not None:
                return name, line.leg
        return None

    def _offered(self, call: LiveCall, recorded: Recorded) -> None:
        """Somebody calls us, for the other party; or, without having dialled one, to take the place
        of his own leg."""
        event = recorded.event
        leg = event.leg or Leg.FIRST
        line = self._house.channel(call, leg, recorded, inbound=True)
        line.called_number = as_text(event.data.get("dialled"))
        line.number = line.calling_number = as_text(event.data.get("caller_number"))
        other = call.parties[OTHER[leg]].told
        line.doing = self._house.calling(other)
        line.target = target_of(other, line.called_number)
        line.happened(NEW_CHANNEL)
        call.talking[leg] = line.uuid
        self._tell(call, line, Change.ADDED)

    def _dialled(self, call: LiveCall, recorded: Recorded) -> None:
        """A channel is dialled, and who has answered already waits for it."""
        event = recorded.event
        if event.leg is None or event.channel is None or event.channel in call.lines:
            return
        party = as_dict(event.data.get("party"))
        call.is_to_reach(event.leg, party)
        waits = call.line_of(OTHER[event.leg])
        if waits is not None:
            self._does(call, waits, self._house.calling(party), recorded.at)
        line = self._house.channel(call, event.leg, recorded, inbound=False)
        line.origination = call.origination
        if waits is not None:
            line.has_to_do_with(waits.uuid)
        line.happened(CHANNEL_ORIGINATE)
        self._tell(call, line, Change.ADDED)

    def _screening(self, call: LiveCall, recorded: Recorded) -> None:
        self._now_does(call, recorded, SCREENING)

    def _answered(self, call: LiveCall, recorded: Recorded) -> None:
        """Somebody has answered, or was answered by us."""
        line = call.lines.get(recorded.event.channel or "")
        if line is None:
            return
        line.answers(recorded.at)
        line.happened(CHANNEL_ANSWER)
        self._tell(call, line, Change.UPDATED)

    def _leg_answered(self, call: LiveCall, recorded: Recorded) -> None:
        """A leg has its channel; the first one's waits for the other party."""
        event = recorded.event
        line = call.lines.get(event.channel or "")
        if line is None or event.leg is None:
            return
        call.talking[event.leg] = line.uuid
        other = call.line_of(OTHER[event.leg])
        if other is None:
            doing = self._house.calling(call.parties[OTHER[event.leg]].told)
            self._does(call, line, doing, recorded.at)

    def _transferred(self, call: LiveCall, recorded: Recorded) -> None:
        """The one has answered who takes a party's place."""
        line = call.lines.get(recorded.event.channel or "")
        if line is not None and not line.is_answered:
            self._answered(call, recorded)
        self._leg_answered(call, recorded)

    def _bridged(self, call: LiveCall, recorded: Recorded) -> None:
        """Two channels hear each other."""
        data = recorded.event.data
        pair = [call.lines.get(as_text(data.get(name))) for name in NAMES.values()]
        for line, other in zip(pair, reversed(pair), strict=True):
            if line is None or other is None:
                continue
            self._waits_no_longer(call, line)
            call.talking[line.leg] = line.uuid
            line.hears(other)
            line.does(BRIDGED, recorded.at)
            line.happened(CHANNEL_BRIDGE)
            self._tell(call, line, Change.UPDATED)

    def _program(self, call: LiveCall, recorded: Recorded) -> None:
        """A program goes on with who has called or answered."""
        line = call.line_of(Leg.FIRST)
        if line is not None:
            self._does(call, line, PROGRAM, recorded.at)

    def _eavesdropping(self, call: LiveCall, recorded: Recorded) -> None:
        """It hears two of another call from now on, or nobody."""
        data = recorded.event.data
        line = call.lines.get(recorded.event.channel or "")
        if line is not None:
            mode = data.get("mode")
            doing = MEDIA_PLUG if mode is None else eavesdropping(data.get("watched"), mode)
            self._does(call, line, doing, recorded.at)

    def _held(self, call: LiveCall, recorded: Recorded) -> None:
        """A client holds a party."""
        line = call.lines.get(recorded.event.channel or "")
        if line is None:
            return
        doing = self._house.parked(call.lines.get(line.other or ""))
        line.does(doing, recorded.at)
        line.happened(CHANNEL_PARK)
        self._tell(call, line, Change.UPDATED)
        self._waits(call, line, doing, recorded.at)

    def _resumed(self, call: LiveCall, recorded: Recorded) -> None:
        line = call.lines.get(recorded.event.channel or "")
        if line is None:
            return
        self._does(call, line, BRIDGED, recorded.at)

    def _joined(self, call: LiveCall, recorded: Recorded) -> None:
        """The other party waits for somebody of a group."""
        event = recorded.event
        line = self._who_waits(call, recorded)
        if line is None:
            return
        group: Told = {**as_dict(event.data.get("group")), "kind": "group"}
        doing = self._house.calling(group)
        self._does(call, line, doing, recorded.at)
        self._waits(call, line, doing, recorded.at)

    def _left(self, call: LiveCall, recorded: Recorded) -> None:
        """It waits no longer."""
        line = self._who_waits(call, recorded)
        if line is not None:
            self._waits_no_longer(call, line)

    def _who_waits(self, call: LiveCall, recorded: Recorded) -> ChannelLine | None:
        event = recorded.event
        leg = OTHER[event.leg or Leg.SECOND]
        return call.lines.get(event.channel or "") or call.line_of(leg)

    def _transferring(self, call: LiveCall, recorded: Recorded) -> None:
        """Another party takes the place of a leg's, perhaps with channels that it has."""
        event = recorded.event
        if event.leg is None:
            return
        party = as_dict(event.data.get("party"))
        call.is_to_reach(event.leg, party)
        call.talking.pop(event.leg, None)
        came_from = self._calls.get(as_text(event.data.get("from_call")))
        if came_from is not None and came_from is not call:
            self._move(came_from, call, recorded, event.leg)
        for uuid in _channels(recorded) if event.data.get("from_call") else ():
            if uuid not in call.lines:  # the call that it comes from is over, and forgotten
                line = self._house.arrived(call, event.leg, recorded, uuid)
                line.happened(STATE_CHANGE)
                self._tell(call, line, Change.ADDED)
        waits = call.line_of(OTHER[event.leg])
        if waits is not None:
            self._does(call, waits, self._house.calling(party), recorded.at)

    def _merged(self, call: LiveCall, recorded: Recorded) -> None:
        """A party of this call goes on in another one."""
        into = self._calls.get(as_text(recorded.event.data.get("into")))
        if into is not None and into is not call:
            self._move(call, into, recorded, None)

    def _move(
        self, source: LiveCall, target: LiveCall, recorded: Recorded, leg: Leg | None
    ) -> None:
        """Channels are another call's from now on, whose ``leg`` they are."""
        for uuid in _channels(recorded):
            line = source.lines.pop(uuid, None)
            if line is None:
                line = target.lines.get(uuid)
            if line is None:
                continue
            line.leg = leg or line.leg
            target.lines[uuid] = line
            if uuid in source.waiting:
                target.waiting[uuid] = source.waiting.pop(uuid)
            if leg is not None and line.is_answered:
                target.talking[leg] = uuid

    def _ended(self, call: LiveCall, recorded: Recorded) -> None:
        """A channel is over."""
        line = call.lines.get(recorded.event.channel or "")
        if line is not None:
            data = recorded.event.data
            remote = data.get("by") == "remote" and not _is_cancelled(line, data.get("sip_status"))
            cause = _as_the_vendor_has_it(call, line, as_cause(data.get("cause")))
            self._gone(call, line, recorded.at, cause, remote=remote)

    def _over(self, call: LiveCall, recorded: Recorded) -> None:
        """A call is over, and with it whatever no event has ended: the server was killed."""
        cause = as_cause(recorded.event.data.get("cause"))
        for line in tuple(call.lines.values()):
            self._gone(call, line, recorded.at, cause, remote=False)
        del self._calls[recorded.event.call]

    def _gone(
        self, call: LiveCall, line: ChannelLine, at: float, cause: Cause, *, remote: bool
    ) -> None:
        self._waits_no_longer(call, line)
        line.ends(at)
        line.happened(
            CHANNEL_HANGUP,
            joined(hangup(cause, inbound=line.inbound, answered=line.is_answered, remote=remote)),
        )
        self._tell(call, line, Change.REMOVED)
        del call.lines[line.uuid]

    def _now_does(self, call: LiveCall, recorded: Recorded, doing: Row) -> None:
        line = call.lines.get(recorded.event.channel or "")
        if line is not None:
            self._does(call, line, doing, recorded.at)

    def _does(self, call: LiveCall, line: ChannelLine, doing: Row, at: float) -> None:
        """A channel does something else from now on, and is not parked any more."""
        if line.doing[0] == PARK:
            self._waits_no_longer(call, line)
        if line.does(doing, at):
            line.happened(STATE_CHANGE)
            self._tell(call, line, Change.UPDATED)

    def _waits(self, call: LiveCall, line: ChannelLine, doing: Row, at: float) -> None:
        change = Change.UPDATED if line.uuid in call.waiting else Change.ADDED
        call.waiting[line.uuid] = (doing, at)
        self._tell_waiting(line, doing, at, change)

    def _waits_no_longer(self, call: LiveCall, line: ChannelLine) -> None:
        waited = call.waiting.pop(line.uuid, None)
        if waited is not None:
            self._tell_waiting(line, *waited, Change.REMOVED)

    def _tell(self, call: LiveCall, line: ChannelLine, change: Change) -> None:
        self._told.append(call.told(line, change))

    def _tell_waiting(self, line: ChannelLine, doing: Row, at: float, change: Change) -> None:
        """Whoever may answer is to know who waits: everybody of the tenant."""
        row = line.waiting_row(doing, at)
        self._told.append(Delta(Element.CHANNEL_WAITING, change, line.uuid, row))


def _channels(recorded: Recorded) -> list[str]:
    """The channels that an event of a transfer names."""
    named = recorded.event.data.get("channels")
    return [as_text(one) for one in named] if isinstance(named, list) else []


def _as_the_vendor_has_it(call: LiveCall, line: ChannelLine, cause: Cause) -> Cause:
    """What was answered elsewhere was picked off where that is a phone that has called for it."""
    winner = call.line_of(line.leg)
    picked = cause is Cause.ANSWERED_ELSEWHERE and winner is not None and winner.inbound
    return Cause.TRANSFERRED if picked else cause


def _is_cancelled(line: ChannelLine, status: Json) -> bool:
    """Whether the far end only says that it rings no longer, as we have wanted."""
    return not line.inbound and not line.is_answered and status == CANCELLED


_DOES: Final[dict[EventKind, Callable[[CallChannels, LiveCall, Recorded], None]]] = {
    EventKind.CHANNEL_OFFERED: CallChannels._offered,
    EventKind.CHANNEL_DIALLED: CallChannels._dialled,
    EventKind.CHANNEL_SCREENING: CallChannels._screening,
    EventKind.CHANNEL_ANSWERED: CallChannels._answered,
    EventKind.LEG_ANSWERED: CallChannels._leg_answered,
    EventKind.CALL_BRIDGED: CallChannels._bridged,
    EventKind.CALL_PROGRAM: CallChannels._program,
    EventKind.PROGRAM_STEP: CallChannels._program,
    EventKind.CALL_EAVESDROPPING: CallChannels._eavesdropping,
    EventKind.CHANNEL_HELD: CallChannels._held,
    EventKind.CHANNEL_RESUMED: CallChannels._resumed,
    EventKind.QUEUE_JOINED: CallChannels._joined,
    EventKind.QUEUE_LEFT: CallChannels._left,
    EventKind.CALL_TRANSFERRING: CallChannels._transferring,
    EventKind.CALL_TRANSFERRED: CallChannels._transferred,
    EventKind.CALL_MERGED: CallChannels._merged,
    EventKind.CHANNEL_ENDED: CallChannels._ended,
    EventKind.CALL_ENDED: CallChannels._over,
}
