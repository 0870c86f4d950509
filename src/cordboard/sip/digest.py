"""Digest authentication, both ways (RFC 7616, RFC 8760, RFC 3261 22).

As a client the strongest challenge of each realm that we know is answered. As a server nonces are
stateless: a timestamp, a number and their HMAC, so that nothing is stored for strangers; what is
stored is the counts that a nonce was used with by who knew the password, so that an answer can't be
replayed.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from itertools import count as counted
from typing import Final

from cordboard.sip.errors import SipParseError
from cordboard.sip.grammar import quote, split_outside_quotes, unquote
from cordboard.sip.uri import parse_uri

NONCE_SECONDS: Final = 300.0
"""How long a nonce is good; Asterisk takes 32 s, Kamailio 300 s."""

MAX_KNOWN_NONCES: Final = 20_000
"""Nonces whose counts are kept; past it the older half is forgotten, and all as old are stale."""

COUNT_WINDOW: Final = 32
"""How far a count may lag behind the highest of its nonce: requests overtake each other on UDP."""

MAX_PARAMETERS: Final = 32

STAMP_DIGITS: Final = 24
"""Of a nonce, before its signature: 12 of the time in ms, 12 of the challenge's number, so that two
phones that ask within a millisecond do not share one."""

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


class Verdict(Enum):
    """What a server makes of an Authorization value."""

    GOOD = "good"
    STALE = "stale"
    WRONG = "wrong"


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
    ha2 = _hash(base, f"{method}:{uri}")
    middle = nonce if count is None else f"{nonce}:{count}:{cnonce}:auth"
    return _hash(base, f"{secret}:{middle}:{ha2}")


@dataclass(slots=True)
class _Counts:
    """The counts seen with one nonce: the highest, and a bit for each of those below it."""

    highest: int = 0
    seen: int = 0

    def take(self, number: int) -> bool:
        """Note a count; False where it was used before, or lags too far behind to know."""
        if number > self.highest:
            shift = min(number - self.highest, COUNT_WINDOW)
            self.seen = ((self.seen << shift) | 1) & ((1 << COUNT_WINDOW) - 1)
            self.highest = number
            return True
        bit = self.highest - number
        if bit >= COUNT_WINDOW or self.seen >> bit & 1:
            return False
        self.seen |= 1 << bit
        return True


class DigestServer:
    """Challenges peers and judges their answers, with qop=auth.

    SHA-256 is offered to who asks for it only: Debian's baresip 1.0 gives up when it stands among
    the challenges. ``secret`` signs the nonces and is made anew at each start; nonces of another
    are stale. Times are the caller's monotonic seconds.
    """

    def __init__(self, secret: bytes, nonce_seconds: float = NONCE_SECONDS) -> None:
        self._secret = secret
        self._nonce_seconds = nonce_seconds
        self._numbers = counted(1)
        self._counts: dict[int, _Counts] = {}
        self._forgotten = 0  # nonces up to this number may have been used
        self._nobody = hmac.new(secret, b"nobody", hashlib.sha256).hexdigest()

    def challenge(
        self, realm: str, now: float, *, stale: bool = False, algorithm: str = "MD5"
    ) -> str:
        """A WWW-Authenticate or Proxy-Authenticate value; ``algorithm`` is ``MD5`` or
        ``SHA-256``."""
        stamp = f"{int(now * 1000) & 0xFFFFFFFFFFFF:012x}{next(self._numbers):012x}"
        mark = ", stale=true" if stale else ""
        nonce = stamp + self._signature(stamp, realm)
        given = f'realm={quote(realm)}, nonce="{nonce}", algorithm={algorithm}, qop="auth"{mark}'
        return f"Digest {given}"

    def verify(
        self,
        value: str,
        method: str,
        realm: str,
        username: str,
        secret: str | None,
        now: float,
        uri: str | None = None,
        *,
        algorithm: str = "MD5",
    ) -> Verdict:
        """Judge an Authorization value of ``username``, whose HA1 by ``algorithm`` is ``secret``.

        ``secret`` None means that there is no such account; the work and the answer are those of a
        wrong password. A replayed or too old nonce is stale, so that an honest peer asks again.
        ``uri`` is the Request-URI, where the answer must be meant for that user and host.
        """
        try:
            given = parse_digest(value)
        except SipParseError:
            return Verdict.WRONG
        count = given.get("nc", "") if given.get("qop", "").lower() == "auth" else None
        expected = _response(
            algorithm.lower(),
            secret or self._nobody,
            given.get("nonce", ""),
            count,
            given.get("cnonce", ""),
            method,
            given.get("uri", ""),
        )
        matches = hmac.compare_digest(expected, _ascii(given.get("response", "").lower()))
        meant = (
            given.get("realm") == realm
            and given.get("username") == username
            and given.get("algorithm", "MD5").upper() == algorithm
            and (uri is None or _same_place(given.get("uri", ""), uri))
        )
        if not self._is_ours(given.get("nonce", ""), realm):
            return Verdict.STALE  # whoever says this has not heard us: it proves nothing, nor fails
        if secret is None or not matches or not meant:
            return Verdict.WRONG
        return self._judge_nonce(given.get("nonce", ""), count, realm, now)

    def _is_ours(self, nonce: str, realm: str) -> bool:
        stamp, signature = nonce[:STAMP_DIGITS], nonce[STAMP_DIGITS:]
        return hmac.compare_digest(_ascii(signature), self._signature(stamp, realm))

    def _judge_nonce(self, nonce: str, count: str | None, realm: str, now: float) -> Verdict:
        stamp = nonce[:STAMP_DIGITS]
        age = now - int(stamp[:12], 16) / 1000
        number = int(stamp[12:], 16)
        if not -1.0 <= age <= self._nonce_seconds or number <= self._forgotten:
            return Verdict.STALE
        # Without qop (RFC 2069) there is no count: such an answer is good once for each nonce.
        used = 1 if count is None else _count_of(count)
        if used is None:
            return Verdict.WRONG
        counts = self._counts.get(number)
        if counts is None:
            counts = self._counts[number] = _Counts()
            if len(self._counts) > MAX_KNOWN_NONCES:
                self._forget()
        return Verdict.GOOD if counts.take(used) else Verdict.STALE

    def _forget(self) -> None:
        """Forget the older half: whoever still uses one of those is asked anew."""
        numbers = sorted(self._counts)
        self._forgotten = numbers[len(numbers) // 2]
        self._counts = {n: c for n, c in self._counts.items() if n > self._forgotten}

    def _signature(self, stamp: str, realm: str) -> str:
        message = f"{stamp}:{realm}".encode("utf-8", "surrogateescape")
        return hmac.new(self._secret, message, hashlib.sha256).hexdigest()[:32]


def _count_of(text: str) -> int | None:
    """An nc value, 1 to ffffffff (RFC 7616 3.4); None where it is none."""
    if not 0 < len(text) <= 8 or not set("0123456789abcdefABCDEF").issuperset(text):
        return None
    return int(text, 16) or None


def _same_place(given: str, uri: str) -> bool:
    """Whether two URIs name the same user and host: ports and parameters may be rewritten on the
    way (RFC 7616 3.4.6 leaves to the server how it compares)."""
    if given == uri:
        return True
    try:
        one, other = parse_uri(given), parse_uri(uri)
    except SipParseError:
        return False
    return (one.user, one.host) == (other.user, other.host)


def _ascii(text: str) -> str:
    """compare_digest takes ASCII text only; anything else can't be right anyway."""
    return text if text.isascii() else ""
