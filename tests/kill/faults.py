# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One fault at one call of a run: it succeeds, or fails clean, and the same command succeeds then."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kill.points import Kind, operations
from kill.trial import NotReachedError, Result, finish, keep
from kill.world import World

RUNNER = "user/runner"  # whose calls they hit; the run after them is somebody else's
# How the run that was hit may end when it fails: what happened, and what to do.
CLEAN = ("Run the same command again", "run the same command again", "Look at what is said above")
UNCLEAN = ("Traceback (most recent call last)", "MODULE FAILURE", "Unexpected failure")
EFFECTS: Mapping[str, Mapping[str, Any]] = {
    "lost-after": {"when": "after", "drop": True},
    "dropped": {"drop": True},
    "failure": {"error": {"code": "InternalFailure", "status": 500}},
    "throttled": {},  # each service has its own code
}
THROTTLED = {"rds": "Throttling", "sts": "Throttling", "sns": "Throttling", "ec2": "RequestLimitExceeded"}
EXPIRED = "expired"


@dataclass(frozen=True)
class Fault:
    """What happens at the nth call of a kind; a token that expires does so at that call of the run, for good."""

    name: str
    kind: Kind
    nth: int
    position: int

    def scenario(self) -> dict[str, Any]:
        if self.name == EXPIRED:
            later = list(range(self.position, self.position + 1000))
            return {"name": self.name, "principal": RUNNER, "nth": later, "expired_token": True}
        effect = dict(EFFECTS[self.name])
        if self.name == "throttled":
            effect = {"error": {"code": THROTTLED.get(self.kind.service, "ThrottlingException"), "unlisted": True}}
        return {"name": self.name, "principal": RUNNER, **self.kind.fault(), "nth": self.nth, **effect}

    def __str__(self) -> str:
        return f"{self.name:10} {self.position:03d} {self.kind} #{self.nth}"


def of(calls: Sequence[Mapping[str, Any]]) -> Iterator[Fault]:
    """Every fault at every call of the run; an answer that refuses the call is not worth losing."""
    ids = operations(calls)
    for call in calls:
        kind = Kind.of(call, ids)
        alike = [other for other in calls if kind.covers(other) and other["number"] <= call["number"]]
        for name in (*EFFECTS, EXPIRED):
            if name != "lost-after":
                yield Fault(name, kind, len(alike), call["number"])
            elif not call["error_code"]:
                yield Fault(name, kind, sum(not other["error_code"] for other in alike), call["number"])


def hit_and_run_again(fault: Fault, wanted: dict[str, Any], folder: Path, result: Result) -> None:
    """Let it hit a run; if that fails, run it again without."""
    with World(folder, [fault.scenario()]) as world:
        try:
            first = world.play("runner")
            if not any(call["fault"] for call in world.sandbox.calls()):
                raise NotReachedError(f"exit status {first.code}")
            if first.code:
                result.notes.append("failed and run again")
                assert_clean(fault, first.output)
            finish(world, wanted, result)
        finally:
            keep(world, folder)


def assert_clean(fault: Fault, output: str) -> None:
    assert not [piece for piece in UNCLEAN if piece in output], f"it broke: {output[-3000:]}"
    assert any(piece in output for piece in CLEAN), f"it does not say what to do: {output[-3000:]}"
    if fault.name == EXPIRED:
        assert "expired" in output, f"it does not say that the credentials expired: {output[-3000:]}"
