"""Via values: where a request came from and where its responses go (RFC 3261 18.2, RFC 3581)."""

from __future__ import annotations

from dataclasses import dataclass, field

from cordboard.addresses import canonical
from cordboard.sip.errors import SipParseError
from cordboard.sip.grammar import format_parameters, is_token, parse_parameters, split_list
from cordboard.sip.uri import split_host_port

MAGIC_COOKIE = "z9hG4bK"  # RFC 3261 8.1.1.7


@dataclass(frozen=True, slots=True)
class Via:
    """One Via entry; ``transport`` in upper case, ``host`` in lower case."""

    transport: str
    host: str
    port: int | None = None
    parameters: dict[str, str | None] = field(default_factory=dict, hash=False)
    version: str = "2.0"
    """Of SIP; another one is kept for the 505 that it gets."""

    def __str__(self) -> str:
        port = "" if self.port is None else f":{self.port}"
        head = f"SIP/{self.version}/{self.transport} {self.host}{port}"
        return head + format_parameters(self.parameters)

    @property
    def branch(self) -> str | None:
        """The branch parameter."""
        return self.parameters.get("branch")

    def as_received(self, host: str, port: int) -> Via:
        """The entry with ``received`` and, where asked for, ``rport`` filled in (RFC 3581 4).

        ``received`` has no brackets (RFC 3261 25.1), nor has ``host``.
        """
        parameters = dict(self.parameters)
        if "rport" in parameters:
            parameters["rport"] = str(port)
            parameters["received"] = host
        elif canonical(self.host) != canonical(host):
            parameters["received"] = host
        return Via(self.transport, self.host, self.port, parameters, self.version)


def parse_via(text: str) -> Via:
    """Read one Via entry; raises :class:`SipParseError`."""
    head, _, parameters = text.partition(";")
    words = head.replace("/", " / ").split()
    # SIP / 2.0 / UDP host [: port], white space allowed nearly anywhere (RFC 4475 3.1.1.1)
    if len(words) < 6 or words[0].upper() != "SIP" or words[1] != "/" or words[3] != "/":
        raise SipParseError("malformed Via")
    version, transport = words[2], words[4]
    if not is_token(version) or not is_token(transport):
        raise SipParseError("malformed Via")
    host, port = split_host_port("".join(words[5:]))
    if ";;" in parameters and any(not part for part in parameters.split(";")):
        raise SipParseError("empty Via parameter")
    return Via(transport.upper(), host, port, parse_parameters(parameters), version)


def branch_of(text: str) -> str | None:
    """The branch of the first entry of a Via value, as a rule without reading the rest of it.

    Raises :class:`SipParseError`.
    """
    start = text.find(";branch=")
    if start < 0 or "," in text[:start] or '"' in text:
        first = split_list(text)
        return parse_via(first[0]).branch if first else None
    return text[start + 8 :].partition(";")[0].partition(",")[0].strip() or None
