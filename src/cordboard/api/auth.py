"""Who is asking: HTTP Basic with a tenant's domain as the user and an API token as the password, or
the token alone as a bearer token.

RFC 7617, RFC 6750; Basix pages: ``curl -u 'DOMAIN_NAME:API_TOKEN'``.
"""

from __future__ import annotations

import binascii
import hashlib
import secrets
import time
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import structlog
from starlette.types import Scope

from cordboard.api.guessing import Guesses
from cordboard.api.passwords import Passwords
from cordboard.directory.accounts import Account
from cordboard.directory.persons import Person
from cordboard.directory.scopes import ApiScope
from cordboard.directory.snapshot import Directory, TenantDirectory, token_digest

_log = structlog.get_logger(__name__)

MAX_KNOWN = 10_000
"""Clients that are known again; 300 bytes each."""

MAX_AUTHORIZATION_BYTES = 4_096
"""Longest Authorization header looked at; a domain (253) and any sensible token fit many times."""

CHALLENGE = (b"www-authenticate", b'Basic realm="cordboard", charset="UTF-8"')

BEARER = (b"www-authenticate", b'Bearer realm="cordboard"')
"""RFC 6750 3; beside the other where a client may use either."""

PRINCIPAL: Final = "cordboard.principal"
"""Where a request's ASGI scope says who has been let in."""

NO_ADDRESS: Final = "-"
"""What stands for the address of a client that has none: it came over a local socket."""


@dataclass(frozen=True, slots=True)
class Principal:
    """An authenticated client: the tenant it acts for, by which account."""

    tenant: TenantDirectory
    account: Account

    def may(self, scope: ApiScope) -> bool:
        """Whether its account has a scope."""
        return scope in self.account.scopes


class Unauthenticated(Exception):
    """A request does not say, or does not prove, who it is."""


class GuessedTooOften(Exception):
    """Too many wrong tokens came from there; it may try again after ``seconds``."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"too many wrong tokens: try again in {seconds} s")
        self.seconds = seconds


class Gate:
    """Lets clients in. ``clock`` is in monotonic seconds."""

    def __init__(
        self, directory: Callable[[], Directory], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._directory = directory
        self._clock = clock
        self._guesses = Guesses()
        self._passwords = Passwords()
        self._key = secrets.token_bytes(32)
        self._known_in: Directory | None = None
        self._known: dict[tuple[str, bytes], Principal] = {}

    def admit(self, scope: Scope) -> Principal:
        """The client of a request, noted in its scope as :data:`PRINCIPAL`.

        Raises :class:`Unauthenticated`, :class:`GuessedTooOften`. An unknown domain costs the same
        work as a wrong token. Who was let in is known again by a keyed hash of what he sends and by
        where he sends it from, until the directory is another one.
        """
        given = _authorization(scope)
        if given is None:
            raise Unauthenticated
        directory = self._directory()
        if directory is not self._known_in:
            self._known_in = directory
            self._known.clear()
        mark = (_address(scope), hashlib.blake2b(given, key=self._key).digest())
        known = self._known.get(mark)
        if known is not None:
            scope[PRINCIPAL] = known
            return known
        credentials = _credentials(given)
        if credentials is None:
            raise Unauthenticated
        domain, token = credentials
        digest = token_digest(token)
        self._stop_guessers(scope, domain, digest)
        principal = self._let_in(scope, domain, digest, self._principal(domain, digest))
        if len(self._known) >= MAX_KNOWN:
            self._known.clear()
        self._known[mark] = principal
        return principal

    async def admit_by_login(self, scope: Scope, username: str, password: str) -> Principal:
        """The client that gives an account's ``api_username`` and password with its parameters
        (While1, OriginateCall); noted and refused as by :meth:`admit`."""
        digest = token_digest(password)
        self._stop_guessers(scope, username, digest)
        found = self._directory().account_by_login(username)
        kept = None if found is None else found[1].login.password
        right = await self._passwords.is_right(kept, password)
        principal = Principal(*found) if found is not None and right else None
        return self._let_in(scope, username, digest, principal)

    async def admit_person(
        self, scope: Scope, username: str, password: str
    ) -> tuple[Principal, Person]:
        """The person who gives his name and password with the parameters (Enswitch), and the
        client that he is; noted and refused as by :meth:`admit`. The account of that client is
        called ``person:NAME``, as no account of a file is."""
        digest = token_digest(password)
        self._stop_guessers(scope, username, digest)
        found = self._directory().person(username)
        kept = None if found is None else found[1].password
        if not await self._passwords.is_right(kept, password) or found is None:
            self._let_in(scope, username, digest, None)
            raise Unauthenticated
        tenant, person = found
        principal = Principal(tenant, Account(f"person:{person.username}", ()))
        return self._let_in(scope, username, digest, principal), person

    def _stop_guessers(self, scope: Scope, who: str | None, digest: bytes) -> None:
        """Raises :class:`GuessedTooOften`."""
        seconds = self._guesses.wait(_address(scope), who, digest, self._clock())
        if seconds:
            raise GuessedTooOften(seconds)

    def _let_in(
        self, scope: Scope, who: str | None, digest: bytes, principal: Principal | None
    ) -> Principal:
        """Let in whose secret it is; raises :class:`Unauthenticated` where it is nobody's."""
        address = _address(scope)
        if principal is None:
            if self._guesses.wrong(address, who, digest, self._clock()):
                _log.warning("too many wrong tokens", source=address, tenant=self._named(who))
            raise Unauthenticated
        self._guesses.right(address, digest)
        scope[PRINCIPAL] = principal
        return principal

    def known(self, scope: Scope) -> Principal | None:
        """The client of a request that was let in, as long as it would be let in again."""
        given = _authorization(scope)
        credentials = None if given is None else _credentials(given)
        if credentials is None:
            return None
        domain, token = credentials
        return self._principal(domain, token_digest(token))

    def _named(self, domain: str | None) -> str | None:
        """The tenant of a domain: what is none may be a token in the wrong place."""
        tenant = None if domain is None else self._directory().tenant(domain)
        return None if tenant is None else tenant.domain

    def _principal(self, domain: str | None, digest: bytes) -> Principal | None:
        directory = self._directory()
        if domain is None:
            found = directory.account_of(digest)
            return None if found is None else Principal(*found)
        tenant = directory.tenant(domain)
        account = None if tenant is None else tenant.account_of(digest)
        return None if tenant is None or account is None else Principal(tenant, account)


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return NO_ADDRESS if client is None else str(client[0])


def _authorization(scope: Scope) -> bytes | None:
    """The one Authorization header (several are nobody's)."""
    values: list[bytes] = [value for name, value in scope["headers"] if name == b"authorization"]
    if len(values) != 1 or len(values[0]) > MAX_AUTHORIZATION_BYTES:
        return None
    return values[0]


def _credentials(authorization: bytes) -> tuple[str | None, str] | None:
    """The domain, if there is one, and the token."""
    scheme, _, given = authorization.partition(b" ")
    scheme, given = scheme.lower(), given.strip()
    if scheme == b"basic":
        return _basic(given)
    if scheme == b"bearer" and given:
        try:
            return None, given.decode("utf-8")
        except UnicodeDecodeError:
            return None
    return None


def _basic(encoded: bytes) -> tuple[str, str] | None:
    try:
        decoded = b64decode(encoded, validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return None
    domain, colon, token = decoded.partition(":")
    return (domain, token) if colon and domain and token else None
