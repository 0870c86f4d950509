"""What is kept of channels for the next process: the SIP stack's values as text, and back.

A record is JSON without a line break: which kind of value it is, then its parts. It holds no
password: ``keys`` names the trunk whose credentials answer a challenge.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Final

import msgspec
from pydantic import TypeAdapter

from cordboard.calls.ports import Records
from cordboard.sip.remains import DialogRemains, InviteRemains, OfferRemains, Remains

_INVITE: Final = "i1"
_DIALOG: Final = "d1"
_OFFER: Final = "o1"
"""With a version: what another one has written is not believed."""

_KINDS: Final = {InviteRemains: _INVITE, DialogRemains: _DIALOG, OfferRemains: _OFFER}

_encode = msgspec.json.Encoder().encode


class KeptRecords:
    """A :class:`~cordboard.sip.remains.Keeper` that has a channel's remains kept as its record."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def keep(self, call_id: str, remains: Remains) -> None:
        """Keep this in place of what was kept before."""
        self._records.keep(call_id, written(remains))

    def forget(self, call_id: str) -> None:
        """The call is over."""
        self._records.forget(call_id)


def written(remains: Remains) -> str:
    """Remains as a record."""
    kind = _KINDS[type(remains)]
    try:
        return _encode((kind, remains)).decode()
    except UnicodeEncodeError:  # what a peer said in octets that are no UTF-8
        return json.dumps((kind, remains))


def read(record: str) -> Remains:
    """The remains again; raises :class:`ValueError` for what was not written by us."""
    try:
        kind, parts = json.loads(record)
    except (TypeError, RecursionError) as error:
        raise ValueError("a record of another form") from error
    if kind == _INVITE:
        return _invite_form().validate_python(parts)
    if kind == _DIALOG:
        return _dialog_form().validate_python(parts)
    if kind == _OFFER:
        return _offer_form().validate_python(parts)
    raise ValueError("a record of another kind")


@cache
def _invite_form() -> TypeAdapter[InviteRemains]:
    return TypeAdapter(InviteRemains)


@cache
def _dialog_form() -> TypeAdapter[DialogRemains]:
    return TypeAdapter(DialogRemains)


@cache
def _offer_form() -> TypeAdapter[OfferRemains]:
    return TypeAdapter(OfferRemains)
