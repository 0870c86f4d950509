"""Offers and answers of G.711 audio with telephone events (RFC 3264, RFC 4733)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cordboard.sip.errors import SipParseError
from cordboard.sip.sdp import Format, Media, SessionDescription

OUR_EVENT_TYPE: Final = 101  # dynamic (RFC 3551 3); what most phones use for telephone-event
DEFAULT_PTIME: Final = 20  # ms
CODECS: Final = {"PCMU": 0, "PCMA": 8}

_MIRRORED = {"sendrecv": "sendrecv", "sendonly": "recvonly", "recvonly": "sendonly"}


class NoCommonCodec(SipParseError):
    """The two have no audio in common; to be answered 488 (RFC 3261 21.4.26)."""

    def __init__(self) -> None:
        super().__init__("no common audio codec", 488)


@dataclass(frozen=True, slots=True)
class LocalAudio:
    """Our end of an audio stream. ``session`` and ``version`` are those of the o= line."""

    host: str
    port: int
    session: int
    version: int = 1
    direction: str = "sendrecv"
    codecs: tuple[str, ...] = ("PCMU", "PCMA")


@dataclass(frozen=True, slots=True)
class NegotiatedAudio:
    """What both ends agreed on. ``direction`` is ours; ``held`` says that the peer holds us.

    ``receive_payload_types`` maps what the peer may send (payload type) to PCMU or PCMA.
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
    """An offer of all that we speak."""
    formats = [str(CODECS[codec]) for codec in local.codecs]
    maps = [f"a=rtpmap:{CODECS[codec]} {codec}/8000\r\n" for codec in local.codecs]
    return _describe(local, [*formats, str(OUR_EVENT_TYPE)], maps, OUR_EVENT_TYPE, "RTP/AVP", [])


def read_answer(answer: SessionDescription, local: LocalAudio) -> NegotiatedAudio:
    """What an answer to our offer means for us; raises :class:`NoCommonCodec`."""
    audio = answer.audio()
    if audio is None:
        raise NoCommonCodec
    return _negotiate(audio, local, ours=True)


def answer_offer(offer: SessionDescription, local: LocalAudio) -> tuple[bytes, NegotiatedAudio]:
    """Our answer to an offer, every media line answered (RFC 3264 6); ``local.direction`` is what
    we would like. Raises :class:`NoCommonCodec`.
    """
    audio = offer.audio()
    if audio is None:
        raise NoCommonCodec
    agreed = _negotiate(audio, local, ours=False)
    formats = [str(agreed.send_payload_type)]
    maps = [f"a=rtpmap:{agreed.send_payload_type} {agreed.codec}/8000\r\n"]
    if agreed.dtmf_send is not None:
        formats.append(str(agreed.dtmf_send))
    answering = LocalAudio(
        local.host, local.port, local.session, local.version, agreed.direction, local.codecs
    )
    refused_before: list[str] = []
    refused_after: list[str] = []
    seen = False
    for media in offer.media:
        if media is audio:
            seen = True
            continue
        line = f"m={media.kind} 0 {media.protocol} {' '.join(media.formats)}\r\n"
        (refused_after if seen else refused_before).append(line)
    body = _describe(
        answering, formats, maps, agreed.dtmf_send, audio.protocol, refused_before, agreed.rtcp_mux
    )
    return body + "".join(refused_after).encode("utf-8", "replace"), agreed


def _describe(
    local: LocalAudio,
    formats: list[str],
    maps: list[str],
    event_type: int | None,
    protocol: str,
    refused_before: list[str],
    rtcp_mux: bool = False,
) -> bytes:
    family = "IP6" if ":" in local.host else "IP4"
    events = ""
    if event_type is not None:
        events = f"a=rtpmap:{event_type} telephone-event/8000\r\na=fmtp:{event_type} 0-16\r\n"
    return (
        "v=0\r\n"
        f"o=cordboard {local.session} {local.version} IN {family} {local.host}\r\n"
        "s=-\r\n"
        f"c=IN {family} {local.host}\r\n"
        "t=0 0\r\n"
        f"{''.join(refused_before)}"
        f"m=audio {local.port} {protocol} {' '.join(formats)}\r\n"
        f"{''.join(maps)}{events}"
        f"a=ptime:{DEFAULT_PTIME}\r\n"
        f"{'a=rtcp-mux' + chr(13) + chr(10) if rtcp_mux else ''}"
        f"a={local.direction}\r\n"
    ).encode("utf-8", "replace")


def _negotiate(audio: Media, local: LocalAudio, *, ours: bool) -> NegotiatedAudio:
    """Read the peer's audio line. ``ours``: it answers our offer, so that what we receive has the
    payload types that we offered (RFC 3264 5.1: each side says what it wants to receive)."""
    formats = audio.audio_formats()
    common = [f for f in formats if f.name in local.codecs and f.rate in (8000, 0)]
    if not common:
        raise NoCommonCodec
    chosen = common[0]
    events = next((f.payload_type for f in formats if _is_event(f)), None)
    unspecified = audio.host in (None, "0.0.0.0", "::")  # noqa: S104 - RFC 2543's way to hold
    theirs = "inactive" if unspecified and audio.direction == "sendrecv" else audio.direction
    direction = _both(_MIRRORED.get(theirs, "inactive"), local.direction)
    if ours:
        receive = tuple((CODECS[codec], codec) for codec in local.codecs)
        receive = tuple(dict.fromkeys(receive + tuple((f.payload_type, f.name) for f in common)))
    else:
        receive = tuple((f.payload_type, f.name) for f in common)
    return NegotiatedAudio(
        remote_host=audio.host or "0.0.0.0",  # noqa: S104 - RFC 2543's way to hold
        remote_port=audio.port,
        codec=chosen.name,
        send_payload_type=chosen.payload_type,
        receive_payload_types=receive,
        dtmf_send=events,
        dtmf_receive=OUR_EVENT_TYPE if ours and events is not None else events,
        direction=direction,
        held=theirs in ("sendonly", "inactive"),
        ptime=_ptime(audio),
        rtcp_port=_rtcp_port(audio),
        rtcp_mux=audio.attribute("rtcp-mux") is not None and not ours,
    )


def _is_event(form: Format) -> bool:
    return form.name == "TELEPHONE-EVENT" and form.rate == 8000


def _both(mirrored: str, wanted: str) -> str:
    """The direction that both what the peer allows and what we want allow."""
    sends = mirrored in ("sendrecv", "sendonly") and wanted in ("sendrecv", "sendonly")
    receives = mirrored in ("sendrecv", "recvonly") and wanted in ("sendrecv", "recvonly")
    if sends:
        return "sendrecv" if receives else "sendonly"
    return "recvonly" if receives else "inactive"


def _ptime(audio: Media) -> int:
    text = audio.attribute("ptime") or ""
    return int(text) if text.isascii() and text.isdigit() and 10 <= int(text[:4]) <= 120 else 20


def _rtcp_port(audio: Media) -> int | None:
    text = (audio.attribute("rtcp") or "").partition(" ")[0]
    return int(text) if text.isascii() and text.isdigit() and 0 < int(text[:6]) <= 65535 else None
