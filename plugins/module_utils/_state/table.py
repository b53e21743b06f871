# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The state table: one function per DynamoDB call. Reads are consistent."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._aws import Client, aws_call, make_client
from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import AwsError, RestoreError, StateError
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.records import (
    OPERATION,
    from_item,
    is_expired,
    to_dynamodb,
    to_item,
)

WANTED_KEYS = [("operation_id", "HASH", "S"), ("step", "RANGE", "S")]
# Cancellation reasons that a second attempt cures
BUSY = frozenset(("TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"))
BUSY_ATTEMPTS = 6

Item = Mapping[str, Any]
# One part of a transaction: {"Put": …}, {"Update": …} or {"ConditionCheck": …}
Part = dict[str, Any]


class ConditionFailed(RestoreError):
    """A condition did not hold; nothing was written. Callers read again and say what it means."""

    kind = "state"
    todo = "Somebody else wrote at the same time: run the same command again."


def make_state_client(module: Any, operation: Mapping[str, Any]) -> Client:
    """A DynamoDB client for an operation's table: its region and endpoint, the module's credentials."""
    agent = f"op={operation['id']} fence={operation['fence']}" if operation.get("id") else ""
    return make_client(
        module, "dynamodb", region=operation["region"], endpoint_url=operation.get("endpoint_url"), user_agent=agent
    )


@aws_call("DescribeTable")
def describe_table(client: Client, table: str) -> dict[str, Any]:
    return dict(client.describe_table(TableName=table)["Table"])


@aws_call("GetItem")
def get_item(client: Client, table: str, key: Item) -> dict[str, Any] | None:
    answer = client.get_item(TableName=table, Key=to_item(key), ConsistentRead=True)
    return next(iter(_live([answer["Item"]])), None) if answer.get("Item") else None


@aws_call("Query")
def query_operation(client: Client, table: str, operation_id: str) -> list[dict[str, Any]]:
    """All items of one operation, in key order."""
    pages = client.get_paginator("query").paginate(
        TableName=table,
        ConsistentRead=True,
        KeyConditionExpression="operation_id = :id",
        ExpressionAttributeValues={":id": {"S": operation_id}},
    )
    return _live(item for page in pages for item in page["Items"])


@aws_call("Scan")
def scan_operations(client: Client, table: str) -> list[dict[str, Any]]:
    """The operation items of all targets of the table. Reads the whole table: for what is done rarely."""
    pages = client.get_paginator("scan").paginate(
        TableName=table,
        ConsistentRead=True,
        FilterExpression="#step = :operation",
        ExpressionAttributeNames={"#step": "step"},
        ExpressionAttributeValues={":operation": {"S": OPERATION}},
    )
    return _live(item for page in pages for item in page["Items"])


def _live(items: Iterable[Item]) -> list[dict[str, Any]]:
    """Plain items without those whose time is over."""
    now = time.time()
    return [item for item in map(from_item, items) if not is_expired(item, now)]


@aws_call("UpdateItem")
def update_item(client: Client, table: str, part: Part) -> dict[str, Any]:
    """Make one update; the item as it is then.

    :raises ConditionFailed: the update's condition does not hold.
    """
    try:
        answer = client.update_item(**part["Update"], ReturnValues="ALL_NEW")
    except client.exceptions.ConditionalCheckFailedException as error:
        raise ConditionFailed(f"UpdateItem failed on {table}: the condition does not hold") from error
    return from_item(answer.get("Attributes") or {})


@aws_call("TransactWriteItems")
def _transact(client: Client, table: str, parts: Sequence[Part], token: str) -> list[str]:
    """Write all or nothing; the cancellation reasons, empty when written."""
    try:
        client.transact_write_items(TransactItems=list(parts), ClientRequestToken=token)
    except client.exceptions.TransactionCanceledException as error:
        reasons = [str(reason.get("Code")) for reason in error.response.get("CancellationReasons") or []]
        return reasons or ["ConditionalCheckFailed"]
    return []


def transact(
    client: Client, table: str, parts: Sequence[Part], token: str, sleep: Callable[[float], None] = time.sleep
) -> None:
    """Write all or nothing.

    :param token: makes a repeated request the same request for 10 minutes.
    :raises ConditionFailed: one of the conditions does not hold.
    :raises StateError: it was cancelled for another reason.
    """
    for attempt in range(BUSY_ATTEMPTS):
        reasons = set(_transact(client, table, parts, token)) - {"None", ""}
        if not reasons:
            return
        if "ConditionalCheckFailed" in reasons:
            raise ConditionFailed(f"TransactWriteItems failed on {table}: a condition does not hold")
        if not reasons <= BUSY:
            break
        sleep(random.uniform(0.1, 0.2) * 2**attempt)
    raise StateError(
        f"TransactWriteItems failed on {table}: {', '.join(sorted(reasons))}",
        resource=table,
        action="TransactWriteItems",
        hint="Run the same command again.",
    )


def put(table: str, item: Item) -> Part:
    return {"Put": {"TableName": table, "Item": to_item(item)}}


def update(
    table: str,
    key: Item,
    values: Item,
    condition: str | None = None,
    names: Item | None = None,
    known: Item | None = None,
    expressions: Item | None = None,
) -> Part:
    """An update that sets attributes.

    :param values: attributes and their new values.
    :param condition: a condition expression over ``#names`` and ``:known``.
    :param expressions: attributes and update expressions ("#beat + :one").
    """
    attribute_names = {f"#s{number}": name for number, name in enumerate([*values, *(expressions or {})])}
    attribute_values = {f":s{number}": value for number, value in enumerate(values.values())}
    sides = [*attribute_values, *(expressions or {}).values()]
    sets = ", ".join(f"{name} = {side}" for name, side in zip(attribute_names, sides, strict=True))
    request: dict[str, Any] = {
        "TableName": table,
        "Key": to_item(key),
        "UpdateExpression": f"SET {sets}",
        "ExpressionAttributeNames": {**attribute_names, **(names or {})},
    }
    all_values = {name: to_dynamodb(value) for name, value in {**attribute_values, **(known or {})}.items()}
    if all_values:
        request["ExpressionAttributeValues"] = all_values
    if condition:
        request["ConditionExpression"] = condition
    return {"Update": request}


def check_schema(table: str, description: Mapping[str, Any]) -> None:
    """Refuse a table that is not keyed by operation_id and step, both strings.

    :raises StateError: another key schema, or a table that can't be used yet.
    """
    types = {entry["AttributeName"]: entry["AttributeType"] for entry in description.get("AttributeDefinitions", [])}
    keys = [
        (entry["AttributeName"], entry["KeyType"], types.get(entry["AttributeName"], ""))
        for entry in description.get("KeySchema", [])
    ]
    if sorted(keys) != sorted(WANTED_KEYS):
        found = ", ".join(f"{name} ({kind} {of})" for name, kind, of in keys) or "none"
        raise StateError(
            f"The state table {table} has another key schema ({found}) than operation_id (HASH S), step (RANGE S)",
            resource=table,
            hint="Set aurora_restore_state_table to a new name and bootstrap it.",
            resumes=False,
        )
    if description.get("TableStatus", "ACTIVE") not in ("ACTIVE", "UPDATING"):
        raise StateError(
            f"The state table {table} is {description['TableStatus']}",
            resource=table,
            hint="Wait until it is ACTIVE, or set aurora_restore_state_table to another table.",
        )


def require_table(client: Client, table: str, region: str) -> dict[str, Any]:
    """The table's description; one that can't hold the state is refused.

    :raises StateError: there is no such table, or it has another key schema.
    """
    try:
        description = describe_table(client, table)
    except AwsError as error:
        if error.code != "ResourceNotFoundException":
            raise
        raise StateError(
            f"The state table {table} does not exist in {region}",
            resource=table,
            code=error.code,
            action=error.action,
            hint="Bootstrap it, or set aurora_restore_state_table to a table that exists.",
            resumes=False,
        ) from error
    check_schema(table, description)
    return description
