# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""CloudWatch and CloudWatch Logs."""

from __future__ import annotations

from sandbox.gateway.wire import Call
from sandbox.iam.needs.need import Need, arn, request_tags


def logs_needs(call: Call, account: str) -> list[Need]:
    """Log groups are checked as ``log-group:NAME:log-stream:``, which policies on ``log-group:NAME:*`` fit."""
    parameters = call.parameters
    given = parameters.get("resourceArn") or parameters.get("logGroupIdentifier")
    group, stream = parameters.get("logGroupName"), parameters.get("logStreamName")
    if isinstance(given, str) and given.startswith("arn:"):
        resource = given
    elif call.action.startswith("Describe") and not isinstance(group, str):
        resource = arn("logs", call.region, account, "log-group::log-stream:")
    elif isinstance(group, str):
        named = stream if isinstance(stream, str) else ""
        resource = arn("logs", call.region, account, f"log-group:{group}:log-stream:{named}")
    else:
        resource = "*"
    tags = parameters.get("tags")
    pairs = [{"Key": key, "Value": value} for key, value in tags.items()] if isinstance(tags, dict) else []
    return [Need(f"logs:{call.action}", resource, request_tags(pairs))]


def cloudwatch_needs(call: Call, account: str) -> list[Need]:
    parameters = call.parameters
    namespace = parameters.get("Namespace")
    context = {"cloudwatch:namespace": (namespace,)} if isinstance(namespace, str) else {}
    names = parameters.get("AlarmNames") or parameters.get("AlarmName")
    alarms = [name for name in (names if isinstance(names, list) else [names]) if isinstance(name, str)]
    action = f"cloudwatch:{call.action}"
    return [Need(action, arn("cloudwatch", call.region, account, f"alarm:{name}"), context) for name in alarms] or [
        Need(action, "*", context)
    ]
