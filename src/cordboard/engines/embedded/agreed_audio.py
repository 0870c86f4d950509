"""From what offer and answer agreed on to what the media session has to know."""

from __future__ import annotations

from collections.abc import Container
from typing import TYPE_CHECKING, cast

from cordboard.addresses import canonical
from cordboard.media.audio import AudioParameters, Direction
from cordboard.sip.errors import SipParseError

if TYPE_CHECKING:
    from cordboard.engines.embedded.meeting_point import MeetingPoint
    from cordboard.sip.offer import NegotiatedAudio


def parameters_of(
    agreed: NegotiatedAudio,
    meeting: MeetingPoint,
    own_ports: Container[int],
    *,
    strict: bool,
    held: bool,
) -> AudioParameters:
    """The session's parameters; raises :class:`SipParseError` (488) for what can't be.

    ``own_ports`` are those of all sessions at our host; ``strict``: the peer sends from exactly the
    address of its SDP.
    """
    host = meeting.reachable(agreed.remote_host)
    if host == canonical(meeting.host) and agreed.remote_port in own_ports:
        raise SipParseError("its audio is to go to a port of ours", 488)  # and round in circles
    try:
        return AudioParameters(
            remote=(host, agreed.remote_port),
            codec=agreed.codec.key,
            payload_type=agreed.codec.payload_type,
            receive_payload_types=dict(agreed.receive_payload_types),
            dtmf_send_pt=agreed.dtmf_send,
            dtmf_receive_pt=agreed.dtmf_receive,
            direction=cast("Direction", agreed.direction),
            ptime_ms=agreed.ptime,
            rtcp_mux=agreed.rtcp_mux,
            rtcp_port=agreed.rtcp_port,
            signalling_host=meeting.peer,
            strict=strict,
            held=held,
            rate=agreed.codec.rate,
            event_rate=agreed.event_rate,
        )
    except ValueError as error:
        raise SipParseError(str(error), 488) from None
