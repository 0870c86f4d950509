"""Asking a phone to answer by itself: a header zoo, one dialect per family of phones.

There is no standard that all follow, so by default all common dialects are sent together; a
terminal's :class:`~cordboard.directory.model.AutoAnswerStyle` narrows it to one for a phone that is
confused by the others.
"""

from __future__ import annotations

from cordboard.directory.model import AutoAnswerStyle

Header = tuple[str, str]

# The URI of Call-Info and the one in angle brackets of Alert-Info mean nothing to the phones that
# look at the parameters; they only have to be there (RFC 3261 20.4, 20.9).
_NOWHERE = "sip:cordboard.invalid"

_CALL_INFO: tuple[Header, ...] = (("call-info", f"<{_NOWHERE}>;answer-after=0"),)
"""Grandstream, Yealink, Snom, Linphone, baresip: seconds until the phone answers."""

_ALERT_INFO: tuple[Header, ...] = (
    ("alert-info", "<http://cordboard.invalid>;info=alert-autoanswer;delay=0"),
)
"""Yealink, Aastra/Mitel, Polycom (whose matching string is the default of its configuration)."""

_ANSWER_MODE: tuple[Header, ...] = (("answer-mode", "Auto"),)
"""RFC 5373 4.2; without ``;require``, so that a phone that does not know it rings."""

_HEADERS: dict[AutoAnswerStyle, tuple[Header, ...]] = {
    AutoAnswerStyle.ALL: (*_CALL_INFO, *_ALERT_INFO, *_ANSWER_MODE),
    AutoAnswerStyle.CALL_INFO: _CALL_INFO,
    AutoAnswerStyle.ALERT_INFO: _ALERT_INFO,
    AutoAnswerStyle.ANSWER_MODE: _ANSWER_MODE,
    AutoAnswerStyle.NONE: (),
}


def auto_answer_headers(style: AutoAnswerStyle) -> tuple[Header, ...]:
    """The headers of an INVITE, names in canonical lower case."""
    return _HEADERS[style]
