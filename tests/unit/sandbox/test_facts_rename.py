# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Renaming clusters and instances, and what becomes of their endpoints.

Sources: ModifyDBCluster and ModifyDBInstance in botocore's model; Aurora user guide, "Modifying an Amazon Aurora DB
cluster" (Aurora.Modifying.html) and "Renaming a DB instance" (USER_RenameInstance.html, on endpoints and reboot);
hashicorp/terraform-provider-aws#48539 (a cluster that is being renamed is found by its resource id, and by neither
name for a while).
"""

from __future__ import annotations

import pytest
from in_process import Aws
from live_sandbox import refused


def rename(aws: Aws, old: str, new: str, **more: bool) -> None:
    aws.rds.modify_db_cluster(DBClusterIdentifier=old, NewDBClusterIdentifier=new, **{"ApplyImmediately": True, **more})


def renamed(aws: Aws, old: str, new: str) -> None:
    """All of a rename, but for the names' time."""
    rename(aws, old, new)
    aws.pass_time(aws.durations.modify_lag + aws.durations.cluster_rename)


def test_a_rename_goes_through_renaming_and_a_window_in_which_neither_name_is_found(aws: Aws) -> None:
    resource_id = aws.cluster("old")["DbClusterResourceId"]
    rename(aws, "old", "new")
    assert aws.see("old")["Status"] == "available", "the status lags the call"
    aws.pass_time(5)
    assert aws.see("old")["Status"] == "renaming"
    assert aws.see("old")["PendingModifiedValues"] == {"DBClusterIdentifier": "new"}
    aws.pass_time(8)
    assert aws.is_gone("old") and aws.is_gone("new")
    arn = "arn:aws:rds:us-west-2:123456789012:cluster:old"
    assert aws.is_gone(arn)
    assert not aws.rds.describe_db_clusters(Filters=[{"Name": "db-cluster-id", "Values": ["old", arn]}])["DBClusters"]
    assert aws.see_by_resource_id(resource_id)["Status"] == "renaming"
    aws.pass_time(8)
    assert aws.is_gone("old")
    after = aws.see("new")
    assert (after["Status"], after["DbClusterResourceId"]) == ("available", resource_id)
    assert not after.get("PendingModifiedValues")


def test_neither_name_can_be_taken_during_the_rename(aws: Aws) -> None:
    aws.cluster("old")
    aws.cluster("other", members=0)
    rename(aws, "old", "new")
    given = {"Engine": "aurora-postgresql", "MasterUsername": "dbadmin", "MasterUserPassword": "correct-horse"}
    for moment in (0, 5, 8):
        aws.pass_time(moment)
        for name in ("old", "new"):
            with refused("DBClusterAlreadyExistsFault"):
                aws.rds.create_db_cluster(DBClusterIdentifier=name, **given)
        with refused("DBClusterAlreadyExistsFault"):
            rename(aws, "other", "new")
    aws.settle()
    aws.rds.create_db_cluster(DBClusterIdentifier="old", **given)


def test_a_cluster_that_is_being_renamed_takes_no_other_call(aws: Aws) -> None:
    aws.cluster("old")
    rename(aws, "old", "new")
    aws.pass_time(5)
    with refused("InvalidDBClusterStateFault", "not available for modification with status renaming"):
        aws.rds.modify_db_cluster(DBClusterIdentifier="old", BackupRetentionPeriod=3)
    with refused("InvalidDBClusterStateFault"):
        aws.rds.create_db_cluster_snapshot(DBClusterIdentifier="old", DBClusterSnapshotIdentifier="s")
    aws.pass_time(8)
    with refused("DBClusterNotFoundFault", status=404):
        aws.rds.modify_db_cluster(DBClusterIdentifier="old", BackupRetentionPeriod=3)


def test_without_apply_immediately_a_rename_waits_for_the_maintenance_window(aws: Aws) -> None:
    aws.cluster("old")
    rename(aws, "old", "new", ApplyImmediately=False)
    aws.settle()
    assert aws.see("old")["PendingModifiedValues"] == {"DBClusterIdentifier": "new"}
    assert aws.is_gone("new")


@pytest.mark.parametrize("name", ["other", "OTHER", "old"])
def test_a_rename_to_a_name_that_is_taken_is_refused(aws: Aws, name: str) -> None:
    aws.cluster("old", members=0)
    aws.cluster("other", members=0)
    with refused("DBClusterAlreadyExistsFault"):
        rename(aws, "old", name)


def test_tags_snapshots_and_members_stay_with_the_renamed_cluster(aws: Aws) -> None:
    before = aws.cluster("old", Tags=[{"Key": "a", "Value": "b"}])
    taken = aws.snapshot("old", "before")
    renamed(aws, "old", "new")
    after = aws.see("new")
    assert after["TagList"] == before["TagList"] and after["DBClusterMembers"] == before["DBClusterMembers"]
    assert after["DBClusterArn"].endswith(":cluster:new")
    assert aws.see_instance("old-1")["DBClusterIdentifier"] == "new"
    assert aws.see_snapshot("before")["DbClusterResourceId"] == taken["DbClusterResourceId"]
    assert aws.see_snapshot("before")["DBClusterIdentifier"] == "old"


def test_cluster_endpoints_change_with_the_name_and_instance_endpoints_do_not(aws: Aws) -> None:
    before, instance = aws.cluster("old"), aws.see_instance("old-1")
    renamed(aws, "old", "new")
    after = aws.see("new")
    assert after["Endpoint"] != before["Endpoint"] and after["ReaderEndpoint"] != before["ReaderEndpoint"]
    assert aws.see_instance("old-1")["Endpoint"] == instance["Endpoint"]


def test_the_old_endpoint_answers_until_names_have_spread_and_the_new_one_only_then(aws: Aws) -> None:
    """What listens where; test_facts_data.py looks at the servers themselves."""
    before = aws.cluster("old")
    renamed(aws, "old", "new")
    key = before["DbClusterResourceId"]
    assert aws.plane.places[key].writer == before["Endpoint"] != aws.see("new")["Endpoint"]
    aws.pass_time(aws.durations.dns - 1)
    assert aws.plane.places[key].writer == before["Endpoint"]
    aws.pass_time(1)
    aws.settle()
    assert aws.plane.places[key].writer == aws.see("new")["Endpoint"]


def test_an_endpoint_belongs_to_the_name_whichever_cluster_has_it(aws: Aws) -> None:
    """As in a swap: the endpoint's host name is made of the cluster's name, the account and the region."""
    target = aws.cluster("target")
    aws.cluster("tmp")
    renamed(aws, "target", "target-old")
    renamed(aws, "tmp", "target")
    aws.settle()
    assert aws.see("target")["Endpoint"] == target["Endpoint"]
    assert aws.see("target")["DbClusterResourceId"] != target["DbClusterResourceId"]
    assert aws.see("target-old")["Endpoint"] != target["Endpoint"]


def test_a_restored_cluster_has_the_endpoint_of_the_one_it_replaces(aws: Aws) -> None:
    before = aws.cluster("target")
    aws.snapshot("target", "last")
    aws.rds.delete_db_instance(DBInstanceIdentifier="target-1")
    aws.rds.delete_db_cluster(DBClusterIdentifier="target", SkipFinalSnapshot=True)
    aws.settle()
    aws.restore("last", "target")
    aws.settle()
    assert aws.see("target")["Endpoint"] == before["Endpoint"]


def test_renaming_an_instance_reboots_it_and_changes_its_endpoint(aws: Aws) -> None:
    key = aws.cluster("shop")["DbClusterResourceId"]
    before, starts = aws.see_instance("shop-1"), len(aws.plane.starts)
    aws.rds.modify_db_instance(
        DBInstanceIdentifier="shop-1", NewDBInstanceIdentifier="Writer", ApplyImmediately=True
    )  # fmt: skip
    assert aws.see_instance("shop-1")["DBInstanceStatus"] == "renaming"
    aws.pass_time(aws.durations.instance_rename)
    assert aws.see_instance("writer")["DBInstanceStatus"] == "rebooting"
    with refused("DBInstanceNotFound", "shop-1", 404):
        aws.see_instance("shop-1")
    aws.settle()
    after = aws.see_instance("writer")
    assert after["DBInstanceStatus"] == "available" and after["Endpoint"] != before["Endpoint"]
    assert after["DbiResourceId"] == before["DbiResourceId"]
    assert aws.plane.starts[starts:] == [key], "its server was restarted"
    assert [item["DBInstanceIdentifier"] for item in aws.see("shop")["DBClusterMembers"]] == ["writer"]


def test_an_instances_new_name_waits_without_apply_immediately_and_must_be_free(aws: Aws) -> None:
    aws.cluster("shop", members=2)
    with refused("DBInstanceAlreadyExists"):
        aws.rds.modify_db_instance(
            DBInstanceIdentifier="shop-1", NewDBInstanceIdentifier="shop-2", ApplyImmediately=True
        )
    aws.rds.modify_db_instance(DBInstanceIdentifier="shop-1", NewDBInstanceIdentifier="writer")
    aws.settle()
    assert aws.see_instance("shop-1")["PendingModifiedValues"] == {"DBInstanceIdentifier": "writer"}
