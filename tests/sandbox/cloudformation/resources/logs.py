# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""AWS::Logs::LogGroup.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-logs-loggroup.html; how its
identifier is written in errors: https://github.com/serverless/serverless/issues/3168.
"""

from __future__ import annotations

import json

from sandbox.cloudformation.calls import CallError
from sandbox.cloudformation.resources.kind import Kind, Order, integer


class LogGroup(Kind):
    type = "AWS::Logs::LogGroup"
    properties = frozenset(("LogGroupName", "LogGroupClass", "RetentionInDays", "KmsKeyId", "Tags"))
    replaced_by = frozenset(("LogGroupName",))
    name = "LogGroupName"
    attributes = frozenset(("Arn",))
    system_tags = True

    def create(self, order: Order) -> None:
        name, given = order.name("LogGroupName", 512), order.properties
        try:
            order.calls(
                "logs", "create_log_group", logGroupName=name, kmsKeyId=given.get("KmsKeyId"),
                logGroupClass=given.get("LogGroupClass"), tags=order.tags or None,
            )  # fmt: skip
        except CallError as error:
            identifier = json.dumps({"/properties/LogGroupName": name}, separators=(",", ":"))
            raise self.exists(identifier) if error.code == "AlreadyExists" else error from error
        where = order.calls.identity
        order.physical_id = name
        order.attributes = {"Arn": f"arn:aws:logs:{where.region}:{where.account}:log-group:{name}:*"}
        if given.get("RetentionInDays") is not None:
            _retain(order)

    def update(self, order: Order) -> None:
        name, given = order.physical_id, order.properties
        if order.changed("RetentionInDays"):
            if given.get("RetentionInDays") is not None:
                _retain(order)
            else:
                order.calls("logs", "delete_retention_policy", logGroupName=name)
        if order.changed("KmsKeyId"):
            if given.get("KmsKeyId"):
                order.calls("logs", "associate_kms_key", logGroupName=name, kmsKeyId=given["KmsKeyId"])
            else:
                order.calls("logs", "disassociate_kms_key", logGroupName=name)
        arn = str(order.attributes["Arn"]).removesuffix(":*")
        if order.tags_to_set():
            order.calls("logs", "tag_resource", resourceArn=arn, tags=order.tags_to_set())
        if order.tags_to_remove():
            order.calls("logs", "untag_resource", resourceArn=arn, tagKeys=order.tags_to_remove())

    def read(self, order: Order) -> None:
        order.calls("logs", "describe_log_groups", logGroupNamePrefix=order.physical_id)
        arn = str(order.attributes["Arn"]).removesuffix(":*")
        order.calls("logs", "list_tags_for_resource", resourceArn=arn)

    def delete(self, order: Order) -> None:
        order.calls("logs", "describe_log_groups", logGroupNamePrefix=order.physical_id)
        order.calls("logs", "delete_log_group", logGroupName=order.physical_id)


def _retain(order: Order) -> None:
    days = integer(order.properties["RetentionInDays"])
    order.calls("logs", "put_retention_policy", logGroupName=order.physical_id, retentionInDays=days)
