# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Creating, listing and deleting cluster snapshots.

Sources: CreateDBClusterSnapshot, DescribeDBClusterSnapshots and DeleteDBClusterSnapshot in botocore's model; Aurora
user guide, "Managing an Aurora DB cluster snapshot" (aurora-create-snapshot.html, aurora-restore-snapshot.html).
"""

from __future__ import annotations

from typing import Any

import pytest
from in_process import ACCOUNT, HOME, Aws
from live_sandbox import refused
from moto.rds.models import rds_backends


def names(aws: Aws, **wanted: Any) -> set[str]:
    found = aws.rds.describe_db_cluster_snapshots(**wanted)["DBClusterSnapshots"]
    return {item["DBClusterSnapshotIdentifier"] for item in found}


@pytest.fixture
def snapshots(aws: Aws) -> Aws:
    """Of two clusters that have had one name, and of another; two are automated."""
    for generation in (1, 2):
        aws.cluster("shop")
        aws.snapshot("shop", f"manual-{generation}")
        aws.snapshot("shop", f"auto-{generation}")
        backend = rds_backends[ACCOUNT][HOME]
        automated = backend.cluster_snapshots.pop(f"auto-{generation}")
        automated.snapshot_type = "automated"
        automated.db_cluster_snapshot_identifier = f"rds:shop-{generation}"
        backend.cluster_snapshots[f"rds:shop-{generation}"] = automated
        aws.rds.delete_db_instance(DBInstanceIdentifier="shop-1")
        aws.rds.delete_db_cluster(DBClusterIdentifier="shop", SkipFinalSnapshot=True, DeleteAutomatedBackups=False)
        aws.settle()
    aws.cluster("other")
    aws.snapshot("other", "of-other")
    return aws


def test_a_snapshot_has_no_time_while_it_is_being_made(aws: Aws) -> None:
    aws.cluster()
    started = aws.rds.create_db_cluster_snapshot(DBClusterIdentifier="shop", DBClusterSnapshotIdentifier="s")
    assert started["DBClusterSnapshot"]["Status"] == "creating"
    aws.pass_time(9)
    during = aws.see_snapshot("s")
    assert during["Status"] == "creating" and "SnapshotCreateTime" not in during
    aws.pass_time(1)
    after = aws.see_snapshot("s")
    assert (after["Status"], after["PercentProgress"]) == ("available", 100) and after["SnapshotCreateTime"]


def test_automated_and_manual_ones_are_listed_and_no_others(snapshots: Aws) -> None:
    automated, manual = {"rds:shop-1", "rds:shop-2"}, {"manual-1", "manual-2", "of-other"}
    assert names(snapshots) == automated | manual
    assert names(snapshots, SnapshotType="automated") == automated
    assert names(snapshots, SnapshotType="manual") == manual
    assert names(snapshots, SnapshotType="shared") == names(snapshots, SnapshotType="public") == set()


def test_an_automated_snapshot_is_found_by_its_id_only_with_its_type(snapshots: Aws) -> None:
    with refused("DBClusterSnapshotNotFoundFault", "rds:shop-1", 404):
        names(snapshots, DBClusterSnapshotIdentifier="rds:shop-1")
    assert names(snapshots, DBClusterSnapshotIdentifier="rds:shop-1", SnapshotType="automated") == {"rds:shop-1"}


def test_a_name_that_was_used_again_mixes_lineages_and_the_resource_id_tells_them_apart(snapshots: Aws) -> None:
    assert names(snapshots, DBClusterIdentifier="SHOP") == {"manual-1", "manual-2", "rds:shop-1", "rds:shop-2"}
    first = snapshots.see_snapshot("manual-1")["DbClusterResourceId"]
    assert names(snapshots, DbClusterResourceId=first) == {"manual-1", "rds:shop-1"}
    assert names(snapshots, DBClusterIdentifier="nobody") == set()


def test_filters(snapshots: Aws) -> None:
    def by(name: str, *values: str) -> set[str]:
        return names(snapshots, Filters=[{"Name": name, "Values": list(values)}])

    assert by("db-cluster-id", "other") == {"of-other"}
    assert by("db-cluster-id", f"arn:aws:rds:{HOME}:{ACCOUNT}:cluster:other") == {"of-other"}
    assert by("db-cluster-snapshot-id", "manual-1", "of-other") == {"manual-1", "of-other"}
    assert by("snapshot-type", "automated") == {"rds:shop-1", "rds:shop-2"}
    assert by("engine", "aurora-postgresql") == names(snapshots) and by("engine", "aurora-mysql") == set()
    with refused("InvalidParameterValue", "nonsense"):
        by("nonsense", "x")


def test_cluster_and_snapshot_id_exclude_each_other(aws: Aws) -> None:
    with refused("InvalidParameterCombination"):
        names(aws, DBClusterIdentifier="a", DBClusterSnapshotIdentifier="b")


@pytest.mark.parametrize("wrong", [0, 19, 101])
def test_pages_have_20_to_100_entries(aws: Aws, wrong: int) -> None:
    with refused("InvalidParameterValue", "MaxRecords"):
        names(aws, MaxRecords=wrong)


def test_pages_hold_all_snapshots_once(aws: Aws) -> None:
    aws.cluster()
    for number in range(45):
        aws.rds.create_db_cluster_snapshot(DBClusterIdentifier="shop", DBClusterSnapshotIdentifier=f"s{number}")
    aws.settle()
    pages = list(aws.rds.get_paginator("describe_db_cluster_snapshots").paginate(PaginationConfig={"PageSize": 20}))
    assert [len(page["DBClusterSnapshots"]) for page in pages] == [20, 20, 5]
    found = [item["DBClusterSnapshotIdentifier"] for page in pages for item in page["DBClusterSnapshots"]]
    assert len(set(found)) == 45 and "Marker" not in pages[-1]
    with refused("InvalidParameterValue", "Marker"):
        aws.rds.describe_db_cluster_snapshots(Marker="nonsense")


def test_automated_snapshots_cannot_be_deleted(snapshots: Aws) -> None:
    with refused("InvalidDBClusterSnapshotStateFault", "rds:shop-1"):
        snapshots.rds.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier="rds:shop-1")


def test_a_snapshot_that_is_being_made_cannot_be_deleted_and_one_that_is_copied_can(aws: Aws) -> None:
    aws.cluster()
    aws.rds.create_db_cluster_snapshot(DBClusterIdentifier="shop", DBClusterSnapshotIdentifier="s")
    with refused("InvalidDBClusterSnapshotStateFault", "creating"):
        aws.rds.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier="s")
    aws.settle()
    aws.rds.copy_db_cluster_snapshot(SourceDBClusterSnapshotIdentifier="s", TargetDBClusterSnapshotIdentifier="copy")
    aws.rds.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier="copy")
    with refused("DBClusterSnapshotNotFoundFault", "copy", 404):
        aws.rds.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier="copy")
    aws.settle()
    assert len(aws.plane.snapshots) == 1


def test_a_snapshot_has_the_tags_it_was_given_or_the_clusters_where_those_are_copied(aws: Aws) -> None:
    mine, given = [{"Key": "of", "Value": "cluster"}], [{"Key": "of", "Value": "snapshot"}]
    aws.cluster("plain", Tags=mine)
    aws.cluster("copying", Tags=mine, CopyTagsToSnapshot=True)
    assert aws.snapshot("plain", "a")["TagList"] == []
    assert aws.snapshot("copying", "b")["TagList"] == mine
    assert aws.snapshot("copying", "c", Tags=given)["TagList"] == given


def test_a_snapshots_name_must_be_free_and_its_cluster_there(aws: Aws) -> None:
    aws.cluster()
    aws.snapshot("shop", "s")
    with refused("DBClusterSnapshotAlreadyExistsFault", "s"):
        aws.snapshot("shop", "S")
    with refused("DBClusterNotFoundFault", "nobody", 404):
        aws.snapshot("nobody", "t")
    with refused("InvalidParameterValue", "DBClusterSnapshotIdentifier"):
        aws.snapshot("shop", "rds:t")
