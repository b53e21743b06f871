# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The types of resources that stacks can have here."""

from __future__ import annotations

from sandbox.cloudformation.resources import cloudwatch, dynamodb, iam, kms, logs, sns, sqs
from sandbox.cloudformation.resources.kind import Kind

KINDS: dict[str, Kind] = {
    kind.type: kind
    for kind in (
        dynamodb.Table(), sns.Topic(), sns.TopicPolicy(), sns.Subscription(), sqs.Queue(), sqs.QueuePolicy(),
        kms.Key(), kms.Alias(), logs.LogGroup(), cloudwatch.Alarm(), cloudwatch.Dashboard(), iam.ManagedPolicy(),
        iam.Role(),
    )
}  # fmt: skip
ATTRIBUTES = {name: kind.attributes for name, kind in KINDS.items()}
