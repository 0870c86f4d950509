"""The secrets of a tenant's file: API tokens and SIP passwords, given in the clear or hashed.

Only hashes are kept: of a token its SHA-256, of a SIP password the secret hashes of digest.
"""

from __future__ import annotations

import hashlib

from cordboard.directory.accounts import PhpLogin
from cordboard.directory.kinds import HASHED
from cordboard.directory.locate import Path
from cordboard.directory.model import DigestOffer
from cordboard.directory.passwords import held_password
from cordboard.directory.problems import Problems
from cordboard.directory.rows import Row, fit

SHORTEST_SECRET = 8
"""Characters below which a secret gets a warning (NIST SP 800-63B, 5.1.1.2)."""


def token_hashes(row: Row, problems: Problems) -> tuple[bytes, ...]:
    """The hashes of an account's tokens; none, and a problem told, where it has none, or one in the
    clear and hashed."""
    given = row.given.get("tokens")
    several = fit(row.values["tokens"])
    if isinstance(given, list):
        for position, token in enumerate(given):
            if isinstance(token, str) and not token.startswith(HASHED):
                _warn_if_short(token, (*row.path, "tokens", position), problems)
        if "token" not in row.given and "token_sha256" not in row.given and given:
            return several
    if not _just_one(row, "token", "token_sha256", problems):
        return ()
    token = row.values["token"]
    if token is None:
        return (bytes.fromhex(row.values["token_sha256"]), *several)
    _warn_if_short(token, (*row.path, "token"), problems)
    return (hashlib.sha256(token.encode()).digest(), *several)


def php_login(row: Row, problems: Problems) -> PhpLogin:
    """By what the While1 clients of an account prove themselves."""
    values, path = row.values, row.path
    name, password, kept = (
        values[key] for key in ("api_username", "api_password", "api_password_hash")
    )
    if password is not None and kept is not None:
        problems.error(
            (*path, "api_password"), 'expected either "api_password" or "api_password_hash"'
        )
    if (name is None) != (password is None and kept is None):
        problems.error(path, "api_username and api_password go together")
        name = None
    if values["api_hash_required"] and values["api_key"] is None:
        problems.error((*path, "api_hash_required"), "a hash needs an api_key")
    if password is not None:
        _warn_if_short(password, (*path, "api_password"), problems)
        kept = held_password(password)
    held = kept if name is not None else None
    return PhpLogin(name, held, values["api_key"], values["api_hash_required"])


def persons_password(row: Row, problems: Problems) -> str | None:
    """The form to hold of a person's password; None, and a problem told, where there is none."""
    if not _just_one(row, "password", "password_hash", problems):
        return None
    password: str | None = row.values["password"]
    if password is None:
        kept: str = row.values["password_hash"]
        return kept
    _warn_if_short(password, (*row.path, "password"), problems)
    return held_password(password)


def secret_hashes(
    row: Row, realm: str, digest: DigestOffer, problems: Problems
) -> tuple[str, str | None] | None:
    """A terminal's HA1 by MD5 and, where it is known, by SHA-256 (RFC 7616 3.4.2, RFC 8760);
    None, and a problem told, where there is no secret or more than one."""
    if not _just_one(row, "secret", "ha1", problems):
        return None
    secret, ha1_sha256 = row.values["secret"], row.values["ha1_sha256"]
    if secret is not None:
        _warn_if_short(secret, (*row.path, "secret"), problems)
        hashed = f"{row.name}:{realm}:{secret}".encode()
        md5 = hashlib.md5(hashed, usedforsecurity=False)
        return md5.hexdigest(), hashlib.sha256(hashed).hexdigest()
    if ha1_sha256 is None and digest is DigestOffer.SHA_256:
        problems.error(
            (*row.path, "ha1"), "the tenant's digest is sha-256, so ha1_sha256 is needed as well"
        )
    return row.values["ha1"], ha1_sha256


def _just_one(row: Row, plain: str, hashed: str, problems: Problems) -> bool:
    """Whether a secret is given, in the clear or hashed; a problem if in neither or both."""
    if plain in row.given and hashed in row.given:
        problems.error((*row.path, hashed), f'expected either "{plain}" or "{hashed}"')
    elif plain not in row.given and hashed not in row.given:
        problems.error(row.path, f'"{plain}" (or "{hashed}") is missing')
    return row.values[plain] is not None or row.values[hashed] is not None


def _warn_if_short(secret: str, path: Path, problems: Problems) -> None:
    if len(secret) < SHORTEST_SECRET:
        problems.warning(
            path, f"the secret is short: expected {SHORTEST_SECRET} or more characters"
        )
