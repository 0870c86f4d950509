"""A client of the CTI WebSocket that knows nothing but the vendor's protocol: it rebuilds the store
of the vendor's own library from frames alone, and fails where that library would."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from cordboard.api.basix.cti.reading import read_frame
from cordboard.api.basix.cti.terms import Atom, Term

BY_ID = ("user", "group", "group_member", "terminal")
STATES = ("calling", "bridged", "xml_ivr", "park", "ringing", "system_operation", "eavesdrop")


class CtiStore:
    """The elements by their keys, each a dict of its columns."""

    def __init__(self) -> None:
        self.elements: dict[str, dict[Any, dict[str, Any]]] = {}
        self.notices: list[str] = []
        self.events: list[tuple[str, str, dict[str, Any]]] = []
        self._columns: dict[str, list[str]] = {}

    @property
    def channels(self) -> dict[str, dict[str, Any]]:
        """The channels that are there."""
        return self.elements["channel"]

    def take(self, frame: bytes) -> None:
        """Do what the library's parser does with one message."""
        message = read_frame(frame)
        assert isinstance(message, tuple)
        head, *rest = message
        assert isinstance(head, Atom)
        getattr(self, f"_{head.name}")(*rest)

    def _field_spec(self, element: str, columns: list[Term]) -> None:
        assert isinstance(element, str), "an entity is compared with texts"
        assert all(isinstance(one, Atom) for one in columns), "other names become undefined"
        self._columns[element] = [one.name for one in columns if isinstance(one, Atom)]

    def _initial_info(self, element: str, rows: list[Term]) -> None:
        assert isinstance(rows, list), "a tuple there throws"
        found = [self._object(element, row) for row in rows]
        assert element not in self.elements, f"{element} is told once"
        self.elements[element] = {self._key(element, one): one for one in found}

    def _info_event(self, element: str, row: Term, name: str) -> None:
        assert isinstance(name, str), "the name of an event is compared with texts"
        found = self._object(element, row)
        key, rows = self._key(element, found), self.elements[element]
        self.events.append((element, name, found))
        if name == "removed":
            assert key in rows, f"{element} {key} was not there"
            del rows[key]
        else:
            assert (name == "added") is (key not in rows), f"{name} of {element} {key}"
            rows[key] = found

    def _system_msg(self, text: str) -> None:
        assert isinstance(text, str)
        self.notices.append(text)

    @staticmethod
    def _key(element: str, found: dict[str, Any]) -> Any:
        return found["id" if element in BY_ID else "uuid"]

    def _object(self, element: str, row: Term) -> dict[str, Any]:
        assert isinstance(row, tuple)
        columns = self._columns[element]
        assert len(row) == len(columns)
        found = {name: _value(name, one) for name, one in zip(columns, row, strict=True)}
        if element in ("channel", "channel_waiting"):
            self._translate(found)
        return found

    @staticmethod
    def _translate(found: dict[str, Any]) -> None:
        found["state"] = _state(found["state"])
        found["end_user"] = _end_user(found["end_user"])
        if found.get("origination") is not None:
            found["origination"] = [unquote(part) for part in found["origination"].split("*")]
        if found.get("other_info") is not None:
            found["other_info"] = _other_info(found["other_info"])
        assert isinstance(found["called_number"], str), "the web phone calls its methods"


def _value(name: str, term: Term) -> Any:
    """What the parser makes of a column's term: binaries become texts of single octets."""
    assert not isinstance(term, list), "a list as a value comes out undefined"
    if isinstance(term, tuple):
        return tuple(_value(name, one) for one in term)
    if isinstance(term, bytes):
        return term.decode("utf-8" if name == "label" else "latin-1")
    assert term is None or isinstance(term, int | str), f"{name} is {term!r}"
    return term


def _state(state: tuple[Any, ...]) -> dict[str, Any]:
    at, name, *more = state
    assert name in STATES
    assert isinstance(at, int)
    data: dict[str, Any] = {}
    if name == "calling":
        location, kind, target = more
        data = {"target_location": location, "target_type": kind}
        if kind == "user":
            (data["user_id"],) = target
        elif kind == "group":
            data["group_type"], data["group_id"], _, _, data["group_queue_id"] = target
        else:
            assert kind == "pstn"
            (data["address"],) = target
    elif name == "eavesdrop":
        data["uuid"], data["eavesdrop_state"] = more
    elif name == "park":
        data["slot"], _, data["parker_id"], data["parker_name"] = more
    return {"ts": at, "name": name, "data": data}


def _end_user(text: str | None) -> dict[str, Any] | None:
    if text is None or not text.strip("*"):
        return None
    items = text.split("|") if text.startswith("_MANY_:") else [f"_MANY_:1|{text}", text]
    count = int(items[0].removeprefix("_MANY_:").partition("|")[0])
    names = ("id", "name", "organization", "avatar", "prefecture")
    parts = [map(_decoded, one.split("*")) for one in items[1:]]
    return {"count": count, "items": [dict(zip(names, one, strict=True)) for one in parts]}


def _decoded(part: str) -> str:
    return unquote(part.replace("+", " "), errors="strict")


def _other_info(info: tuple[Any, ...]) -> dict[str, Any]:
    kind, who, direction, location, address, offered, group, _ = info
    found = {"type": kind, "direction": direction, "peer_location": location, "address": address}
    found["offer_timestamp"] = offered
    if kind == "user":
        return {**found, "user_id": who, "group_id": group}
    assert kind == "end_user"
    return {**found, "end_user": _end_user(who)}
