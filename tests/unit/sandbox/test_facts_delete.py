# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deleting clusters and instances; clusters that are stopped, or that have lost their key.

Sources: DeleteDBCluster, DeleteDBInstance, StartDBCluster and StopDBCluster in botocore's model; Aurora user guide,
"Deleting Aurora DB clusters and DB instances" (USER_DeleteCluster.html), "Stopping and starting an Aurora cluster"
(aurora-cluster-stop-start.html), "Viewing DB cluster status" (accessing-monitoring.html); messages as AWS's
CloudFormation handlers and Terraform's provider match them.
"""

from __future__ import annotations

from typing import Any

import pytest
from in_process import ACCOUNT, HOME, Aws
from live_sandbox import refused
from moto.rds.models import rds_backends


def delete(aws: Aws, name: str = "shop", **more: Any) -> dict[str, Any]:
    given = more or {"SkipFinalSnapshot": True}
    return dict(aws.rds.delete_db_cluster(DBClusterIdentifier=name, **given)["DBCluster"])


def delete_member(aws: Aws, name: str, **more: Any) -> dict[str, Any]:
    return dict(aws.rds.delete_db_instance(DBInstanceIdentifier=name, **more)["DBInstance"])


def put(aws: Aws, status: str, cluster: str = "shop") -> None:
    """Bring a cluster and its members into a status that no call leads to."""
    found = rds_backends[ACCOUNT][HOME].clusters[cluster]
    for resource in (found, *found.members):
        resource.status = status


def test_a_protected_cluster_is_not_deleted(aws: Aws) -> None:
    """DeleteDBCluster's model does not list this code."""
    aws.cluster(DeletionProtection=True, members=0)
    with refused(
        "InvalidParameterCombination",
        "Cannot delete protected Cluster, please disable deletion protection and try again.",
    ):
        delete(aws)
    aws.rds.modify_db_cluster(DBClusterIdentifier="shop", DeletionProtection=False)
    delete(aws)


def test_protection_does_not_protect_the_members(aws: Aws) -> None:
    aws.cluster(DeletionProtection=True)
    assert delete_member(aws, "shop-1")["DBInstanceStatus"] == "deleting"
    aws.settle()
    assert aws.see("shop")["DBClusterMembers"] == []


def test_a_final_snapshot_is_needed_unless_it_is_skipped(aws: Aws) -> None:
    aws.cluster(members=0)
    for wrong in ({"DeleteAutomatedBackups": True}, {"SkipFinalSnapshot": False}):
        with refused("InvalidParameterCombination", "FinalDBSnapshotIdentifier is required"):
            delete(aws, **wrong)
    with refused("InvalidParameterCombination", "FinalDBSnapshotIdentifier cannot be specified"):
        delete(aws, SkipFinalSnapshot=True, FinalDBSnapshotIdentifier="final")


def test_the_final_snapshots_name_must_be_free(aws: Aws) -> None:
    aws.cluster()
    aws.snapshot("shop", "taken")
    delete_member(aws, "shop-1")
    with refused("DBClusterSnapshotAlreadyExistsFault", "taken"):
        delete(aws, FinalDBSnapshotIdentifier="TAKEN")
    with refused("InvalidParameterValue", "FinalDBSnapshotIdentifier"):
        delete(aws, FinalDBSnapshotIdentifier="a--b")
    assert aws.see("shop")["Status"] == "available"


def test_the_final_snapshot_is_made_before_the_cluster_goes_and_manual_ones_survive(aws: Aws) -> None:
    aws.cluster()
    aws.snapshot("shop", "mine")
    delete_member(aws, "shop-1")
    assert delete(aws, FinalDBSnapshotIdentifier="final")["Status"] == "available", "the answer shows what was before"
    assert aws.see("shop")["Status"] == "deleting" and aws.see_snapshot("final")["Status"] == "creating"
    aws.pass_time(10)
    assert aws.see_snapshot("final")["Status"] == "available" and aws.see("shop")["Status"] == "deleting"
    aws.settle()
    assert aws.is_gone("shop")
    assert aws.see_snapshot("final")["Status"] == aws.see_snapshot("mine")["Status"] == "available"


def test_a_cluster_is_deleted_once_all_members_are_deleting_and_gone_after_them(aws: Aws) -> None:
    aws.durations.instance_delete = 40.0
    aws.cluster(members=2)
    text = "Cluster cannot be deleted, it still contains DB instances in non-deleting state."
    for name in ("shop-2", "shop-1"):
        with refused("InvalidDBClusterStateFault", text):
            delete(aws)
        delete_member(aws, name)
    delete(aws)
    aws.pass_time(39)
    assert aws.see("shop")["Status"] == "deleting", "its members take longer"
    aws.settle()
    with refused("DBClusterNotFoundFault", "shop", 404):
        aws.see("shop")
    with refused("DBInstanceNotFound", "shop-1", 404):
        aws.see_instance("shop-1")


def test_deleting_twice(aws: Aws) -> None:
    aws.cluster()
    delete_member(aws, "shop-1")
    with refused("InvalidDBInstanceState", "is already being deleted"):
        delete_member(aws, "shop-1")
    delete(aws)
    with refused("InvalidDBClusterStateFault", "already being deleted"):
        delete(aws)
    aws.settle()
    with refused("DBClusterNotFoundFault", "shop", 404):
        delete(aws)
    with refused("DBInstanceNotFound", "shop-1", 404):
        delete_member(aws, "shop-1")


def test_members_have_no_final_snapshot(aws: Aws) -> None:
    aws.cluster()
    with refused("InvalidParameterCombination", "FinalDBSnapshotIdentifier"):
        delete_member(aws, "shop-1", FinalDBSnapshotIdentifier="final")
    delete_member(aws, "shop-1")


def test_automated_snapshots_go_with_their_cluster_unless_they_are_to_stay(aws: Aws) -> None:
    for name, keep in (("one", {}), ("two", {"DeleteAutomatedBackups": False})):
        aws.cluster(name)
        aws.snapshot(name, f"of-{name}")
        rds_backends[ACCOUNT][HOME].cluster_snapshots[f"of-{name}"].snapshot_type = "automated"
        delete_member(aws, f"{name}-1")
        delete(aws, name, SkipFinalSnapshot=True, **keep)
    aws.settle()
    found = aws.rds.describe_db_cluster_snapshots(SnapshotType="automated")["DBClusterSnapshots"]
    assert [item["DBClusterSnapshotIdentifier"] for item in found] == ["of-two"]


@pytest.mark.parametrize(
    "status", ["creating", "modifying", "renaming", "backing-up", "stopping", "stopped", "starting"]
)  # fmt: skip
def test_only_an_available_cluster_is_deleted_modified_snapshotted_or_given_members(aws: Aws, status: str) -> None:
    aws.cluster(members=0)
    put(aws, status)
    for call, more in (
        (aws.rds.delete_db_cluster, {"SkipFinalSnapshot": True}),
        (aws.rds.modify_db_cluster, {"BackupRetentionPeriod": 3}),
        (aws.rds.create_db_cluster_snapshot, {"DBClusterSnapshotIdentifier": "s"}),
        (aws.rds.add_role_to_db_cluster, {"RoleArn": "arn:aws:iam::123456789012:role/r"}),
        (aws.rds.stop_db_cluster, {}),
        (
            aws.rds.create_db_instance,
            {"DBInstanceIdentifier": "i", "Engine": "aurora-postgresql", "DBInstanceClass": "db.r6g.large"},
        ),
    ):
        with refused("InvalidDBClusterStateFault"):
            call(DBClusterIdentifier="shop", **more)


TERMINAL = (
    "inaccessible-encryption-credentials", "inaccessible-encryption-credentials-recoverable", "incompatible-network",
    "incompatible-parameters", "incompatible-restore", "migration-failed", "restore-failed", "cloning-failed",
    "upgrade_failed", "failed",
)  # fmt: skip


@pytest.mark.parametrize("status", TERMINAL)
def test_a_cluster_in_a_terminal_status_is_deleted_without_a_snapshot_only(aws: Aws, status: str) -> None:
    aws.cluster(members=0)
    put(aws, status)
    aws.settle()
    assert aws.see("shop")["Status"] == status, "it does not leave it by itself"
    with refused("InvalidDBClusterStateFault"):
        delete(aws, FinalDBSnapshotIdentifier="final")
    with refused("InvalidDBClusterStateFault"):
        aws.rds.modify_db_cluster(DBClusterIdentifier="shop", BackupRetentionPeriod=3)
    delete(aws)
    aws.settle()
    assert aws.is_gone("shop")


@pytest.mark.parametrize("status", ["failed", "incompatible-restore", "incompatible-network"])
def test_an_instance_in_these_statuses_is_deleted_only_when_the_final_snapshot_is_skipped(
    aws: Aws, status: str
) -> None:
    aws.cluster()
    put(aws, status)
    with refused("InvalidParameterCombination", "SkipFinalSnapshot"):
        delete_member(aws, "shop-1")
    delete_member(aws, "shop-1", SkipFinalSnapshot=True)


@pytest.mark.parametrize("status", ["creating", "rebooting", "modifying", "renaming"])
def test_an_instance_that_is_busy_is_not_deleted(aws: Aws, status: str) -> None:
    aws.cluster()
    rds_backends[ACCOUNT][HOME].databases["shop-1"].status = status
    with refused("InvalidDBInstanceState", status):
        delete_member(aws, "shop-1")


# ---- stopped


def test_a_stopped_cluster_must_be_started_to_be_changed_or_deleted(aws: Aws) -> None:
    key = aws.cluster()["DbClusterResourceId"]
    aws.rds.stop_db_cluster(DBClusterIdentifier="shop")
    assert aws.see("shop")["Status"] == aws.see_instance("shop-1")["DBInstanceStatus"] == "stopping"
    aws.pass_time(18)
    assert aws.see("shop")["Status"] == aws.see_instance("shop-1")["DBInstanceStatus"] == "stopped"
    assert not aws.plane.running[key]
    with refused("InvalidDBClusterStateFault"):
        delete_member(aws, "shop-1", SkipFinalSnapshot=True)
    with refused("InvalidDBClusterStateFault"):
        delete(aws)
    with refused("InvalidDBClusterStateFault"):
        aws.rds.stop_db_cluster(DBClusterIdentifier="shop")
    aws.rds.start_db_cluster(DBClusterIdentifier="shop")
    assert aws.see("shop")["Status"] == "starting"
    with refused("InvalidDBClusterStateFault"):
        aws.rds.start_db_cluster(DBClusterIdentifier="shop")
    aws.pass_time(17)
    assert aws.see("shop")["Status"] == aws.see_instance("shop-1")["DBInstanceStatus"] == "available"
    assert aws.plane.running[key]


# ---- keys


def test_a_cluster_whose_key_is_back_is_started_and_not_before(aws: Aws) -> None:
    key = aws.key()
    aws.cluster(StorageEncrypted=True, KmsKeyId=key)
    put(aws, "inaccessible-encryption-credentials-recoverable")
    aws.client("kms").disable_key(KeyId=key)
    with refused("KMSKeyNotAccessibleFault", key):
        aws.rds.start_db_cluster(DBClusterIdentifier="shop")
    aws.client("kms").enable_key(KeyId=key)
    aws.rds.start_db_cluster(DBClusterIdentifier="shop")
    aws.settle()
    assert aws.see("shop")["Status"] == aws.see_instance("shop-1")["DBInstanceStatus"] == "available"


def test_a_cluster_that_has_lost_its_key_for_good_is_not_started(aws: Aws) -> None:
    aws.cluster(StorageEncrypted=True, KmsKeyId=aws.key())
    put(aws, "inaccessible-encryption-credentials")
    with refused("InvalidDBClusterStateFault"):
        aws.rds.start_db_cluster(DBClusterIdentifier="shop")


def test_members_of_a_cluster_that_has_lost_its_key_are_deleted_without_starting_it(aws: Aws) -> None:
    aws.cluster(StorageEncrypted=True, KmsKeyId=aws.key())
    put(aws, "inaccessible-encryption-credentials-recoverable")
    delete_member(aws, "shop-1", SkipFinalSnapshot=True)
    delete(aws)
    aws.settle()
    assert aws.is_gone("shop")


def test_an_instance_of_a_cluster_with_a_disabled_key_is_not_created(aws: Aws) -> None:
    key = aws.key()
    aws.cluster(StorageEncrypted=True, KmsKeyId=key, members=0)
    aws.client("kms").disable_key(KeyId=key)
    with refused("KMSKeyNotAccessibleFault", key):
        aws.member("shop", "shop-1")
