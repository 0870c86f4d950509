"""Who calls, as trunks are told it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cordboard.calls.ports import CallerId, Diversion, TrunkEndpoint
from cordboard.directory.model import IdentityStyle, Trunk
from cordboard.engines.embedded.dialling import invitation_to_trunk
from cordboard.sip.flow import Flow
from cordboard.sip.invitation import Invitation

SHOWN = CallerId("05068680000", "Cordboard")
NOBODY = CallerId("", "")
AT_US = '"Cordboard" <sip:05068680000@192.0.2.1>'
ANONYMOUS = '"Anonymous" <sip:anonymous@anonymous.invalid>'


def invite(caller: CallerId, style: IdentityStyle, *, anonymous: bool = False) -> Invitation:
    """An INVITE through a trunk of that style."""
    trunk = Trunk("t", "sip:192.0.2.7", identity=style, anonymous=anonymous)
    flow = Flow("udp", ("192.0.2.1", 5060), ("192.0.2.7", 5060))
    return invitation_to_trunk("c", TrunkEndpoint(trunk, "0312"), flow, "192.0.2.1", caller, b"")


@pytest.mark.parametrize(
    ("style", "anonymous", "headers"),
    [
        (IdentityStyle.FROM, False, ()),
        (IdentityStyle.P_ASSERTED, False, (("p-asserted-identity", AT_US),)),
        (IdentityStyle.P_PREFERRED, False, (("p-preferred-identity", AT_US),)),
        (
            IdentityStyle.REMOTE_PARTY_ID,
            False,
            (("remote-party-id", AT_US + ";party=calling;screen=yes;privacy=off"),),
        ),
        (IdentityStyle.FROM, True, (("privacy", "id"),)),
        (IdentityStyle.P_ASSERTED, True, (("p-asserted-identity", AT_US), ("privacy", "id"))),
        (
            IdentityStyle.REMOTE_PARTY_ID,
            True,
            (
                ("remote-party-id", AT_US + ";party=calling;screen=yes;privacy=full"),
                ("privacy", "id"),
            ),
        ),
    ],
)
def test_what_a_trunk_is_told(
    style: IdentityStyle, anonymous: bool, headers: tuple[tuple[str, str], ...]
) -> None:
    invitation = invite(SHOWN, style, anonymous=anonymous)
    assert invitation.caller == (ANONYMOUS if anonymous else AT_US)
    assert invitation.headers == headers


@pytest.mark.parametrize("style", IdentityStyle)
def test_who_has_no_number_is_anonymous_everywhere(style: IdentityStyle) -> None:
    invitation = invite(NOBODY, style)
    assert invitation.caller == ANONYMOUS
    assert invitation.headers == (("privacy", "id"),)


def test_over_ipv6_the_number_is_at_a_bracketed_address() -> None:
    trunk = Trunk("t", "sip:[2001:db8::7]", identity=IdentityStyle.P_ASSERTED)
    flow = Flow("udp", ("2001:db8::1", 5060), ("2001:db8::7", 5060))
    invitation = invitation_to_trunk(
        "c", TrunkEndpoint(trunk, "0312"), flow, "2001:db8::1", CallerId("1"), b""
    )
    assert invitation.headers == (("p-asserted-identity", "<sip:1@[2001:db8::1]>"),)


REGISTERED = Trunk(
    "t", "sip:pstn.example", username="office", password="trunk-secret", register=True
)
TO_TRUNK = Flow("udp", ("192.0.2.1", 5060), ("192.0.2.7", 5060))


def through(trunk: Trunk, caller: CallerId = SHOWN) -> Invitation:
    return invitation_to_trunk(
        "c", TrunkEndpoint(trunk, "0312"), TO_TRUNK, "192.0.2.1", caller, b""
    )


def test_where_we_register_the_caller_is_of_that_domain_and_found_by_the_registered_name() -> None:
    invitation = through(REGISTERED)
    assert invitation.caller == '"Cordboard" <sip:05068680000@pstn.example>'
    assert invitation.contact_user == "office"
    assert invitation.routes == ()


def test_a_trunk_that_wants_its_own_name_in_from_is_told_the_number_elsewhere() -> None:
    trunk = replace(
        REGISTERED,
        from_user="acct-7",
        from_domain="sip.example",
        identity=IdentityStyle.P_ASSERTED,
    )
    invitation = through(trunk)
    assert invitation.caller == '"Cordboard" <sip:acct-7@sip.example>'
    assert invitation.headers == (
        ("p-asserted-identity", '"Cordboard" <sip:05068680000@sip.example>'),
    )
    assert through(trunk, CallerId("0501")).caller == '"0501" <sip:acct-7@sip.example>'
    assert through(replace(trunk, anonymous=True)).caller == ANONYMOUS
    assert through(trunk, NOBODY).caller == ANONYMOUS


def test_what_goes_by_a_proxy_says_so() -> None:
    invitation = through(Trunk("t", "sip:pstn.example", proxy="sip:edge.example;transport=tcp"))
    assert invitation.uri == "sip:0312@pstn.example"
    assert invitation.routes == ("<sip:edge.example;transport=tcp;lr>",)


def test_a_trunk_is_told_who_forwarded_the_call() -> None:
    diverted = (Diversion("0311112222", "user-busy"), Diversion("0333334444", "unconditional"))
    endpoint = TrunkEndpoint(Trunk("t", "sip:192.0.2.7"), "0312", diverted=diverted)
    made = invitation_to_trunk("c", endpoint, TO_TRUNK, "192.0.2.1", SHOWN, b"")
    assert [value for name, value in made.headers if name == "diversion"] == [
        "<sip:0311112222@192.0.2.1>;reason=user-busy;counter=1",
        "<sip:0333334444@192.0.2.1>;reason=unconditional;counter=1",
    ]
