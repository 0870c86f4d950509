"""Every challenge has a nonce of its own."""

from __future__ import annotations

from cordboard.sip.digest import Credentials, answer_challenge, ha1
from cordboard.sip.digest_server import DigestServer, Verdict


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
