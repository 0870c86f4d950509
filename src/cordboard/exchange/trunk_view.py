"""A trunk as it is shown: what it is set to, how it is, and how much of it is in use."""

from __future__ import annotations

from collections.abc import Callable

from cordboard.calls.events import Json
from cordboard.calls.limits import trunk_take
from cordboard.calls.planning.live import LiveView
from cordboard.calls.planning.trunks import full_name
from cordboard.directory.model import Trunk


def trunk_view(
    trunk: Trunk, domain: str, live: LiveView, wall_of: Callable[[float], float]
) -> dict[str, Json]:
    """One trunk of a tenant; ``wall_of`` turns the engine's seconds into those since 1970."""
    state, take = live.trunk(full_name(trunk, domain)), trunk_take(trunk, domain)
    return {
        "name": trunk.name,
        "uri": trunk.uri,
        "state": state.word,
        "reachable": state.reachable,
        "registered": state.registered,
        "reason": state.reason or None,
        "since": None if state.since is None else round(wall_of(state.since), 3),
        "server": state.target,
        "calls": live.used(take.key),
        "channel_limit": trunk.channel_limit,
        "calls_per_second": trunk.calls_per_second,
    }
