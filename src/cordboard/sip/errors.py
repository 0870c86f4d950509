"""Who broke the protocol, as types: :class:`SipParseError` the peer, :class:`SipBuildError` we."""

from __future__ import annotations


class SipParseError(ValueError):
    """What a peer sent can't be read.

    ``status`` is the SIP status code a server answers with where an answer is possible at all
    (RFC 3261 21.4), ``str(error)`` the reason, free of the peer's own text.
    """

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


class SipBuildError(ValueError):
    """A value we were handed can't stand in a SIP message (CR, LF or NUL in it, or not text)."""
