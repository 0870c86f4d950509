"""Whether a caller asks for an answer without ringing: the dialects that phones understand."""

from __future__ import annotations

from cordboard.sip.errors import SipParseError
from cordboard.sip.grammar import parse_parameters
from cordboard.sip.message import Request


def asks_for_auto_answer(request: Request) -> bool:
    """Look for Call-Info ``answer-after=0``, Alert-Info ``alert-autoanswer`` or ``ring-answer``,
    and Answer-Mode ``Auto`` (RFC 5373 4.2); a malformed header asks for nothing.
    """
    return any(asks(value.lower()) for name, asks in _DIALECTS for value in _values(request, name))


def _call_info(value: str) -> bool:
    return _parameters(value).get("answer-after") == "0"


def _alert_info(value: str) -> bool:
    return "alert-autoanswer" in value or "ring-answer" in value


def _answer_mode(value: str) -> bool:
    return value.partition(";")[0].strip() == "auto"


_DIALECTS = (
    ("call-info", _call_info),
    ("alert-info", _alert_info),
    ("answer-mode", _answer_mode),
)


def _values(request: Request, name: str) -> list[str]:
    try:
        return request.each(name)
    except SipParseError:
        return []


def _parameters(value: str) -> dict[str, str | None]:
    _, bracket, parameters = value.rpartition(">")
    try:
        return parse_parameters(parameters if bracket else value.partition(";")[2])
    except SipParseError:
        return {}
