"""Symmetric RTP: from where a stream's packets may come, and where ours go.

Theory. The address in a phone's SDP is often not the one its packets come from, so we answer to
where they come from; but whoever can send us a packet could then take a call's audio. Hence:

* Only the IP address of the SDP and the one that the phone's signalling comes from are listened
  to, from any port. A packet from elsewhere is dropped and counted, whatever it holds.
* Until the source is certain (OPEN) we send to the address of the SDP, and from the first
  packet of a negotiated type to where that came from.
* The first source that has sent 5 consistent packets (one SSRC, sequence numbers going on) is
  certain (LOCKED): from then on it alone is listened to. A rival during those packets moves
  nothing before it is certain itself. What the network has let others overtake, or repeated,
  neither counts nor begins anew: else jitter above the packets' distance would keep us open.
* New SDP opens the question again, and we go on sending to where we did, unless the SDP names
  another address than before. Then the former source is still listened to, for its last packets
  are under way as long as the answer is, but they move nothing: unless they go on for longer
  than any round trip, as those of a phone whose NAT gives it the same port as before.
* The unspecified address (0.0.0.0, RFC 2543's way to hold) names nobody: all stays as it was, and
  nothing is ever sent there.
* A trunk is STRICT: exactly the address and port of its SDP, for good.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cordboard import addresses
from cordboard.values import Word

Address = tuple[str, int]

UNSPECIFIED: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104 - written as canonical() does

CONSISTENT_PACKETS: Final = 5
FORMER_PACKETS: Final = 250  # 5 s of 20 ms: by then every phone has taken its new port
MAX_CANDIDATES: Final = 4  # a phone, its former port, and room for two behind the same NAT
MAX_SEQUENCE_STEP: Final = 50  # a second of lost packets still goes on, of late ones is the same


class LatchState(Word):
    """How sure we are of where the peer's packets come from."""

    CLOSED = "closed"  # no SDP yet: nothing is accepted
    STRICT = "strict"
    OPEN = "open"
    LOCKED = "locked"


_SETTLED: Final = frozenset({LatchState.LOCKED, LatchState.STRICT})


@dataclass(slots=True)
class _Candidate:
    ssrc: int
    sequence: int
    consistent: int = 1

    def take(self, ssrc: int, sequence: int) -> None:
        step = (sequence - self.sequence) & 0xFFFF
        if ssrc == self.ssrc and (step == 0 or step >= 0x10000 - MAX_SEQUENCE_STEP):
            return
        goes_on = ssrc == self.ssrc and step <= MAX_SEQUENCE_STEP
        self.consistent = self.consistent + 1 if goes_on else 1
        self.ssrc, self.sequence = ssrc, sequence


class Latch:
    """Decides for one stream which sources are accepted and where we send."""

    __slots__ = ("_candidates", "_former", "_hosts", "_sdp", "destination", "state")

    def __init__(self) -> None:
        self.state = LatchState.CLOSED
        self.destination: Address = ("", 0)
        self._sdp: Address = ("", 0)
        self._hosts: frozenset[str] = frozenset()
        self._candidates: dict[Address, _Candidate] = {}
        self._former: Address | None = None  # whose packets may still be under way

    def reopen(self, sdp: Address, signalling_host: str, *, strict: bool) -> Address:
        """Begin again with the address of new SDP; where our packets go now."""
        sdp = canonical(sdp)
        signalling = addresses.canonical(signalling_host)
        if sdp[0] in UNSPECIFIED:
            if self.state is LatchState.CLOSED and signalling_host and not strict:
                self.state = LatchState.OPEN
                self._hosts = frozenset({signalling})
            return self.destination
        hosts = {sdp[0]} if strict or not signalling_host else {sdp[0], signalling}
        same = sdp == self._sdp
        keeps = same and not strict and self.destination[0] in hosts
        if not same:
            self._former = self.destination if self.state in _SETTLED else None
        self.state = LatchState.STRICT if strict else LatchState.OPEN
        self._sdp = sdp
        self._hosts = frozenset(hosts)
        self._candidates.clear()
        if not keeps:
            self.destination = sdp
        return self.destination

    @property
    def settled(self) -> bool:
        """Whether exactly one source is accepted, so that comparing the address is enough."""
        return self.state in _SETTLED

    def accepts(self, source: Address) -> bool:
        """Whether packets from here are listened to at all."""
        source = canonical(source)
        if self.state is LatchState.STRICT:
            return source == self._sdp
        if self.state is LatchState.LOCKED:
            return source == self.destination
        return self.state is LatchState.OPEN and source[0] in self._hosts

    def accepts_rtcp(self, source: Address) -> bool:
        """Whether reports from here are listened to: their port is the peer's own affair."""
        host = canonical(source)[0]
        if self.state is LatchState.LOCKED:
            return host == self.destination[0]
        return self.state is not LatchState.CLOSED and host in self._hosts

    def observe(self, source: Address, ssrc: int, sequence: int) -> None:
        """Learn from an accepted packet of a negotiated type."""
        if self.state is not LatchState.OPEN:
            return
        source = canonical(source)
        candidate = self._candidates.get(source)
        if candidate is None:
            self._consider(source, ssrc, sequence)
            return
        candidate.take(ssrc, sequence)
        enough = FORMER_PACKETS if source == self._former else CONSISTENT_PACKETS
        if candidate.consistent >= enough:
            self.state = LatchState.LOCKED
            self.destination = source
            self._candidates.clear()

    def _consider(self, source: Address, ssrc: int, sequence: int) -> None:
        if source != self._former and not self._candidates.keys() - {self._former}:
            self.destination = source
        if len(self._candidates) < MAX_CANDIDATES:
            self._candidates[source] = _Candidate(ssrc, sequence)


def canonical(address: Address) -> Address:
    """Write an IP address the one way the socket does (IPv6 has many); names stay as they are."""
    host = address[0]
    return addresses.canonical(host) if ":" in host else host, address[1]
