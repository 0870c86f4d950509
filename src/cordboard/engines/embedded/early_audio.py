"""Early media of an unanswered channel: whether it may be heard, and whether that is news.

Theory. Audio before the answer is to be heard while it comes (the media session says so: 100 ms of
packets, until 1 s of none), from the one dialog that there is: a forked INVITE has several, and
nobody knows whose audio it is. A 180 without a description takes it back, for the network rings
the phone now and does not say so itself; a provisional response that describes audio brings it
again.
"""

from __future__ import annotations


class EarlyAudio:
    """Follows the early media of one channel. ``flowing``: it is to be heard now."""

    __slots__ = ("_alerting", "_dialogs", "_present", "flowing")

    def __init__(self) -> None:
        self.flowing = False
        self._alerting = False
        self._dialogs = 0
        self._present = False

    def ringing(self, status: int, described: bool, dialogs: int) -> bool:
        """A provisional response came, with a description or not; True if ``flowing`` changed.

        ``dialogs``: how many early dialogs there are by now.
        """
        self._dialogs = dialogs
        if described:
            self._alerting = False
        elif status == 180:
            self._alerting = True
        return self._judge()

    def present(self, present: bool) -> bool:
        """Audio began or ceased; True if ``flowing`` changed."""
        self._present = present
        return self._judge()

    def _judge(self) -> bool:
        was = self.flowing
        self.flowing = self._present and self._dialogs <= 1 and not self._alerting
        return self.flowing != was
