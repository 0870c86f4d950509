from __future__ import annotations

import pytest

from cordboard.media.audio import AudioParameters, Direction


def audio(
    host: str = "192.0.2.1", port: int = 4000, codec: str = "PCMU", payload_type: int = 0
) -> AudioParameters:
    """Parameters of which one thing may be wrong."""
    return AudioParameters((host, port), codec, payload_type, {0: "PCMU"}, 101, 96)


def test_what_the_peer_may_send() -> None:
    assert audio().kinds() == {
        0: "PCMU",
        96: "telephone-event",
        101: "telephone-event",
    }


@pytest.mark.parametrize(
    ("direction", "sends", "receives"),
    [
        ("sendrecv", True, True),
        ("sendonly", True, False),
        ("recvonly", False, True),
        ("inactive", False, False),
    ],
)
def test_directions(direction: Direction, sends: bool, receives: bool) -> None:
    parameters = AudioParameters(("192.0.2.1", 4000), "PCMU", 0, {0: "PCMU"}, direction=direction)
    assert (parameters.sends, parameters.receives) == (sends, receives)


def test_nothing_is_sent_to_an_address_of_nobody() -> None:
    assert not audio(host="0.0.0.0").sends  # noqa: S104 - how RFC 2543 puts a call on hold
    assert not audio(port=0).sends


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="payload type 128"):
        audio(payload_type=128)
    with pytest.raises(ValueError, match="port 65536"):
        audio(port=65536)
    with pytest.raises(ValueError, match="does not appear to be an IPv4 or IPv6 address"):
        audio(host="phone.example")
    for everybody in ("224.0.0.1", "255.255.255.255", "ff02::1"):
        with pytest.raises(ValueError, match="not the address of one host"):
            audio(host=everybody)
