"""Who may call: terminals that prove it, trunks by where they call from, nobody else."""

from __future__ import annotations

import pytest

from cordboard.directory.model import TenantPolicy, Terminal, Trunk, User
from cordboard.directory.snapshot import Directory, TenantDirectory
from cordboard.engines.embedded.bindings import Bindings
from cordboard.engines.embedded.known_callers import MAX_CALL_ID, KnownCallers
from cordboard.sip.callers import KnownCaller
from cordboard.sip.digest import Credentials, answer_challenge, ha1
from cordboard.sip.flow import Flow
from cordboard.sip.locating import Target
from cordboard.sip.message import Request
from cordboard.sip.registrar_answer import Answer

SERVER = ("192.0.2.1", 5060)
CARRIER = ("198.51.100.7", 5060)
NAMED = ("198.51.100.9", 5070)
STRANGER = ("203.0.113.66", 5060)
SECRET = "of-the-desk"


def made(trunk_uri: str = "sip:198.51.100.7") -> KnownCallers:
    tenants = []
    for domain, terminals in (("demo", ("desk", "soft")), ("other", ())):
        trunks: tuple[Trunk, ...] = (Trunk("carrier", trunk_uri),)
        if domain == "demo":
            trunks += (Trunk("named", "sip:sip.carrier.test", ping=30),)
        phones = tuple(Terminal(name, 1, ha1(name, domain, SECRET)) for name in terminals)
        users = (User(1, "jessica", "Jessica", terminals=terminals),)
        policy = TenantPolicy(domain, domain)
        tenant = TenantDirectory(policy, users=users, terminals=phones, trunks=trunks)
        tenants.append(tenant)
    directory = Directory(tuple(tenants))
    registrar = Bindings(lambda: directory, b"secret", lambda: 0.0).registrar
    up = {"named@demo": Target("udp", *NAMED, "sip.carrier.test")}
    return KnownCallers(lambda: directory, registrar, up.get)


def invite(
    from_: str = "<sip:desk@demo>;tag=1", authorization: str = "", call_id: str = "call-1"
) -> Request:
    headers = {
        "via": ["SIP/2.0/UDP 203.0.113.66;branch=z9hG4bK1"],
        "from": [from_],
        "to": ["<sip:200@demo>"],
        "call-id": [call_id],
        "cseq": ["1 INVITE"],
    }
    if authorization:
        headers["authorization"] = [authorization]
    return Request("INVITE", "sip:200@demo", headers)


def flow(remote: tuple[str, int]) -> Flow:
    return Flow("udp", SERVER, remote)


def proven(callers: KnownCallers, name: str, secret: str, from_: str) -> Request:
    """An INVITE that answers the challenge of a first one."""
    challenge = callers.judge(invite(from_), flow(STRANGER), 0.0)
    assert isinstance(challenge, Answer)
    assert challenge.status == 401
    value = dict(challenge.headers)["www-authenticate"]
    return invite(from_, answered(value, name, secret))


def answered(challenge: str, name: str, secret: str) -> str:
    """The Authorization value for a challenge."""
    credentials = Credentials(name, secret)
    given = answer_challenge([challenge], credentials, "INVITE", "sip:200@demo", cnonce="0a4f113b")
    assert given is not None
    return given


def test_a_terminal_that_proves_itself_calls_from_anywhere() -> None:
    callers = made()
    request = proven(callers, "desk", SECRET, "<sip:desk@demo>;tag=1")
    assert callers.judge(request, flow(STRANGER), 1.0) == KnownCaller("desk@demo")


def test_a_proof_is_good_once() -> None:
    callers = made()
    request = proven(callers, "desk", SECRET, "<sip:desk@demo>;tag=1")
    callers.judge(request, flow(STRANGER), 1.0)
    again = callers.judge(request, flow(STRANGER), 2.0)
    assert isinstance(again, Answer)
    assert again.status in (401, 403)


@pytest.mark.parametrize("from_", ["<sip:desk@demo>;tag=1", "<sip:nobody@demo>;tag=1"])
def test_a_wrong_password_and_a_terminal_that_is_none_are_refused_alike(from_: str) -> None:
    callers = made()
    name = from_[5:].partition("@")[0]
    answer = callers.judge(proven(callers, name, "guess", from_), flow(STRANGER), 1.0)
    assert isinstance(answer, Answer)
    assert (answer.status, answer.reason) == (403, "Forbidden")


def test_a_terminal_is_not_another_one() -> None:
    callers = made()
    request = proven(callers, "desk", SECRET, "<sip:soft@demo>;tag=1")
    answer = callers.judge(request, flow(STRANGER), 1.0)
    assert isinstance(answer, Answer)
    assert answer.status == 403


def test_who_guesses_on_is_not_answered() -> None:
    callers = made()
    for _ in range(200):
        first = callers.judge(invite(), flow(STRANGER), 0.0)
        if first is None or (isinstance(first, Answer) and first.status == 503):
            return
        assert isinstance(first, Answer)
        value = dict(first.headers)["www-authenticate"]
        request = invite(authorization=answered(value, "desk", "no"))
        callers.judge(request, flow(STRANGER), 0.0)
    pytest.fail("guessed 200 times")


@pytest.mark.parametrize("port", [5060, 40000])
def test_a_trunk_calls_from_its_address(port: int) -> None:
    found = made().judge(invite("<sip:0312341234@x>;tag=1"), flow((CARRIER[0], port)), 0.0)
    assert found == KnownCaller(peers=("carrier@demo", "carrier@other"))


def test_a_trunk_that_is_watched_calls_from_where_it_was_found() -> None:
    found = made().judge(invite("<sip:0312341234@x>;tag=1"), flow(NAMED), 0.0)
    assert found == KnownCaller(peers=("named@demo",))


def test_a_phone_behind_a_trunks_address_proves_itself() -> None:
    answer = made().judge(invite(), flow((CARRIER[0], 40000)), 0.0)
    assert isinstance(answer, Answer)
    assert answer.status == 401


def test_a_trunk_whose_callers_number_is_a_terminals_name_is_a_trunk() -> None:
    assert made().judge(invite(), flow(CARRIER), 0.0) == KnownCaller(
        peers=("carrier@demo", "carrier@other")
    )


def test_a_stranger_is_challenged_whatever_number_he_shows() -> None:
    answer = made().judge(invite("<sip:0312341234@x>;tag=1"), flow(STRANGER), 0.0)
    assert isinstance(answer, Answer)
    assert answer.status == 401


@pytest.mark.parametrize("call_id", ["x" * (MAX_CALL_ID + 1), "with\x7fnoise", "\udc80"])
def test_a_call_id_that_can_not_name_a_channel_is_refused(call_id: str) -> None:
    answer = made().judge(invite(call_id=call_id), flow(CARRIER), 0.0)
    assert isinstance(answer, Answer)
    assert answer.status == 400


def test_a_trunk_whose_uri_can_not_be_read_is_nowhere() -> None:
    answer = made("nonsense").judge(invite("<sip:0312341234@x>;tag=1"), flow(CARRIER), 0.0)
    assert isinstance(answer, Answer)
    assert answer.status == 401
