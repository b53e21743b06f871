# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""AWS::DynamoDB::Table.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-table.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.cloudformation.calls import CallError
from sandbox.cloudformation.resources.kind import Kind, Order, boolean, integer, renamed, tag_list

SCALARS: dict[str, Any] = {
    "SSEEnabled": boolean, "PointInTimeRecoveryEnabled": boolean, "Enabled": boolean, "ReadCapacityUnits": integer,
    "WriteCapacityUnits": integer, "RecoveryPeriodInDays": integer,
}  # fmt: skip


class Table(Kind):
    type = "AWS::DynamoDB::Table"
    properties = frozenset(
        ("AttributeDefinitions", "BillingMode", "DeletionProtectionEnabled", "GlobalSecondaryIndexes", "KeySchema",
         "LocalSecondaryIndexes", "PointInTimeRecoverySpecification", "ProvisionedThroughput", "SSESpecification",
         "StreamSpecification", "TableClass", "TableName", "Tags", "TimeToLiveSpecification")
    )  # fmt: skip
    required = ("KeySchema",)
    replaced_by = frozenset(("TableName", "KeySchema", "LocalSecondaryIndexes"))
    name = "TableName"
    attributes = frozenset(("Arn", "StreamArn"))

    def create(self, order: Order) -> None:
        name, given = order.name("TableName"), typed(order.properties)
        try:
            order.calls(
                "dynamodb", "create_table", TableName=name, KeySchema=given["KeySchema"],
                AttributeDefinitions=given.get("AttributeDefinitions"), BillingMode=given.get("BillingMode"),
                ProvisionedThroughput=given.get("ProvisionedThroughput"),
                GlobalSecondaryIndexes=given.get("GlobalSecondaryIndexes"),
                LocalSecondaryIndexes=given.get("LocalSecondaryIndexes"), SSESpecification=_encryption(given),
                StreamSpecification=_stream(given), TableClass=given.get("TableClass"),
                DeletionProtectionEnabled=boolean(given.get("DeletionProtectionEnabled")), Tags=tag_list(order.tags),
            )  # fmt: skip
        except CallError as error:
            raise self.exists(name) if error.service_code == "ResourceInUseException" else error from error
        order.physical_id = name
        self.read(order)
        if given.get("TimeToLiveSpecification"):
            _expiry(order, given["TimeToLiveSpecification"])
        if given.get("PointInTimeRecoverySpecification"):
            _recovery(order, given["PointInTimeRecoverySpecification"])

    def update(self, order: Order) -> None:
        given = typed(order.properties)
        for change in _changes(order, given):
            order.calls("dynamodb", "update_table", TableName=order.physical_id, **change)
        if order.changed("TimeToLiveSpecification"):
            _change_expiry(order, given.get("TimeToLiveSpecification"))
        if order.changed("PointInTimeRecoverySpecification"):
            off = {"PointInTimeRecoveryEnabled": False}
            _recovery(order, given.get("PointInTimeRecoverySpecification") or off)
        arn = str(order.attributes["Arn"])
        if order.tags_to_set():
            order.calls("dynamodb", "tag_resource", ResourceArn=arn, Tags=tag_list(order.tags_to_set()))
        if order.tags_to_remove():
            order.calls("dynamodb", "untag_resource", ResourceArn=arn, TagKeys=order.tags_to_remove())

    def read(self, order: Order) -> None:
        found = order.calls("dynamodb", "describe_table", TableName=order.physical_id)["Table"]
        order.attributes = {"Arn": found["TableArn"], "StreamArn": found.get("LatestStreamArn", "")}
        order.calls("dynamodb", "describe_continuous_backups", TableName=order.physical_id)
        order.calls("dynamodb", "describe_time_to_live", TableName=order.physical_id)
        order.calls("dynamodb", "list_tags_of_resource", ResourceArn=found["TableArn"])

    def delete(self, order: Order) -> None:
        order.calls("dynamodb", "describe_table", TableName=order.physical_id)
        order.calls("dynamodb", "delete_table", TableName=order.physical_id)


def typed(value: Any, name: str = "") -> Any:
    """Numbers and truths, which templates may have as texts."""
    if isinstance(value, Mapping):
        return {key: typed(inner, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [typed(inner) for inner in value]
    return SCALARS[name](value) if name in SCALARS else value


def _encryption(given: Mapping[str, Any]) -> dict[str, Any] | None:
    return renamed(given.get("SSESpecification"), {"SSEEnabled": "Enabled", "KMSMasterKeyId": "KMSMasterKeyId"})


def _stream(given: Mapping[str, Any]) -> dict[str, Any] | None:
    stream = given.get("StreamSpecification")
    return {"StreamEnabled": True, **stream} if stream else None


def _expiry(order: Order, wanted: Mapping[str, Any]) -> None:
    order.calls(
        "dynamodb", "update_time_to_live", TableName=order.physical_id,
        TimeToLiveSpecification={"Enabled": True, **wanted},
    )  # fmt: skip


def _change_expiry(order: Order, wanted: Mapping[str, Any] | None) -> None:
    """Another attribute needs two calls: DynamoDB refuses to enable what is enabled."""
    found = order.calls("dynamodb", "describe_time_to_live", TableName=order.physical_id)["TimeToLiveDescription"]
    if found.get("TimeToLiveStatus") in ("ENABLED", "ENABLING"):
        _expiry(order, {"AttributeName": found["AttributeName"], "Enabled": False})
    if wanted and wanted.get("Enabled", True):
        _expiry(order, wanted)


def _recovery(order: Order, wanted: Mapping[str, Any]) -> None:
    order.calls(
        "dynamodb", "update_continuous_backups", TableName=order.physical_id,
        PointInTimeRecoverySpecification=dict(wanted),
    )  # fmt: skip


def _changes(order: Order, given: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One UpdateTable for each: DynamoDB takes them one at a time."""
    made: list[dict[str, Any]] = []
    if order.changed("BillingMode", "ProvisionedThroughput"):
        made.append(
            {
                "BillingMode": given.get("BillingMode", "PROVISIONED"),
                "ProvisionedThroughput": given.get("ProvisionedThroughput"),
            }
        )
    if order.changed("SSESpecification"):
        made.append({"SSESpecification": _encryption(given) or {"Enabled": False}})
    if order.changed("DeletionProtectionEnabled"):
        made.append({"DeletionProtectionEnabled": bool(boolean(given.get("DeletionProtectionEnabled")))})
    if order.changed("TableClass"):
        made.append({"TableClass": given.get("TableClass", "STANDARD")})
    if order.changed("StreamSpecification"):
        made.append({"StreamSpecification": _stream(given) or {"StreamEnabled": False}})
    return made + _index_changes(order, given)


def _index_changes(order: Order, given: Mapping[str, Any]) -> list[dict[str, Any]]:
    before = {item["IndexName"]: item for item in typed(order.before).get("GlobalSecondaryIndexes") or ()}
    after = {item["IndexName"]: item for item in given.get("GlobalSecondaryIndexes") or ()}
    gone = [name for name in before if before[name] != after.get(name)]
    new = [name for name in after if after[name] != before.get(name)]
    deletions: list[dict[str, Any]] = [
        {"GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": name}}]} for name in gone
    ]
    return deletions + [
        {
            "AttributeDefinitions": given.get("AttributeDefinitions"),
            "GlobalSecondaryIndexUpdates": [{"Create": after[name]}],
        }
        for name in new
    ]
