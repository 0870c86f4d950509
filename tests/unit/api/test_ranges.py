"""Which octets a client wants (RFC 9110, 13 and 14)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cordboard.api.ranges import (
    LONGEST_HEADER,
    Span,
    Unsatisfiable,
    is_known,
    span_of,
    still_the_same,
)


@pytest.mark.parametrize(
    ("header", "span"),
    [
        ("bytes=0-499", Span(0, 500)),
        ("bytes=500-999", Span(500, 1000)),
        ("bytes=-500", Span(500, 1000)),
        ("bytes=900-", Span(900, 1000)),
        ("bytes=900-99999999999999", Span(900, 1000)),
        ("bytes=-2000", Span(0, 1000)),
        ("bytes=0-0", Span(0, 1)),
        ("bytes=-1", Span(999, 1000)),
        ("BYTES = 0-9", Span(0, 10)),
        ("bytes= , 0-9 ,", Span(0, 10)),
    ],
)
def test_one_span_is_given(header: str, span: Span) -> None:
    assert span_of(header, 1000) == span


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "bytes",
        "bytes=",
        "bytes=,",
        "bytes=a-b",
        "bytes=5-2",
        "bytes=--5",
        "bytes=1-2-3",
        "bytes=0-9, x",
        "pages=1-2",
        "bytes=0-9, 20-29",
        "bytes=0-9, 5000-",
        "bytes=" + "0-9," * LONGEST_HEADER,
        "bytes=٣-٤",
    ],
)
def test_all_of_it_where_one_span_is_not_what_is_wanted(header: str | None) -> None:
    assert span_of(header, 1000) is None


@pytest.mark.parametrize("header", ["bytes=1000-", "bytes=-0", "bytes=5000-6000, 7000-"])
def test_there_is_nothing_there(header: str) -> None:
    with pytest.raises(Unsatisfiable):
        span_of(header, 1000)


def test_of_nothing_there_is_no_span() -> None:
    for header in ("bytes=0-", "bytes=-5"):
        with pytest.raises(Unsatisfiable):
            span_of(header, 0)


@given(st.text("bytes=0123456789-, ", max_size=40), st.integers(0, 5000))
def test_a_span_is_never_outside(header: str, size: int) -> None:
    try:
        span = span_of(f"bytes={header}", size)
    except Unsatisfiable:
        return
    assert span is None or 0 <= span.start < span.end <= size


def test_a_range_is_of_what_the_client_has() -> None:
    assert still_the_same(None, '"a"')
    assert still_the_same('"a"', '"a"')
    assert not still_the_same('W/"a"', '"a"'), "strong comparison"
    assert not still_the_same('"b"', '"a"')
    assert not still_the_same("Thu, 01 Jan 2026 00:00:00 GMT", '"a"'), "no dates are told"
    assert not still_the_same('"a"', None)


def test_what_the_client_has_already() -> None:
    assert is_known('"a"', '"a"')
    assert is_known('"b", W/"a"', '"a"'), "weak comparison"
    assert is_known("*", '"a"')
    assert not is_known('"ab"', '"a"')
    assert not is_known(None, '"a"')
    assert not is_known("*", None)
