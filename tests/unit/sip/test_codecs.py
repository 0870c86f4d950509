"""Codecs by name, and the numbers that they have in a session."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cordboard.directory.codec_names import NAMES, codec_name
from cordboard.sip.codecs import PCMA, PCMU, PayloadTypes, find_codec
from cordboard.sip.offer import EVENT


@pytest.mark.parametrize("name", NAMES)
def test_every_codec_that_a_configuration_may_name_is_known(name: str) -> None:
    codec = find_codec(codec_name(name.upper()))
    assert codec.name.upper() == name.upper()


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("pcma", "PCMA"),
        ("opus", "OPUS/48000/2"),
        ("G722", "G722/8000"),
        ("L16/16000", "L16/16000"),
        ("L16/44100/2", "L16/44100/2"),
    ],
)
def test_keys(text: str, key: str) -> None:
    assert find_codec(text).key == key


@pytest.mark.parametrize(
    "text", ["", "nothing", "L16/", "L16/8", "L16/16000/9", "telephone-event/8000", "a b/8000"]
)
def test_what_is_no_codec(text: str) -> None:
    with pytest.raises(ValueError, match="is no codec"):
        find_codec(text)


def test_numbers_are_given_once_and_for_good() -> None:
    types = PayloadTypes()
    opus, amr = find_codec("opus"), find_codec("AMR")
    assert types.numbered(opus).payload_type == 96
    assert types.numbered(amr).payload_type == 97
    assert types.numbered(opus).payload_type == 96
    assert types.numbered(EVENT).payload_type == 101
    assert types.numbered(find_codec("G722")).payload_type == 9
    assert types.numbered(PCMU).payload_type == 0


def test_the_peers_numbers_are_kept_unless_they_are_anothers() -> None:
    types = PayloadTypes()
    opus, amr = find_codec("opus"), find_codec("AMR")
    types.learn(replace(opus, payload_type=101))
    assert types.numbered(opus).payload_type == 101
    assert types.numbered(EVENT).payload_type == 96
    types.learn(replace(amr, payload_type=8))
    assert types.numbered(amr).payload_type == 97
    assert types.numbered(PCMA).payload_type == 8


def test_there_may_be_no_number_left() -> None:
    types = PayloadTypes()
    for number in range(96, 128):
        types.learn(replace(find_codec(f"L{number}/16000"), payload_type=number))
    with pytest.raises(ValueError, match="no payload type is left"):
        types.numbered(find_codec("opus"))
