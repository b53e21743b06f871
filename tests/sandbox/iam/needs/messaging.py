# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""SNS and SQS: the topic, the queue."""

from __future__ import annotations

from sandbox.gateway.wire import Call
from sandbox.iam.needs.need import Need, arn, given, request_tags

# As their messages spell them: SNS:Publish, sqs:sendmessage. (Actions know no case.)
BATCHES = {"SendMessageBatch": "SendMessage", "DeleteMessageBatch": "DeleteMessage",
           "ChangeMessageVisibilityBatch": "ChangeMessageVisibility", "PublishBatch": "Publish"}  # fmt: skip


def sns_needs(call: Call, account: str) -> list[Need]:
    parameters, resource = call.parameters, "*"
    for name in ("TopicArn", "ResourceArn", "TargetArn"):
        if isinstance(parameters.get(name), str):
            resource = str(parameters[name])
            break
    else:
        if isinstance(parameters.get("SubscriptionArn"), str):
            resource = str(parameters["SubscriptionArn"]).rpartition(":")[0]
        elif call.action == "CreateTopic":
            resource = arn("sns", call.region, account, str(parameters.get("Name", "")))
        elif isinstance(parameters.get("PhoneNumber"), str):
            resource = str(parameters["PhoneNumber"])
    tags = request_tags(parameters.get("Tags") or parameters.get("TagKeys"))
    context = {**tags, **given(parameters, {"Endpoint": "sns:endpoint", "Protocol": "sns:protocol"})}
    found = [Need(f"SNS:{BATCHES.get(call.action, call.action)}", resource, context)]
    if call.action == "CreateTopic" and tags:
        # https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html, Tags
        found.append(Need("SNS:TagResource", resource, context))
    return found


def sqs_needs(call: Call, account: str) -> list[Need]:
    parameters = call.parameters
    url, name = parameters.get("QueueUrl"), parameters.get("QueueName")
    resource = "*"
    if isinstance(url, str) and url.count("/") >= 2:
        owner, queue = url.rstrip("/").split("/")[-2:]
        resource = arn("sqs", call.region, owner, queue)
    elif isinstance(name, str):
        resource = arn("sqs", call.region, str(parameters.get("QueueOwnerAWSAccountId") or account), name)
    tags = parameters.get("tags") or parameters.get("Tags")
    pairs = [{"Key": key, "Value": value} for key, value in tags.items()] if isinstance(tags, dict) else []
    context = request_tags(pairs or parameters.get("TagKeys"))
    found = [Need(f"sqs:{BATCHES.get(call.action, call.action).lower()}", resource, context)]
    if call.action == "CreateQueue" and pairs:
        # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html, tags
        found.append(Need("sqs:tagqueue", resource, context))
    return found
