"""Whatever name servers answer: finding servers ends, within its bounds, and gives what can be
used; and the blacklist never loses a server nor makes one up."""

from __future__ import annotations

from ipaddress import ip_address
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from cordboard.sip.blacklist import LONGEST_PAUSE, Blacklist
from cordboard.sip.dns_records import Answer, Naptr, Question, Record, RecordType, Srv
from cordboard.sip.locating import (
    MAX_ALIASES,
    MAX_SERVERS,
    MAX_TARGETS,
    PREFIXES,
    SECURE,
    Means,
    Target,
    locate,
)
from cordboard.sip.srv_order import in_order
from cordboard.sip.uri import parse_uri

NAMES = ("example.com", "a.test", "b.test", "c.test", "", "192.0.2.9")
SERVICES = tuple(prefix + "example.com" for prefix in PREFIXES.values())

names = st.sampled_from((*NAMES, *SERVICES))
numbers = st.integers(0, 65_535)
addresses = st.sampled_from(("192.0.2.1", "192.0.2.2", "2001:db8::1"))
servers = st.builds(Srv, st.integers(0, 3), numbers, numbers, names)
pointers = st.builds(
    Naptr,
    st.integers(0, 3),
    numbers,
    st.sampled_from(("s", "S", "u", "a", "")),
    st.sampled_from(("SIP+D2U", "sip+d2t", "SIPS+D2T", "SIPS+D2W", "SIP+D2S", "E2U+sip", "")),
    names,
)
records: st.SearchStrategy[Record] = st.one_of(servers, pointers, addresses)
answers = st.builds(
    Answer,
    st.lists(records, max_size=6).map(tuple),
    st.floats(0, 1e6),
    st.booleans(),
    st.none() | names,
    st.none() | st.just("no name server answers"),
)
questions = st.builds(Question, st.sampled_from(RecordType), names)
zones = st.dictionaries(questions, answers, max_size=24)
uris = st.sampled_from(
    (
        "sip:example.com",
        "sips:example.com",
        "sip:example.com:5070",
        "sip:example.com;transport=tcp",
        "sip:example.com;transport=tls",
        "sip:example.com;transport=sctp",
        "sip:192.0.2.1",
        "sip:[2001:db8::1]",
    )
)
types = st.sampled_from(
    ((RecordType.A,), (RecordType.AAAA,), (RecordType.AAAA, RecordType.A)),
)
means_: st.SearchStrategy[Means] = st.dictionaries(
    st.sampled_from(("udp", "tcp", "tls")), types, max_size=3
)


@given(uris, means_, zones, st.randoms())
def test_a_search_comes_to_an_end_and_to_servers_that_can_be_used(
    uri: str, means: Means, zone: dict[Question, Answer], random: Random
) -> None:
    parsed = parse_uri(uri)
    known: dict[Question, Answer] = {}
    for _ in range(MAX_ALIASES + 4):
        found = locate(parsed, means, known.get, random.random)
        if not found.questions:
            break
        assert not set(found.questions) & known.keys(), "the same is asked again"
        known.update({one: zone.get(one, Answer(exists=False)) for one in found.questions})
    assert found.questions == ()
    assert len(found.targets) <= MAX_TARGETS
    assert len(set(found.targets)) == len(found.targets)
    assert bool(found.targets) != bool(found.fault)
    for target in found.targets:
        assert target.transport in means
        assert 0 < target.port < 65_536
        assert ip_address(target.address)
        assert target.transport in SECURE or parsed.scheme != "sips"


@given(st.lists(servers, max_size=40), st.randoms())
def test_every_server_has_its_place(listed: list[Srv], random: Random) -> None:
    ordered = in_order(listed, random.random)
    assert sorted(map(repr, ordered)) == sorted(map(repr, listed))
    assert [one.priority for one in ordered] == sorted(one.priority for one in listed)


@given(zones, st.integers(MAX_SERVERS + 1, 60))
def test_no_answer_makes_us_ask_without_end(zone: dict[Question, Answer], many: int) -> None:
    listed = tuple(Srv(0, 0, 5060, f"s{n}.test") for n in range(many))
    zone[Question(RecordType.SRV, "_sip._udp.example.com")] = Answer(listed, 60)
    means: Means = {"udp": (RecordType.AAAA, RecordType.A)}
    uri = parse_uri("sip:example.com;transport=udp")
    first = locate(uri, means, zone.get, lambda: 0.0)
    asked = [one for one in first.questions if one.name.startswith("s")]
    assert len(asked) <= 2 * MAX_SERVERS


events = st.tuples(
    st.sampled_from(("failed", "asked", "answered")),
    st.integers(0, 3),
    st.floats(0, 100),
    st.integers(0, 10**6),
)


@given(st.lists(events, max_size=40))
def test_a_blacklist_only_sorts(happened: list[tuple[str, int, float, int]]) -> None:
    targets = [Target("udp", f"192.0.2.{n}", 5060, "") for n in range(4)]
    blacklist, now = Blacklist(), 0.0
    for what, which, after, seconds in happened:
        now += after
        if what == "answered":
            blacklist.answered(targets[which])
        else:
            blacklist.failed(targets[which], now, seconds if what == "asked" else None)
        ordered = blacklist.sort(targets, now)
        assert ordered
        assert len(set(ordered)) == len(ordered)
        assert set(ordered) <= set(targets)
        listed = [blacklist.is_listed(one, now) for one in ordered]
        assert listed == sorted(listed), "who has failed comes last"
        assert set(targets) - set(ordered) <= {t for t in targets if blacklist.is_listed(t, now)}
    later = now + LONGEST_PAUSE + 1.0
    assert blacklist.sort(targets, later) == tuple(targets)
