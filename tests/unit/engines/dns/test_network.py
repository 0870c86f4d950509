from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cordboard.engines.dns.hosts import HostsFile
from cordboard.engines.dns.network import NetworkResolver
from cordboard.engines.dns.port import NO_ANSWER
from cordboard.engines.dns.settings import DnsSettings
from cordboard.sip.dns_records import Answer, Question, RecordType
from support.dns_server import NEGATIVE_SECONDS, DnsServer

pytestmark = pytest.mark.anyio

SRV, A, AAAA = RecordType.SRV, RecordType.A, RecordType.AAAA


@pytest.fixture
def server() -> Iterator[DnsServer]:
    with DnsServer() as one:
        one.add("example.com", "A", "192.0.2.1")
        yield one


async def test_a_second_server_is_asked_where_the_first_is_silent(server: DnsServer) -> None:
    with DnsServer() as silent:
        silent.silent = True
        resolver = NetworkResolver(DnsSettings((silent.address, server.address), 1.0))
        answer = await resolver.ask(Question(A, "example.com"))
    assert answer.records == ("192.0.2.1",)


@pytest.mark.parametrize("rcode", ["SERVFAIL", "REFUSED"])
async def test_what_name_servers_refuse_is_a_fault_with_its_name(
    server: DnsServer, rcode: str
) -> None:
    server.refusal = rcode
    resolver = NetworkResolver(DnsSettings((server.address,), 0.3))
    answer = await resolver.ask(Question(A, "example.com"))
    assert answer.fault is not None
    assert rcode in answer.fault or answer.fault == NO_ANSWER


async def test_a_name_that_cannot_be_asked_for_is_a_fault(server: DnsServer) -> None:
    resolver = NetworkResolver(DnsSettings((server.address,), 0.3))
    answer = await resolver.ask(Question(A, f"{'a' * 70}.example.com"))
    assert answer.fault
    assert server.asked == []


async def test_what_does_not_exist_says_for_how_long(server: DnsServer) -> None:
    resolver = NetworkResolver(DnsSettings((server.address,), 0.3))
    answer = await resolver.ask(Question(SRV, "_sip._udp.example.com"))
    assert answer == Answer(ttl=NEGATIVE_SECONDS, exists=False)


async def test_an_alias_that_leads_out_of_the_answer_is_given(server: DnsServer) -> None:
    server.add("www.example.com", "CNAME", "elsewhere.test.")
    server.add("elsewhere.test", "TXT", '"so that it exists"')
    resolver = NetworkResolver(DnsSettings((server.address,), 0.3))
    answer = await resolver.ask(Question(A, "www.example.com"))
    assert (answer.records, answer.alias) == ((), "elsewhere.test")


# The system's


def system(folder: Path, resolv_conf: str, hosts: str = "") -> NetworkResolver:
    (folder / "resolv.conf").write_text(resolv_conf)
    (folder / "hosts").write_text(hosts)
    return NetworkResolver(
        DnsSettings((), 0.3), resolv_conf=folder / "resolv.conf", hosts=folder / "hosts"
    )


async def test_without_a_system_to_ask_there_is_a_fault(tmp_path: Path) -> None:
    answer = await system(tmp_path, "# nobody\n").ask(Question(A, "example.com"))
    assert answer.fault
    missing = NetworkResolver(DnsSettings(), resolv_conf=tmp_path / "none", hosts=tmp_path / "none")
    assert (await missing.ask(Question(A, "example.com"))).fault


async def test_the_hosts_file_comes_first(tmp_path: Path) -> None:
    resolver = system(
        tmp_path, "", "192.0.2.7  pbx.test PBX # ours\n2001:db8::7 pbx.test\njunk x\n"
    )
    assert (await resolver.ask(Question(A, "pbx.test"))).records == ("192.0.2.7",)
    assert (await resolver.ask(Question(A, "pbx"))).records == ("192.0.2.7",)
    assert (await resolver.ask(Question(AAAA, "pbx.test"))).records == ("2001:db8::7",)
    assert (await resolver.ask(Question(AAAA, "pbx"))).records == ()


def test_localhost_needs_no_file(tmp_path: Path) -> None:
    hosts = HostsFile(tmp_path / "none")
    answer = hosts.answer(Question(A, "localhost"))
    assert answer is not None
    assert answer.records == ("127.0.0.1",)
    assert hosts.answer(Question(SRV, "localhost")) is None


def test_a_hosts_file_that_changes_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "hosts"
    path.write_text("192.0.2.7 pbx\n")
    hosts = HostsFile(path)
    assert hosts.answer(Question(A, "pbx")) is not None
    path.write_text("192.0.2.77 telephone\n")
    assert hosts.answer(Question(A, "pbx")) is None
    assert hosts.answer(Question(A, "telephone")) is not None
