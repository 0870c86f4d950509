"""What is known of a trunk just now, and which trunks an outside number goes by."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from cordboard.calls.limits import trunk_take
from cordboard.calls.planning.live import LiveView
from cordboard.directory.model import Trunk


def full_name(trunk: Trunk, domain: str) -> str:
    """How a trunk is named where those of all tenants are: names are unique within one only."""
    return f"{trunk.name}@{domain}"


class PassedOver(msgspec.Struct, frozen=True, gc=False):
    """A trunk that was not chosen although an earlier choice; ``reason`` is for a person.

    ``later``: it is tried where those before it fail.
    """

    trunk: str
    reason: str
    later: bool


class WaysOut(msgspec.Struct, frozen=True, gc=False):
    """The trunks for a number in the order in which they are tried, and why in this."""

    trunks: tuple[Trunk, ...]
    passed_over: tuple[PassedOver, ...]


def ways_out(trunks: Iterable[Trunk], domain: str, live: LiveView) -> WaysOut:
    """Put a rule's trunks into the order in which to try them now.

    Those that can be used come first, as the rule has them; then those without a line free, which
    may have one by then; then those that we could not register with, which may take the call all
    the same. One that does not answer at all is left out: who asked for it to be watched does not
    want to wait for it. No trunks are left where all are such.
    """
    ready: list[Trunk] = []
    full: list[Trunk] = []
    unregistered: list[Trunk] = []
    passed: list[PassedOver] = []
    for trunk in trunks:
        state = live.trunk(full_name(trunk, domain))
        limited = trunk.channel_limit is not None or trunk.calls_per_second is not None
        reached = live.exceeded_by((trunk_take(trunk, domain),)) if limited else None
        if state.reachable is False:
            passed.append(PassedOver(trunk.name, f"down: {state.reason}", later=False))
        elif state.registered is False:
            unregistered.append(trunk)
            passed.append(PassedOver(trunk.name, f"not registered: {state.reason}", later=True))
        elif reached is not None:
            full.append(trunk)
            passed.append(PassedOver(trunk.name, f"the limit of {reached} is reached", later=True))
        else:
            ready.append(trunk)
    return WaysOut((*ready, *full, *unregistered), tuple(passed))
