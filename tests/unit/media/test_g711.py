from __future__ import annotations

from array import array

import pytest

from cordboard.media import g711
from cordboard.media.g711 import PCMA, PCMU


@pytest.mark.parametrize("codec", [PCMU, PCMA])
def test_every_code_survives_decoding_and_encoding(codec: str) -> None:
    codes = bytes(range(256))
    again = g711.encode(g711.decode(codes, codec), codec)
    # µ-law has two codes for zero; the negative one comes back as the positive one.
    expected = codes.replace(b"\x7f", b"\xff") if codec == PCMU else codes
    assert again == expected


@pytest.mark.parametrize(
    ("codec", "code", "value"),
    [
        (PCMU, 0xFF, 0),
        (PCMU, 0x80, 32124),
        (PCMU, 0x00, -32124),
        (PCMU, 0xFE, 8),
        (PCMA, 0xD5, 8),
        (PCMA, 0x55, -8),
        (PCMA, 0xAA, 32256),
        (PCMA, 0x2A, -32256),
    ],
)
def test_known_values(codec: str, code: int, value: int) -> None:
    assert g711.decoding_table(codec)[code] == value


@pytest.mark.parametrize("codec", [PCMU, PCMA])
def test_encoding_is_off_by_half_an_interval_at_most(codec: str) -> None:
    samples = array("h", range(-32256, 32257))
    coded = g711.decode(g711.encode(samples, codec), codec)
    for sample, value in zip(samples, coded, strict=True):
        assert abs(sample - value) <= abs(sample) / 32 + 8
    assert list(coded) == sorted(coded)


def test_the_extremes_are_clipped() -> None:
    assert g711.encode(array("h", [32767, -32768]), PCMU) == b"\x80\x00"
    assert g711.encode(array("h", [32767, -32768]), PCMA) == b"\xaa\x2a"


@pytest.mark.parametrize(("received", "sent"), [(PCMU, PCMA), (PCMA, PCMU)])
def test_transcoding_takes_the_nearest_value(received: str, sent: str) -> None:
    table = g711.transcoding_table(received, sent)
    assert table is not None
    values = g711.decoding_table(sent)
    for code, value in enumerate(g711.decoding_table(received)):
        assert abs(value - values[table[code]]) == min(abs(value - other) for other in values)
        assert table[code] & 0x80 == code & 0x80


def test_silence_stays_silence_through_transcoding() -> None:
    table = g711.transcoding_table(PCMU, PCMA)
    assert table is not None
    assert g711.silence(PCMU).translate(table) == g711.silence(PCMA)


def test_one_codec_needs_no_table() -> None:
    assert g711.transcoding_table(PCMU, PCMU) is None
    assert g711.transcoding_table(PCMA, PCMA) is None


def test_wav_octets_are_little_endian() -> None:
    samples = array("h", [1, -2, 256])
    assert g711.to_little_endian(samples) == b"\x01\x00\xfe\xff\x00\x01"
    assert g711.from_little_endian(b"\x01\x00\xfe\xff\x00\x01\x7f") == samples
