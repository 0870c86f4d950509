"""On which terms what comes from a stream may be passed on to its listener by somebody else."""

from __future__ import annotations

from cordboard.media.audio import TELEPHONE_EVENT
from cordboard.media.passage import Carrier, Passage, Terms
from cordboard.media.stream import MediaStream


def terms_of(stream: MediaStream, payload_type: int) -> Terms | None:
    """How packets that follow one of a payload type may be passed on; None where ``receive_rtp``
    has to look at each."""
    listener, source, kind = stream.listener, stream._source, stream._kinds.get(payload_type)
    if listener is None or source is None or kind is None or kind == TELEPHONE_EVENT:
        return None
    if stream._sink is not None or not stream._answered or not stream._receives:
        return None
    if stream._keys is not None and stream._keys.events.pending:
        return None
    reception = stream._reception
    heard_as = listener.plainly(kind)
    sent = listener._outgoing.last(reception.run)
    if heard_as is None or sent is None:
        return None
    return Terms(source, payload_type, *heard_as, float(reception.rate), reception.last, sent)


def lend(stream: MediaStream, carrier: Carrier) -> None:
    """Let somebody pass packets on by the terms; before the first other one the stream is to
    ``take_back``."""
    if stream.listener is not None:
        stream.passage = Passage(carrier, stream._reception, stream.listener._outgoing)
