"""Who may ask a tenant for calls, and for what: accounts of API clients, and their projects."""

from __future__ import annotations

from dataclasses import dataclass, field

from cordboard.directory.scopes import USUAL_SCOPES, ApiScope


@dataclass(frozen=True, slots=True)
class PhpLogin:
    """By what a While1 client proves itself beside a bearer token (While1, OriginateCall).

    ``username`` is unique on the server; the password is held as
    :mod:`~cordboard.directory.passwords` says, the ``key`` of the hash over the parameters as it
    is. With ``hash_required`` a request without its hash is refused.
    """

    username: str | None = None
    password: str | None = field(default=None, repr=False)
    key: str | None = field(default=None, repr=False)
    hash_required: bool = False


@dataclass(frozen=True, slots=True)
class Account:
    """A credential of an API client. Of its ``tokens`` only the SHA-256 is kept.

    By ``webhook_secrets`` its callbacks are signed: with all of them while they are changed.
    ``scopes`` are what it may do, ``origins`` whose web pages may use it (in lower case). With
    ``idempotent_external_id`` a While1 request whose external_id has come before is that request
    again.
    """

    name: str
    tokens: tuple[bytes, ...] = field(repr=False)
    webhook_secrets: tuple[bytes, ...] = field(default=(), repr=False)
    scopes: frozenset[ApiScope] = USUAL_SCOPES
    origins: tuple[str, ...] = ()
    login: PhpLogin = PhpLogin()
    idempotent_external_id: bool = False


@dataclass(frozen=True, slots=True)
class Project:
    """What While1's clients do their calls for.

    Its ``event_url`` is told what becomes of those calls, and of the calls that come in for its
    ``groups``, by their names; of all others the first project with such a URL is told.
    """

    id: int
    name: str
    label: str
    event_url: str | None = field(default=None, repr=False)
    groups: tuple[str, ...] = ()
