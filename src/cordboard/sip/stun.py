"""STUN on the SIP port: how a phone behind a NAT learns that its way to us is still the same.

A phone that registered over UDP sends Binding requests there, keeps the NAT open by them, and reads
from the answers under which address it is seen; another one than before, and it registers anew
(RFC 5626 3.5.2, 4.4.2). Messages are those of RFC 5389 and RFC 8489; what came before them (RFC
3489, without the magic cookie) is not answered. Nor is anybody authenticated: the answer says
nothing but what the asker's own packets say.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

COOKIE: Final = bytes.fromhex("2112a442")
HEADER_OCTETS: Final = 20

MAX_OCTETS: Final = 548
"""What fits into the smallest packet that every network carries (RFC 5389 7.1)."""

BINDING_REQUEST: Final = 0x0001
BINDING_SUCCESS: Final = 0x0101
BINDING_ERROR: Final = 0x0111

ERROR_CODE: Final = 0x0009
UNKNOWN_ATTRIBUTES: Final = 0x000A
XOR_MAPPED_ADDRESS: Final = 0x0020
FINGERPRINT: Final = 0x8028

FIRST_OPTIONAL: Final = 0x8000
"""Attributes below have to be understood (RFC 5389 15)."""

UNDERSTOOD: Final = frozenset({0x0001, 0x0006, 0x0008, 0x0014, 0x0015, 0x001C, 0x001E, 0x0020})
"""Of those: addresses, and credentials that nobody asked for and nobody looks at."""

_FINGERPRINT_OCTETS: Final = 8
_FINGERPRINT_MASK: Final = 0x5354554E
_FAMILIES: Final = {4: 1, 6: 2}
_UNKNOWN_REASON: Final = b"Unknown Attribute"

Attributes = tuple[tuple[int, bytes], ...]


@dataclass(frozen=True, slots=True)
class StunMessage:
    """One message: its type, its transaction (12 octets), its attributes in order. ``fingerprint``
    is said apart from them, for it stands last and covers all else."""

    kind: int
    transaction: bytes
    attributes: Attributes = ()
    fingerprint: bool = False

    def __bytes__(self) -> bytes:
        body = b"".join([_written(kind, value) for kind, value in self.attributes])
        size = len(body) + (_FINGERPRINT_OCTETS if self.fingerprint else 0)
        head = self.kind.to_bytes(2, "big") + size.to_bytes(2, "big") + COOKIE + self.transaction
        message = head + body
        return message + _fingerprint_of(message) if self.fingerprint else message


def parse_stun(data: bytes) -> StunMessage | None:
    """Read a message; None for what is none, or one with a wrong fingerprint."""
    size = int.from_bytes(data[2:4], "big")
    if not HEADER_OCTETS <= len(data) <= MAX_OCTETS or data[4:8] != COOKIE or data[0] > 0x3F:
        return None
    if size % 4 or size != len(data) - HEADER_OCTETS:
        return None
    attributes: list[tuple[int, bytes]] = []
    at = HEADER_OCTETS
    while at < len(data):
        kind, length = (int.from_bytes(data[at + n : at + n + 2], "big") for n in (0, 2))
        value = data[at + 4 : at + 4 + length]
        if len(value) != length:
            return None
        if kind == FINGERPRINT:
            if data[at:] != _fingerprint_of(data[:at]):
                return None
            break
        attributes.append((kind, value))
        at += 4 + _padded(length)
    else:
        return StunMessage(int.from_bytes(data[:2], "big"), data[8:20], tuple(attributes))
    return StunMessage(int.from_bytes(data[:2], "big"), data[8:20], tuple(attributes), True)


def answer_stun(data: bytes, source: tuple[str, int]) -> bytes | None:
    """The answer to a Binding request from ``source``; None for anything else."""
    request = parse_stun(data)
    if request is None or request.kind != BINDING_REQUEST:
        return None
    unknown = [kind for kind, _ in request.attributes if kind < FIRST_OPTIONAL]
    unknown = [kind for kind in unknown if kind not in UNDERSTOOD]
    if unknown:  # RFC 5389 7.3.1
        kind = BINDING_ERROR
        listed = b"".join(one.to_bytes(2, "big") for one in dict.fromkeys(unknown))
        attributes: Attributes = (
            (ERROR_CODE, b"\0\0\x04\x14" + _UNKNOWN_REASON),
            (UNKNOWN_ATTRIBUTES, listed),
        )
    else:
        kind = BINDING_SUCCESS
        attributes = ((XOR_MAPPED_ADDRESS, xor_address(source, request.transaction)),)
    return bytes(StunMessage(kind, request.transaction, attributes, request.fingerprint))


def xor_address(address: tuple[str, int], transaction: bytes) -> bytes:
    """The value of XOR-MAPPED-ADDRESS (RFC 5389 15.2): NATs that rewrite addresses wherever they
    see one do not see this one. Raises :class:`ValueError` where the host is no IP address."""
    host = ip_address(address[0].partition("%")[0])
    port = address[1] ^ int.from_bytes(COOKIE[:2], "big")
    masked = _xor(host.packed, COOKIE + transaction)
    return bytes((0, _FAMILIES[host.version])) + port.to_bytes(2, "big") + masked


def xored_address(value: bytes, transaction: bytes) -> tuple[str, int] | None:
    """The address that such a value stands for; None where it stands for none."""
    if (value[1:2], len(value)) not in ((b"\1", 8), (b"\2", 20)):
        return None
    port = int.from_bytes(value[2:4], "big") ^ int.from_bytes(COOKIE[:2], "big")
    return str(ip_address(_xor(value[4:], COOKIE + transaction))), port


def _xor(octets: bytes, mask: bytes) -> bytes:
    return bytes(one ^ other for one, other in zip(octets, mask, strict=False))


def _written(kind: int, value: bytes) -> bytes:
    padding = bytes(_padded(len(value)) - len(value))
    return kind.to_bytes(2, "big") + len(value).to_bytes(2, "big") + value + padding


def _padded(length: int) -> int:
    return -(-length // 4) * 4


def _fingerprint_of(message: bytes) -> bytes:
    """The attribute that ends a message of which all else is here (RFC 5389 15.5); the header's
    length counts it already."""
    checked = zlib.crc32(message) ^ _FINGERPRINT_MASK
    return FINGERPRINT.to_bytes(2, "big") + b"\0\4" + checked.to_bytes(4, "big")
