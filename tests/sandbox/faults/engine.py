# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Counts calls, and tells which faults hit one."""

from __future__ import annotations

import contextlib
import enum
import os
import signal
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from sandbox.clock import Clock, SystemClock
from sandbox.faults import matching
from sandbox.faults.model import (
    ENDS,
    Drop,
    Error,
    ExpiredToken,
    Fate,
    Fault,
    LosesKey,
    RejectsLogEvents,
)
from sandbox.gateway.wire import Call


class Phase(enum.Enum):
    """When a fault's turn is."""

    TOKEN = "right after the signature"
    BEFORE = "before the call"
    DURING = "while it is carried out"
    AFTER = "after it has succeeded"


@dataclass
class Attempt:
    """One HTTP request on its way: what faults have done to it.

    :param problems: what a fault wanted and could not do, in sentences.
    """

    call: Call
    account: str = ""
    principal: str | None = None
    faults: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


# The request that this thread carries out.
current: ContextVar[Attempt | None] = ContextVar("current", default=None)


def phase_of(fault: Fault) -> Phase:
    if isinstance(fault.effect, ExpiredToken):
        return Phase.TOKEN
    if isinstance(fault.effect, (Fate, RejectsLogEvents)):
        return Phase.DURING
    if isinstance(fault.effect, LosesKey) or fault.when == "after":
        return Phase.AFTER
    return Phase.BEFORE


class Faults:
    """The faults of a scenario, with their counters. Closed at first: the world is made without them.

    :param clock: its monotonic seconds tell how long the sandbox has been ready.
    """

    def __init__(self, faults: Iterable[Fault] = (), seed: int = 0, clock: Clock | None = None) -> None:
        self._faults = tuple(faults)
        self._seed = seed
        self._clock = clock or SystemClock()
        self._opened: float | None = None
        self._lock = threading.Lock()
        # By fault and group.
        self._matched: Counter[tuple[str, tuple[str, ...]]] = Counter()
        self._hit: Counter[tuple[str, tuple[str, ...]]] = Counter()
        self._problems: dict[str, list[str]] = {}
        # For commands, and the process groups of those that run.
        self.environment: dict[str, str] = {}
        self.running: set[int] = set()

    def open(self, environment: Mapping[str, str] | None = None) -> None:
        """The sandbox is ready: faults may hit from now on.

        :param environment: variables for commands, besides the sandbox's own.
        """
        self.environment = dict(environment or {})
        self._opened = self._clock.monotonic()

    def close(self) -> None:
        """End the commands that still run."""
        for group in tuple(self.running):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)

    def hits(self, attempt: Attempt, phase: Phase) -> list[Fault]:
        """The faults of that phase that hit the call, in the file's order; of those that answer it, the first alone."""
        found: list[Fault] = []
        for fault in self._faults if self._opened is not None else ():
            if phase_of(fault) is not phase or isinstance(fault.effect, Fate):
                continue
            answered = any(_answers(other) for other in found)
            if self._is_hit(fault, attempt, may_hit=not (answered and _answers(fault))):
                found.append(fault)
        return found

    def fate(self, kind: str) -> Fate | None:
        """What the call that this thread carries out is to come to, asked where it begins something.

        :param kind: "snapshot", "cluster", "instance", "modification" or "deletion".
        """
        attempt = current.get()
        if attempt is None or self._opened is None:
            return None
        for fault in self._faults:
            fate = fault.effect
            if not isinstance(fate, Fate) or fate.status not in (None, *ENDS[kind]):
                continue
            if self._is_hit(fault, attempt):
                return Fate(fate.status, fate.at_percent, fault.name)
        return None

    def problem(self, attempt: Attempt, fault: Fault, sentence: str) -> None:
        """A fault could not do what it was to do."""
        attempt.problems.append(sentence)
        with self._lock:
            self._problems.setdefault(fault.name, []).append(sentence)

    def summary(self) -> list[dict[str, Any]]:
        """For ``GET /_sandbox/faults``: how many calls each was about, how many it has hit, what went wrong."""
        with self._lock:
            return [
                {
                    "name": fault.name,
                    "matched": _total(self._matched, fault.name),
                    "hit": _total(self._hit, fault.name),
                    "problems": list(self._problems.get(fault.name, [])),
                }
                for fault in self._faults
            ]

    def _is_hit(self, fault: Fault, attempt: Attempt, may_hit: bool = True) -> bool:
        seconds = self._clock.monotonic() - (self._opened or 0.0)
        if not matching.is_about(fault, attempt.call, attempt.principal, seconds):
            return False
        group = matching.group_of(fault, attempt.call)
        key = (fault.name, group)
        with self._lock:
            self._matched[key] += 1
            number = self._matched[key]
            drawn = matching.draw(self._seed, fault, group, number)
            hit = may_hit and matching.is_hit(fault, number, self._hit[key], drawn)
            self._hit[key] += hit
        if hit:
            attempt.faults.append(fault.name)
        return hit


def _answers(fault: Fault) -> bool:
    """Whether it answers in the place of the service."""
    return isinstance(fault.effect, (Error, Drop, ExpiredToken))


def _total(counter: Counter[tuple[str, tuple[str, ...]]], name: str) -> int:
    return sum(count for (fault, _group), count in counter.items() if fault == name)
