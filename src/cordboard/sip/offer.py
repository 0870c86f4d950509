"""Offers and answers of audio with telephone events (RFC 3264, RFC 4733).

We offer G.711, after the codec that a bridged call has in common where there is one. To an offer we
answer with one codec, the first of the peer's that is allowed, so that what comes does not change
on the way; telephone-event goes with it, at the codec's own clock. Each side says what it wants to
receive (RFC 3264 5.1): we send with the payload types of the peer's description, and receive those
of ours.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

import msgspec

from cordboard.addresses import is_wildcard
from cordboard.sip.codecs import G711, PCMU, Codec
from cordboard.sip.errors import SipBuildError, SipParseError
from cordboard.sip.sdp import Media, SessionDescription

# The number is what most phones use (dynamic, RFC 3551 3), the events are the digits, * # A to D
# (RFC 4733 3.2), the rate that of G.711, since the clock is the audio's (RFC 4733 2.1).
EVENT: Final = Codec("telephone-event", 101, fmtp="0-15")
RATE: Final = PCMU.rate

DEFAULT_PTIME: Final = 20  # ms
MIN_PTIME, MAX_PTIME = 10, 120  # ms; outside of it a peer's wish is none

MAX_KNOWN_HOSTS: Final = 256  # ours, and those of peers whose audio goes past us

# By (may be sent, may be received), from the point of view of who says it.
_DIRECTIONS: Final = {
    (True, True): "sendrecv",
    (True, False): "sendonly",
    (False, True): "recvonly",
    (False, False): "inactive",
}
_SENDS: Final = ("sendrecv", "sendonly")
_RECEIVES: Final = ("sendrecv", "recvonly")

_MUX_LINE: Final = "a=rtcp-mux\r\n"  # RFC 5761 5.1.1


class NoCommonCodec(SipParseError):
    """The two have no audio in common; to be answered 488 (RFC 3261 21.4.26)."""

    def __init__(self) -> None:
        super().__init__("no common audio codec", 488)


class LocalAudio(msgspec.Struct, frozen=True, gc=False):
    """Our end of an audio stream. ``session`` and ``version`` are those of the o= line.

    ``codecs`` are those we offer or take, the one we like best first, with the numbers that they
    have in our offers; ``events`` are telephone-event at each of their clocks. ``preferred`` are
    the keys of those that an answer takes wherever they stand in the offer.
    """

    host: str
    port: int
    session: int
    version: int = 1
    direction: str = "sendrecv"
    codecs: tuple[Codec, ...] = G711
    events: tuple[Codec, ...] = (EVENT,)
    preferred: tuple[str, ...] = ()


class NegotiatedAudio(msgspec.Struct, frozen=True, gc=False):
    """What both ends agreed on. ``direction`` is ours, ``ptime`` the milliseconds of a packet.

    ``remote_host`` is as the peer wrote it, perhaps a name. ``codec`` is as the peer describes it,
    so that its number is the one we send with, ``receive_payload_types`` says which payload types
    the peer may send, and the key of what they are. ``held``: the peer does not want to hear us
    now. After an answer of his that says something only if our offer was to send, for else he has
    no choice. ``theirs`` is all that he has said he can receive. ``event_rate`` is the clock of the
    durations in telephone events.
    """

    remote_host: str
    remote_port: int
    codec: Codec
    receive_payload_types: tuple[tuple[int, str], ...]
    dtmf_send: int | None
    dtmf_receive: int | None
    direction: str
    held: bool
    ptime: int = DEFAULT_PTIME
    rtcp_port: int | None = None
    rtcp_mux: bool = False
    event_rate: int = RATE
    theirs: tuple[Codec, ...] = ()


def make_offer(local: LocalAudio) -> bytes:
    """An offer of all that we speak. Raises :class:`SipBuildError` for a host that is none."""
    formats = _formats(local.port, "RTP/AVP", (*local.codecs, *local.events))
    return f"{_session(local)}{formats}a={local.direction}\r\n".encode("ascii")


def read_answer(answer: SessionDescription, local: LocalAudio) -> NegotiatedAudio | None:
    """What an answer to our offer means for us; None where the peer switched its audio off.

    Raises :class:`NoCommonCodec`.
    """
    for media in answer.media:
        if media.usable:
            agreed = _negotiate(media, local, ours=True)
            if agreed is not None:
                return agreed
    if _is_off(answer):
        return None
    raise NoCommonCodec


def answer_offer(
    offer: SessionDescription, local: LocalAudio
) -> tuple[bytes, NegotiatedAudio | None]:
    """Our answer to an offer, every media line answered in its place (RFC 3264 6).

    The first audio line with a codec of ours is taken, all others are refused with port 0. None:
    the peer has switched its audio off, and nothing else on (RFC 3264 8.2). ``local.direction`` is
    what we would like. Raises :class:`NoCommonCodec`, and :class:`SipBuildError` for a host that is
    none.
    """
    agreed: NegotiatedAudio | None = None
    lines: list[str] = []
    for media in offer.media:
        taken = _negotiate(media, local, ours=False) if media.usable and agreed is None else None
        if taken is None:
            formats = " ".join(media.formats) or "0"  # a line has to have one (RFC 8866 5.14)
            lines.append(f"m={media.kind} 0 {media.protocol} {formats}\r\n")
        else:
            agreed = taken
            lines.append(_accepted(media.protocol, local, agreed))
    if agreed is None and not _is_off(offer):
        raise NoCommonCodec
    return f"{_session(local)}{''.join(lines)}".encode(), agreed


def offered_codecs(offer: SessionDescription) -> tuple[Codec, ...]:
    """All that the peer's usable audio lines describe, in their order."""
    return tuple(codec for media in offer.media if media.usable for codec in media.codecs)


def _is_off(description: SessionDescription) -> bool:
    """Whether there is audio, and all that there is is switched off: a fax (RFC 3362) is not."""
    lines = description.media
    return any(media.kind == "audio" for media in lines) and all(not media.port for media in lines)


def _accepted(protocol: str, local: LocalAudio, agreed: NegotiatedAudio) -> str:
    ours = next(codec for codec in local.codecs if codec.key == agreed.codec.key)
    number, event = agreed.codec.payload_type, agreed.dtmf_send
    taken: tuple[Codec, ...] = (Codec(ours.name, number, ours.rate, ours.channels, ours.fmtp),)
    if event is not None:
        taken += (Codec(EVENT.name, event, agreed.event_rate, fmtp=EVENT.fmtp),)
    mux = _MUX_LINE if agreed.rtcp_mux else ""
    return f"{_formats(local.port, protocol, taken)}a={agreed.direction}\r\n{mux}"


def _session(local: LocalAudio) -> str:
    where = _at(local.host)
    return (
        f"v=0\r\no=cordboard {local.session} {local.version} {where}\r\n"
        f"s=-\r\nc={where}\r\nt=0 0\r\n"
    )


@lru_cache(maxsize=MAX_KNOWN_HOSTS)
def _at(host: str) -> str:
    if not host or not host.isprintable() or " " in host or not host.isascii():
        raise SipBuildError("a host for SDP that is none")
    return f"IN {'IP6' if ':' in host else 'IP4'} {host}"


def _formats(port: int, protocol: str, codecs: Iterable[Codec]) -> str:
    """A media line and those that describe what may be sent to it."""
    numbers = lines = ""
    for codec in codecs:
        numbers += f" {codec.payload_type}"
        lines += codec.lines
    return f"m=audio {port} {protocol}{numbers}\r\n{lines}a=ptime:{DEFAULT_PTIME}\r\n"


def _negotiate(media: Media, local: LocalAudio, *, ours: bool) -> NegotiatedAudio | None:
    """Read the peer's audio line; None without a common codec. ``ours``: it answers our offer."""
    known = [codec.key for codec in local.codecs]
    common = [codec for codec in media.codecs if codec.key in known]
    if not common or not media.host:
        return None
    codec = common[0]
    if local.preferred and not ours:
        codec = next((one for one in common if one.key in local.preferred), codec)
    # The unspecified address is RFC 2543's way to hold.
    hears = media.direction in _RECEIVES and not is_wildcard(media.host)
    we_send = hears and local.direction in _SENDS
    we_receive = media.direction in _SENDS and local.direction in _RECEIVES
    # Besides what we say that we receive, what he says: some peers send by their own description,
    # or in any codec that they offered. Another clock needs another SSRC (RFC 7160 4.1), and so is
    # another stream.
    receive: dict[int, str] = {}
    for one in (*(local.codecs if ours else ()), *common):
        if one.rate == codec.rate:
            receive.setdefault(one.payload_type, one.key)
    rate = codec.rate if codec.rate in media.events else RATE
    event = our_event = media.events.get(rate)
    if ours and event is not None:
        our_event = {one.rate: one.payload_type for one in local.events}.get(rate)
    return NegotiatedAudio(
        remote_host=media.host,
        remote_port=media.port,
        codec=codec,
        receive_payload_types=tuple(receive.items()),
        dtmf_send=event,
        dtmf_receive=our_event,
        direction=_DIRECTIONS[we_send, we_receive],
        held=not hears,
        ptime=_ptime_of(media),
        rtcp_port=media.rtcp_port,
        rtcp_mux=media.rtcp_mux and not ours,
        event_rate=rate,
        theirs=media.codecs,
    )


def _ptime_of(media: Media) -> int:
    """How many milliseconds our own packets are to have for this peer: what he likes, and not more
    than he takes (RFC 8866 6.4 and 6.5)."""
    ptime = media.ptime
    if ptime is None or not MIN_PTIME <= ptime <= MAX_PTIME:
        ptime = DEFAULT_PTIME
    most = media.maxptime
    return ptime if most is None or most >= ptime else max(most, MIN_PTIME)
