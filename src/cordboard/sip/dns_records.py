"""What the domain name system is asked for a SIP server, and what it answers, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

MAX_RECORDS = 64
"""Of one answer; the largest SIP domains that we know of have some 20 SRV records. What is beyond
is not looked at, so that no answer can make a call costly."""


class RecordType(StrEnum):
    """The types of records that lead to a SIP server (RFC 3263 4)."""

    NAPTR = "NAPTR"
    SRV = "SRV"
    A = "A"
    AAAA = "AAAA"


class Question(NamedTuple):
    """What is asked; ``name`` is in lower case, without the dot at its end."""

    type: RecordType
    name: str

    def __str__(self) -> str:
        return f"{self.type} {self.name}"


@dataclass(frozen=True, slots=True)
class Naptr:
    """A service that a domain offers (RFC 3403 4.1); its regular expression is not kept, for SIP
    uses none (RFC 3263 4.1)."""

    order: int
    preference: int
    flags: str
    service: str
    replacement: str


@dataclass(frozen=True, slots=True)
class Srv:
    """A server of a service (RFC 2782); the target ``""`` (the root) says that there is none."""

    priority: int
    weight: int
    port: int
    target: str


Record = Naptr | Srv | str
"""An address is a text."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one question, good for ``ttl`` seconds.

    No ``records`` say that there are none of that type, and without ``exists`` none of any.
    ``alias`` is where to ask instead (CNAME), if the answer ends there. ``fault`` says why there is
    no answer at all: what the records are is then not known.
    """

    records: tuple[Record, ...] = ()
    ttl: float = 0.0
    exists: bool = True
    alias: str | None = None
    fault: str | None = None
