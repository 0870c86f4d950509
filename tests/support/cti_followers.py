"""Who follows a running server by the CTI WebSocket and by v1's events, each message in its order:
what both say of the same moments can be compared though nobody can look at both at once."""

from __future__ import annotations

import threading
from base64 import b64encode
from contextlib import ExitStack
from typing import Any, Final

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from support.block import Block
from support.cti_store import CtiStore
from support.server import DOMAIN, TOKEN, CordboardServer
from support.waiting import wait_until

Moment = frozenset[tuple[str, bool]]
"""The channels that are alive, and whether each has answered."""

SECONDS: Final = 20.0


class CtiFollower(Block):
    """One connection, which rebuilds the vendor's store from its frames."""

    def __init__(
        self, server: CordboardServer, query: str = "app_name=python&full_events=true"
    ) -> None:
        place = f"{server.place.host}:{server.http_port}"
        self._url = f"ws://{place}/basix/api/ws_cti?{query}"
        self._socket: ClientConnection | None = None
        self._open = ExitStack()
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._fault: BaseException | None = None
        self.store = CtiStore()
        self.moments: list[Moment] = []

    @property
    def greeted(self) -> bool:
        """Whether it knows how things are."""
        return "channel" in self.store.elements

    @property
    def is_empty(self) -> bool:
        """Whether it knows of no channel, neither of any that waits."""
        elements = self.store.elements
        return self.greeted and not elements["channel"] and not elements["channel_waiting"]

    def _begin(self) -> None:
        credentials = b64encode(f"{DOMAIN}:{TOKEN}".encode()).decode()
        connecting = connect(
            self._url,
            additional_headers={"Authorization": f"Basic {credentials}"},
            open_timeout=SECONDS,
            max_size=None,
        )
        self._socket = self._open.enter_context(connecting)
        self._thread.start()
        wait_until(lambda: self.greeted or self._fault, SECONDS, "it is told how things are")

    def _follow(self) -> None:
        assert self._socket is not None
        try:
            for message in self._socket:
                assert isinstance(message, bytes)
                self.store.take(message)
                if self.greeted:
                    self._look()
        except ConnectionClosed:
            pass
        except BaseException as fault:
            self._fault = fault

    def _look(self) -> None:
        channels = self.store.channels.items()
        now = frozenset((uuid, one["answer_timestamp"] is not None) for uuid, one in channels)
        if not self.moments or self.moments[-1] != now:
            self.moments.append(now)

    def _end(self) -> None:
        self._break_off()
        assert self._fault is None, f"a frame would have ended the vendor's client: {self._fault}"

    def _break_off(self) -> None:
        self._open.close()
        if self._socket is not None:
            self._thread.join(SECONDS)


class V1Follower(Block):
    """``/v1/events``, and what is alive by it after each event."""

    def __init__(self, server: CordboardServer) -> None:
        self._server = server
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._over = threading.Event()
        self.ready = threading.Event()
        self._alive: dict[str, tuple[str, bool]] = {}
        self.ended: set[str] = set()
        self.moments: list[Moment] = []

    def _begin(self) -> None:
        self._thread.start()
        assert self.ready.wait(SECONDS)

    def _follow(self) -> None:
        for message in self._server.feed("", SECONDS):
            if message["type"] == "snapshot":
                assert message["calls"] == [], "it begins with a house at rest"
                self._look()
                self.ready.set()
            elif message["type"] == "event":
                self._take(message)
                self._look()
            if self._over.is_set():
                return

    def _take(self, event: dict[str, Any]) -> None:
        kind, channel, call = event["kind"], event["channel"], event["call"]
        if kind in ("channel.dialled", "channel.offered"):
            self._alive[channel] = (call, False)
        elif kind == "channel.answered":
            self._alive[channel] = (call, True)
        elif kind == "channel.ended":
            self._alive.pop(channel, None)
        elif kind == "call.ended":
            self._alive = {key: one for key, one in self._alive.items() if one[0] != call}
            self.ended.add(call)

    def _look(self) -> None:
        now = frozenset((uuid, answered) for uuid, (_, answered) in self._alive.items())
        if not self.moments or self.moments[-1] != now:
            self.moments.append(now)

    def _end(self) -> None:
        self._over.set()
