"""What an engine tells of its channels. Each that was dialled or offered ends in exactly one
:class:`Failed` (it was never answered) or :class:`Released` (it was)."""

from __future__ import annotations

import msgspec

from cordboard.calls.causes import Cause
from cordboard.calls.channel_commands import MOST_HOPS
from cordboard.calls.said import NOTHING, Said
from cordboard.media.figures import MediaFigures


class Incoming(msgspec.Struct, frozen=True, gc=False):
    """A call is offered to us; who calls has proven it, and nothing but 100 has been sent.

    ``terminal`` (``name@domain``) is whose password he has, ``trunks`` are those whose address he
    calls from (one, unless tenants share a carrier); just one of the two is there. ``dialled`` is
    the user part of the Request-URI, ``host`` its host, which is ``ours`` where it is an address of
    this server or the caller's own domain; ``to`` is the user part of To. ``number`` and ``name``
    are what a trunk asserts of him, else those of From: what he says of himself, not proven; ""
    where he shows none. ``diverted_by`` is whose number a trunk says sent the call to us. The
    channel's id is his Call-ID: text of a peer. ``replaces`` is the channel whose place he wants to
    take: he knows its secrets. ``hops`` is how many servers his request could still have passed
    (Max-Forwards).
    """

    channel: str
    terminal: str | None
    trunks: tuple[str, ...]
    dialled: str
    host: str
    number: str = ""
    name: str = ""
    ours: bool = False
    to: str = ""
    replaces: str | None = None
    diverted_by: str = ""
    hops: int = MOST_HOPS


class Trying(msgspec.Struct, frozen=True, gc=False):
    """The far end has the request (100)."""

    channel: str


class Ringing(msgspec.Struct, frozen=True, gc=False):
    """The far end is alerting (180), or says that the call progresses (181 to 183)."""

    channel: str
    status: int = 180


class EarlyMedia(msgspec.Struct, frozen=True, gc=False):
    """Audio of an unanswered channel began (100 ms of packets) or ceased (1 s of none, or a 180
    without media); never from a channel with several early dialogs."""

    channel: str
    flowing: bool


class Answered(msgspec.Struct, frozen=True, gc=False):
    """The channel is answered and its audio is set up."""

    channel: str


class RedirectTarget(msgspec.Struct, frozen=True, gc=False):
    """Where a 3xx points: the user part of a Contact and its host. ``ours`` says that the host is
    an address of this server, or of the peer that redirects."""

    user: str
    host: str
    ours: bool = False


class Referred(msgspec.Struct, frozen=True, gc=False):
    """The far end of an answered channel wants its other party to be connected with ``target``
    instead (REFER); ``referral`` is to be given back with what becomes of that. One at a time.

    ``replaces`` is the channel whose far end is meant, which it is connected with itself and has
    the secrets of; ``elsewhere``: such a connection is named, but is none of ours.
    """

    channel: str
    referral: int
    target: RedirectTarget
    replaces: str | None = None
    elsewhere: bool = False


class Failed(msgspec.Struct, frozen=True, gc=False):
    """The dial ended without answer; ``status`` is the final SIP status, ``local`` if made here.

    ``reason`` is the phrase beside it, ``said`` what else the far end gave as its reason;
    ``redirects`` are the targets of a 3xx, the best first.
    """

    channel: str
    status: int
    reason: str = ""
    local: bool = False
    redirects: tuple[RedirectTarget, ...] = ()
    said: Said = NOTHING


class Released(msgspec.Struct, frozen=True, gc=False):
    """An answered channel is over. ``remote``: the far end hung up, and ``said`` why; ``cause``
    where not normal."""

    channel: str
    remote: bool
    cause: Cause = Cause.NORMAL
    figures: MediaFigures | None = None
    said: Said = NOTHING


class PlayEnded(msgspec.Struct, frozen=True, gc=False):
    """A prompt came to its end (or could not be played: ``complete`` is false)."""

    channel: str
    play_id: int
    complete: bool = True


class Digit(msgspec.Struct, frozen=True, gc=False):
    """A DTMF digit came from the channel: one of ``0123456789*#ABCD``."""

    channel: str
    digit: str


class HoldChanged(msgspec.Struct, frozen=True, gc=False):
    """The far end put us on hold, or took us off."""

    channel: str
    held: bool


class MediaRouted(msgspec.Struct, frozen=True, gc=False):
    """The far ends of the channel and the one that it is bridged with send their audio to each
    other from now on, ``direct``, or over us again."""

    channel: str
    direct: bool


class MediaLost(msgspec.Struct, frozen=True, gc=False):
    """Neither RTP nor RTCP came for the channel's ``media_timeout``."""

    channel: str


class RecordingEnded(msgspec.Struct, frozen=True, gc=False):
    """A recording of the channel (its left one) is over and written, which may be soon after the
    channel is; ``seconds`` and ``octets`` are what is in its file, ``error`` says why it broke off,
    empty if it did not."""

    channel: str
    name: str
    seconds: float
    error: str = ""
    octets: int = 0


EngineEvent = (
    Incoming
    | Trying
    | Ringing
    | EarlyMedia
    | Answered
    | Failed
    | Released
    | PlayEnded
    | Digit
    | HoldChanged
    | Referred
    | MediaLost
    | MediaRouted
    | RecordingEnded
)
