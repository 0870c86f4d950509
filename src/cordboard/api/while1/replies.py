"""The one shape of all replies: ``{"has_error", "messages", "results"}`` (OriginateCall)."""

from __future__ import annotations

from collections.abc import Sequence

from cordboard.api.answer import Answer, compact
from cordboard.calls.events import Json

Headers = tuple[tuple[bytes, bytes], ...]


def done(results: Sequence[Json] | dict[str, Json], headers: Headers = ()) -> Answer:
    """What was asked for."""
    listed = results if isinstance(results, dict) else list(results)
    body = compact({"has_error": False, "messages": [], "results": listed})
    return Answer(body=body, headers=headers)


def errors(
    messages: Sequence[str], result: str, status: int = 200, headers: Headers = ()
) -> Answer:
    """Why not; ``result`` is what that is counted as."""
    body = compact({"has_error": True, "messages": list(messages), "results": []})
    return Answer(status, body, headers=headers, result=result)
