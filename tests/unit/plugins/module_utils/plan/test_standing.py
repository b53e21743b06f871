# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a resumed operation does, as a table: what its journal says, what AWS shows, where each step stands."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan import decisions
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan.actions import actions
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan.standing import stands
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan.world import Fact, Resumed
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.models import Cluster
from plan_world import KEY, WISHES, case, problems, snapshot, target

OPERATION = str(WISHES.operation_id)
OLD = {"resource_id": "cluster-STAGING"}
NONE_BEFORE: dict[str, Any] = {"resource_id": None}
CAPTURED = {"port": 5433, "deletion_protection": True, "instances": [{"db_instance_class": "db.r6g.large"}]}


def own(status: str = "available", complete: bool = False) -> Cluster:
    """What the operation has restored under the target's name."""
    tags = {"aurora-restore:operation-id": OPERATION, "aurora-restore:target": "true"}
    if complete:
        tags["aurora-restore:restored"] = OPERATION
    boto = {"DbClusterResourceId": "cluster-NEW", "Status": status, "DeletionProtection": complete}
    return target(**boto, TagList=[{"Key": key, "Value": value} for key, value in tags.items()])


def losing_members() -> Cluster:
    old = target()
    first, second = old.instances
    return replace(old, instances=(replace(first, status="deleting"), second))


def copy(status: str = "available") -> Any:
    return snapshot(
        name="copy-1",
        Status=status,
        SnapshotType="manual",
        SourceDBClusterSnapshotArn=snapshot().arn,
        KmsKeyId=KEY,
    )


def resumed(replaced: Any = None, **steps: str) -> Resumed:
    pinned = {"db_cluster_snapshot_arn": snapshot().arn}
    return Resumed(pinned, replaced, {name: {"status": status} for name, status in steps.items()})


# name: (what was recorded, cluster of the target's name now, copy now, how the five steps from the copy on stand)
CASES: dict[str, tuple[Resumed | None, Cluster | None, Any, str]] = {
    "new, no target": (None, None, None, "start skip start start start"),
    "new, target": (None, target(), None, "start start start start start"),
    "new, target being deleted by hand": (None, target(Status="deleting"), None, "start adopt start start start"),
    "broke off in preflight": (resumed(), target(), None, "start start start start start"),
    "copy in flight": (resumed(snapshot_copy="running"), target(), copy("copying"), "adopt start start start start"),
    "copy done, not recorded": (resumed(snapshot_copy="running"), target(), copy(), "reuse start start start start"),
    "copy failed": (resumed(snapshot_copy="failed"), target(), copy("failed"), "start start start start start"),
    "copy deleted by somebody": (resumed(snapshot_copy="succeeded"), target(), None, "start start start start start"),
    "final snapshot taken, nothing deleted": (
        resumed(cluster_delete="running"), target(), copy(), "reuse start start start start",
    ),
    "protection lifted": (resumed(OLD, cluster_delete="running"), target(), copy(), "reuse adopt start start start"),
    "members being deleted": (
        resumed(OLD, cluster_delete="running"), losing_members(), copy(), "reuse adopt start start start",
    ),
    "cluster being deleted": (
        resumed(OLD, cluster_delete="running"), target(Status="deleting"), copy(), "reuse adopt start start start",
    ),
    "cluster gone": (resumed(OLD, cluster_delete="running"), None, copy(), "reuse skip start start start"),
    "cluster gone, recorded": (resumed(OLD, cluster_delete="succeeded"), None, copy(), "reuse skip start start start"),
    "restoring": (
        resumed(OLD, cluster_restore="running"), own("creating"), copy(), "reuse skip adopt start start",
    ),
    "restored, password not known to be set": (
        resumed(OLD, cluster_restore="running"), own(), copy(), "reuse skip adopt start start",
    ),
    "restored where there was none": (
        resumed(NONE_BEFORE, cluster_restore="running"), own(), copy(), "reuse skip adopt start start",
    ),
    "restore ended in a terminal status": (
        resumed(OLD, cluster_restore="failed"), own("incompatible-restore"), copy(), "reuse remove start start start",
    ),
    "that wreck being deleted": (
        resumed(OLD, cluster_restore="failed"), own("deleting"), copy(), "reuse adopt start start start",
    ),
    "complete, users half made": (
        resumed(OLD, cluster_restore="succeeded", db_users="running"), own(complete=True), copy(),
        "reuse skip reuse start start",
    ),
    "users made, nobody told": (
        resumed(OLD, cluster_restore="succeeded", db_users="succeeded"), own(complete=True), copy(),
        "reuse skip reuse reuse start",
    ),
    "told, not recorded": (
        resumed(OLD, cluster_restore="succeeded", db_users="succeeded", notification="running"), own(complete=True),
        copy(), "reuse skip reuse reuse start",
    ),
    "told, not closed": (
        resumed(OLD, cluster_restore="succeeded", db_users="succeeded", notification="succeeded"), own(complete=True),
        copy(), "reuse skip reuse reuse skip",
    ),
    "users made, then the cluster was deleted by hand": (
        resumed(OLD, cluster_restore="succeeded", db_users="succeeded"), None, copy(), "reuse skip start start start",
    ),
    "somebody made a cluster while it was gone": (
        resumed(OLD, cluster_delete="running"), target(DbClusterResourceId="cluster-FOREIGN"), copy(),
        "reuse refuse start start start",
    ),
    "somebody made a cluster where there was none": (
        resumed(NONE_BEFORE, cluster_restore="running"), target(DbClusterResourceId="cluster-FOREIGN"), copy(),
        "reuse refuse start start start",
    ),
}  # fmt: skip
STEPS = ("snapshot_copy", "cluster_delete", "cluster_restore", "db_users", "notification")


@pytest.mark.parametrize("name", CASES)
def test_standing(name: str) -> None:
    journal, cluster, existing, wanted = CASES[name]
    usable = existing if existing and existing.status in ("available", "copying") else None
    seen = stands(replace(WISHES, resumed=journal), cluster, True, usable)
    assert [stand.step for stand in seen] == ["snapshot_check", *STEPS]
    assert " ".join(stand.how for stand in seen[1:]) == wanted
    assert all(stand.why for stand in seen)
    assert seen[0].how == ("reuse" if journal else "start")


@pytest.mark.parametrize("name", CASES)
def test_what_is_planned_follows_from_it(name: str) -> None:
    """Nothing that is done already is planned again, and a foreign cluster stops everything."""
    journal, cluster, existing, wanted = CASES[name]
    snapshots = Fact([existing] if existing else [])
    of = case(
        {"resumed": journal, "previous_configuration": CAPTURED if journal and journal.replaced else None},
        {"target": Fact(cluster), "target_snapshots": snapshots},
    )
    hows = dict(zip(STEPS, wanted.split(), strict=True))
    refused = [text for text in problems(of, "target") if "neither what this operation" in text]
    if hows["cluster_delete"] == "refuse":
        assert refused
        assert "aurora_restore_resume=never" in refused[0]
        return
    assert not refused
    calls = [str(item["call"]) for item in actions(of.wishes, of.world, of.decision, of.around)]
    assert ("CopyDBClusterSnapshot" in calls) == (hows["snapshot_copy"] == "start")
    deletes = bool(cluster and cluster.status != "deleting" and hows["cluster_delete"] in ("start", "adopt", "remove"))
    assert ("DeleteDBCluster" in calls) == deletes
    assert ("RestoreDBClusterFromSnapshot" in calls) == (hows["cluster_restore"] == "start")
    assert ("Publish" in calls) == (hows["notification"] == "start")
    if hows["cluster_delete"] == "remove":
        assert "CreateDBClusterSnapshot" not in calls, "there is nothing in a wreck to keep"


@pytest.mark.parametrize(("status", "taken"), [("available", True), ("creating", True), ("failed", False)])
def test_a_final_snapshot_that_is_taken_is_not_taken_again(status: str, taken: bool) -> None:
    final = snapshot(name="shop-staging-final-3n4p7s9t", Status=status, SnapshotType="manual")
    of = case({"resumed": resumed(OLD)}, {"target": Fact(losing_members()), "target_snapshots": Fact([final])})
    calls = [item["call"] for item in actions(of.wishes, of.world, of.decision, of.around)]
    assert ("CreateDBClusterSnapshot" not in calls) is taken


def test_configuration_is_the_captured_one_once_the_delete_began() -> None:
    """A half deleted cluster, or what was restored in its place, is not what is to be carried over."""
    for cluster in (losing_members(), own(complete=True), None):
        wishes = {"resumed": resumed(OLD), "previous_configuration": CAPTURED}
        decision = case(wishes, {"target": Fact(cluster)}).decision
        assert decision.captured == CAPTURED
        assert decision.configuration["deletion_protection"] is True
        assert len(decision.configuration["instances"]) == 1


def test_replaced_cluster_stays_the_one_that_was_replaced() -> None:
    assert decisions.replaced_resource_id(WISHES, target()) == "cluster-STAGING"
    assert decisions.replaced_resource_id(WISHES, None) is None
    again = replace(WISHES, resumed=resumed(OLD))
    assert decisions.replaced_resource_id(again, own()) == "cluster-STAGING"
    assert decisions.replaced_resource_id(again, None) == "cluster-STAGING"
    assert decisions.replaced_resource_id(replace(WISHES, resumed=resumed(NONE_BEFORE)), own()) is None
