"""What is kept of an accepted request."""

from __future__ import annotations

from collections.abc import Sequence

from cordboard.calls.planning.plan import PlannedChannel
from cordboard.calls.request import CallRequest
from cordboard.journal.port import CallRecord
from cordboard.journal.request_form import written


def record_of(
    request: CallRequest, accepted_at: float, channels: Sequence[PlannedChannel] = ()
) -> CallRecord:
    """The record of a request, with the channels that its reply names."""
    return CallRecord(
        id=request.id,
        tenant=request.tenant,
        account=request.account,
        dialect=request.dialect,
        method=request.method,
        accepted_at=accepted_at,
        channels=tuple([channel.id for channel in channels]),
        request=written(request),
        external_id=request.external_id,
        callback=request.callback,
    )
