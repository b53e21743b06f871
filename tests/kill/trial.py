# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One proof: a fresh sandbox, a run that is killed (or several), the same command again, and what came of it."""

from __future__ import annotations

import fcntl
import json
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from harness import Run, eventually, processes_of
from planned import assert_as_planned

from kill.fences import stale_calls
from kill.marksman import SHOTS, Marksman, await_end, heed_signals
from kill.points import DESTROYS, OPERATION, Kind, Point, operations
from kill.world import RUN_SECONDS, World

# The calls of an undisturbed run, and the end state.
Reference = tuple[list[dict[str, Any]], dict[str, Any]]
# How long what a killed run has left behind may take to see that its runner is gone.
LEFT_SECONDS = 90.0


@dataclass(frozen=True)
class Shot:
    """Where a run is killed, and how (a key of SHOTS)."""

    point: Point
    how: str

    def __str__(self) -> str:
        return f"{self.how:6} {self.point}"


class NotReachedError(Exception):
    """The run ended without coming to the point."""


@dataclass
class Result:
    """What a proof showed.

    :param error: empty when all is as it must be.
    :param operations: how many there were in the end.
    """

    name: str
    outcome: str = "passed"  # passed, failed, not reached
    error: str = ""
    seconds: float = 0.0
    operations: int = 0
    notes: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def judged(name: str, folder: Path, proof: Callable[[Path, Result], None]) -> Result:
    """Carry out a proof; the folder stays when it failed."""
    result, began = Result(name), time.monotonic()
    folder.mkdir(parents=True)
    try:
        proof(folder, result)
    except NotReachedError as error:
        result.outcome, result.error = "not reached", str(error)
    except Exception as error:  # whatever a check raises is a finding
        result.outcome, result.error = "failed", f"{type(error).__name__}: {error}"
    result.seconds = round(time.monotonic() - began, 1)
    if result.outcome == "passed":
        shutil.rmtree(folder)
    else:
        (folder / "error.txt").write_text(f"{name}\n{result.error}\n")
    return result


def killed_and_run_again(shots: Sequence[Shot], wanted: dict[str, Any], folder: Path, result: Result) -> None:
    """Kill one run after another, the last one not, and look at what came of it.

    :param wanted: the end state of the undisturbed run.
    """
    marksman = Marksman(shot.point for shot in shots)
    with marksman, World(folder, marksman.faults()) as world:
        try:
            for shot in shots:
                left = killed(world, marksman, shot)
                # The next run of the same host sees that its holder is dead; one that had closed it held it no longer.
                assert lease_is_held(world) or "succeeded" in world.operations().values()
                result.notes.append(f"{shot.how}: {left} calls by what was left of it")
            finish(world, wanted, result)
        finally:
            keep(world, folder)


def killed(world: World, marksman: Marksman, shot: Shot) -> int:
    """A run that is killed there; what was left of it for a while has destroyed nothing, and begun nothing new.

    The SDK may have asked again for what was lost with the call itself.

    :returns: how many calls that made.
    """
    already = len(world.sandbox.calls())
    made: list[Run] = []

    def is_due(point: Point) -> bool:
        calls = world.sandbox.calls()[already:]
        return point.is_due(calls, operations(calls), world.is_settled)

    def shoot() -> None:
        hit.append(len(world.sandbox.calls()) + 1)
        SHOTS[shot.how](made[0])
        await_end(made[0])

    hit: list[int] = []
    marksman.aim(shot.point, is_due, shoot)
    made.append(world.start())
    run = made[0]
    run.process.wait(RUN_SECONDS)
    if marksman.error:
        raise marksman.error
    marksman.rest()
    if not hit:
        raise NotReachedError(f"exit status {run.code}, {run.output[-1500:]}")
    assert run.code != 0, "killed, and yet it succeeded"
    eventually("nothing of the killed run is left", lambda: not processes_of(world.home), LEFT_SECONDS)
    eventually("the call is through", lambda: len(world.sandbox.calls()) >= hit[0])
    later = [call for call in world.sandbox.calls()[hit[0] :] if OPERATION.search(call["user_agent"] or "")]
    orphaned = [
        f"{call['number']} {call['action']} {call['resource']}"
        for call in later
        if DESTROYS.match(call["action"]) or (Kind.of(call, ()).is_landmark and not shot.point.kind.covers(call))
    ]
    assert not orphaned, f"calls after the run was killed at call {hit[0]}: {orphaned}"
    return len(later)


def finish(world: World, wanted: dict[str, Any], result: Result) -> Run | None:
    """The last run, undisturbed, unless the one that was killed was through already; all that must hold then.

    A plan is made before it: that of the resume, which changes nothing, and which the run then does.
    """
    run = None
    if "succeeded" not in world.operations().values():
        plan = world.plan()
        calls = len(world.sandbox.calls())
        run = world.play()
        assert run.code == 0, f"the run after it failed with {run.code}: {run.output[-3000:]}"
        assert_as_planned(plan, world.sandbox.calls()[calls:])
        assert run.report()["status"] == "succeeded"
    statuses = world.operations()
    result.operations = len(statuses)
    found = world.end_state()
    for what, value in wanted.items():
        assert found[what] == value, f"{what}: {found[what]}, not {value}"
    stale = stale_calls(world.sandbox.calls())
    assert not stale, f"calls without a live lease: {stale}"
    assert list(statuses.values()) == ["succeeded"], f"not one operation that succeeded: {statuses}"
    assert world.success_messages(next(iter(statuses))) >= 1, "nobody was told of the success"
    assert not lease_is_held(world), "the lease is still held"
    return run


def lease_is_held(world: World) -> bool:
    return any(item["step"]["S"] == "#lease" and item["held"]["BOOL"] for item in world.sandbox.items())


def undisturbed(folder: Path) -> Reference:
    """A run that nothing happens to."""
    folder.mkdir(parents=True)
    with World(folder) as world:
        run = world.play()
        assert run.code == 0, run.output[-3000:]
        calls = world.sandbox.calls()
        wanted = world.end_state()
        assert not stale_calls(calls), stale_calls(calls)
    shutil.rmtree(folder)
    return calls, wanted


def shared_reference(base: Path, worker_id: str) -> Reference:
    """One for all workers of pytest-xdist."""
    heed_signals()
    shared = base if worker_id == "master" else base.parent
    file = shared / "undisturbed.json"
    with (shared / "undisturbed.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not file.exists():
            file.write_text(json.dumps(undisturbed(shared / "undisturbed")))
    calls, wanted = json.loads(file.read_text())
    return calls, wanted


def keep(world: World, folder: Path) -> None:
    """What tells how it came, besides the outputs of the runs: the journal and the log of the sandbox."""
    for name in (world.sandbox.info.get("journal"), world.sandbox.dir / "sandbox.log"):
        if name and Path(name).exists():
            shutil.copy(name, folder)
