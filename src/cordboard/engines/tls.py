"""Certificates of TLS connections, ours and those we trust; files may change while we run."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Final

HANDSHAKE_SECONDS: Final = 5.0
"""A handshake takes two round trips; who needs longer only holds a connection."""

OLDEST: Final = ssl.TLSVersion.TLSv1_2
"""RFC 8996 has ended all before."""


@dataclass(frozen=True, slots=True)
class TlsSettings:
    """Files in PEM form. ``certificate`` holds ours and its chain, ``private_key`` its key (None:
    it stands in the same file); ``authorities`` whom we trust when we connect (None: whom the
    system trusts). Without ``verify`` any server is believed."""

    certificate: Path | None = None
    private_key: Path | None = None
    authorities: Path | None = None
    verify: bool = True


class TlsError(Exception):
    """A file can't be used; the message names it and says why, and never shows what it holds."""


class TlsContexts:
    """The contexts of accepted and of opened connections; raises :class:`TlsError`.

    New connections use what :meth:`reload` last read well; those that are up go on.
    """

    def __init__(self, settings: TlsSettings) -> None:
        self._settings = settings
        self._seen = self._stamps()
        self.server = None if settings.certificate is None else _server_context(settings)
        self._client = None if settings.authorities is None else _client_context(settings)

    @property
    def client(self) -> ssl.SSLContext:
        """For connections that we open. The system's authorities are read when one is first
        opened: that takes some 20 ms, which a server without TLS trunks is spared."""
        if self._client is None:
            self._client = _client_context(self._settings)
        return self._client

    def has_changed(self) -> bool:
        """Whether a file is another one than when it was last read."""
        return self._stamps() != self._seen

    def reload(self) -> None:
        """Read the files again; raises :class:`TlsError`, and then all stays as it was."""
        self._seen = self._stamps()
        fresh = TlsContexts(self._settings)
        if self.server is not None:
            _load_certificate(self.server, self._settings)
        self._client = fresh._client

    def _stamps(self) -> tuple[tuple[float, int] | None, ...]:
        files = (
            self._settings.certificate,
            self._settings.private_key,
            self._settings.authorities,
        )
        return tuple(None if file is None else _stamp(file) for file in files)


def _server_context(settings: TlsSettings) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = OLDEST
    _load_certificate(context, settings)
    return context


def _client_context(settings: TlsSettings) -> ssl.SSLContext:
    try:
        authorities = settings.authorities
        context = ssl.create_default_context(cafile=None if authorities is None else authorities)
    except (OSError, ssl.SSLError) as error:
        raise TlsError(f"{settings.authorities}: {_why(error)}") from None
    context.minimum_version = OLDEST
    if not settings.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if settings.certificate is not None:
        _load_certificate(context, settings)
    return context


def _load_certificate(context: ssl.SSLContext, settings: TlsSettings) -> None:
    assert settings.certificate is not None  # the caller asked
    key = settings.private_key or settings.certificate
    try:
        for file in (settings.certificate, key):
            file.read_bytes()  # says which of the two is missing; the call below does not
        context.load_cert_chain(settings.certificate, key, password=_no_password)
    except (OSError, ssl.SSLError, ValueError) as error:
        named = getattr(error, "filename", None) or settings.certificate
        raise TlsError(f"{named}: {_why(error)}") from None


def _no_password() -> str:
    raise ValueError("the private key is encrypted; give one that is not")


def _why(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        reason = (error.reason or "not a certificate with its key").replace("_", " ").lower()
        return f"cannot be used: {reason}"
    return f"cannot be read: {getattr(error, 'strerror', None) or error}"


def _stamp(file: Path) -> tuple[float, int]:
    try:
        found = file.stat()
    except OSError:
        return 0.0, 0
    return found.st_mtime, found.st_size
