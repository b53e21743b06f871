# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kill points: which moments of an undisturbed run there are, and how to recognise one in another run. All pure.

A moment is named by what came before it, so that waits that take more or fewer looks do not shift it: the last call
that changed something in AWS (the landmark), how many transactions were written to the state table since, and which
call of its kind it is since then.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Any

Entry = Mapping[str, Any]

CHANGES = re.compile("Add|Copy|Create|Delete|Modify|Publish|Put|Remove|Restore|Start|Stop|TransactWrite|Update")
DESTROYS = re.compile("Delete|Modify")  # what a module without its runner may not do
TRANSACTION = "TransactWriteItems"
# What differs between two runs in the names of things: ids of keys, times and hashes of snapshots.
RANDOM = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{12}-[0-9a-f]{8}|\d{4}(-\d\d){4}")
OPERATION = re.compile(r"\bop=(\w+)")


def operations(entries: Iterable[Entry]) -> set[str]:
    """The ids of the operations that made these calls."""
    return {found[1] for entry in entries if (found := OPERATION.search(entry["user_agent"] or ""))}


def patterned(name: str, operation_ids: Iterable[str]) -> str:
    """The name with what differs between runs as a glob."""
    for operation_id in operation_ids:
        name = name.replace(operation_id, "*").replace(operation_id[-8:].lower(), "*")
    return RANDOM.sub("*", name)


@dataclass(frozen=True)
class Kind:
    """Calls of one action on one resource (a pattern; None: whatever it is about)."""

    service: str
    action: str
    region: str
    resource: str | None

    @classmethod
    def of(cls, entry: Entry, operation_ids: Iterable[str]) -> Kind:
        resource = entry["resource"] and patterned(entry["resource"], operation_ids)
        return cls(entry["service"], entry["action"], entry["region"], resource)

    @property
    def changes(self) -> bool:
        """Whether such a call changes something."""
        return bool(CHANGES.match(self.action))

    @property
    def is_landmark(self) -> bool:
        return self.changes and self.service != "dynamodb"

    def covers(self, entry: Entry) -> bool:
        """Whether the call is one of these; the same rule as that of the sandbox's faults."""
        mine = (self.service, self.action, self.region) == (entry["service"], entry["action"], entry["region"])
        name = str(entry["resource"] or "").lower()
        return mine and (self.resource is None or fnmatchcase(name, self.resource.lower()))

    def fault(self) -> dict[str, Any]:
        """The keys by which a fault of a scenario is about these calls."""
        about = {"service": self.service, "action": self.action, "region": self.region}
        return about | ({"resource": self.resource} if self.resource else {})

    def __str__(self) -> str:
        return f"{self.service} {self.action} {self.resource or self.region}"


@dataclass(frozen=True)
class Place:
    """A stretch of a run.

    :param landmark: what was changed last.
    :param time: for which time that kind of change was made.
    :param transactions: how many were written to the state table since.
    """

    landmark: Kind | None = None
    time: int = 1
    transactions: int = 0

    def __str__(self) -> str:
        time = f" ({self.time})" if self.time > 1 else ""
        since = f"{self.landmark.action} {self.landmark.resource}{time}" if self.landmark else "start"
        return since + (f" + {self.transactions} transactions" if self.transactions else "")


class Walk:
    """Goes along the calls of a run: ``place`` is where it has come to, ``stretch`` the calls there so far."""

    def __init__(self) -> None:
        self.place = Place()
        self.stretch: list[Entry] = []
        self._landmarks: Counter[Kind] = Counter()

    def step(self, entry: Entry, kind: Kind) -> None:
        if kind.is_landmark:
            self._landmarks[kind] += 1
            self.place, self.stretch = Place(kind, self._landmarks[kind]), []
        elif kind.action == TRANSACTION:
            self.place, self.stretch = replace(self.place, transactions=self.place.transactions + 1), []
        else:
            self.stretch.append(entry)


@dataclass(frozen=True)
class Point:
    """A moment to kill a run at.

    :param when: "before" or "after" the call; after: it took effect, and nobody has its answer.
    :param number: which call of its kind it is at that place.
    :param settled: not before everything under way in AWS has come to its end: the last look of a wait.
    :param place: None: wherever it is.
    :param nth: which call of its kind it was in the whole run.
    :param position: the number of the call in the undisturbed run.
    """

    kind: Kind
    when: str
    place: Place | None = None
    number: int = 1
    settled: bool = False
    nth: int = 1
    position: int = field(default=0, compare=False)

    def is_due(self, entries: Sequence[Entry], operation_ids: Iterable[str], settled: Callable[[], bool]) -> bool:
        """Whether a call of that kind that comes right now is the one.

        :param entries: the calls of the run so far.
        :param settled: whether nothing is under way in AWS.
        """
        walk = Walk()
        for entry in entries:
            walk.step(entry, Kind.of(entry, operation_ids))
        if self.place not in (None, walk.place):
            return False
        number = 1 + sum(self.kind.covers(entry) for entry in (walk.stretch if self.place else entries))
        return number >= self.number and settled() if self.settled else number == self.number

    def __str__(self) -> str:
        which = f"last (from {self.number})" if self.settled else f"{self.number}"
        return f"{self.position:03d} {self.when} {self.kind} #{which}, since {self.place or 'ever'}"


def kill_points(entries: Sequence[Entry]) -> list[Point]:
    """All points of an undisturbed run: before and after each call, looks of a wait collapsed to the first and last."""
    ids, walk = operations(entries), Walk()
    stretches: dict[Place, list[tuple[Entry, Kind]]] = {}
    for entry in entries:
        kind = Kind.of(entry, ids)
        stretches.setdefault(walk.place, []).append((entry, kind))
        walk.step(entry, kind)
    return [
        point
        for place, stretch in stretches.items()
        for entry, kind in stretch
        for point in _points_of(entry, kind, place, [other for other, _kind in stretch], entries)
    ]


def _points_of(
    entry: Entry, kind: Kind, place: Place, stretch: Sequence[Entry], entries: Sequence[Entry]
) -> Iterator[Point]:
    alike = [other for other in stretch if kind.covers(other)]
    if entry is not alike[0] and entry is not alike[-1]:
        return
    settled = entry is not alike[0] and not kind.changes
    number = 2 if settled else _count(kind, stretch, entry)
    for when in ("before", "after"):
        # Refused calls have no effect, and no fault after them.
        if when == "before" or not entry["error_code"]:
            yield Point(kind, when, place, number, settled, _count(kind, entries, entry), entry["number"])


def _count(kind: Kind, entries: Iterable[Entry], last: Entry) -> int:
    """Which call of its kind that is."""
    return sum(kind.covers(entry) for entry in entries if entry["number"] <= last["number"])
