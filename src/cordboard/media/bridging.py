"""Connecting the streams of two legs, and parting them."""

from __future__ import annotations

from cordboard.media.stream import MediaStream


def bridge(a: MediaStream, b: MediaStream) -> None:
    """Let two legs hear each other."""
    a.listen_to(b)
    b.listen_to(a)


def unbridge(a: MediaStream, b: MediaStream) -> None:
    """Part two legs; each then hears nobody."""
    if a.heard is b:
        a.listen_to(None)
    if b.heard is a:
        b.listen_to(None)
