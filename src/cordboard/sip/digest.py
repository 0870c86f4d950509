"""Digest authentication, both ways (RFC 7616, RFC 8760, RFC 3261 22).

As a client any challenge we know is answered, the first that the peer lists. As a server nonces are
stateless: a timestamp and its HMAC, so that nothing is stored for strangers; what is stored is one
counter per nonce that was used right, so that an answer can't be replayed.
"""

from __future__ import annotations

import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from cordboard.sip.errors import SipParseError
from cordboard.sip.grammar import quote, split_outside_quotes, unquote

NONCE_SECONDS: Final = 300.0
"""How long a nonce is good; Asterisk takes 32 s, Kamailio 300 s."""

MAX_KNOWN_NONCES: Final = 20_000
"""Nonces whose counters are kept; the oldest are forgotten, and a forgotten one is stale."""

MAX_PARAMETERS: Final = 32

STAMP_DIGITS: Final = 20
"""Of a nonce, before its signature: 12 of the time in ms, 8 of the challenge's number."""

_HASHES: Final[dict[str, Callable[[bytes], str]]] = {
    "md5": lambda data: hashlib.md5(data, usedforsecurity=False).hexdigest(),
    "sha-256": lambda data: hashlib.sha256(data).hexdigest(),
}


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who we are to a peer: a password, or the HA1 of it for MD5."""

    username: str
    password: str | None = field(default=None, repr=False)
    ha1: str | None = field(default=None, repr=False)


class Verdict(Enum):
    """What a server makes of an Authorization value."""

    GOOD = "good"
    STALE = "stale"
    WRONG = "wrong"


def ha1(username: str, realm: str, password: str, algorithm: str = "md5") -> str:
    """The stored form of a password, lower-case hexadecimal (RFC 7616 3.4.2)."""
    return _HASHES[algorithm](f"{username}:{realm}:{password}".encode())


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


def answer_challenge(
    challenges: Sequence[str],
    credentials: Credentials,
    method: str,
    uri: str,
    *,
    cnonce: str,
    nonce_count: int = 1,
) -> str | None:
    """The (Proxy-)Authorization value for the first challenge that we can answer, or None.

    ``nonce_count`` counts the requests answered with this nonce, from 1 (RFC 7616 3.4).
    """
    for challenge in challenges:
        try:
            asked = parse_digest(challenge)
        except SipParseError:
            continue
        algorithm = asked.get("algorithm", "MD5")
        base = algorithm.lower().removesuffix("-sess")
        if base not in _HASHES or "nonce" not in asked or "realm" not in asked:
            continue
        if credentials.password is None and (credentials.ha1 is None or base != "md5"):
            continue
        offered = {word.strip().lower() for word in asked.get("qop", "").split(",")} - {""}
        if offered and "auth" not in offered:
            continue
        return _answer(asked, credentials, method, uri, base, cnonce, nonce_count, bool(offered))
    return None


def _answer(
    asked: dict[str, str],
    credentials: Credentials,
    method: str,
    uri: str,
    base: str,
    cnonce: str,
    nonce_count: int,
    with_qop: bool,
) -> str:
    realm, nonce = asked["realm"], asked["nonce"]
    secret = credentials.ha1
    if credentials.password is not None:
        secret = ha1(credentials.username, realm, credentials.password, base)
    assert secret is not None  # the caller chose a challenge that these credentials answer
    algorithm = asked.get("algorithm")
    if algorithm is not None and algorithm.lower().endswith("-sess"):
        secret = _HASHES[base](f"{secret}:{nonce}:{cnonce}".encode())
    count = f"{nonce_count:08x}"
    response = _response(base, secret, nonce, count if with_qop else None, cnonce, method, uri)
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


def _response(
    base: str, secret: str, nonce: str, count: str | None, cnonce: str, method: str, uri: str
) -> str:
    """RFC 7616 3.4.1; without ``count`` the form without qop of RFC 2069."""
    digest = _HASHES[base]
    ha2 = digest(f"{method}:{uri}".encode("utf-8", "surrogateescape"))
    middle = nonce if count is None else f"{nonce}:{count}:{cnonce}:auth"
    return digest(f"{secret}:{middle}:{ha2}".encode("utf-8", "surrogateescape"))


class DigestServer:
    """Challenges peers and judges their answers, with MD5 and qop=auth.

    SHA-256 is not offered: Debian's baresip 1.0 gives up when it stands among the challenges.
    ``secret`` signs the nonces; nonces of another secret are stale.
    """

    def __init__(self, secret: bytes, nonce_seconds: float = NONCE_SECONDS) -> None:
        self._secret = secret
        self._nonce_seconds = nonce_seconds
        self._counts: OrderedDict[str, int] = OrderedDict()
        self._challenges = 0
        self._nobody = hmac.new(secret, b"nobody", hashlib.sha256).hexdigest()[:32]

    def challenge(self, realm: str, now: float, *, stale: bool = False) -> str:
        """A WWW-Authenticate or Proxy-Authenticate value."""
        # The number keeps two phones that ask within a millisecond from sharing a nonce.
        self._challenges = (self._challenges + 1) & 0xFFFFFFFF
        stamp = f"{int(now * 1000) & 0xFFFFFFFFFFFF:012x}{self._challenges:08x}"
        mark = ", stale=true" if stale else ""
        nonce = stamp + self._signature(stamp, realm)
        return f'Digest realm={quote(realm)}, nonce="{nonce}", algorithm=MD5, qop="auth"{mark}'

    def verify(
        self, value: str, method: str, realm: str, username: str, secret: str | None, now: float
    ) -> Verdict:
        """Judge an Authorization value of ``username``, whose HA1 is ``secret``.

        ``secret`` None means that there is no such account; the work and the answer are those of a
        wrong password. A replayed or too old nonce is stale, so that an honest peer asks again.
        """
        try:
            given = parse_digest(value)
        except SipParseError:
            return Verdict.WRONG
        count = given.get("nc") if given.get("qop", "").lower() == "auth" else None
        expected = _response(
            "md5",
            secret or self._nobody,
            given.get("nonce", ""),
            count,
            given.get("cnonce", ""),
            method,
            given.get("uri", ""),
        )
        matches = hmac.compare_digest(expected, _ascii(given.get("response", "").lower()))
        meant = given.get("realm") == realm and given.get("username") == username
        if secret is None or not matches or not meant:
            return Verdict.WRONG
        if given.get("algorithm", "MD5").upper() != "MD5":
            return Verdict.WRONG
        return self._judge_nonce(given.get("nonce", ""), count, realm, now)

    def _judge_nonce(self, nonce: str, count: str | None, realm: str, now: float) -> Verdict:
        stamp, signature = nonce[:STAMP_DIGITS], nonce[STAMP_DIGITS:]
        if not hmac.compare_digest(_ascii(signature), self._signature(stamp, realm)):
            return Verdict.STALE
        age = now - int(stamp[:12], 16) / 1000
        if not -1.0 <= age <= self._nonce_seconds:
            return Verdict.STALE
        try:
            number = int(count, 16) if count is not None else 1
        except ValueError:
            return Verdict.WRONG
        if number <= self._counts.get(nonce, 0):
            return Verdict.STALE
        self._counts[nonce] = number
        self._counts.move_to_end(nonce)
        while len(self._counts) > MAX_KNOWN_NONCES:
            self._counts.popitem(last=False)
        return Verdict.GOOD

    def _signature(self, stamp: str, realm: str) -> str:
        message = f"{stamp}:{realm}".encode("utf-8", "surrogateescape")
        return hmac.new(self._secret, message, hashlib.sha256).hexdigest()[:32]


def _ascii(text: str) -> str:
    """compare_digest takes ASCII text only; anything else can't be right anyway."""
    return text if text.isascii() else ""
