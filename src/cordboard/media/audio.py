"""What offer and answer agreed on for one audio stream."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import ip_address
from typing import Literal

from cordboard.media.g711 import CODECS, FRAME_MS

Direction = Literal["sendrecv", "sendonly", "recvonly", "inactive"]
TELEPHONE_EVENT = "telephone-event"


@dataclass(frozen=True, slots=True)
class AudioParameters:
    """One negotiated audio stream, seen from our end.

    :raises ValueError: a codec is not G.711, a payload type is not 0 to 127, the remote host is
        no IP address (a name must have been resolved before), or a port is outside 0 to 65535
        (0: the stream was refused, nothing is sent).
    """

    remote: tuple[str, int]  # IP address and port of the peer's SDP
    codec: str  # what we send: PCMU or PCMA
    payload_type: int  # the number the peer gave it
    receive_payload_types: Mapping[int, str] = field(hash=False)  # number we gave -> codec
    dtmf_send_pt: int | None = None  # the peer's telephone-event (RFC 4733), None: has none
    dtmf_receive_pt: int | None = None  # ours
    direction: Direction = "sendrecv"  # our point of view: sendonly is "the peer only listens"
    # What the peer would like. Our own frames are 20 ms, which every receiver takes (RFC 3551,
    # 4.2), and relayed packets stay as long as they came.
    ptime_ms: int = FRAME_MS
    rtcp_mux: bool = False  # RFC 5761
    rtcp_port: int | None = None  # of the peer (RFC 3605); None: the one after the audio's
    signalling_host: str = ""  # IP address that the peer's SIP comes from
    strict: bool = False  # a trunk: only the exact address of its SDP may send

    def __post_init__(self) -> None:
        _is_unspecified(self.remote[0])
        for codec in (self.codec, *self.receive_payload_types.values()):
            if codec not in CODECS:
                raise ValueError(f"codec {codec!r} is none of {', '.join(CODECS)}")
        numbers = (self.payload_type, *self.receive_payload_types, *self._event_types())
        for number in numbers:
            if not 0 <= number <= 127:
                raise ValueError(f"payload type {number} is not between 0 and 127")
        if not 0 <= self.remote[1] <= 65535:
            raise ValueError(f"port {self.remote[1]} is not between 0 and 65535")

    @property
    def sends(self) -> bool:
        """Whether we may send: not while the peer holds the call (also as in RFC 2543, 0.0.0.0)."""
        if _is_unspecified(self.remote[0]) or self.remote[1] == 0:
            return False
        return self.direction in ("sendrecv", "sendonly")

    @property
    def receives(self) -> bool:
        """Whether the peer may send."""
        return self.direction in ("sendrecv", "recvonly")

    def kinds(self) -> dict[int, str]:
        """What each payload type that the peer may send stands for."""
        kinds = dict(self.receive_payload_types)
        if self.dtmf_receive_pt is not None:
            kinds[self.dtmf_receive_pt] = TELEPHONE_EVENT
        return kinds

    def _event_types(self) -> tuple[int, ...]:
        return tuple(
            number for number in (self.dtmf_send_pt, self.dtmf_receive_pt) if number is not None
        )


@lru_cache(maxsize=1024)
def _is_unspecified(host: str) -> bool:
    """Whether an address is 0.0.0.0 or ::; raises :class:`ValueError` for what is no address."""
    return ip_address(host).is_unspecified
