"""The media planes of a server with addresses of both families: each peer is met on its own.

Legs of different families hear each other all the same: what comes on one plane's ports goes out by
the other's.
"""

from __future__ import annotations

import asyncio

from cordboard.addresses import NO_HOSTS, Family, Hosts, family_of
from cordboard.engines.embedded.local_media import LocalMediaPlane
from cordboard.engines.embedded.media_poll import RelayFigures
from cordboard.engines.embedded.media_session import MediaEventHandler, MediaSession
from cordboard.engines.embedded.rtp_ports import DEFAULT_PORT_RANGE, MediaPortsExhausted
from cordboard.media.events import MEDIA_LOST_AFTER


class MediaPlanes:
    """Opens media sessions on the address of a peer's family.

    :param hosts: IP addresses to bind to.
    :param advertised: what phones are told in their place.
    :param native: whether native code may pass packets on, where it was built.
    :raises ValueError: the range holds no pair of ports.
    """

    def __init__(
        self,
        hosts: Hosts,
        advertised: Hosts = NO_HOSTS,
        port_range: tuple[int, int] = DEFAULT_PORT_RANGE,
        *,
        native: bool = True,
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self._planes: dict[Family, LocalMediaPlane] = {}
        for host in hosts:
            told = advertised.of_family(family_of(host))
            self._planes[family_of(host)] = LocalMediaPlane(
                host, told, port_range, native=native, loop=loop
            )

    def open(
        self,
        peer: str,
        channel: str,
        on_event: MediaEventHandler,
        *,
        media_timeout: float = MEDIA_LOST_AFTER,
    ) -> MediaSession:
        """Open a session for a channel whose peer's signalling is at an IP address.

        :raises MediaPortsExhausted: no port pair is free, or there is no address of that family.
        """
        return self._plane(peer).open(channel, on_event, media_timeout=media_timeout)

    def move(self, session: MediaSession, peer: str) -> None:
        """Have a session met on the address of a peer's family, where that has become another one.

        :raises MediaPortsExhausted: as above; the session stays where it is.
        """
        session.move(self._plane(peer).lodgings)

    @property
    def relay(self) -> RelayFigures:
        """How audio is relayed, and how much was."""
        each = [plane.relay for plane in self._planes.values()]
        return RelayFigures(
            all(one.native for one in each),
            sum(one.passed for one in each),
            sum(one.taken for one in each),
        )

    def _plane(self, peer: str) -> LocalMediaPlane:
        family = family_of(peer)
        plane = self._planes.get(family)
        if plane is None:
            raise MediaPortsExhausted(f"there is no {family.value} address for voice")
        return plane

    def close(self) -> None:
        """Close all sessions, timers and sockets."""
        for plane in self._planes.values():
            plane.close()
