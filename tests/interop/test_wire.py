"""What strangers send over the wire and what they get: the messages of RFC 4475, guesses, scans."""

from __future__ import annotations

import re
import select
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from cordboard.sip.digest import Credentials, answer_challenge
from cordboard.sip.guard import FAILURES_OF_A_SOURCE, FAILURES_OF_AN_ACCOUNT
from support.own_phone import OwnPhone
from support.ports import LOOPBACK
from support.server import CordboardServer

MESSAGES = Path(__file__).parents[1] / "data" / "rfc4475"
STRANGER = "127.0.0.77"
"""Where answers go: most messages name no port in their Via, which means 5060 (RFC 3261 18.2.2)."""

VIA_PORTS = (5060, 5050, 5070)
PATIENCE = 1.0
SILENCE = 0.2
T1 = 0.05

SAFE_TENANT = """
[tenant.safe]
digest = "both"
[tenant.safe.user.eve]
terminal.eve.secret = "demo-eve"
"""

CALL_ID = re.compile(rb"^(?:call-id|i)[ \t]*:\s*(\S+)", re.MULTILINE | re.IGNORECASE)
TOP_VIA = re.compile(rb"SIP/2.0/\w+ ([^;\s]+);(?:[^\r]*;)?branch=([^;\s]+)")

# 3.1.1 and 3.4: accepted, which ends for INVITE with a user who is not here and for REGISTER with
# a challenge. None is silence: for responses that nobody asked for, and where nothing is left to
# answer with.
EXPECTED: dict[str, int | None] = {
    "wsinv": 481,  # its To has a tag, of a dialog that nobody knows
    "intmeth": 501,
    "esc01": 401,
    "escnull": 401,
    "esc02": 501,
    "lwsdisp": 200,
    "longreq": 401,
    "dblreq": 401,  # and what follows it in the datagram is not read
    "semiuri": 200,
    "transports": 200,
    "mpart01": 405,
    "unreason": None,
    "noreason": None,
    "inv2543": 401,
    # 3.1.2: not well formed
    "badinv01": 400,
    "clerr": 400,
    "ncl": 400,
    "scalar02": 400,
    "scalarlg": None,
    "quotbal": 400,
    "ltgtruri": 416,
    "lwsruri": 400,
    "lwsstart": 400,
    "trws": 400,
    "escruri": 400,
    "baddate": 401,  # nothing here needs the date
    "regbadct": 400,
    "badaspec": 200,  # blanks around the address are forgiven
    "baddn": 400,
    "badvers": 505,
    "mismatch01": 400,
    "mismatch02": 501,
    "bigcode": None,
    # 3.2: a branch that is nothing but the cookie is one of RFC 2543
    "badbranch": 200,
    # 3.3
    "insuf": None,  # it lacks what an answer would have to repeat
    "unkscm": 416,
    "novelsc": 416,
    "unksm2": 416,
    "bext01": 420,
    "invut": 415,
    "regaut01": 401,
    "multi01": 400,
    "mcl01": 400,
    "bcast": None,
    "zeromf": 200,  # it ends here, and need not be forwarded
    "cparam01": 401,
    "cparam02": 401,
    "regescrt": 401,
    "sdp01": 406,
}


class Wire:
    """Somebody at an address of his own, who sees every answer."""

    def __init__(self, server: CordboardServer, host: str = STRANGER) -> None:
        self._server = server
        self._sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in VIA_PORTS]
        for one, port in zip(self._sockets, VIA_PORTS, strict=True):
            one.bind((host, port))
        self.host = host

    def close(self) -> None:
        """Give the ports back."""
        for one in self._sockets:
            one.close()

    def say(self, *datagrams: bytes) -> None:
        """Send without waiting for answers."""
        for data in datagrams:
            self._sockets[0].sendto(data, self._server.sip)

    def ask(self, data: bytes, *, final: bool = True) -> list[bytes]:
        """Send a datagram; all that comes back until a final answer, or for a while."""
        self.say(data)
        answers: list[bytes] = []
        while ready := select.select(self._sockets, [], [], PATIENCE if final else SILENCE)[0]:
            answers += [one.recv(65_535) for one in ready]
            if any(status_of(one) >= 200 and is_about(one, data) for one in answers):
                break
        return answers

    def register(
        self, user: str, password: str | None = None, *, domain: str = "demo", agent: str = "x"
    ) -> list[bytes]:
        """Register, with credentials where there is a password; the answers to that."""
        answers = self.ask(self._register(user, domain, agent), final=password is not None)
        if password is None or not answers:
            return answers
        challenge = header(answers[0], "WWW-Authenticate")
        if challenge is None:
            return answers
        credentials = answer_challenge(
            [challenge], Credentials(user, password), "REGISTER", f"sip:{domain}", cnonce="c"
        )
        return self.ask(self._register(user, domain, agent, f"Authorization: {credentials}\r\n"))

    def _register(self, user: str, domain: str, agent: str, more: str = "") -> bytes:
        self.count = getattr(self, "count", 0) + 1
        return (
            f"REGISTER sip:{domain} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {self.host}:5060;branch=z9hG4bK{self.host}{self.count}\r\n"
            f"From: <sip:{user}@{domain}>;tag=1\r\nTo: <sip:{user}@{domain}>\r\n"
            f"Call-ID: {self.host}\r\nCSeq: {self.count} REGISTER\r\nMax-Forwards: 70\r\n"
            f"Contact: <sip:{user}@{self.host}:5060>\r\nUser-Agent: {agent}\r\n{more}"
            "Content-Length: 0\r\n\r\n"
        ).encode()


def status_of(answer: bytes) -> int:
    """The status of a response."""
    return int(answer.split(b" ", 2)[1])


def header(answer: bytes, name: str) -> str | None:
    """The value of a header."""
    found = re.search(rf"^{name}: (.*)\r$", answer.decode(), re.MULTILINE)
    return found.group(1) if found else None


def is_about(answer: bytes, data: bytes) -> bool:
    """Whether an answer is one to this message, not to an earlier one that nobody acknowledged.

    Two of the messages share their branch, so that the second is a repeat of the first.
    """
    call_id = CALL_ID.search(data)
    if call_id is not None and call_id.group(1) == (header(answer, "Call-ID") or "").encode():
        return True
    asked, told = TOP_VIA.search(data), TOP_VIA.search(answer)
    return asked is not None and told is not None and asked.groups() == told.groups()


def statuses(answers: list[bytes]) -> list[int]:
    """The statuses of responses."""
    return [status_of(answer) for answer in answers]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CordboardServer]:
    with CordboardServer(tmp_path_factory.mktemp("wire"), t1=T1) as server:
        yield server


@pytest.fixture
def wire(server: CordboardServer) -> Iterator[Wire]:
    one = Wire(server)
    yield one
    one.close()


def test_every_message_of_the_rfc_is_expected_to_do_something() -> None:
    assert sorted(EXPECTED) == sorted(path.stem for path in MESSAGES.glob("*.dat"))
    assert len(EXPECTED) == 49


@pytest.mark.parametrize(("name", "status"), EXPECTED.items())
def test_a_message_of_rfc_4475(wire: Wire, name: str, status: int | None) -> None:
    data = (MESSAGES / f"{name}.dat").read_bytes()
    answers = [one for one in wire.ask(data, final=status is not None) if is_about(one, data)]
    assert [code for code in statuses(answers) if code >= 200] == [status] * (status is not None)
    if name == "bext01":
        told = header(answers[-1], "Unsupported")
        assert told == "nothingSupportsThis, nothingSupportsThisEither"
    for answer in answers:
        assert b"\r\n\r\n" in answer


def test_the_server_is_well_after_all_that(server: CordboardServer) -> None:
    with OwnPhone("thomas", server.sip):
        assert server.get("/healthz").status == 200


def test_nobody_learns_who_is_here(wire: Wire) -> None:
    """The same answers but for their nonces, whether the account exists or not."""

    def told(user: str, password: str | None) -> list[bytes]:
        texts = wire.register(user, password)
        blank = [re.sub(rb'nonce="[^"]*"|branch=[^\r;]*|[0-9]+ REG', b"", text) for text in texts]
        return [re.sub(rb";tag=[0-9a-f]+", b"", text).replace(user.encode(), b"") for text in blank]

    for password in (None, "wrong"):
        assert told("jessica-desk", password) == told("nobody-desk1", password)


def test_who_guesses_is_not_answered_for_long(server: CordboardServer) -> None:
    with ExitStack() as stack:
        attacker = Wire(server, "127.0.0.66")
        stack.callback(attacker.close)
        for number in range(FAILURES_OF_A_SOURCE):
            assert statuses(attacker.register(f"guess{number}", "wrong")) == [403]
        assert attacker.register("jessica-desk") == []
        assert attacker.register("jessica-desk", "demo-jessica-desk") == []
        elsewhere = Wire(server, "127.0.0.67")
        stack.callback(elsewhere.close)
        assert statuses(elsewhere.register("jessica-desk", "demo-jessica-desk")) == [200]


def test_an_account_under_attack_is_open_to_its_own_phone_only(server: CordboardServer) -> None:
    with ExitStack() as stack:
        owner, attacker = Wire(server, "127.0.0.70"), Wire(server, "127.0.0.71")
        stack.callback(owner.close)
        stack.callback(attacker.close)
        assert statuses(owner.register("jessica-soft", "demo-jessica-soft")) == [200]
        for _ in range(FAILURES_OF_AN_ACCOUNT):
            assert statuses(attacker.register("jessica-soft", "wrong")) == [403]
        (refusal,) = attacker.register("jessica-soft", "demo-jessica-soft")
        assert status_of(refusal) == 503
        assert header(refusal, "Retry-After") is not None
        assert statuses(owner.register("jessica-soft", "demo-jessica-soft")) == [200]


def test_sha_256_where_the_tenant_wants_it(tmp_path: Path) -> None:
    with CordboardServer(tmp_path, t1=T1, more=SAFE_TENANT) as server:
        wire = Wire(server)
        try:
            (challenge,) = wire.register("eve", domain="safe")
            offered = re.findall(rb"algorithm=([A-Z0-9-]+)", challenge)
            assert offered == [b"SHA-256", b"MD5"]
            assert statuses(wire.register("eve", "demo-eve", domain="safe")) == [200]
            assert statuses(wire.register("eve", "wrong", domain="safe")) == [403]
        finally:
            wire.close()


def test_strangers_hear_nothing_where_that_is_wanted(tmp_path: Path) -> None:
    with CordboardServer(tmp_path, t1=T1, sip_lines='strangers = "ignore"') as server:
        wire = Wire(server)
        try:
            *most, last = [(MESSAGES / f"{name}.dat").read_bytes() for name in EXPECTED]
            wire.say(*most)
            assert wire.ask(last, final=False) == []
            assert wire.register("jessica-desk", domain="elsewhere.test") == []
            assert wire.register("jessica-desk", agent="friendly-scanner") == []
            assert statuses(wire.register("jessica-desk")) == [401]
            assert statuses(wire.register("jessica-desk", domain=LOOPBACK)) == [401]
            options = (MESSAGES / "lwsdisp.dat").read_bytes()
            assert statuses(wire.register("jessica-desk", "demo-jessica-desk")) == [200]
            assert statuses(wire.ask(options)) == [200]  # no stranger any more
        finally:
            wire.close()
