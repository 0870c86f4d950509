"""Who is asking: HTTP Basic with a tenant's domain as the user and an API token as the password.

RFC 7617; Basix pages: ``curl -u 'DOMAIN_NAME:API_TOKEN'``.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
from base64 import b64decode
from dataclasses import dataclass

from starlette.types import Scope

from cordboard.directory.model import Account
from cordboard.directory.snapshot import Directory, TenantDirectory

MAX_AUTHORIZATION_BYTES = 4_096
"""Longest Authorization header looked at; a domain (253) and any sensible token fit many times."""

CHALLENGE = (b"www-authenticate", b'Basic realm="cordboard", charset="UTF-8"')

_NOBODY = hashlib.sha256(b"nobody").digest()


@dataclass(frozen=True, slots=True)
class Principal:
    """An authenticated client: the tenant it acts for, by which account."""

    tenant: TenantDirectory
    account: Account


def authenticate(scope: Scope, directory: Directory) -> Principal | None:
    """The client of a request, or None where it does not say or prove who it is.

    An unknown domain costs the same work as a wrong token.
    """
    credentials = _credentials(scope)
    if credentials is None:
        return None
    domain, token = credentials
    tenant = directory.tenant(domain)
    if tenant is None:
        digest = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
        hmac.compare_digest(digest, _NOBODY)
        return None
    account = tenant.authenticate(token)
    return Principal(tenant, account) if account is not None else None


def _credentials(scope: Scope) -> tuple[str, str] | None:
    """The user and password of the one Authorization header (several are nobody's)."""
    values = [value for name, value in scope["headers"] if name == b"authorization"]
    if len(values) != 1 or len(values[0]) > MAX_AUTHORIZATION_BYTES:
        return None
    scheme, _, encoded = values[0].partition(b" ")
    if scheme.lower() != b"basic":
        return None
    try:
        decoded = b64decode(encoded.strip(), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return None
    domain, colon, token = decoded.partition(":")
    return (domain, token) if colon and domain and token else None
