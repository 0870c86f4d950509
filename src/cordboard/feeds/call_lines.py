"""What the log says of calls: one line at the end of each."""

from __future__ import annotations

from typing import Final

import structlog

from cordboard.calls.events import Recorded

_TOLD: Final = ("outcome", "leg", "stage", "cause", "sip_status")
_SECONDS: Final = ("first_ring_seconds", "second_ring_seconds", "talk_seconds")

_log = structlog.get_logger(__name__)


def tell_end(recorded: Recorded) -> None:
    """Write how a call ended, by its ``call.ended``: where, why, and after how many seconds. What
    its parties are called stays in its record."""
    data = recorded.event.data
    told = {name: data[name] for name in (*_TOLD, *_SECONDS) if data.get(name) not in (None, 0.0)}
    _log.info("call.ended", call=recorded.event.call, tenant=recorded.tenant, **told)
