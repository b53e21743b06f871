# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""RestoreDBClusterFromSnapshot: what is left out gets AWS's defaults, and most of the old cluster is not there.

Sources: RestoreDBClusterFromSnapshot, CreateDBInstance and DescribeDBEngineVersions in botocore's model; Aurora user
guide, "Restoring from a DB cluster snapshot" (aurora-restore-snapshot.html), "Overview of encrypting Amazon Aurora
resources" (Overview.Encryption.html) and "Aurora Serverless v2" (aurora-serverless-v2.create-cluster.html).
"""

from __future__ import annotations

from typing import Any

import pytest
from in_process import HOME, Aws
from live_sandbox import refused


@pytest.fixture
def snapshot(aws: Aws) -> dict[str, Any]:
    """Of a cluster whose settings are none of the defaults."""
    ec2 = aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.1.{number}.0/24", AvailabilityZone=f"{HOME}{zone}")["Subnet"]
        for number, zone in enumerate("ab")
    ]
    group = ec2.create_security_group(GroupName="db", Description="db", VpcId=vpc)["GroupId"]
    aws.rds.create_db_subnet_group(
        DBSubnetGroupName="shop-subnets", DBSubnetGroupDescription="shop",
        SubnetIds=[subnet["SubnetId"] for subnet in subnets],
    )  # fmt: skip
    aws.rds.create_db_cluster_parameter_group(
        DBClusterParameterGroupName="shop-settings", DBParameterGroupFamily="aurora-postgresql17", Description="shop"
    )
    aws.cluster(
        "production", DBSubnetGroupName="shop-subnets", VpcSecurityGroupIds=[group], Port=5433,
        DBClusterParameterGroupName="shop-settings", DeletionProtection=True, CopyTagsToSnapshot=True,
        EnableIAMDatabaseAuthentication=True, EnableCloudwatchLogsExports=["postgresql"], StorageType="aurora-iopt1",
        BackupRetentionPeriod=7, PreferredBackupWindow="03:00-03:30", Tags=[{"Key": "environment", "Value": "prod"}],
        StorageEncrypted=True, KmsKeyId=aws.key(), DatabaseName="shop",
        PreferredMaintenanceWindow="mon:01:00-mon:01:30",
        ServerlessV2ScalingConfiguration={"MinCapacity": 1, "MaxCapacity": 4},
    )  # fmt: skip
    role = {"DBClusterIdentifier": "production", "RoleArn": "arn:aws:iam::123456789012:role/s3"}
    aws.rds.add_role_to_db_cluster(**role, FeatureName="s3Import")
    return aws.snapshot("production", "nightly")


def bare(aws: Aws, **more: Any) -> dict[str, Any]:
    """A restore that says only what it must."""
    given = {"DBClusterIdentifier": "bare", "SnapshotIdentifier": "nightly", "Engine": "aurora-postgresql", **more}
    return dict(aws.rds.restore_db_cluster_from_snapshot(**given)["DBCluster"])


def test_without_a_version_the_regions_default_counts_and_not_the_snapshots(aws: Aws, snapshot: dict[str, Any]) -> None:
    default = aws.rds.describe_db_engine_versions(Engine="aurora-postgresql", DefaultOnly=True)["DBEngineVersions"]
    assert bare(aws)["EngineVersion"] == default[0]["EngineVersion"] != snapshot["EngineVersion"]


def test_what_is_left_out_gets_the_defaults(aws: Aws, snapshot: dict[str, Any]) -> None:
    production, restored = aws.see("production"), bare(aws)
    assert restored["DBSubnetGroup"] == "default"
    assert restored["DBClusterParameterGroup"] == "default.aurora-postgresql17"
    (group,) = restored["VpcSecurityGroups"]
    default = aws.client("ec2").describe_security_groups(GroupIds=[group["VpcSecurityGroupId"]])["SecurityGroups"]
    assert default[0]["GroupName"] == "default"
    assert production["DeletionProtection"] and not restored["DeletionProtection"]
    assert production["CopyTagsToSnapshot"] and not restored["CopyTagsToSnapshot"]
    assert production["IAMDatabaseAuthenticationEnabled"] and not restored["IAMDatabaseAuthenticationEnabled"]
    assert production["EnabledCloudwatchLogsExports"] and not restored.get("EnabledCloudwatchLogsExports")
    assert production["StorageType"] == "aurora-iopt1" and "StorageType" not in restored
    assert "ServerlessV2ScalingConfiguration" not in restored
    assert restored["PreferredMaintenanceWindow"] != production["PreferredMaintenanceWindow"]


def test_tags_roles_and_instances_are_not_restored(aws: Aws, snapshot: dict[str, Any]) -> None:
    production = aws.see("production")
    assert production["TagList"] and production["AssociatedRoles"] and production["DBClusterMembers"]
    bare(aws)
    aws.settle()
    restored = aws.see("bare")
    assert restored["TagList"] == restored["AssociatedRoles"] == restored["DBClusterMembers"] == []


def test_key_username_and_database_are_the_snapshots(aws: Aws, snapshot: dict[str, Any]) -> None:
    restored = bare(aws)
    assert restored["KmsKeyId"] == snapshot["KmsKeyId"]
    assert (restored["MasterUsername"], restored["DatabaseName"]) == ("dbadmin", "shop")


def test_port_and_retention_are_the_snapshots(aws: Aws, snapshot: dict[str, Any]) -> None:
    """The model has "existing setting" for the retention, which older versions of botocore can't send."""
    restored = bare(aws)
    assert (restored["Port"], restored["BackupRetentionPeriod"]) == (5433, 7)
    assert restored["PreferredBackupWindow"] != aws.see("production")["PreferredBackupWindow"]


def test_another_key_can_be_asked_for(aws: Aws, snapshot: dict[str, Any]) -> None:
    key = aws.key()
    assert bare(aws, KmsKeyId=key)["KmsKeyId"] == key


def test_what_is_asked_for_is_given(aws: Aws, snapshot: dict[str, Any]) -> None:
    production = aws.see("production")
    wanted = {
        "EngineVersion": "17.5", "DBSubnetGroupName": "shop-subnets", "DBClusterParameterGroupName": "shop-settings",
        "VpcSecurityGroupIds": [group["VpcSecurityGroupId"] for group in production["VpcSecurityGroups"]],
        "DeletionProtection": True, "CopyTagsToSnapshot": True, "EnableIAMDatabaseAuthentication": True,
        "EnableCloudwatchLogsExports": ["postgresql"], "StorageType": "aurora-iopt1", "BackupRetentionPeriod": 7,
        "Tags": [{"Key": "a", "Value": "b"}], "Port": 5433,
        "ServerlessV2ScalingConfiguration": {"MinCapacity": 0, "MaxCapacity": 4},
    }  # fmt: skip
    restored = bare(aws, **wanted)
    for same in (
        "EngineVersion", "DBSubnetGroup", "DBClusterParameterGroup", "VpcSecurityGroups", "DeletionProtection", "Port",
        "CopyTagsToSnapshot", "IAMDatabaseAuthenticationEnabled", "EnabledCloudwatchLogsExports", "StorageType",
        "BackupRetentionPeriod",
    ):  # fmt: skip
        assert restored[same] == production[same], same
    assert restored["TagList"] == wanted["Tags"]
    assert restored["ServerlessV2ScalingConfiguration"]["MinCapacity"] == 0


@pytest.mark.parametrize(
    "parameter", ["MasterUserPassword", "ManageMasterUserPassword", "PreferredMaintenanceWindow",
                  "NewDBClusterIdentifier", "CloudwatchLogsExportConfiguration"],
)  # fmt: skip
def test_some_things_can_only_be_set_by_modify(aws: Aws, parameter: str) -> None:
    def members(operation: str) -> set[str]:
        return set(aws.rds.meta.service_model.operation_model(operation).input_shape.members)

    assert parameter in members("ModifyDBCluster") - members("RestoreDBClusterFromSnapshot")


@pytest.mark.parametrize(
    "parameter", ["DBSubnetGroupName", "KmsKeyId", "Engine", "DatabaseName", "AvailabilityZones"]
)  # fmt: skip
def test_some_things_can_only_be_set_at_the_restore(aws: Aws, parameter: str) -> None:
    def members(operation: str) -> set[str]:
        return set(aws.rds.meta.service_model.operation_model(operation).input_shape.members)

    assert parameter in members("RestoreDBClusterFromSnapshot") - members("ModifyDBCluster")


def test_a_restore_is_creating_until_it_is_available_with_no_instance(aws: Aws, snapshot: dict[str, Any]) -> None:
    assert bare(aws)["Status"] == "creating"
    aws.pass_time(21)
    assert aws.see("bare")["Status"] == "creating"
    with refused("InvalidDBClusterStateFault", "not currently in the available state"):
        aws.rds.create_db_instance(
            DBInstanceIdentifier="bare-1", DBClusterIdentifier="bare", Engine="aurora-postgresql",
            DBInstanceClass="db.r6g.large",
        )  # fmt: skip
    aws.pass_time(1)
    assert aws.see("bare")["Status"] == "available" and not aws.see("bare")["DBClusterMembers"]
    aws.rds.get_waiter("db_cluster_available").wait(
        DBClusterIdentifier="bare", WaiterConfig={"Delay": 0, "MaxAttempts": 1}
    )  # which is satisfied by that


def test_the_endpoints_are_creating_until_the_writer_is_there(aws: Aws, snapshot: dict[str, Any]) -> None:
    def statuses() -> set[str]:
        found = aws.rds.describe_db_cluster_endpoints(DBClusterIdentifier="bare")["DBClusterEndpoints"]
        return {item["Status"] for item in found}

    key = bare(aws)["DbClusterResourceId"]
    aws.settle()
    assert aws.see("bare")["Endpoint"] and statuses() == {"creating"} and not aws.plane.running[key]
    aws.member("bare", "bare-1")
    assert statuses() == {"available"} and aws.plane.running[key]


def test_no_snapshot_is_possible_before_the_restorable_times_are_set(aws: Aws, snapshot: dict[str, Any]) -> None:
    bare(aws)
    aws.settle()
    assert not {"EarliestRestorableTime", "LatestRestorableTime"} & set(aws.see("bare"))
    with refused("InvalidDBClusterStateFault", "restorable times"):
        aws.rds.create_db_cluster_snapshot(DBClusterIdentifier="bare", DBClusterSnapshotIdentifier="early")
    aws.member("bare", "bare-1")
    assert {"EarliestRestorableTime", "LatestRestorableTime"} < set(aws.see("bare"))
    assert aws.snapshot("bare", "later")["Status"] == "available"


REFUSALS: list[tuple[dict[str, Any], str, str, int]] = [
    ({"SnapshotIdentifier": "nobody"}, "DBClusterSnapshotNotFoundFault", "nobody", 404),
    ({"DBClusterIdentifier": "PRODUCTION"}, "DBClusterAlreadyExistsFault", "", 400),
    ({"DBSubnetGroupName": "nobody"}, "DBSubnetGroupNotFoundFault", "nobody", 404),
    ({"DBClusterParameterGroupName": "nobody"}, "DBClusterParameterGroupNotFound", "nobody", 404),
    ({"DBClusterParameterGroupName": "of-16"}, "InvalidParameterCombination", "aurora-postgresql16", 400),
    ({"VpcSecurityGroupIds": ["sg-0123456789abcdef0"]}, "InvalidParameterValue", "sg-0123456789abcdef0", 400),
    ({"KmsKeyId": "alias/nobody"}, "KMSKeyNotAccessibleFault", "Specified KMS key", 400),
    ({"EngineVersion": "12.7"}, "InvalidParameterCombination", "12.7", 400),
    ({"EngineVersion": "17.4"}, "InvalidParameterCombination", "upgrade path", 400),
    ({"Engine": "aurora-mysql"}, "InvalidRestoreFault", "aurora-mysql", 400),
    ({"StorageType": "gp3"}, "StorageTypeNotSupported", "gp3", 400),
    ({"DBClusterIdentifier": "a--b"}, "InvalidParameterValue", "DBClusterIdentifier", 400),
    ({"DBClusterIdentifier": "x" * 64}, "InvalidParameterValue", "DBClusterIdentifier", 400),
    ({"Port": 80}, "InvalidParameterValue", "port", 400),
    ({"BackupRetentionPeriod": 0}, "InvalidParameterValue", "backup retention", 400),
    ({"Tags": [{"Key": "rds:x", "Value": ""}]}, "InvalidParameterValue", "reserved prefix", 400),
    ({"Tags": [{"Key": f"k{number}", "Value": ""} for number in range(51)]}, "InvalidParameterValue", "50", 400),
]


@pytest.mark.parametrize("case", REFUSALS, ids=lambda case: "-".join(case[0]))
def test_restores_that_are_refused(
    aws: Aws, snapshot: dict[str, Any], case: tuple[dict[str, Any], str, str, int]
) -> None:
    wrong, code, text, status = case
    aws.rds.create_db_cluster_parameter_group(
        DBClusterParameterGroupName="of-16", DBParameterGroupFamily="aurora-postgresql16", Description="of 16"
    )
    with refused(code, text, status):
        bare(aws, **{"EngineVersion": "17.5", "DBSubnetGroupName": "shop-subnets", **wrong})
    assert not aws.scheduler.pending()


def test_security_groups_must_be_of_the_subnet_groups_vpc(aws: Aws, snapshot: dict[str, Any]) -> None:
    groups = [group["VpcSecurityGroupId"] for group in aws.see("production")["VpcSecurityGroups"]]
    with refused("InvalidParameterCombination", "different VPCs"):
        bare(aws, VpcSecurityGroupIds=groups)


def test_a_snapshot_whose_key_is_disabled_is_not_restored(aws: Aws, snapshot: dict[str, Any]) -> None:
    aws.client("kms").disable_key(KeyId=snapshot["KmsKeyId"])
    with refused("KMSKeyNotAccessibleFault", "The source snapshot KMS key"):
        bare(aws)
    with refused("KMSKeyNotAccessibleFault", "The source snapshot KMS key"):
        bare(aws, KmsKeyId=aws.key())


def test_a_snapshot_that_is_not_available_is_not_restored(aws: Aws) -> None:
    aws.cluster("production")
    aws.rds.create_db_cluster_snapshot(DBClusterIdentifier="production", DBClusterSnapshotIdentifier="nightly")
    with refused("InvalidDBClusterSnapshotStateFault", "creating"):
        bare(aws)


def test_more_than_forty_clusters_are_refused(aws: Aws, snapshot: dict[str, Any]) -> None:
    assert aws.runtime.limits.clusters == 40
    for number in range(39):
        aws.rds.create_db_cluster(
            DBClusterIdentifier=f"other-{number}", Engine="aurora-postgresql", MasterUsername="dbadmin",
            MasterUserPassword="correct-horse",
        )  # fmt: skip
    with refused("DBClusterQuotaExceededFault", "40", status=403):
        bare(aws)


def test_a_restore_that_fails_ends_incompatible_is_told_by_an_event_and_can_be_deleted(
    aws: Aws, snapshot: dict[str, Any]
) -> None:
    aws.plane.snapshots.clear()
    bare(aws)
    aws.settle()
    assert aws.see("bare")["Status"] == "incompatible-restore"
    events = aws.rds.describe_events(SourceType="db-cluster", SourceIdentifier="bare")["Events"]
    assert events[-1]["EventCategories"] == ["failure"] and "incompatible-restore" in events[-1]["Message"]
    with refused("InvalidDBClusterStateFault"):
        aws.rds.delete_db_cluster(DBClusterIdentifier="bare", FinalDBSnapshotIdentifier="x")
    aws.rds.delete_db_cluster(DBClusterIdentifier="bare", SkipFinalSnapshot=True)
    aws.settle()
    assert aws.is_gone("bare")


# ---- versions and classes


def test_engine_versions_have_a_default_and_a_family(aws: Aws) -> None:
    found = aws.rds.describe_db_engine_versions(Engine="aurora-postgresql")["DBEngineVersions"]
    versions = {item["EngineVersion"]: item["DBParameterGroupFamily"] for item in found}
    assert versions["17.5"] == "aurora-postgresql17" and versions["16.8"] == "aurora-postgresql16"
    (only,) = aws.rds.describe_db_engine_versions(Engine="aurora-postgresql", EngineVersion="17.5")["DBEngineVersions"]
    assert only["EngineVersion"] == "17.5"


def test_an_upgrade_goes_only_to_the_targets_that_the_version_names(aws: Aws, snapshot: dict[str, Any]) -> None:
    (mine,) = aws.rds.describe_db_engine_versions(Engine="aurora-postgresql", EngineVersion="17.5")["DBEngineVersions"]
    targets = {item["EngineVersion"] for item in mine["ValidUpgradeTarget"]}
    assert targets == {"17.6", "17.7"}
    for number, version in enumerate(sorted(targets)):
        assert bare(aws, EngineVersion=version, DBClusterIdentifier=f"new-{number}")["EngineVersion"] == version
    offered = aws.rds.describe_db_engine_versions(Engine="aurora-postgresql")["DBEngineVersions"]
    for version in {item["EngineVersion"] for item in offered} - targets - {"17.5"}:
        with refused("InvalidParameterCombination", version):
            bare(aws, EngineVersion=version)


def test_which_classes_can_be_ordered_depends_on_the_version(aws: Aws) -> None:
    def classes(version: str) -> set[str]:
        pages = aws.rds.get_paginator("describe_orderable_db_instance_options").paginate(
            Engine="aurora-postgresql", EngineVersion=version
        )
        return {item["DBInstanceClass"] for page in pages for item in page["OrderableDBInstanceOptions"]}

    assert "db.r6g.large" in classes("17.5") and not classes("12.7")
    assert classes("15.12") < classes("17.5"), "newer classes need newer versions"
    only_new = sorted(classes("17.5") - classes("15.12"))[0]
    aws.cluster("old", EngineVersion="15.12", members=0)
    with refused("InvalidParameterCombination", only_new):
        aws.member("old", "old-1", DBInstanceClass=only_new)
    found = aws.rds.describe_orderable_db_instance_options(
        Engine="aurora-postgresql", EngineVersion="17.5", DBInstanceClass="db.r6g.large"
    )["OrderableDBInstanceOptions"]
    assert {item["StorageType"] for item in found} == {"aurora", "aurora-iopt1"}
