"""Passwords of logins: kept so that one can be checked, and none can be read.

What is stored is argon2id (RFC 9106), with the least cost that OWASP's Password Storage Cheat Sheet
advises. Its salt is made of whose password it is, so that applying a file twice changes nothing. A
password that the file has in the clear is held as its SHA-256: there is nothing left to protect,
and a start does not take 20 ms for each.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

from argon2 import PasswordHasher, Type, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import hash_secret

MEMORY_KIB: Final = 19 * 1024
PASSES: Final = 2
LANES: Final = 1
HASH_OCTETS: Final = 32
SALT_OCTETS: Final = 16

MAX_MEMORY_KIB: Final = 256 * 1024
MAX_PASSES: Final = 10
"""What a hash of somebody else's making may cost at each login."""

_CLEAR: Final = "sha256:"
_HASHER: Final = PasswordHasher()


def kept_password(password: str, owner: str) -> str:
    """The form to keep of a password; ``owner`` tells it from others alike. Takes some 20 ms."""
    salt = hashlib.sha256(f"cordboard password of {owner}".encode()).digest()[:SALT_OCTETS]
    kept = hash_secret(
        password.encode(), salt, PASSES, MEMORY_KIB, LANES, HASH_OCTETS, type=Type.ID
    )
    return kept.decode("ascii")


def held_password(password: str) -> str:
    """The form to hold of a password that the file has in the clear."""
    return _CLEAR + hashlib.sha256(password.encode("utf-8", "surrogatepass")).hexdigest()


def checked_hash(text: str) -> str:
    """An argon2id hash as it is kept; ValueError if it is none, or costs too much."""
    try:
        parameters = extract_parameters(text)
    except InvalidHashError:
        raise ValueError("expected $argon2id$...") from None
    if parameters.type is not Type.ID:
        raise ValueError("expected $argon2id$...")
    if parameters.memory_cost > MAX_MEMORY_KIB or parameters.time_cost > MAX_PASSES:
        raise ValueError(f"it costs more than {MAX_MEMORY_KIB} KiB and {MAX_PASSES} passes")
    return text


def is_quick(kept: str) -> bool:
    """Whether a password is checked in no time, and not in some 20 ms."""
    return kept.startswith(_CLEAR)


def is_right(kept: str, password: str) -> bool:
    """Whether this is the password that is kept."""
    if is_quick(kept):
        return hmac.compare_digest(kept, held_password(password))
    try:
        return _HASHER.verify(kept, password.encode("utf-8", "surrogatepass"))
    except (VerificationError, InvalidHashError):
        return False


NOBODYS: Final = (
    f"$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}"
    "$bm9ib2R5IGhhcyB0aGF0IQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
)
"""What a password is checked against where there is no such login, at the same cost."""
