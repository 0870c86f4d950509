"""Where a request for a SIP URI goes: its servers, found by DNS (RFC 3263, RFC 7984).

Pure: the URI, what we can reach and all answers so far go in; the servers in the order in which
they are to be tried come out, with the questions that are still open. What is not answered yet
counts as empty, so that all that may be needed is asked at the same time: a domain that nobody has
asked for costs two rounds of questions, seldom three.

Theory of operation. An address, or a name with a port, needs no search for services. Else a
``transport`` parameter leads to that transport's SRV records; without one NAPTR records say which
transports the domain offers, and where there are none the SRV records of every transport that we
have are asked for. Where there is no SRV record the name itself is the server, at the usual port.

Three things the RFCs leave open are settled here. Of the NAPTR records those of the lowest order
that we can use count (RFC 3403 4.1), all their transports one after the other, but none in the
clear after one that is encrypted. All addresses of a server are tried before the next server. And
the name that a certificate has to be for is the URI's own, for it alone is not from the DNS
(RFC 5922 7.1).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from cordboard.addresses import canonical, is_address, written
from cordboard.sip.dns_records import (
    MAX_RECORDS,
    Answer,
    Naptr,
    Question,
    RecordType,
    Srv,
)
from cordboard.sip.srv_order import in_order
from cordboard.sip.uri import SipUri

MAX_SERVERS = 16
"""SRV records whose addresses are asked for, the best first: more are never tried."""
MAX_ADDRESSES = 8
"""Of one name and type."""
MAX_TARGETS = 16
"""A call that found sixteen servers dead will not find the seventeenth alive."""
MAX_ALIASES = 8
"""CNAMEs one after another; BIND follows 16, Unbound 11."""

SECURE = frozenset({"tls", "wss"})
"""Transports that nobody can read along."""

SERVICES = {
    "SIP+D2U": "udp",
    "SIP+D2T": "tcp",
    "SIPS+D2T": "tls",
    "SIP+D2W": "ws",
    "SIPS+D2W": "wss",
}
"""What NAPTR records call the transports (RFC 3263 4.1, RFC 7118 6)."""

PREFIXES = {
    "udp": "_sip._udp.",
    "tcp": "_sip._tcp.",
    "tls": "_sips._tcp.",
    "ws": "_sip._ws.",
    "wss": "_sips._ws.",
}
"""Where the SRV records of a transport are (RFC 3263 4.1)."""

_FAMILIES = {RecordType.A: "IPv4", RecordType.AAAA: "IPv6"}
_USUAL_PORTS = {"tls": 5061, "ws": 80, "wss": 443}
_SECURED = {"tcp": "tls", "tls": "tls", "ws": "wss", "wss": "wss"}

AnswerTo = Callable[[Question], Answer | None]

Means = Mapping[str, tuple[RecordType, ...]]
"""The transports that we have, the best first, and which addresses each may go to: A, AAAA or both,
in the order in which they are to be tried (RFC 7984 3.1 leaves that to RFC 6724: IPv6 first)."""


class Target(NamedTuple):
    """A server to try; ``name`` is what its certificate has to be for."""

    transport: str
    address: str
    port: int
    name: str

    def __str__(self) -> str:
        return f"{self.transport}:{written(self.address, self.port)}"


@dataclass(frozen=True, slots=True)
class Located:
    """The servers, in the order in which they are to be tried; ``fault`` says why there are none.

    While there are ``questions`` the targets are what is known so far.
    """

    targets: tuple[Target, ...]
    questions: tuple[Question, ...] = ()
    fault: str = ""


Servers = tuple[tuple[Srv, tuple[Target, ...]], ...]
"""The servers of one service, each with its addresses."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What the answers say of a URI, before chance orders its servers: good for as long as all
    answers to what was ``asked`` are. ``questions`` are those without an answer so far."""

    services: tuple[Servers, ...] = ()
    asked: tuple[Question, ...] = ()
    questions: tuple[Question, ...] = ()
    fault: str = ""

    def located(self, chance: Callable[[], float]) -> Located:
        """The servers in an order of their own for each call; ``chance`` gives numbers from 0 to
        below 1."""
        found: list[Target] = []
        for servers in self.services:
            if len(servers) == 1:
                found += servers[0][1]
                continue
            addresses = dict(servers)
            for server in in_order(addresses, chance):
                found += addresses[server]
        targets = tuple(dict.fromkeys(found))[:MAX_TARGETS]
        return Located(targets, self.questions, "" if targets else self.fault)


def locate(uri: SipUri, means: Means, answer_to: AnswerTo, chance: Callable[[], float]) -> Located:
    """The servers of a URI by the answers so far; see :func:`survey`."""
    return survey(uri, means, answer_to).located(chance)


def survey(uri: SipUri, means: Means, answer_to: AnswerTo) -> Survey:
    """What the answers so far say of a URI's servers.

    ``answer_to`` gives the answer to a question, or None while there is none.
    """
    host = canonical(uri.host).rstrip(".")
    transports = _transports(uri, means)
    if not transports:
        return Survey(fault=f"there is no way to {uri.text()}")
    usual = "udp" if "udp" in transports else transports[0]
    search = _Search(host, means, answer_to)
    if is_address(host):
        services = [search.itself(usual, uri.port or usual_port(usual))]
    elif uri.port is not None:
        services = [search.itself(usual, uri.port)]
    elif "transport" in uri.parameters:
        services = search.services([(usual, PREFIXES[usual] + host)], usual)
    else:
        named = search.named_services(transports)
        if named:
            services = search.services(named, named[0][0])
        else:
            services = search.services([(one, PREFIXES[one] + host) for one in transports], usual)
    return Survey(tuple(services), tuple(search.asked), tuple(search.open), search.fault())


def usual_port(transport: str) -> int:
    """The port of a transport where nothing names one (RFC 3261 19.1.2, RFC 7118 5.1)."""
    return _USUAL_PORTS.get(transport, 5060)


def _transports(uri: SipUri, means: Means) -> list[str]:
    """The transports that a URI may go by, the best first."""
    given = uri.parameters.get("transport")
    if uri.scheme == "sips":
        wanted = SECURE if given is None else {_SECURED.get(given.lower(), "")}
        return [transport for transport in means if transport in wanted]
    if uri.scheme != "sip":
        return []
    if given is None:
        return list(means)
    return [given.lower()] if given.lower() in means else []


class _Search:
    """One look through the answers; ``open`` collects what is asked for and not answered."""

    def __init__(self, host: str, means: Means, answer_to: AnswerTo) -> None:
        self.asked: dict[Question, None] = {}
        self.open: dict[Question, None] = {}
        self._host = host
        self._means = means
        self._answer_to = answer_to
        self._has_servers = False
        self._refused: set[str] = set()
        self._faults: list[str] = []
        self._empty: list[str] = []

    def services(self, services: list[tuple[str, str]], usual: str) -> list[Servers]:
        """The servers of services, each a transport and the name of its SRV records; the host
        itself by the ``usual`` transport where there are none."""
        found = [self._servers(transport, name) for transport, name in services]
        if self._has_servers or usual in self._refused:
            return found
        return [self.itself(usual, usual_port(usual))]

    def itself(self, transport: str, port: int) -> Servers:
        """The host as the only server."""
        server = Srv(0, 0, port, self._host)
        return ((server, self._targets(transport, server)),)

    def named_services(self, transports: list[str]) -> list[tuple[str, str]]:
        """The services that NAPTR records name, the best first, of those that we can use."""
        usable = [
            (record, SERVICES[record.service.upper()])
            for record in self._ask(Question(RecordType.NAPTR, self._host)).records[:MAX_RECORDS]
            if isinstance(record, Naptr)
            and record.flags.lower() == "s"
            and record.replacement
            and SERVICES.get(record.service.upper()) in transports
        ]
        if not usable:
            return []
        usable.sort(key=lambda one: (one[0].order, one[0].preference))
        order, secure = usable[0][0].order, usable[0][1] in SECURE
        return [
            (transport, record.replacement)
            for record, transport in usable
            if record.order == order and (not secure or transport in SECURE)
        ]

    def fault(self) -> str:
        """Why nothing was found, where that is so."""
        if self._faults:
            return self._faults[0]
        if self._refused:
            return f"{self._host} says that it has no SIP server"
        return self._empty[0] if self._empty else ""

    def _servers(self, transport: str, name: str) -> Servers:
        """The servers of one service."""
        records = [
            record
            for record in self._ask(Question(RecordType.SRV, name)).records[:MAX_RECORDS]
            if isinstance(record, Srv)
        ]
        servers = [record for record in records if record.target and record.port]
        if servers:
            self._has_servers = True
        elif records:
            self._refused.add(transport)
        best = sorted(dict.fromkeys(servers), key=lambda server: server.priority)[:MAX_SERVERS]
        return tuple((server, self._targets(transport, server)) for server in best)

    def _targets(self, transport: str, server: Srv) -> tuple[Target, ...]:
        """The addresses of a server."""
        name = server.target
        if is_address(name):  # no name may look so, but some SRV records do
            return (Target(transport, name, server.port, self._host),)
        answers = [self._ask(Question(type_, name)) for type_ in self._means[transport]]
        addresses = [
            record
            for answer in answers
            for record in answer.records[:MAX_ADDRESSES]
            if isinstance(record, str)
        ]
        if not addresses:
            families = " or ".join(_FAMILIES[type_] for type_ in self._means[transport])
            known = any(answer.exists for answer in answers)
            self._empty.append(
                f"{name} has no {families} address" if known else f"there is no such name: {name}"
            )
        return tuple(Target(transport, one, server.port, self._host) for one in addresses)

    def _ask(self, question: Question) -> Answer:
        """The answer to a question, that at the end of its aliases; an empty one while it is not
        known."""
        for _ in range(MAX_ALIASES):
            self.asked[question] = None
            answer = self._answer_to(question)
            if answer is None:
                self.open[question] = None
                return Answer()
            if answer.fault is not None:
                self._faults.append(f"{question}: {answer.fault}")
            if answer.records or answer.alias is None:
                return answer
            question = Question(question.type, answer.alias)
        self._faults.append(f"{question}: more than {MAX_ALIASES} aliases")
        return Answer()
