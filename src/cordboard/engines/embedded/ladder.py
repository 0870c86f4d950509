"""The trace of channels: every SIP message of each, bounded, and kept a while after its end.

Credentials never leave: a line's text is made without them when somebody asks for it.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import Final

from cordboard.calls.ports import TraceLine
from cordboard.sip.trace import Traced, TraceRecord

MAX_MESSAGES: Final = 200
"""Of one channel, the newest: a call with an hour of re-INVITEs by session timers stays whole."""

MAX_OCTETS: Final = 128 * 1024
"""Of one channel, too, for a single message may have 64 KiB."""

MAX_NEW: Final = 16
"""Messages of no channel yet: an INVITE, its challenge and the next one come before theirs."""

MAX_ENDED: Final = 4000
"""Channels whose end is past: four for each call that the exchange still remembers."""

MAX_ENDED_OCTETS: Final = 32 * 1024 * 1024
"""Of all of those: an ordinary channel has 5 to 8 KiB."""


class _Trace:
    """One channel's messages; ``octets`` is the size of those that are kept."""

    __slots__ = ("messages", "octets")

    def __init__(self) -> None:
        self.messages: deque[Traced] = deque()
        self.octets = 0

    def make_room(self) -> None:
        """Forget the oldest beyond the bounds of one channel."""
        messages = self.messages
        while len(messages) > MAX_MESSAGES or (self.octets > MAX_OCTETS and len(messages) > 1):
            self.octets -= len(messages.popleft()[-1])


class Ladder:
    """The traces of all channels, by channel id (which is the Call-ID); ``kept`` is how many of
    ended ones stay."""

    def __init__(self, kept: int = MAX_ENDED) -> None:
        self._kept = kept
        self._live: dict[str, _Trace] = {}
        self._ended: OrderedDict[str, _Trace] = OrderedDict()
        self._ended_octets = 0
        self._new: deque[Traced] = deque(maxlen=MAX_NEW)

    def begin(self, channel: str) -> None:
        """Trace a channel from now on; one that is dialled again goes on where it was."""
        if channel not in self._live:
            kept = self._ended.pop(channel, None)
            if kept is not None:
                self._ended_octets -= kept.octets
            self._live[channel] = kept or _Trace()
            for message in self._new:
                if message[3] == channel:
                    self.record(message)

    def end(self, channel: str) -> None:
        """Keep a channel's trace until newer ones need the room."""
        trace = self._live.pop(channel, None)
        if trace is not None:
            self._ended[channel] = trace
            self._ended_octets += trace.octets
            self._make_room()

    def record(self, message: Traced) -> None:
        """Take note of a message; one of no channel of ours is soon forgotten."""
        call_id = message[3]
        if call_id is None:
            return
        trace = self._live.get(call_id) or self._ended.get(call_id)
        if trace is None:
            self._new.append(message)
            return
        octets = trace.octets
        trace.messages.append(message)
        trace.octets += len(message[-1])
        if trace.octets > MAX_OCTETS or len(trace.messages) > MAX_MESSAGES:
            trace.make_room()
        if call_id not in self._live:
            self._ended_octets += trace.octets - octets
            self._make_room()

    def lines(self, channel: str) -> tuple[TraceLine, ...]:
        """A channel's messages, oldest first; none for an unknown or forgotten one."""
        trace = self._live.get(channel) or self._ended.get(channel)
        if trace is None:
            return ()
        return tuple(_line(channel, TraceRecord(*message)) for message in trace.messages)

    def _make_room(self) -> None:
        while len(self._ended) > self._kept or self._ended_octets > MAX_ENDED_OCTETS:
            _, oldest = self._ended.popitem(last=False)
            self._ended_octets -= oldest.octets


def _line(channel: str, record: TraceRecord) -> TraceLine:
    return TraceLine(
        at=record.time,
        channel=channel,
        sent=record.sent,
        peer=str(record.flow),
        summary=record.summary,
        text=record.data.decode("utf-8", "replace"),
        retransmission=record.retransmission,
    )
