"""Every challenge has a nonce of its own."""

from __future__ import annotations

from cordboard.sip.digest import Credentials, answer_challenge, ha1
from cordboard.sip.digest_server import DigestServer, Verdict
from cordboard.sip.nonces import NONCE_SECONDS, Nonces


def test_phones_that_ask_in_the_same_millisecond_do_not_share_a_nonce() -> None:
    server = DigestServer(b"s" * 32)
    for user in ("jessica", "thomas", "helen"):
        challenge = server.challenge("demo", now=7.0)
        value = answer_challenge(
            [challenge], Credentials(user, "secret"), "REGISTER", "sip:demo", cnonce="c"
        )
        assert value is not None
        secret = ha1(user, "demo", "secret")
        assert server.verify(value, "REGISTER", "demo", user, secret, 7.0) is Verdict.GOOD
        assert server.verify(value, "REGISTER", "demo", user, secret, 7.0) is Verdict.STALE


def test_what_is_too_old_to_be_used_is_not_kept() -> None:
    nonces = Nonces(b"s" * 32)
    first = nonces.issue("demo", "192.0.2.1", 0.0)
    assert nonces.use(first, "1", 1.0)
    assert nonces.use(first, "2", NONCE_SECONDS - 1.0)
    for number in range(1, 50):
        now = number * NONCE_SECONDS
        assert nonces.use(nonces.issue("demo", "192.0.2.1", now), "1", now + 1.0)
        assert len(nonces._counts) <= 2
    assert nonces.use(first, "3", NONCE_SECONDS + 1.0) is False
