# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restores killed at their riskiest calls, several times over, then run to the end; all points: make test-kill.

Each test is one sandbox in which one run after another is killed. Whatever it went through, the end is that of a
restore that nothing happened to.
"""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from kill.fences import stale_calls
from kill.points import TRANSACTION, Kind, Point, kill_points, operations
from kill.trial import Reference, Result, Shot, killed_and_run_again, shared_reference

REGION = "us-west-2"
WRITES = Kind("dynamodb", TRANSACTION, REGION, "aurora-restore-state")
PUBLISH = Kind("sns", "Publish", REGION, "arn:aws:sns:*:aurora-restore")


def rds(when: str, action: str, resource: str) -> Point:
    """The first such call of a run."""
    return Point(Kind("rds", action, REGION, resource), when)


# Each run but the last is killed; SIGTERM and Ctrl-C are among the ways. None gives its lease back.
SHOTS = [
    Shot(Point(WRITES, "after"), "hangup"),
    Shot(rds("after", "CopyDBClusterSnapshot", "shop-production-*"), "terminate"),
    # Which lifts the protection of the old cluster.
    Shot(rds("after", "ModifyDBCluster", "shop-staging"), "hangup"),
    Shot(rds("after", "DeleteDBCluster", "shop-staging"), "group"),
    Shot(rds("after", "RestoreDBClusterFromSnapshot", "shop-staging"), "interrupt"),
    Shot(rds("after", "CreateDBInstance", "shop-staging-*-1"), "tree"),
]


@pytest.fixture(scope="session")
def reference(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Reference:
    return shared_reference(tmp_path_factory.getbasetemp(), worker_id)


def test_each_point_is_recognised_at_its_own_call(reference: Reference) -> None:
    """In the undisturbed run itself: there, and not before."""
    calls, _wanted = reference
    ids = operations(calls)
    for point in kill_points(calls):
        due = (
            call["number"]
            for number, call in enumerate(calls)
            if point.kind.covers(call)
            and not (point.when == "after" and call["error_code"])
            and point.is_due(calls[:number], ids, partial(call["number"].__ge__, point.position))
        )
        assert next(due, None) == point.position, str(point)


def test_a_stale_fence_is_seen(reference: Reference) -> None:
    calls, _wanted = reference
    assert stale_calls(calls) == []
    delete = next(number for number, call in enumerate(calls) if call["action"] == "DeleteDBCluster")
    for agent, says in (("op=X fence=7", "fence 7"), ("", "no fence")):
        stale = [*calls[:delete], {**calls[delete], "user_agent": agent}, *calls[delete + 1 :]]
        (wrong,) = stale_calls(stale)
        assert says in wrong
        assert "DeleteDBCluster" in wrong


def on_its_own(name: str) -> pytest.MarkDecorator:
    """May run beside the others."""
    return pytest.mark.xdist_group(f"killed-{name}")


@on_its_own("steps")
def test_killed_and_run_again(reference: Reference, tmp_path: Path) -> None:
    killed_and_run_again(SHOTS, reference[1], tmp_path, Result("steps"))


def closing(calls: list[dict[str, Any]]) -> Point:
    """After the transaction that closes the operation."""
    position = max(
        call["number"]
        for call in calls
        if call["action"] == TRANSACTION and '"#operation"' in json.dumps(call["parameters"])
    )
    return next(point for point in kill_points(calls) if point.position == position and point.when == "after")


@pytest.mark.extended
@on_its_own("told")
def test_killed_when_people_have_been_told(reference: Reference, tmp_path: Path) -> None:
    """They may be told twice, but never not at all; once the operation is closed there is nothing left to do."""
    told = Shot(Point(PUBLISH, "after"), "tree")
    closed = Shot(closing(reference[0]), "group")
    killed_and_run_again([told, closed], reference[1], tmp_path, Result("told"))
