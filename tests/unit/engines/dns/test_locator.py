from __future__ import annotations

import asyncio
from typing import Any

import pytest

from cordboard.engines.dns import locator as bounds
from cordboard.engines.dns.locator import Locator, means_of
from cordboard.engines.dns.memory import MemoryResolver
from cordboard.engines.transport import Listen
from cordboard.sip.dns_records import Answer, Question, RecordType, Srv
from cordboard.sip.locating import Located
from cordboard.sip.uri import parse_uri
from support.waiting import BOUND

pytestmark = pytest.mark.anyio

SRV, A, AAAA = RecordType.SRV, RecordType.A, RecordType.AAAA


def locator_of(resolver: Any, timeout: float = 1.0) -> Locator:
    means = {"udp": (A,), "tcp": (A,)}
    return Locator(lambda: resolver, lambda: means, timeout=timeout, chance=lambda: 0.0)


@pytest.fixture
def resolver() -> MemoryResolver:
    made = MemoryResolver()
    made.add(SRV, "_sip._udp.trunk.test", Srv(1, 0, 5060, "a.test"), Srv(2, 0, 5060, "b.test"))
    made.add(A, "a.test", "192.0.2.1")
    made.add(A, "b.test", "192.0.2.2")
    return made


async def found(locator: Locator, uri: str) -> Located:
    answer: asyncio.Future[Located] = asyncio.get_running_loop().create_future()
    locator.targets(parse_uri(uri), answer.set_result)
    async with asyncio.timeout(BOUND):
        return await answer


def written(located: Located) -> list[str]:
    return [str(target) for target in located.targets]


async def test_an_address_is_found_at_once_and_nobody_is_asked() -> None:
    def no_resolver() -> MemoryResolver:
        raise AssertionError("there is nothing to ask")

    locator = Locator(no_resolver, lambda: {"udp": (A,)}, timeout=1.0)
    got: list[Located] = []
    locator.targets(parse_uri("sip:192.0.2.1"), got.append)
    assert [written(one) for one in got] == [["udp:192.0.2.1:5060"]]


async def test_servers_are_found_in_two_rounds_of_questions(resolver: MemoryResolver) -> None:
    locator = locator_of(resolver)
    assert written(await found(locator, "sip:trunk.test")) == [
        "udp:192.0.2.1:5060",
        "udp:192.0.2.2:5060",
    ]
    assert [question.name for question in resolver.asked][-2:] == ["a.test", "b.test"]
    await locator.close()


async def test_what_is_known_is_given_at_once(resolver: MemoryResolver) -> None:
    locator = locator_of(resolver)
    await found(locator, "sip:trunk.test")
    resolver.asked.clear()
    got: list[Located] = []
    locator.targets(parse_uri("sip:trunk.test"), got.append)
    assert len(got) == 1
    assert resolver.asked == []


async def test_many_who_ask_at_once_are_one_search(resolver: MemoryResolver) -> None:
    locator = locator_of(resolver)
    every = await asyncio.gather(*(found(locator, "sip:trunk.test") for _ in range(20)))
    assert {tuple(written(one)) for one in every} == {("udp:192.0.2.1:5060", "udp:192.0.2.2:5060")}
    assert len(resolver.asked) == len(set(resolver.asked))


async def test_who_has_failed_comes_last_until_he_answers(resolver: MemoryResolver) -> None:
    locator = locator_of(resolver)
    first = (await found(locator, "sip:trunk.test")).targets[0]
    locator.failed(first, asyncio.get_running_loop().time())
    assert written(await found(locator, "sip:trunk.test"))[-1] == str(first)
    locator.answered(first)
    assert written(await found(locator, "sip:trunk.test"))[0] == str(first)


async def test_the_addresses_of_servers_are_known_as_such(
    resolver: MemoryResolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    locator = locator_of(resolver)
    assert not locator.is_server("192.0.2.1")
    await found(locator, "sip:trunk.test")
    assert locator.is_server("192.0.2.1")
    assert locator.is_server("192.0.2.2")
    monkeypatch.setattr(bounds, "MAX_ADDRESSES", 1)
    resolver.add(A, "other.test", "192.0.2.3")
    await found(locator, "sip:other.test:5060")
    assert not locator.is_server("192.0.2.1")
    assert locator.is_server("192.0.2.3")


async def test_silent_name_servers_are_why_there_is_nothing(resolver: MemoryResolver) -> None:
    resolver.silent = True
    located = await found(locator_of(resolver), "sip:trunk.test")
    assert located == Located((), (), "NAPTR trunk.test: no name server answers")


async def test_a_search_has_a_bound_of_its_own() -> None:
    class Stuck:
        async def ask(self, question: Question) -> Answer:
            await asyncio.Event().wait()
            return Answer(fault=str(question))

    located = await found(locator_of(Stuck(), timeout=0.02), "sip:trunk.test")
    assert located == Located((), (), "NAPTR trunk.test: no name server answers")


async def test_what_came_in_time_is_used_though_the_rest_did_not(resolver: MemoryResolver) -> None:
    class HalfStuck:
        async def ask(self, question: Question) -> Answer:
            if question.name == "b.test":
                await asyncio.Event().wait()
            return await resolver.ask(question)

    located = await found(locator_of(HalfStuck(), timeout=0.1), "sip:trunk.test")
    assert written(located) == ["udp:192.0.2.1:5060"]


async def test_no_more_than_so_many_are_searched_for_at_once(
    monkeypatch: pytest.MonkeyPatch, resolver: MemoryResolver
) -> None:
    monkeypatch.setattr(bounds, "MAX_SEARCHES", 1)
    locator = locator_of(resolver)
    both = await asyncio.gather(found(locator, "sip:trunk.test"), found(locator, "sip:a.test"))
    assert [one.fault for one in both] == ["", "too many names are being asked for"]


async def test_nobody_is_called_back_after_the_end(resolver: MemoryResolver) -> None:
    locator = locator_of(resolver)
    got: list[Located] = []
    locator.targets(parse_uri("sip:trunk.test"), got.append)
    await locator.close()
    assert got == []


async def test_one_that_fails_over_what_was_found_does_not_keep_the_others_from_it(
    resolver: MemoryResolver,
) -> None:
    def fail(_: Located) -> None:
        raise RuntimeError("cannot use that")

    locator = locator_of(resolver)
    locator.targets(parse_uri("sip:trunk.test"), fail)
    assert (await found(locator, "sip:trunk.test")).targets


def test_udp_reaches_the_families_of_our_sockets_and_streams_all_of_ours() -> None:
    both = (Listen("udp", "192.0.2.9", 5060), Listen("tcp", "::", 5060))
    assert means_of(both) == {"udp": (A,), "tcp": (AAAA, A), "tls": (AAAA, A)}
    assert means_of(both[:1]) == {"udp": (A,), "tcp": (A,), "tls": (A,)}
    assert means_of(both[1:]) == {"tcp": (AAAA,), "tls": (AAAA,)}
