# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""AWS::SQS::Queue and AWS::SQS::QueuePolicy.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_SQS.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.cloudformation.functions import text
from sandbox.cloudformation.resources.kind import Kind, Order, document, is_there

# With the values of attributes that are left out.
ATTRIBUTES = {
    "ContentBasedDeduplication": "false", "DeduplicationScope": "queue", "DelaySeconds": "0",
    "FifoThroughputLimit": "perQueue", "KmsDataKeyReusePeriodSeconds": "300", "KmsMasterKeyId": "",
    "MaximumMessageSize": "1048576", "MessageRetentionPeriod": "345600", "ReceiveMessageWaitTimeSeconds": "0",
    "RedriveAllowPolicy": "", "RedrivePolicy": "", "SqsManagedSseEnabled": "true", "VisibilityTimeout": "30",
}  # fmt: skip


class Queue(Kind):
    type = "AWS::SQS::Queue"
    properties = frozenset(("QueueName", "FifoQueue", "Tags", *ATTRIBUTES))
    replaced_by = frozenset(("QueueName", "FifoQueue"))
    name = "QueueName"
    attributes = frozenset(("Arn", "QueueName", "QueueUrl"))

    def create(self, order: Order) -> None:
        name = order.name("QueueName", 80)
        # CreateQueue would return a queue that is there already, if it has the same attributes.
        if is_there(lambda: order.calls("sqs", "get_queue_url", QueueName=name)):
            raise self.exists(name)
        attributes = _settings(order.properties)
        if text(order.properties.get("FifoQueue", False)) == "true":
            attributes["FifoQueue"] = "true"
        made = order.calls(
            "sqs", "create_queue", QueueName=name, Attributes=attributes or None, tags=order.tags or None
        )  # fmt: skip
        order.physical_id = made["QueueUrl"]
        where = order.calls.identity
        order.attributes = {
            "Arn": f"arn:aws:sqs:{where.region}:{where.account}:{name}", "QueueName": name,
            "QueueUrl": made["QueueUrl"],
        }  # fmt: skip

    def update(self, order: Order) -> None:
        changed = [key for key in ATTRIBUTES if order.changed(key)]
        if changed:
            values = _settings(order.properties)
            order.calls(
                "sqs", "set_queue_attributes", QueueUrl=order.physical_id,
                Attributes={key: values.get(key, ATTRIBUTES[key]) for key in changed},
            )  # fmt: skip
        if order.tags_to_set():
            order.calls("sqs", "tag_queue", QueueUrl=order.physical_id, Tags=order.tags_to_set())
        if order.tags_to_remove():
            order.calls("sqs", "untag_queue", QueueUrl=order.physical_id, TagKeys=order.tags_to_remove())

    def read(self, order: Order) -> None:
        order.calls("sqs", "get_queue_attributes", QueueUrl=order.physical_id, AttributeNames=["All"])
        order.calls("sqs", "list_queue_tags", QueueUrl=order.physical_id)

    def delete(self, order: Order) -> None:
        order.calls("sqs", "get_queue_attributes", QueueUrl=order.physical_id, AttributeNames=["QueueArn"])
        order.calls("sqs", "delete_queue", QueueUrl=order.physical_id)


class QueuePolicy(Kind):
    type = "AWS::SQS::QueuePolicy"
    properties = frozenset(("PolicyDocument", "Queues"))
    required = ("PolicyDocument", "Queues")
    attributes = frozenset(("Id",))

    def create(self, order: Order) -> None:
        order.physical_id = order.name("")
        order.attributes = {"Id": order.physical_id}
        for queue in order.properties["Queues"]:
            _set_policy(order, queue, document(order.properties["PolicyDocument"]))

    def update(self, order: Order) -> None:
        for queue in order.properties["Queues"]:
            _set_policy(order, queue, document(order.properties["PolicyDocument"]))
        for queue in order.before.get("Queues") or ():
            if queue not in order.properties["Queues"]:
                _set_policy(order, queue, "")

    def delete(self, order: Order) -> None:
        for queue in order.properties["Queues"]:
            _set_policy(order, queue, "")


def _set_policy(order: Order, queue: str, policy: str) -> None:
    order.calls("sqs", "set_queue_attributes", QueueUrl=queue, Attributes={"Policy": policy})


def _settings(given: Mapping[str, Any]) -> dict[str, str]:
    return {
        key: document(given[key]) if isinstance(given[key], Mapping) else text(given[key])
        for key in ATTRIBUTES
        if key in given
    }
