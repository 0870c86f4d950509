"""Whatever stands in a document's expression: it comes to something bounded, or to a fault."""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from hypothesis import given
from hypothesis import strategies as st

from cordboard.directory.basix_jobs import JobFault, read_job
from cordboard.directory.expressions import (
    ExpressionFault,
    calculated,
    check_expression,
    text_of,
)
from cordboard.directory.step_document import Document, DocumentFault, read_steps_of
from cordboard.directory.steps import LONGEST_VALUE

WORDS = [
    *(
        "1",
        "2",
        "0",
        "9" * 16,
        "1e300",
        "'a'",
        '"b"',
        "data",
        "Digits",
        "x",
        "true",
        "null",
        "None",
    ),
    *("+", "-", "*", "/", "**", "%", "==", "!=", "<", ">", "GT", "LE", "in", "not", "and", "or"),
    *("(", ")", "[", "]", ".", ",", "str", "int", "float", "open", "__class__", "list", "lambda"),
    *(":", "if", "else", "=", "{", "}", "@", "\n", "\x00", "#", "é", "for", "await", "f''"),
]
TEXTS = st.one_of(
    st.text(max_size=40),
    st.lists(st.sampled_from(WORDS), max_size=14).map(" ".join),
    st.lists(st.sampled_from(WORDS), max_size=14).map("".join),
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(text=TEXTS, data=VALUES, digits=st.text(max_size=4))
def test_it_comes_to_something_bounded_or_to_a_fault(text: str, data: Any, digits: str) -> None:
    known = {"data": data, "Digits": digits, "x": 3}
    with suppress(ExpressionFault):
        check_expression(text)
        value = calculated(text, lambda name: known.get(name, ""))
        assert len(text_of(value)) <= LONGEST_VALUE


TAGS = st.sampled_from(
    ["If", "Then", "Else", "Cond", "Clause", "Set", "GetJSON", "Section", "GoTo", "AddJob", "Speak"]
)
TREES = st.recursive(
    st.tuples(TAGS, st.dictionaries(st.sampled_from(["expr", "var", "val", "name", "url"]), TEXTS)),
    lambda inner: st.tuples(TAGS, st.just({"expr": "1", "name": "s"}), st.lists(inner, max_size=3)),
    max_leaves=8,
)


def written(tree: Any) -> str:
    """An element with its attributes and what is in it."""
    tag, attributes, *inner = tree
    said = "".join(f" {name}={quoteattr(value)}" for name, value in attributes.items())
    body = "".join(map(written, inner[0])) if inner else escape("{{" + "".join(attributes) + "}}")
    return f"<{tag}{said}>{body}</{tag}>"


@given(trees=st.lists(TREES, max_size=4))
def test_any_document_is_read_or_is_faulty(trees: list[Any]) -> None:
    text = f"<IVR>{''.join(map(written, trees))}</IVR>"
    with suppress(DocumentFault):
        assert read_steps_of(Document(text.encode("utf-8", "replace"), "/prompts"))


@given(text=st.text(max_size=60), values=st.dictionaries(st.sampled_from("AB"), st.text()))
def test_any_job_is_read_or_is_faulty(text: str, values: dict[str, str]) -> None:
    job = '{"type": "msg_call", "data": {"called_number": "${A}%s", "audio_file": "${B}.wav"}}'
    for one in (text, job.replace("%s", text)):
        with suppress(JobFault):
            assert read_job(one, values, "/prompts").called
