# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The calls that only a cleanup makes: one function for each. Reads of the table are consistent, and see all items."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._aws import Client, aws_call
from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import AwsError
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.api import SNAPSHOT_GONE
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state import table as state_table
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.records import (
    AUDIT,
    EXPIRES,
    from_item,
    operation_key,
    to_item,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.table import Part
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.ulid import new_ulid

# Well below the 100 parts that DynamoDB takes in one transaction
BATCH = 50


@aws_call("DescribeDBClusterSnapshotAttributes")
def _attributes(client: Client, snapshot_id: str) -> list[Mapping[str, Any]]:
    answer = client.describe_db_cluster_snapshot_attributes(DBClusterSnapshotIdentifier=snapshot_id)
    return list(answer["DBClusterSnapshotAttributesResult"].get("DBClusterSnapshotAttributes") or [])


def shared_with(client: Client, snapshot_id: str) -> tuple[str, ...]:
    """The accounts that may restore a snapshot ("all": everybody); none of one that does not exist any more."""
    try:
        found = _attributes(client, snapshot_id)
    except AwsError as error:
        if error.code in SNAPSHOT_GONE:
            return ()
        raise
    restore = [item.get("AttributeValues") or [] for item in found if item.get("AttributeName") == "restore"]
    return tuple(str(account) for accounts in restore for account in accounts)


@aws_call("Scan")
def scan_items(client: Client, table: str, audit: bool = True) -> list[dict[str, Any]]:
    """All items of the table, of all targets, also those that are expired.

    :param audit: with the audit trails, which are most of it.
    """
    less: dict[str, Any] = {
        "FilterExpression": "NOT begins_with(#step, :audit)",
        "ExpressionAttributeNames": {"#step": "step"},
        "ExpressionAttributeValues": {":audit": {"S": AUDIT}},
    }
    pages = client.get_paginator("scan").paginate(TableName=table, ConsistentRead=True, **({} if audit else less))
    return [from_item(item) for page in pages for item in page["Items"]]


@aws_call("Query")
def query_items(client: Client, table: str, operation_id: str) -> list[dict[str, Any]]:
    """All items of one operation, also those that are expired."""
    pages = client.get_paginator("query").paginate(
        TableName=table,
        ConsistentRead=True,
        KeyConditionExpression="operation_id = :id",
        ExpressionAttributeValues={":id": {"S": operation_id}},
    )
    return [from_item(item) for page in pages for item in page["Items"]]


def delete_operation(client: Client, table: str, operation_id: str, items: Iterable[Mapping[str, Any]]) -> int:
    """Delete an operation: first what belongs to it, last its own item. Cut short, the next run goes on.

    :param items: all of its items, as they were judged.
    :returns: how many items were deleted.
    :raises ConditionFailed: its own item is not as it was; from then on nothing is deleted.
    """
    own, rest = None, []
    for item in items:
        if item["step"] == operation_key("")["step"]:
            own = item
        else:
            rest.append(_delete(table, item))
    guard = {"ConditionCheck": _unchanged(table, operation_id, own)}
    for first in range(0, len(rest), BATCH):
        state_table.transact(client, table, [guard, *rest[first : first + BATCH]], new_ulid())
    if own is not None:
        state_table.transact(client, table, [{"Delete": guard["ConditionCheck"]}], new_ulid())
    return len(rest) + (own is not None)


def _delete(table: str, item: Mapping[str, Any]) -> Part:
    key = {name: item[name] for name in ("operation_id", "step")}
    return {"Delete": {"TableName": table, "Key": to_item(key)}}


def _unchanged(table: str, operation_id: str, own: Mapping[str, Any] | None) -> dict[str, Any]:
    """The condition that an operation's item is still as it was: finished and expired, or not there at all."""
    place = {"TableName": table, "Key": to_item(operation_key(operation_id))}
    if own is None:
        return {**place, "ConditionExpression": "attribute_not_exists(operation_id)"}
    return {
        **place,
        "ConditionExpression": "#status = :status AND #expires = :expires",
        "ExpressionAttributeNames": {"#status": "status", "#expires": EXPIRES},
        "ExpressionAttributeValues": to_item({":status": own["status"], ":expires": own[EXPIRES]}),
    }
