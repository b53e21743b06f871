# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole playbook runs that want one target at once, and a holder that sleeps longer than its lease.

The runs that win are killed as soon as a round is decided, so each next round is also one for the lease of somebody who
died.
"""

from __future__ import annotations

import os
import signal
import socket
from pathlib import Path

from harness import Run, Sandbox, eventually, processes_of, start, step_is
from race import ledger

ROUNDS = 5
LEASE_SECONDS = 5
# A run that is refused has started Ansible, checked its variables and asked for the lease.
AT_ONCE = 90.0


def newest(sandbox: Sandbox) -> ledger.Grant:
    """The lease that was taken last."""
    return ledger.grants(sandbox.calls())[-1]


def begin(sandbox: Sandbox, home: Path, name: str, **variables: object) -> Run:
    folder = home / name
    folder.mkdir()
    return start(sandbox, folder, **variables)


def end(*runs: Run) -> None:
    """Kill them, and wait until what they had started has seen that."""
    for run in runs:
        if run.process.poll() is None:
            run.kill_group(signal.SIGKILL)
    eventually("modules of the killed runs have stopped", lambda: not any(processes_of(run.home) for run in runs))


def send(run: Run, which: int) -> None:
    """Send a signal to the playbook and everything that it has started."""
    for pid in processes_of(run.home):
        os.kill(int(pid), which)


def all_stopped(run: Run) -> bool:
    """Stop what runs, until nothing does."""
    send(run, signal.SIGSTOP)
    stats = [Path("/proc", pid, "stat").read_text() for pid in processes_of(run.home)]
    return bool(stats) and all(stat.rpartition(")")[2].split()[0] in "TZ" for stat in stats)


def names(message: str, holder: Run, grant: ledger.Grant) -> bool:
    wanted = (f"operation {grant.operation}", f"process {holder.process.pid} on {socket.gethostname()}")
    return all(piece in " ".join(message.split()) for piece in wanted)


def test_of_two_runs_at_once_one_goes_on(sandbox: Sandbox, tmp_path: Path) -> None:
    """One goes on; the other ends at once, says who has the target, and has changed nothing."""
    for number in range(1, ROUNDS + 1):
        runs = [begin(sandbox, tmp_path, f"{number}-{name}") for name in "ab"]
        try:
            (loser,) = eventually(
                "a run has ended", lambda runs=runs: [run for run in runs if run.process.poll() is not None], AT_ONCE
            )
            (winner,) = (run for run in runs if run is not loser)
            assert loser.code != 0
            grant = newest(sandbox)
            assert grant.fence == number
            assert f"/{winner.process.pid}/" in grant.owner
            assert names(loser.output, winner, grant), loser.output[-4000:]
            assert winner.process.poll() is None, winner.output[-4000:]
        finally:
            end(*runs)
    calls = sandbox.calls()
    assert ledger.problems(calls) == []
    assert len(ledger.grants(calls)) == ROUNDS
    assert len({grant.operation for grant in ledger.grants(calls)}) == 1, "each winner resumes what the last one began"


def test_a_holder_that_sleeps_longer_than_its_lease_changes_nothing_more(sandbox: Sandbox, tmp_path: Path) -> None:
    """It is stopped while it deletes the target, and goes on when another run has taken the target over."""
    first = begin(sandbox, tmp_path, "first", aurora_restore_lease_seconds=LEASE_SECONDS)
    second = None
    try:
        eventually(
            "the target is about to be deleted",
            lambda: first.process.poll() is not None or step_is(sandbox, "cluster_delete", "running"),
            240,
        )
        assert first.process.poll() is None, first.output[-4000:]
        before = newest(sandbox)
        eventually("the first run is stopped", lambda: all_stopped(first))
        second = begin(
            sandbox, tmp_path, "second",
            aurora_restore_lease_seconds=LEASE_SECONDS, aurora_restore_lease_wait_timeout=60,
        )  # fmt: skip
        eventually("the second run has the lease", lambda: newest(sandbox).fence > before.fence, AT_ONCE)
        after, so_far = newest(sandbox), len(sandbox.calls())
        assert (after.fence, after.operation) == (before.fence + 1, before.operation)
        send(first, signal.SIGCONT)
        first.process.wait(AT_ONCE)
        assert first.code != 0
        assert names(first.output, second, after), first.output[-4000:]
        assert "no longer holds the target" in " ".join(first.output.split())
        eventually(
            "the second run deletes the target", lambda: destroyed(sandbox, so_far) or second.process.poll() is not None
        )
        calls = sandbox.calls()
        assert ledger.problems(calls) == []
        assert {agent_fence(call) for call in destroyed(sandbox, so_far)} == {after.fence}
    finally:
        send(first, signal.SIGCONT)
        end(first, *([second] if second else []))


def destroyed(sandbox: Sandbox, so_far: int) -> list[ledger.Call]:
    """The calls after the first so many that destroy something."""
    return list(ledger.destructive(sandbox.calls()[so_far:]))


def agent_fence(call: ledger.Call) -> int:
    found = ledger.AGENT.search(call["user_agent"])
    assert found is not None
    return int(found[2])
