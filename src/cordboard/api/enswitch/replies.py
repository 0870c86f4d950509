"""The one shape of all replies: ``{"responses": [{"code", "key", "message"}], "data"}``.

The HTTP status is 200 whatever the code is, as on the vendor's servers: some clients take any other
one for a fault of the network (vendor facts, 1). ``data`` is absent where there is nothing to tell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cordboard.api.answer import Answer, compact
from cordboard.api.enswitch.faults import Code, Fault
from cordboard.calls.events import Json

Headers = tuple[tuple[bytes, bytes], ...]

OK = "OK"


def done(headers: Headers = ()) -> Answer:
    """It is done, and there is nothing to tell."""
    return Answer(body=compact({"responses": [_response(Code.DONE, "", OK)]}), headers=headers)


def valid() -> Answer:
    """It could be done, and was only looked at."""
    return Answer(body=compact({"responses": [_response(Code.VALID, "", OK)]}))


def told(data: Mapping[str, Json] | Sequence[Json], headers: Headers = ()) -> Answer:
    """What was asked for: one object, or a list of them."""
    shown = dict(data) if isinstance(data, Mapping) else list(data)
    responses = [_response(Code.DONE_WITH_DATA, "", OK)]
    return Answer(body=compact({"responses": responses, "data": shown}), headers=headers)


def faults(wrong: Sequence[Fault], result: str, headers: Headers = ()) -> Answer:
    """Why not, fault by fault; ``result`` is what that is counted as."""
    responses = [_response(fault.code, fault.key, fault.message) for fault in wrong]
    return Answer(body=compact({"responses": responses}), headers=headers, result=result)


def _response(code: Code, key: str, message: str) -> dict[str, Json]:
    return {"code": code.value, "key": key, "message": message}
