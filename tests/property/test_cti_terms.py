"""BERT terms of any shape come back as they went, and no octets make the reader stumble."""

from __future__ import annotations

from contextlib import suppress

from hypothesis import example, given
from hypothesis import strategies as st

from cordboard.api.basix.cti.reading import MalformedTerm, read_frame
from cordboard.api.basix.cti.terms import Atom, Term, frame

LATIN = st.text(st.characters(max_codepoint=255), max_size=40)
WORDS = ("undefined", "true", "false")

LEAVES: st.SearchStrategy[Term] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**1016) + 1, 2**1016 - 1),
    st.integers(-(2**33), 2**33),
    st.floats(allow_nan=False, allow_infinity=False),
    LATIN,
    st.binary(max_size=40),
    LATIN.filter(lambda name: name not in WORDS).map(Atom),
)

TERMS: st.SearchStrategy[Term] = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=6), st.lists(inner, max_size=6).map(lambda found: tuple(found))
    ),
    max_leaves=20,
)

HEADS = tuple(bytes((131, tag)) for tag in (*range(97, 120), 70, 77, 80))


def exactly(term: Term) -> object:
    """A value that is equal only to that of a term of the same types."""
    if isinstance(term, tuple | list):
        return type(term), [exactly(one) for one in term]
    return type(term), repr(term)


@given(TERMS)
def test_what_is_written_is_read_again(term: Term) -> None:
    assert exactly(read_frame(frame(term))) == exactly(term)


@given(
    st.one_of(st.binary(max_size=200), st.tuples(st.sampled_from(HEADS), st.binary()).map(b"".join))
)
@example(b"\x83" + b"h\x01" * 5_000)
@example(b"\x83" + b"l\0\0\0\x01" * 5_000)
@example(b"\x83o\xff\xff\xff\xff")
def test_any_octets_are_a_term_or_malformed(octets: bytes) -> None:
    with suppress(MalformedTerm):
        assert exactly(read_frame(frame(read_frame(octets)))) == exactly(read_frame(octets))


@given(TERMS, st.data())
def test_a_wrong_octet_is_found_out_or_makes_another_term(term: Term, data: st.DataObject) -> None:
    octets = bytearray(frame(term))
    octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    with suppress(MalformedTerm):
        read_frame(bytes(octets))


@given(TERMS, st.data())
def test_a_frame_that_is_cut_off_is_malformed(term: Term, data: st.DataObject) -> None:
    octets = frame(term)
    cut = octets[: data.draw(st.integers(0, len(octets) - 1))]
    with suppress(MalformedTerm):
        read_frame(cut)
        raise AssertionError(f"{cut!r} was read")
