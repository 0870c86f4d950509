"""What the engine has to know of each channel to end it after our process was killed.

A record is kept when :meth:`Recovery.keep` returns, in the sense that a killed process leaves it
behind; the engine lets nothing leave before. That it survives a power cut is not asked for, and so
it costs no commit: by the time that a machine is up again its phones have given up.
"""

from __future__ import annotations

from typing import Protocol


class Recovery(Protocol):
    """The records of all channels, one for each; the text of a record is the engine's own."""

    def start(self) -> dict[str, str]:
        """Open what they are kept in; the records that an earlier process left, by channel. They
        stay until they are forgotten, one by one.

        To be called once, before anything else. Raises
        :class:`~cordboard.journal.port.StoreFailed` where another process uses it.
        """

    def keep(self, channel: str, record: str) -> None:
        """Keep a record in place of the channel's last one. Raises :class:`ValueError` for one with
        a line break, and for a channel's name with a space in it."""

    def forget(self, channel: str) -> None:
        """A channel is over; where there is no record of it nothing happens."""

    def close(self) -> None:
        """Let go of what they are kept in."""


class MemoryRecovery:
    """Records that are gone with the process: for a journal in memory, and for tests, where
    ``left`` are those of an earlier one."""

    def __init__(self, left: dict[str, str] | None = None) -> None:
        self.records = dict(left or {})

    def start(self) -> dict[str, str]:
        """There is nothing to open."""
        return dict(self.records)

    def keep(self, channel: str, record: str) -> None:
        """Keep a record; see the port."""
        check(channel, record)
        self.records[channel] = record

    def forget(self, channel: str) -> None:
        """A channel is over; see the port."""
        self.records.pop(channel, None)

    def close(self) -> None:
        """There is nothing to close."""


def check(channel: str, record: str) -> None:
    """Raise :class:`ValueError` for what can't be kept."""
    if "\n" in record or " " in channel or "\n" in channel:
        raise ValueError("a record is one line, and a channel's name one word")
