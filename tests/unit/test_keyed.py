"""A signature is what the standard library makes it, and a key is in no text."""

from __future__ import annotations

import hmac

import pytest

from cordboard.keyed import Keyed

MESSAGES = (b"", b"a", bytes(55), bytes(64), bytes(range(256)) * 9)


@pytest.mark.parametrize("size", [0, 1, 32, 63, 64, 65, 200])
def test_signatures_are_those_of_hmac(size: int) -> None:
    key = bytes(range(size))
    keyed = Keyed(key)
    for message in (*MESSAGES, *MESSAGES):
        assert keyed.sign(message) == hmac.digest(key, message, "sha256")


def test_a_vector_of_the_standard() -> None:
    signed = Keyed(b"Jefe").sign(b"what do ya want for nothing?")  # RFC 4231, 4.3
    assert signed.hex() == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"


def test_no_text_shows_the_key() -> None:
    assert "secret" not in repr(Keyed(b"secret"))
