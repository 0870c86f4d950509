"""Basix XML documents as steps of a program (docs.brastel.com/xml.html).

Elements become the steps that do the same: GetDigits a gather into ``Digits``, Transfer a ring that
puts why it was in vain into ``TransferFailureReason``, Redirect and URLs a fetch. What is not
understood makes the document faulty, as a wrong element does there, before anything of it is heard.

Where the vendor's pages are silent: a Section is gone through only by who jumps to it, and the
program ends behind it; what Park was to hold is silence.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from xml.etree import ElementTree as Xml

from cordboard.directory.locate import Path
from cordboard.directory.problems import Problems
from cordboard.directory.step_reading import MOST_STEPS, PromptPlaces
from cordboard.directory.step_schema import MOST_TIMES, MOST_TRIES
from cordboard.directory.steps import (
    DIGIT_KEYS,
    MOST_DIGITS,
    OWN,
    Action,
    AddJobStep,
    AnswerStep,
    BranchStep,
    EndReason,
    FetchStep,
    GatherStep,
    GotoStep,
    HangUpStep,
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

_VARIABLES = {
    "From": "CALLER_NUMBER",
    "CallingNumber": "CALLER_NUMBER",
    "To": "CALLED_NUMBER",
    "CalledNumber": "CALLED_NUMBER",
}
_URL_TIMEOUT = re.compile(r"(?<=://)\(timeout=[0-9]+\)")
_NAME = re.compile(r"[A-Za-z_]\w{0,59}", re.ASCII)
_INSERTED = re.compile(r"\{\{\s*([A-Za-z_]\w{0,63})\s*\}\}", re.ASCII)
_SPEAKABLE = re.compile(r"[0-9*#+\s.,()/-]*")


class _NotUnderstood(ValueError):
    pass


def read_xml(text: str, prompts: PromptPlaces, problems: Problems) -> tuple[Step, ...]:
    """The steps of a document; what is wrong becomes a problem."""
    try:
        if "<!DOCTYPE" in text:
            raise _NotUnderstood("a document type is not taken")
        root = Xml.fromstring(text)  # noqa: S314 - without a document type there are no entities
        if root.tag not in ("Response", "IVR"):
            raise _NotUnderstood(f"the root is <{root.tag}>, neither <Response> nor <IVR>")
        return _Compiler(prompts).document(root)
    except (Xml.ParseError, _NotUnderstood, RecursionError) as error:
        path: Path = ("xml",)
        problems.error(path, str(error))
        return ()


class _Compiler:
    """Steps as far as they are made; ``_label`` is that of the next one."""

    def __init__(self, prompts: PromptPlaces) -> None:
        self._prompts = prompts
        self._steps: list[Step] = []
        self._labels = 0
        self._label: str | None = None
        self._sections: list[Xml.Element] = []

    def document(self, root: Xml.Element) -> tuple[Step, ...]:
        self._body(root)
        while self._sections:
            self._add(HangUpStep())
            section = self._sections.pop(0)
            self._put(_section(_needed(section, "name")))
            self._body(section)
        self._add(HangUpStep())  # so that every label has a step
        return tuple(self._steps)

    def _body(self, parent: Xml.Element) -> None:
        for element in parent:
            make = _ELEMENTS.get(element.tag)
            if make is None:
                raise _NotUnderstood(f"<{element.tag}> is not understood")
            make(self, element)

    def _add(self, action: Action) -> None:
        if len(self._steps) >= MOST_STEPS:
            raise _NotUnderstood(f"more than {MOST_STEPS} steps")
        self._steps.append(Step(action, self._label))
        self._label = None

    def _new_label(self) -> str:
        self._labels += 1
        return f"#{self._labels}"

    def _put(self, label: str) -> None:
        """The next step has this label."""
        if self._label is not None:
            self._add(GotoStep(label))
        self._label = label

    def _go(self, to: str) -> None:
        """Go where URLs or a section lead."""
        names = [one.strip() for one in to.split(",") if one.strip()]
        urls = tuple(_URL_TIMEOUT.sub("", one) for one in names if _is_url(one))
        if urls:
            self._add(FetchStep(urls))
        elif names and "file:" not in names[0]:
            self._add(GotoStep(_section(names[0].removeprefix("section:").lstrip("/"))))
        else:
            raise _NotUnderstood("neither a URL nor a section")

    # Elements

    def _answer(self, _element: Xml.Element) -> None:
        self._add(AnswerStep())

    def _play(self, element: Xml.Element) -> None:
        times = _whole(element, "loop", 1, 1, MOST_TIMES)
        until = "".join(one for one in element.get("terminators", "") if one in DIGIT_KEYS)
        self._add(PlayStep((self._prompt(element),), times, until))

    def _speak(self, element: Xml.Element) -> None:
        self._add(SayStep(_filled(_digits(element))))

    def _wait(self, element: Xml.Element) -> None:
        self._add(WaitStep(_seconds(element, "length", 1.0, 0.0, 3600.0)))

    def _park(self, element: Xml.Element) -> None:
        self._add(WaitStep(_seconds(element, "timeout", LONGEST_PARK, 0.0, LONGEST_PARK)))

    def _hang_up(self, element: Xml.Element) -> None:
        reason = element.get("reason", "normal")
        with suppress(ValueError):
            self._add(HangUpStep(EndReason(reason)))
            return
        raise _NotUnderstood(f"<Hangup reason> is {reason}, neither rejected nor busy")

    def _redirect(self, element: Xml.Element) -> None:
        self._go(_text(element))

    def _goto(self, element: Xml.Element) -> None:
        self._go(element.get("section") or _text(element))

    def _section(self, element: Xml.Element) -> None:
        self._sections.append(element)

    def _set(self, element: Xml.Element) -> None:
        """``val`` only: what is calculated (``expr``) has a language of its own. The servers are
        told as ``var_NAME`` what a document has set."""
        name, value = _needed(element, "var"), element.get("val")
        if not _NAME.fullmatch(name) or name in _VARIABLES:
            raise _NotUnderstood(f"<Set> can't set {name}")
        if value is None or "expr" in element.attrib:
            raise _NotUnderstood("<Set> takes val, and no expr")
        self._add(SetStep(((name, _filled(value)), (f"var_{name}", f"${{{name}}}"))))

    def _add_job(self, element: Xml.Element) -> None:
        self._add(AddJobStep(_filled(_text(element))))

    def _get_digits(self, element: Xml.Element) -> None:
        tries = "maxTries" if "maxTries" in element.attrib else "retries"
        valid = element.get("validDigits", DIGIT_KEYS)
        gather = GatherStep(
            DIGITS,
            (*self._nested(element), *_beep(element)),
            _whole(element, "numDigits", MOST_DIGITS, 1, MOST_DIGITS),
            _seconds(element, "timeout", 5.0, 0.0, 3600.0),
            _seconds(element, "interdigitTimeout", 5.0, 0.0, 3600.0),
            element.get("finishOnKey", "#")[:1],
            "".join(one for one in valid if one in DIGIT_KEYS),
            _whole(element, tries, 1, 1, MOST_TRIES),
        )
        self._add(gather)
        action = element.get("action")
        if action is not None:
            nothing = self._new_label()
            self._add(BranchStep(DIGITS, (("", nothing),)))
            self._go(action)
            self._put(nothing)

    def _nested(self, element: Xml.Element) -> Iterator[str]:
        """The prompts that ask for digits; those for wrong ones (``alert``) are not needed, for
        such keys are passed over."""
        for one in list(element)[:MOST_NESTED]:
            if one.get("purpose", "prompt") != "prompt":
                continue
            if one.tag == "Play":
                yield from [self._prompt(one)] * _whole(one, "loop", 1, 1, MOST_TIMES)
            elif one.tag in ("Say", "Speak"):
                names = {"*": "star", "#": "hash", "+": "plus"}
                spoken = (
                    key for key in _digits(one, fixed=True) if key in DIGIT_KEYS or key == "+"
                )
                yield from (f"{OWN}{names.get(key, key)}" for key in spoken)
            elif one.tag == "Wait":
                yield from [f"{OWN}silence"] * math.ceil(_seconds(one, "length", 1.0, 0.0, 60.0))
            else:
                raise _NotUnderstood(f"<{one.tag}> in <GetDigits> is not understood")

    def _transfer(self, element: Xml.Element) -> None:
        timeout: float | None = None
        if "answerTimeout" in element.attrib:
            timeout = _seconds(element, "answerTimeout", 0.0, *ANSWER_TIMEOUT)
        show, action = element.get("callingNumber"), element.get("failureAction")
        music = element.get("suppressPreAnswerAudio") == "true"
        self._add(RingStep(_text(element), timeout=timeout, result=FAILURE, show=show, music=music))
        if action is not None:
            self._go(action)

    def _switch(self, element: Xml.Element) -> None:
        name = element.get("expr") or _needed(element, "var")
        if not re.fullmatch(r"\w{1,64}", name, re.ASCII):
            raise _NotUnderstood("<Switch> takes the name of a variable")
        end = self._new_label()
        cases = [(one, self._new_label()) for one in element]
        ways = tuple((_needed(one, "val"), label) for one, label in cases if one.tag == "Case")
        defaults = [label for one, label in cases if one.tag == "Default"]
        self._add(BranchStep(_VARIABLES.get(name, name), ways, (*defaults, end)[0]))
        for one, label in cases:
            if one.tag not in ("Case", "Default"):
                raise _NotUnderstood(f"<{one.tag}> in <Switch> is not understood")
            self._put(label)
            self._body(one)
            self._add(GotoStep(end))
        self._put(end)

    def _prompt(self, element: Xml.Element) -> str:
        name = _text(element)
        if "://" in name:
            raise _NotUnderstood("<Play> takes files that are here, no URLs")
        path, fault = self._prompts.find(name)
        if fault is not None:
            raise _NotUnderstood(f"<Play> {name}: {fault}")
        return path


def _section(name: str) -> str:
    return f"section {name}"


def _is_url(text: str) -> bool:
    return text.startswith(("http://", "https://"))


def _text(element: Xml.Element) -> str:
    text = (element.text or "").strip()
    if not text or len(element):
        raise _NotUnderstood(f"<{element.tag}> has no text of its own")
    return text


def _filled(text: str) -> str:
    """A text whose ``{{NAME}}`` are replaced when its turn comes."""
    return _INSERTED.sub(lambda match: f"${{{_VARIABLES.get(match[1], match[1])}}}", text)


def _digits(element: Xml.Element, *, fixed: bool = False) -> str:
    text = _text(element)
    if not _SPEAKABLE.fullmatch(text if fixed else _INSERTED.sub("", text)):
        raise _NotUnderstood(f"<{element.tag}> can say digits only")
    return text


def _needed(element: Xml.Element, name: str) -> str:
    value = element.get(name)
    if not value:
        raise _NotUnderstood(f"<{element.tag}> has no {name}")
    return value


def _beep(element: Xml.Element) -> tuple[str, ...]:
    return (f"{OWN}beep",) if element.get("playBeep") == "true" else ()


def _seconds(element: Xml.Element, name: str, default: float, above: float, most: float) -> float:
    text = element.get(name)
    if text is None:
        return default
    with suppress(ValueError):
        value = float(text)
        if (above < value or value == above > 0) and value <= most:
            return value
    raise _NotUnderstood(f"<{element.tag} {name}> is no number of seconds up to {most:g}")


def _whole(element: Xml.Element, name: str, default: int, least: int, most: int) -> int:
    text = element.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) < least:
        raise _NotUnderstood(f"<{element.tag} {name}> is no whole number from {least} on")
    return min(int(text), most)


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
    "AddJob": _Compiler._add_job,
    "GetDigits": _Compiler._get_digits,
    "Transfer": _Compiler._transfer,
    "Switch": _Compiler._switch,
}
