"""Digest authentication as a server: challenges, and what answers to them prove (RFC 7616)."""

from __future__ import annotations

import hashlib
import hmac
from enum import Enum

from cordboard.sip.digest import parse_digest, response_of
from cordboard.sip.errors import SipParseError
from cordboard.sip.grammar import quote
from cordboard.sip.nonces import NONCE_SECONDS, Nonces
from cordboard.sip.uri import parse_uri


class Verdict(Enum):
    """What a server makes of an Authorization value."""

    GOOD = "good"
    STALE = "stale"
    WRONG = "wrong"


class DigestServer:
    """Challenges peers and judges their answers, with qop=auth.

    SHA-256 is offered to who asks for it only: Debian's baresip 1.0 gives up when it stands among
    the challenges. ``secret`` signs the nonces.
    """

    def __init__(self, secret: bytes, nonce_seconds: float = NONCE_SECONDS) -> None:
        self._nonces = Nonces(secret, nonce_seconds)
        self._nobody = hmac.new(secret, b"nobody", hashlib.sha256).hexdigest()

    def challenge(
        self,
        realm: str,
        now: float,
        *,
        source: str = "",
        stale: bool = False,
        algorithm: str = "MD5",
    ) -> str:
        """A WWW-Authenticate or Proxy-Authenticate value for who asked from the network ``source``;
        ``algorithm`` is ``MD5`` or ``SHA-256``."""
        mark = ", stale=true" if stale else ""
        nonce = self._nonces.issue(realm, source, now)
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
        source: str = "",
        algorithm: str = "MD5",
    ) -> Verdict:
        """Judge an Authorization value of ``username``, whose HA1 by ``algorithm`` is ``secret``.

        ``secret`` None means that there is no such account; the work and the answer are those of a
        wrong password. A nonce that is replayed, too old or not for this ``source`` is stale, so
        that an honest peer asks again. ``uri`` is the Request-URI, where the answer must be meant
        for that user and host.
        """
        try:
            given = parse_digest(value)
        except SipParseError:
            return Verdict.WRONG
        count = given.get("nc", "") if given.get("qop", "").lower() == "auth" else None
        expected = response_of(
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
        nonce = given.get("nonce", "")
        if not self._nonces.is_ours(nonce, realm, source):
            return Verdict.STALE  # whoever says this has not heard us: it proves nothing, nor fails
        if secret is None or not matches or not meant:
            return Verdict.WRONG
        used = self._nonces.use(nonce, count, now)
        if used is None:
            return Verdict.WRONG
        return Verdict.GOOD if used else Verdict.STALE


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
