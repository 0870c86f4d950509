"""Which phone it is: its name at a server, or the place where it takes calls without one."""

from __future__ import annotations

from dataclasses import dataclass

from cordboard.addresses import bracketed
from cordboard.engines.transport import Listen
from cordboard.sip.address import NameAddr
from cordboard.sip.digest import Credentials
from cordboard.sip.flow import Flow
from cordboard.sip.stack import Registration
from cordboard.sip.uri import SipUri

EXPIRES = 300
"""s that a registration is asked for; it is renewed in time."""


@dataclass(frozen=True, slots=True)
class Account:
    """A SIP account at a server's IP address."""

    credentials: Credentials
    server: tuple[str, int]
    domain: str
    transport: str = "udp"
    server_name: str | None = None
    """By which name the server was found; its certificate has to be for it."""

    @property
    def user(self) -> str:
        """The SIP user name."""
        return self.credentials.username

    def registration(self, flow: Flow) -> Registration:
        """What the stack needs to keep it registered over a flow."""
        return Registration(
            name=self.user,
            registrar_uri=str(SipUri("sip", None, bracketed(self.domain))),
            aor=NameAddr(SipUri("sip", self.user, bracketed(self.domain))),
            contact_user=self.user,
            flow=flow,
            credentials=self.credentials,
            expires=EXPIRES,
        )


@dataclass(frozen=True, slots=True)
class Place:
    """Where a phone takes its calls; port 0 is any free one."""

    host: str
    port: int = 0
    transports: tuple[str, ...] = ("udp",)

    def listeners(self) -> tuple[Listen, ...]:
        """What to listen at: a phone takes its calls over the TLS connection that it made."""
        wanted = (transport for transport in self.transports if transport != "tls")
        return tuple(Listen(transport, self.host, self.port) for transport in wanted)
