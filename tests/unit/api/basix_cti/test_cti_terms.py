"""BERT terms: the octets that the vendor's own client was seen to read, and those that kill it."""

from __future__ import annotations

import pytest

from cordboard.api.basix.cti.reading import MalformedTerm, read_frame
from cordboard.api.basix.cti.terms import (
    LONGEST_SHORT,
    Atom,
    Encoded,
    Term,
    UnwritableTerm,
    frame,
    joined,
    tuple_head,
    written,
)

# Each was decoded with the vendor's client (basix_ws_cti.js, lib/bert.js).
VECTORS: list[tuple[Term, str]] = [
    (
        (Atom("field_spec"), "terminal", [Atom("id"), Atom("name")]),
        (
            "83680364000a6669656c645f737065636b00087465726d696e616c"
            "6c0000000264000269646400046e616d656a"
        ),
    ),
    (
        (Atom("initial_info"), "terminal", []),
        "83680364000c696e697469616c5f696e666f6b00087465726d696e616c6a",
    ),
    (
        (Atom("initial_info"), "terminal", [(7, b"t1")]),
        (
            "83680364000c696e697469616c5f696e666f6b00087465726d696e616c"
            "6c00000001680261076d0000000274316a"
        ),
    ),
    (
        (Atom("info_event"), "terminal", (7, None), "updated"),
        (
            "83680464000a696e666f5f6576656e746b00087465726d696e616c"
            "68026107640009756e646566696e65646b000775706461746564"
        ),
    ),
    (
        (Atom("system_msg"), "connection_limit_reached"),
        "83680264000a73797374656d5f6d73676b0018636f6e6e656374696f6e5f6c696d69745f72656163686564",
    ),
    (1546839040024071, "836e0700075e8187d77e05"),
    (10001111, "836200989ad7"),
]


@pytest.mark.parametrize(("term", "octets"), VECTORS)
def test_terms_have_the_octets_that_the_vendors_client_reads(term: Term, octets: str) -> None:
    assert frame(term).hex() == octets
    assert read_frame(bytes.fromhex(octets)) == term


@pytest.mark.parametrize(
    ("number", "octets"),
    [
        (0, "6100"),
        (127, "617f"),
        (129, "6200000081"),  # clients of 2016 read 6181 as negative
        (255, "62000000ff"),
        (256, "6200000100"),
        (-1, "62ffffffff"),
        (2**31 - 1, "627fffffff"),
        (2**31, "6e040000000080"),
        (-0x7F00_0000, "6281000000"),
        (-0x7F00_0001, "6e04010100007f"),  # the client would read 80ffffff as positive
        (-(2**31), "6e040100000080"),
    ],
)
def test_integers_are_written_so_that_the_client_does_not_misread_them(
    number: int, octets: str
) -> None:
    assert written(number).hex() == octets
    assert read_frame(frame(number)) == number


def test_an_empty_text_stays_a_text() -> None:
    assert written("") == b"k\0\0"
    assert written(b"") == b"m\0\0\0\0"
    assert written([]) == b"j"


def test_a_term_that_was_written_before_stands_in_others_as_it_is() -> None:
    row: Term = (7, b"t1")
    assert frame([Encoded(written(row)), Encoded(written(row))]) == frame([row, row])


def test_a_tuple_can_be_written_in_parts() -> None:
    row: tuple[Term, ...] = (7, b"t1", None, (1.5, ["x"]), True)
    parts = (joined(*row[:2]), joined(row[2]), joined(*row[3:]))
    assert tuple_head(len(row)) + b"".join(parts) == written(row)


def nested(depth: int) -> Term:
    term: Term = ()
    for _ in range(depth):
        term = (term,)
    return term


@pytest.mark.parametrize(
    "term",
    [
        "\u3042",
        "x" * (LONGEST_SHORT + 1),
        Atom("x" * (LONGEST_SHORT + 1)),
        tuple(range(128)),
        float("nan"),
        float("inf"),
        1 << 1016,
        nested(32),
    ],
    ids=("beyond-latin", "long", "long-atom", "large-tuple", "nan", "infinite", "huge", "deep"),
)
def test_what_the_client_could_not_read_is_not_written(term: Term) -> None:
    with pytest.raises(UnwritableTerm):
        frame(term)


@pytest.mark.parametrize(
    "octets",
    [
        "",
        "82",
        "83",
        "83610100",  # an octet behind the term
        "8377026f6b",  # SMALL_ATOM_UTF8
        "8376000" + "26f6b",  # ATOM_UTF8
        "834640" + "00" * 7,  # NEW_FLOAT
        "836900000000",  # LARGE_TUPLE
        "837400000000",  # MAP
        "8350",  # compressed
        "834d00000001086f",  # BIT_BINARY
        "836c0000000161016101",  # a list that does not end in nil
        "836cffffffff6101",  # more elements than there are octets
        "836dffffffff61",
        "836bffff61",
        "836280000000",
        "8363" + "6e616e" + "00" * 28,
        "8363" + "316539393939" + "00" * 25,
        "8363" + "00" * 31,
        "836181",
        "83" + "6881" + "6a" * 129,
        "836e81" + "00" * 130,
        "836fffffffff00",
        "83" + "6801" * 40 + "6a",
        "83" + "6c00000001" * 40 + "6a" * 41,
    ],
)
def test_what_the_client_would_throw_at_is_refused(octets: str) -> None:
    with pytest.raises(MalformedTerm):
        read_frame(bytes.fromhex(octets))


def test_a_text_of_the_longest_length_is_read() -> None:
    term = "x" * LONGEST_SHORT
    assert read_frame(frame(term)) == term
