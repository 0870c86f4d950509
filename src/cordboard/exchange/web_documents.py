"""Who asks web servers on behalf of programs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class NoDocument(Exception):
    """A web server has not sent a document; the message says why, without its URL."""


class Documents(Protocol):
    """Who asks web servers."""

    async def ask(self, tenant: str, url: str, form: Mapping[str, str] | None) -> bytes:
        """What a server sends who is posted a form, or (None) only asked; raises
        :class:`NoDocument`."""


class NoServers:
    """Asks nobody."""

    async def ask(self, _tenant: str, _url: str, _form: Mapping[str, str] | None) -> bytes:
        """Raises :class:`NoDocument`."""
        raise NoDocument("web servers are not asked here")
