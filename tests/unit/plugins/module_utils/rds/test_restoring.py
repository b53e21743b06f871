# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import (
    AwsError,
    BadInput,
    Conflict,
    NotFound,
    Refused,
    TerminalStatus,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds import waiting
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.capture import captured, merge
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.models import Cluster, Snapshot
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.restoring import RestoreWish, restore
from rds_world import ApiError, World, cluster, instance, snapshot

OPERATION = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
COPY = snapshot(
    "shop-production-copy",
    region="us-west-2",
    KmsKeyId="arn:aws:kms:us-west-2:123456789012:key/staging",
    SourceDBClusterSnapshotArn="arn:aws:rds:us-east-1:123456789012:cluster-snapshot:rds:source",
    tags={
        "aurora-restore:source-snapshot-arn": "arn:aws:rds:us-east-1:123456789012:cluster-snapshot:rds:source",
        "aurora-restore:source-snapshot-time": "2026-03-01T02:00:00Z",
    },
)
WRITER, READER = "shop-staging-q69g5fav-1", "shop-staging-q69g5fav-2"


@pytest.fixture(autouse=True)
def _endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "tcp_problem", lambda host, port: None)


def configuration(**overrides: Any) -> dict[str, Any]:
    old = Cluster.from_boto(
        {**cluster(), "DBClusterMembers": [{"DBInstanceIdentifier": "old-1", "IsClusterWriter": True}]},
        [instance("old-2", DBInstanceClass="db.t4g.medium", PromotionTier=5), instance("old-1")],
    )
    return merge(captured(old), overrides)


def wish(**values: Any) -> RestoreWish:
    known: dict[str, Any] = {
        "cluster_id": "shop-staging",
        "snapshot": Snapshot.from_boto(COPY).to_result(),
        "configuration": configuration(),
        "replaces": "cluster-OLD",
        "password": "correct-horse-battery",
    }
    return RestoreWish(**{**known, **values})


@pytest.fixture
def world() -> World:
    world = World()
    world.snapshots["shop-production-copy"] = dict(COPY)
    return world


def session(world: World, **values: Any) -> Any:
    return world.session(operation_id=OPERATION, **values)


def test_whole_restore_in_order(world: World) -> None:
    outcome = restore(session(world), wish())
    assert (outcome.action, outcome.changed) == ("restored", True)
    assert world.mutations == [
        "RestoreDBClusterFromSnapshot",
        "CreateDBInstance",
        "ModifyDBCluster",
        "CreateDBInstance",
        "AddTagsToResource",
    ]
    world.assert_intents()
    call = world.params_of("RestoreDBClusterFromSnapshot")
    tags = {item["Key"]: item["Value"] for item in call.pop("Tags")}
    assert tags == {
        "aurora-restore:target": "true",
        "aurora-restore:operation-id": OPERATION,
        "aurora-restore:source-snapshot-arn": COPY["SourceDBClusterSnapshotArn"],
        "aurora-restore:source-snapshot-time": "2026-03-01T02:00:00Z",
        "team": "shop",
    }
    assert call == {
        "DBClusterIdentifier": "shop-staging",
        "SnapshotIdentifier": COPY["DBClusterSnapshotArn"],
        "Engine": "aurora-postgresql",
        "EngineVersion": "17.4",  # the snapshot's, not that of the cluster that is replaced
        "Port": 5432,
        "DBSubnetGroupName": "shop-staging",
        "VpcSecurityGroupIds": ["sg-1", "sg-2"],
        "DBClusterParameterGroupName": "shop-staging",
        "KmsKeyId": "arn:aws:kms:us-west-2:123456789012:key/staging",
        "StorageType": "aurora",
        "EnableCloudwatchLogsExports": ["postgresql"],
        "EnableIAMDatabaseAuthentication": True,
        "DeletionProtection": False,
        "CopyTagsToSnapshot": True,
    }
    modified = world.params_of("ModifyDBCluster")
    assert modified["MasterUserPassword"] == "correct-horse-battery"
    assert (modified["BackupRetentionPeriod"], modified["ApplyImmediately"]) == (7, True)
    assert modified["PreferredMaintenanceWindow"] == "sun:05:00-sun:05:30"
    assert list(world.instances) == [WRITER, READER]
    created = [entry[1] for entry in world.log if entry[0] == "CreateDBInstance"]
    assert [item["DBInstanceClass"] for item in created] == ["db.r6g.large", "db.t4g.medium"]
    assert [item["PubliclyAccessible"] for item in created] == [False, False]
    assert "EngineVersion" not in created[0]


def test_password_is_never_recorded(world: World) -> None:
    restore(session(world), wish())
    recorded = [entry for entry in world.log if entry[0] in ("intent", "progress")]
    assert "correct-horse-battery" not in repr(recorded) + repr(world.journal.results) + repr(wish())


def test_waits_for_the_password_to_be_in_force(world: World) -> None:
    restore(session(world), wish())
    statuses = [entry[1] for entry in world.log if entry[0] == "progress"]
    assert "resetting-master-credentials" in statuses


def test_second_run_is_unchanged(world: World) -> None:
    restore(session(world), wish())
    before = len(world.mutations)
    again = restore(session(world), wish())
    assert (again.action, again.changed) == ("unchanged", False)
    assert len(world.mutations) == before


def test_second_run_sets_the_password_when_told(world: World) -> None:
    restore(session(world), wish())
    again = restore(session(world), wish(always_set_password=True))
    assert (again.action, again.changed, world.mutations[-1]) == ("adopted", True, "ModifyDBCluster")


def test_drift_is_repaired(world: World) -> None:
    restore(session(world), wish())
    world.clusters["shop-staging"]["BackupRetentionPeriod"] = 1
    del world.instances[READER]
    again = restore(session(world), wish())
    assert (again.action, world.mutations[-2:]) == ("adopted", ["ModifyDBCluster", "CreateDBInstance"])


@pytest.mark.parametrize("action", ["RestoreDBClusterFromSnapshot", "CreateDBInstance"])
def test_lost_answers_are_adopted(world: World, action: str) -> None:
    world.lost_answers.add(action)
    outcome = restore(session(world), wish())
    assert outcome.action in ("restored", "adopted")
    assert list(world.instances) == [WRITER, READER]


def test_attempt_that_died_before_the_password_is_carried_on(world: World) -> None:
    world.faults["ModifyDBCluster"] = [ApiError("AccessDenied", "no")]
    with pytest.raises(AwsError):
        restore(session(world), wish())
    outcome = restore(session(world), wish())
    assert outcome.action == "adopted"
    assert world.params_of("ModifyDBCluster")["MasterUserPassword"]
    assert list(world.instances) == [WRITER, READER]


def test_protection_comes_on_last(world: World) -> None:
    restore(session(world), wish(configuration=configuration(deletion_protection=True)))
    assert world.params_of("RestoreDBClusterFromSnapshot")["DeletionProtection"] is False
    assert world.mutations[-2:] == ["ModifyDBCluster", "AddTagsToResource"]
    assert world.clusters["shop-staging"]["DeletionProtection"] is True


def test_roles_are_associated(world: World) -> None:
    roles = [{"role_arn": "arn:aws:iam::123456789012:role/s3", "feature_name": "s3Import"}]
    restore(session(world), wish(configuration=configuration(associated_roles=roles)))
    assert world.params_of("AddRoleToDBCluster")["FeatureName"] == "s3Import"


def test_foreign_cluster_of_the_name(world: World) -> None:
    world.clusters["shop-staging"] = cluster(DbClusterResourceId="cluster-THIRD")
    with pytest.raises(Conflict, match="was not made by this operation"):
        restore(session(world), wish())
    assert world.mutations == []


def test_old_cluster_still_there(world: World) -> None:
    world.clusters["shop-staging"] = cluster()
    with pytest.raises(Refused, match="still there"):
        restore(session(world), wish())


def test_waits_for_the_old_cluster_to_go(world: World) -> None:
    world.clusters["shop-staging"] = cluster(Status="deleting")
    world.coming["shop-staging"] = ["deleting", "deleting", None, "creating", "available"]
    assert restore(session(world), wish()).action == "restored"


def test_check_mode_counts_the_old_one_as_gone(world: World) -> None:
    world.clusters["shop-staging"] = cluster()
    planned = {**Snapshot.from_boto(COPY).to_result(), "planned": True}
    outcome = restore(session(world, check=True), wish(snapshot=planned))
    assert (outcome.action, outcome.changed, world.mutations) == ("planned", True, [])


def test_check_mode_misses_the_snapshot(world: World) -> None:
    world.snapshots.clear()
    with pytest.raises(NotFound, match="does not exist"):
        restore(session(world, check=True), wish())


def test_check_mode_misses_a_group(world: World) -> None:
    world.faults["DescribeDBSubnetGroups"] = [ApiError("DBSubnetGroupNotFoundFault")]
    with pytest.raises(AwsError, match="aurora_restore_db_subnet_group_name"):
        restore(session(world, check=True), wish())


def test_wreck_says_why(world: World) -> None:
    world.coming["shop-staging"] = ["creating", "incompatible-network"]
    with pytest.raises(TerminalStatus, match=r"incompatible-network; the last event of RDS: The subnets are full\."):
        restore(session(world), wish())


def test_writer_that_fails(world: World) -> None:
    world.coming[WRITER] = ["creating", "incompatible-parameters"]
    with pytest.raises(TerminalStatus, match=WRITER):
        restore(session(world), wish())


def test_incomplete_configuration(world: World) -> None:
    with pytest.raises(BadInput, match=r"db_subnet_group_name, .*instances"):
        restore(session(world), wish(configuration=merge(None, None)))


@pytest.mark.parametrize(
    ("code", "hint"),
    [("KMSKeyNotAccessibleFault", "kms:CreateGrant"), ("DBClusterQuotaExceededFault", "higher quota")],
)
def test_errors_say_what_to_do(world: World, code: str, hint: str) -> None:
    world.faults["RestoreDBClusterFromSnapshot"] = [ApiError(code, "no")]
    with pytest.raises(AwsError, match=hint):
        restore(session(world), wish())


def test_without_operation_the_source_is_the_provenance(world: World) -> None:
    restore(world.session(), wish())
    assert restore(world.session(), wish()).action == "unchanged"
    other = replace(wish(), snapshot={**wish().snapshot, "source_snapshot_arn": "arn:other"})
    with pytest.raises(Conflict, match="by another operation"):
        restore(world.session(), other)


def test_without_waiting(world: World) -> None:
    outcome = restore(session(world, wait=False), wish())
    assert (outcome.action, world.mutations) == ("restored", ["RestoreDBClusterFromSnapshot"])
    assert restore(session(world), wish()).action == "adopted"


def test_snapshots_of_a_restored_cluster_are_their_own_origin() -> None:
    inherited = {
        "aurora-restore:source-snapshot-arn": "arn:x",
        "aurora-restore:source-snapshot-time": "2020-01-01T00:00:00Z",
    }
    own = Snapshot.from_boto(snapshot("shop-staging-final", tags=inherited))
    assert (own.origin_arn, own.origin_time) == (own.arn, "2026-03-01T02:00:00Z")
    copied = Snapshot.from_boto(snapshot("copy", tags=inherited, SourceDBClusterSnapshotArn=own.arn))
    assert (copied.origin_arn, copied.origin_time) == (own.arn, None)
