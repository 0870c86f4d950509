"""Calls by Asterisk's REST Interface, as a client that knows what it does places them."""

from __future__ import annotations

import base64
import json
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass, field

from bench.contenders.asterisk_files import APP, SECRET, USER, Ports
from bench.harness.http_lines import HttpLines
from bench.harness.load import TALK_SECONDS, Placed
from bench.harness.loop import Loop
from bench.harness.phones import THEIRS
from bench.harness.web_socket import WebSocket

JSON = "Content-Type: application/json\r\n"
AUTHORIZATION = (
    "Authorization: Basic " + base64.b64encode(f"{USER}:{SECRET}".encode()).decode() + "\r\n"
)
EVENTS = ("StasisStart", "StasisEnd", "ChannelDestroyed")
CALLER = "05068680000"


def uri(leg: str, number: int) -> str:
    """Where a leg's phone is; its user part tells the call."""
    port = THEIRS.first_port if leg == "a" else THEIRS.second_port
    return f"sip:{leg}{number}@127.0.0.1:{port}"


@dataclass(slots=True)
class _Under:
    """A call under way, and which of its channels are over."""

    placed: Placed
    number: int
    gone: set[str] = field(default_factory=set)


class Ari(ABC):
    """The connections to one Asterisk."""

    def __init__(self, loop: Loop, pid: int, ports: Ports) -> None:
        self.pid = pid
        self.sip_port = ports.sip
        self.loop = loop
        self._lines = HttpLines(loop, ports.control, AUTHORIZATION)
        self._under: dict[int, _Under] = {}
        self._over = 0
        self._socket = WebSocket(
            loop, ports.control, f"/ari/events?app={APP}", self._told, AUTHORIZATION
        )
        events = json.dumps({"allowed": [{"type": one} for one in EVENTS]}).encode()
        self._lines.ask("PUT", f"/ari/applications/{APP}/eventFilter", events, _ignored, JSON)

    def begin(self) -> None:
        """Count anew."""
        self._over = 0

    def refused(self) -> int:
        """It refuses nothing while it can speak."""
        return 0

    def settled(self, calls: int) -> bool:
        """Whether all channels of so many calls are gone."""
        return self._over >= calls

    def _begun(self, number: int) -> _Under:
        placed = Placed(time.time(), f"a{number}", f"b{number}")
        under = self._under[number] = _Under(placed, number)
        return under

    def _told(self, payload: bytes) -> None:
        event = json.loads(payload)
        name = event["channel"]["id"]
        under = self._under.get(int(name[1:])) if name[1:].isdigit() else None
        if under is not None:
            self._happened(under, event["type"], name[0])

    @abstractmethod
    def _happened(self, under: _Under, kind: str, leg: str) -> None:
        """An event of a channel came."""

    def _post(self, path: str, body: dict[str, object]) -> None:
        self._lines.ask("POST", path, json.dumps(body).encode(), _ignored, JSON)

    def _delete(self, path: str) -> None:
        self._lines.ask("DELETE", path, b"", _ignored)

    def _originate(self, under: _Under, leg: str, more: dict[str, object]) -> None:
        number, placed = under.number, under.placed
        body = {
            "endpoint": f"PJSIP/phone/{uri(leg, number)}",
            "channelId": f"{leg}{number}",
            "callerId": CALLER,
            "timeout": 20,
            **more,
        }

        def done(status: int, answer: bytes) -> None:
            placed.replied = placed.replied or time.time()
            if status != 200:
                placed.refused = f"{status} {answer[:80]!r}"
                self._ended(under)

        self._lines.ask("POST", "/ari/channels", json.dumps(body).encode(), done, JSON)

    def _ended(self, under: _Under) -> None:
        if self._under.pop(under.number, None) is not None:
            self._over += 1


class AriCalls(Ari):
    """Both legs by the application: originate, originate, bridge, two channels into it, and all
    three deleted: seven requests."""

    def place(self, number: int) -> Placed:
        """Ring the first leg."""
        under = self._begun(number)
        self._originate(under, "a", {"app": APP})
        return under.placed

    def _happened(self, under: _Under, kind: str, leg: str) -> None:
        number = under.number
        if kind == "StasisStart" and leg == "a":
            self._originate(under, "b", {"app": APP})
        elif kind == "StasisStart":
            bridge = f"/ari/bridges/r{number}"
            self._lines.ask(
                "POST",
                bridge,
                b'{"type":"mixing"}',
                lambda *_: self._post(f"{bridge}/addChannel", {"channel": f"a{number},b{number}"}),
                JSON,
            )
            self.loop.at(time.monotonic() + TALK_SECONDS, lambda: self._hang_up(under))
        elif kind == "ChannelDestroyed":
            under.gone.add(leg)
            if under.gone >= {"a", "b"}:
                self._ended(under)

    def _hang_up(self, under: _Under) -> None:
        for leg in "ab":
            self._delete(f"/ari/channels/{leg}{under.number}")
        self._delete(f"/ari/bridges/r{under.number}")


class AriIntoDialplan(Ari):
    """The first leg by one request, the second by the dialplan's Dial, which hangs up too."""

    def place(self, number: int) -> Placed:
        """Ring the first leg."""
        under = self._begun(number)
        where: dict[str, object] = {
            "context": "bench",
            "extension": "click",
            "priority": 1,
            "variables": {"SECOND": uri("b", number)},
        }
        self._originate(under, "a", where)
        return under.placed

    def settled(self, _: int) -> bool:
        """Nothing but the phones tells that they are over."""
        return True

    def _happened(self, under: _Under, kind: str, leg: str) -> None:
        """No event is awaited."""


def _ignored(status: int, answer: bytes) -> None:
    """Whether it did what was asked is seen on the wire."""
