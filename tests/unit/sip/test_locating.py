from __future__ import annotations

import random
from collections import Counter

import pytest

from cordboard.sip.dns_records import Answer, Naptr, Question, Record, RecordType, Srv
from cordboard.sip.locating import (
    MAX_ADDRESSES,
    MAX_ALIASES,
    MAX_TARGETS,
    Located,
    Means,
    locate,
)
from cordboard.sip.srv_order import in_order
from cordboard.sip.uri import parse_uri

NAPTR, SRV, A, AAAA = RecordType.NAPTR, RecordType.SRV, RecordType.A, RecordType.AAAA
ALL: Means = {"udp": (A,), "tcp": (A,), "tls": (A,)}
DUAL: Means = {"udp": (AAAA, A), "tcp": (AAAA, A), "tls": (AAAA, A)}


class Zone:
    """Answers; what it was not told of does not exist."""

    def __init__(self) -> None:
        self.answers: dict[Question, Answer] = {}

    def add(self, type_: RecordType, name: str, *records: Record) -> Zone:
        self.answers[Question(type_, name)] = Answer(records, 60.0)
        return self

    def srv(self, name: str, *servers: tuple[int, int, int, str]) -> Zone:
        return self.add(SRV, name, *(Srv(*server) for server in servers))

    def answer_to(self, question: Question) -> Answer | None:
        return self.answers.get(question, Answer(exists=False))


def located(uri: str, zone: Zone, means: Means = ALL, chance: float = 0.0) -> Located:
    found = locate(parse_uri(uri), means, zone.answer_to, lambda: chance)
    assert found.questions == ()
    return found


def targets(uri: str, zone: Zone | None = None, means: Means = ALL) -> list[str]:
    return [str(target) for target in located(uri, zone or Zone(), means).targets]


def asked(uri: str, means: Means = ALL) -> list[str]:
    found = locate(parse_uri(uri), means, lambda _: None, lambda: 0.0)
    assert found.targets == ()
    return [str(question) for question in found.questions]


# What needs no services


@pytest.mark.parametrize(
    ("uri", "target"),
    [
        ("sip:192.0.2.7", "udp:192.0.2.7:5060"),
        ("sip:192.0.2.7:5070", "udp:192.0.2.7:5070"),
        ("sip:192.0.2.7;transport=tcp", "tcp:192.0.2.7:5060"),
        ("sip:192.0.2.7;transport=TLS", "tls:192.0.2.7:5061"),
        ("sips:192.0.2.7", "tls:192.0.2.7:5061"),
        ("sips:192.0.2.7;transport=tcp", "tls:192.0.2.7:5061"),
        ("sip:[2001:db8::7]:5070", "udp:[2001:db8::7]:5070"),
    ],
)
def test_an_address_is_asked_for_nowhere(uri: str, target: str) -> None:
    found = locate(parse_uri(uri), ALL, lambda _: None, lambda: 0.0)
    assert found.questions == ()
    assert [str(one) for one in found.targets] == [target]


def test_a_port_leaves_only_the_address_to_be_asked_for() -> None:
    assert asked("sip:example.com:5070") == ["A example.com"]
    assert asked("sip:example.com:5070", DUAL) == ["AAAA example.com", "A example.com"]
    zone = Zone().add(A, "example.com", "192.0.2.1", "192.0.2.2")
    assert targets("sip:example.com:5070", zone) == ["udp:192.0.2.1:5070", "udp:192.0.2.2:5070"]
    assert targets("sips:example.com:5070", zone)[0] == "tls:192.0.2.1:5070"
    assert targets("sip:example.com:5070;transport=tcp", zone)[0] == "tcp:192.0.2.1:5070"


@pytest.mark.parametrize(
    "uri", ["sip:example.com;transport=sctp", "sips:example.com;transport=udp", "tel:123"]
)
def test_without_a_transport_of_ours_there_is_no_way(uri: str) -> None:
    found = located(uri, Zone())
    assert found.targets == ()
    assert found.fault.startswith("there is no way to")


def test_a_transport_that_we_do_not_have_is_no_way() -> None:
    assert targets("sip:192.0.2.7;transport=udp", means={"tcp": (A,)}) == []
    assert targets("sip:192.0.2.7", means={"tcp": (A,)}) == ["tcp:192.0.2.7:5060"]


# What is asked at once


def test_all_that_may_be_needed_is_asked_at_the_same_time() -> None:
    assert asked("sip:example.com") == [
        "NAPTR example.com",
        "SRV _sip._udp.example.com",
        "SRV _sip._tcp.example.com",
        "SRV _sips._tcp.example.com",
        "A example.com",
    ]
    assert asked("sip:example.com;transport=tcp") == ["SRV _sip._tcp.example.com", "A example.com"]
    assert asked("sips:example.com") == [
        "NAPTR example.com",
        "SRV _sips._tcp.example.com",
        "A example.com",
    ]


# NAPTR


def naptr(order: int, preference: int, service: str, to: str, flags: str = "s") -> Naptr:
    return Naptr(order, preference, flags, service, to)


def offered() -> Zone:
    """The services of RFC 3263 4.1's example, on one server each."""
    zone = Zone().add(A, "server.example.com", "192.0.2.1")
    for service, port in (("_sips._tcp", 5061), ("_sip._tcp", 5060), ("_sip._udp", 5060)):
        zone.srv(f"{service}.example.com", (0, 0, port, "server.example.com"))
    return zone


def test_the_domain_says_which_transport_it_likes_best() -> None:
    zone = offered().add(
        NAPTR,
        "example.com",
        naptr(100, 50, "SIP+D2U", "_sip._udp.example.com"),
        naptr(50, 50, "SIPS+D2T", "_sips._tcp.example.com"),
        naptr(90, 50, "SIP+D2T", "_sip._tcp.example.com"),
    )
    assert targets("sip:example.com", zone) == ["tls:192.0.2.1:5061"]
    assert targets("sip:example.com", zone, {"udp": (A,), "tcp": (A,)}) == ["tcp:192.0.2.1:5060"]
    assert targets("sips:example.com", zone) == ["tls:192.0.2.1:5061"]


def test_transports_of_the_same_order_follow_by_preference() -> None:
    zone = offered().add(
        NAPTR,
        "example.com",
        naptr(10, 20, "sip+d2u", "_sip._udp.example.com", "S"),
        naptr(10, 10, "SIP+D2T", "_sip._tcp.example.com"),
    )
    assert targets("sip:example.com", zone) == ["tcp:192.0.2.1:5060", "udp:192.0.2.1:5060"]


def test_nothing_in_the_clear_follows_what_is_encrypted() -> None:
    zone = offered().add(
        NAPTR,
        "example.com",
        naptr(10, 10, "SIPS+D2T", "_sips._tcp.example.com"),
        naptr(10, 20, "SIP+D2U", "_sip._udp.example.com"),
    )
    assert targets("sip:example.com", zone) == ["tls:192.0.2.1:5061"]


def test_other_services_and_rules_are_passed_over() -> None:
    zone = offered().add(
        NAPTR,
        "example.com",
        naptr(1, 1, "SIP+D2S", "_sip._sctp.example.com"),
        naptr(1, 1, "E2U+sip", "example.com", "u"),
        naptr(1, 1, "SIP+D2T", "", "s"),
        naptr(2, 1, "SIP+D2U", "_sip._udp.example.com"),
    )
    assert targets("sip:example.com", zone) == ["udp:192.0.2.1:5060"]


def test_services_without_servers_leave_the_domain_itself() -> None:
    zone = Zone().add(A, "example.com", "192.0.2.9")
    zone.add(NAPTR, "example.com", naptr(1, 1, "SIP+D2T", "_sip._tcp.example.com"))
    assert targets("sip:example.com", zone) == ["tcp:192.0.2.9:5060"]


# SRV


def test_without_naptr_every_transport_is_looked_for() -> None:
    assert targets("sip:example.com", offered()) == [
        "udp:192.0.2.1:5060",
        "tcp:192.0.2.1:5060",
        "tls:192.0.2.1:5061",
    ]
    assert targets("sip:example.com;transport=tcp", offered()) == ["tcp:192.0.2.1:5060"]
    assert targets("sips:example.com", offered()) == ["tls:192.0.2.1:5061"]


def test_without_any_service_the_domain_is_the_server() -> None:
    zone = Zone().add(A, "example.com", "192.0.2.9")
    assert targets("sip:example.com", zone) == ["udp:192.0.2.9:5060"]
    assert targets("sips:example.com", zone) == ["tls:192.0.2.9:5061"]
    assert targets("sip:example.com;transport=tcp", zone) == ["tcp:192.0.2.9:5060"]


def test_servers_come_by_priority() -> None:
    zone = Zone().add(A, "a.example.com", "192.0.2.1").add(A, "b.example.com", "192.0.2.2")
    zone.srv(
        "_sip._udp.example.com", (20, 5, 5062, "b.example.com"), (10, 5, 5061, "a.example.com")
    )
    assert targets("sip:example.com", zone) == ["udp:192.0.2.1:5061", "udp:192.0.2.2:5062"]


def test_all_addresses_of_a_server_come_before_the_next_server() -> None:
    zone = Zone().add(A, "a.test", "192.0.2.1").add(AAAA, "a.test", "2001:db8::1")
    zone.add(A, "b.test", "192.0.2.2")
    zone.srv("_sip._udp.example.com", (1, 0, 5060, "a.test"), (2, 0, 5060, "b.test"))
    assert targets("sip:example.com;transport=udp", zone, DUAL) == [
        "udp:[2001:db8::1]:5060",
        "udp:192.0.2.1:5060",
        "udp:192.0.2.2:5060",
    ]


def test_the_certificate_is_to_be_for_the_name_in_the_uri() -> None:
    found = located("sips:example.com", offered())
    assert [target.name for target in found.targets] == ["example.com"]


def test_a_domain_may_say_that_it_has_no_server() -> None:
    zone = Zone().add(A, "example.com", "192.0.2.9").srv("_sip._udp.example.com", (0, 0, 0, ""))
    found = located("sip:example.com", zone)
    assert found.targets == ()
    assert found.fault == "example.com says that it has no SIP server"
    assert targets("sip:example.com;transport=tcp", zone) == ["tcp:192.0.2.9:5060"]


def test_servers_without_address_are_not_replaced_by_the_domain() -> None:
    zone = Zone().add(A, "example.com", "192.0.2.9")
    zone.srv("_sip._udp.example.com", (0, 0, 5060, "gone.example.com"))
    found = located("sip:example.com", zone)
    assert found.targets == ()
    assert found.fault == "there is no such name: gone.example.com"


def test_an_address_in_a_srv_record_is_taken_for_what_it_is() -> None:
    zone = Zone().srv("_sip._udp.example.com", (0, 0, 5060, "192.0.2.3"))
    assert targets("sip:example.com;transport=udp", zone) == ["udp:192.0.2.3:5060"]


# Aliases, faults and bounds


def test_aliases_are_followed() -> None:
    zone = Zone().add(A, "real.test", "192.0.2.4")
    zone.answers[Question(A, "example.com")] = Answer(ttl=9, alias="middle.test")
    zone.answers[Question(A, "middle.test")] = Answer(ttl=9, alias="real.test")
    assert targets("sip:example.com:5060", zone) == ["udp:192.0.2.4:5060"]


def test_aliases_in_a_circle_lead_nowhere() -> None:
    zone = Zone()
    zone.answers[Question(A, "example.com")] = Answer(ttl=9, alias="example.com")
    found = located("sip:example.com:5060", zone)
    assert found.fault == f"A example.com: more than {MAX_ALIASES} aliases"


def test_what_was_not_answered_is_why_there_is_nothing() -> None:
    zone = Zone()
    zone.answers[Question(SRV, "_sip._udp.example.com")] = Answer(fault="no name server answers")
    found = located("sip:example.com;transport=udp", zone)
    assert found.fault == "SRV _sip._udp.example.com: no name server answers"


def test_what_was_answered_is_used_though_something_was_not() -> None:
    zone = offered()
    zone.answers[Question(NAPTR, "example.com")] = Answer(fault="SERVFAIL")
    assert targets("sip:example.com;transport=udp", zone) == ["udp:192.0.2.1:5060"]


def test_a_name_without_address_is_told_from_one_that_does_not_exist() -> None:
    assert located("sip:nowhere.test", Zone()).fault == "there is no such name: nowhere.test"
    zone = Zone().add(A, "nowhere.test")
    assert located("sip:nowhere.test", zone).fault == "nowhere.test has no IPv4 address"
    both = "nowhere.test has no IPv6 or IPv4 address"
    assert located("sip:nowhere.test", zone, DUAL).fault == both


def test_no_answer_makes_the_list_long() -> None:
    zone = Zone().add(A, "example.com", *(f"192.0.2.{n}" for n in range(1, 100)))
    assert len(targets("sip:example.com:5060", zone)) == MAX_ADDRESSES
    many = Zone().srv("_sip._udp.example.com", *((n, 0, 5060, f"s{n}.test") for n in range(60)))
    for n in range(60):
        many.add(A, f"s{n}.test", *(f"198.51.{n}.{k}" for k in range(1, 9)))
    assert len(targets("sip:example.com", many)) == MAX_TARGETS


def test_the_same_server_is_there_once() -> None:
    zone = Zone().add(A, "a.test", "192.0.2.1").add(A, "b.test", "192.0.2.1")
    zone.srv("_sip._udp.example.com", (1, 0, 5060, "a.test"), (2, 0, 5060, "b.test"))
    assert targets("sip:example.com;transport=udp", zone) == ["udp:192.0.2.1:5060"]


# Weights (RFC 2782)


def first_ones(*weights: int, times: int = 20_000) -> Counter[str]:
    chance = random.Random(5).random
    records = [Srv(0, weight, 5060, f"w{weight}") for weight in weights]
    return Counter(in_order(records, chance)[0].target for _ in range(times))


def test_servers_come_first_as_often_as_their_weight_says() -> None:
    counted = first_ones(60, 30, 10)
    assert counted["w60"] / 20_000 == pytest.approx(0.6, abs=0.02)
    assert counted["w30"] / 20_000 == pytest.approx(0.3, abs=0.02)
    assert counted["w10"] / 20_000 == pytest.approx(0.1, abs=0.02)


def test_a_weight_of_nothing_is_a_very_small_chance() -> None:
    counted = first_ones(0, 99)
    assert 0 < counted["w0"] / 20_000 < 0.02


def test_servers_without_weight_are_all_there() -> None:
    records = [Srv(1, 0, 5060, name) for name in "abc"]
    assert {one.target for one in in_order(records, lambda: 0.9)} == {"a", "b", "c"}
    assert in_order([], lambda: 0.0) == []


@pytest.mark.parametrize("chance", [0.0, 0.5, 1 - 2**-53])
def test_every_server_is_there_once_whatever_the_chance(chance: float) -> None:
    records = [Srv(n % 3, n, 5060, str(n)) for n in range(20)]
    ordered = in_order(records, lambda: chance)
    assert sorted(ordered, key=lambda one: one.weight) == records
    assert [one.priority for one in ordered] == sorted(one.priority for one in records)
