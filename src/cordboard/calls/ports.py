"""The engine port: what calls command and what they are told.

An engine moves channels; it decides nothing. The id of a dialled channel is chosen by the caller
before the command is sent, that of an offered one comes with its :class:`Incoming`. Every channel
ends in exactly one :class:`Failed` (it was never answered) or :class:`Released` (it was). After
that an id may be dialled again, which is how a trunk failover keeps its UUID.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from cordboard.calls.channel_commands import (
    MOST_HOPS,
    Accept,
    AnswerReferral,
    Bridge,
    CallerId,
    Contact,
    Dial,
    DialOptions,
    Diversion,
    Eavesdrop,
    Endpoint,
    EngineCommand,
    HangUp,
    Hold,
    Listen,
    PauseRecording,
    Play,
    Prompt,
    Record,
    Reject,
    Ring,
    SendDigits,
    StopEavesdropping,
    StopPlay,
    StopRecording,
    TerminalEndpoint,
    Tone,
    ToneKind,
    TrunkEndpoint,
)
from cordboard.calls.channel_events import (
    Answered,
    Digit,
    EarlyMedia,
    EngineEvent,
    Failed,
    HoldChanged,
    Incoming,
    MediaLost,
    MediaRouted,
    PlayEnded,
    RecordingEnded,
    RedirectTarget,
    Referred,
    Released,
    Ringing,
    Trying,
)
from cordboard.calls.trunk_state import TrunkState
from cordboard.media.overhearing import EavesdropMode

__all__ = [
    "MOST_HOPS",
    "Accept",
    "AnswerReferral",
    "Answered",
    "Bridge",
    "Busy",
    "CallerId",
    "Contact",
    "Dial",
    "DialOptions",
    "Digit",
    "Diversion",
    "EarlyMedia",
    "Eavesdrop",
    "EavesdropMode",
    "Endpoint",
    "Engine",
    "EngineCommand",
    "EngineEvent",
    "Failed",
    "HangUp",
    "Hold",
    "HoldChanged",
    "Incoming",
    "Listen",
    "MediaLost",
    "MediaRouted",
    "PauseRecording",
    "Play",
    "PlayEnded",
    "Prompt",
    "Record",
    "RecordingEnded",
    "Records",
    "RedirectTarget",
    "Referred",
    "Reject",
    "Released",
    "Ring",
    "Ringing",
    "SendDigits",
    "StopEavesdropping",
    "StopPlay",
    "StopRecording",
    "TerminalEndpoint",
    "Tone",
    "ToneKind",
    "TraceLine",
    "TrunkEndpoint",
    "Trying",
]


@dataclass(frozen=True, slots=True)
class TraceLine:
    """One message of a channel as a ladder shows it; credentials are removed from ``text``.

    ``at`` is monotonic seconds; ``peer`` is ``transport:host:port``.
    """

    at: float
    channel: str
    sent: bool
    peer: str
    summary: str
    text: str = field(repr=False)
    retransmission: bool = False


class Records(Protocol):
    """Who keeps, of each channel, what the next process needs to end it if this one is killed.

    A record is a line of text that only its engine understands. It is kept when :meth:`keep`
    returns, and the engine lets nothing reach a far end that this would have to end before.
    """

    def keep(self, channel: str, record: str) -> None:
        """Keep a record in place of the channel's last one."""

    def forget(self, channel: str) -> None:
        """A channel has ended, and its far end knows."""


Busy = Callable[[], int | None]
"""After how many seconds it is worth calling again, where there is too much to do; else None."""


class Engine(Protocol):
    """What stands behind the port. Events are handed to the callback given to :meth:`connect`.

    Calls come from one thread, an event may be delivered while a command executes.
    """

    def connect(self, on_event: Callable[[EngineEvent], None]) -> None:
        """Say who is told; to be called once, before any command."""

    def keep_records(self, records: Records) -> None:
        """Say who keeps the records of channels; to be called once, before any command, or never
        where nothing is to be kept."""

    def keep_bindings(self, keep: Callable[[str, str | None], None]) -> None:
        """Say who is to keep, of each terminal (``name@domain``), where it is registered: text of
        this engine, for :meth:`restore_bindings`; None: nowhere. To be called once, before any
        command, or never where nothing is to be kept."""

    def restore_bindings(self, kept: Mapping[str, str]) -> None:
        """Have the contacts that an earlier process knew, as far as they still hold and their
        phones can be reached; to be called once, after :meth:`keep_bindings`. What is no text of
        this engine is not kept any longer."""

    def end_left_over(self, left: Mapping[str, str]) -> None:
        """End the channels of an earlier process, by channel and record, in the background; to be
        called once, after :meth:`keep_records`. Of each the record is forgotten once its far end
        knows, or can't be told. What is no record of this engine is only forgotten."""

    def take_calls(self, busy: Busy | None = None) -> None:
        """Have the calls of phones and trunks offered (event Incoming), which are else refused; to
        be called once, before anything is received, by who accepts or rejects each of them. While
        ``busy`` says so they are refused with 503 before anything is kept of them, but for those
        that take the place of another channel."""

    def execute(self, command: EngineCommand) -> None:
        """Carry out a command. Commands for channels that have ended are ignored."""

    def contacts(self, account: str) -> tuple[Contact, ...]:
        """The contacts of a terminal (``name@domain``) that can be dialled now."""

    def trunk(self, name: str) -> TrunkState:
        """What is known of a trunk (``name@domain``) now; nothing of one that is not watched."""

    def trace(self, channel: str) -> tuple[TraceLine, ...]:
        """The bounded trace of a channel, oldest first; empty for an unknown or forgotten one."""
