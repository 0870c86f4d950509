"""STUN: whatever comes is read as it was written, or not at all."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cordboard.sip.stun import (
    BINDING_REQUEST,
    FINGERPRINT,
    StunMessage,
    answer_stun,
    parse_stun,
    xor_address,
    xored_address,
)

TRANSACTIONS = st.binary(min_size=12, max_size=12)
ATTRIBUTES = st.tuples(
    st.integers(0, 0xFFFF).filter(lambda kind: kind != FINGERPRINT), st.binary(max_size=60)
)
MESSAGES = st.builds(
    StunMessage,
    st.one_of(st.just(BINDING_REQUEST), st.integers(0, 0x3FFF)),
    TRANSACTIONS,
    st.lists(ATTRIBUTES, max_size=7).map(tuple),
    st.booleans(),
)
ADDRESSES = st.tuples(st.ip_addresses().map(str), st.integers(1, 65_535))


@given(MESSAGES)
def test_what_is_written_is_read(message: StunMessage) -> None:
    assert parse_stun(bytes(message)) == message


@given(ADDRESSES, TRANSACTIONS)
def test_addresses_too(address: tuple[str, int], transaction: bytes) -> None:
    assert xored_address(xor_address(address, transaction), transaction) == address


@given(st.one_of(st.binary(max_size=100), MESSAGES.map(bytes)), ADDRESSES)
def test_an_answer_is_small_and_one_of_ours(data: bytes, source: tuple[str, int]) -> None:
    answer = answer_stun(data, source)
    request = parse_stun(data)
    asked = request is not None and request.kind == BINDING_REQUEST
    assert (answer is not None) is asked
    if answer is not None and request is not None:
        assert len(answer) <= len(data) + 44
        told = parse_stun(answer)
        assert told is not None
        assert (told.transaction, told.fingerprint) == (request.transaction, request.fingerprint)
        assert answer_stun(answer, source) is None  # two of us do not talk for ever


@given(MESSAGES, st.data())
def test_a_fingerprint_shows_every_change(message: StunMessage, data: st.DataObject) -> None:
    sealed = bytearray(
        bytes(StunMessage(message.kind, message.transaction, message.attributes, True))
    )
    place = data.draw(st.integers(0, len(sealed) - 1))
    sealed[place] ^= data.draw(st.integers(1, 255))
    read = parse_stun(bytes(sealed))
    assert read is None or read.fingerprint is False
