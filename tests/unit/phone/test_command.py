"""What the command line of a phone is read as."""

from __future__ import annotations

import pytest
import typer

from cordboard.phone.account import Account
from cordboard.phone.command import address_of
from cordboard.phone.session import PhoneOptions, PhoneProblem, run_phone
from cordboard.sip.digest import Credentials
from cordboard.sip.flow import Flow


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:5060", ("127.0.0.1", 5060)),
        ("pbx.example:0", ("pbx.example", 0)),
        ("[::1]:5060", ("::1", 5060)),
        ("[2001:db8::1]:65535", ("2001:db8::1", 65535)),
    ],
)
def test_addresses(text: str, address: tuple[str, int]) -> None:
    assert address_of(text) == address


@pytest.mark.parametrize(
    "text", ["", "pbx.example", ":5060", "pbx.example:65536", "pbx.example:sip", "[::1]"]
)
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="is not HOST:PORT"):
        address_of(text)


@pytest.mark.parametrize("text", ["::1:5060", "2001:db8::1:5060", "[::1:5060"])
def test_ipv6_stands_in_brackets(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="IPv6 stands in brackets"):
        address_of(text)


def test_a_phone_may_register_at_an_address() -> None:
    account = Account(Credentials("thomas", "secret"), ("::1", 5060), "::1")
    registration = account.registration(Flow("udp", ("", 0), account.server))
    assert registration.registrar_uri == "sip:[::1]"
    assert str(registration.aor) == "<sip:thomas@[::1]>"


@pytest.mark.anyio
async def test_a_phone_at_an_address_of_the_other_family_says_so() -> None:
    options = PhoneOptions("thomas", ("::1", 5060), local=("127.0.0.1", 0), told="nothing")
    with pytest.raises(PhoneProblem, match="::1 has no address that can be used"):
        await run_phone(options)
