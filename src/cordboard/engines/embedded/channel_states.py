"""What may happen to a channel, as a table.

Theory of operation. A trigger that a state has no entry for changes nothing, which is how every
race ends: an answer after our hang-up, a second farewell, a command for a channel that is over.
Every way leads to OVER, and over it exactly one last word is told: a failure where the channel was
never TALKING, else a release.
"""

from __future__ import annotations

from cordboard.values import Word


class ChannelState(Word):
    """Where a channel is."""

    DIALLING = "dialling"
    LEAVING = "leaving, unanswered"
    TALKING = "talking"
    PARTING = "parting, answered"
    OVER = "over"


class ChannelTrigger(Word):
    """What moves a channel."""

    ANSWERED = "answered"
    UNUSABLE = "answered without audio in common"
    HUNG_UP = "hung up by us"
    ENDED = "the SIP session is over"


_S, _T = ChannelState, ChannelTrigger
CHANNEL_TRANSITIONS: dict[ChannelState, dict[ChannelTrigger, ChannelState]] = {
    _S.DIALLING: {
        _T.ANSWERED: _S.TALKING,
        _T.UNUSABLE: _S.LEAVING,
        _T.HUNG_UP: _S.LEAVING,
        _T.ENDED: _S.OVER,
    },
    _S.LEAVING: {_T.ENDED: _S.OVER},
    _S.TALKING: {_T.HUNG_UP: _S.PARTING, _T.ENDED: _S.OVER},
    _S.PARTING: {_T.ENDED: _S.OVER},
    _S.OVER: {},
}
