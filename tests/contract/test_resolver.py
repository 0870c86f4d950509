"""What every resolver promises, whoever it asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

import pytest

from cordboard.engines.dns.memory import MemoryResolver
from cordboard.engines.dns.network import NetworkResolver
from cordboard.engines.dns.port import NO_ANSWER, Resolver
from cordboard.engines.dns.settings import DnsSettings
from cordboard.sip.dns_records import MAX_RECORDS, Naptr, Question, Record, RecordType, Srv
from support.dns_server import DnsServer

pytestmark = pytest.mark.anyio

NAPTR, SRV, A, AAAA = RecordType.NAPTR, RecordType.SRV, RecordType.A, RecordType.AAAA
TIMEOUT = 0.3


@dataclass(frozen=True, slots=True)
class Rig:
    """A resolver, and how it is told what there is."""

    resolver: Resolver
    add: Callable[..., None]
    alias: Callable[[str, str], None]
    silence: Callable[[], None]


@contextmanager
def memory() -> Iterator[Rig]:
    resolver = MemoryResolver(timeout=TIMEOUT)
    yield Rig(resolver, resolver.add, resolver.alias, lambda: setattr(resolver, "silent", True))


@contextmanager
def network() -> Iterator[Rig]:
    def add(type_: RecordType, name: str, *records: Record, ttl: int = 60) -> None:
        server.add(name, type_.value, *map(written, records), ttl=ttl)

    with DnsServer() as server:
        yield Rig(
            NetworkResolver(DnsSettings((server.address,), TIMEOUT)),
            add,
            lambda name, target: server.add(name, "CNAME", f"{target}."),
            lambda: setattr(server, "silent", True),
        )


def written(record: Record) -> str:
    if isinstance(record, Srv):
        return f"{record.priority} {record.weight} {record.port} {record.target}."
    if isinstance(record, Naptr):
        return (
            f'{record.order} {record.preference} "{record.flags}" "{record.service}" "" '
            f"{record.replacement}."
        )
    return record


RIGS: dict[str, Callable[[], AbstractContextManager[Rig]]] = {"memory": memory, "network": network}


@pytest.fixture(params=RIGS)
def rig(request: pytest.FixtureRequest) -> Iterator[Rig]:
    with RIGS[request.param]() as made:
        yield made


@pytest.mark.parametrize(
    ("type_", "records"),
    [
        (A, ("192.0.2.1", "192.0.2.2")),
        (AAAA, ("2001:db8::1",)),
        (SRV, (Srv(10, 60, 5060, "a.example.com"), Srv(20, 0, 5070, "b.example.com"))),
        (SRV, (Srv(0, 0, 0, ""),)),
        (NAPTR, (Naptr(50, 40, "s", "SIP+D2U", "_sip._udp.example.com"),)),
    ],
)
async def test_records_are_given_with_their_time(
    rig: Rig, type_: RecordType, records: tuple[Record, ...]
) -> None:
    rig.add(type_, "example.com", *records, ttl=77)
    answer = await rig.resolver.ask(Question(type_, "example.com"))
    assert set(answer.records) == set(records)
    assert (answer.ttl, answer.exists, answer.fault) == (77.0, True, None)


async def test_a_name_that_does_not_exist_is_no_fault(rig: Rig) -> None:
    answer = await rig.resolver.ask(Question(A, "nowhere.example.com"))
    assert (answer.records, answer.exists, answer.fault) == ((), False, None)
    assert 0 < answer.ttl <= 60


async def test_a_name_without_such_records_exists(rig: Rig) -> None:
    rig.add(A, "example.com", "192.0.2.1")
    answer = await rig.resolver.ask(Question(SRV, "example.com"))
    assert (answer.records, answer.exists, answer.fault) == ((), True, None)


async def test_an_alias_is_followed(rig: Rig) -> None:
    rig.alias("www.example.com", "host.example.com")
    rig.add(A, "host.example.com", "192.0.2.1", ttl=9)
    answer = await rig.resolver.ask(Question(A, "www.example.com"))
    assert (answer.records, answer.ttl) == (("192.0.2.1",), 9.0)


async def test_silence_is_a_fault_in_good_time(rig: Rig) -> None:
    rig.silence()
    answer = await rig.resolver.ask(Question(A, "example.com"))
    assert answer.fault == NO_ANSWER


async def test_no_more_records_are_given_than_anybody_looks_at(rig: Rig) -> None:
    many = [f"198.51.100.{n}" for n in range(1, 201)]  # more than a datagram holds
    rig.add(A, "example.com", *many)
    answer = await rig.resolver.ask(Question(A, "example.com"))
    assert len(answer.records) == MAX_RECORDS
    assert set(answer.records) <= set(many)
