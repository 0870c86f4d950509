"""Where a channel's audio goes to: to us, or past us to the peer of the channel it is bridged with.

A peer sends its audio where our description says. In place of our own end that may be the other
peer's, so that the two send to each other; what was wanted, offered and agreed on is kept apart, as
an exchange may be refused, or crossed by one of the peer's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from ipaddress import ip_address

from msgspec import structs

from cordboard.addresses import canonical, is_address
from cordboard.media.audio import AudioParameters
from cordboard.sip.codecs import Codec
from cordboard.sip.offer import EVENT, LocalAudio, NegotiatedAudio


@dataclass(frozen=True, slots=True)
class PeersEnd:
    """One peer's end of its audio as it described it: what is sent there is ``codec``, keys have
    the number ``event`` at their clock (None: it takes none)."""

    host: str
    port: int
    codec: Codec
    event: int | None
    event_rate: int

    def in_place_of(self, local: LocalAudio) -> LocalAudio:
        """The description of our end, with this one where the audio is to go."""
        events = () if self.event is None else (replace(EVENT, payload_type=self.event),)
        return structs.replace(
            local, host=self.host, port=self.port, codecs=(self.codec,), events=events, preferred=()
        )

    def goes_with(self, other: PeersEnd) -> bool:
        """Whether the two can be told of each other as they are: the same codec and keys under the
        same numbers, since none of the two would translate, and addresses that may reach each
        other."""
        return (
            self.codec.same_packets(other.codec)
            and self.codec.payload_type == other.codec.payload_type
            and (self.event, self.event_rate) == (other.event, other.event_rate)
            and _neighbourhood(self.host) == _neighbourhood(other.host)
        )


def end_of(agreed: NegotiatedAudio) -> PeersEnd:
    """The peer's end of what was agreed on."""
    return PeersEnd(
        canonical(agreed.remote_host),
        agreed.remote_port,
        agreed.codec,
        agreed.dtmf_send,
        agreed.event_rate,
    )


def _neighbourhood(host: str) -> tuple[int, bool, bool]:
    """What two addresses have in common that may reach each other: family, and whether they are of
    the Internet, of a network of somebody's own, or of this machine alone."""
    if not is_address(host):
        return (0, False, False)
    address = ip_address(host)
    return (address.version, address.is_global, address.is_loopback)


class MediaRoute:
    """What one channel's peer is told: ``wanted`` is whose end it is to send to, None: ours;
    ``agreed`` is the one that it sends to."""

    __slots__ = ("_offered", "agreed", "wanted")

    def __init__(self) -> None:
        self.wanted: PeersEnd | None = None
        self.agreed: PeersEnd | None = None
        self._offered: PeersEnd | None = None

    def offer(self, local: LocalAudio) -> LocalAudio | None:
        """Our description with whose end is wanted; None where it is our own."""
        self._offered = self.wanted
        return None if self.wanted is None else self.wanted.in_place_of(local)

    def answered(self) -> None:
        """The peer sends to what it was offered."""
        self.agreed = self._offered

    def refused(self) -> None:
        """It stays as it was, and is not asked again."""
        self.wanted = self.agreed

    def drop(self) -> None:
        """The peer is told of our own end, in an answer of ours."""
        self.wanted = self.agreed = None

    def heard_here(self, parameters: AudioParameters) -> AudioParameters:
        """What that means for our own end: nothing comes here, or goes out, past which it goes."""
        return parameters if self.agreed is None else replace(parameters, direction="inactive")
