"""What operators set about watching the server: the keys of ``[metrics]`` and ``[log]``."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

from cordboard.addresses import LOOPBACK, Network
from cordboard.configuration.listening import NETWORKS
from cordboard.directory.shape import Field, one_of, text, truth


class LogFormat(Enum):
    """How lines of the log are written."""

    TEXT = "text"
    JSON = "json"


class LogLevel(Enum):
    """From which weight on something is written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"

    @property
    def number(self) -> int:
        """As the standard library numbers it."""
        return int(logging.getLevelNamesMapping()[self.value.upper()])


@dataclass(frozen=True, slots=True)
class WatchSettings:
    """``networks`` and ``token`` are for who reads metrics; the rest is about the log."""

    networks: tuple[Network, ...] = LOOPBACK
    token: str | None = field(default=None, repr=False)
    format: LogFormat = LogFormat.TEXT
    level: LogLevel = LogLevel.INFO
    requests: bool = True
    calls: bool = True


METRICS_FIELDS: Final = {
    "networks": Field(NETWORKS),
    "token": Field(text("a token"), secret=True),
}
LOG_FIELDS: Final = {
    "format": Field(one_of(LogFormat), LogFormat.TEXT),
    "level": Field(one_of(LogLevel), LogLevel.INFO),
    "requests": Field(truth(), True),
    "calls": Field(truth(), True),
}


def watch_settings(metrics: dict[str, Any], log: dict[str, Any]) -> WatchSettings:
    """What the two tables say."""
    given = metrics["networks"]
    networks = LOOPBACK if given is None else tuple(filter(None, given))
    return WatchSettings(networks, metrics["token"], **log)
