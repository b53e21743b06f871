# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""AWS::KMS::Key and AWS::KMS::Alias.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_KMS.html
"""

from __future__ import annotations

import json

from sandbox.cloudformation.calls import CallError
from sandbox.cloudformation.resources.kind import Kind, Order, boolean, document, integer, tag_list

DAYS = 30


class Key(Kind):
    type = "AWS::KMS::Key"
    properties = frozenset(
        ("BypassPolicyLockoutSafetyCheck", "Description", "EnableKeyRotation", "Enabled", "KeyPolicy", "KeySpec",
         "KeyUsage", "MultiRegion", "Origin", "PendingWindowInDays", "RotationPeriodInDays", "Tags")
    )  # fmt: skip
    replaced_by = frozenset(("KeySpec", "KeyUsage", "MultiRegion", "Origin"))
    attributes = frozenset(("Arn", "KeyId"))

    def create(self, order: Order) -> None:
        given = order.properties
        made = order.calls(
            "kms", "create_key", Policy=_policy(order), Description=given.get("Description"),
            KeySpec=given.get("KeySpec"), KeyUsage=given.get("KeyUsage"), Origin=given.get("Origin"),
            MultiRegion=boolean(given.get("MultiRegion")),
            BypassPolicyLockoutSafetyCheck=boolean(given.get("BypassPolicyLockoutSafetyCheck")),
            Tags=tag_list(order.tags, "TagKey", "TagValue"),
        )["KeyMetadata"]  # fmt: skip
        order.physical_id = made["KeyId"]
        order.attributes = {"Arn": made["Arn"], "KeyId": made["KeyId"]}
        if boolean(given.get("EnableKeyRotation")):
            _rotate(order)
        if boolean(given.get("Enabled")) is False:
            order.calls("kms", "disable_key", KeyId=order.physical_id)

    def update(self, order: Order) -> None:
        key, given = order.physical_id, order.properties
        # What is disabled takes no other changes.
        if order.changed("Enabled") and boolean(given.get("Enabled", True)):
            order.calls("kms", "enable_key", KeyId=key)
        if order.changed("KeyPolicy"):
            order.calls("kms", "put_key_policy", KeyId=key, PolicyName="default", Policy=_policy(order))
        if order.changed("Description"):
            order.calls("kms", "update_key_description", KeyId=key, Description=given.get("Description", ""))
        if order.changed("EnableKeyRotation", "RotationPeriodInDays"):
            if boolean(given.get("EnableKeyRotation")):
                _rotate(order)
            else:
                order.calls("kms", "disable_key_rotation", KeyId=key)
        if order.changed("Enabled") and not boolean(given.get("Enabled", True)):
            order.calls("kms", "disable_key", KeyId=key)
        if order.tags_to_set():
            order.calls("kms", "tag_resource", KeyId=key, Tags=tag_list(order.tags_to_set(), "TagKey", "TagValue"))
        if order.tags_to_remove():
            order.calls("kms", "untag_resource", KeyId=key, TagKeys=order.tags_to_remove())

    def read(self, order: Order) -> None:
        order.calls("kms", "describe_key", KeyId=order.physical_id)
        order.calls("kms", "get_key_policy", KeyId=order.physical_id, PolicyName="default")
        if boolean(order.properties.get("Enabled", True)):
            order.calls("kms", "get_key_rotation_status", KeyId=order.physical_id)
        order.calls("kms", "list_resource_tags", KeyId=order.physical_id)

    def delete(self, order: Order) -> None:
        """A key is only scheduled to be deleted."""
        state = order.calls("kms", "describe_key", KeyId=order.physical_id)["KeyMetadata"]["KeyState"]
        if state != "PendingDeletion":
            days = integer(order.properties.get("PendingWindowInDays")) or DAYS
            order.calls("kms", "schedule_key_deletion", KeyId=order.physical_id, PendingWindowInDays=days)


def _rotate(order: Order) -> None:
    days = integer(order.properties.get("RotationPeriodInDays"))
    order.calls("kms", "enable_key_rotation", KeyId=order.physical_id, RotationPeriodInDays=days)


def _policy(order: Order) -> str:
    """That of the template, or KMS's default one for keys made by API: the account's IAM decides."""
    given = order.properties.get("KeyPolicy")
    if given is not None:
        return document(given)
    root = {"AWS": f"arn:aws:iam::{order.calls.identity.account}:root"}
    statement = {
        "Sid": "Enable IAM User Permissions", "Effect": "Allow", "Principal": root, "Action": "kms:*", "Resource": "*",
    }  # fmt: skip
    return json.dumps({"Version": "2012-10-17", "Id": "key-default-1", "Statement": [statement]})


class Alias(Kind):
    type = "AWS::KMS::Alias"
    properties = frozenset(("AliasName", "TargetKeyId"))
    required = ("AliasName", "TargetKeyId")
    replaced_by = frozenset(("AliasName",))
    name = "AliasName"

    def create(self, order: Order) -> None:
        name = str(order.properties["AliasName"])
        try:
            order.calls("kms", "create_alias", AliasName=name, TargetKeyId=order.properties["TargetKeyId"])
        except CallError as error:
            raise self.exists(name) if error.code == "AlreadyExists" else error from error
        order.physical_id = name

    def update(self, order: Order) -> None:
        target = order.properties["TargetKeyId"]
        order.calls("kms", "update_alias", AliasName=order.physical_id, TargetKeyId=target)

    def read(self, order: Order) -> None:
        order.calls("kms", "list_aliases")

    def delete(self, order: Order) -> None:
        order.calls("kms", "delete_alias", AliasName=order.physical_id)
