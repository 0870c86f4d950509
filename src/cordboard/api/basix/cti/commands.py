"""What a CTI client may want: texts with JSON, to which nothing is answered (basix_ws_cti.js,
``lib/cti.js``). What it leads to is seen in the events, and what can't be done in nothing but the
log."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

import structlog

from cordboard.api.basix.cti.desk import Desks
from cordboard.calls.refusals import Refused
from cordboard.calls.request import Leg
from cordboard.calls.running.wishes import Wishes, WrongState
from cordboard.exchange.exchange import Exchange

LONGEST_TARGET: Final = 254
"""Characters of a destination, as in requests."""

_log = structlog.get_logger(__name__)

_Wanted = Mapping[str, Any]


class CtiCommands:
    """The commands of one client, which touches nothing but its own tenant."""

    def __init__(self, exchange: Exchange, desks: Desks, domain: str) -> None:
        self._exchange = exchange
        self._desks = desks
        self._domain = domain

    def obey(self, text: str) -> bool:
        """Do what a text wants; whether it could be done."""
        try:
            wanted = json.loads(text)
        except (ValueError, RecursionError):
            return False
        if not isinstance(wanted, dict):
            return False
        does = _DOES.get(str(wanted.get("cmd")))
        found = self._desks.leg_of(self._domain, str(wanted.get("uuid")))
        if does is None or found is None:
            return False
        try:
            return does(self, *found, wanted)
        except (Refused, WrongState) as refusal:
            _log.info("cti.refused", tenant=self._domain, call=found[0], reason=str(refusal))
            return False

    def _hang_up(self, call: str, _leg: Leg, _wanted: _Wanted) -> bool:
        """End the call of a channel."""
        return self._exchange.hang_up(self._domain, call)

    def _park(self, call: str, leg: Leg, _wanted: _Wanted) -> bool:
        """Hold a party until somebody takes it back."""
        return self._exchange.wish(self._domain, call, lambda wishes, _: wishes.hold(leg, True))

    def _transfer(self, call: str, leg: Leg, wanted: _Wanted) -> bool:
        """Connect a party with somebody else, and let its other one go."""
        to = wanted.get("destination")
        if not isinstance(to, str) or not 0 < len(to.strip()) <= LONGEST_TARGET:
            return False

        def transfer(wishes: Wishes, now: float) -> None:
            wishes.transfer(leg, to.strip(), now)

        return self._exchange.wish(self._domain, call, transfer)


_DOES: Final[dict[str, Callable[[CtiCommands, str, Leg, _Wanted], bool]]] = {
    "hangup": CtiCommands._hang_up,
    "park": CtiCommands._park,
    "transfer": CtiCommands._transfer,
}
