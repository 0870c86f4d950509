"""Path and flows that phones keep: RFC 3327 and RFC 5626 at the registrar."""

from __future__ import annotations

import pytest

from cordboard.sip.events import Binding
from cordboard.sip.flow import Flow
from cordboard.sip.outbound import MAX_PATH
from cordboard.sip.rebinding import MAX_FLOWS
from cordboard.sip.registrar_answer import Answer
from support.registering_phone import NOW, TCP, UDP, Phone, new_registrar

SAME = "<sip:desk@10.0.0.7:5060>"
INSTANCE = '"<urn:uuid:00000000-0000-1000-8000-000A95A0E128>"'
DIRECT = ["SIP/2.0/TCP 10.0.0.7;branch=z9hG4bK1"]
PROXIED = ["SIP/2.0/TCP 192.0.2.9;branch=z9hG4bK2", *DIRECT]
OTHER_TCP = TCP._replace(remote=("192.0.2.51", 40001))


@pytest.fixture
def phone() -> Phone:
    """A phone that knows of outbound and Path, with a connection."""
    phone = Phone(new_registrar(), flow=TCP)
    phone.more = {"supported": ["path, outbound"], "via": DIRECT}
    return phone


def flow_contact(reg_id: str = "1", uri: str = SAME, instance: str = INSTANCE) -> str:
    return f"{uri};reg-id={reg_id};+sip.instance={instance}"


def bindings(phone: Phone) -> tuple[Binding, ...]:
    return phone.registrar.bindings("desk@demo", NOW)


def named(answer: Answer, name: str) -> list[str]:
    return [value for header, value in answer.headers if header == name]


# Path


def test_the_way_through_proxies_is_kept_and_told(phone: Phone) -> None:
    phone.more["path"] = ["<sip:edge.example.com;lr>", "<sip:192.0.2.9;lr>"]
    answer = phone.register("<sip:jessica@192.0.2.2>")
    assert named(answer, "path") == ["<sip:edge.example.com;lr>", "<sip:192.0.2.9;lr>"]
    assert [list(binding.path) for binding in bindings(phone)] == [named(answer, "path")]


def test_who_does_not_know_of_path_is_not_told(phone: Phone) -> None:
    phone.more = {"path": ["<sip:edge.example.com;lr>"]}
    answer = phone.register("<sip:jessica@192.0.2.2>")
    assert (answer.status, named(answer, "path")) == (200, [])
    assert bindings(phone)[0].path == ("<sip:edge.example.com;lr>",)


def test_a_way_is_bounded(phone: Phone) -> None:
    phone.more["path"] = [f"<sip:192.0.2.{n};lr>" for n in range(MAX_PATH + 1)]
    assert phone.register(SAME).status == 400


# Flows


def test_two_flows_with_one_contact_are_two_ways(phone: Phone) -> None:
    assert phone.register(flow_contact("1")).status == 200
    phone.flow = OTHER_TCP
    phone.call_id = "call-2"
    answer = phone.register(flow_contact("2"))
    assert {binding.flow for binding in bindings(phone)} == {TCP, OTHER_TCP}
    assert named(answer, "contact") == [
        f"<sip:desk@10.0.0.7:5060>;+sip.instance={INSTANCE};reg-id={n};expires=3600" for n in "12"
    ]


def test_a_flow_replaces_its_predecessor_whatever_its_contact(phone: Phone) -> None:
    phone.register(flow_contact("1"))
    phone.register(flow_contact("2"))
    phone.flow = OTHER_TCP
    phone.register(flow_contact("1", "<sip:desk@10.0.0.8>"))
    assert [(b.reg_id, b.flow) for b in bindings(phone)] == [("2", TCP), ("1", OTHER_TCP)]


def test_one_flow_is_given_up_alone(phone: Phone) -> None:
    phone.register(flow_contact("1"))
    phone.register(flow_contact("2"))
    answer = phone.register(f"{flow_contact('1')};expires=0")
    assert [binding.reg_id for binding in bindings(phone)] == ["2"]
    assert named(answer, "require") == named(answer, "flow-timer") == []


def test_a_lost_connection_takes_its_flow_only(phone: Phone) -> None:
    phone.register(flow_contact("1"))
    phone.flow = OTHER_TCP
    phone.register(flow_contact("2"))
    phone.registrar.connection_lost(TCP)
    assert [binding.reg_id for binding in bindings(phone)] == ["2"]


def test_a_phone_that_turns_it_off_leaves_nothing_behind(phone: Phone) -> None:
    phone.register(flow_contact("1"))
    phone.register(flow_contact("2"))
    phone.more = {}
    phone.register(SAME)
    assert [binding.kept for binding in bindings(phone)] == [False]


def test_the_flows_of_a_phone_count_once_and_are_bounded(phone: Phone) -> None:
    for number in range(1, MAX_FLOWS + 1):
        assert phone.register(flow_contact(str(number))).status == 200
    assert phone.register(flow_contact(str(MAX_FLOWS + 1))) == Answer(403, "Too many flows")
    for other in ("<sip:2@h>", "<sip:3@h>"):
        assert phone.register(other).status == 200
    assert phone.register("<sip:4@h>") == Answer(403, "Too many contacts")


def test_a_kept_flow_is_told(phone: Phone) -> None:
    answer = phone.register(flow_contact())
    assert (named(answer, "require"), named(answer, "flow-timer")) == (["outbound"], ["120"])
    assert named(phone.register(), "flow-timer") == [], "a query keeps nothing"
    phone.flow = UDP  # there a phone that is told no time pings often enough
    answer = phone.register(flow_contact())
    assert (named(answer, "require"), named(answer, "flow-timer")) == (["outbound"], [])


@pytest.mark.parametrize(
    ("flow", "via", "path", "kept"),
    [
        (TCP, DIRECT, [], True),
        (UDP, DIRECT, [], True),
        (UDP, PROXIED, [], False),
        (TCP, PROXIED, [], False),
        (TCP, PROXIED, ["<sip:192.0.2.9;lr>"], False),
        (TCP, PROXIED, ["<sip:192.0.2.9;lr;ob>"], True),
        (UDP, PROXIED, ["<sip:192.0.2.9;lr;ob>"], True),
        (UDP, PROXIED, ["<sip:192.0.2.8;lr>", "<sip:192.0.2.9;lr;ob>"], True),
        (UDP, PROXIED, ["<sip:192.0.2.8;lr;ob>", "<sip:192.0.2.9;lr>"], False),
    ],
)
def test_whether_the_first_hop_keeps_it(
    phone: Phone, flow: Flow, via: list[str], path: list[str], kept: bool
) -> None:
    phone.flow = flow
    phone.more |= {"via": via} | ({"path": path} if path else {})
    answer = phone.register(flow_contact())
    assert answer.status == 200
    assert bindings(phone)[0].kept is kept
    assert named(answer, "require") == (["outbound"] if kept else [])
    phone.more["require"] = ["outbound"]
    insisting = phone.register(flow_contact())
    assert insisting.status == (200 if kept else 439)


@pytest.mark.parametrize(
    "contact",
    [
        f"{SAME};reg-id=1",
        f"{SAME};+sip.instance={INSTANCE}",
        flow_contact("x"),
        flow_contact("12345678901"),
        flow_contact("1", instance=f'"{"x" * 300}"'),
        flow_contact("1", '"Mr. ;reg-id=1" <sip:desk@10.0.0.7>', '""').replace("reg-id=1;", ""),
    ],
)
def test_what_names_no_flow_is_a_plain_contact(phone: Phone, contact: str) -> None:
    answer = phone.register(contact)
    assert (answer.status, named(answer, "require")) == (200, [])
    assert not bindings(phone)[0].kept


def test_without_a_flow_a_reg_id_still_tells_a_predecessor(phone: Phone) -> None:
    phone.more["via"] = PROXIED
    phone.register(flow_contact("1", "<sip:desk@10.0.0.7:1>"))
    phone.register(flow_contact("1", "<sip:desk@10.0.0.7:2>"))
    assert phone.contacts() == ["sip:desk@10.0.0.7:2"]
