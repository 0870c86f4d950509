"""The keys of the service's own sections of the configuration file: kinds, ranges and defaults."""

from __future__ import annotations

import platform
import re
from enum import Enum
from typing import Final

from cordboard import __version__
from cordboard.addresses import NO_HOSTS
from cordboard.calls.running.scheduled import DEFAULT_GRACE
from cordboard.configuration.listening import (
    ADDRESS,
    HOSTS,
    LAST_PORT,
    LISTENERS,
    NETWORKS,
    Listener,
)
from cordboard.configuration.overload_settings import OVERLOAD_FIELDS
from cordboard.configuration.watch_settings import LOG_FIELDS, METRICS_FIELDS
from cordboard.directory import kinds
from cordboard.directory.shape import (
    Field,
    Kind,
    Shape,
    integer,
    number,
    one_of,
    text,
    text_where,
    truth,
)
from cordboard.engines.capacity import CAPACITY_FIELDS
from cordboard.engines.dns.settings import DNS_FIELDS
from cordboard.journal.settings import STORE_FIELDS

DEFAULT_HTTP: Final = ("127.0.0.1", 8080)
DEFAULT_SIP: Final = (Listener("udp", "127.0.0.1", 5060), Listener("tcp", "127.0.0.1", 5060))
DEFAULT_PORTS: Final = (20_000, 29_999)
DEFAULT_RECORDINGS: Final = "recordings"
DEFAULT_LANGUAGES: Final = "languages"
DEFAULT_USER_AGENT: Final = f"cordboard/{__version__}"
DEFAULT_NODE: Final = platform.node()[:64] or "cordboard"
"""What the machine is called."""

VARIABLES: Final = {
    "CORDBOARD_NODE_NAME": ("node", "name"),
    "CORDBOARD_HTTP_LISTEN": ("http", "listen"),
    "CORDBOARD_SIP_LISTEN": ("sip", "listen"),
    "CORDBOARD_SIP_ADVERTISE": ("sip", "advertise"),
    "CORDBOARD_MEDIA_HOST": ("media", "host"),
    "CORDBOARD_MEDIA_ADVERTISE": ("media", "advertise"),
    "CORDBOARD_MEDIA_NATIVE": ("media", "native"),
    "CORDBOARD_STORE_URL": ("store", "url"),
}
"""What a container is told about the machine that it runs on; a list is separated by commas."""

FIRST_MEDIA_PORT: Final = 1024
"""Ports below are the system's (RFC 6335, 6)."""

PORTS_OF_A_CALL: Final = 4
"""RTP and RTCP of two legs: a range with fewer cannot hold a call."""

_PORT_RANGE = re.compile(r"([0-9]{1,5}) ?- ?([0-9]{1,5})")
_USER_AGENT = re.compile(r"[A-Za-z0-9.!%*_+`'~-]+(?:/[A-Za-z0-9.!%*_+`'~-]+)?")


class Strangers(Enum):
    """What peers that we do not know get to hear."""

    ANSWER = "answer"
    IGNORE = "ignore"


def _ports(value: str) -> tuple[int, int]:
    match = _PORT_RANGE.fullmatch(value)
    if match is None:
        raise ValueError
    low, high = int(match.group(1)), int(match.group(2))
    if not FIRST_MEDIA_PORT <= low <= high - PORTS_OF_A_CALL + 1 <= LAST_PORT:
        raise ValueError(f"it starts at {FIRST_MEDIA_PORT} or above, ends at {LAST_PORT} or below")
    return low, high


def _product(value: str) -> str:
    if not _USER_AGENT.fullmatch(value):
        raise ValueError
    return value


_PRODUCT = text_where('a product name such as "cordboard/1.0"', _product)
_RANGE = text_where('a range of 4 ports or more, "20000-29999"', _ports)


def _seconds(most: float) -> Kind:
    return number(0.001, most, "seconds")


SECTIONS: Final = {
    "node": Shape("node", {"name": Field(text("a name", longest=64))}),
    "http": Shape("http", {"listen": Field(ADDRESS, DEFAULT_HTTP)}),
    "sip": Shape(
        "sip",
        {
            "listen": Field(LISTENERS, DEFAULT_SIP),
            "advertise": Field(HOSTS, NO_HOSTS),
            "local_networks": Field(NETWORKS),
            "user_agent": Field(_PRODUCT, DEFAULT_USER_AGENT),
            "t1": Field(_seconds(2.0), 0.5),
            "t2": Field(_seconds(16.0), 4.0),
            "t4": Field(_seconds(20.0), 5.0),
            "session_expires": Field(integer(0, 86_400, "seconds"), 1800),
            "min_se": Field(integer(2, 3600, "seconds"), 90),
            "keepalive": Field(number(0.0, 3600.0, "seconds"), 0.0),
            "origins": Field(kinds.ORIGINS, []),
            "strangers": Field(one_of(Strangers), Strangers.ANSWER),
            "certificate": Field(text("a file's path")),
            "private_key": Field(text("a file's path")),
            "authorities": Field(text("a file's path")),
            "verify": Field(truth(), True),
            **DNS_FIELDS,
            **CAPACITY_FIELDS,
        },
    ),
    "media": Shape(
        "media",
        {
            "host": Field(HOSTS, NO_HOSTS),
            "advertise": Field(HOSTS, NO_HOSTS),
            "ports": Field(_RANGE, DEFAULT_PORTS),
            "native": Field(truth(), True),
            "recordings": Field(text("a folder's path", longest=1024), DEFAULT_RECORDINGS),
            "languages": Field(text("a folder's path", longest=1024), DEFAULT_LANGUAGES),
        },
    ),
    "store": Shape("store", STORE_FIELDS),
    "metrics": Shape("metrics", METRICS_FIELDS),
    "log": Shape("log", LOG_FIELDS),
    "overload": Shape("overload", OVERLOAD_FIELDS),
    "calls": Shape(
        "calls",
        {
            "longest_call": Field(kinds.SECONDS_OF_A_CALL, 6 * 3600.0),
            "media_timeout": Field(kinds.SECONDS_WITHOUT_MEDIA, 60.0),
            "drain": Field(number(0.0, 86_400.0, "seconds"), 0.0),
            "grace": Field(number(0.0, 86_400.0, "seconds"), DEFAULT_GRACE),
        },
    ),
}
