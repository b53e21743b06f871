# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What clusters need around them."""

from __future__ import annotations

import json
import secrets
import string
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sandbox.world.names import (
    APPLICATION,
    DATABASE,
    MASTER,
    MONITORING_ROLE,
    OLD_STATE_TABLE,
    PRODUCTION,
    QUEUE,
    READ_ONLY,
    SOURCE_REGION,
    STAGING,
    STATE_TABLE,
    TARGET_REGION,
    TOPIC,
)

Client = Callable[[str, str], Any]  # service, region


@dataclass
class World:
    """What was made, by what it is for. Keys of dicts are regions, or names of secrets."""

    kms_keys: dict[str, str] = field(default_factory=dict)
    disabled_key: str = ""
    security_groups: dict[str, list[str]] = field(default_factory=dict)
    passwords: dict[str, str] = field(default_factory=dict, repr=False)
    monitoring_role: str = ""
    topic_arn: str = ""
    queue_url: str = ""
    newest_snapshot_id: str = ""
    creating_snapshot_id: str = ""

    def public(self) -> dict[str, Any]:
        """For endpoint.json: without passwords, which are in Secrets Manager."""
        return {
            "source": {"region": SOURCE_REGION, "cluster_id": PRODUCTION},
            "target": {"region": TARGET_REGION, "cluster_id": STAGING},
            "kms_keys": self.kms_keys,
            "disabled_key": self.disabled_key,
            "topic_arn": self.topic_arn,
            "queue_url": self.queue_url,
            "state_table": STATE_TABLE,
            "newest_snapshot_id": self.newest_snapshot_id,
            "creating_snapshot_id": self.creating_snapshot_id,
        }


def make_password() -> str:
    """34 characters that both of AWS's password rules allow, with what upsets shells, URLs and templates."""
    characters = [secrets.choice(string.ascii_letters + string.digits) for _place in range(20)] + list("!#$%&*+=?^_~;:")
    secrets.SystemRandom().shuffle(characters)
    return "".join(characters)


def make_keys(client: Client, world: World) -> None:
    for region, name in ((SOURCE_REGION, PRODUCTION), (TARGET_REGION, STAGING)):
        world.kms_keys[region] = _make_key(client("kms", region), name)
    kms = client("kms", TARGET_REGION)
    world.disabled_key = _make_key(kms, "disabled")
    kms.disable_key(KeyId=world.disabled_key)


def _make_key(kms: Any, name: str) -> str:
    arn = str(kms.create_key(Description=name)["KeyMetadata"]["Arn"])
    kms.create_alias(AliasName=f"alias/{name}", TargetKeyId=arn)
    return arn


def make_monitoring_role(client: Client, world: World) -> None:
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "monitoring.rds.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    role = client("iam", SOURCE_REGION).create_role(
        RoleName=MONITORING_ROLE, AssumeRolePolicyDocument=json.dumps(trust)
    )
    world.monitoring_role = role["Role"]["Arn"]


def make_network(client: Client, world: World, region: str, name: str, family: str) -> None:
    """A VPC with three subnets, two security groups, a subnet group and parameter groups of that name."""
    ec2, rds = client("ec2", region), client("rds", region)
    block = "10.20" if region == SOURCE_REGION else "10.30"
    vpc = ec2.create_vpc(CidrBlock=f"{block}.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"{block}.{number}.0/24", AvailabilityZone=f"{region}{zone}")
        for number, zone in enumerate("abc")
    ]
    world.security_groups[region] = [
        ec2.create_security_group(GroupName=f"{name}-{role}", Description=f"{role} of {name}", VpcId=vpc)["GroupId"]
        for role in ("database", "application")
    ]
    rds.create_db_subnet_group(
        DBSubnetGroupName=name, DBSubnetGroupDescription=name,
        SubnetIds=[subnet["Subnet"]["SubnetId"] for subnet in subnets],
    )  # fmt: skip
    rds.create_db_cluster_parameter_group(
        DBClusterParameterGroupName=name, DBParameterGroupFamily=family, Description=name
    )
    rds.create_db_parameter_group(
        DBParameterGroupName=f"{name}-instance", DBParameterGroupFamily=family, Description=name
    )


def make_secrets(client: Client, world: World) -> None:
    """The master's and the application's credentials, others in each environment."""
    for region, environment in ((SOURCE_REGION, "production"), (TARGET_REGION, "staging")):
        manager = client("secretsmanager", region)
        contents = {
            f"shop/{environment}/master": {"username": MASTER, "password": make_password(), "database": DATABASE},
            f"shop/{environment}/app": {
                "app_username": APPLICATION,
                "app_password": make_password(),
                "readonly_username": READ_ONLY,
                "readonly_password": make_password(),
            },
        }
        for name, content in contents.items():
            manager.create_secret(Name=name, SecretString=json.dumps(content))
            world.passwords |= {f"{name}:{key}": value for key, value in content.items() if "password" in key}


def make_messaging(client: Client, world: World) -> None:
    """A topic, and a queue in which everything that subscribers receive can be read."""
    sns, sqs = client("sns", TARGET_REGION), client("sqs", TARGET_REGION)
    world.topic_arn = sns.create_topic(Name=TOPIC)["TopicArn"]
    world.queue_url = sqs.create_queue(QueueName=QUEUE)["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=world.queue_url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=world.topic_arn, Protocol="sqs", Endpoint=queue)


def make_tables(client: Client) -> None:
    """The state table, and one as installations of old have it."""
    dynamodb = client("dynamodb", TARGET_REGION)
    for table, keys in ((STATE_TABLE, ("operation_id", "step")), (OLD_STATE_TABLE, ("operation_id",))):
        dynamodb.create_table(
            TableName=table,
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in keys],
            KeySchema=[
                {"AttributeName": name, "KeyType": kind} for name, kind in zip(keys, ("HASH", "RANGE"), strict=False)
            ],
            BillingMode="PAY_PER_REQUEST",
        )
