"""The addresses of a name, for whoever wants to connect to it and nothing more."""

from __future__ import annotations

import asyncio
from typing import Final

from cordboard.engines.dns.port import Resolver
from cordboard.sip.dns_records import Question, RecordType

MAX_ADDRESSES: Final = 8
"""Of each family that are tried; big sites have six or eight."""


class NameLeadsNowhere(OSError):
    """A name has no address, or nobody says which."""


async def addresses_of(
    resolver: Resolver, name: str, *, ipv4: bool = True, ipv6: bool = True
) -> tuple[str, ...]:
    """The addresses of a name, those of IPv4 first: where there is no IPv6, that is found out only
    by trying. Raises :class:`NameLeadsNowhere`."""
    types = [*[RecordType.A] * ipv4, *[RecordType.AAAA] * ipv6]
    asked = name.rstrip(".").lower()
    answers = await asyncio.gather(*(resolver.ask(Question(type_, asked)) for type_ in types))
    found = tuple(str(address) for answer in answers for address in answer.records[:MAX_ADDRESSES])
    if not found:
        fault = next((answer.fault for answer in answers if answer.fault is not None), None)
        raise NameLeadsNowhere(fault or "the name has no address")
    return found
