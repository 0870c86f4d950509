"""What the embedded engine has to be told."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from pathlib import Path

from cordboard import __version__
from cordboard.addresses import LOCAL_HOST, NO_HOSTS, Hosts
from cordboard.engines.connections import USUAL, ConnectionSettings
from cordboard.engines.dns.settings import DnsSettings
from cordboard.engines.embedded.rtp_ports import DEFAULT_PORT_RANGE
from cordboard.engines.tls import TlsSettings
from cordboard.engines.transport import Listen
from cordboard.sip.core import MIN_SE, SESSION_EXPIRES
from cordboard.sip.timers import Timers


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """Where to listen and what we are called.

    ``advertised`` stand in Via and Contact in place of the addresses we are bound to,
    ``media_advertised`` in SDP (by default ``media_hosts``, or where that is a wildcard the address
    that the peer's signalling finds us at); of each the one of the peer's family. ``secret`` signs
    nonces, and is another in each process: nobody keeps which were used. ``tag_secret`` signs the
    From tags of our calls: with the same one after a restart, what an earlier process began is
    known as ours. ``recordings`` is the folder of recorded calls, made when there is one;
    ``languages`` holds folders of prompts by language, beside our own. ``native_relay`` lets native
    code pass audio on, where it was built.
    """

    listen: tuple[Listen, ...] = (Listen("udp", "127.0.0.1", 5060),)
    advertised: Hosts = NO_HOSTS
    media_hosts: Hosts = LOCAL_HOST
    media_advertised: Hosts = NO_HOSTS
    media_ports: tuple[int, int] = DEFAULT_PORT_RANGE
    native_relay: bool = True
    timers: Timers = field(default_factory=Timers)
    session_expires: int = SESSION_EXPIRES
    min_se: int = MIN_SE
    ignore_strangers: bool = False
    user_agent: str = f"cordboard/{__version__}"
    tls: TlsSettings = field(default_factory=TlsSettings)
    dns: DnsSettings = field(default_factory=DnsSettings)
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    tag_secret: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    connections: ConnectionSettings = USUAL
    recordings: Path = Path("recordings")
    languages: Path | None = None
