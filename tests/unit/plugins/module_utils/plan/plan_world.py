# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A world in which a restore is possible, to break in one place at a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan import decisions
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan.case import Case
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan.checks import CHECKS
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan.database import LiveDatabase, LoginRole
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan.permissions import Answer
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan.world import Fact, Surroundings, Wishes, World
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.models import Cluster, Snapshot

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=timezone.utc)
ACCOUNT = "123456789012"
KEY = f"arn:aws:kms:us-west-2:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"
TOPIC = f"arn:aws:sns:us-west-2:{ACCOUNT}:aurora-restore"
REGIONS = frozenset(("us-east-1", "us-west-2"))

WISHES = Wishes(
    account=ACCOUNT,
    source_region="us-east-1",
    source_cluster_id="shop-production",
    target_region="us-west-2",
    target_cluster_id="shop-staging",
    kms_key_id="alias/shop-staging",
    master_secret_id="shop/staging/master",
    app_secret_id="shop/staging/app",
    databases=[],
    sns_topic_arn=TOPIC,
    ca_file="/etc/ca.pem",
    state_table="aurora-restore-state",
    operation_id="01KATR0M6QXV8H2Z5J3N4P7S9T",
)


def snapshot(**more: Any) -> Snapshot:
    name = more.pop("name", "rds:shop-production-2026-03-02-00-30")
    boto = {
        "DBClusterSnapshotIdentifier": name,
        "DBClusterSnapshotArn": f"arn:aws:rds:us-east-1:{ACCOUNT}:cluster-snapshot:{name}",
        "DBClusterIdentifier": "shop-production",
        "Status": "available",
        "SnapshotType": "automated",
        "SnapshotCreateTime": NOW - timedelta(hours=1),
        "Engine": "aurora-postgresql",
        "EngineVersion": "17.4",
        "Port": 5432,
        "StorageEncrypted": True,
        "KmsKeyId": f"arn:aws:kms:us-east-1:{ACCOUNT}:key/production",
        "MasterUsername": "dbadmin",
        "DbClusterResourceId": "cluster-PRODUCTION",
    }
    return Snapshot.from_boto({**boto, **more})


def instance(number: int, writer: bool) -> dict[str, Any]:
    return {
        "DBInstanceIdentifier": f"shop-staging-{number}",
        "DBInstanceClass": "db.r6g.large" if writer else "db.t4g.medium",
        "DBInstanceStatus": "available",
        "PromotionTier": 1 if writer else 5,
        "AvailabilityZone": "us-west-2a",
        "DBParameterGroups": [{"DBParameterGroupName": "shop-staging-instance"}],
    }


def target(**more: Any) -> Cluster:
    boto = {
        "DBClusterIdentifier": "shop-staging",
        "DBClusterArn": f"arn:aws:rds:us-west-2:{ACCOUNT}:cluster:shop-staging",
        "DbClusterResourceId": "cluster-STAGING",
        "Status": "available",
        "Engine": "aurora-postgresql",
        "EngineVersion": "17.2",
        "Port": 5433,
        "DBSubnetGroup": "shop-staging",
        "DBClusterParameterGroup": "shop-staging",
        "KmsKeyId": KEY,
        "VpcSecurityGroups": [{"VpcSecurityGroupId": "sg-1"}, {"VpcSecurityGroupId": "sg-2"}],
        "DBClusterMembers": [{"DBInstanceIdentifier": "shop-staging-1", "IsClusterWriter": True}],
        "TagList": [{"Key": "aurora-restore:target", "Value": "true"}],
        "BackupRetentionPeriod": 7,
    }
    return Cluster.from_boto({**boto, **more}, [instance(1, True), instance(2, False)])


def source(**more: Any) -> Cluster:
    boto = {
        "DBClusterIdentifier": "shop-production",
        "DBClusterArn": f"arn:aws:rds:us-east-1:{ACCOUNT}:cluster:shop-production",
        "DbClusterResourceId": "cluster-PRODUCTION",
        "Status": "available",
    }
    return Cluster.from_boto({**boto, **more})


WORLD = World(
    regions=REGIONS,
    source=Fact(source()),
    snapshots=Fact([snapshot()]),
    target=Fact(target()),
    custom_endpoints=Fact([]),
    scaling_policies=Fact([]),
    target_snapshots=Fact([]),
    master_secret=Fact({"username": "dbadmin", "password": "a-Good_password1", "database": "shop"}),
    app_secret=Fact(
        {
            "app_username": "shop_app",
            "app_password": "a-Good_password2",
            "readonly_username": "shop_readonly",
            "readonly_password": "a-Good_password3",
        }
    ),
    topic=Fact({"TopicArn": TOPIC, "KmsMasterKeyId": "alias/aws/sns"}),
    quotas=Fact([]),
    state_table=Fact({"TableName": "aurora-restore-state"}),
    caller={"Account": ACCOUNT, "Arn": f"arn:aws:iam::{ACCOUNT}:user/runner", "UserId": "AIDAEXAMPLE"},
)

AROUND = Surroundings(
    key=Fact(
        {
            "Arn": KEY,
            "KeyState": "Enabled",
            "KeyUsage": "ENCRYPT_DECRYPT",
            "KeySpec": "SYMMETRIC_DEFAULT",
            "KeyManager": "CUSTOMER",
        }
    ),
    versions=Fact([{"EngineVersion": "17.4", "DBParameterGroupFamily": "aurora-postgresql17"}]),
    subnet_group=Fact(
        {
            "DBSubnetGroupName": "shop-staging",
            "VpcId": "vpc-1",
            "Subnets": [
                {"SubnetIdentifier": f"subnet-{letter}", "SubnetAvailabilityZone": {"Name": f"us-west-2{letter}"}}
                for letter in "ab"
            ],
        }
    ),
    cluster_parameter_group=Fact({"DBParameterGroupFamily": "aurora-postgresql17"}),
    parameter_groups={"shop-staging-instance": Fact({"DBParameterGroupFamily": "aurora-postgresql17"})},
    security_groups=Fact([{"GroupId": "sg-1", "VpcId": "vpc-1"}, {"GroupId": "sg-2", "VpcId": "vpc-1"}]),
    offers={"db.r6g.large": Fact([{}]), "db.t4g.medium": Fact([{}])},
    grant=Fact("would succeed"),
    route_tables=Fact(
        [{"RouteTableId": "rtb-main", "Associations": [{"Main": True}], "Routes": [{"GatewayId": "local"}]}]
    ),
    permissions=Fact(
        [Answer("rds:DeleteDBCluster", "arn:aws:rds:us-west-2:123456789012:cluster:shop-staging", "allowed")]
    ),
    database=Fact(LiveDatabase([LoginRole("dbadmin")], ["shop"])),
)


def case(wishes: dict[str, Any] | None = None, world: dict[str, Any] | None = None, **around: Any) -> Case:
    """The possible restore, with these differences."""
    wanted = replace(WISHES, **(wishes or {}))
    seen = replace(WORLD, **(world or {}))
    return Case(wanted, seen, decisions.decide(wanted, seen, NOW), replace(AROUND, **around), NOW)


def problems(of: Case, check: str | None = None) -> list[str]:
    """The sentences of all checks, or of one."""
    names = [check] if check else list(CHECKS)
    return [problem.sentence for name in names for problem in CHECKS[name](of)]
