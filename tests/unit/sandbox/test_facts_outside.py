# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What moto's tests and amazon.aws's integration targets, which were run on AWS, have taught the sandbox."""

from __future__ import annotations

import pytest
from in_process import Aws
from live_sandbox import refused

NEW = {"Engine": "aurora-postgresql", "MasterUsername": "dbadmin", "MasterUserPassword": "correct-horse-battery"}


def test_a_new_cluster_can_be_snapshotted_before_it_has_an_instance(aws: Aws) -> None:
    """The target rds_cluster_snapshot of amazon.aws does so."""
    aws.cluster(members=0)
    assert aws.snapshot("shop", "early")["Status"] == "available"


def test_a_missing_master_user_is_an_invalid_value(aws: Aws) -> None:
    """moto's test_create_db_cluster_needs_master_username."""
    with refused("InvalidParameterValue", "The parameter MasterUsername must be provided and must not be blank."):
        aws.rds.create_db_cluster(DBClusterIdentifier="shop", Engine="aurora-postgresql")


def test_serverless_v1_is_not_offered_any_more(aws: Aws) -> None:
    """https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-serverless.html"""
    with refused("InvalidParameterValue", "engine mode serverless"):
        aws.rds.create_db_cluster(DBClusterIdentifier="shop", EngineMode="serverless", **NEW)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        ("describe_db_clusters", "db-cluster-id"),
        ("describe_db_instances", "db-instance-id"),
        ("describe_db_cluster_snapshots", "snapshot-type"),
    ],
)
def test_a_filter_without_values_is_refused(aws: Aws, call: str, name: str) -> None:
    """moto's test_empty_filter_values_raises_error."""
    with refused("InvalidParameterCombination", "must not be empty"):
        getattr(aws.rds, call)(Filters=[{"Name": name, "Values": []}])


def test_the_id_of_a_call_is_one_more_value_of_the_filter_by_id(aws: Aws) -> None:
    """moto's TestDBInstanceFilters."""
    aws.cluster(members=2)
    wanted = [{"Name": "db-instance-id", "Values": ["shop-2"]}]
    found = aws.rds.describe_db_instances(DBInstanceIdentifier="shop-1", Filters=wanted)["DBInstances"]
    assert {item["DBInstanceIdentifier"] for item in found} == {"shop-1", "shop-2"}


def test_a_member_of_no_cluster_is_refused(aws: Aws) -> None:
    """moto's test_create_instance_with_non_existent_cluster_raises_error."""
    with refused("DBClusterNotFoundFault", "The source cluster could not be found or cannot be accessed: none", 404):
        aws.rds.create_db_instance(
            DBInstanceIdentifier="one", DBClusterIdentifier="none", DBInstanceClass="db.r6g.large",
            Engine="aurora-postgresql",
        )  # fmt: skip


def test_a_cluster_is_restored_to_a_point_in_time(aws: Aws) -> None:
    """The target rds_cluster_restore of amazon.aws: the source's version, a member of nothing."""
    aws.cluster(EngineVersion="17.4")
    aws.rds.restore_db_cluster_to_point_in_time(
        DBClusterIdentifier="again", SourceDBClusterIdentifier="shop", UseLatestRestorableTime=True
    )
    assert aws.see("again")["Status"] == "creating"
    aws.settle()
    again = aws.see("again")
    assert (again["Status"], again["EngineVersion"], again["DBClusterMembers"]) == ("available", "17.4", [])
    assert "LatestRestorableTime" in again


@pytest.mark.parametrize("time", [{}, {"UseLatestRestorableTime": True, "RestoreToTime": "2026-01-01T00:00:00Z"}])
def test_the_point_in_time_is_said_in_one_way(aws: Aws, time: dict[str, object]) -> None:
    """API reference, RestoreDBClusterToPointInTime."""
    aws.cluster()
    with refused("InvalidParameterCombination", "RestoreToTime"):
        aws.rds.restore_db_cluster_to_point_in_time(
            DBClusterIdentifier="again", SourceDBClusterIdentifier="shop", **time
        )
