# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandbox in which the races are, its targets, and the processes that run them."""

from __future__ import annotations

import itertools
import json
import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harness import TABLE, TARGET_REGION, Sandbox, eventually

from race.contender import PATIENCE, Place, Target, Wish, contend
from race.window import Window

SCENARIO = Path(__file__).with_name("scenario.yml")
# So many targets are being restored while others are raced for.
AHEAD = 4
# Forked, so that each has everything loaded already.
processes = multiprocessing.get_context("fork")


class FoulError(Exception):
    """A rule was broken, or a process did not do what it should."""


# Names of targets are used once, also when there is another sandbox.
numbers = itertools.count(1)


class Arena:
    """A running sandbox with targets that are made ahead of their races."""

    def __init__(self, folder: Path) -> None:
        self.sandbox = Sandbox(folder, SCENARIO)
        self._targets: deque[str] = deque()
        self._read = 0

    def __enter__(self) -> Arena:
        self.sandbox.up()
        info = self.sandbox.info
        keys = info["credentials"]
        self.place = Place(
            info["endpoint_url"], keys["access_key"], keys["secret_key"], info["account_id"], TARGET_REGION, TABLE
        )
        self.rds = self.sandbox.client("rds")
        return self

    def __exit__(self, *_error: object) -> None:
        self.sandbox.down()

    def target(self, whole: bool) -> Target:
        """A new target, protected; a whole one has a member and gets a final snapshot."""
        while len(self._targets) <= AHEAD:
            self._restore()
        name = self._targets.popleft()
        cluster = eventually(f"{name} is available", lambda: self._available(name), PATIENCE)
        if whole:
            member = f"{name}-1"
            self.rds.create_db_instance(
                DBInstanceIdentifier=member, DBClusterIdentifier=name, DBInstanceClass="db.r6g.large",
                Engine="aurora-postgresql",
            )  # fmt: skip
            self.rds.get_waiter("db_instance_available").wait(
                DBInstanceIdentifier=member, WaiterConfig={"Delay": 1, "MaxAttempts": 120}
            )
        return Target(name, cluster["DbClusterResourceId"], "before" if whole else "none")

    def is_gone(self, target: Target) -> bool:
        clusters = self.rds.describe_db_clusters()["DBClusters"]
        return target.cluster_id not in [cluster["DBClusterIdentifier"] for cluster in clusters]

    def calls(self) -> list[dict[str, Any]]:
        """What the journal says of the calls since the last time."""
        with Path(self.sandbox.info["journal"]).open("rb") as journal:
            journal.seek(self._read)
            lines = [line for line in journal if line.endswith(b"\n")]
        self._read += sum(map(len, lines))
        return [json.loads(line) for line in lines]

    def _restore(self) -> None:
        name = f"target-{next(numbers):04d}"
        self.rds.restore_db_cluster_from_snapshot(
            DBClusterIdentifier=name, SnapshotIdentifier="seed", Engine="aurora-postgresql", DBSubnetGroupName="arena",
            DeletionProtection=True, Tags=[{"Key": "aurora-restore:target", "Value": "true"}],
        )  # fmt: skip
        self._targets.append(name)

    def _available(self, name: str) -> dict[str, Any] | None:
        (cluster,) = self.rds.describe_db_clusters(DBClusterIdentifier=name)["DBClusters"]
        return cluster if cluster["Status"] == "available" else None


class Runner:
    """A contender's process, as the referee sees it."""

    def __init__(self, wish: Wish) -> None:
        self.channel, theirs = processes.Pipe()
        self.process = processes.Process(target=contend, args=(wish, theirs), daemon=True)
        self.process.start()
        theirs.close()
        self.operation: dict[str, Any] = {}
        self.windows: list[Window] = []
        self.expect("ready")

    @property
    def pid(self) -> int:
        assert self.process.pid is not None
        return self.process.pid

    def go(self) -> None:
        self.channel.send("go")

    def said(self) -> tuple[str, Any]:
        """The next thing that it says; ``gone`` once it has died."""
        if not self.channel.poll(PATIENCE):
            raise FoulError(f"process {self.pid} said nothing for {PATIENCE:.0f} s")
        try:
            what, more = self.channel.recv()
        except EOFError:
            return "gone", None
        if what == "won":
            self.operation = more
        return what, more

    def expect(self, wanted: str) -> Any:
        what, more = self.said()
        if what != wanted:
            raise FoulError(f"process {self.pid}: {wanted} was expected, not {what} ({more})")
        return more

    def await_stop(self) -> None:
        """Until a signal has stopped it."""
        told = os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
        if told is None or told.si_code != os.CLD_STOPPED:
            raise FoulError(f"process {self.pid} ended instead of stopping")

    def wake(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def names(self, message: str) -> bool:
        """Whether a message names this one: operation, process and host."""
        host = self.operation["owner"].split("/")[0]
        return all(piece in message for piece in (self.operation["id"], f"process {self.pid}", host))

    def end(self) -> None:
        self.process.kill()
        self.process.join()
        self.channel.close()


@contextmanager
def runners() -> Iterator[list[Runner]]:
    """A list of processes that have ended when the block is left."""
    started: list[Runner] = []
    try:
        yield started
    finally:
        for runner in started:
            runner.end()


def begin(*wishes: Wish) -> list[Runner]:
    """Processes that are let go at the same moment."""
    started = [Runner(wish) for wish in wishes]
    for runner in started:
        runner.go()
    return started
