"""STUN as RFC 5769 writes it down, and what is answered."""

from __future__ import annotations

import pytest

from cordboard.sip.stun import (
    BINDING_ERROR,
    BINDING_REQUEST,
    BINDING_SUCCESS,
    ERROR_CODE,
    MAX_OCTETS,
    UNKNOWN_ATTRIBUTES,
    XOR_MAPPED_ADDRESS,
    StunMessage,
    answer_stun,
    parse_stun,
    xored_address,
)

TRANSACTION = bytes.fromhex("b7e7a701bc34d686fa87dfae")

# RFC 5769 2.1: SOFTWARE, PRIORITY, ICE-CONTROLLED, USERNAME, MESSAGE-INTEGRITY, FINGERPRINT
SAMPLE_REQUEST = bytes.fromhex(
    "000100582112a442b7e7a701bc34d686fa87dfae"
    "802200105354554e207465737420636c69656e74"
    "002400046e0001ff80290008932ff9b151263b36"
    "000600096576746a3a68367659202020"
    "000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2"
    "80280004e57a3bcf"
)
# RFC 5769 2.2 and 2.3: SOFTWARE, XOR-MAPPED-ADDRESS, MESSAGE-INTEGRITY, FINGERPRINT
SAMPLE_RESPONSE = bytes.fromhex(
    "0101003c2112a442b7e7a701bc34d686fa87dfae"
    "8022000b7465737420766563746f7220"
    "002000080001a147e112a643"
    "000800142b91f599fd9e90c38c7489f92af9ba53f06be7d7"
    "80280004c07d4c96"
)
SAMPLE_RESPONSE_6 = bytes.fromhex(
    "010100482112a442b7e7a701bc34d686fa87dfae"
    "8022000b7465737420766563746f7220"
    "002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9"
    "00080014a382954e4be67bf11784c97c8292c275bfe3ed41"
    "80280004c8fb0b4c"
)
PLAIN = bytes(StunMessage(BINDING_REQUEST, TRANSACTION))


@pytest.mark.parametrize(
    ("sample", "address"),
    [
        (SAMPLE_RESPONSE, ("192.0.2.1", 32853)),
        (SAMPLE_RESPONSE_6, ("2001:db8:1234:5678:11:2233:4455:6677", 32853)),
    ],
)
def test_responses_of_the_rfc_are_read(sample: bytes, address: tuple[str, int]) -> None:
    message = parse_stun(sample)
    assert message is not None
    assert message.fingerprint
    value = dict(message.attributes)[XOR_MAPPED_ADDRESS]
    assert xored_address(value, message.transaction) == address


def test_the_request_of_the_rfc_has_what_a_phone_is_not_to_ask_for() -> None:
    """PRIORITY is of ICE, and has to be understood."""
    request = parse_stun(SAMPLE_REQUEST)
    assert request is not None
    assert (request.kind, request.transaction, request.fingerprint) == (1, TRANSACTION, True)
    refused = parse_stun(answer_stun(SAMPLE_REQUEST, ("192.0.2.1", 5060)) or b"")
    assert refused is not None
    assert (refused.kind, refused.transaction, refused.fingerprint) == (
        BINDING_ERROR,
        TRANSACTION,
        True,
    )
    told = dict(refused.attributes)
    assert told[ERROR_CODE][2:4] == bytes((4, 20))
    assert told[UNKNOWN_ATTRIBUTES] == bytes.fromhex("0024")


@pytest.mark.parametrize("fingerprint", [False, True])
@pytest.mark.parametrize("source", [("192.0.2.1", 32853), ("2001:db8::7", 1)])
def test_a_phone_is_told_where_it_is_seen(source: tuple[str, int], fingerprint: bool) -> None:
    asked = StunMessage(BINDING_REQUEST, TRANSACTION, ((0x8022, b"phone"),), fingerprint)
    answer = answer_stun(bytes(asked), source)
    assert answer is not None
    assert len(answer) <= 52  # with a fingerprint, for IPv6
    told = parse_stun(answer)
    assert told is not None
    assert (told.kind, told.transaction, told.fingerprint) == (
        BINDING_SUCCESS,
        TRANSACTION,
        fingerprint,
    )
    assert [kind for kind, _ in told.attributes] == [XOR_MAPPED_ADDRESS]
    assert xored_address(told.attributes[0][1], TRANSACTION) == source


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0\1\0\0",
        PLAIN[:-1],
        PLAIN + b"\0\0\0\0",  # longer than it says
        PLAIN.replace(b"\x21\x12\xa4\x42", b"\x21\x12\xa4\x43"),  # RFC 3489, or anything
        b"\x40" + PLAIN[1:],
        bytes(StunMessage(BINDING_REQUEST, TRANSACTION, ((0x8022, bytes(MAX_OCTETS)),))),
        PLAIN[:3] + b"\4" + PLAIN[4:] + b"\x80\x22\0\1",  # an attribute without its value
        SAMPLE_REQUEST[:-1] + b"\0",  # a wrong fingerprint
        bytes(StunMessage(BINDING_SUCCESS, TRANSACTION)),
        bytes(StunMessage(BINDING_ERROR, TRANSACTION)),
        bytes(StunMessage(0x0011, TRANSACTION)),  # an indication, which has no answer
        bytes(StunMessage(0x0003, TRANSACTION)),  # Allocate, of TURN
    ],
)
def test_nothing_else_is_answered(data: bytes) -> None:
    assert answer_stun(data, ("192.0.2.1", 5060)) is None


@pytest.mark.parametrize("value", [b"", b"\0\1\0\0", b"\0\3" + bytes(6), b"\0\2" + bytes(6)])
def test_what_is_no_address(value: bytes) -> None:
    assert xored_address(value, TRANSACTION) is None
