# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Members of clusters: what the cluster manages for them, who writes, what they may be.

Sources: CreateDBInstance and ModifyDBInstance in botocore's model; Aurora user guide, "Adding Aurora Replicas to a DB
cluster" (aurora-replicas-adding.html), "High availability for Amazon Aurora" (failover order, promotion tiers),
"Aurora Serverless v2" (aurora-serverless-v2.create-cluster.html), "Quotas and constraints" (CHAP_Limits.html).
"""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from in_process import ACCOUNT, Aws
from live_sandbox import refused


def writers(aws: Aws, name: str = "shop") -> list[str]:
    return [item["DBInstanceIdentifier"] for item in aws.see(name)["DBClusterMembers"] if item["IsClusterWriter"]]


REFUSALS: list[tuple[dict[str, Any], str, str, int]] = [
    ({"DBInstanceClass": "db.z9.huge"}, "InvalidParameterCombination", "db.z9.huge", 400),
    ({"DBClusterIdentifier": "nobody"}, "DBClusterNotFoundFault", "nobody", 404),
    ({"DBInstanceIdentifier": "Shop-1"}, "DBInstanceAlreadyExists", "", 400),
    ({"DBInstanceIdentifier": "x-"}, "InvalidParameterValue", "DBInstanceIdentifier", 400),
    ({"DBParameterGroupName": "nobody"}, "DBParameterGroupNotFound", "nobody", 404),
    ({"Engine": "aurora-mysql"}, "InvalidParameterCombination", "aurora-mysql", 400),
    ({"PromotionTier": 16}, "InvalidParameterValue", "16", 400),
    ({"AvailabilityZone": "us-west-2z"}, "InvalidParameterValue", "us-west-2z", 400),
    ({"Tags": [{"Key": "aws:x", "Value": ""}]}, "InvalidParameterValue", "reserved prefix", 400),
]


@pytest.mark.parametrize("case", REFUSALS, ids=lambda case: "-".join(case[0]))
def test_instances_that_are_refused(aws: Aws, case: tuple[dict[str, Any], str, str, int]) -> None:
    wrong, code, text, status = case
    aws.cluster()
    given = {
        "DBInstanceIdentifier": "x", "DBClusterIdentifier": "shop", "Engine": "aurora-postgresql",
        "DBInstanceClass": "db.r6g.large",
    }  # fmt: skip
    with refused(code, text, status):
        aws.rds.create_db_instance(**(given | wrong))


CLUSTERS_OWN: list[dict[str, Any]] = [
    {"MasterUserPassword": "correct-horse"}, {"MasterUsername": "x"}, {"VpcSecurityGroupIds": ["sg-1"]},
    {"KmsKeyId": "alias/aws/rds"}, {"StorageEncrypted": True}, {"BackupRetentionPeriod": 3},
    {"PreferredBackupWindow": "03:00-03:30"}, {"Port": 5433}, {"DeletionProtection": True}, {"EngineVersion": "17.6"},
    {"ManageMasterUserPassword": True}, {"AllocatedStorage": 10},
]  # fmt: skip


@pytest.mark.parametrize("parameter", CLUSTERS_OWN, ids=lambda item: next(iter(item)))
def test_what_the_cluster_manages_is_refused_for_an_instance(aws: Aws, parameter: dict[str, Any]) -> None:
    aws.cluster(members=0)
    with refused("InvalidParameterCombination", "member of a DB Cluster"):
        aws.member("shop", "shop-1", **parameter)


def test_an_instance_has_no_endpoint_until_it_is_available(aws: Aws) -> None:
    aws.cluster(members=0)
    aws.rds.create_db_instance(
        DBInstanceIdentifier="shop-1", DBClusterIdentifier="shop", Engine="aurora-postgresql",
        DBInstanceClass="db.r6g.large",
    )  # fmt: skip
    aws.pass_time(29)
    during = aws.see_instance("shop-1")
    assert during["DBInstanceStatus"] == "creating" and "Endpoint" not in during
    aws.pass_time(1)
    after = aws.see_instance("shop-1")
    assert after["DBInstanceStatus"] == "available" and after["Endpoint"]["Port"] == 5432


def test_an_instance_has_what_is_its_own(aws: Aws) -> None:
    aws.cluster(members=0)
    aws.rds.create_db_parameter_group(
        DBParameterGroupName="mine", DBParameterGroupFamily="aurora-postgresql17", Description="mine"
    )
    made = aws.member(
        "shop", "shop-1", DBParameterGroupName="mine", AvailabilityZone="us-west-2b", PromotionTier=7,
        PubliclyAccessible=False, EnablePerformanceInsights=True, CACertificateIdentifier="rds-ca-rsa4096-g1",
        PreferredMaintenanceWindow="sun:01:00-sun:01:30", Tags=[{"Key": "a", "Value": "b"}],
    )  # fmt: skip
    assert made["DBParameterGroups"][0]["DBParameterGroupName"] == "mine"
    assert (made["AvailabilityZone"], made["PromotionTier"]) == ("us-west-2b", 7)
    assert made["PubliclyAccessible"] is False and made["PerformanceInsightsEnabled"] is True
    assert made["CACertificateIdentifier"] == "rds-ca-rsa4096-g1"
    assert made["PreferredMaintenanceWindow"] == "sun:01:00-sun:01:30" and made["TagList"][0]["Key"] == "a"


def test_the_first_instance_is_the_writer_whatever_its_tier(aws: Aws) -> None:
    aws.cluster(members=0)
    for number, tier in ((1, 15), (2, 0)):
        aws.member("shop", f"shop-{number}", PromotionTier=tier)
    assert writers(aws) == ["shop-1"]


def test_when_the_writer_goes_the_lowest_tier_takes_over(aws: Aws) -> None:
    aws.cluster(members=0)
    for number, tier in ((1, 9), (2, 5), (3, 2)):
        aws.member("shop", f"shop-{number}", PromotionTier=tier)
    aws.rds.delete_db_instance(DBInstanceIdentifier="shop-1")
    assert writers(aws) == ["shop-3"]


def test_a_serverless_instance_needs_the_clusters_scaling_configuration(aws: Aws) -> None:
    aws.cluster(members=0)
    with refused("InvalidDBClusterStateFault", "scaling configuration"):
        aws.member("shop", "shop-1", DBInstanceClass="db.serverless")
    aws.rds.modify_db_cluster(
        DBClusterIdentifier="shop", ServerlessV2ScalingConfiguration={"MinCapacity": 0, "MaxCapacity": 8}
    )
    aws.settle()
    assert aws.member("shop", "shop-1", DBInstanceClass="db.serverless")["DBInstanceClass"] == "db.serverless"


def test_an_aurora_instance_needs_a_cluster(aws: Aws) -> None:
    with refused("MissingParameter", "DBClusterIdentifier"):
        aws.rds.create_db_instance(
            DBInstanceIdentifier="x", Engine="aurora-postgresql", DBInstanceClass="db.r6g.large"
        )  # fmt: skip


def test_more_instances_than_the_quota_are_refused(aws: Aws) -> None:
    assert aws.runtime.limits.instances == 40
    aws.runtime.limits = dataclasses.replace(aws.runtime.limits, instances=1)
    aws.cluster()
    with refused("InstanceQuotaExceeded", "1"):
        aws.member("shop", "shop-2")


def test_a_class_changes_at_once_only_with_apply_immediately(aws: Aws) -> None:
    aws.cluster()
    aws.rds.modify_db_instance(DBInstanceIdentifier="shop-1", DBInstanceClass="db.r6g.xlarge")
    aws.settle()
    waiting = aws.see_instance("shop-1")
    assert waiting["DBInstanceClass"] == "db.r6g.large"
    assert waiting["PendingModifiedValues"] == {"DBInstanceClass": "db.r6g.xlarge"}
    aws.rds.modify_db_instance(DBInstanceIdentifier="shop-1", DBInstanceClass="db.r6g.xlarge", ApplyImmediately=True)
    during = aws.see_instance("shop-1")
    assert (during["DBInstanceStatus"], during["DBInstanceClass"]) == ("modifying", "db.r6g.large")
    aws.settle()
    after = aws.see_instance("shop-1")
    assert (after["DBInstanceClass"], after["PendingModifiedValues"]) == ("db.r6g.xlarge", {})


def test_a_role_is_associated_once_and_at_most_five_are(aws: Aws) -> None:
    aws.cluster(members=0)

    def role(number: int) -> dict[str, str]:
        return {"DBClusterIdentifier": "shop", "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/r{number}"}

    for number in range(5):
        aws.rds.add_role_to_db_cluster(**role(number))
    with refused("DBClusterRoleAlreadyExists"):
        aws.rds.add_role_to_db_cluster(**role(0))
    with refused("DBClusterRoleQuotaExceeded"):
        aws.rds.add_role_to_db_cluster(**role(5))
    aws.rds.remove_role_from_db_cluster(**role(0))
    with refused("DBClusterRoleNotFound", status=404):
        aws.rds.remove_role_from_db_cluster(**role(0))
    assert len(aws.see("shop")["AssociatedRoles"]) == 4


def test_instances_are_found_by_cluster_and_resource_id(aws: Aws) -> None:
    cluster = aws.cluster(members=2)
    aws.cluster("other")
    instance = aws.see_instance("shop-2")

    def by(name: str, value: str) -> list[str]:
        found = aws.rds.describe_db_instances(Filters=[{"Name": name, "Values": [value]}])["DBInstances"]
        return [item["DBInstanceIdentifier"] for item in found]

    assert by("db-cluster-id", "shop") == by("db-cluster-id", cluster["DBClusterArn"]) == ["shop-1", "shop-2"]
    assert by("dbi-resource-id", instance["DbiResourceId"]) == ["shop-2"]
    assert by("db-instance-id", instance["DBInstanceArn"]) == ["shop-2"]
