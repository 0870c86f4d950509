"""What a CTI client may want: texts with JSON, to which nothing is answered (basix_ws_cti.js,
``lib/cti.js``). What it leads to is seen in the events, and what can't be done in nothing but the
log."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final

import structlog

from cordboard.api.basix.cti.desk import Desks
from cordboard.api.basix.cti.parking import Parking, seconds_of
from cordboard.calls.ports import EavesdropMode
from cordboard.calls.refusals import Refused
from cordboard.calls.request import Leg
from cordboard.calls.running.wishes import Wishes, WrongState
from cordboard.exchange.exchange import Exchange

LONGEST_TARGET: Final = 254
"""Characters of a destination, as in requests."""

_MODES: Final = {mode.value: mode for mode in EavesdropMode}
"""What the command ``eavesdrop`` may do; no client of the vendor's says which words it takes."""

_log = structlog.get_logger(__name__)

_Wanted = Mapping[str, Any]


class CtiCommands:
    """The commands of one client, which touches nothing but its own tenant."""

    def __init__(
        self,
        exchange: Exchange,
        desks: Desks,
        domain: str,
        parking: Parking,
        *,
        may_eavesdrop: bool,
    ) -> None:
        self._parking = parking
        self._may_eavesdrop = may_eavesdrop
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

    def _hang_up(self, call: str, _leg: Leg, wanted: _Wanted) -> bool:
        """Have a phone that rings do so no longer, or else end the call of a channel."""
        declined = False

        def decline(wishes: Wishes, now: float) -> None:
            nonlocal declined
            declined = wishes.decline(str(wanted["uuid"]), now)

        self._exchange.wish(self._domain, call, decline)
        return declined or self._exchange.hang_up(self._domain, call)

    def _park(self, call: str, leg: Leg, wanted: _Wanted) -> bool:
        """Hold a party for a time, or until somebody takes it back."""
        try:
            seconds = seconds_of(wanted.get("timeout"))
        except ValueError:
            return False
        if self._parking.full or not self._hold(call, leg, on=True):
            return False
        self._parking.park(str(wanted["uuid"]), seconds, lambda: self._give_back(call, leg))
        return True

    def _hold(self, call: str, leg: Leg, *, on: bool) -> bool:
        return self._exchange.wish(self._domain, call, lambda wishes, _: wishes.hold(leg, on))

    def _give_back(self, call: str, leg: Leg) -> None:
        """A party was held for long enough, if it still is."""
        with suppress(WrongState):
            self._hold(call, leg, on=False)

    def _transfer(self, call: str, leg: Leg, wanted: _Wanted) -> bool:
        """Connect a party with somebody else, and let its other one go."""
        to = wanted.get("destination")
        if not isinstance(to, str) or not 0 < len(to.strip()) <= LONGEST_TARGET:
            return False

        def transfer(wishes: Wishes, now: float) -> None:
            wishes.transfer(leg, to.strip(), now)

        return self._exchange.wish(self._domain, call, transfer)

    def _eavesdrop(self, call: str, _leg: Leg, wanted: _Wanted) -> bool:
        """Let the media plug of a channel hear the two of another one, who is watched."""
        target = self._desks.leg_of(self._domain, str(wanted.get("target_uuid")))
        mode = _MODES.get(str(wanted.get("subcommand")))
        if target is None or mode is None or not self._may_eavesdrop:
            return False

        def turn(wishes: Wishes, _now: float) -> None:
            wishes.eavesdrop(*target, mode)

        return self._exchange.wish(self._domain, call, turn)


_DOES: Final[dict[str, Callable[[CtiCommands, str, Leg, _Wanted], bool]]] = {
    "hangup": CtiCommands._hang_up,
    "park": CtiCommands._park,
    "transfer": CtiCommands._transfer,
    "eavesdrop": CtiCommands._eavesdrop,
}
