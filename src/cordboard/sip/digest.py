"""Digest authentication as a client, and what both sides compute (RFC 7616, RFC 8760, RFC 3261 22).

The strongest challenge of each realm that we know is answered. The other side is in
:mod:`~cordboard.sip.digest_server`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from cordboard.sip.errors import SipParseError
from cordboard.sip.grammar import quote, split_outside_quotes, unquote

MAX_PARAMETERS: Final = 32

_HASHES: Final[dict[str, Callable[[bytes], str]]] = {
    "md5": lambda data: hashlib.md5(data, usedforsecurity=False).hexdigest(),
    "sha-256": lambda data: hashlib.sha256(data).hexdigest(),
}
_STRENGTH: Final = ("md5", "sha-256")  # the better the later


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who we are to a peer: a password, or the HA1 of it for MD5."""

    username: str
    password: str | None = field(default=None, repr=False)
    ha1: str | None = field(default=None, repr=False)


def ha1(username: str, realm: str, password: str, algorithm: str = "md5") -> str:
    """The stored form of a password, lower-case hexadecimal (RFC 7616 3.4.2)."""
    return _hash(algorithm, f"{username}:{realm}:{password}")


def _hash(algorithm: str, text: str) -> str:
    # What came off the wire may hold octets that are not UTF-8; they are hashed as they came.
    return _HASHES[algorithm](text.encode("utf-8", "surrogateescape"))


def parse_digest(value: str) -> dict[str, str]:
    """The parameters of a Digest challenge or answer, names in lower case, values unquoted.

    Raises :class:`SipParseError` for another scheme or a malformed value.
    """
    scheme, _, rest = value.strip().partition(" ")
    if scheme.lower() != "digest":
        raise SipParseError("not a Digest header")
    parameters: dict[str, str] = {}
    for part in split_outside_quotes(rest, ",", MAX_PARAMETERS):
        if not part:
            continue
        name, equals, text = part.partition("=")
        if not equals:
            raise SipParseError("malformed Digest parameter")
        parameters.setdefault(name.strip().lower(), unquote(text.strip()))
    return parameters


def best_challenges(challenges: Sequence[str], credentials: Credentials) -> list[dict[str, str]]:
    """Of each realm the strongest challenge that these credentials answer, in the peer's order.

    RFC 8760 2.4 leaves to the client's own policy what it takes of several; many a server lists MD5
    first for the sake of old phones. Of qop only ``auth`` is answered.
    """
    found: dict[str, dict[str, str]] = {}
    for challenge in challenges:
        asked = _read_challenge(challenge, credentials)
        if asked is None:
            continue
        known = found.get(asked["realm"])
        if known is None or _strength(asked) > _strength(known):
            found[asked["realm"]] = asked
    return list(found.values())


def _read_challenge(challenge: str, credentials: Credentials) -> dict[str, str] | None:
    if "\0" in challenge:  # may stand in a quoted pair, but can't be given back
        return None
    try:
        asked = parse_digest(challenge)
    except SipParseError:
        return None
    base = _base_of(asked)
    if base not in _HASHES or "nonce" not in asked or "realm" not in asked:
        return None
    if credentials.password is None and (credentials.ha1 is None or base != "md5"):
        return None
    offered = _offered_qop(asked)
    return None if offered and "auth" not in offered else asked


def _base_of(asked: dict[str, str]) -> str:
    return asked.get("algorithm", "MD5").lower().removesuffix("-sess")


def _strength(asked: dict[str, str]) -> int:
    return _STRENGTH.index(_base_of(asked))


def _offered_qop(asked: dict[str, str]) -> set[str]:
    return {word.strip().lower() for word in asked.get("qop", "").split(",")} - {""}


def answer_challenge(
    challenges: Sequence[str],
    credentials: Credentials,
    method: str,
    uri: str,
    *,
    cnonce: str,
    nonce_count: int = 1,
) -> str | None:
    """The (Proxy-)Authorization value for the first realm of :func:`best_challenges`, or None."""
    for asked in best_challenges(challenges, credentials):
        return answer_to(asked, credentials, method, uri, cnonce=cnonce, nonce_count=nonce_count)
    return None


def answer_to(
    asked: dict[str, str],
    credentials: Credentials,
    method: str,
    uri: str,
    *,
    cnonce: str,
    nonce_count: int,
) -> str:
    """The (Proxy-)Authorization value for one of :func:`best_challenges`; ``nonce_count`` counts
    the requests answered with this nonce, from 1 (RFC 7616 3.4)."""
    base, with_qop = _base_of(asked), bool(_offered_qop(asked))
    realm, nonce = asked["realm"], asked["nonce"]
    secret = credentials.ha1
    if credentials.password is not None:
        secret = ha1(credentials.username, realm, credentials.password, base)
    assert secret is not None  # the caller chose a challenge that these credentials answer
    algorithm = asked.get("algorithm")
    if algorithm is not None and algorithm.lower().endswith("-sess"):
        secret = _hash(base, f"{secret}:{nonce}:{cnonce}")
    count = f"{nonce_count:08x}"
    response = response_of(base, secret, nonce, count if with_qop else None, cnonce, method, uri)
    parts = [
        f"username={quote(credentials.username)}",
        f"realm={quote(realm)}",
        f"nonce={quote(nonce)}",
        f"uri={quote(uri)}",
        f'response="{response}"',
    ]
    if algorithm is not None:
        parts.append(f"algorithm={algorithm}")
    if "opaque" in asked:
        parts.append(f"opaque={quote(asked['opaque'])}")
    if with_qop:
        parts += [f"cnonce={quote(cnonce)}", "qop=auth", f"nc={count}"]
    return "Digest " + ", ".join(parts)


def response_of(
    base: str, secret: str, nonce: str, count: str | None, cnonce: str, method: str, uri: str
) -> str:
    """What proves the knowledge of ``secret``, the HA1 (RFC 7616 3.4.1); without ``count`` in the
    form without qop of RFC 2069."""
    ha2 = _hash(base, f"{method}:{uri}")
    middle = nonce if count is None else f"{nonce}:{count}:{cnonce}:auth"
    return _hash(base, f"{secret}:{middle}:{ha2}")
