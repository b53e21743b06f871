# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a call to what it needs: one module per service. What none of them knows needs its action on ``*``."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.gateway.wire import Call
from sandbox.iam.needs import data, identity, keys, messaging, monitoring, rds, stacks
from sandbox.iam.needs.need import Need

# By the name of the service in the call; each gets the call and the account of the caller.
SERVICES: dict[str, Callable[[Call, str], list[Need]]] = {
    "rds": rds.needs,
    "kms": keys.needs,
    "secretsmanager": data.secrets_needs,
    "dynamodb": data.dynamodb_needs,
    "sns": messaging.sns_needs,
    "sqs": messaging.sqs_needs,
    "logs": monitoring.logs_needs,
    "cloudwatch": monitoring.cloudwatch_needs,
    "cloudformation": stacks.needs,
    "sts": identity.sts_needs,
    "iam": identity.iam_needs,
}
# Where the prefix of actions is not the service's name in the call.
PREFIXES = {"resourcegroupstaggingapi": "tag"}


def of(call: Call, account: str) -> list[Need]:
    """All that a call needs; empty where AWS asks for nothing."""
    known = SERVICES.get(call.service)
    if known:
        return known(call, account)
    return [Need(f"{PREFIXES.get(call.service, call.service)}:{call.action}")]
