"""Jobs of Basix documents: the vendor's examples, what is no job, and what variables may do."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cordboard.directory.basix_jobs import LONGEST_JOB, Job, JobFault, read_job

FOLDER = "/etc/cordboard/prompts/demo"
MESSAGE = {
    "type": "msg_call",
    "data": {
        "calling_number": "05068680000",
        "called_number": "09012341234",
        "audio_file": "some_msg.wav",
    },
}
IVR = {
    "type": "ivr_call",
    "data": {
        "calling_number": "0506868000",
        "called_number": "09012341234",
        "ivr_xml": {"type": "inline", "data": "<IVR><Transfer>1002</Transfer></IVR>"},
    },
}


def read(job: dict[str, Any], **variables: str) -> Job:
    return read_job(json.dumps(job), variables, FOLDER)


def with_data(**data: Any) -> dict[str, Any]:
    return {**MESSAGE, "data": {**MESSAGE["data"], **data}}  # type: ignore[dict-item]  # of both


def with_options(**options: Any) -> dict[str, Any]:
    return {**MESSAGE, "options": options}


def test_a_message_is_a_document_that_plays_it() -> None:
    assert read(MESSAGE) == Job(
        "09012341234", "05068680000", "<IVR><Play>some_msg.wav</Play></IVR>"
    )


def test_a_document_stands_in_the_job() -> None:
    assert read(IVR).document == "<IVR><Transfer>1002</Transfer></IVR>"


def test_the_vendors_options_are_in_milliseconds() -> None:
    backoff = {"delay": 10_000, "type": "fixed"}
    job = read(with_options(attempts=3, delay=10_000, backoff=backoff))
    assert (job.attempts, job.delay, job.backoff) == (3, 10.0, 10.0)


def test_between_two_attempts_there_is_always_a_pause() -> None:
    assert read(with_options(attempts=3)).backoff == 60.0
    assert read(with_options(attempts=3, backoff={"delay": 1})).backoff == 10.0


def test_a_caller_is_called_back() -> None:
    called = {"calling_number": "${CALLED_NUMBER}", "called_number": "${CALLER_NUMBER}"}
    job = read(with_data(**called), CALLED_NUMBER="0312340000", CALLER_NUMBER="09011112222")
    assert (job.called, job.shown, job.chosen) == ("09011112222", "0312340000", True)
    assert not read(MESSAGE).chosen


def test_variables_bring_no_further_keys_and_no_elements() -> None:
    job = read(with_data(called_number="${A}"), A='1", "audio_file": "../x.wav')
    assert job.document == "<IVR><Play>some_msg.wav</Play></IVR>"
    ivr = {"type": "inline", "data": "<IVR><Speak>1</Speak><Transfer>${A}</Transfer></IVR>"}
    job = read({**IVR, "data": {**IVR["data"], "ivr_xml": ivr}}, A="<Hangup/>'\"&")  # type: ignore[dict-item]  # of both
    assert "<Transfer>&lt;Hangup/&gt;&apos;&quot;&amp;</Transfer>" in job.document


def test_the_longest_document_is_not_cut_off() -> None:
    data = "<IVR>" + "<Answer/>" * 400 + "<Transfer>${A}</Transfer></IVR>"
    job = read({**IVR, "data": {**IVR["data"], "ivr_xml": {"type": "inline", "data": data}}}, A="1")  # type: ignore[dict-item]  # of both
    assert job.document.endswith("<Transfer>1</Transfer></IVR>")


@pytest.mark.parametrize(
    ("job", "fault"),
    [
        ([], "the job is no object"),
        ({}, "data is no object"),
        ({**MESSAGE, "type": "fax"}, "type is neither msg_call nor ivr_call"),
        ({**MESSAGE, "options": 3}, "options is no object"),
        (with_data(called_number=9), "called_number is no text"),
        (with_data(called_number="${NOBODY}"), "called_number is empty"),
        (with_data(calling_number=""), "calling_number is no text"),
        (with_data(audio_file=None), "audio_file is no text"),
        (with_data(audio_file="../x.wav"), "below the folder of the program"),
        ({**IVR, "data": {"called_number": "1", "ivr_xml": "x"}}, "ivr_xml is no object"),
        (
            {**IVR, "data": {"called_number": "1", "ivr_xml": {"type": "url", "data": "x"}}},
            "ivr_xml.type is not inline",
        ),
        (
            {**IVR, "data": {"called_number": "1", "ivr_xml": {"type": "inline", "data": "x"}}},
            "the document: it is neither JSON nor XML",
        ),
        (with_options(attempts=0), "attempts is no whole number from 1 to 10"),
        (with_options(attempts=11), "attempts is no whole number from 1 to 10"),
        (with_options(attempts=True), "attempts is no whole number"),
        (with_options(delay=-1), "delay is no whole number"),
        (with_options(delay=367 * 86_400_000), "delay is no whole number"),
        (with_options(delay="10"), "delay is no whole number"),
        (with_options(backoff=[]), "backoff is no object"),
        (with_options(backoff={"type": "exponential"}), "backoff.type is not fixed"),
        (with_options(backoff={"delay": 86_400_001}), "delay is no whole number"),
    ],
)
def test_what_is_no_job_is_told(job: Any, fault: str) -> None:
    with pytest.raises(JobFault) as told:
        read(job)
    assert fault in str(told.value)


@pytest.mark.parametrize(
    ("text", "fault"),
    [("{", "no JSON"), ("[" * 9_000, "no JSON"), (" " * (LONGEST_JOB + 1), "at most 16384")],
)
def test_what_is_no_json_is_told(text: str, fault: str) -> None:
    with pytest.raises(JobFault, match=fault):
        read_job(text, {})
