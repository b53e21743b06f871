# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import (
    AwsError,
    Conflict,
    Refused,
    TerminalStatus,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.deleting import delete
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.guards import DeleteWish
from rds_world import ApiError, World, cluster, instance, snapshot

OPERATION = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
SOURCE = {
    "account": "123456789012",
    "region": "us-east-1",
    "cluster_id": "shop-production",
    "resource_id": "cluster-PROD",
}
WISH = DeleteWish(source=SOURCE, resource_id="cluster-OLD", operation_id=OPERATION)
FINAL = "shop-staging-final-q69g5fav"
MEMBERS = ["DeleteDBInstance", "DeleteDBInstance", "DeleteDBCluster"]


def make_world(**values: Any) -> World:
    world = World()
    world.clusters["shop-staging"] = cluster(**values)
    for name in ("shop-staging-1", "shop-staging-2"):
        world.instances[name] = instance(name)
    return world


def session(world: World, **values: Any) -> Any:
    return world.session(operation_id=OPERATION, **values)


def test_whole_deletion_in_order() -> None:
    world = make_world()
    outcome = delete(session(world), "shop-staging", WISH)
    assert (outcome.action, outcome.final_snapshot_id) == ("deleted", FINAL)
    assert world.mutations == ["CreateDBClusterSnapshot", *MEMBERS]
    deleted = [entry[1]["DBInstanceIdentifier"] for entry in world.log if entry[0] == "DeleteDBInstance"]
    assert deleted == ["shop-staging-2", "shop-staging-1"]  # the writer last
    assert world.params_of("DeleteDBCluster") == {"DBClusterIdentifier": "shop-staging", "SkipFinalSnapshot": True}
    tags = {item["Key"]: item["Value"] for item in world.params_of("CreateDBClusterSnapshot")["Tags"]}
    assert tags == {"aurora-restore:operation-id": OPERATION, "team": "shop"}
    assert world.journal.results["first_destructive_at"] == outcome.first_destructive_at
    assert world.journal.results["final_snapshot_id"] == FINAL
    assert world.snapshots[FINAL]["Status"] == "available"
    world.assert_intents()


def test_snapshot_is_available_before_anything_is_deleted() -> None:
    world = make_world()
    world.coming[FINAL] = ["creating", "failed"]
    with pytest.raises(TerminalStatus, match="Nothing was deleted"):
        delete(session(world), "shop-staging", WISH)
    assert world.mutations == ["CreateDBClusterSnapshot"]


def test_failed_final_snapshot_is_taken_anew() -> None:
    world = make_world()
    tags = {"aurora-restore:operation-id": OPERATION}
    world.snapshots[FINAL] = snapshot(FINAL, Status="failed", DBClusterIdentifier="shop-staging", tags=tags)
    delete(session(world), "shop-staging", WISH)
    assert world.mutations == ["DeleteDBClusterSnapshot", "CreateDBClusterSnapshot", *MEMBERS]


def test_adopts_its_final_snapshot() -> None:
    world = make_world()
    tags = {"aurora-restore:operation-id": OPERATION}
    world.snapshots[FINAL] = snapshot(FINAL, DBClusterIdentifier="shop-staging", tags=tags)
    assert delete(session(world), "shop-staging", WISH).final_snapshot_id == FINAL
    assert world.mutations == MEMBERS


def test_foreign_final_snapshot() -> None:
    world = make_world()
    world.snapshots[FINAL] = snapshot(FINAL, DBClusterIdentifier="shop-staging")
    with pytest.raises(Conflict, match="not this operation's final snapshot"):
        delete(session(world), "shop-staging", WISH)
    assert world.mutations == []


def test_lost_answer_of_the_snapshot() -> None:
    world = make_world()
    world.lost_answers.add("CreateDBClusterSnapshot")
    assert delete(session(world), "shop-staging", WISH).action == "deleted"


def test_second_run_finds_nothing() -> None:
    world = make_world()
    delete(session(world), "shop-staging", WISH)
    again = delete(session(world), "shop-staging", WISH)
    assert (again.action, again.changed, again.final_snapshot_id) == ("absent", False, FINAL)


def test_adopts_a_running_deletion() -> None:
    world = make_world(Status="deleting")
    world.coming["shop-staging"] = ["deleting", "deleting", None]
    assert delete(session(world), "shop-staging", WISH).action == "adopted"
    assert world.mutations == []


def test_goes_on_after_some_members() -> None:
    world = make_world()
    world.instances["shop-staging-2"]["DBInstanceStatus"] = "deleting"
    tags = {"aurora-restore:operation-id": OPERATION}
    world.snapshots[FINAL] = snapshot(FINAL, DBClusterIdentifier="shop-staging", tags=tags)
    outcome = delete(session(world), "shop-staging", WISH)
    assert world.mutations == ["DeleteDBInstance", "DeleteDBCluster"]
    assert outcome.first_destructive_at is None  # the earlier attempt has recorded it


def test_stopped_is_started_first() -> None:
    world = make_world(Status="stopped")
    delete(session(world), "shop-staging", WISH)
    assert world.mutations == ["StartDBCluster", "CreateDBClusterSnapshot", *MEMBERS]


def test_protection_stops_before_any_member() -> None:
    world = make_world(DeletionProtection=True)
    with pytest.raises(Refused, match="deletion protection"):
        delete(session(world), "shop-staging", WISH)
    assert world.mutations == []


def test_protection_is_lifted_when_allowed() -> None:
    world = make_world(DeletionProtection=True)
    delete(session(world), "shop-staging", replace(WISH, lift_deletion_protection=True))
    assert world.mutations == ["CreateDBClusterSnapshot", "ModifyDBCluster", *MEMBERS]
    assert world.params_of("ModifyDBCluster")["DeletionProtection"] is False


def test_snapshot_at_delete_is_tagged() -> None:
    world = make_world()
    outcome = delete(session(world), "shop-staging", replace(WISH, final_snapshot="at_delete"))
    assert world.mutations == [*MEMBERS, "AddTagsToResource"]
    assert world.params_of("DeleteDBCluster")["FinalDBSnapshotIdentifier"] == FINAL
    assert outcome.final_snapshot_id == FINAL


def test_own_wreck_goes_without_snapshot() -> None:
    tags = {"aurora-restore:operation-id": OPERATION}
    world = make_world(Status="restore-failed", tags=tags)
    outcome = delete(session(world), "shop-staging", WISH)
    assert (outcome.action, outcome.final_snapshot_id, world.mutations) == ("deleted", None, MEMBERS)


def test_foreign_wreck_is_refused() -> None:
    world = make_world(Status="restore-failed")
    with pytest.raises(Refused, match="no final snapshot can be taken"):
        delete(session(world), "shop-staging", WISH)


def test_members_not_yet_deleting() -> None:
    world = make_world()
    late = ApiError("InvalidDBClusterStateFault", "it still contains DB instances in non-deleting state.")
    world.faults["DeleteDBCluster"] = [late]
    assert delete(session(world), "shop-staging", WISH).action == "deleted"


def test_other_errors_end_it() -> None:
    world = make_world()
    world.faults["DeleteDBInstance"] = [ApiError("AccessDenied", "no")]
    with pytest.raises(AwsError, match="AccessDenied"):
        delete(session(world), "shop-staging", WISH)
    assert "DeleteDBCluster" not in world.mutations


def test_throttled_destruction_is_looked_at_again() -> None:
    world = make_world()
    world.faults["DeleteDBInstance"] = [ApiError("Throttling", "Rate exceeded")]
    assert delete(session(world), "shop-staging", WISH).action == "deleted"
    world.assert_intents()


@pytest.mark.parametrize("final_snapshot", ["before", "none"])
def test_check_mode_changes_nothing(final_snapshot: str) -> None:
    world = make_world()
    outcome = delete(session(world, check=True), "shop-staging", replace(WISH, final_snapshot=final_snapshot))
    assert (outcome.action, outcome.changed, world.mutations) == ("planned", True, [])
    assert outcome.final_snapshot_id == (FINAL if final_snapshot == "before" else None)


def test_check_mode_refuses_what_would_be_refused() -> None:
    world = make_world(tags={})
    with pytest.raises(Refused, match="aurora_restore_confirm_delete"):
        delete(session(world, check=True), "shop-staging", WISH)


def test_replaced_meanwhile() -> None:
    world = make_world(DbClusterResourceId="cluster-THIRD")
    with pytest.raises(Refused, match="somebody replaced it"):
        delete(session(world), "shop-staging", WISH)


def test_what_the_operation_restored_is_left_alone() -> None:
    tags = {"aurora-restore:operation-id": OPERATION, "aurora-restore:target": "true"}
    world = make_world(DbClusterResourceId="cluster-NEW", tags=tags)
    outcome = delete(session(world), "shop-staging", WISH)
    assert (outcome.action, outcome.changed, world.mutations) == ("absent", False, [])


def test_broken_member_does_not_hinder() -> None:
    world = make_world(Status="modifying")
    world.instances["shop-staging-2"]["DBInstanceStatus"] = "storage-full"
    world.coming["shop-staging"] = ["modifying", "modifying", "available"]
    assert delete(session(world), "shop-staging", WISH).action == "deleted"
