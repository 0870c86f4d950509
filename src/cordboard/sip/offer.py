"""Offers and answers of G.711 audio with telephone events (RFC 3264, RFC 4733).

We offer PCMU, PCMA and telephone-event. To an offer we answer with one codec, the first of the
peer's that we speak, so that what comes does not change on the way; telephone-event goes with it.
Each side says what it wants to receive (RFC 3264 5.1): we send with the payload types of the peer's
description, and receive those of ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cordboard.sip.errors import SipBuildError, SipParseError
from cordboard.sip.sdp import Media, SessionDescription

OUR_EVENT_TYPE: Final = 101  # dynamic (RFC 3551 3); what most phones use for telephone-event
EVENTS: Final = "0-15"  # the digits, * # A to D (RFC 4733 3.2)
CODECS: Final = {"PCMU": 0, "PCMA": 8}
RATE: Final = 8000  # Hz, of G.711 and so of the events beside it (RFC 4733 2.1)

DEFAULT_PTIME: Final = 20  # ms
MIN_PTIME, MAX_PTIME = 10, 120  # ms; outside of it a peer's wish is none

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
_UNSPECIFIED: Final = ("0.0.0.0", "::", "0:0:0:0:0:0:0:0")  # noqa: S104 - RFC 2543's way to hold


class NoCommonCodec(SipParseError):
    """The two have no audio in common; to be answered 488 (RFC 3261 21.4.26)."""

    def __init__(self) -> None:
        super().__init__("no common audio codec", 488)


@dataclass(frozen=True, slots=True)
class LocalAudio:
    """Our end of an audio stream. ``session`` and ``version`` are those of the o= line.

    ``codecs`` are of PCMU and PCMA, the one we like best first.
    """

    host: str
    port: int
    session: int
    version: int = 1
    direction: str = "sendrecv"
    codecs: tuple[str, ...] = ("PCMU", "PCMA")


@dataclass(frozen=True, slots=True)
class NegotiatedAudio:
    """What both ends agreed on. ``direction`` is ours, ``ptime`` the milliseconds a packet holds.

    ``remote_host`` is as the peer wrote it, perhaps a name. ``receive_payload_types`` says which
    payload types the peer may send, and that they are PCMU or PCMA. ``held``: the peer does not
    want to hear us now. After an answer of his that says something only if our offer was to send,
    for else he has no choice.
    """

    remote_host: str
    remote_port: int
    codec: str
    send_payload_type: int
    receive_payload_types: tuple[tuple[int, str], ...]
    dtmf_send: int | None
    dtmf_receive: int | None
    direction: str
    held: bool
    ptime: int = DEFAULT_PTIME
    rtcp_port: int | None = None
    rtcp_mux: bool = False


def make_offer(local: LocalAudio) -> bytes:
    """An offer of all that we speak. Raises :class:`SipBuildError` for a host that is none."""
    formats = [CODECS[codec] for codec in local.codecs]
    maps = "".join([f"a=rtpmap:{CODECS[codec]} {codec}/{RATE}\r\n" for codec in local.codecs])
    numbers = " ".join(map(str, formats))
    return _session(local) + (
        f"m=audio {local.port} RTP/AVP {numbers} {OUR_EVENT_TYPE}\r\n"
        f"{maps}{_events(OUR_EVENT_TYPE)}a=ptime:{DEFAULT_PTIME}\r\na={local.direction}\r\n"
    ).encode("ascii")


def read_answer(answer: SessionDescription, local: LocalAudio) -> NegotiatedAudio:
    """What an answer to our offer means for us; raises :class:`NoCommonCodec`."""
    for media in answer.media:
        if media.usable:
            agreed = _negotiate(media, local, ours=True)
            if agreed is not None:
                return agreed
    raise NoCommonCodec


def answer_offer(offer: SessionDescription, local: LocalAudio) -> tuple[bytes, NegotiatedAudio]:
    """Our answer to an offer, every media line answered in its place (RFC 3264 6).

    The first audio line with a codec of ours is taken, all others are refused with port 0.
    ``local.direction`` is what we would like. Raises :class:`NoCommonCodec`, and
    :class:`SipBuildError` for a host that is none.
    """
    agreed: NegotiatedAudio | None = None
    lines: list[str] = []
    for media in offer.media:
        taken = _negotiate(media, local, ours=False) if media.usable and agreed is None else None
        if taken is None:
            lines.append(f"m={media.kind} 0 {media.protocol} {' '.join(media.formats)}\r\n")
        else:
            agreed = taken
            lines.append(_accepted(media.protocol, local.port, agreed))
    if agreed is None:
        raise NoCommonCodec
    return _session(local) + "".join(lines).encode("utf-8"), agreed


def _accepted(protocol: str, port: int, agreed: NegotiatedAudio) -> str:
    number, event = agreed.send_payload_type, agreed.dtmf_send
    formats = f"{number}" if event is None else f"{number} {event}"
    return (
        f"m=audio {port} {protocol} {formats}\r\n"
        f"a=rtpmap:{number} {agreed.codec}/{RATE}\r\n{_events(event)}a=ptime:{DEFAULT_PTIME}\r\n"
        f"a={agreed.direction}\r\n{_MUX_LINE if agreed.rtcp_mux else ''}"
    )


def _session(local: LocalAudio) -> bytes:
    host = local.host
    if not host or not host.isprintable() or " " in host or not host.isascii():
        raise SipBuildError("a host for SDP that is none")
    family = "IP6" if ":" in host else "IP4"
    return (
        f"v=0\r\no=cordboard {local.session} {local.version} IN {family} {host}\r\n"
        f"s=-\r\nc=IN {family} {host}\r\nt=0 0\r\n"
    ).encode("ascii")


def _events(payload_type: int | None) -> str:
    if payload_type is None:
        return ""
    return f"a=rtpmap:{payload_type} telephone-event/{RATE}\r\na=fmtp:{payload_type} {EVENTS}\r\n"


def _negotiate(media: Media, local: LocalAudio, *, ours: bool) -> NegotiatedAudio | None:
    """Read the peer's audio line; None without a common codec. ``ours``: it answers our offer."""
    common: list[tuple[int, str]] = []
    event: int | None = None
    for text in media.formats:
        name, rate = media.encoding_of(text)
        if rate != RATE or not _is_payload_type(text):
            continue
        if name in local.codecs:
            common.append((int(text), name))
        elif name == "TELEPHONE-EVENT" and event is None:
            event = int(text)
    if not common or not media.host:
        return None
    number, codec = common[0]
    hears = media.direction in _RECEIVES and media.host not in _UNSPECIFIED
    we_send = hears and local.direction in _SENDS
    we_receive = media.direction in _SENDS and local.direction in _RECEIVES
    # Besides what we say that we receive, what he says: some peers send by their own description,
    # or in any codec that they offered.
    offered = [(CODECS[name], name) for name in local.codecs] if ours else []
    receive = tuple(dict(offered + common).items())
    ptime = media.ptime
    return NegotiatedAudio(
        remote_host=media.host,
        remote_port=media.port,
        codec=codec,
        send_payload_type=number,
        receive_payload_types=receive,
        dtmf_send=event,
        dtmf_receive=OUR_EVENT_TYPE if ours and event is not None else event,
        direction=_DIRECTIONS[we_send, we_receive],
        held=not hears,
        ptime=ptime if ptime is not None and MIN_PTIME <= ptime <= MAX_PTIME else DEFAULT_PTIME,
        rtcp_port=media.rtcp_port,
        rtcp_mux=media.rtcp_mux and not ours,
    )


def _is_payload_type(text: str) -> bool:
    return len(text) <= 3 and text.isascii() and text.isdigit() and int(text) <= 127
