"""Digest: the RFCs' own examples, and what a server must not be fooled by."""

from __future__ import annotations

import pytest

from cordboard.sip.digest import Credentials, answer_challenge, ha1, parse_digest
from cordboard.sip.digest_server import DigestServer, Verdict
from cordboard.sip.errors import SipParseError
from cordboard.sip.nonces import COUNT_WINDOW, MAX_KNOWN_NONCES, NONCE_SECONDS

REALM, USER, PASSWORD, URI = "demo", "desk", "demo-desk", "sip:demo"
SECRET = ha1(USER, REALM, PASSWORD)

RFC_2617 = (
    'Digest realm="testrealm@host.com", qop="auth,auth-int",'
    ' nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"'
)
RFC_7616 = (
    'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=MD5,'
    ' nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",'
    ' opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
)


def test_example_of_rfc_2617() -> None:
    value = answer_challenge(
        [RFC_2617],
        Credentials("Mufasa", "Circle Of Life"),
        "GET",
        "/dir/index.html",
        cnonce="0a4f113b",
    )
    assert value == (
        'Digest username="Mufasa", realm="testrealm@host.com",'
        ' nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", uri="/dir/index.html",'
        ' response="6629fae49393a05397450978507c4ef1",'
        ' opaque="5ccc069c403ebaf9f0171e9517f40e41", cnonce="0a4f113b", qop=auth, nc=00000001'
    )


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_examples_of_rfc_7616(algorithm: str, response: str) -> None:
    value = answer_challenge(
        [RFC_7616.replace("MD5", algorithm)],
        Credentials("Mufasa", "Circle of Life"),
        "GET",
        "/dir/index.html",
        cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
    )
    assert value is not None
    answered = parse_digest(value)
    assert answered["response"] == response
    assert answered["algorithm"] == algorithm
    assert answered["opaque"] == "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"


def answer(challenges: list[str], credentials: Credentials) -> dict[str, str] | None:
    value = answer_challenge(challenges, credentials, "INVITE", URI, cnonce="c", nonce_count=10)
    return None if value is None else parse_digest(value)


MD5 = 'Digest realm="r", nonce="n", algorithm=MD5, qop="auth"'
SHA256 = 'Digest realm="r", nonce="n", algorithm=SHA-256, qop="auth"'
UNKNOWN = 'Digest realm="r", nonce="n", algorithm=SHA-512-256, qop="auth"'


@pytest.mark.parametrize("challenges", [[UNKNOWN, SHA256, MD5], [MD5, UNKNOWN, SHA256]])
def test_the_strongest_challenge_that_we_know_is_answered(challenges: list[str]) -> None:
    with_password = Credentials("u", "p")
    answered = answer(challenges, with_password)
    assert answered is not None
    assert answered["algorithm"] == "SHA-256"
    assert answered["nc"] == "0000000a"
    with_hash = answer([SHA256, MD5], Credentials("u", ha1=ha1("u", "r", "p")))
    assert with_hash is not None
    assert with_hash == answer([MD5], with_password)


def test_session_variant_hashes_the_nonces_in() -> None:
    answered = answer([MD5.replace("MD5", "MD5-sess")], Credentials("u", "p"))
    assert answered is not None
    # MD5(MD5(MD5(u:r:p):n:c):n:0000000a:c:auth:MD5(INVITE:sip:demo))
    assert answered["response"] == "1e54c13bab5de9d7addfd8b14c4b9ce5"


def test_challenge_without_qop_is_answered_as_rfc_2069_did() -> None:
    answered = answer(['Digest realm="r", nonce="n"'], Credentials("u", "p"))
    assert answered is not None
    assert answered.keys() == {"username", "realm", "nonce", "uri", "response"}


@pytest.mark.parametrize(
    "challenge",
    [
        "",
        "Basic realm=x",
        "Digest",
        'Digest realm="r"',
        'Digest nonce="n"',
        UNKNOWN,
        'Digest realm="r", nonce="n", qop="auth-int"',
        'Digest realm="r, nonce="n"',
        'Digest realm="r", nonce="a\\\0b"',
        "Digest " + ", ".join(f"x{number}=1" for number in range(100)),
    ],
)
def test_what_cannot_be_answered(challenge: str) -> None:
    assert answer([challenge], Credentials("u", "p")) is None


def test_nothing_to_answer_with() -> None:
    assert answer([MD5], Credentials("u")) is None


def test_realm_of_any_octets() -> None:
    answered = answer(['Digest realm="caf\udce9 \\"x\\"", nonce="n"'], Credentials("ü", "p"))
    assert answered is not None
    assert answered["realm"] == 'caf\udce9 "x"'


def test_parameters_are_read_generously() -> None:
    assert parse_digest('digest  a = b,C="d, \\"e\\"" ,, f=, a=second') == {
        "a": "b",
        "c": 'd, "e"',
        "f": "",
    }
    with pytest.raises(SipParseError):
        parse_digest("Digest a")


def test_secrets_are_not_shown() -> None:
    shown = repr(Credentials("u", "p4ssw0rd", "0123456789abcdef"))
    assert "p4ssw0rd" not in shown
    assert "0123456789abcdef" not in shown


# As a server


class Phone:
    """Answers challenges of a server as a phone does."""

    def __init__(self, server: DigestServer, now: float = 1000.0) -> None:
        self.server = server
        self.challenge = server.challenge(REALM, now)

    def answer(self, count: int = 1, password: str = PASSWORD, user: str = USER) -> str:
        value = answer_challenge(
            [self.challenge],
            Credentials(user, password),
            "REGISTER",
            URI,
            cnonce="c",
            nonce_count=count,
        )
        assert value is not None
        return value

    def judged(self, value: str, now: float = 1000.0, secret: str | None = SECRET) -> Verdict:
        return self.server.verify(value, "REGISTER", REALM, USER, secret, now, URI)


@pytest.fixture
def phone() -> Phone:
    return Phone(DigestServer(b"secret"))


def test_challenge_is_md5_with_qop_auth(phone: Phone) -> None:
    asked = parse_digest(phone.challenge)
    assert asked.keys() == {"realm", "nonce", "algorithm", "qop"}
    assert (asked["realm"], asked["algorithm"], asked["qop"]) == (REALM, "MD5", "auth")
    assert parse_digest(phone.server.challenge(REALM, 0.0, stale=True))["stale"] == "true"


def test_nonces_differ_even_at_the_same_moment(phone: Phone) -> None:
    assert phone.server.challenge(REALM, 5.0) != phone.server.challenge(REALM, 5.0)


def test_right_answer_is_good(phone: Phone) -> None:
    assert phone.judged(phone.answer()) is Verdict.GOOD


def test_wrong_password_and_unknown_user_get_the_same(phone: Phone) -> None:
    assert phone.judged(phone.answer(password="other")) is Verdict.WRONG
    assert phone.judged(phone.answer(), secret=None) is Verdict.WRONG
    assert phone.judged(phone.answer(), secret=None, now=1e9) is Verdict.WRONG
    assert phone.judged(phone.answer(password="other"), now=1e9) is Verdict.WRONG


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('realm="demo"', 'realm="other"'),
        ('username="desk"', 'username="soft"'),
        ('uri="sip:demo"', 'uri="sip:other"'),
        ("algorithm=MD5", "algorithm=SHA-256"),
        ("qop=auth", "qop=auth-int"),
        ("nc=00000001", "nc=00000002"),
        ('cnonce="c"', 'cnonce="d"'),
        ('response="', 'response="é'),
        ("Digest ", "Basic "),
        ("nc=00000001", "nc"),
    ],
)
def test_changed_answer_is_wrong(phone: Phone, old: str, new: str) -> None:
    value = phone.answer()
    assert old in value
    assert phone.judged(value.replace(old, new)) is Verdict.WRONG


def test_other_method_is_wrong(phone: Phone) -> None:
    value = phone.answer()
    verdict = phone.server.verify(value, "INVITE", REALM, USER, SECRET, 1000.0)
    assert verdict is Verdict.WRONG


@pytest.mark.parametrize("uri", ["sip:demo:5060", "sip:demo;transport=udp", "sip:Demo"])
def test_port_and_parameters_of_the_uri_may_be_rewritten(phone: Phone, uri: str) -> None:
    value = phone.answer()
    assert phone.server.verify(value, "REGISTER", REALM, USER, SECRET, 1000.0, uri) is Verdict.GOOD


@pytest.mark.parametrize("uri", ["sip:other", "sip:bob@demo", "http://demo", "demo"])
def test_answer_for_another_place_is_wrong(phone: Phone, uri: str) -> None:
    value = phone.answer()
    assert phone.server.verify(value, "REGISTER", REALM, USER, SECRET, 1000.0, uri) is Verdict.WRONG


def test_old_nonce_is_stale(phone: Phone) -> None:
    value = phone.answer()
    assert phone.judged(value, now=1000.0 + NONCE_SECONDS + 1) is Verdict.STALE
    assert phone.judged(value, now=1000.0 - 2) is Verdict.STALE
    assert phone.judged(value, now=1000.0 + NONCE_SECONDS - 1) is Verdict.GOOD


def test_nonce_of_another_start_is_stale(phone: Phone) -> None:
    value = phone.answer()
    restarted = Phone(DigestServer(b"other"))
    assert restarted.judged(value) is Verdict.STALE


def test_nonce_of_another_realm_is_stale(phone: Phone) -> None:
    nonce = parse_digest(phone.server.challenge("other", 1000.0))["nonce"]
    own = parse_digest(phone.challenge)["nonce"]
    phone.challenge = phone.challenge.replace(own, nonce)
    assert phone.judged(phone.answer()) is Verdict.STALE


def test_replay_is_stale_and_the_next_count_is_good(phone: Phone) -> None:
    value = phone.answer()
    assert phone.judged(value) is Verdict.GOOD
    assert phone.judged(value) is Verdict.STALE
    assert phone.judged(phone.answer(count=2)) is Verdict.GOOD


def test_counts_may_overtake_each_other_but_none_is_good_twice(phone: Phone) -> None:
    order = [3, 1, 2, 40, 39, 9]
    assert [phone.judged(phone.answer(count=n)) for n in order] == [Verdict.GOOD] * len(order)
    assert [phone.judged(phone.answer(count=n)) for n in order] == [Verdict.STALE] * len(order)
    assert phone.judged(phone.answer(count=40 - COUNT_WINDOW)) is Verdict.STALE


@pytest.mark.parametrize("count", ["", "0", "00000000", "000000001", "0x1", "1_1", "-1", "é"])
def test_malformed_count_is_wrong(phone: Phone, count: str) -> None:
    """Even where the hash is right, as only the phone itself could make it."""
    given = parse_digest(phone.answer())
    from cordboard.sip.digest import response_of

    response = response_of("md5", SECRET, given["nonce"], count, "c", "REGISTER", URI)
    value = (
        f'Digest username="{USER}", realm="{REALM}", nonce="{given["nonce"]}", uri="{URI}",'
        f' response="{response}", cnonce="c", qop=auth, nc="{count}"'
    )
    assert phone.judged(value) is Verdict.WRONG


def test_answer_without_qop_is_good_once(phone: Phone) -> None:
    phone.challenge = phone.challenge.replace(', qop="auth"', "")
    assert phone.judged(phone.answer()) is Verdict.GOOD
    assert phone.judged(phone.answer()) is Verdict.STALE


def test_forgotten_nonces_are_stale_and_the_table_is_bounded() -> None:
    server = DigestServer(b"secret")
    first = Phone(server)
    value = first.answer()
    assert first.judged(value) is Verdict.GOOD
    for _ in range(MAX_KNOWN_NONCES):
        later = Phone(server)
        assert later.judged(later.answer()) is Verdict.GOOD
    assert len(server._nonces._counts) <= MAX_KNOWN_NONCES
    assert first.judged(value) is Verdict.STALE
    assert first.judged(first.answer(count=2)) is Verdict.STALE


def test_failures_leave_nothing_behind(phone: Phone) -> None:
    for count in range(100):
        phone.judged(phone.answer(count=count + 1, password="wrong"))
    assert not phone.server._nonces._counts
