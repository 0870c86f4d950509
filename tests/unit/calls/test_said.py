"""What a far end says of its reasons is bounded and can be shown."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cordboard.calls.said import MAX_WORDS, NOTHING, Said, readable


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("Busy Here", "Busy Here"),
        ("  two   blanks ", "two blanks"),
        ("besetzt \N{LATIN SMALL LETTER U WITH DIAERESIS}", "besetzt ü"),
        ("caf\udce9", "caf"),
        ("red \x1b[31m alert\x07", "red [31m alert"),
        ("left\N{RIGHT-TO-LEFT OVERRIDE}right", "left right"),
        ("", ""),
    ],
)
def test_words_become_one_printable_line(words: str, shown: str) -> None:
    assert readable(words) == shown


def test_long_words_are_cut() -> None:
    assert readable("a" * 5000) == "a" * (MAX_WORDS - 1) + "…"


@given(st.text(max_size=500))
def test_any_words_can_be_shown_and_encoded(words: str) -> None:
    shown = readable(words)
    assert shown.isprintable()
    assert len(shown) <= MAX_WORDS
    json.dumps(shown).encode("utf-8")
    shown.encode("utf-8")


def test_only_what_was_said_is_shown() -> None:
    assert NOTHING.as_dict() is None
    assert NOTHING.as_dict("Decline") == {"phrase": "Decline"}
    assert Said(125, text="x").as_dict() == {"q850": 125, "text": "x"}
    assert Said(17).as_dict() == {"q850": 17, "q850_name": "User busy"}
    assert Said(None, 603, retry_after=0).as_dict() == {"sip_cause": 603, "retry_after": 0}
