"""Basix XML documents as steps of a program (docs.brastel.com/xml.html).

Elements become the steps that do the same: GetDigits a gather into ``Digits``, Transfer a ring that
puts why it was in vain into ``TransferFailureReason``, Redirect and URLs a fetch. What is inserted
into a text, ``{{...}}``, is a variable, or is calculated before the step that has the text. What is
not understood makes the document faulty, as a wrong element does there, before anything of it is
heard.

Where the vendor's pages are silent: a Section is gone through only by who jumps to it, but for the
first one of a document that has nothing before it, and the program ends behind it; what Park was to
hold is silence.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from xml.etree import ElementTree as Xml

from cordboard.directory.basix_attributes import (
    NotUnderstood,
    is_url,
    needed,
    seconds,
    speakable,
    spoken,
    text_in,
    whole,
    whole_seconds,
)
from cordboard.directory.basix_choices import go_cond, go_if, go_switch
from cordboard.directory.basix_steps import INSERTED, NAME, StepsMade, checked
from cordboard.directory.expressions import VARIABLES
from cordboard.directory.locate import Path
from cordboard.directory.problems import Problems
from cordboard.directory.step_reading import PromptPlaces
from cordboard.directory.step_schema import MOST_TIMES, MOST_TRIES
from cordboard.directory.steps import (
    DIGIT_KEYS,
    MOST_DIGITS,
    OWN,
    OWN_VARIABLES,
    AddJobStep,
    AnswerStep,
    BranchStep,
    CalculateStep,
    EndReason,
    FetchStep,
    GatherStep,
    GetDataStep,
    GotoStep,
    HangUpStep,
    OnErrorStep,
    PlayStep,
    RingStep,
    SayStep,
    SetStep,
    Step,
    WaitStep,
)

DIGITS = "Digits"
FAILURE = "TransferFailureReason"

LONGEST_PARK = 21_600.0
"""Seconds; the default of Park ``timeout``."""

ANSWER_TIMEOUT = (5.0, 180.0)
"""Seconds of Transfer ``answerTimeout``."""

MOST_NESTED = 125
"""Elements inside a GetDigits; the vendor ignores more."""

_URL_TIMEOUT = re.compile(r"(?<=://)\(timeout=[0-9]+\)")


def read_xml(text: str, prompts: PromptPlaces, problems: Problems) -> tuple[Step, ...]:
    """The steps of a document; what is wrong becomes a problem."""
    try:
        if "<!DOCTYPE" in text:
            raise NotUnderstood("a document type is not taken")
        root = Xml.fromstring(text)  # noqa: S314 - without a document type there are no entities
        if root.tag not in ("Response", "IVR"):
            raise NotUnderstood(f"the root is <{root.tag}>, neither <Response> nor <IVR>")
        return _Compiler(prompts).document(root)
    except (Xml.ParseError, NotUnderstood, RecursionError) as error:
        path: Path = ("xml",)
        problems.error(path, str(error))
        return ()


class _Compiler(StepsMade):
    """What each element becomes."""

    def __init__(self, prompts: PromptPlaces) -> None:
        super().__init__()
        self._prompts = prompts
        self._sections: list[Xml.Element] = []

    def document(self, root: Xml.Element) -> tuple[Step, ...]:
        self._body(root)
        while self._sections:
            if self.steps:
                self.add(HangUpStep())
            section = self._sections.pop(0)
            self.put(_section(needed(section, "name")))
            self._body(section)
        self.add(HangUpStep())  # so that every label has a step
        return tuple(self.steps)

    def _body(self, parent: Xml.Element) -> None:
        for element in parent:
            make = _ELEMENTS.get(element.tag)
            if make is None:
                raise NotUnderstood(f"<{element.tag}> is not understood")
            make(self, element)

    def _go(self, to: str) -> None:
        """Go where URLs or a section lead."""
        names = [one.strip() for one in to.split(",") if one.strip()]
        urls = tuple(_URL_TIMEOUT.sub("", one) for one in names if is_url(one))
        if urls:
            self.add(FetchStep(tuple(self.inserted(one) for one in urls)))
        elif names and "file:" not in names[0]:
            self.add(GotoStep(_section(names[0].removeprefix("section:").lstrip("/"))))
        else:
            raise NotUnderstood("neither a URL nor a section")

    def _set(self, element: Xml.Element) -> None:
        """The servers are told as ``var_NAME`` what a document has set."""
        name, value, expression = _named(element), element.get("val"), element.get("expr")
        if (value is None) is (expression is None):
            raise NotUnderstood("<Set> takes either val or expr")
        told = (f"var_{name}", f"${{{name}}}")
        if value is not None:
            self.add(SetStep(((name, self.inserted(value)), told)))
        else:
            self.add(CalculateStep(name, checked(expression or "")))
            self.add(SetStep((told,)))

    def _get_json(self, element: Xml.Element) -> None:
        method, url = element.get("method", "POST"), needed(element, "url")
        if method not in ("POST", "GET"):
            raise NotUnderstood("<GetJSON method> is neither POST nor GET")
        if not (is_url(url) or url.startswith("{{")):
            raise NotUnderstood("<GetJSON url> is no URL of a server")
        self.add(GetDataStep(_named(element), self.inserted(url), method == "POST"))

    def _if(self, element: Xml.Element) -> None:
        go_if(self, element, self._body)

    def _cond(self, element: Xml.Element) -> None:
        go_cond(self, element, self._body)

    def _switch(self, element: Xml.Element) -> None:
        go_switch(self, element, self._body)

    # Elements

    def _answer(self, _element: Xml.Element) -> None:
        self.add(AnswerStep())

    def _play(self, element: Xml.Element) -> None:
        times = whole(element, "loop", 1, 1, MOST_TIMES)
        until = "".join(one for one in element.get("terminators", "") if one in DIGIT_KEYS)
        if not INSERTED.search(text_in(element)):
            self.add(PlayStep((self._prompt(element),), times, until))
            return
        path = posixpath.join(self._prompts.folder, self.inserted(text_in(element)))
        self.add(PlayStep((path,), times, until, filled=True))

    def _speak(self, element: Xml.Element) -> None:
        self.add(SayStep(self.inserted(speakable(element, INSERTED))))

    def _wait(self, element: Xml.Element) -> None:
        self.add(WaitStep(seconds(element, "length", 1.0, 0.0, 3600.0)))

    def _park(self, element: Xml.Element) -> None:
        self.add(WaitStep(seconds(element, "timeout", LONGEST_PARK, 0.0, LONGEST_PARK)))

    def _hang_up(self, element: Xml.Element) -> None:
        reason = element.get("reason", "normal")
        with suppress(ValueError):
            self.add(HangUpStep(EndReason(reason)))
            return
        raise NotUnderstood(f"<Hangup reason> is {reason}, neither rejected nor busy")

    def _redirect(self, element: Xml.Element) -> None:
        self._go(text_in(element))

    def _goto(self, element: Xml.Element) -> None:
        self._go(element.get("section") or text_in(element))

    def _section(self, element: Xml.Element) -> None:
        self._sections.append(element)

    def _set_error_handler(self, element: Xml.Element) -> None:
        self.add(OnErrorStep(_section(text_in(element))))

    def _add_job(self, element: Xml.Element) -> None:
        self.add(AddJobStep(self.inserted(text_in(element))))

    def _get_digits(self, element: Xml.Element) -> None:
        tries = "maxTries" if "maxTries" in element.attrib else "retries"
        valid = element.get("validDigits", DIGIT_KEYS)
        gather = GatherStep(
            DIGITS,
            (*self._nested(element), *_beep(element)),
            whole(element, "numDigits", MOST_DIGITS, 1, MOST_DIGITS),
            seconds(element, "timeout", 5.0, 0.0, 3600.0),
            seconds(element, "interdigitTimeout", 5.0, 0.0, 3600.0),
            element.get("finishOnKey", "#")[:1],
            "".join(one for one in valid if one in DIGIT_KEYS),
            whole(element, tries, 1, 1, MOST_TRIES),
        )
        self.add(gather)
        action = element.get("action")
        if action is not None:
            nothing = self.new_label()
            self.add(BranchStep(DIGITS, (("", nothing),)))
            self._go(action)
            self.put(nothing)

    def _nested(self, element: Xml.Element) -> Iterator[str]:
        """The prompts that ask for digits; those for wrong ones (``alert``) are not needed, for
        such keys are passed over."""
        for one in list(element)[:MOST_NESTED]:
            if one.get("purpose", "prompt") != "prompt":
                continue
            if one.tag == "Play":
                yield from [self._prompt(one)] * whole(one, "loop", 1, 1, MOST_TIMES)
            elif one.tag in ("Say", "Speak"):
                yield from spoken(one)
            elif one.tag == "Wait":
                yield from [f"{OWN}silence"] * whole_seconds(one, "length")
            else:
                raise NotUnderstood(f"<{one.tag}> in <{element.tag}> is not understood")

    def _transfer(self, element: Xml.Element) -> None:
        timeout: float | None = None
        if "answerTimeout" in element.attrib:
            timeout = seconds(element, "answerTimeout", 0.0, *ANSWER_TIMEOUT)
        show, action = element.get("callingNumber"), element.get("failureAction")
        music = element.get("suppressPreAnswerAudio") == "true"
        shown = None if show is None else self.inserted(show)
        to = self.inserted(text_in(element))
        ring = RingStep(to, timeout=timeout, result=FAILURE, show=shown, music=music)
        self.add(replace(ring, forward=action is None))
        if action is not None:
            self._go(action)

    def _prompt(self, element: Xml.Element) -> str:
        name = text_in(element)
        if "://" in name:
            raise NotUnderstood("<Play> takes files that are here, no URLs")
        path, fault = self._prompts.find(name)
        if fault is not None:
            raise NotUnderstood(f"<Play> {name}: {fault}")
        return path


def _section(name: str) -> str:
    return f"section {name}"


def _named(element: Xml.Element) -> str:
    """The variable that an element sets."""
    name = needed(element, "var")
    if not NAME.fullmatch(name) or name in VARIABLES or name.startswith(OWN_VARIABLES):
        raise NotUnderstood(f"<{element.tag}> can't set {name}")
    return name


def _beep(element: Xml.Element) -> tuple[str, ...]:
    return (f"{OWN}beep",) if element.get("playBeep") == "true" else ()


_ELEMENTS: dict[str, Callable[[_Compiler, Xml.Element], None]] = {
    "Answer": _Compiler._answer,
    "Play": _Compiler._play,
    "Speak": _Compiler._speak,
    "Say": _Compiler._speak,
    "Wait": _Compiler._wait,
    "Park": _Compiler._park,
    "Hangup": _Compiler._hang_up,
    "Redirect": _Compiler._redirect,
    "GoTo": _Compiler._goto,
    "Section": _Compiler._section,
    "Set": _Compiler._set,
    "SetErrorHandler": _Compiler._set_error_handler,
    "AddJob": _Compiler._add_job,
    "GetDigits": _Compiler._get_digits,
    "GetInput": _Compiler._get_digits,
    "GetJSON": _Compiler._get_json,
    "Transfer": _Compiler._transfer,
    "If": _Compiler._if,
    "Cond": _Compiler._cond,
    "Switch": _Compiler._switch,
}
