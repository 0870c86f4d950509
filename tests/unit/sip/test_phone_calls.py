"""Calls that follow their phone to where it has registered anew."""

from __future__ import annotations

import pytest

from cordboard.sip.digest import Credentials, answer_challenge
from cordboard.sip.flow import Flow
from cordboard.sip.invitation import Invitation
from cordboard.sip.message import Response, parse
from support.sip_network import PHONE, SERVER, End
from support.sip_peer import Extra, Peer
from support.sip_world import registrar

INSTANCE = '+sip.instance="<urn:uuid:1>";reg-id=1'
CONTACT = f"<sip:jessica@{PHONE[0]}:{PHONE[1]};transport=tcp>"
FIRST = Flow("tcp", SERVER, PHONE)
SECOND = FIRST._replace(remote=(PHONE[0], 50_000))
ELSEWHERE = FIRST._replace(remote=("192.0.2.99", 50_000))


class Phone(Peer):
    """A phone that registers, and is called."""

    def __init__(self) -> None:
        self.registrar = registrar()
        super().__init__(End(SERVER, "srv", registrar=self.registrar))
        self.flow = FIRST
        self.number = 0

    def register(self, flow: Flow, contact: str = f"{CONTACT};{INSTANCE}") -> None:
        """Over a flow, from which the rest comes too."""
        self.flow = flow
        challenge = self._ask(contact, None).need("www-authenticate")
        credentials = answer_challenge(
            [challenge], Credentials("jessica", "s"), "REGISTER", "sip:demo", cnonce="c"
        )
        assert self._ask(contact, credentials).status == 200
        self.events()

    def _ask(self, contact: str, credentials: str | None) -> Response:
        self.number += 1
        extra: Extra = (("contact", contact), ("supported", "outbound"))
        if credentials is not None:
            extra += (("authorization", credentials),)
        self.ask(
            "REGISTER", number=self.number, to="<sip:jessica@demo>", extra=extra, uri="sip:demo"
        )
        (answer,) = self.take()
        assert isinstance(answer, Response)
        return answer

    def called(self) -> None:
        """It has taken a call."""
        (binding,) = self.registrar.bindings("jessica", self.now)
        invitation = Invitation(
            call_id="c",
            uri=binding.contact,
            flow=binding.flow,
            caller="<sip:a@demo>",
            callee="<sip:jessica@demo>",
            offer=b"v=0\r\n",
            phone=binding.phone,
        )
        self.stack.invite(invitation, self.now)
        invite = self.take_request("INVITE")
        self.answer(invite, 200, extra=(("contact", CONTACT),), sdp=b"v=0\r\n")
        self.take_request("ACK")

    def hung_up_over(self) -> Flow:
        """The flow that our BYE goes over."""
        self.stack.hang_up("c", self.now)
        ((flow, data),) = self.stack.messages_to_send()
        assert data.startswith(b"BYE ")
        bye = parse(data)
        assert not isinstance(bye, Response)
        self.answer(bye, 200, extra=(), flow=flow)
        self.wait(64.0)
        return flow


@pytest.fixture
def phone() -> Phone:
    """One that is registered and in a call."""
    phone = Phone()
    phone.register(FIRST)
    phone.called()
    return phone


def test_a_call_stays_where_its_phone_stays(phone: Phone) -> None:
    phone.register(FIRST)
    assert phone.hung_up_over() == FIRST


def test_a_call_follows_its_phone(phone: Phone) -> None:
    phone.register(SECOND)
    assert phone.hung_up_over() == SECOND


def test_also_when_the_connection_was_lost_in_between(phone: Phone) -> None:
    phone.stack.connection_lost(FIRST, phone.now)
    assert phone.registrar.bindings("jessica", phone.now) == ()
    phone.register(SECOND)
    assert phone.hung_up_over() == SECOND


def test_another_phone_of_the_account_takes_nothing_over(phone: Phone) -> None:
    phone.register(ELSEWHERE, "<sip:jessica@192.0.2.99;transport=tcp>")
    assert phone.hung_up_over() == FIRST


def test_without_outbound_it_goes_by_the_contact() -> None:
    phone = Phone()
    phone.register(FIRST, CONTACT)
    phone.called()
    phone.register(SECOND, CONTACT)
    assert phone.hung_up_over() == SECOND


def test_what_is_over_is_forgotten(phone: Phone) -> None:
    calls = phone.stack._core.phone_calls
    assert len(calls) == 1
    phone.hung_up_over()
    assert len(calls) == 0
    phone.register(SECOND)
    assert phone.take() == []
