# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""ModifyDBCluster: the lag, the statuses, what waits, and master passwords that RDS manages.

Sources: ModifyDBCluster, DBCluster and MasterUserSecret in botocore's model; Aurora user guide, "Modifying an Amazon
Aurora DB cluster" (Aurora.Modifying.html), "Viewing DB cluster status" (accessing-monitoring.html) and "Password
management with Amazon Aurora and AWS Secrets Manager" (rds-secrets-manager.html). AWS's CloudFormation handlers wait a
minute, Terraform's provider 30 s, before they believe an ``available``.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from in_process import AWAY, Aws
from live_sandbox import refused

PASSWORD = "another-horse-battery"


def modify(aws: Aws, name: str = "shop", **changes: Any) -> dict[str, Any]:
    return dict(aws.rds.modify_db_cluster(DBClusterIdentifier=name, **changes)["DBCluster"])


KINDS: list[tuple[dict[str, Any], str, dict[str, Any], float]] = [
    ({"BackupRetentionPeriod": 9}, "modifying", {"BackupRetentionPeriod": 9}, 7),
    ({"MasterUserPassword": PASSWORD}, "resetting-master-credentials", {"MasterUserPassword": "****"}, 8),
    ({"EngineVersion": "17.6"}, "upgrading", {"EngineVersion": "17.6"}, 7),
    (
        {"EnableIAMDatabaseAuthentication": True},
        "update-iam-db-auth",
        {"IAMDatabaseAuthenticationEnabled": True},
        7,
    ),
    ({"StorageType": "aurora-iopt1"}, "modifying", {"StorageType": "aurora-iopt1"}, 7),
    (
        {"CloudwatchLogsExportConfiguration": {"EnableLogTypes": ["postgresql"]}},
        "modifying",
        {"PendingCloudwatchLogsExports": {"LogTypesToEnable": ["postgresql"], "LogTypesToDisable": []}},
        7,
    ),
    ({"PreferredMaintenanceWindow": "mon:01:00-mon:01:30"}, "modifying", {}, 7),
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: "-".join(kind[0]))
def test_the_status_lags_the_call_and_done_is_available_with_nothing_pending(
    aws: Aws, kind: tuple[dict[str, Any], str, dict[str, Any], float]
) -> None:
    changes, status, pending, seconds = kind
    before = aws.cluster()
    assert modify(aws, ApplyImmediately=True, **changes)["Status"] == "available"
    aws.pass_time(aws.durations.modify_lag - 1)
    unchanged = aws.see("shop")
    assert {**unchanged, "LatestRestorableTime": None} == {**before, "LatestRestorableTime": None}
    aws.pass_time(1)
    during = aws.see("shop")
    assert (during["Status"], during["PendingModifiedValues"]) == (status, pending)
    with refused("InvalidDBClusterStateFault", f"not available for modification with status {status}"):
        modify(aws, BackupRetentionPeriod=3)
    aws.pass_time(seconds)
    after = aws.see("shop")
    assert (after["Status"], after["PendingModifiedValues"]) == ("available", {})
    assert aws.scheduler.pending() == []


@pytest.mark.parametrize(
    ("changes", "shown", "attribute"),
    [
        ({"EngineVersion": "17.6"}, {"EngineVersion": "17.6"}, "EngineVersion"),
        (
            {"EnableIAMDatabaseAuthentication": True},
            {"IAMDatabaseAuthenticationEnabled": True},
            "IAMDatabaseAuthenticationEnabled",
        ),
        ({"StorageType": "aurora-iopt1"}, {"StorageType": "aurora-iopt1"}, "StorageType"),
    ],
)
def test_what_waits_for_the_maintenance_window_stays_pending_without_apply_immediately(
    aws: Aws, changes: dict[str, Any], shown: dict[str, Any], attribute: str
) -> None:
    before = aws.cluster()
    modify(aws, **changes)
    aws.settle()
    after = aws.see("shop")
    assert after["PendingModifiedValues"] == shown and after.get(attribute) == before.get(attribute)
    modify(aws, ApplyImmediately=True, **changes)
    aws.settle()
    assert aws.see("shop")["PendingModifiedValues"] == {} and aws.see("shop").get(attribute) != before.get(attribute)


def test_password_and_protection_are_applied_at_once_whatever_is_said(aws: Aws) -> None:
    key = aws.cluster()["DbClusterResourceId"]
    modify(aws, DeletionProtection=True, MasterUserPassword=PASSWORD)
    assert aws.see("shop")["DeletionProtection"] is True
    aws.pass_time(5)
    assert aws.see("shop")["Status"] == "resetting-master-credentials"
    aws.settle()
    assert aws.plane.passwords[key] == PASSWORD
    modify(aws, DeletionProtection=False)
    assert aws.see("shop")["DeletionProtection"] is False and not aws.scheduler.pending()


def test_changes_during_the_lag_are_applied_one_after_the_other(aws: Aws) -> None:
    aws.cluster()
    modify(aws, PreferredMaintenanceWindow="mon:01:00-mon:01:30")
    modify(aws, MasterUserPassword=PASSWORD)
    aws.pass_time(5)
    assert aws.see("shop")["Status"] == "modifying"
    aws.pass_time(7)
    assert aws.see("shop")["Status"] == "available", "and yet not through"
    aws.pass_time(5)
    assert aws.see("shop")["Status"] == "resetting-master-credentials"
    aws.settle()
    assert aws.see("shop")["PreferredMaintenanceWindow"] == "mon:01:00-mon:01:30"


REFUSALS: list[tuple[dict[str, Any], str, str]] = [
    ({"ApplyImmediately": True}, "InvalidParameterCombination", "No modifications were requested"),
    ({"BackupRetentionPeriod": 0}, "InvalidParameterValue", "backup retention"),
    ({"BackupRetentionPeriod": 36}, "InvalidParameterValue", "backup retention"),
    ({"Port": 1149}, "InvalidParameterValue", "port"),
    ({"PreferredBackupWindow": "25:00-26:00"}, "InvalidParameterValue", "PreferredBackupWindow"),
    ({"PreferredMaintenanceWindow": "someday"}, "InvalidParameterValue", "PreferredMaintenanceWindow"),
    ({"EngineVersion": "12.7"}, "InvalidParameterCombination", "12.7"),
    ({"EngineVersion": "17.4"}, "InvalidParameterCombination", "upgrade path"),
    ({"NewDBClusterIdentifier": "a--b"}, "InvalidParameterValue", "NewDBClusterIdentifier"),
    ({"VpcSecurityGroupIds": ["sg-0123456789abcdef0"]}, "InvalidParameterValue", "sg-0123456789abcdef0"),
    ({"StorageType": "gp3"}, "StorageTypeNotSupported", "gp3"),
    ({"MasterUserPassword": "with/slash1"}, "InvalidParameterValue", "MasterUserPassword"),
    ({"MasterUserPassword": "short12"}, "InvalidParameterValue", "shorter than 8"),
    ({"MasterUserPassword": "x" * 42}, "InvalidParameterValue", "longer than 41"),
]


@pytest.mark.parametrize("case", REFUSALS, ids=lambda case: "-".join(case[0]))
def test_modifications_that_are_refused(aws: Aws, case: tuple[dict[str, Any], str, str]) -> None:
    changes, code, text = case
    aws.cluster(members=0)
    with refused(code, text):
        modify(aws, **changes)
    assert not aws.scheduler.pending()


def test_groups_that_do_not_exist_and_clusters_that_do_not(aws: Aws) -> None:
    aws.cluster(members=0)
    with refused("DBClusterParameterGroupNotFound", "nobody", 404):
        modify(aws, DBClusterParameterGroupName="nobody")
    with refused("DBClusterNotFoundFault", "nobody", 404):
        modify(aws, "nobody", BackupRetentionPeriod=3)


def test_the_master_username_cannot_change(aws: Aws) -> None:
    """ModifyDBCluster has no such parameter in botocore's model."""
    members = aws.rds.meta.service_model.operation_model("ModifyDBCluster").input_shape.members
    assert "MasterUserPassword" in members and "MasterUsername" not in members


# ---- passwords that RDS manages


def secret_of(aws: Aws, cluster: dict[str, Any]) -> dict[str, str]:
    arn = cluster["MasterUserSecret"]["SecretArn"]
    return dict(json.loads(aws.client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"]))


def test_a_managed_password_is_in_a_secret_of_the_clusters_that_goes_with_it(aws: Aws) -> None:
    cluster = aws.cluster(ManageMasterUserPassword=True)
    secret = cluster["MasterUserSecret"]
    assert ":secret:rds!cluster-" in secret["SecretArn"] and secret["SecretStatus"] == "active"
    assert ":key/" in secret["KmsKeyId"]
    assert secret_of(aws, cluster) == {
        "username": "dbadmin", "password": aws.plane.passwords[cluster["DbClusterResourceId"]]
    }  # fmt: skip
    aws.rds.delete_db_instance(DBInstanceIdentifier="shop-1")
    aws.rds.delete_db_cluster(DBClusterIdentifier="shop", SkipFinalSnapshot=True)
    aws.settle()
    with pytest.raises(aws.client("secretsmanager").exceptions.ResourceNotFoundException):
        secret_of(aws, cluster)


def test_a_cluster_whose_password_was_given_can_be_managed_later(aws: Aws) -> None:
    key = aws.cluster()["DbClusterResourceId"]
    modify(aws, ManageMasterUserPassword=True)
    assert "MasterUserSecret" not in aws.see("shop")
    aws.pass_time(5)
    during = aws.see("shop")
    assert (during["Status"], during["MasterUserSecret"]["SecretStatus"]) == (
        "resetting-master-credentials",
        "creating",
    )
    aws.settle()
    after = aws.see("shop")
    assert after["MasterUserSecret"]["SecretStatus"] == "active"
    assert secret_of(aws, after)["password"] == aws.plane.passwords[key] != "correct-horse-battery"


def test_a_managed_password_excludes_a_given_one(aws: Aws) -> None:
    given = {"Engine": "aurora-postgresql", "MasterUsername": "dbadmin", "MasterUserPassword": PASSWORD}
    with refused("InvalidParameterCombination", "MasterUserPassword"):
        aws.rds.create_db_cluster(DBClusterIdentifier="x", ManageMasterUserPassword=True, **given)
    with refused("InvalidParameterCombination", "MasterUserSecretKmsKeyId"):
        aws.rds.create_db_cluster(DBClusterIdentifier="x", MasterUserSecretKmsKeyId="alias/aws/rds", **given)
    aws.cluster(ManageMasterUserPassword=True, members=0)
    with refused("InvalidParameterCombination", "MasterUserPassword"):
        modify(aws, MasterUserPassword=PASSWORD)
    with refused("InvalidParameterCombination", "MasterUserPassword"):
        modify(aws, ManageMasterUserPassword=False)
    with refused("InvalidParameterCombination", "MasterUserPassword"):
        modify(aws, ManageMasterUserPassword=True, MasterUserPassword=PASSWORD)


def test_no_longer_managed_the_secret_is_deleted_and_the_given_password_counts(aws: Aws) -> None:
    cluster = aws.cluster(ManageMasterUserPassword=True, members=0)
    modify(aws, ManageMasterUserPassword=False, MasterUserPassword=PASSWORD)
    aws.settle()
    assert "MasterUserSecret" not in aws.see("shop")
    assert aws.plane.passwords[cluster["DbClusterResourceId"]] == PASSWORD
    with pytest.raises(aws.client("secretsmanager").exceptions.ResourceNotFoundException):
        secret_of(aws, cluster)


def test_a_managed_password_is_rotated_only_at_once(aws: Aws) -> None:
    cluster = aws.cluster(ManageMasterUserPassword=True, members=0)
    old = secret_of(aws, cluster)["password"]
    with refused("InvalidParameterCombination", "RotateMasterUserPassword"):
        modify(aws, RotateMasterUserPassword=True)
    modify(aws, RotateMasterUserPassword=True, ApplyImmediately=True)
    aws.pass_time(5)
    assert aws.see("shop")["MasterUserSecret"]["SecretStatus"] == "rotating"
    aws.settle()
    assert aws.see("shop")["MasterUserSecret"]["SecretStatus"] == "active"
    assert old != secret_of(aws, cluster)["password"] == aws.plane.passwords[cluster["DbClusterResourceId"]]


def test_a_restored_cluster_has_no_managed_password(aws: Aws) -> None:
    """Secrets are not restored; RestoreDBClusterFromSnapshot has no parameter for the master password either."""
    cluster = aws.cluster(ManageMasterUserPassword=True)
    aws.snapshot("shop", "s")
    aws.restore("s", "restored")
    aws.settle()
    assert "MasterUserSecret" not in aws.see("restored")
    members = aws.rds.meta.service_model.operation_model("RestoreDBClusterFromSnapshot").input_shape.members
    assert not {"MasterUserPassword", "ManageMasterUserPassword"} & set(members)
    assert secret_of(aws, cluster)


# ---- global clusters


def test_a_cluster_of_a_global_cluster_is_not_deleted_and_leaves_it_through_promoting(aws: Aws) -> None:
    """RemoveFromGlobalCluster takes the cluster's ARN (botocore's model)."""
    arn = aws.cluster(region=AWAY, members=0)["DBClusterArn"]
    aws.source.create_global_cluster(GlobalClusterIdentifier="world", SourceDBClusterIdentifier=arn)
    with refused("InvalidDBClusterStateFault", "This cluster is a part of a global cluster"):
        aws.source.delete_db_cluster(DBClusterIdentifier="shop", SkipFinalSnapshot=True)
    with refused("InvalidGlobalClusterStateFault", "world"):
        aws.source.delete_global_cluster(GlobalClusterIdentifier="world")
    with refused("GlobalClusterNotFoundFault", "nobody", 404):
        aws.source.remove_from_global_cluster(GlobalClusterIdentifier="nobody", DbClusterIdentifier=arn)
    with refused("DBClusterNotFoundFault", status=404):
        aws.source.remove_from_global_cluster(GlobalClusterIdentifier="world", DbClusterIdentifier="shop")
    aws.source.remove_from_global_cluster(GlobalClusterIdentifier="world", DbClusterIdentifier=arn)
    assert aws.see("shop", AWAY)["Status"] == "promoting"
    with refused("InvalidDBClusterStateFault"):
        aws.source.delete_db_cluster(DBClusterIdentifier="shop", SkipFinalSnapshot=True)
    aws.settle()
    aws.source.delete_db_cluster(DBClusterIdentifier="shop", SkipFinalSnapshot=True)
    aws.source.delete_global_cluster(GlobalClusterIdentifier="world")
