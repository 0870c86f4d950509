"""A resolver whose answers are told to it beforehand."""

from __future__ import annotations

import asyncio

from cordboard.engines.dns.port import NO_ANSWER
from cordboard.sip.dns_records import MAX_RECORDS, Answer, Question, Record, RecordType


class MemoryResolver:
    """The twin of the real one. Names that it was told nothing of do not exist; ``asked`` holds
    every question, ``silent`` says that no name server answers, after ``timeout`` seconds."""

    def __init__(self, *, timeout: float = 0.05) -> None:
        self.asked: list[Question] = []
        self.silent = False
        self._timeout = timeout
        self._records: dict[Question, tuple[float, list[Record]]] = {}
        self._aliases: dict[str, tuple[float, str]] = {}

    def add(self, type_: RecordType, name: str, *records: Record, ttl: float = 60.0) -> None:
        """Let a name have records of a type, in place of those that it had."""
        self._records[Question(type_, name)] = (ttl, list(records))

    def alias(self, name: str, target: str, ttl: float = 60.0) -> None:
        """Let a name stand for another one (CNAME)."""
        self._aliases[name] = (ttl, target)

    def remove(self, name: str) -> None:
        """Let a name exist no more."""
        self._aliases.pop(name, None)
        for question in [one for one in self._records if one.name == name]:
            del self._records[question]

    async def ask(self, question: Question) -> Answer:
        """The answer that was told."""
        self.asked.append(question)
        if self.silent:
            await asyncio.sleep(self._timeout)
            return Answer(fault=NO_ANSWER)
        await asyncio.sleep(0)
        name, ttl = question.name, 3600.0
        visited = set()
        while name in self._aliases and name not in visited:
            visited.add(name)
            lasts, name = self._aliases[name]
            ttl = min(ttl, lasts)
        lasts, records = self._records.get(Question(question.type, name), (60.0, []))
        exists = bool(visited) or any(known.name == name for known in self._records)
        return Answer(tuple(records[:MAX_RECORDS]), min(ttl, lasts), exists)
