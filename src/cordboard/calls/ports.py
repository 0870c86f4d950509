"""The engine port: what calls command and what they are told.

An engine moves channels; it decides nothing. The channel id is chosen by the caller before the
command is sent, and every dialled channel ends in exactly one :class:`Failed` (it was never
answered) or :class:`Released` (it was). After that the same id may be dialled again, which is how a
trunk failover keeps its UUID.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from cordboard.calls.causes import Cause
from cordboard.calls.channel_events import (
    Answered,
    Digit,
    EarlyMedia,
    EngineEvent,
    Failed,
    HoldChanged,
    MediaLost,
    PlayEnded,
    RecordingEnded,
    RedirectTarget,
    Released,
    Ringing,
    Trying,
)
from cordboard.calls.trunk_state import TrunkState
from cordboard.directory.model import AutoAnswerStyle, Trunk

__all__ = [
    "Answered",
    "Bridge",
    "CallerId",
    "Contact",
    "Dial",
    "DialOptions",
    "Digit",
    "EarlyMedia",
    "Endpoint",
    "Engine",
    "EngineCommand",
    "EngineEvent",
    "Failed",
    "HangUp",
    "Hold",
    "HoldChanged",
    "Listen",
    "MediaLost",
    "PauseRecording",
    "Play",
    "PlayEnded",
    "Prompt",
    "Record",
    "RecordingEnded",
    "Records",
    "RedirectTarget",
    "Released",
    "Ringing",
    "SendDigits",
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
class Contact:
    """A registered contact of a terminal; ``account`` is ``name@domain``, ``uri`` as registered.

    Where the phone keeps a flow open for it, ``instance`` and ``reg_id`` name phone and flow: of
    contacts with one ``instance`` only one is to be dialled at a time (RFC 5626 7).
    """

    account: str
    uri: str
    q: float = 1.0
    user_agent: str | None = None
    instance: str | None = None
    reg_id: str | None = None


@dataclass(frozen=True, slots=True)
class TerminalEndpoint:
    """A phone, at one of its registered contacts; ``codecs`` are what it has beyond G.711."""

    contact: Contact
    auto_answer: AutoAnswerStyle = AutoAnswerStyle.NONE
    codecs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CallerId:
    """Who a leg is told is calling; ``reason`` says for a person why just this."""

    number: str
    name: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class TrunkEndpoint:
    """An outside number through a trunk of the tenant ``domain``; ``number`` is as the trunk wants
    it, and so is ``caller``, where it is told another than the leg's other trunks."""

    trunk: Trunk
    number: str
    caller: CallerId | None = None
    domain: str = ""


Endpoint = TerminalEndpoint | TrunkEndpoint


class ToneKind(Enum):
    """The tones of :mod:`cordboard.media.tones`."""

    RINGBACK = "ringback"
    BUSY = "busy"
    CONGESTION = "congestion"
    UNOBTAINABLE = "unobtainable"
    HOLD = "hold"


@dataclass(frozen=True, slots=True)
class Tone:
    """A call progress tone of a country (ISO 3166 code in lower case), played until stopped."""

    kind: ToneKind
    country: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """A WAV file, played once; ``builtin:NAME`` is one of the server's own."""

    path: str


@dataclass(frozen=True, slots=True)
class DialOptions:
    """How a channel is dialled beyond where to.

    ``country`` is for tones; ``media_timeout`` is in seconds, 0 for never. How long it may ring is
    the caller's business, who hangs up.
    """

    caller: CallerId
    country: str = "us"
    media_timeout: float = 60.0


@dataclass(frozen=True, slots=True)
class Dial:
    """Offer a new call to an endpoint."""

    channel: str
    endpoint: Endpoint
    options: DialOptions


@dataclass(frozen=True, slots=True)
class HangUp:
    """End a channel in whatever state it is; ``cause`` becomes its Reason header."""

    channel: str
    cause: Cause


@dataclass(frozen=True, slots=True)
class Play:
    """Let an answered channel hear a tone or prompt, in place of what it heard before."""

    channel: str
    sound: Tone | Prompt
    play_id: int = 0


@dataclass(frozen=True, slots=True)
class StopPlay:
    """Stop what :class:`Play` began."""

    channel: str


@dataclass(frozen=True, slots=True)
class Listen:
    """Let an answered channel hear the early media of an unanswered one."""

    channel: str
    source: str


@dataclass(frozen=True, slots=True)
class Bridge:
    """Connect two answered channels with each other.

    ``needs_audio``: something listens or speaks besides the two (a recording, a warning tone), so
    that both stay with G.711 although they have a better codec in common.
    """

    a: str
    b: str
    needs_audio: bool = False


@dataclass(frozen=True, slots=True)
class Hold:
    """Put a channel on hold, or take it off, because the other party or a client did so."""

    channel: str
    on: bool


@dataclass(frozen=True, slots=True)
class SendDigits:
    """Let an answered channel have keys pressed, each of ``0123456789*#ABCD``, after those that
    wait: by telephone events, or by INFO where the far end takes none."""

    channel: str
    digits: str
    duration_ms: int = 100
    gap_ms: int = 60


@dataclass(frozen=True, slots=True)
class Record:
    """Record two bridged channels into a stereo WAV file, ``a`` left and ``b`` right.

    ``name`` is a relative path below the engine's folder, of a file that is not there yet. The
    recording ends with the bridge at the latest, with one :class:`RecordingEnded` of ``a``.
    """

    a: str
    b: str
    name: str


@dataclass(frozen=True, slots=True)
class PauseRecording:
    """Leave out of ``channel``'s recording what is said from now on, or no longer."""

    channel: str
    on: bool


@dataclass(frozen=True, slots=True)
class StopRecording:
    """End ``channel``'s recording."""

    channel: str


EngineCommand = (
    Dial
    | HangUp
    | Play
    | StopPlay
    | Listen
    | Bridge
    | Hold
    | SendDigits
    | Record
    | PauseRecording
    | StopRecording
)


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

    def execute(self, command: EngineCommand) -> None:
        """Carry out a command. Commands for channels that have ended are ignored."""

    def contacts(self, account: str) -> tuple[Contact, ...]:
        """The contacts of a terminal (``name@domain``) that can be dialled now."""

    def trunk(self, name: str) -> TrunkState:
        """What is known of a trunk (``name@domain``) now; nothing of one that is not watched."""

    def trace(self, channel: str) -> tuple[TraceLine, ...]:
        """The bounded trace of a channel, oldest first; empty for an unknown or forgotten one."""
