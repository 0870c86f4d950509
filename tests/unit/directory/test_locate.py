from __future__ import annotations

import tomllib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cordboard.directory.locate import Path, lines_of_keys

TEXT = '''\
# a comment with [brackets] and "quotes
top = 1

[a.b] # = }
one = "x # no comment"
'two three' = 'C:\\'
"qu\\"oted" = """
many
lines = 7
"""
list = [
    1, # first ]
    { in = 2, "also" = [3,
      4] },
    'last',
]
d.e.f = { g.h = true }

[[a.tables]]
name = "first"
[[a.tables]]
name = "second"
[a.tables.under]
deep = 1979-05-27T07:32:00Z

[a]
late = 0x1F
'''

LINES: dict[Path, int] = {
    ("top",): 2,
    ("a",): 26,
    ("a", "b"): 4,
    ("a", "b", "one"): 5,
    ("a", "b", "two three"): 6,
    ("a", "b", 'qu"oted'): 7,
    ("a", "b", "list"): 11,
    ("a", "b", "list", 0): 12,
    ("a", "b", "list", 1): 13,
    ("a", "b", "list", 1, "in"): 13,
    ("a", "b", "list", 1, "also", 1): 14,
    ("a", "b", "list", 2): 15,
    ("a", "b", "d", "e", "f"): 17,
    ("a", "b", "d", "e", "f", "g", "h"): 17,
    ("a", "tables"): 19,
    ("a", "tables", 0, "name"): 20,
    ("a", "tables", 1, "name"): 22,
    ("a", "tables", 1, "under"): 23,
    ("a", "tables", 1, "under", "deep"): 24,
    ("a", "late"): 27,
}


def paths_of(value: Any, path: Path = ()) -> list[Path]:
    found = [path] if path else []
    if isinstance(value, dict):
        for key, inner in value.items():
            found += paths_of(inner, (*path, key))
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            found += paths_of(inner, (*path, position))
    return found


def test_every_kind_of_key_has_its_line() -> None:
    lines = lines_of_keys(TEXT)
    assert {path: lines.get(path) for path in LINES} == LINES


def test_every_path_of_a_document_is_found() -> None:
    assert set(paths_of(tomllib.loads(TEXT))) == set(lines_of_keys(TEXT))


def test_windows_line_ends_count_as_one() -> None:
    assert lines_of_keys('a = 1\r\n[b]\r\nc = """x\r\ny"""\r\nd = 2\r\n')["b", "d"] == 5


def test_deep_brackets_do_not_raise() -> None:
    assert ("a",) in lines_of_keys("a = " + "[" * 100_000)


@given(st.text(alphabet="ab.[]{}=\"'\\,#\n \t1", max_size=60))
def test_no_text_raises_and_every_path_of_toml_is_found(text: str) -> None:
    lines = lines_of_keys(text)
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    assert set(paths_of(document)) == set(lines)
