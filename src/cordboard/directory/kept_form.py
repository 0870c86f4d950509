"""A tenant's table as it is kept outside its file, where nobody is to read a secret.

Tokens and passwords of clients and phones become the hashes that are all we need of them. Passwords
of trunks, webhook secrets, keys of hashes and tokens of other services are needed as they are: each
becomes a table ``{sealed = "..."}`` whose text an injected function has made. In all else the table
stays what the file says, and is read the same way.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable, Iterator
from typing import Any, Final

from cordboard.directory.kinds import HASHED
from cordboard.directory.passwords import kept_password
from cordboard.directory.webhook_schema import secret_headers

SEALED: Final = "sealed"

_Place = tuple[Any, Any]
"""What holds a secret (a table or a list), and under which key or position."""


def kept_form(domain: str, table: dict[str, Any], seal: Callable[[str], str]) -> dict[str, Any]:
    """The form to keep of a tenant's table, which has been read without an error."""
    kept = copy.deepcopy(table)
    realm = kept.get("sip_realm") or domain
    for name, account in kept.get("account", {}).items():
        _hash_tokens(account)
        _hash_password(account, "api_password", f"{domain}/account/{name}")
    for name, person in kept.get("person", {}).items():
        _hash_password(person, "password", f"{domain}/person/{name}")
    for user in _tables(kept, "user"):
        for name, terminal in user.get("terminal", {}).items():
            _hash_secret(name, realm, terminal)
    for holder, key in _needed(kept):
        holder[key] = {SEALED: seal(holder[key])}
    return kept


def opened(kept: dict[str, Any], unseal: Callable[[str], str]) -> dict[str, Any]:
    """The table of a kept form; what ``unseal`` raises goes through."""
    table = copy.deepcopy(kept)
    for holder, key in _needed(table):
        if isinstance(holder[key], dict):
            holder[key] = unseal(holder[key][SEALED])
    return table


def needs_seal(table: dict[str, Any]) -> bool:
    """Whether a table holds a secret that is needed as it is."""
    return next(_needed(table), None) is not None


def is_sealed(kept: dict[str, Any]) -> bool:
    """Whether a kept form holds a sealed secret."""
    return any(isinstance(holder[key], dict) for holder, key in _needed(kept))


def _tables(table: dict[str, Any], key: str) -> Iterator[dict[str, Any]]:
    yield from table.get(key, {}).values()


def _needed(table: dict[str, Any]) -> Iterator[_Place]:
    """The secrets that a protocol needs as they are."""
    for trunk in _tables(table, "trunk"):
        if "password" in trunk:
            yield trunk, "password"
    for account in _tables(table, "account"):
        secrets = account.get("webhook_secrets", [])
        for position in range(len(secrets)):
            yield secrets, position
        if "api_key" in account:
            yield account, "api_key"
    for group in _tables(table, "group"):
        secrets = group.get("hook", {}).get("secrets", [])
        for position in range(len(secrets)):
            yield secrets, position
        if "token" in group.get("zendesk", {}):
            yield group["zendesk"], "token"
    for webhook in _tables(table, "webhook"):
        yield from secret_headers(webhook)


def _hash_tokens(account: dict[str, Any]) -> None:
    plain, hashed = account.pop("token", None), account.pop("token_sha256", None)
    tokens = [] if plain is None else [_hashed(plain)]
    tokens += [] if hashed is None else [HASHED + hashed.lower()]
    for token in account.get("tokens", []):
        tokens.append(token.lower() if token.startswith(HASHED) else _hashed(token))
    account["tokens"] = tokens


def _hash_password(table: dict[str, Any], key: str, owner: str) -> None:
    password = table.pop(key, None)
    if password is not None:
        table[f"{key}_hash"] = kept_password(password, owner)


def _hashed(token: str) -> str:
    return HASHED + hashlib.sha256(token.encode()).hexdigest()


def _hash_secret(name: str, realm: str, terminal: dict[str, Any]) -> None:
    """RFC 3261 22.4, RFC 8760."""
    secret = terminal.pop("secret", None)
    if secret is not None:
        text = f"{name}:{realm}:{secret}".encode()
        terminal["ha1"] = hashlib.md5(text, usedforsecurity=False).hexdigest()
        terminal["ha1_sha256"] = hashlib.sha256(text).hexdigest()
