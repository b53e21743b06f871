# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How RDS behaves, on a running sandbox; each test is named after a fact about AWS."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Iterator
from typing import Any

import psycopg2
import pytest
from live_sandbox import Live, refused

SNAPSHOT_ARN = "arn:aws:rds:us-east-1:123456789012:cluster-snapshot:"
STAGING_KEY = "alias/shop-staging"


@pytest.fixture(scope="module")
def copied(live: Live) -> str:
    """A copy of the newest snapshot in the target region."""
    live.copy("base-copy")
    live.until(lambda: live.snapshot("base-copy")["Status"] == "available")
    return "base-copy"


@pytest.fixture(scope="module")
def cluster(live: Live, copied: str) -> Iterator[str]:
    """A restored cluster with a writer and a reader, for tests that leave it as it is."""
    live.restore("common", copied)
    live.add_instance("common", "common-1")
    live.add_instance("common", "common-2", PromotionTier=3)
    yield "common"
    live.remove("common")


# ---- copies


def test_a_copy_shows_its_progress_and_its_time_only_at_the_end(live: Live) -> None:
    started = live.copy("progress")
    assert started["Status"] == "copying" and "SnapshotCreateTime" not in started
    assert started["SourceDBClusterSnapshotArn"] == live.newest()["DBClusterSnapshotArn"]
    assert started["SnapshotType"] == "manual"
    seen = []
    while (now := live.snapshot("progress"))["Status"] == "copying":
        assert "SnapshotCreateTime" not in now
        seen.append(now["PercentProgress"])
    assert seen == sorted(seen) and seen[-1] < 100
    assert now["PercentProgress"] == 100 and now["SnapshotCreateTime"]
    assert now["KmsKeyId"] == live.info["world"]["kms_keys"]["us-west-2"]
    assert now["DbClusterResourceId"] == live.newest()["DbClusterResourceId"]
    live.rds.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier="progress")


def test_an_encrypted_copy_across_regions_needs_a_key(live: Live) -> None:
    with refused("InvalidParameterValue", "Must specify new KMS key"):
        live.rds.copy_db_cluster_snapshot(
            SourceDBClusterSnapshotIdentifier=live.newest()["DBClusterSnapshotArn"],
            TargetDBClusterSnapshotIdentifier="x", SourceRegion="us-east-1",
        )  # fmt: skip


@pytest.mark.parametrize("key", ["source", "disabled", "alias/nobody", "arn:aws:kms:us-west-2:123456789012:key/none"])
def test_the_key_of_a_copy_must_be_an_enabled_one_of_its_region(live: Live, key: str) -> None:
    world = live.info["world"]
    known = {"source": world["kms_keys"]["us-east-1"], "disabled": world["disabled_key"]}
    with refused("KMSKeyNotAccessibleFault", "The target KMS key"):
        live.copy("x", KmsKeyId=known.get(key, key))


def test_a_copy_across_regions_needs_a_presigned_url_of_the_right_region(live: Live) -> None:
    given = {
        "SourceDBClusterSnapshotIdentifier": live.newest()["DBClusterSnapshotArn"],
        "TargetDBClusterSnapshotIdentifier": "x",
        "KmsKeyId": STAGING_KEY,
    }
    with refused("InvalidParameterCombination", "PreSignedUrl"):
        live.rds.copy_db_cluster_snapshot(**given)
    with refused("InvalidParameterValue", "PreSignedUrl could not be authenticated"):
        live.rds.copy_db_cluster_snapshot(**given, SourceRegion="eu-west-1")


def test_a_snapshot_that_is_not_available_is_not_copied(live: Live) -> None:
    source = live.info["world"]["creating_snapshot_id"]
    with refused("InvalidDBClusterSnapshotStateFault", "creating"):
        live.copy(
            "x", SourceDBClusterSnapshotIdentifier=f"arn:aws:rds:us-east-1:123456789012:cluster-snapshot:{source}"
        )
    with refused("DBClusterSnapshotNotFoundFault", status=404):
        live.copy("x", SourceDBClusterSnapshotIdentifier="arn:aws:rds:us-east-1:123456789012:cluster-snapshot:nobody")


def test_names_of_copies(live: Live, copied: str) -> None:
    with refused("DBClusterSnapshotAlreadyExistsFault", copied):
        live.copy(copied.upper())
    for wrong in ("rds:x", "1x", "x-", "a--b", "x" * 64):
        with refused("InvalidParameterValue", "TargetDBClusterSnapshotIdentifier"):
            live.copy(wrong)


def test_reserved_tags_are_refused(live: Live) -> None:
    with refused("InvalidParameterValue", 'reserved prefix "aws:"'):
        live.copy("x", Tags=[{"Key": "aws:x", "Value": "y"}])


def test_copy_tags_counts_only_without_tags(live: Live) -> None:
    live.copy("tagged", CopyTags=True)
    assert {"Key": "environment", "Value": "production"} in live.snapshot("tagged")["TagList"]
    live.copy("retagged", CopyTags=True, Tags=[{"Key": "a", "Value": "b"}])
    assert live.snapshot("retagged")["TagList"] == [{"Key": "a", "Value": "b"}]
    for name in ("tagged", "retagged"):  # deleting one that is being copied cancels it
        live.rds.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier=name)


def test_at_most_five_copies_across_regions_at_a_time(live: Live) -> None:
    names = [f"many-{number}" for number in range(5)]
    for name in names:
        live.copy(name)
    with refused("SnapshotQuotaExceeded", "Cannot copy more than 5 snapshots across regions"):
        live.copy("many-6")
    for name in names:
        live.rds.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier=name)
    live.copy("many-6")
    live.rds.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier="many-6")


# ---- listing snapshots


def test_the_newest_is_still_being_made_and_has_no_time(live: Live) -> None:
    creating = live.source.describe_db_cluster_snapshots(
        DBClusterSnapshotIdentifier=live.info["world"]["creating_snapshot_id"]
    )["DBClusterSnapshots"][0]
    assert creating["Status"] == "creating" and "SnapshotCreateTime" not in creating
    assert live.newest()["DBClusterSnapshotIdentifier"] == live.info["world"]["newest_snapshot_id"]


def test_an_automated_snapshot_is_found_by_id_only_with_its_type(live: Live) -> None:
    name = live.info["world"]["newest_snapshot_id"]
    assert name.startswith("rds:")
    with refused("DBClusterSnapshotNotFoundFault", status=404):
        live.source.describe_db_cluster_snapshots(DBClusterSnapshotIdentifier=name)
    found = live.source.describe_db_cluster_snapshots(DBClusterSnapshotIdentifier=name, SnapshotType="automated")
    assert found["DBClusterSnapshots"][0]["DBClusterSnapshotArn"].endswith(f":cluster-snapshot:{name}")


def test_types_and_filters(live: Live) -> None:
    def names(**wanted: Any) -> set[str]:
        found = live.source.describe_db_cluster_snapshots(**wanted)["DBClusterSnapshots"]
        return {item["DBClusterSnapshotIdentifier"] for item in found}

    automated, manual = names(SnapshotType="automated"), names(SnapshotType="manual")
    assert len(automated) == 3 and len(manual) == 2 and names() == automated | manual
    assert names(DBClusterIdentifier="SHOP-production") == names()
    assert names(DBClusterIdentifier="nobody") == names(SnapshotType="shared") == set()
    assert names(Filters=[{"Name": "db-cluster-id", "Values": ["shop-production"]}]) == names()
    assert names(Filters=[{"Name": "snapshot-type", "Values": ["manual"]}]) == manual
    assert names(DbClusterResourceId=live.newest()["DbClusterResourceId"]) == names()
    with refused("InvalidParameterCombination"):
        names(DBClusterIdentifier="shop-production", DBClusterSnapshotIdentifier="shop-production-weekly")
    with refused("InvalidParameterValue", "MaxRecords"):
        names(MaxRecords=10)


def test_automated_snapshots_cannot_be_deleted(live: Live) -> None:
    with refused("InvalidDBClusterSnapshotStateFault"):
        live.source.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier=live.info["world"]["newest_snapshot_id"])


def test_pagination_and_the_quota_of_manual_snapshots(live: Live) -> None:
    """Last of the snapshots' tests: it fills a region that nobody else uses."""
    west = live.client("rds", "us-west-1")
    source = live.newest()["DBClusterSnapshotArn"]
    key = live.client("kms", "us-west-1").create_key()["KeyMetadata"]["Arn"]
    first = {"SourceDBClusterSnapshotIdentifier": source, "KmsKeyId": key, "SourceRegion": "us-east-1"}
    west.copy_db_cluster_snapshot(TargetDBClusterSnapshotIdentifier="n-0", **first)
    live.until(lambda: west.describe_db_cluster_snapshots()["DBClusterSnapshots"][0]["Status"] == "available")
    for number in range(1, 100):
        west.copy_db_cluster_snapshot(
            SourceDBClusterSnapshotIdentifier="n-0", TargetDBClusterSnapshotIdentifier=f"n-{number}"
        )
    with refused("SnapshotQuotaExceeded", "Cannot create more than 100 manual snapshots"):
        west.copy_db_cluster_snapshot(
            SourceDBClusterSnapshotIdentifier="n-0", TargetDBClusterSnapshotIdentifier="n-100"
        )
    pages = list(west.get_paginator("describe_db_cluster_snapshots").paginate(PaginationConfig={"PageSize": 40}))
    assert [len(page["DBClusterSnapshots"]) for page in pages] == [40, 40, 20]
    quotas = {item["AccountQuotaName"]: item for item in west.describe_account_attributes()["AccountQuotas"]}
    assert (quotas["ManualClusterSnapshots"]["Used"], quotas["ManualClusterSnapshots"]["Max"]) == (100, 100)
    for number in range(100):
        west.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier=f"n-{number}")


# ---- restore


def test_restore_defaults_are_awss_and_not_the_snapshots(live: Live, copied: str) -> None:
    """Version, group, network and the rest; here in the snapshot's own region, with nothing said."""
    source = live.source
    weekly = source.describe_db_cluster_snapshots(DBClusterSnapshotIdentifier="shop-production-weekly")
    snapshot = weekly["DBClusterSnapshots"][0]
    restored = source.restore_db_cluster_from_snapshot(
        DBClusterIdentifier="bare", SnapshotIdentifier="shop-production-weekly", Engine="aurora-postgresql"
    )["DBCluster"]
    production = source.describe_db_clusters(DBClusterIdentifier="shop-production")["DBClusters"][0]
    default = source.describe_db_engine_versions(Engine="aurora-postgresql", DefaultOnly=True)["DBEngineVersions"]
    assert restored["EngineVersion"] == default[0]["EngineVersion"] != snapshot["EngineVersion"]
    assert restored["DBSubnetGroup"] == "default" and restored["DBClusterParameterGroup"].startswith("default.")
    ours = {group["VpcSecurityGroupId"] for group in production["VpcSecurityGroups"]}
    assert len(restored["VpcSecurityGroups"]) == 1
    assert restored["VpcSecurityGroups"][0]["VpcSecurityGroupId"] not in ours
    assert not restored["DeletionProtection"] and not restored["IAMDatabaseAuthenticationEnabled"]
    assert not restored.get("EnabledCloudwatchLogsExports") and not restored["CopyTagsToSnapshot"]
    assert restored["TagList"] == [] and restored["DBClusterMembers"] == []
    assert restored["BackupRetentionPeriod"] == 1
    assert restored["KmsKeyId"] == snapshot["KmsKeyId"] and restored["MasterUsername"] == "dbadmin"
    live.until(
        lambda: source.describe_db_clusters(DBClusterIdentifier="bare")["DBClusters"][0]["Status"] == "available"
    )
    source.delete_db_cluster(DBClusterIdentifier="bare", SkipFinalSnapshot=True)


RESTORE_REFUSALS: list[tuple[dict[str, Any], str, str, int]] = [
    ({"SnapshotIdentifier": "nobody"}, "DBClusterSnapshotNotFoundFault", "nobody", 404),
    ({"DBClusterIdentifier": "shop-staging"}, "DBClusterAlreadyExistsFault", "", 400),
    ({"DBSubnetGroupName": "nobody"}, "DBSubnetGroupNotFoundFault", "nobody", 404),
    ({"DBClusterParameterGroupName": "nobody"}, "DBClusterParameterGroupNotFound", "nobody", 404),
    ({"VpcSecurityGroupIds": ["sg-0123456789abcdef0"]}, "InvalidParameterValue", "sg-0123456789abcdef0", 400),
    ({"KmsKeyId": "alias/disabled"}, "KMSKeyNotAccessibleFault", "Specified KMS key", 400),
    ({"EngineVersion": "12.7"}, "InvalidParameterCombination", "12.7", 400),
    ({"Engine": "aurora-mysql"}, "InvalidRestoreFault", "aurora-mysql", 400),
    ({"StorageType": "gp3"}, "StorageTypeNotSupported", "gp3", 400),
    ({"DBClusterIdentifier": "a--b"}, "InvalidParameterValue", "DBClusterIdentifier", 400),
    ({"Port": 80}, "InvalidParameterValue", "port", 400),
]


@pytest.mark.parametrize("case", RESTORE_REFUSALS, ids=lambda case: "-".join(case[0]))
def test_restores_that_are_refused(live: Live, copied: str, case: tuple[dict[str, Any], str, str, int]) -> None:
    wrong, code, text, status = case
    given = {
        "DBClusterIdentifier": "x", "SnapshotIdentifier": copied, "Engine": "aurora-postgresql",
        "EngineVersion": live.newest()["EngineVersion"], "DBSubnetGroupName": "shop-staging",
    }  # fmt: skip
    with refused(code, text, status):
        live.rds.restore_db_cluster_from_snapshot(**(given | wrong))


def test_security_groups_of_another_vpc_are_refused(live: Live, copied: str) -> None:
    foreign = live.client("ec2").describe_security_groups(Filters=[{"Name": "group-name", "Values": ["default"]}])
    vpc = live.rds.describe_db_subnet_groups(DBSubnetGroupName="shop-staging")["DBSubnetGroups"][0]["VpcId"]
    other = next(group["GroupId"] for group in foreign["SecurityGroups"] if group["VpcId"] != vpc)
    with refused("InvalidParameterCombination", "different VPCs"):
        live.rds.restore_db_cluster_from_snapshot(
            DBClusterIdentifier="x", SnapshotIdentifier=copied, Engine="aurora-postgresql",
            EngineVersion=live.newest()["EngineVersion"], DBSubnetGroupName="shop-staging", VpcSecurityGroupIds=[other],
        )  # fmt: skip


def test_the_endpoint_is_dead_until_the_writer_is_there_and_holds_the_snapshots_data(live: Live, copied: str) -> None:
    restored = live.restore("data", copied)
    assert restored["DBClusterMembers"] == [] and "EarliestRestorableTime" not in restored
    password = live.secret("shop/production/master", "us-east-1")["password"]
    count = "SELECT count(*) FROM shop.customers"
    with pytest.raises(psycopg2.OperationalError):
        live.query(restored, "dbadmin", password, count)
    kinds = {item["EndpointType"]: item["Status"] for item in _endpoints(live, "data")}
    assert kinds == {"WRITER": "creating", "READER": "creating"}
    with refused("InvalidDBClusterStateFault"):
        live.rds.create_db_cluster_snapshot(DBClusterIdentifier="data", DBClusterSnapshotIdentifier="x")
    live.rds.create_db_instance(
        DBInstanceIdentifier="data-1", DBClusterIdentifier="data", Engine="aurora-postgresql",
        DBInstanceClass="db.r6g.large",
    )  # fmt: skip
    assert "Endpoint" not in live.instance("data-1")
    live.until(lambda: live.instance("data-1")["DBInstanceStatus"] == "available")
    available = live.cluster("data")
    assert available["Endpoint"] == live.instance("data-1")["Endpoint"]["Address"]
    assert {item["Status"] for item in _endpoints(live, "data")} == {"available"}
    assert available["EarliestRestorableTime"]
    # The restored roles keep the source's passwords; rows written after the snapshot are not there.
    app = live.secret("shop/production/app", "us-east-1")
    assert live.query(available, app["app_username"], app["app_password"], count) == [(2000,)]
    late = "SELECT count(*) FROM shop.customers WHERE email = 'after-snapshot@example.com'"
    assert live.query(available, app["app_username"], app["app_password"], late) == [(0,)]
    roles = "SELECT rolsuper, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = 'dbadmin'"
    assert live.query(available, "dbadmin", password, roles) == [(False, True, True)]
    live.remove("data")
    with pytest.raises(psycopg2.OperationalError):
        live.query(available, app["app_username"], app["app_password"], count)


def _endpoints(live: Live, name: str) -> list[dict[str, Any]]:
    return list(live.rds.describe_db_cluster_endpoints(DBClusterIdentifier=name)["DBClusterEndpoints"])


def test_an_older_snapshot_holds_older_data(live: Live) -> None:
    source, name = live.source, "weekly"
    snapshots = source.describe_db_cluster_snapshots(DBClusterSnapshotIdentifier="shop-production-weekly")
    version = snapshots["DBClusterSnapshots"][0]["EngineVersion"]
    source.restore_db_cluster_from_snapshot(
        DBClusterIdentifier=name, SnapshotIdentifier="shop-production-weekly", Engine="aurora-postgresql",
        EngineVersion=version,
    )  # fmt: skip

    def found() -> dict[str, Any]:
        return dict(source.describe_db_clusters(DBClusterIdentifier=name)["DBClusters"][0])

    live.until(lambda: found()["Status"] == "available")
    source.create_db_instance(
        DBInstanceIdentifier="weekly-1", DBClusterIdentifier=name, Engine="aurora-postgresql",
        DBInstanceClass="db.r6g.large",
    )  # fmt: skip
    live.until(lambda: "EarliestRestorableTime" in found())
    app = live.secret("shop/production/app", "us-east-1")
    rows = live.query(found(), app["app_username"], app["app_password"], "SELECT count(*) FROM shop.customers")
    assert rows == [(1800,)]
    source.delete_db_instance(DBInstanceIdentifier="weekly-1")
    source.delete_db_cluster(DBClusterIdentifier=name, SkipFinalSnapshot=True)


def test_a_restore_that_fails_ends_incompatible_and_can_be_deleted(live: Live) -> None:
    live.copy("torn")
    live.until(lambda: live.snapshot("torn")["Status"] == "available")
    (data,) = (live.dir / "snapshots").glob("us-west-2-torn-*")
    shutil.rmtree(data)
    live.rds.restore_db_cluster_from_snapshot(
        DBClusterIdentifier="wreck", SnapshotIdentifier="torn", Engine="aurora-postgresql",
        EngineVersion=live.newest()["EngineVersion"], DBSubnetGroupName="shop-staging",
    )  # fmt: skip
    live.until(lambda: live.cluster("wreck")["Status"] == "incompatible-restore")
    events = live.rds.describe_events(SourceType="db-cluster", SourceIdentifier="wreck")["Events"]
    assert events[-1]["EventCategories"] == ["failure"] and "incompatible-restore" in events[-1]["Message"]
    with refused("InvalidDBClusterStateFault"):
        live.rds.delete_db_cluster(DBClusterIdentifier="wreck", FinalDBSnapshotIdentifier="x")
    live.rds.delete_db_cluster(DBClusterIdentifier="wreck", SkipFinalSnapshot=True)
    live.until(lambda: live.is_gone("wreck"))
    live.rds.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier="torn")


# ---- instances

INSTANCE_REFUSALS: list[tuple[dict[str, Any], str, str, int]] = [
    ({"DBInstanceClass": "db.z9.huge"}, "InvalidParameterCombination", "db.z9.huge", 400),
    ({"DBClusterIdentifier": "nobody"}, "DBClusterNotFoundFault", "nobody", 404),
    ({"DBInstanceIdentifier": "Common-1"}, "DBInstanceAlreadyExists", "", 400),
    ({"DBParameterGroupName": "nobody"}, "DBParameterGroupNotFound", "nobody", 404),
    ({"MasterUserPassword": "abcdefgh1"}, "InvalidParameterCombination", "member of a DB Cluster", 400),
    ({"Port": 5433}, "InvalidParameterCombination", "Set port for the DB Cluster", 400),
    ({"Engine": "aurora-mysql"}, "InvalidParameterCombination", "aurora-mysql", 400),
    ({"DBInstanceClass": "db.serverless"}, "InvalidDBClusterStateFault", "scaling configuration", 400),
    ({"PromotionTier": 16}, "InvalidParameterValue", "16", 400),
    ({"AvailabilityZone": "us-west-2z"}, "InvalidParameterValue", "us-west-2z", 400),
]


@pytest.mark.parametrize("case", INSTANCE_REFUSALS, ids=lambda case: "-".join(case[0]))
def test_instances_that_are_refused(live: Live, cluster: str, case: tuple[dict[str, Any], str, str, int]) -> None:
    wrong, code, text, status = case
    given = {
        "DBInstanceIdentifier": "x", "DBClusterIdentifier": cluster, "Engine": "aurora-postgresql",
        "DBInstanceClass": "db.r6g.large",
    }  # fmt: skip
    with refused(code, text, status):
        live.rds.create_db_instance(**(given | wrong))


def test_the_first_instance_is_the_writer_and_a_failover_makes_another(live: Live, copied: str) -> None:
    live.restore("failover", copied)
    for number, tier in ((1, 9), (2, 5), (3, 2)):
        live.add_instance("failover", f"failover-{number}", PromotionTier=tier)

    def writer() -> list[str]:
        members = live.cluster("failover")["DBClusterMembers"]
        return [member["DBInstanceIdentifier"] for member in members if member["IsClusterWriter"]]

    assert writer() == ["failover-1"]
    live.rds.delete_db_instance(DBInstanceIdentifier="failover-1")
    assert writer() == ["failover-3"]
    live.remove("failover")


# ---- modify


def test_the_status_lags_behind_modify_and_pending_values_go_in_the_end(live: Live, cluster: str) -> None:
    password = live.secret("shop/staging/master")["password"]
    answer = live.rds.modify_db_cluster(
        DBClusterIdentifier=cluster, MasterUserPassword=password, BackupRetentionPeriod=9, ApplyImmediately=True
    )["DBCluster"]
    assert answer["Status"] == "available"
    at_once = live.cluster(cluster)
    assert at_once["Status"] == "available" and not at_once.get("PendingModifiedValues")
    assert at_once["BackupRetentionPeriod"] != 9
    during = live.until(lambda: (now := live.cluster(cluster))["Status"] != "available" and now)
    assert during["Status"] == "resetting-master-credentials"
    assert during["PendingModifiedValues"] == {"MasterUserPassword": "****", "BackupRetentionPeriod": 9}
    with refused("InvalidDBClusterStateFault", "not available for modification"):
        live.rds.modify_db_cluster(DBClusterIdentifier=cluster, BackupRetentionPeriod=3)
    after = live.until(lambda: (now := live.cluster(cluster))["Status"] == "available" and now)
    assert not after.get("PendingModifiedValues") and after["BackupRetentionPeriod"] == 9
    assert live.query(after, "dbadmin", password, "SELECT current_user") == [("dbadmin",)]
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        live.query(after, "dbadmin", live.secret("shop/production/master", "us-east-1")["password"], "SELECT 1")


def test_changes_during_the_lag_are_all_applied(live: Live, cluster: str) -> None:
    change = live.rds.modify_db_cluster
    change(DBClusterIdentifier=cluster, PreferredMaintenanceWindow="mon:01:00-mon:01:30")
    change(DBClusterIdentifier=cluster, CloudwatchLogsExportConfiguration={"EnableLogTypes": ["postgresql"]})

    def both() -> bool:
        now = live.cluster(cluster)
        return (
            now["PreferredMaintenanceWindow"] == "mon:01:00-mon:01:30"
            and now["Status"] == "available"
            and (now.get("EnabledCloudwatchLogsExports") == ["postgresql"])
        )

    live.until(both)


def test_modifications_that_are_refused(live: Live, cluster: str) -> None:
    change = live.rds.modify_db_cluster
    with refused("InvalidParameterCombination", "No modifications were requested"):
        change(DBClusterIdentifier=cluster, ApplyImmediately=True)
    with refused("InvalidParameterValue", "MasterUserPassword"):
        change(DBClusterIdentifier=cluster, MasterUserPassword="sh@rt/")
    with refused("InvalidParameterValue", "backup retention"):
        change(DBClusterIdentifier=cluster, BackupRetentionPeriod=36)
    with refused("DBClusterNotFoundFault", status=404):
        change(DBClusterIdentifier="nobody", BackupRetentionPeriod=3)
    with refused("DBClusterAlreadyExistsFault"):
        change(DBClusterIdentifier=cluster, NewDBClusterIdentifier="shop-staging", ApplyImmediately=True)


def test_a_rename_needs_apply_immediately_and_moves_the_cluster_endpoint(live: Live, copied: str) -> None:
    before = live.restore("old-name", copied)
    live.add_instance("old-name", "kept-name")
    before = live.cluster("old-name")
    live.rds.modify_db_cluster(DBClusterIdentifier="old-name", NewDBClusterIdentifier="new-name")
    assert live.cluster("old-name")["PendingModifiedValues"] == {"DBClusterIdentifier": "new-name"}
    live.rds.modify_db_cluster(DBClusterIdentifier="old-name", NewDBClusterIdentifier="new-name", ApplyImmediately=True)
    live.until(lambda: live.cluster("old-name")["Status"] == "renaming")
    live.until(lambda: live.is_gone("old-name"))
    after = live.cluster("new-name")
    assert after["DbClusterResourceId"] == before["DbClusterResourceId"] and after["Endpoint"] != before["Endpoint"]
    assert live.instance("kept-name")["DBClusterIdentifier"] == "new-name"
    live.remove("new-name")


# ---- delete


def test_delete_rules(live: Live, copied: str) -> None:
    live.restore("doomed", copied, DeletionProtection=True)
    live.add_instance("doomed", "doomed-1")
    delete = live.rds.delete_db_cluster
    with refused("InvalidParameterCombination", "Cannot delete protected Cluster"):
        delete(DBClusterIdentifier="doomed", SkipFinalSnapshot=True)
    live.rds.modify_db_cluster(DBClusterIdentifier="doomed", DeletionProtection=False)
    assert live.cluster("doomed")["DeletionProtection"] is False, "in force at once"
    with refused("InvalidParameterCombination", "FinalDBSnapshotIdentifier is required"):
        delete(DBClusterIdentifier="doomed")
    with refused("InvalidParameterCombination", "FinalDBSnapshotIdentifier cannot be specified"):
        delete(DBClusterIdentifier="doomed", SkipFinalSnapshot=True, FinalDBSnapshotIdentifier="x")
    with refused("InvalidDBClusterStateFault", "it still contains DB instances in non-deleting state"):
        delete(DBClusterIdentifier="doomed", SkipFinalSnapshot=True)
    assert live.rds.delete_db_instance(DBInstanceIdentifier="doomed-1")["DBInstance"]["DBInstanceStatus"] == "deleting"
    with refused("InvalidDBInstanceState", "is already being deleted"):
        live.rds.delete_db_instance(DBInstanceIdentifier="doomed-1")
    with refused("DBClusterSnapshotAlreadyExistsFault", copied):
        delete(DBClusterIdentifier="doomed", FinalDBSnapshotIdentifier=copied)
    answer = delete(DBClusterIdentifier="doomed", FinalDBSnapshotIdentifier="doomed-final")["DBCluster"]
    assert answer["Status"] == "available", "the answer shows the status before"
    assert live.cluster("doomed")["Status"] == "deleting"
    assert live.snapshot("doomed-final")["Status"] == "creating"
    with refused("InvalidDBClusterStateFault", "already being deleted"):
        delete(DBClusterIdentifier="doomed", SkipFinalSnapshot=True)
    live.until(lambda: live.is_gone("doomed"))
    with refused("DBInstanceNotFound", "doomed-1", 404):
        live.instance("doomed-1")
    assert live.snapshot("doomed-final")["Status"] == "available", "manual snapshots survive"
    live.rds.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier="doomed-final")
    with refused("DBClusterNotFoundFault", "doomed", 404):
        delete(DBClusterIdentifier="doomed", SkipFinalSnapshot=True)


def test_protection_of_the_cluster_does_not_protect_its_instances(live: Live, copied: str) -> None:
    live.restore("shielded", copied, DeletionProtection=True)
    live.add_instance("shielded", "shielded-1")
    live.rds.delete_db_instance(DBInstanceIdentifier="shielded-1", SkipFinalSnapshot=True)
    live.rds.modify_db_cluster(DBClusterIdentifier="shielded", DeletionProtection=False)
    live.rds.delete_db_cluster(DBClusterIdentifier="shielded", SkipFinalSnapshot=True)
    live.until(lambda: live.is_gone("shielded"))


def test_deleting_frees_the_disk(live: Live, copied: str) -> None:
    resource_id = live.restore("heavy", copied)["DbClusterResourceId"]
    assert (live.dir / "clusters" / resource_id).exists()
    live.rds.delete_db_cluster(DBClusterIdentifier="heavy", SkipFinalSnapshot=True)
    live.until(lambda: live.is_gone("heavy"))
    assert not (live.dir / "clusters" / resource_id).exists()


def test_a_stopped_cluster_must_be_started_to_be_changed_or_deleted(live: Live, copied: str) -> None:
    live.restore("lazy", copied)
    live.add_instance("lazy", "lazy-1")
    live.rds.stop_db_cluster(DBClusterIdentifier="lazy")
    live.until(lambda: live.cluster("lazy")["Status"] == "stopped")
    assert live.instance("lazy-1")["DBInstanceStatus"] == "stopped"
    with refused("InvalidDBClusterStateFault"):
        live.rds.modify_db_cluster(DBClusterIdentifier="lazy", BackupRetentionPeriod=3)
    with refused("InvalidDBClusterStateFault"):
        live.rds.create_db_cluster_snapshot(DBClusterIdentifier="lazy", DBClusterSnapshotIdentifier="x")
    with refused("InvalidDBClusterStateFault"):
        live.rds.delete_db_instance(DBInstanceIdentifier="lazy-1")
    with refused("InvalidDBClusterStateFault"):
        live.rds.stop_db_cluster(DBClusterIdentifier="lazy")
    live.rds.start_db_cluster(DBClusterIdentifier="lazy")
    live.until(lambda: live.cluster("lazy")["Status"] == "available")
    app = live.secret("shop/production/app", "us-east-1")
    assert live.query(live.cluster("lazy"), app["app_username"], app["app_password"], "SELECT 1") == [(1,)]
    live.remove("lazy")


def test_a_final_snapshot_holds_what_was_there_and_can_be_restored(live: Live, cluster: str) -> None:
    password = live.secret("shop/staging/master")["password"]
    live.rds.modify_db_cluster(DBClusterIdentifier=cluster, MasterUserPassword=password)
    time.sleep(0.5)
    live.until(lambda: live.cluster(cluster)["Status"] == "available")
    live.rds.create_db_cluster_snapshot(
        DBClusterIdentifier=cluster, DBClusterSnapshotIdentifier="mine", Tags=[{"Key": "a", "Value": "b"}]
    )
    live.until(lambda: live.snapshot("mine")["Status"] == "available")
    assert live.snapshot("mine")["TagList"] == [{"Key": "a", "Value": "b"}]
    live.restore("again", "mine")
    live.add_instance("again", "again-1")
    rows = live.query(
        live.cluster("again"), "dbadmin", password, "SELECT count(*) FROM pg_database WHERE datname='shop'"
    )
    assert rows == [(1,)]
    live.remove("again")
    live.rds.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier="mine")


# ---- the rest


def test_not_found_codes(live: Live) -> None:
    rds = live.rds
    with refused("DBClusterNotFoundFault", "nobody", 404):
        rds.describe_db_clusters(DBClusterIdentifier="nobody")
    with refused("DBInstanceNotFound", "nobody", 404):
        rds.describe_db_instances(DBInstanceIdentifier="nobody")
    with refused("DBClusterSnapshotNotFoundFault", "nobody", 404):
        rds.describe_db_cluster_snapshots(DBClusterSnapshotIdentifier="nobody")
    with refused("DBSubnetGroupNotFoundFault", "nobody", 404):
        rds.describe_db_subnet_groups(DBSubnetGroupName="nobody")
    with refused("DBParameterGroupNotFound", "nobody", 404):
        rds.describe_db_cluster_parameter_groups(DBClusterParameterGroupName="nobody")
    with refused("DBParameterGroupNotFound", "nobody", 404):
        rds.describe_db_parameter_groups(DBParameterGroupName="nobody")
    with refused("DBClusterNotFoundFault", status=404):
        rds.add_tags_to_resource(
            ResourceName="arn:aws:rds:us-west-2:123456789012:cluster:nobody", Tags=[{"Key": "a", "Value": "b"}]
        )


def test_offers(live: Live) -> None:
    version = live.newest()["EngineVersion"]
    found = live.rds.describe_orderable_db_instance_options(
        Engine="aurora-postgresql", EngineVersion=version, DBInstanceClass="db.r6g.large"
    )["OrderableDBInstanceOptions"]
    assert {item["StorageType"] for item in found} == {"aurora", "aurora-iopt1"}
    assert not live.rds.describe_orderable_db_instance_options(
        Engine="aurora-postgresql", EngineVersion=version, DBInstanceClass="db.z9.huge"
    )["OrderableDBInstanceOptions"]
    versions = live.rds.describe_db_engine_versions(Engine="aurora-postgresql", EngineVersion=version)
    assert [item["EngineVersion"] for item in versions["DBEngineVersions"]] == [version]


def test_events_tell_what_happened(live: Live, cluster: str) -> None:
    events = live.rds.describe_events(SourceType="db-cluster", SourceIdentifier=cluster)["Events"]
    assert any("Restored from snapshot" in event["Message"] for event in events)
    with refused("InvalidParameterCombination"):
        live.rds.describe_events(SourceIdentifier=cluster)


def test_roles(live: Live, cluster: str) -> None:
    role = {"DBClusterIdentifier": cluster, "RoleArn": "arn:aws:iam::123456789012:role/s3", "FeatureName": "s3Import"}
    live.rds.add_role_to_db_cluster(**role)
    assert live.cluster(cluster)["AssociatedRoles"][0]["RoleArn"] == role["RoleArn"]
    with refused("DBClusterRoleAlreadyExists"):
        live.rds.add_role_to_db_cluster(**role)
    live.rds.remove_role_from_db_cluster(**role)
    with refused("DBClusterRoleNotFound", status=404):
        live.rds.remove_role_from_db_cluster(**role)


def test_other_engines_are_left_to_moto(live: Live) -> None:
    live.rds.create_db_cluster(
        DBClusterIdentifier="other", Engine="aurora-mysql", MasterUsername="admin", MasterUserPassword="abcdefgh1"
    )
    assert live.cluster("other")["Engine"] == "aurora-mysql"
    with contextlib.suppress(live.rds.exceptions.ClientError):
        live.rds.delete_db_cluster(DBClusterIdentifier="other", SkipFinalSnapshot=True)
    assert live.is_gone("other")
