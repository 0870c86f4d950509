"""What an engine is told to do with channels, and in which words."""

from __future__ import annotations

from typing import Final

import msgspec

from cordboard.calls.causes import Cause
from cordboard.directory.model import AutoAnswerStyle, Trunk
from cordboard.media.overhearing import EavesdropMode
from cordboard.values import Word, often_made

MOST_HOPS: Final = 70
"""Servers that a request may pass (RFC 3261 8.1.1.6)."""


@often_made(frozen=True, slots=True)
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


class TerminalEndpoint(msgspec.Struct, frozen=True, gc=False):
    """A phone, at one of its registered contacts; ``codecs`` are what it has beyond G.711.
    ``direct_media``: its audio may go past us."""

    contact: Contact
    auto_answer: AutoAnswerStyle = AutoAnswerStyle.NONE
    codecs: tuple[str, ...] = ()
    direct_media: bool = False


class CallerId(msgspec.Struct, frozen=True, gc=False):
    """Who a leg is told is calling; ``reason`` says for a person why just this."""

    number: str
    name: str = ""
    reason: str = ""


class Diversion(msgspec.Struct, frozen=True, gc=False):
    """Whose ``number`` was called before, as a trunk wants it, and why the call went on: a reason
    of RFC 5806 (``user-busy``, ``no-answer``, ``unconditional``)."""

    number: str
    reason: str


class TrunkEndpoint(msgspec.Struct, frozen=True, gc=False):
    """An outside number through a trunk of the tenant ``domain``; ``number`` is as the trunk wants
    it, and so is ``caller``, where it is told another than the leg's other trunks. ``diverted`` are
    those who had the call forwarded, the last one first."""

    trunk: Trunk
    number: str
    caller: CallerId | None = None
    domain: str = ""
    diverted: tuple[Diversion, ...] = ()


Endpoint = TerminalEndpoint | TrunkEndpoint


class ToneKind(Word):
    """The tones of :mod:`cordboard.media.tones`."""

    RINGBACK = "ringback"
    BUSY = "busy"
    CONGESTION = "congestion"
    UNOBTAINABLE = "unobtainable"
    HOLD = "hold"


class Tone(msgspec.Struct, frozen=True, gc=False):
    """A call progress tone of a country (ISO 3166 code in lower case), played until stopped."""

    kind: ToneKind
    country: str


class Prompt(msgspec.Struct, frozen=True, gc=False):
    """A WAV file, played once; ``builtin:NAME`` is one of the server's own."""

    path: str


class DialOptions(msgspec.Struct, frozen=True, gc=False):
    """How a channel is dialled beyond where to.

    ``country`` is for tones; ``media_timeout`` is in seconds, 0 for never. How long it may ring is
    the caller's business, who hangs up. ``hops`` is how many servers the request may pass: a call
    that comes in again as it went out, on and on, ends by that (RFC 7332).
    """

    caller: CallerId
    country: str = "us"
    media_timeout: float = 60.0
    hops: int = MOST_HOPS


class Dial(msgspec.Struct, frozen=True, gc=False):
    """Offer a new call to an endpoint."""

    channel: str
    endpoint: Endpoint
    options: DialOptions


class Ring(msgspec.Struct, frozen=True, gc=False):
    """Tell the caller of an offered channel that it rings (180), or that the call is on its way
    otherwise (181 to 183)."""

    channel: str
    status: int = 180


class Accept(msgspec.Struct, frozen=True, gc=False):
    """Answer an offered channel (event: Answered, at once unless the caller left the offer of
    audio to us)."""

    channel: str


class Reject(msgspec.Struct, frozen=True, gc=False):
    """Refuse an offered channel with a final status, 400 to 699; it ends in a local Failed.
    ``retry_after`` is told where it is known: seconds until it is worth calling again."""

    channel: str
    status: int
    reason: str
    retry_after: int | None = None


class HangUp(msgspec.Struct, frozen=True, gc=False):
    """End a channel in whatever state it is; ``cause`` becomes its Reason header."""

    channel: str
    cause: Cause


class Play(msgspec.Struct, frozen=True, gc=False):
    """Let an answered channel hear a tone or prompt, in place of what it heard before; or an
    offered one that hears early media (:class:`Listen`) a tone."""

    channel: str
    sound: Tone | Prompt
    play_id: int = 0


class StopPlay(msgspec.Struct, frozen=True, gc=False):
    """Stop what :class:`Play` began."""

    channel: str


class Listen(msgspec.Struct, frozen=True, gc=False):
    """Let an answered channel, or an offered one, hear the early media of an unanswered one. The
    caller of an offered one is told so by 183, where he takes audio that he can be sent."""

    channel: str
    source: str


class Bridge(msgspec.Struct, frozen=True, gc=False):
    """Connect two answered channels with each other.

    ``needs_audio``: something listens or speaks besides the two (a recording, a warning tone), so
    that both stay with G.711 although they have a better codec in common, and their audio with us.
    Else it may go from one to the other (event MediaRouted) where both far ends may
    (``direct_media``), until anything is to be heard by somebody else, played, held or sent: then
    it comes back to us until they are bridged again.
    """

    a: str
    b: str
    needs_audio: bool = False


class Hold(msgspec.Struct, frozen=True, gc=False):
    """Put a channel on hold, or take it off, because the other party or a client did so."""

    channel: str
    on: bool


class AnswerReferral(msgspec.Struct, frozen=True, gc=False):
    """Tell a channel's far end how its :class:`Referred` stands, in SIP statuses.

    The first one accepts it, unless it is 300 or more: then it is refused. After that each says how
    the call goes that was asked for, until one of 200 or more.
    """

    channel: str
    referral: int
    status: int


class SendDigits(msgspec.Struct, frozen=True, gc=False):
    """Let an answered channel have keys pressed, each of ``0123456789*#ABCD``, after those that
    wait: by telephone events, or by INFO where the far end takes none."""

    channel: str
    digits: str
    duration_ms: int = 100
    gap_ms: int = 60


class Record(msgspec.Struct, frozen=True, gc=False):
    """Record two bridged channels into a stereo WAV file, ``a`` left and ``b`` right; with ``b`` of
    None what ``a`` alone says, which is then silent on the right.

    ``name`` is a relative path below the engine's folder, of a file that is not there yet. The
    recording ends with the bridge at the latest, or with ``a`` alone, with one
    :class:`RecordingEnded` of ``a``.
    """

    a: str
    b: str | None
    name: str


class PauseRecording(msgspec.Struct, frozen=True, gc=False):
    """Leave out of ``channel``'s recording what is said from now on, or no longer."""

    channel: str
    on: bool


class StopRecording(msgspec.Struct, frozen=True, gc=False):
    """End ``channel``'s recording."""

    channel: str


class Eavesdrop(msgspec.Struct, frozen=True, gc=False):
    """Let an answered channel, which is bridged with nobody, hear two bridged ones, in place of
    what it heard before: ``watched``, to whom it whispers, and ``other``. Again, with another
    ``mode`` or other channels, it changes that.

    The two stay with G.711 from then on. Once they are parted the channel hears silence.
    """

    channel: str
    watched: str
    other: str
    mode: EavesdropMode


class StopEavesdropping(msgspec.Struct, frozen=True, gc=False):
    """Let a channel hear two others no longer."""

    channel: str


EngineCommand = (
    Dial
    | Ring
    | Accept
    | Reject
    | HangUp
    | Play
    | StopPlay
    | Listen
    | Bridge
    | Hold
    | AnswerReferral
    | SendDigits
    | Record
    | PauseRecording
    | StopRecording
    | Eavesdrop
    | StopEavesdropping
)
