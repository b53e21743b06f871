# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a call is about: the one name among its parameters by which the journal and the faults know its target."""

from __future__ import annotations

from typing import Any

# By what is looked for first. What the call makes or changes comes before what it belongs to.
TARGETS = (
    # RDS
    "TargetDBClusterSnapshotIdentifier", "DBClusterSnapshotIdentifier", "DBInstanceIdentifier", "DBClusterIdentifier",
    "DBSubnetGroupName", "DBClusterParameterGroupName", "DBParameterGroupName", "ResourceName", "SourceIdentifier",
    "SourceDBClusterSnapshotIdentifier",
    # Secrets Manager, SNS, SQS, DynamoDB, KMS
    "SecretId", "TopicArn", "TargetArn", "QueueUrl", "QueueName", "TableName", "AliasName", "TargetKeyId", "KeyId",
    "GlobalTableName", "IndexName",
    # IAM and STS
    "PolicySourceArn", "RoleArn", "RoleName", "UserName", "GroupName", "PolicyArn", "PolicyName", "InstanceProfileName",
    # Logs, CloudWatch
    "logGroupName", "logGroupIdentifier", "resourceArn", "Namespace", "AlarmName",
    # EC2
    "GroupId", "SubnetId", "VpcId", "InstanceId", "KeyName",
    "ResourceArn", "ResourceARN", "ResourceId", "Arn", "Name",
)  # fmt: skip
# Lists of such names, of which the first stands for all.
LISTS = ("GroupId", "SubnetId", "VpcId", "InstanceId", "ResourceId")


def target_of(service: str, parameters: dict[str, Any], path: str = "/") -> str | None:
    """The resource that a call is about, as the call names it."""
    for name in TARGETS:
        value = parameters.get(name)
        if isinstance(value, list) and value and name in LISTS:
            value = value[0]
        if isinstance(value, str) and value:
            return value
    if service == "dynamodb":
        return _table_of(parameters)
    return path.strip("/") or None if service == "s3" else None


def _table_of(parameters: dict[str, Any]) -> str | None:
    """The table of a transaction or batch: of its first item."""
    items = parameters.get("TransactItems")
    if isinstance(items, list) and items and isinstance(items[0], dict):
        for action in items[0].values():
            if isinstance(action, dict) and isinstance(action.get("TableName"), str):
                return str(action["TableName"])
    tables = parameters.get("RequestItems")
    return next(iter(tables), None) if isinstance(tables, dict) else None
