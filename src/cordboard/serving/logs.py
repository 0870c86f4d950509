"""What the server writes about itself: one line an event on standard error.

Tracebacks are plain. structlog's own way would print the local variables of every frame, and among
them tokens and passwords. What libraries write by the standard library comes out the same way.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

import msgspec
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

_FIRST: Final = frozenset({"timestamp", "level", "event", "exception"})


def configure_logs(level: int = logging.INFO, *, as_json: bool = False) -> None:
    """Write events of ``level`` and above, each a line for people or JSON, with the time in UTC."""
    render: Processor = _json if as_json else _text
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(level),
        processors=[_begin, render],
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Standard(render))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(level, logging.WARNING))


def _begin(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
    """The level, the time, and the traceback where there is one: what structlog's own processors
    do, in a third of their time, for there is a line for each request."""
    event["level"] = name
    event["timestamp"] = _now()
    return _format_exception(logger, name, event) if "exc_info" in event else event


def _now() -> str:
    whole, fraction = divmod(time.time(), 1.0)
    return f"{_second(int(whole))}.{int(fraction * 1_000_000):06d}Z"


@lru_cache(maxsize=1)
def _second(at: int) -> str:
    """A second since 1970 in UTC (ISO 8601), written once for all lines of it."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S")


_format_exception = structlog.processors.format_exc_info


class _Standard(logging.Formatter):
    """Writes what libraries have to say as our own lines."""

    def __init__(self, render: Callable[..., Any]) -> None:
        super().__init__()
        self._render = render

    def format(self, record: logging.LogRecord) -> str:
        event: EventDict = {"event": record.getMessage(), "by": record.name}
        if record.exc_info:
            event["exc_info"] = record.exc_info
        level = record.levelname.lower()
        return str(self._render(None, level, _begin(None, level, event)))


def _text(_logger: WrappedLogger, _name: str, event: EventDict) -> str:
    """A line for people; what an exception left stands below it."""
    told = [f"{key}={value!s}" for key, value in event.items() if key not in _FIRST]
    fields = " ".join(told)
    if fields.count(" ") >= len(told) or not fields.isprintable():
        fields = " ".join(_quoted(event))
    line = f"{event['timestamp']} [{event['level']:<8}] {event['event']}"
    line = f"{line}  {fields}" if fields else line
    exception = event.get("exception")
    return line if exception is None else f"{line}\n{exception}"


def _quoted(event: EventDict) -> Iterator[str]:
    """The same where a value has a space in it, or what is not for one line: that is quoted."""
    for key, value in event.items():
        if key not in _FIRST:
            text = str(value)
            yield f"{key}={text if text.isprintable() and ' ' not in text else repr(text)}"


def _json(_logger: WrappedLogger, _name: str, event: EventDict) -> str:
    try:
        return msgspec.json.encode(event, enc_hook=str).decode()
    except UnicodeEncodeError:  # octets of a peer that are no text
        return json.dumps(event, default=str)
