# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ending an operation: what is put back, what is cancelled, what is left."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.aborting import abort, lines
from rds_world import World, arn, cluster, instance, snapshot

OPERATION = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
MINE = {"aurora-restore:operation-id": OPERATION}
ITEM: dict[str, Any] = {
    "operation_id": OPERATION,
    "replaced": {"resource_id": "cluster-OLD"},
    "configuration": {"deletion_protection": True, "instances": [{}, {}]},
}


def copy(status: str = "copying", tags: Any = None) -> dict[str, Any]:
    source = arn("cluster-snapshot", "rds:nightly", "us-east-1")
    tags = MINE if tags is None else tags
    return snapshot("copy", region="us-west-2", Status=status, SourceDBClusterSnapshotArn=source, tags=tags)


def world_of(**clusters: Any) -> World:
    world = World()
    world.clusters.update({"shop-staging": cluster(**clusters)} if clusters else {})
    return world


def run(world: World, item: Any = None, cancel: bool = False, pinned_by: Any = (), check: bool = False) -> Any:
    session = replace(world.session(operation_id=OPERATION), check=check)
    return abort(session, item or ITEM, "shop-staging", cancel, pinned_by)


def test_protection_that_was_lifted_is_put_back() -> None:
    world = world_of(DeletionProtection=False)
    outcome = run(world)
    assert outcome.done == ["Deletion protection of cluster shop-staging is put back."]
    assert world.mutations == ["ModifyDBCluster"]
    assert world.params_of("ModifyDBCluster")["DeletionProtection"] is True
    world.assert_intents()


@pytest.mark.parametrize(
    ("values", "item"),
    [
        ({"DeletionProtection": True}, ITEM),
        ({"DbClusterResourceId": "cluster-FOREIGN"}, ITEM),
        ({"Status": "deleting"}, ITEM),
        ({"tags": MINE, "DbClusterResourceId": "cluster-NEW"}, ITEM),
        ({"DeletionProtection": False}, {**ITEM, "configuration": {"deletion_protection": False}}),
        ({"DeletionProtection": False}, {"operation_id": OPERATION}),
    ],
)
def test_nothing_else_is_changed(values: dict[str, Any], item: dict[str, Any]) -> None:
    world = world_of(**values)
    assert run(world, item).done == []
    assert world.mutations == []


def test_copy_goes_on_unless_asked() -> None:
    world = World()
    world.snapshots["copy"] = copy()
    assert run(world).done == ["Copy copy goes on: a later restore of the same snapshot uses it."]
    assert run(world, cancel=True, pinned_by=["OP2"]).done == ["Copy copy goes on: OP2 restores the same snapshot."]
    assert world.mutations == []
    outcome = run(world, cancel=True)
    assert outcome.done == ["Copy copy is cancelled."]
    assert world.mutations == ["DeleteDBClusterSnapshot"]
    world.assert_intents()


@pytest.mark.parametrize(
    "existing", [copy("available"), copy("copying", tags={"aurora-restore:operation-id": "OTHER"})]
)
def test_a_copy_that_is_done_or_another_ones_is_left(existing: dict[str, Any]) -> None:
    world = World()
    world.snapshots["copy"] = existing
    assert run(world, cancel=True).done == []
    assert world.mutations == []


def test_check_mode_says_and_changes_nothing() -> None:
    world = world_of(DeletionProtection=False)
    world.snapshots["copy"] = copy()
    assert len(run(world, cancel=True, check=True).done) == 2
    assert world.mutations == []


def test_what_remains_is_said() -> None:
    world = world_of(tags=MINE, DbClusterResourceId="cluster-NEW", Status="creating")
    world.instances["shop-staging-1"] = instance("shop-staging-1", DBInstanceStatus="creating")
    world.snapshots["copy"] = copy("available")
    world.snapshots["final"] = snapshot("final", region="us-west-2", DBClusterIdentifier="shop-staging", tags=MINE)
    inherited = {**MINE, "aurora-restore:restored": OPERATION}
    world.snapshots["later"] = snapshot("later", region="us-west-2", DBClusterIdentifier="shop-staging", tags=inherited)
    outcome = run(world)
    assert [(item["kind"], item["id"]) for item in outcome.remains] == [
        ("snapshot copy", "copy"),
        ("final snapshot", "final"),
        ("cluster", "shop-staging"),
        ("instance", "shop-staging-1"),
    ]
    text = "\n".join(lines(OPERATION, "1/r/shop-staging", outcome, planned=False))
    assert "is aborted." in text
    assert "not complete: the next restore goes on, or removes it" in text
    assert "Cluster shop-staging is what this operation has restored; it is creating." in text


@pytest.mark.parametrize(
    ("world", "item", "says"),
    [
        (World(), ITEM, "There is no cluster shop-staging: it was removed by this operation."),
        (World(), {"operation_id": OPERATION}, "There is no cluster shop-staging."),
        (world_of(DeletionProtection=True), ITEM, "Cluster shop-staging has lost 2 of 2 instances; it is available."),
        (world_of(DeletionProtection=True), {"operation_id": OPERATION}, "was not replaced; it is available."),
    ],
)
def test_how_the_target_stands(world: World, item: dict[str, Any], says: str) -> None:
    assert says in run(world, item).target
    assert "Nothing else remains of it." in lines(OPERATION, "t", run(world, item), planned=True)
