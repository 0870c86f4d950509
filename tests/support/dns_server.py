"""A real name server on the loopback, as small as may be: UDP and TCP, a few names."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import suppress

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from support.block import Block
from support.ports import free_ports

UDP_OCTETS = 1232
"""What fits into a datagram everywhere (the DNS flag day's figure)."""

NEGATIVE_SECONDS = 5
"""What its SOA says about what is not there."""

_SOA = f"ns.test. admin.test. 1 3600 600 86400 {NEGATIVE_SECONDS}"


class DnsServer(Block):
    """Answers from its own thread, so that any test can use it; to be entered and left.

    ``silent`` lets it take questions and say nothing, as those for names that end in one of
    ``mute``; ``refusal`` is an rcode to answer with.
    """

    def __init__(self, host: str = "127.0.0.1") -> None:
        self.silent = False
        self.mute: tuple[str, ...] = ()
        self.refusal: str | None = None
        self.asked: list[tuple[str, str]] = []
        self._records: dict[tuple[str, str], dns.rrset.RRset] = {}
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind((host, free_ports()))
        self.address: tuple[str, int] = self._udp.getsockname()
        self._tcp = socket.create_server(self.address)
        self._threads = [
            threading.Thread(target=self._serve_udp, daemon=True),
            threading.Thread(target=self._serve_tcp, daemon=True),
        ]

    @property
    def where(self) -> str:
        """Address and port as ``dns_servers`` takes them."""
        return f"{self.address[0]}:{self.address[1]}"

    def add(self, name: str, type_: str, *records: str, ttl: int = 60) -> None:
        """Let a name have records, written as in a zone file, in place of those it had."""
        self._records[name, type_] = dns.rrset.from_text(f"{name}.", ttl, "IN", type_, *records)

    def remove(self, name: str) -> None:
        """Let a name have nothing."""
        for key in [one for one in self._records if one[0] == name]:
            del self._records[key]

    def _begin(self) -> None:
        for thread in self._threads:
            thread.start()

    def _end(self) -> None:
        for opened in (self._udp, self._tcp):
            with suppress(OSError):
                opened.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)
        self._udp.close()
        self._tcp.close()

    def _serve_udp(self) -> None:
        while True:
            try:
                data, source = self._udp.recvfrom(4096)
            except OSError:
                return
            if not data:
                return  # shut down
            answer = self._answer(data, UDP_OCTETS)
            if answer is not None:
                self._udp.sendto(answer, source)

    def _serve_tcp(self) -> None:
        while True:
            try:
                connection, _ = self._tcp.accept()
            except OSError:
                return
            with connection, suppress(OSError, struct.error):
                connection.settimeout(5)
                file = connection.makefile("rb")
                (length,) = struct.unpack("!H", file.read(2))
                answer = self._answer(file.read(length), 65_535)
                if answer is not None:
                    connection.sendall(struct.pack("!H", len(answer)) + answer)

    def _answer(self, data: bytes, octets: int) -> bytes | None:
        query = dns.message.from_wire(data)
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        self.asked.append((name, dns.rdatatype.to_text(question.rdtype)))
        if self.silent or name.endswith(self.mute):
            return None
        response = dns.message.make_response(query, recursion_available=True)
        if self.refusal is not None:
            response.set_rcode(dns.rcode.from_text(self.refusal))
        else:
            self._fill(response, name, dns.rdatatype.to_text(question.rdtype))
        try:
            return response.to_wire(max_size=octets)
        except dns.exception.TooBig:
            short = dns.message.make_response(query, recursion_available=True)
            short.flags |= dns.flags.TC
            return short.to_wire()

    def _fill(self, response: dns.message.Message, name: str, type_: str) -> None:
        for _ in range(8):
            found = self._records.get((name, type_))
            if found is not None:
                response.answer.append(found)
                return
            alias = self._records.get((name, "CNAME"))
            if alias is None:
                break
            response.answer.append(alias)
            name = alias[0].target.to_text(omit_final_dot=True).lower()
        if not any(known == name for known, _ in self._records):
            response.set_rcode(dns.rcode.NXDOMAIN)
        response.authority.append(dns.rrset.from_text(".", NEGATIVE_SECONDS, "IN", "SOA", _SOA))
