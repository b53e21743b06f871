# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""CloudWatch and CloudWatch Logs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.gateway.wire import Call
from sandbox.iam.needs.need import Need, arn, given, request_tags


def logs_needs(call: Call, account: str) -> list[Need]:
    """Log groups are checked as ``log-group:NAME:log-stream:``, which policies on ``log-group:NAME:*`` fit."""
    parameters = call.parameters
    named_by_arn = parameters.get("resourceArn") or parameters.get("logGroupIdentifier")
    group, stream = parameters.get("logGroupName"), parameters.get("logStreamName")
    if isinstance(named_by_arn, str) and named_by_arn.startswith("arn:"):
        resource = named_by_arn
    elif call.action.startswith("Describe") and not isinstance(group, str):
        resource = arn("logs", call.region, account, "log-group::log-stream:")
    elif isinstance(group, str):
        named = stream if isinstance(stream, str) else ""
        resource = arn("logs", call.region, account, f"log-group:{group}:log-stream:{named}")
    else:
        resource = "*"
    tags = parameters.get("tags")
    pairs = [{"Key": key, "Value": value} for key, value in tags.items()] if isinstance(tags, dict) else []
    context = request_tags(pairs or parameters.get("tagKeys"))
    found = [Need(f"logs:{call.action}", resource, context)]
    if call.action == "CreateLogGroup" and pairs:
        # https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html, tags
        found.append(Need("logs:TagResource", resource, context))
    return found


def cloudwatch_needs(call: Call, account: str) -> list[Need]:
    """PutMetricAlarm has a namespace too, which is no condition key of it."""
    parameters = call.parameters
    tags = request_tags(parameters.get("Tags") or parameters.get("TagKeys"))
    context = {**given(parameters, {"AlarmActions": "cloudwatch:alarmactions"}), **tags}
    if call.action == "PutMetricData":
        context |= given(parameters, {"Namespace": "cloudwatch:namespace"})
    resources = [
        *(arn("cloudwatch", call.region, account, f"alarm:{name}") for name in _names(parameters, "Alarm")),
        *(arn("cloudwatch", "", account, f"dashboard/{name}") for name in _names(parameters, "Dashboard")),
        *(str(parameters[name]) for name in ("ResourceARN",) if isinstance(parameters.get(name), str)),
    ]
    found = [Need(f"cloudwatch:{call.action}", resource, context) for resource in resources or ["*"]]
    if call.action == "PutMetricAlarm" and tags:
        # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html, Tags
        found += [Need("cloudwatch:TagResource", resource, context) for resource in resources]
    return found


def _names(parameters: Mapping[str, Any], kind: str) -> list[str]:
    names = parameters.get(f"{kind}Names") or parameters.get(f"{kind}Name")
    return [name for name in (names if isinstance(names, list) else [names]) if isinstance(name, str)]
