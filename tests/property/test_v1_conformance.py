"""v1 does what its OpenAPI document says, whatever is sent to it: schemathesis tries.

It goes through the document with a fixed seed: the examples, each bound of each member and
parameter and what lies beyond, methods and credentials that are wrong, random requests, and
sequences of requests that use what the ones before gave. The checks are its own (documented status
codes, types, headers and bodies; no server error; nothing refused that the document allows, nothing
taken that it forbids; Allow; credentials) and one of ours.
"""

from __future__ import annotations

from typing import Any, Final

import pytest
import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import Status, from_schema
from schemathesis.engine.events import FatalError, NonFatalError, PhaseFinished, ScenarioFinished

from cordboard.engines.far_end import IS_BUSY
from support.asgi import DEMO
from support.v1 import PHONES, Served

SEED: Final = 20260101
EXAMPLES: Final = 8

REFUSED_FOR_REASONS: Final = ["2xx", "401", "403", "404", "409", "422", "429"]
"""What a valid request may get: whom it names may not be there. :func:`faultless` looks closer."""

OPAQUE: Final = {"cursor", "after", "last-event-id"}
"""What only we can make up; others are told so."""

CONFIG: Final[dict[str, Any]] = {
    "seed": SEED,
    "headers": {"Authorization": f"Basic {DEMO}"},
    "generation": {"deterministic": True, "max-examples": EXAMPLES, "database": "none"},
    "checks": {"positive_data_acceptance": {"expected-statuses": REFUSED_FOR_REASONS}},
    "max-stream-events": 1,  # streams go on for ever; the first comes at once
}


@schemathesis.check
def faultless(_ctx: Any, response: Any, case: Any) -> None:
    """What is valid by the document has no fault for us: what may be wrong with a request in itself
    is all in there."""
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    if response.status_code == 422:
        faults = response.json().get("errors", ())
        assert all(fault["path"] in OPAQUE for fault in faults), faults


@pytest.mark.slow
@pytest.mark.timeout(420)
def test_nothing_is_other_than_the_document_says() -> None:
    served = Served()
    for phone in PHONES:
        served.engine.when_dialled(f"{phone}@demo", IS_BUSY)
    schema = schemathesis.openapi.from_asgi(
        "/v1/openapi.json", served.app, config=SchemathesisConfig.from_dict(CONFIG)
    )
    found: list[str] = []
    tried: dict[str, int] = {}
    for event in from_schema(schema).execute():
        if isinstance(event, ScenarioFinished):
            found += failures_of(event)
            tried[event.phase.name] = tried.get(event.phase.name, 0) + len(event.recorder.cases)
        elif isinstance(event, NonFatalError | FatalError):
            found.append(str(event.info if isinstance(event, NonFatalError) else event.exception))
        elif isinstance(event, PhaseFinished):
            assert event.status in (Status.SUCCESS, Status.SKIP, Status.FAILURE), event.phase
    assert not found, "\n".join(found)
    assert {"EXAMPLES", "COVERAGE", "FUZZING", "STATEFUL_TESTING"} <= set(tried), tried
    assert tried["COVERAGE"] > 500, tried


def failures_of(scenario: ScenarioFinished) -> list[str]:
    """What was found in a scenario, as one would repeat it."""
    recorder = scenario.recorder
    return [
        f"{check.name}: {recorder.cases[case].value.as_curl_command()}\n  {failure.failure}"
        for case, checks in recorder.checks.items()
        for check in checks
        if (failure := check.failure_info) is not None
    ]
