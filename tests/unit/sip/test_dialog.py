"""Where requests within a dialog go, and what they say (RFC 3261 12.2.1.1)."""

from __future__ import annotations

import pytest

from cordboard.sip.core import Core, StackSettings
from cordboard.sip.dialog import Dialog, contact_of, flow_towards
from cordboard.sip.errors import SipParseError
from cordboard.sip.flow import Flow
from cordboard.sip.message import Request, Response, parse
from cordboard.sip.route_set import MAX_ROUTES, routes_of_request, routes_of_response
from support.sip_network import PHONE, SERVER, tokens

UDP = Flow("udp", SERVER, PHONE)
TCP = Flow("tcp", SERVER, PHONE)
WS = Flow("ws", SERVER, PHONE)
WSS = Flow("wss", SERVER, PHONE)
TRUNK = ("192.0.2.9", 5080)
UDP6 = Flow("udp", ("2001:db8::1", 5060), ("2001:db8::2", 5062))


def dialog(
    *,
    target: str = "sip:phone@10.0.0.7:5062",
    routes: tuple[str, ...] = (),
    flow: Flow = UDP,
    sticky: bool = True,
) -> Dialog:
    settings = StackSettings(advertised=lambda _: SERVER, tag_secret=b"s")
    return Dialog(
        Core(settings, tokens("t"), None),
        call_id="c",
        local="<sip:a@h>;tag=1",
        local_tag="1",
        remote="<sip:b@h>;tag=2",
        remote_tag="2",
        target=target,
        routes=routes,
        origin=flow,
        sticky=sticky,
        contact_user="u",
        local_number=1,
        remote_number=None,
    )


def request_of(made: Dialog) -> Request:
    message = parse(made.request("BYE", made.next_number(), "b"))
    assert isinstance(message, Request)
    return message


def test_without_routes_the_request_goes_to_the_remote_target() -> None:
    bye = request_of(dialog())
    assert bye.uri == "sip:phone@10.0.0.7:5062"
    assert "route" not in bye.headers
    assert bye.need("via") == "SIP/2.0/UDP 192.0.2.1:5060;rport;branch=z9hG4bKb"
    assert (bye.need("from"), bye.need("to")) == ("<sip:a@h>;tag=1", "<sip:b@h>;tag=2")
    assert (bye.need("call-id"), bye.need("cseq")) == ("c", "2 BYE")
    assert bye.need("max-forwards") == "70"


def test_behind_loose_routers() -> None:
    made = dialog(routes=("<sip:192.0.2.9:5080;lr>", "<sip:p2;lr>"))
    bye = request_of(made)
    assert bye.uri == "sip:phone@10.0.0.7:5062"
    assert bye.headers["route"] == ["<sip:192.0.2.9:5080;lr>", "<sip:p2;lr>"]
    assert made.flow.remote == TRUNK


def test_behind_a_router_of_the_other_family() -> None:
    made = dialog(routes=("<sip:[2001:DB8:0::9]:5080;lr>", "<sip:192.0.2.9;lr>"))
    bye = request_of(made)
    assert bye.headers["route"] == ["<sip:[2001:DB8:0::9]:5080;lr>", "<sip:192.0.2.9;lr>"]
    assert made.flow == Flow("udp", ("", 0), ("2001:db8::9", 5080))


def test_who_comes_over_another_flow_is_told_our_address_there() -> None:
    made = dialog()
    made._core.settings = StackSettings(advertised=lambda flow: flow.local, tag_secret=b"s")
    assert made.contact == "Contact: <sip:u@192.0.2.1:5060>\r\n"
    made.follow(Request("INFO", "sip:x", {"via": ["SIP/2.0/UDP h;rport;branch=z9hG4bKx"]}), UDP6)
    assert made.contact == "Contact: <sip:u@[2001:db8::1]:5060>\r\n"
    assert made.flow == UDP6


def test_what_is_said_over_ipv6_has_its_addresses_in_brackets() -> None:
    core = Core(StackSettings(lambda _: ("2001:db8::1", 5060), b"s"), tokens("t"), None)
    assert core.via(UDP6) == "Via: SIP/2.0/UDP [2001:db8::1]:5060;rport;branch=z9hG4bK"
    assert core.contact(UDP6, "u") == "Contact: <sip:u@[2001:db8::1]:5060>\r\n"


def test_behind_a_strict_router() -> None:
    bye = request_of(dialog(routes=("<sip:192.0.2.9:5080>", "<sip:p2;lr>")))
    assert bye.uri == "sip:192.0.2.9:5080"
    assert bye.headers["route"] == ["<sip:p2;lr>", "<sip:phone@10.0.0.7:5062>"]


def test_a_phone_behind_nat_is_reached_by_its_flow() -> None:
    assert dialog().flow == UDP
    assert dialog(flow=TCP).flow == TCP


def test_a_trunk_is_followed_to_its_address_but_not_to_a_name() -> None:
    target = "sip:gw@192.0.2.9:5080"
    assert dialog(sticky=False, target=target).flow == Flow("udp", SERVER, TRUNK)
    assert dialog(sticky=False, target="sip:gw@gateway.test").flow == UDP


@pytest.mark.parametrize(
    ("uri", "flow", "expected"),
    [
        (f"sip:x@{PHONE[0]}", UDP, UDP),
        (f"sip:x@{PHONE[0]}:{PHONE[1]};transport=udp", UDP, UDP),
        ("sip:192.0.2.9:5080;transport=TCP", UDP, Flow("tcp", ("", 0), TRUNK)),
        ("sip:192.0.2.9:5080", TCP, Flow("tcp", ("", 0), TRUNK)),
        ("sip:x@[2001:db8::1]", UDP, Flow("udp", ("", 0), ("2001:db8::1", 5060))),
        ("sip:x@[2001:DB8:0::2]:5062", UDP6, UDP6),
        ("sip:x@[2001:db8::3]", UDP6, Flow("udp", ("2001:db8::1", 5060), ("2001:db8::3", 5060))),
        ("sip:x@192.0.2.9:5080", UDP6, Flow("udp", ("", 0), TRUNK)),
        ("sip:x@[::ffff:192.0.2.9]:5080", UDP, Flow("udp", SERVER, TRUNK)),
        ("sip:x@[2001:db8:::1]", UDP, UDP),
        ("sip:x@1.2.3.4.5", UDP, UDP),
        ("sip:x@example.test", UDP, UDP),
        ("tel:123", UDP, UDP),
        ("no uri at all", UDP, UDP),
    ],
)
def test_the_next_hop(uri: str, flow: Flow, expected: Flow) -> None:
    assert flow_towards(uri, flow) == expected


@pytest.mark.parametrize("flow", [WS, WSS, UDP])
@pytest.mark.parametrize("secured", ["ws", "wss", "WS"])
def test_a_browser_is_reached_over_its_own_connection_only(flow: Flow, secured: str) -> None:
    assert flow_towards(f"sip:a@192.0.2.9:5080;transport={secured}", flow) == flow
    assert flow_towards("sip:a@k3j4.invalid;transport=ws", flow) == flow


def test_we_are_one_transport_in_contacts_whether_secured_or_not() -> None:
    for flow, token in ((WS, "WS"), (WSS, "WSS")):
        made = dialog(target="sip:a@k3j4.invalid;transport=ws", flow=flow)
        assert made.contact == "Contact: <sip:u@192.0.2.1:5060;transport=ws>\r\n"
        assert request_of(made).need("via").startswith(f"SIP/2.0/{token} 192.0.2.1:5060;")


def test_who_is_called_by_a_sips_uri_is_shown_one() -> None:
    """RFC 3261 8.1.1.8; without it PJSIP answers 480 with Warning 381."""
    tls, wss = TCP._replace(transport="tls"), TCP._replace(transport="wss")
    secured = "sips:phone@10.0.0.7:5061"
    assert dialog(target=secured, flow=tls).contact == "Contact: <sips:u@192.0.2.1:5060>\r\n"
    assert dialog(target=secured, flow=wss).contact.endswith(
        "<sips:u@192.0.2.1:5060;transport=ws>\r\n"
    )
    # Behind a proxy that ends the TLS we can't be reached by it
    assert dialog(target=secured, flow=TCP).contact.startswith("Contact: <sip:u@")
    assert dialog(flow=tls).contact == "Contact: <sip:u@192.0.2.1:5060;transport=tls>\r\n"


def test_a_target_refresh_moves_the_target() -> None:
    made = dialog(sticky=False)
    made.refresh(Response(200, "OK", {"contact": ["<sip:new@192.0.2.9:5080>"]}), UDP)
    assert request_of(made).uri == "sip:new@192.0.2.9:5080"
    assert made.flow.remote == TRUNK
    made.refresh(Response(200, "OK", {}), UDP)
    assert made.target == "sip:new@192.0.2.9:5080"


def test_a_connection_that_was_replaced_moves_the_flow() -> None:
    made = dialog(flow=TCP)
    other = TCP._replace(remote=("192.0.2.2", 40_000))
    made.refresh(Request("INVITE", "sip:x"), other)
    assert made.flow == other


def moved(via: str, *, host: str = "192.0.2.2", contact: str | None = None) -> Flow:
    """Where a dialog goes on after a re-INVITE from another port, with a stamped Via."""
    made = dialog(target="sip:phone@192.0.2.2:5060", flow=UDP)
    headers = {"via": [f"SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bKx{via}"]}
    if contact is not None:
        headers["contact"] = [contact]
    made.refresh(Request("INVITE", "sip:x", headers), UDP._replace(remote=(host, 49_152)))
    return made.flow


def test_a_phone_is_followed_to_the_port_that_its_nat_gave_it() -> None:
    assert moved(";rport=49152;received=192.0.2.2").remote == ("192.0.2.2", 49_152)
    assert moved(";received=192.0.2.3", host="192.0.2.3").remote == ("192.0.2.3", 49_152)


def test_a_phone_that_listens_at_another_port_than_it_sends_from_is_taken_at_its_word() -> None:
    assert moved("").remote == ("192.0.2.2", 5060)
    new = "<sip:phone@192.0.2.2:5062>"
    assert moved("", contact=new).remote == ("192.0.2.2", 5062)


def test_an_answer_shows_that_the_phone_was_reached_and_moves_nothing() -> None:
    made = dialog()
    made.refresh(Response(200, "OK", {}), UDP._replace(remote=("192.0.2.2", 49_152)))
    assert made.flow == UDP


@pytest.mark.parametrize(
    ("value", "uri"),
    [
        ("<sip:a@h;transport=tcp>;expires=1", "sip:a@h;transport=tcp"),
        ("sip:a@h", "sip:a@h"),
        ('"A, B" <sip:a@h>, <sip:b@h>', "sip:a@h"),
        ("<mailto:a@h>", None),
        ("*", None),
        ("<sip:a@h", None),
        (",", None),
    ],
)
def test_the_contact(value: str, uri: str | None) -> None:
    assert contact_of(Response(200, "OK", {"contact": [value]})) == uri
    assert contact_of(Response(200, "OK")) is None


def test_the_route_set_of_both_ends() -> None:
    recorded = {"record-route": ["<sip:p1;lr>, <sip:p2;lr>", "<sip:p3;lr>"]}
    assert routes_of_request(Request("INVITE", "sip:x", recorded))[0] == "<sip:p1;lr>"
    assert routes_of_response(Response(200, "OK", recorded))[0] == "<sip:p3;lr>"
    assert routes_of_response(Response(200, "OK")) == ()
    with pytest.raises(SipParseError):
        routes_of_request(Request("INVITE", "sip:x", {"record-route": ["<sip:x"] * 2}))


def test_the_route_set_is_bounded() -> None:
    recorded = {"record-route": ["<sip:p;lr>"] * (MAX_ROUTES + 1)}
    with pytest.raises(SipParseError):
        routes_of_response(Response(200, "OK", recorded))
