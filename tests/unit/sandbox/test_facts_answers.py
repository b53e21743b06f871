# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Error codes with their HTTP statuses, pages, filters, tags, events, quotas: what is common to RDS's calls.

Sources: botocore's service model of RDS; https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/CommonErrors.html;
Aurora user guide, "Tagging Amazon Aurora and Amazon RDS resources" (USER_Tagging.html) and "Quotas and constraints for
Amazon Aurora" (CHAP_Limits.html).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import WaiterError
from in_process import ACCOUNT, HOME, Aws
from live_sandbox import refused
from moto.rds.models import rds_backends
from sandbox.error_codes import modelled

NOT_FOUND: list[tuple[str, dict[str, Any], str]] = [
    ("describe_db_clusters", {"DBClusterIdentifier": "nobody"}, "DBClusterNotFoundFault"),
    ("modify_db_cluster", {"DBClusterIdentifier": "nobody", "Port": 5433}, "DBClusterNotFoundFault"),
    ("start_db_cluster", {"DBClusterIdentifier": "nobody"}, "DBClusterNotFoundFault"),
    ("stop_db_cluster", {"DBClusterIdentifier": "nobody"}, "DBClusterNotFoundFault"),
    ("describe_db_instances", {"DBInstanceIdentifier": "nobody"}, "DBInstanceNotFound"),
    ("delete_db_instance", {"DBInstanceIdentifier": "nobody"}, "DBInstanceNotFound"),
    ("modify_db_instance", {"DBInstanceIdentifier": "nobody", "PromotionTier": 1}, "DBInstanceNotFound"),
    ("reboot_db_instance", {"DBInstanceIdentifier": "nobody"}, "DBInstanceNotFound"),
    (
        "describe_db_cluster_snapshots",
        {"DBClusterSnapshotIdentifier": "nobody"},
        "DBClusterSnapshotNotFoundFault",
    ),
    ("delete_db_cluster_snapshot", {"DBClusterSnapshotIdentifier": "nobody"}, "DBClusterSnapshotNotFoundFault"),
    (
        "describe_db_cluster_snapshot_attributes",
        {"DBClusterSnapshotIdentifier": "nobody"},
        "DBClusterSnapshotNotFoundFault",
    ),
    ("describe_db_subnet_groups", {"DBSubnetGroupName": "nobody"}, "DBSubnetGroupNotFoundFault"),
    ("describe_db_parameter_groups", {"DBParameterGroupName": "nobody"}, "DBParameterGroupNotFound"),
    # This one says it without "Cluster".
    ("describe_db_cluster_parameter_groups", {"DBClusterParameterGroupName": "nobody"}, "DBParameterGroupNotFound"),
    (
        "add_tags_to_resource",
        {"ResourceName": f"arn:aws:rds:{HOME}:{ACCOUNT}:cluster:nobody", "Tags": [{"Key": "a", "Value": "b"}]},
        "DBClusterNotFoundFault",
    ),
    (
        "list_tags_for_resource",
        {"ResourceName": f"arn:aws:rds:{HOME}:{ACCOUNT}:cluster-snapshot:nobody"},
        "DBClusterSnapshotNotFoundFault",
    ),
    ("list_tags_for_resource", {"ResourceName": f"arn:aws:rds:{HOME}:{ACCOUNT}:db:nobody"}, "DBInstanceNotFound"),
]


@pytest.mark.parametrize("case", NOT_FOUND, ids=lambda case: f"{case[0]}-{case[2]}")
def test_what_is_not_there_has_its_own_code_and_404(aws: Aws, case: tuple[str, dict[str, Any], str]) -> None:
    call, given, code = case
    with refused(code, status=404):
        getattr(aws.rds, call)(**given)


def test_codes_end_in_fault_or_not_as_the_model_has_them() -> None:
    codes = modelled("rds")
    with_fault = {"DBClusterNotFoundFault": 404, "InvalidDBClusterStateFault": 400, "DBClusterQuotaExceededFault": 403}
    without = {"DBInstanceNotFound": 404, "SnapshotQuotaExceeded": 400, "DBClusterParameterGroupNotFound": 404}
    for code, status in (with_fault | without).items():
        assert codes[code] == status
    for wrong in ("DBClusterNotFound", "SnapshotQuotaExceededFault", "DBInstanceNotFoundFault"):
        assert wrong not in codes


# ---- pages and filters


@pytest.mark.parametrize(
    "call",
    ["describe_db_clusters", "describe_db_instances", "describe_db_cluster_snapshots", "describe_events",
     "describe_db_subnet_groups", "describe_db_cluster_parameter_groups", "describe_db_engine_versions"],
)  # fmt: skip
def test_max_records_is_20_to_100(aws: Aws, call: str) -> None:
    for wrong in (19, 101):
        with refused("InvalidParameterValue", "MaxRecords"):
            getattr(aws.rds, call)(MaxRecords=wrong)
    getattr(aws.rds, call)(MaxRecords=20)


def test_clusters_come_in_pages(aws: Aws) -> None:
    for number in range(25):
        aws.rds.create_db_cluster(
            DBClusterIdentifier=f"c{number}", Engine="aurora-postgresql", MasterUsername="dbadmin",
            MasterUserPassword="correct-horse",
        )  # fmt: skip
    first = aws.rds.describe_db_clusters(MaxRecords=20)
    second = aws.rds.describe_db_clusters(MaxRecords=20, Marker=first["Marker"])
    assert (len(first["DBClusters"]), len(second["DBClusters"])) == (20, 5) and "Marker" not in second


def test_clusters_are_found_by_filters_and_in_any_case(aws: Aws) -> None:
    shop = aws.cluster(members=0)
    aws.cluster("other", members=0)

    def by(name: str, *values: str) -> list[str]:
        found = aws.rds.describe_db_clusters(Filters=[{"Name": name, "Values": list(values)}])["DBClusters"]
        return [item["DBClusterIdentifier"] for item in found]

    assert by("db-cluster-id", "shop") == by("db-cluster-id", shop["DBClusterArn"]) == ["shop"]
    assert by("db-cluster-id", "nobody") == [] and by("db-cluster-id", "shop", "other") == ["shop", "other"]
    assert by("db-cluster-resource-id", shop["DbClusterResourceId"]) == ["shop"]
    assert by("engine", "aurora-postgresql") == ["shop", "other"] and by("engine", "aurora-mysql") == []
    assert by("clone-group-id", "x") == by("domain", "x") == []
    assert aws.see("SHOP") == aws.see(shop["DBClusterArn"]) == aws.see("shop")
    with refused("InvalidParameterValue", "nonsense"):
        by("nonsense", "x")


# ---- tags


def test_a_resource_has_at_most_fifty_tags(aws: Aws) -> None:
    arn = aws.cluster(members=0)["DBClusterArn"]

    def tags(first: int, last: int) -> list[dict[str, str]]:
        return [{"Key": f"key-{number}", "Value": "v"} for number in range(first, last)]

    aws.rds.add_tags_to_resource(ResourceName=arn, Tags=tags(0, 50))
    aws.rds.add_tags_to_resource(ResourceName=arn, Tags=tags(0, 1))
    with refused("InvalidParameterValue", "50"):
        aws.rds.add_tags_to_resource(ResourceName=arn, Tags=tags(50, 51))
    assert len(aws.see("shop")["TagList"]) == 50


@pytest.mark.parametrize("prefix", ["aws:", "rds:"])
def test_reserved_prefixes_of_tags_are_refused(aws: Aws, prefix: str) -> None:
    arn = aws.cluster(members=0)["DBClusterArn"]
    with refused("InvalidParameterValue", "Tag keys cannot start with the reserved prefix"):
        aws.rds.add_tags_to_resource(ResourceName=arn, Tags=[{"Key": f"{prefix}x", "Value": "v"}])


# ---- events


def test_events_are_those_of_the_last_hour_unless_asked_otherwise(aws: Aws) -> None:
    aws.cluster()

    def events(**wanted: Any) -> list[str]:
        return [item["Message"] for item in aws.rds.describe_events(**wanted)["Events"]]

    made = events()
    assert "DB cluster created" in made and "DB instance created" in made
    aws.pass_time(61 * 60)
    assert events() == [] and events(Duration=120) == made
    assert events(StartTime=aws.clock.now() - timedelta(days=1)) == made
    assert events(Duration=120, SourceType="db-instance", SourceIdentifier="shop-1") == ["DB instance created"]
    with refused("InvalidParameterCombination"):
        events(SourceIdentifier="shop")


def test_events_are_kept_for_fourteen_days(aws: Aws) -> None:
    aws.cluster(members=0)
    aws.pass_time(13 * 86400)
    start = aws.clock.now() - timedelta(days=14)
    assert aws.rds.describe_events(StartTime=start)["Events"]
    aws.pass_time(2 * 86400)
    assert not aws.rds.describe_events(StartTime=start)["Events"]


# ---- quotas


def test_quotas_and_what_is_used_of_them_are_told(aws: Aws) -> None:
    aws.cluster()
    aws.snapshot("shop", "s")
    quotas = {item["AccountQuotaName"]: item for item in aws.rds.describe_account_attributes()["AccountQuotas"]}
    expected = {"DBClusters": (1, 40), "DBInstances": (1, 40)}
    expected |= {"ManualClusterSnapshots": (1, 100), "DBClusterRoles": (0, 5)}
    assert {name: (quotas[name]["Used"], quotas[name]["Max"]) for name in expected} == expected


# ---- encryption


def test_new_clusters_have_aws_owned_encryption_that_is_reported_as_not_encrypted(aws: Aws) -> None:
    """Since 2026-02-18: StorageEncryptionType in botocore's model of DBCluster."""
    plain = aws.cluster("plain", members=0)
    assert (plain["StorageEncryptionType"], plain["StorageEncrypted"]) == ("sse-rds", False)
    assert "KmsKeyId" not in plain
    keyed = aws.cluster("keyed", members=0, StorageEncrypted=True)
    assert (keyed["StorageEncryptionType"], keyed["StorageEncrypted"]) == ("sse-kms", True)
    key = aws.client("kms").describe_key(KeyId=keyed["KmsKeyId"])["KeyMetadata"]
    assert key["KeyManager"] == "AWS", "the default key"


# ---- what botocore's waiters do and do not see


def test_the_waiter_for_available_does_not_fail_on_every_terminal_status(aws: Aws) -> None:
    aws.cluster(members=0)
    waiter = aws.rds.get_waiter("db_cluster_available")
    assert (waiter.config.delay, waiter.config.max_attempts) == (30, 60), "half an hour"
    seen = ("failed", "incompatible-restore", "incompatible-parameters")
    missed = ("migration-failed", "restore-failed", "inaccessible-encryption-credentials", "incompatible-network")
    for status in (*seen, *missed):
        rds_backends[ACCOUNT][HOME].clusters["shop"].status = status
        with pytest.raises(WaiterError) as caught:
            waiter.wait(DBClusterIdentifier="shop", WaiterConfig={"Delay": 0, "MaxAttempts": 2})
        assert ("terminal failure" in str(caught.value)) == (status in seen), status


def test_clusters_of_other_engines_are_left_to_moto(aws: Aws) -> None:
    """No fact about AWS: they are there at once, and nothing runs behind them."""
    aws.rds.create_db_cluster(
        DBClusterIdentifier="other", Engine="aurora-mysql", MasterUsername="admin", MasterUserPassword="abcdefgh1"
    )
    assert (aws.see("other")["Engine"], aws.see("other")["Port"]) == ("aurora-mysql", 3306)
    aws.rds.delete_db_cluster(DBClusterIdentifier="other", SkipFinalSnapshot=True)
    assert aws.is_gone("other") and not aws.plane.running
