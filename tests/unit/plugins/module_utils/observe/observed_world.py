# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandbox's CloudWatch behind real clients and its faults, and the log of an operation that is shipped there."""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.dbops.aurora_restore.plugins.module_utils._observe import records, shipping, spool
from ansible_collections.dbops.aurora_restore.plugins.module_utils._observe.shipping import Destination, Published

sys.path.insert(0, str(Path(__file__).parents[3] / "sandbox"))

import in_process
from in_process import Aws
from sandbox.faults import Faults, parse_faults
from sandbox.gateway.application import Gateway
from sandbox.gateway.journal import Journal
from sandbox.gateway.server import regions

REGIONS = regions()
moto = in_process._application
numbers = itertools.count(1)
STEPS = ("preflight", "snapshot_check", "notification")


class World(Aws):
    """CloudWatch with log groups of its own, and the log of one operation.

    :ivar operation: what the modules of a collection get.
    """

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__()
        self.number = next(numbers)
        self.folder = folder / "logs"
        self.operation = {
            "id": f"OPERATION{self.number}",
            "target": f"123456789012/us-west-2/shop-{self.number}",
            "fence": 1,
        }
        self.prefix, self.namespace = f"/world-{self.number}", f"World{self.number}"
        self.to = Destination(self.client, self.prefix, self.namespace, 5.0)
        self.journal = Journal(folder / "calls.jsonl")
        self.when()
        monkeypatch.setattr(in_process, "_application", lambda: self.gateway)
        self.path = spool.log_file(self.folder, self.operation["id"])

    def when(self, *faults: dict[str, Any]) -> None:
        """What goes wrong from now on."""
        found = self.runtime.faults = Faults(parse_faults(faults, "faults"), 1, self.clock)
        self.gateway = Gateway(moto(), self.journal, {}, REGIONS, faults=found, clock=self.clock)
        self.gateway.open({})

    def close(self) -> None:
        self.journal.close()
        super().close()

    def make_groups(self, *steps: str) -> None:
        for step in steps:
            self.client("logs").create_log_group(logGroupName=f"{self.prefix}/{step}")

    def task(self, step: str, name: str = "a task", **more: Any) -> None:
        """What the callback writes."""
        spool.append(self.path, {**records.about(self.operation, step), "task": name, "event": "ok", **more})

    def began(self) -> None:
        spool.append(self.path, records.operation_began(self.operation, None, "free"))

    def ends(self, step: str, last: bool = False, **to: Any) -> Published:
        """A step, or the operation, ends."""
        record = records.step_ended(self.operation, {"step": step, "status": "succeeded", "attempt": 1,
                                                     "started_at": "2026-03-01T02:00:00Z",
                                                     "finished_at": "2026-03-01T02:00:09Z"})  # fmt: skip
        if last:
            report = {"status": "succeeded", "total_seconds": 9.0, "downtime_seconds": 3.0}
            record = records.operation_ended(self.operation, report)
        return shipping.publish(self.path, record, replace(self.to, **to), last=last)

    def events(self, step: str, operation: str | None = None) -> list[dict[str, Any]]:
        """What CloudWatch has of a step."""
        found = self.client("logs").get_log_events(
            logGroupName=f"{self.prefix}/{step}", logStreamName=operation or self.operation["id"], startFromHead=True
        )
        return [json.loads(event["message"]) for event in found["events"]]

    def metrics(self) -> list[str]:
        listed = self.client("cloudwatch").list_metrics(Namespace=self.namespace)["Metrics"]
        return sorted(
            " ".join([item["MetricName"], *(dimension["Value"] for dimension in item["Dimensions"])]) for item in listed
        )

    def calls(self, action: str) -> list[dict[str, Any]]:
        return [call for call in self.journal.entries() if call["action"] == action]


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    made = World(tmp_path, monkeypatch)
    yield made
    made.close()
