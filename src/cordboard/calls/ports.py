"""The engine port: what calls command and what they are told.

An engine moves channels; it decides nothing. The channel id is chosen by the caller before the
command is sent, and every dialled channel ends in exactly one :class:`Failed` (it was never
answered) or :class:`Released` (it was). After that the same id may be dialled again, which is how a
trunk failover keeps its UUID.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from cordboard.calls.causes import Cause
from cordboard.directory.model import AutoAnswerStyle, Trunk
from cordboard.media.figures import MediaFigures


@dataclass(frozen=True, slots=True)
class Contact:
    """A registered contact of a terminal; ``account`` is ``name@domain``, ``uri`` as registered."""

    account: str
    uri: str
    q: float = 1.0
    user_agent: str | None = None


@dataclass(frozen=True, slots=True)
class TerminalEndpoint:
    """A phone, at one of its registered contacts; ``codecs`` are what it has beyond G.711."""

    contact: Contact
    auto_answer: AutoAnswerStyle = AutoAnswerStyle.NONE
    codecs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TrunkEndpoint:
    """An outside number through a trunk; ``number`` is as the trunk wants it."""

    trunk: Trunk
    number: str


Endpoint = TerminalEndpoint | TrunkEndpoint


@dataclass(frozen=True, slots=True)
class CallerId:
    """Who a leg is told is calling; ``reason`` says for a person why just this."""

    number: str
    name: str = ""
    reason: str = ""


class ToneKind(Enum):
    """The tones of :mod:`cordboard.media.tones`."""

    RINGBACK = "ringback"
    BUSY = "busy"
    CONGESTION = "congestion"
    UNOBTAINABLE = "unobtainable"


@dataclass(frozen=True, slots=True)
class Tone:
    """A call progress tone of a country (ISO 3166 code in lower case), played until stopped."""

    kind: ToneKind
    country: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """A WAV file, played once."""

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
    """Put a channel on hold, or take it off, because the other party did so."""

    channel: str
    on: bool


EngineCommand = Dial | HangUp | Play | StopPlay | Listen | Bridge | Hold


@dataclass(frozen=True, slots=True)
class Trying:
    """The far end has the request (100)."""

    channel: str


@dataclass(frozen=True, slots=True)
class Ringing:
    """The far end is alerting (180), or says that the call progresses (181 to 183)."""

    channel: str
    status: int = 180


@dataclass(frozen=True, slots=True)
class EarlyMedia:
    """Audio of an unanswered channel began (100 ms of packets) or ceased (1 s of none, or a 180
    without media); never from a channel with several early dialogs."""

    channel: str
    flowing: bool


@dataclass(frozen=True, slots=True)
class Answered:
    """The channel is answered and its audio is set up."""

    channel: str


@dataclass(frozen=True, slots=True)
class RedirectTarget:
    """Where a 3xx points: the user part of a Contact and its host. ``ours`` says that the host is
    an address of this server, or of the peer that redirects."""

    user: str
    host: str
    ours: bool = False


@dataclass(frozen=True, slots=True)
class Failed:
    """The dial ended without answer; ``status`` is the final SIP status, ``local`` if made here.

    ``redirects`` are the targets of a 3xx, the best first.
    """

    channel: str
    status: int
    reason: str = ""
    local: bool = False
    redirects: tuple[RedirectTarget, ...] = ()


@dataclass(frozen=True, slots=True)
class Released:
    """An answered channel is over. ``remote``: the far end hung up; ``cause`` where not normal."""

    channel: str
    remote: bool
    cause: Cause = Cause.NORMAL
    figures: MediaFigures | None = None


@dataclass(frozen=True, slots=True)
class PlayEnded:
    """A prompt came to its end (or could not be played: ``complete`` is false)."""

    channel: str
    play_id: int
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Digit:
    """A DTMF digit came from the channel: one of ``0123456789*#ABCD``."""

    channel: str
    digit: str


@dataclass(frozen=True, slots=True)
class HoldChanged:
    """The far end put us on hold, or took us off."""

    channel: str
    held: bool


@dataclass(frozen=True, slots=True)
class MediaLost:
    """Neither RTP nor RTCP came for the channel's ``media_timeout``."""

    channel: str


EngineEvent = (
    Trying
    | Ringing
    | EarlyMedia
    | Answered
    | Failed
    | Released
    | PlayEnded
    | Digit
    | HoldChanged
    | MediaLost
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


class Engine(Protocol):
    """What stands behind the port. Events are handed to the callback given to :meth:`connect`.

    Calls come from one thread, an event may be delivered while a command executes.
    """

    def connect(self, on_event: Callable[[EngineEvent], None]) -> None:
        """Say who is told; to be called once, before any command."""

    def execute(self, command: EngineCommand) -> None:
        """Carry out a command. Commands for channels that have ended are ignored."""

    def contacts(self, account: str) -> tuple[Contact, ...]:
        """The contacts of a terminal (``name@domain``) that can be dialled now."""

    def trace(self, channel: str) -> tuple[TraceLine, ...]:
        """The bounded trace of a channel, oldest first; empty for an unknown or forgotten one."""
