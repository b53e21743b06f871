# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What clusters need around them, one region at a time. Each part takes what the world says of it, by name."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from moto.ec2.models import ec2_backends
from moto.kms.models import kms_backends

from sandbox.errors import SandboxError
from sandbox.rds.engines import family_of
from sandbox.world.made import Made, Place, make_password, telling

Client = Callable[[str], Any]  # by the name of the service, in the place at hand
Part = Mapping[str, Any]


def tags_of(content: Part) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in content.get("tags", {}).items()]


def make_key(client: Client, place: Place, made: Made, name: str, content: Part) -> None:
    """A KMS key with the alias of that name."""
    kms = client("kms")
    given: dict[str, Any] = {"Description": content.get("description", name)}
    if "policy" in content:
        given["Policy"] = json.dumps(content["policy"])
    if content.get("tags"):
        given["Tags"] = [{"TagKey": key, "TagValue": value} for key, value in content["tags"].items()]
    metadata = kms.create_key(**given)["KeyMetadata"]
    arn = str(metadata["Arn"])
    if "id" in content:
        arn = _rename_key(place, str(metadata["KeyId"]), content["id"])
    kms.create_alias(AliasName=f"alias/{name}", TargetKeyId=arn)
    if not content.get("enabled", True):
        kms.disable_key(KeyId=arn)
    made.add(place, "keys", name, arn)


def _rename_key(place: Place, old: str, new: str) -> str:
    """Give a key the id that somebody's inventory names."""
    kms = kms_backends[place.account][place.region]
    key = kms.keys.pop(old)
    key.arn = str(key.arn).replace(old, new)
    key.id = new
    kms.keys[new] = key
    return str(key.arn)


def make_network(client: Client, place: Place, made: Made, name: str, content: Part) -> None:
    """A VPC with its subnets and security groups, and a DB subnet group of all subnets."""
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock=content["cidr"])["Vpc"]["VpcId"]
    made.add(place, "networks", name, vpc)
    subnets = []
    for zone, block in content["subnets"].items():
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock=block, AvailabilityZone=f"{place.region}{zone}")["Subnet"]
        subnets.append(subnet["SubnetId"])
        made.add(place, "subnets", f"{name}/{zone}", subnet["SubnetId"])
    for group, wanted in content.get("security_groups", {}).items():
        made_id = ec2.create_security_group(GroupName=group, Description=group, VpcId=vpc)["GroupId"]
        if "id" in wanted:
            made_id = _rename_security_group(place, vpc, made_id, wanted["id"])
        made.add(place, "security_groups", group, made_id)
    client("rds").create_db_subnet_group(
        DBSubnetGroupName=content.get("subnet_group", name), DBSubnetGroupDescription=name, SubnetIds=subnets
    )


def _rename_security_group(place: Place, vpc: str, old: str, new: str) -> str:
    groups = ec2_backends[place.account][place.region].groups[vpc]
    group = groups.pop(old)
    group.id = group.group_id = new
    groups[new] = group
    return new


def make_cluster_parameter_group(
    client: Client, place: Place, made: Made, name: str, content: Part, version: str
) -> None:
    rds = client("rds")
    rds.create_db_cluster_parameter_group(
        DBClusterParameterGroupName=name, DBParameterGroupFamily=content.get("family", family_of(version)),
        Description=content.get("description", name), Tags=tags_of(content),
    )  # fmt: skip
    if content.get("parameters"):
        rds.modify_db_cluster_parameter_group(DBClusterParameterGroupName=name, Parameters=_parameters(content))


def make_instance_parameter_group(
    client: Client, place: Place, made: Made, name: str, content: Part, version: str
) -> None:
    rds = client("rds")
    rds.create_db_parameter_group(
        DBParameterGroupName=name, DBParameterGroupFamily=content.get("family", family_of(version)),
        Description=content.get("description", name), Tags=tags_of(content),
    )  # fmt: skip
    if content.get("parameters"):
        rds.modify_db_parameter_group(DBParameterGroupName=name, Parameters=_parameters(content))


def _parameters(content: Part) -> list[dict[str, str]]:
    return [
        {"ParameterName": key, "ParameterValue": value, "ApplyMethod": "pending-reboot"}
        for key, value in content["parameters"].items()
    ]


def make_secret(client: Client, place: Place, made: Made, name: str, content: Part) -> None:
    value = _generated(content["value"])
    given: dict[str, Any] = {"Name": name, "SecretString": value if isinstance(value, str) else json.dumps(value)}
    given |= {"Description": content.get("description", ""), "Tags": tags_of(content)}
    if "kms_key_id" in content:
        given["KmsKeyId"] = content["kms_key_id"]
    made.secrets[f"{place}/{name}"] = value
    made.add(place, "secrets", name, str(client("secretsmanager").create_secret(**given)["ARN"]))


def _generated(value: Any) -> Any:
    """With new passwords where ``{generate: password}`` stands."""
    if value == {"generate": "password"}:
        return make_password()
    if isinstance(value, Mapping):
        return {key: _generated(inner) for key, inner in value.items()}
    return value


def make_topic(client: Client, place: Place, made: Made, name: str, content: Part) -> None:
    """A topic, and queues in which everything that its subscribers receive can be read."""
    sns, sqs = client("sns"), client("sqs")
    topic = sns.create_topic(Name=name)["TopicArn"]
    made.add(place, "topics", name, topic)
    for queue in content.get("queues", []):
        url = sqs.create_queue(QueueName=queue)["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        made.add(place, "queues", queue, url)


def make_table(client: Client, place: Place, made: Made, name: str, content: Part) -> None:
    keys = [content["partition_key"], *([content["sort_key"]] if "sort_key" in content else [])]
    table = client("dynamodb").create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
        KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in zip(keys, ("HASH", "RANGE"), strict=False)],
        BillingMode="PAY_PER_REQUEST",
    )
    made.add(place, "tables", name, str(table["TableDescription"]["TableArn"]))


def make_log_group(client: Client, place: Place, made: Made, name: str, content: Part) -> None:
    logs = client("logs")
    logs.create_log_group(logGroupName=name)
    if "retention_in_days" in content:
        logs.put_retention_policy(logGroupName=name, retentionInDays=content["retention_in_days"])
    made.add(place, "log_groups", name, name)


# In this order: what comes later may name what came before.
BEFORE_CLUSTERS: dict[str, Any] = {"keys": make_key, "networks": make_network, "secrets": make_secret}
BESIDE_CLUSTERS: dict[str, Any] = {"topics": make_topic, "tables": make_table, "log_groups": make_log_group}
GROUPS: dict[str, Any] = {
    "cluster_parameter_groups": make_cluster_parameter_group,
    "instance_parameter_groups": make_instance_parameter_group,
}


def make_parts(makers: Mapping[str, Any], client: Client, place: Place, made: Made, content: Part, *more: Any) -> None:
    """Everything of these kinds in a region.

    :raises SandboxError: which part can't be made, and why.
    """
    for kind, make in makers.items():
        for name, wanted in content.get(kind, {}).items():
            with telling(f"{place}/{kind}/{name}"):
                try:
                    make(client, place, made, name, wanted, *more)
                except KeyError as error:
                    raise SandboxError(f"there is no {error}") from error
