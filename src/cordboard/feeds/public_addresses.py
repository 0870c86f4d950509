"""Which addresses are on the open Internet: only those may a tenant's URL lead to unless the
operator says otherwise, for what is inside trusts who comes from here (CWE-918)."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network
from typing import Final

Address = IPv4Address | IPv6Address

_NAT64: Final = IPv6Network("64:ff9b::/96")
"""Addresses that a gateway turns into the IPv4 address of their last 32 bits (RFC 6052)."""

_COMPATIBLE: Final = IPv6Network("::/96")
"""Addresses that some systems once turned into it themselves (RFC 4291 2.5.5.1)."""


def is_public(address: Address) -> bool:
    """Whether an address, or the IPv4 address that it stands for, is on the open Internet (the
    IANA special-purpose registries, RFC 6890)."""
    if isinstance(address, IPv6Address):
        inner = _embedded(address)
        if inner is not None:
            return is_public(inner)
    return address.is_global and not address.is_multicast


def _embedded(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 address stands for, if any: mapped, compatible, 6to4, of
    NAT64."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    wrapped = any(address in network for network in (_NAT64, _COMPATIBLE))
    return IPv4Address(int(address) & 0xFFFFFFFF) if wrapped else None
