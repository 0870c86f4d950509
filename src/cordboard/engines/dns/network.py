"""The resolver over the network: dnspython asks, the hosts file is looked at first."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import dns.asyncresolver
import dns.exception
import dns.name
import dns.nameserver
import dns.rdatatype
import dns.resolver
from dns.rdtypes.IN.NAPTR import NAPTR
from dns.rdtypes.IN.SRV import SRV

from cordboard.engines.dns.hosts import HOSTS_FILE, HostsFile
from cordboard.engines.dns.port import NO_ANSWER
from cordboard.engines.dns.settings import DnsSettings
from cordboard.sip.dns_records import MAX_RECORDS, Answer, Naptr, Question, Record, Srv

ATTEMPTS: Final = 3
"""In the time that a question has: a lost datagram is sent again, a second server gets a chance."""

RESOLV_CONF: Final = Path("/etc/resolv.conf")


class NetworkResolver:
    """Asks the name servers of the settings or those of the system, over UDP and where an answer is
    too long for that over TCP.

    The system's servers are those of ``resolv_conf`` (resolv.conf(5)), which is read again when it
    has changed; with them count its search list and the hosts file.
    """

    def __init__(
        self,
        settings: DnsSettings,
        *,
        resolv_conf: Path = RESOLV_CONF,
        hosts: Path = HOSTS_FILE,
    ) -> None:
        self._settings = settings
        self._hosts = HostsFile(hosts)
        self._resolv_conf = resolv_conf
        self._seen: float | None = None
        self._resolver: dns.asyncresolver.Resolver | None = None

    async def ask(self, question: Question) -> Answer:
        """The answer; see :class:`~cordboard.engines.dns.port.Resolver`."""
        of_system = not self._settings.servers
        known = self._hosts.answer(question) if of_system else None
        if known is not None:
            return known
        try:
            answer = await self._current().resolve(
                question.name, question.type.value, raise_on_no_answer=False, search=of_system
            )
        except dns.resolver.NXDOMAIN as error:
            return Answer(ttl=_ttl_of(error), exists=False)
        except dns.resolver.LifetimeTimeout:
            return Answer(fault=NO_ANSWER)
        except dns.resolver.NoNameservers as error:
            return Answer(fault=_refusal(error))
        except (dns.exception.DNSException, OSError, UnicodeError, ValueError) as error:
            return Answer(fault=str(error) or type(error).__name__)
        chain = answer.chaining_result
        records = tuple(_record(one) for one in list(answer.rrset or ())[:MAX_RECORDS])
        alias = _text(chain.canonical_name) if chain.cnames and not records else None
        return Answer(records, float(chain.minimum_ttl), alias=alias)

    def _current(self) -> dns.asyncresolver.Resolver:
        """The resolver by the settings, or by what the system's file says now."""
        if self._settings.servers:
            if self._resolver is None:
                self._resolver = self._bounded(dns.asyncresolver.Resolver(configure=False))
                self._resolver.nameservers = [
                    dns.nameserver.Do53Nameserver(*server) for server in self._settings.servers
                ]
            return self._resolver
        try:
            seen = self._resolv_conf.stat().st_mtime
        except OSError:
            seen = None
        if self._resolver is None or seen != self._seen:
            self._resolver = self._bounded(dns.asyncresolver.Resolver(str(self._resolv_conf)))
            self._seen = seen
        return self._resolver

    def _bounded(self, resolver: dns.asyncresolver.Resolver) -> dns.asyncresolver.Resolver:
        resolver.lifetime = self._settings.timeout
        resolver.timeout = self._settings.timeout / ATTEMPTS
        return resolver


def _record(data: object) -> Record:
    if isinstance(data, SRV):
        return Srv(data.priority, data.weight, data.port, _text(data.target))
    if isinstance(data, NAPTR):
        return Naptr(
            data.order,
            data.preference,
            data.flags.decode("latin-1"),
            data.service.decode("latin-1"),
            _text(data.replacement),
        )
    return str(data)  # an address


def _text(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).lower() if name.labels != (b"",) else ""


def _ttl_of(error: dns.resolver.NXDOMAIN) -> float:
    """How long a name that does not exist may be remembered as such (RFC 2308 5)."""
    responses = error.kwargs.get("responses", {}).values()
    return min((float(one.resolve_chaining().minimum_ttl) for one in responses), default=0.0)


def _refusal(error: dns.resolver.NoNameservers) -> str:
    """What the name servers said: SERVFAIL, REFUSED, ..."""
    said = dict.fromkeys(str(one[3]) for one in error.kwargs.get("errors", ()))
    return f"the name servers answered {', '.join(said)}" if said else NO_ANSWER
