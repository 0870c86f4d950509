"""What offer and answer agreed on for one audio stream."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from functools import lru_cache
from ipaddress import ip_address
from typing import Final, Literal

from cordboard.addresses import canonical
from cordboard.media.g711 import CODECS, FRAME_MS, SAMPLE_RATE
from cordboard.values import often_made

Direction = Literal["sendrecv", "sendonly", "recvonly", "inactive"]
TELEPHONE_EVENT = "telephone-event"

_PAYLOAD_TYPES: Final[frozenset[int | None]] = frozenset((None, *range(128)))


@often_made(frozen=True, slots=True)
class AudioParameters:
    """One negotiated audio stream, seen from our end.

    :raises ValueError: a payload type is not 0 to 127, the remote host is no IP address of one
        host (a name must have been resolved before), or a port is outside 0 to 65535 (0: the
        stream was refused, nothing is sent).
    """

    remote: tuple[str, int]  # IP address and port of the peer's SDP
    codec: str  # what we send: PCMU, PCMA, or any other name for what is only passed on
    payload_type: int  # the number the peer gave it
    receive_payload_types: Mapping[int, str] = field(hash=False)  # number we gave -> codec
    dtmf_send_pt: int | None = None  # the peer's telephone-event (RFC 4733), None: has none
    dtmf_receive_pt: int | None = None  # ours
    direction: Direction = "sendrecv"  # our point of view: sendonly is "the peer only listens"
    # How long packets of our own sounds are; relayed packets stay as long as they came.
    ptime_ms: int = FRAME_MS
    rtcp_mux: bool = False  # RFC 5761
    rtcp_port: int | None = None  # of the peer (RFC 3605); None: the one after the audio's
    signalling_host: str = ""  # IP address that the peer's SIP comes from
    strict: bool = False  # a trunk: only the exact address of its SDP may send
    held: bool = False  # the peer holds us, and so need not send
    rate: int = SAMPLE_RATE  # Hz, the RTP clock of all that is received and sent
    event_rate: int = SAMPLE_RATE  # Hz, the clock of the durations in telephone events

    def __post_init__(self) -> None:
        is_unspecified(self.remote[0])
        numbers = {self.payload_type, *self.receive_payload_types}
        wrong = (numbers | {self.dtmf_send_pt, self.dtmf_receive_pt}) - _PAYLOAD_TYPES
        if wrong:
            raise ValueError(f"payload type {wrong.pop()} is not between 0 and 127")
        if not 0 <= self.remote[1] <= 65535:
            raise ValueError(f"port {self.remote[1]} is not between 0 and 65535")

    @property
    def sends(self) -> bool:
        """Whether we may send: not while the peer holds the call (also as in RFC 2543, 0.0.0.0)."""
        if is_unspecified(self.remote[0]) or self.remote[1] == 0:
            return False
        return self.direction in ("sendrecv", "sendonly")

    @property
    def receives(self) -> bool:
        """Whether the peer may send."""
        return self.direction in ("sendrecv", "recvonly")

    def kinds(self) -> dict[int, str]:
        """What each payload type that the peer may send stands for."""
        kinds = dict(self.receive_payload_types)
        if self.dtmf_send_pt is not None:  # some send by their own description
            kinds.setdefault(self.dtmf_send_pt, TELEPHONE_EVENT)
        if self.dtmf_receive_pt is not None:
            kinds[self.dtmf_receive_pt] = TELEPHONE_EVENT
        return kinds

    @property
    def audible(self) -> bool:
        """Whether what is sent is G.711, so that we can make and mend it."""
        return self.codec in CODECS


@lru_cache(maxsize=1024)
def is_unspecified(host: str) -> bool:
    """Whether an address is 0.0.0.0 or ::.

    Raises :class:`ValueError` for what is no address, or that of many hosts: a description must
    not make us send to all of them.
    """
    address = ip_address(canonical(host))
    if address.is_multicast or str(address) == "255.255.255.255":
        raise ValueError(f"{host} is not the address of one host")
    return address.is_unspecified
