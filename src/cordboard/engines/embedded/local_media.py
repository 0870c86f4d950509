"""The local media plane: sockets and time around the media streams, in our own event loop.

Three shared timers serve all sessions, and run only while one needs them: the ticker (20 ms, for
what is played), the brisk watch (100 ms, for early media and unfinished digits) and the slow one
(1 s, for reports and lost media). What comes is relayed as it is read
(:mod:`~cordboard.engines.embedded.media_poll`).
"""

from __future__ import annotations

import asyncio

from cordboard.engines.embedded.lodging import Lodgings
from cordboard.engines.embedded.media_clock import Beat, MediaTimers
from cordboard.engines.embedded.media_poll import MediaPoll, RelayFigures
from cordboard.engines.embedded.media_session import (
    BRISK_WATCH,
    SLOW_WATCH,
    TICK,
    MediaEventHandler,
    MediaSession,
)
from cordboard.engines.embedded.rtp_ports import (
    DEFAULT_PORT_RANGE,
    QUARANTINE,
    WARM_PAIRS,
    PortPair,
    RtpPortPool,
)
from cordboard.media.events import MEDIA_LOST_AFTER

__all__ = ["LocalMediaPlane", "MediaEventHandler", "MediaSession"]


class LocalMediaPlane:
    """Opens media sessions on ports of one address.

    :param host: IP address to bind to.
    :param advertised_host: what phones are told in its place, where it is behind a NAT or a
        wildcard; None: ``host`` itself.
    :param native: whether native code may pass packets on, where it was built.
    :raises ValueError: the host is no IP address, or the range holds no pair of ports.
    """

    def __init__(
        self,
        host: str,
        advertised_host: str | None = None,
        port_range: tuple[int, int] = DEFAULT_PORT_RANGE,
        *,
        warm: int = WARM_PAIRS,
        quarantine: float = QUARANTINE,
        native: bool = True,
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self._loop = loop or asyncio.get_running_loop()
        self._own_ports: set[int] = set()
        self.lodgings = Lodgings(
            advertised_host or host, self._own_ports, self._lend, self._take_back
        )
        """Where sessions of this plane are met."""
        self._ports = RtpPortPool(host, port_range, warm=warm, quarantine=quarantine)
        self._sessions: set[MediaSession] = set()
        self._poll = MediaPoll(self._loop, native=native)
        self._timers = MediaTimers(
            ticker=Beat(self._loop, TICK, MediaSession.tick),
            brisk=Beat(self._loop, BRISK_WATCH, MediaSession.watch),
            slow=Beat(self._loop, SLOW_WATCH, MediaSession.look_after),
        )
        self._ports.warm_up(self._loop.time())

    def open(
        self,
        channel: str,
        on_event: MediaEventHandler,
        *,
        media_timeout: float = MEDIA_LOST_AFTER,
    ) -> MediaSession:
        """Open a session for a channel; ``on_event`` is called with the channel and each event.

        :param media_timeout: seconds without a sign of life after the answer, 0 for never.
        :raises MediaPortsExhausted: no port pair is free.
        """
        session = MediaSession(
            channel,
            on_event,
            self.lodgings,
            self._loop,
            self._poll,
            self._timers,
            self._sessions.discard,
            media_timeout,
        )
        self._sessions.add(session)
        return session

    @property
    def sessions(self) -> int:
        """How many sessions are open."""
        return len(self._sessions)

    @property
    def relay(self) -> RelayFigures:
        """How audio is relayed, and how much was."""
        return self._poll.figures

    @property
    def free_ports(self) -> int:
        """How many more could be opened, those included whose ports still rest."""
        return self._ports.free

    def close(self) -> None:
        """Close all sessions, timers and sockets."""
        for session in tuple(self._sessions):
            session.close()
        self._timers.stop()
        self._poll.close()
        self._ports.close()

    def _lend(self) -> PortPair:
        pair = self._ports.acquire(self._loop.time())
        self._own_ports.add(pair.port)
        return pair

    def _take_back(self, pair: PortPair) -> None:
        self._own_ports.discard(pair.port)
        self._ports.release(pair, self._loop.time())
