# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A pytest plugin: moto's own tests run on the sandbox's RDS backend instead of moto's.

All durations are 0: whatever a call has started is over when the next call comes. Instead of PostgreSQL servers there
is a list of what there would be. ``moto_deviations.yml`` says which tests may fail and why; any other failure, and a
listed test that passes, fails the run. What the run consisted of is written to the file PROOF_RESULT.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from in_process import DURATIONS, Aws
from sandbox.durations import Durations
from sandbox.faults import Limits
from sandbox.rds.models import Cluster, ClusterSnapshot, Instance
from sandbox.rds.responses import SandboxResponse

DEVIATIONS = Path(__file__).with_name("moto_deviations.yml")
# Parameters of calls about Aurora PostgreSQL that moto's tests use and AWS does not offer: what is sent instead.
REPLACED = {"db_instance_class": ("db.m1.small", "db.r6g.large")}
# Set once a test has made something of the sandbox's own, rather than of moto's.
OURS = (Cluster, Instance, ClusterSnapshot)

_aws = Aws()
for _name in DURATIONS:
    setattr(_aws.durations, _name, getattr(Durations.none(), _name))
_reached: set[str] = set()
_outcomes: dict[str, str] = {}


def test_name(node_id: str) -> str:
    """``test_rds.py::test_create``, wherever moto's tests lie."""
    return node_id.rpartition("/")[2]


def _put_right(params: dict[str, Any]) -> None:
    """What AWS would refuse though the test is about something else."""
    for name, (wrong, right) in REPLACED.items():
        if params.get("engine") == "aurora-postgresql" and params.get(name) == wrong:
            params[name] = right


def _settled(call: Any) -> Any:
    """The call, and after it the end of all that it has started."""

    def call_action(self: SandboxResponse) -> Any:
        _put_right(self.params)
        if limit := os.environ.get("MOTO_RDS_SNAPSHOT_LIMIT"):
            _aws.runtime.limits = replace(Limits(), manual_snapshots=int(limit))
        try:
            return call(self)
        finally:
            _aws.settle()
            _aws.runtime.limits = Limits()

    return call_action


SandboxResponse.call_action = _settled(SandboxResponse.call_action)  # type: ignore[method-assign]


def _watched(kind: Any) -> None:
    """Note the test during which one of that kind is made."""
    made = kind.__init__

    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        _reached.add(os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")[0].rpartition("/")[2])
        made(self, *args, **kwargs)

    kind.__init__ = init


for _kind in OURS:
    _watched(_kind)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    reasons: dict[str, str] = yaml.safe_load(DEVIATIONS.read_text(encoding="utf-8")) or {}
    names = {test_name(item.nodeid) for item in items}
    if os.environ.get("PROOF_WHOLE") and (unknown := sorted(set(reasons) - names)):
        raise pytest.UsageError(f"{DEVIATIONS.name} lists what moto does not have: {', '.join(unknown)}")
    for item in items:
        if reason := reasons.get(test_name(item.nodeid)):
            # strict: a listed test that passes is a failure too.
            item.add_marker(pytest.mark.xfail(reason=reason, strict=True))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    if report.when == "call" or report.outcome != "passed":
        outcome = "deviates" if hasattr(report, "wasxfail") and report.outcome == "skipped" else report.outcome
        _outcomes[test_name(item.nodeid)] = outcome
    return report


def pytest_sessionfinish() -> None:
    path = os.environ.get("PROOF_RESULT")
    if not path:
        return
    counts: dict[str, int] = {}
    for outcome in _outcomes.values():
        counts[outcome] = counts.get(outcome, 0) + 1
    reached = sorted(name for name in _outcomes if name in _reached)
    result = {"outcomes": counts, "tests": len(_outcomes), "of_sandbox_resources": len(reached), "reached": reached}
    Path(path).write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
