"""Who an INVITE says is calling."""

from __future__ import annotations

import pytest

from cordboard.directory.model import IdentityStyle, Trunk
from cordboard.engines.embedded.caller_identity import Shown, shown_of
from cordboard.sip.message import Request, parse

FROM = '"Kondo" <sip:0399998888@carrier.test>;tag=1'
ASSERTED = 'P-Asserted-Identity: "Real" <sip:+81312341234@carrier.test>, <tel:+81312341234>'


def invite(*headers: str, caller: str = FROM) -> Request:
    lines = [
        "INVITE sip:05031001002@192.0.2.1 SIP/2.0",
        "Via: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK1",
        f"From: {caller}",
        "To: <sip:05031001002@192.0.2.1>",
        "Call-ID: 1",
        "CSeq: 1 INVITE",
        *headers,
        "Content-Length: 0",
    ]
    found = parse("\r\n".join([*lines, "", ""]).encode())
    assert isinstance(found, Request)
    return found


def trunk(identity: IdentityStyle = IdentityStyle.P_ASSERTED) -> Trunk:
    return Trunk("pstn", "sip:192.0.2.9", identity=identity)


def test_a_phone_is_known_by_from_alone() -> None:
    shown = shown_of(invite(ASSERTED, "Privacy: id", "Diversion: <sip:1@x.test>"), None)
    assert shown == Shown("0399998888", "Kondo")


@pytest.mark.parametrize(
    ("headers", "identity", "shown"),
    [
        ((), IdentityStyle.P_ASSERTED, Shown("0399998888", "Kondo")),
        ((ASSERTED,), IdentityStyle.P_ASSERTED, Shown("+81312341234", "Real")),
        ((ASSERTED,), IdentityStyle.FROM, Shown("0399998888", "Kondo")),
        (
            ("P-Asserted-Identity: <tel:+81312341234>",),
            IdentityStyle.P_ASSERTED,
            Shown("+81312341234", "Kondo"),
        ),
        (
            ("P-Asserted-Identity: <nonsense",),
            IdentityStyle.P_ASSERTED,
            Shown("0399998888", "Kondo"),
        ),
        ((ASSERTED, "Privacy: id"), IdentityStyle.P_ASSERTED, Shown("", "")),
        ((ASSERTED, "Privacy: header;user"), IdentityStyle.P_ASSERTED, Shown("", "")),
        ((ASSERTED, "Privacy: none"), IdentityStyle.P_ASSERTED, Shown("+81312341234", "Real")),
        (
            ('Remote-Party-ID: "R" <sip:0355556666@c.test>;party=calling;privacy=off',),
            IdentityStyle.REMOTE_PARTY_ID,
            Shown("0355556666", "R"),
        ),
        (
            ('Remote-Party-ID: "R" <sip:0355556666@c.test>;party=calling;privacy=full',),
            IdentityStyle.REMOTE_PARTY_ID,
            Shown("", ""),
        ),
        (
            ("Diversion: <sip:0311112222@c.test>;reason=user-busy, <sip:03@c.test>",),
            IdentityStyle.FROM,
            Shown("0399998888", "Kondo", "0311112222"),
        ),
    ],
)
def test_what_a_trunk_says(headers: tuple[str, ...], identity: IdentityStyle, shown: Shown) -> None:
    assert shown_of(invite(*headers), trunk(identity)) == shown


def test_an_anonymous_caller_is_nobody() -> None:
    caller = '"Anonymous" <sip:anonymous@anonymous.invalid>;tag=1'
    assert shown_of(invite(caller=caller), trunk(IdentityStyle.FROM)) == Shown("", "")
    asserted = shown_of(invite(ASSERTED, caller=caller), trunk())
    assert asserted.number == "+81312341234"
