"""Encodings as SDP names them: those we make and hear ourselves, and those we only pass on.

G.711 is offered to everybody. Anything else is never touched by us: it may be agreed on with two
parties that both have it, whose packets are then passed on as they come.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

EVENT_NAME: Final = "TELEPHONE-EVENT"  # RFC 4733 7.1.1

FIRST_DYNAMIC: Final = 96  # RFC 3551 3
LAST_DYNAMIC: Final = 127

_ENCODING = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]{0,31})(?:/([1-9][0-9]{3,5})(?:/([12]))?)?")


@dataclass(frozen=True, slots=True)
class Codec:
    """One encoding with the number and the parameters that it has in a description.

    ``rate`` is the RTP clock in Hz (8000 for G.722 too: RFC 3551 4.5.2), ``fmtp`` what whoever
    wrote the description wants to receive. ``key`` is what makes it the same encoding in any
    description: ``PCMU``, ``OPUS/48000/2``; ``lines`` are its own, rtpmap and fmtp.
    """

    name: str
    payload_type: int
    rate: int = 8000
    channels: int = 1
    fmtp: str = ""
    key: str = field(init=False, repr=False, compare=False)
    lines: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", key_of(self.name, self.rate, self.channels))
        stereo = f"/{self.channels}" if self.channels > 1 else ""
        lines = f"a=rtpmap:{self.payload_type} {self.name}/{self.rate}{stereo}\r\n"
        if self.fmtp:
            lines += f"a=fmtp:{self.payload_type} {self.fmtp}\r\n"
        object.__setattr__(self, "lines", lines)

    def same_packets(self, other: Codec) -> bool:
        """Whether packets made for one can be read by the other.

        The parameters of most codecs say how packets look, and must be the same; those of G.711,
        G.722, G.729 and Opus are wishes only (RFC 7587 6.1), where G.729's annexb was offered as
        ``no`` to both.
        """
        if self.key != other.key:
            return False
        return self.key in _ANY_PARAMETERS or _parameters(self.fmtp) == _parameters(other.fmtp)


def key_of(name: str, rate: int, channels: int = 1) -> str:
    """The key of an encoding; G.711's is its bare name."""
    name = name.upper()
    if rate == 8000 and channels == 1 and name in _BARE:
        return name
    return f"{name}/{rate}/{channels}" if channels > 1 else f"{name}/{rate}"


_BARE: Final = frozenset({"PCMU", "PCMA"})

PCMU: Final = Codec("PCMU", 0)
PCMA: Final = Codec("PCMA", 8)
G711: Final = (PCMU, PCMA)

# By the name that a configuration writes, in lower case. A payload type of 0 is to be chosen.
# The parameters are those that every decoder takes, however the other party is made.
_KNOWN: Final = MappingProxyType(
    {
        "pcmu": PCMU,
        "pcma": PCMA,
        "gsm": Codec("GSM", 3),
        "g722": Codec("G722", 9),
        "g729": Codec("G729", 18, fmtp="annexb=no"),  # RFC 4856 2.1.9: absent would mean yes
        "g726-32": Codec("G726-32", 0),
        "ilbc": Codec("iLBC", 0, fmtp="mode=30"),  # RFC 3952 4.1
        "amr": Codec("AMR", 0, fmtp="octet-align=1"),
        "amr-wb": Codec("AMR-WB", 0, 16000, fmtp="octet-align=1"),
        "speex": Codec("speex", 0, 16000),
        "opus": Codec("opus", 0, 48000, 2, "useinbandfec=1"),  # always /48000/2 (RFC 7587 7)
    }
)
_STATIC: Final = {
    codec.key: codec.payload_type
    for codec in _KNOWN.values()
    if codec.payload_type or codec is PCMU
}
_ANY_PARAMETERS: Final = frozenset({"PCMU", "PCMA", "GSM/8000", "G722/8000", "G729/8000",
                                    "OPUS/48000/2"})  # fmt: skip


def find_codec(text: str) -> Codec:
    """The codec of a name (``opus``) or an encoding (``SPEEX/8000``), its payload type 0 where
    that is not fixed; raises :class:`ValueError` for what is neither."""
    known = _KNOWN.get(text.lower())
    if known is not None:
        return known
    match = _ENCODING.fullmatch(text)
    if match is None or match.group(2) is None or match.group(1).upper() == EVENT_NAME:
        raise ValueError(f"{text!r} is no codec")
    return Codec(match.group(1), 0, int(match.group(2)), int(match.group(3) or "1"))


class PayloadTypes:
    """Which number stands for which codec in one session; what was used once is never given to
    another (RFC 3264 8.3.2)."""

    __slots__ = ("_by_key", "_taken")

    def __init__(self, taken: tuple[int, ...] = ()) -> None:
        self._by_key: dict[str, int] = {}
        self._taken = set(taken)

    @property
    def blank(self) -> bool:
        """Whether no number was ever given to anything."""
        return not self._taken

    def learn(self, codec: Codec) -> None:
        """The peer has given this codec this number; one that is another's for good is not taken
        over (RFC 3551 6)."""
        number = codec.payload_type
        if number >= FIRST_DYNAMIC:
            if number not in self._taken:
                self._by_key.setdefault(codec.key, number)
            self._taken.add(number)

    def numbered(self, codec: Codec) -> Codec:
        """The codec with its number here; raises :class:`ValueError` when none is left."""
        number = _STATIC.get(codec.key, self._by_key.get(codec.key))
        if number is None:
            number = codec.payload_type
            if number < FIRST_DYNAMIC or number in self._taken:
                free = set(range(FIRST_DYNAMIC, LAST_DYNAMIC + 1)) - self._taken
                if not free:
                    raise ValueError("no payload type is left")
                number = min(free)
            self._by_key[codec.key] = number
            self._taken.add(number)
        return replace(codec, payload_type=number)


def _parameters(fmtp: str) -> frozenset[tuple[str, str]]:
    pairs = (part.partition("=") for part in fmtp.lower().split(";"))
    return frozenset((name.strip(), value.strip()) for name, _, value in pairs if name.strip())
