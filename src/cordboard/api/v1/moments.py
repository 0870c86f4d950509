"""Times as clients write them: seconds since 1970, or RFC 3339."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field

_RFC_3339: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,6})?([Zz]|[+-]\d\d:\d\d)")
_NUMBER: Final = re.compile(r"-?\d{1,22}(\.\d{1,20})?([eE][+-]?\d{1,3})?")
"""As programs write floats: Python up to 16 digits before it takes an exponent, JavaScript 21."""

_SCHEMA: Final[dict[str, Any]] = {
    "type": ["number", "string"],
    "format": "date-time",
    "examples": [1767225600, "2026-01-01T00:00:00Z"],
}


def _in_json(value: Any) -> Any:
    """A time in a body: in seconds it is a number."""
    return _from_rfc_3339(value) if isinstance(value, str) else value


def _in_query(value: Any) -> Any:
    """A time in a query, where all is text. A plus sign that was not encoded arrives as a blank."""
    text = str(value).replace(" ", "+")
    return float(text) if _NUMBER.fullmatch(text) else _from_rfc_3339(text)


def _from_rfc_3339(text: str) -> float:
    if not _RFC_3339.fullmatch(text):
        raise ValueError("is neither seconds since 1970 nor a time as RFC 3339 writes it")
    try:
        return datetime.fromisoformat(text.upper()).timestamp()
    except (ValueError, OverflowError):
        raise ValueError("there is no such time") from None


_FINITE: Final = Field(allow_inf_nan=False, json_schema_extra=_SCHEMA)

Moment = Annotated[float, BeforeValidator(_in_json), _FINITE]
"""A time in a body, in seconds since 1970."""

AskedMoment = Annotated[float, BeforeValidator(_in_query), _FINITE]
"""The same in a query."""
