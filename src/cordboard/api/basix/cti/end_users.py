"""Who is at an outside number, as one text: ``id*name*organization*avatar*prefecture``, each part
percent-encoded, and several as ``_MANY_:COUNT|ONE|ONE`` (basix_ws_cti.js, ``lib/utils.js``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import quote

PARTS: Final = ("id", "name", "organization", "avatar", "prefecture")

NOBODY: Final = b"***"
"""Stands for nobody where there has to be a text: the one form that clients of 2020 and of today
both read as null."""

End = Mapping[str, object]
"""The keys of an ``end_user`` as they were given."""


def end_user_text(*people: End | None) -> bytes | None:
    """The text of one, or of several who may be at a number; None where nothing is known of any.

    Whatever is no letter, digit or one of ``-._~`` is encoded, ``*`` and ``|`` too, which separate:
    the client's ``decodeURIComponent`` throws where a percent sign stands alone, and it reads
    ``+`` as a space.
    """
    known = [one for one in map(_one, people) if one.strip("*")]
    if not known:
        return None
    if len(known) == 1:
        return known[0].encode("ascii")
    return f"_MANY_:{len(known)}|{'|'.join(known)}".encode("ascii")


def percent(parts: Sequence[object]) -> bytes:
    """Parts encoded likewise and joined by ``*``, as ``origination`` has them."""
    return "*".join(map(_encoded, parts)).encode("ascii")


def _one(person: End | None) -> str:
    return "" if person is None else "*".join(_encoded(person.get(part)) for part in PARTS)


def _encoded(part: object) -> str:
    return "" if part is None else quote(str(part), safe="", errors="replace")
