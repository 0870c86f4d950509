"""The keys of the tables about phones that dial: where a user's calls go, and what codes do."""

from __future__ import annotations

import re

from cordboard.directory.feature_codes import Feature
from cordboard.directory.forwarding import DEFAULT_AFTER, LONGEST_AFTER, LONGEST_TARGET
from cordboard.directory.kinds import matching
from cordboard.directory.shape import Field, Shape, number, text

_CODE = re.compile(r"[*#][0-9*#]{0,7}[0-9]")

CODE = matching(_CODE, 'a code of 2 to 9 keys that begins with * or # and ends with a digit, "*21"')

FORWARD = Shape(
    "forward",
    {
        "always": Field(text("whom to call", longest=LONGEST_TARGET)),
        "busy": Field(text("whom to call", longest=LONGEST_TARGET)),
        "no_answer": Field(text("whom to call", longest=LONGEST_TARGET)),
        "after": Field(number(1, LONGEST_AFTER, "seconds"), DEFAULT_AFTER),
    },
)

FEATURE_CODES = Shape("feature_codes", {feature.value: Field(CODE) for feature in Feature})
