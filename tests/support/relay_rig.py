"""Some legs of calls on sockets of the loopback, relayed in a time that stands still.

The same things can be done to two of them, one with the native part of the relay and one without:
whatever is random is the same in both, and what phones get is put aside, socket by socket.
"""

from __future__ import annotations

import asyncio
import os
import random
import select
import socket
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import Any, Final, cast
from unittest.mock import patch

from cordboard.engines.embedded import media_session
from cordboard.engines.embedded.lodging import Lodgings
from cordboard.engines.embedded.media_clock import Beat, MediaTimers
from cordboard.engines.embedded.media_poll import MediaPoll
from cordboard.engines.embedded.media_session import BRISK_WATCH, SLOW_WATCH, TICK, MediaSession
from cordboard.engines.embedded.rtp_ports import PortPair
from cordboard.media.events import MediaEvent

OWN, ELSEWHERE, STRANGER = range(3)
"""From where a phone's packets come: its port, another one of its host, and another host."""

HOSTS: Final = ("127.0.0.1", "127.0.0.1", "127.0.0.2")
PATIENCE_MS: Final = 20_000
"""How long the loopback may take on a machine that does something else."""


class StillLoop:
    """An event loop whose time is set by hand, and which looks for packets when it is told to."""

    def __init__(self) -> None:
        self._now = 1000.0
        self._soon: list[tuple[Callable[..., object], tuple[object, ...]]] = []
        self._timers: list[asyncio.TimerHandle] = []
        self._readers: dict[int, Callable[[], object]] = {}

    def time(self) -> float:
        return self._now

    def call_soon(self, what: Callable[..., object], *given: object) -> None:
        self._soon.append((what, given))

    def call_at(self, when: float, what: Callable[..., object]) -> asyncio.TimerHandle:
        timer = asyncio.TimerHandle(when, what, (), cast(Any, self))
        self._timers.append(timer)
        return timer

    def call_later(self, delay: float, what: Callable[..., object]) -> asyncio.TimerHandle:
        return self.call_at(self._now + delay, what)

    def add_reader(self, number: int, what: Callable[[], object]) -> None:
        self._readers[number] = what

    def remove_reader(self, number: int) -> None:
        self._readers.pop(number, None)

    def get_debug(self) -> bool:
        return False

    def _timer_handle_cancelled(self, _: asyncio.TimerHandle) -> None:
        """It is found when it is due."""

    def read(self) -> None:
        """Look at each file that is watched."""
        for reader in tuple(self._readers.values()):
            reader()
        self.settle()

    def settle(self) -> None:
        """Do what was to be done soon."""
        while self._soon:
            what, given = self._soon.pop(0)
            what(*given)

    def wait(self, seconds: float) -> None:
        """Let time pass, with all that is due meanwhile."""
        until = self._now + seconds
        while due := [timer for timer in self._timers if timer.when() <= until]:
            timer = min(due, key=asyncio.TimerHandle.when)
            self._timers.remove(timer)
            self._now = max(self._now, timer.when())
            if not timer.cancelled():
                timer._run()
            self.settle()
        self._now = until


class Unsent(socket.socket):
    """Puts aside what it is to send."""

    def __init__(self) -> None:
        super().__init__(socket.AF_INET, socket.SOCK_DGRAM)
        self.unsent: list[bytes] = []

    def sendto(self, data: Any, *_: Any) -> int:
        self.unsent.append(bytes(data))
        return len(data)


class Leg:
    """A session and its phone, which has three sockets."""

    def __init__(self, rig: RelayRig, name: str) -> None:
        self.rig = rig
        self.events: list[MediaEvent] = []
        self.heard: list[list[bytes]] = [[], [], []]
        self.phone = [rig.opened(host) for host in HOSTS]
        self.session = MediaSession(
            name,
            lambda _, event: self.events.append(event),
            rig.lodgings,
            cast(asyncio.AbstractEventLoop, rig.loop),
            rig.poll,
            rig.timers,
            lambda _: None,
            60.0,
        )

    @property
    def port(self) -> int:
        """Of the phone."""
        port: int = self.phone[OWN].getsockname()[1]
        return port

    def say(self, data: bytes, place: int = OWN) -> None:
        """Send a datagram to the session, which is there when this is over."""
        pair = self.rig.at(self.session)
        self.phone[place].sendto(data, ("127.0.0.1", pair.port))
        ready = select.poll()
        ready.register(pair.rtp, select.POLLIN)
        assert ready.poll(PATIENCE_MS), "the loopback has lost a packet"

    def collect(self, ending: bytes) -> None:
        """Put aside what the phone got, up to a datagram that nobody else sends."""
        for one, heard in zip(self.phone, self.heard, strict=True):
            heard.extend(iter(partial(one.recv, 2048), ending))


class RelayRig:
    """So many legs, and what relays between them; close it."""

    def __init__(self, native: bool, legs: int = 2, seed: int = 0) -> None:
        self._stack = ExitStack()
        self._stay_here()
        self._pairs: dict[int, PortPair] = {}
        self.loop = StillLoop()
        loop = cast(asyncio.AbstractEventLoop, self.loop)
        dice = random.Random(seed)
        for name, made in (
            ("bits", dice.getrandbits),
            ("token", lambda count: "f" * count),
        ):
            self._stack.enter_context(patch.object(media_session, name, made))
        self.poll = MediaPoll(loop, native=native)
        self._stack.callback(self.poll.close)
        self.timers = MediaTimers(
            ticker=Beat(loop, TICK, MediaSession.tick),
            brisk=Beat(loop, BRISK_WATCH, MediaSession.watch),
            slow=Beat(loop, SLOW_WATCH, MediaSession.look_after),
        )
        self.reports: list[list[bytes]] = []
        self.legs = [Leg(self, f"leg-{number}") for number in range(legs)]

    @property
    def passed(self) -> int:
        """How many packets were passed on natively."""
        return self.poll.relay.passed if self.poll.relay is not None else 0

    def opened(self, host: str) -> socket.socket:
        """A socket of a phone, or for audio."""
        made = self._stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        made.bind((host, 0))
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        made.settimeout(PATIENCE_MS / 1000)
        return made

    @property
    def lodgings(self) -> Lodgings:
        """Where sessions are met; their reports are put aside."""
        return Lodgings("127.0.0.1", frozenset(), self._lend, lambda _: None)

    def _lend(self) -> PortPair:
        rtp, rtcp = self.opened("127.0.0.1"), self._stack.enter_context(Unsent())
        rtp.setblocking(False)
        self.reports.append(rtcp.unsent)
        pair = PortPair(rtp.getsockname()[1], rtp, rtcp)
        self._pairs[pair.port] = pair
        return pair

    def at(self, session: MediaSession) -> PortPair:
        """The sockets of a session."""
        return self._pairs[session.address[1]]

    def collect(self) -> None:
        """Have each leg put aside what its phone got; what is sent later is behind it."""
        ending = b"that is all"
        for leg in self.legs:
            for heard in leg.phone:
                self.at(leg.session).rtp.sendto(ending, heard.getsockname())
            leg.collect(ending)

    def close(self) -> None:
        """End it."""
        self._stack.close()

    def _stay_here(self) -> None:
        """Stay on one core, of which the loopback keeps the order."""
        allowed = os.sched_getaffinity(0)
        self._stack.callback(os.sched_setaffinity, 0, allowed)
        os.sched_setaffinity(0, {random.choice(tuple(allowed))})
