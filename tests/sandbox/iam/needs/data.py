# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets Manager and DynamoDB."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.gateway.wire import Call
from sandbox.iam import world
from sandbox.iam.needs.need import Need, arn, given, request_tags

SECRET_CONDITIONS = {
    "SecretId": "secretsmanager:secretid",
    "VersionId": "secretsmanager:versionid",
    "VersionStage": "secretsmanager:versionstage",
    "Name": "secretsmanager:name",
}
# Actions of a transaction's parts (DynamoDB Developer Guide, "Using IAM with DynamoDB transactions").
PARTS = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem",
         "Get": "GetItem"}  # fmt: skip


def secrets_needs(call: Call, account: str) -> list[Need]:
    """A secret that does not exist is asked for by the name that was given: no policy on ARNs fits it."""
    parameters = call.parameters
    context = {
        **given(parameters, SECRET_CONDITIONS),
        **request_tags(parameters.get("Tags") or parameters.get("TagKeys")),
    }
    secret, name = parameters.get("SecretId"), parameters.get("Name")
    if isinstance(secret, str):
        found = world.secret(account, call.region, secret)
        resource = found.arn if found else secret
    elif call.action == "CreateSecret" and isinstance(name, str):
        resource = arn("secretsmanager", call.region, account, f"secret:{name}")
    else:
        resource = "*"
    needs = [Need(f"secretsmanager:{call.action}", resource, context), *_secret_key(call, account)]
    if call.action == "CreateSecret" and parameters.get("Tags"):
        needs.append(Need("secretsmanager:TagResource", resource, context))
    return needs


def _secret_key(call: Call, account: str) -> Iterator[Need]:
    """A value under a key of the customer's is decrypted in the caller's name, and encrypted with a key of its own
    (https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html)."""
    actions = {
        "GetSecretValue": ["kms:Decrypt"],
        "CreateSecret": ["kms:GenerateDataKey", "kms:Decrypt"],
        "PutSecretValue": ["kms:GenerateDataKey", "kms:Decrypt"],
    }.get(call.action, [])
    found = world.secret(account, call.region, str(call.parameters.get("SecretId")))
    key = found.kms_key_id if found else call.parameters.get("KmsKeyId")
    key_arn = world.customer_key(account, call.region, str(key)) if key and actions else None
    via = f"secretsmanager.{call.region}.amazonaws.com"
    for action in actions if key_arn else ():
        yield Need(action, str(key_arn), {"kms:viaservice": (via,), "kms:calleraccount": (account,)})


def dynamodb_needs(call: Call, account: str) -> list[Need]:
    """Each table or index; parts of transactions by their own actions."""
    parts = call.parameters.get("TransactItems")
    if isinstance(parts, list):
        return [
            _item(call, account, PARTS[kind], part)
            for item in parts
            if isinstance(item, Mapping)
            for kind, part in item.items()
            if kind in PARTS and isinstance(part, Mapping)
        ]
    tables = call.parameters.get("RequestItems")
    if isinstance(tables, Mapping):
        return [_item(call, account, call.action, {"TableName": name}) for name in tables]
    found = _item(call, account, call.action, call.parameters)
    return [found, *_table_settings(call, account, found)]


def _table_settings(call: Call, account: str, table: Need) -> Iterator[Need]:
    """What a new table's tags need, and a key that is set for it.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Tagging.Operations.html and, beside it,
    encryption.usagenotes.html: DynamoDB uses the key by grants, which it makes in the caller's name.
    """
    if call.action == "CreateTable" and call.parameters.get("Tags"):
        yield Need("dynamodb:TagResource", table.resource, table.context)
    encryption = call.parameters.get("SSESpecification")
    key = encryption.get("KMSMasterKeyId") if isinstance(encryption, Mapping) else None
    key_arn = world.customer_key(account, call.region, str(key)) if key else None
    if key_arn:
        via = {
            "kms:viaservice": (f"dynamodb.{call.region}.amazonaws.com",),
            "kms:calleraccount": (account,),
            "aws:viaawsservice": ("true",),
        }
        yield Need("kms:DescribeKey", key_arn, via)
        yield Need("kms:CreateGrant", key_arn, {**via, "kms:grantisforawsresource": ("true",)})


def _item(call: Call, account: str, action: str, part: Mapping[str, Any]) -> Need:
    name = part.get("TableName") or part.get("ResourceArn")
    if not isinstance(name, str):
        return Need(f"dynamodb:{action}")
    resource = arn("dynamodb", call.region, account, name if name.startswith("arn:") else f"table/{name}")
    context = request_tags(part.get("Tags") or part.get("TagKeys"))
    leading = _leading_keys(resource, part)
    if leading:
        context["dynamodb:leadingkeys"] = leading
    if isinstance(part.get("IndexName"), str) and action in ("Query", "Scan"):
        resource += f"/index/{part['IndexName']}"
    return Need(f"dynamodb:{action}", resource, context)


def _leading_keys(table: str, part: Mapping[str, Any]) -> tuple[str, ...]:
    hash_key = world.hash_key(table)
    item = part.get("Key") or part.get("Item")
    if hash_key and isinstance(item, Mapping) and isinstance(item.get(hash_key), Mapping):
        return tuple(str(value) for value in item[hash_key].values())
    return _queried(hash_key, part) if hash_key and not part.get("IndexName") else ()


def _queried(hash_key: str, part: Mapping[str, Any]) -> tuple[str, ...]:
    """The partition of a query: ``key = :value`` or ``#name = :value``."""
    names, values = part.get("ExpressionAttributeNames") or {}, part.get("ExpressionAttributeValues") or {}
    for clause in str(part.get("KeyConditionExpression", "")).replace("(", " ").replace(")", " ").split(" AND "):
        name, sign, value = clause.partition("=")
        if sign and names.get(name.strip(), name.strip()) == hash_key:
            return tuple(str(text) for text in (values.get(value.strip()) or {}).values())
    return ()
