"""What the database holds of secrets is encrypted, by keys that it does not hold.

The keys stand in the environment, separated by commas: the first one encrypts, the others still
decrypt, so that a key is changed by putting a new one before it. A sealed text is Fernet's
(AES-128-CBC and HMAC-SHA256, with the time that it was made).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

VARIABLE: Final = "CORDBOARD_SECRET_KEY"


class SealError(Exception):
    """A key is none, or a sealed text is of no key that we have; the message has no secret."""


class Seal:
    """Seals and opens texts by ``keys``, the newest first. Raises :class:`SealError`."""

    def __init__(self, *keys: str) -> None:
        # Only where there are keys: the library takes 50 ms to import.
        from cryptography.fernet import Fernet, MultiFernet

        try:
            self._fernet = MultiFernet([Fernet(key) for key in keys])
        except ValueError:
            raise SealError(
                f"a key in {VARIABLE} is not 32 octets in URL-safe base64:"
                " `cordboard secrets key` makes one"
            ) from None

    def seal(self, text: str) -> str:
        """Encrypt a text by the first key."""
        return self._fernet.encrypt(text.encode()).decode("ascii")

    def open(self, sealed: str) -> str:
        """Decrypt a text by whichever key it is of; raises :class:`SealError`."""
        from cryptography.fernet import InvalidToken

        try:
            return self._fernet.decrypt(sealed).decode()
        except (InvalidToken, ValueError):
            raise SealError(f"it was sealed by a key that {VARIABLE} does not have") from None


def seal_of(environ: Mapping[str, str]) -> Seal | None:
    """What the keys of an environment seal by, None where there are none; raises
    :class:`SealError`."""
    keys = [key.strip() for key in environ.get(VARIABLE, "").split(",")]
    given = [key for key in keys if key]
    return Seal(*given) if given else None


def new_key() -> str:
    """A key for the environment."""
    from cryptography.fernet import Fernet

    return Fernet.generate_key().decode("ascii")
