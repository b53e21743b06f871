# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Log groups where moto is not like AWS: how long events are kept, and which keys they may be encrypted with.

Days that there are: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html. A
key is used by the service itself, so that its policy must allow the service's principal:
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/logs/encrypt-log-data-kms.html; what is said otherwise:
https://github.com/hashicorp/terraform-provider-aws/issues/29282.
"""

from __future__ import annotations

import functools
import json
from typing import Any

from moto.logs.exceptions import InvalidParameterException, LogsClientError, ResourceNotFoundException
from moto.logs.models import LogsBackend
from moto.logs.responses import LogsResponse

from sandbox.iam import world
from sandbox.iam.conditions import as_texts, holds
from sandbox.iam.patterns import matches

DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
ACTIONS = ("kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:GenerateDataKey", "kms:DescribeKey")


def check_retention(days: Any) -> None:
    """
    :raises InvalidParameterException: CloudWatch Logs does not know that number of days.
    """
    if int(days) not in DAYS:
        raise InvalidParameterException(f"Invalid retention value. Valid values are: {list(DAYS)}")


def lets_use(policy: str, principal: str, log_group: str) -> bool:
    """Whether a key's policy lets CloudWatch Logs encrypt a log group with it.

    :param principal: of the service.
    :param log_group: its ARN, which is in the encryption context.
    """
    context = {
        "kms:encryptioncontext:aws:logs:arn": (log_group,),
        "aws:sourcearn": (log_group,),
        "aws:sourceaccount": (log_group.split(":")[4],),
    }
    statements = json.loads(policy).get("Statement") or []
    for_service = [
        item
        for item in (statements if isinstance(statements, list) else [statements])
        if _names(item.get("Principal"), principal) and holds(item.get("Condition") or {}, context)
    ]
    return all(_decided(for_service, action) for action in ACTIONS)


def _names(principal: Any, service: str) -> bool:
    services = principal.get("Service", ()) if isinstance(principal, dict) else principal
    return bool({"*", service} & set(as_texts(services or ())))


def _decided(statements: list[dict[str, Any]], action: str) -> bool:
    effects = {
        item.get("Effect")
        for item in statements
        if any(matches(pattern.lower(), action.lower(), None) for pattern in as_texts(item.get("Action") or ()))
    }
    return "Allow" in effects and "Deny" not in effects


def check_key(account: str, region: str, key: str, log_group: str) -> None:
    """
    :raises LogsClientError: there is no such key, or the service may not use it.
    """
    arn = f"arn:aws:logs:{region}:{account}:log-group:{log_group}"
    found = world.ARN.match(key)
    known = world.key_of(found[3], found[2], found[4].removeprefix("key/")) if found else None
    is_there = known is not None and known.key_state == "Enabled" and found is not None and found[2] == region
    if known is None or not is_there or not lets_use(str(known.policy), f"logs.{region}.amazonaws.com", arn):
        raise LogsClientError(
            "AccessDeniedException",
            f"The specified KMS key does not exist or is not allowed to be used with Arn '{arn}'",
        )


def associate_kms_key(self: Any) -> str:
    """AssociateKmsKey, which moto lacks."""
    _group(self, str(self._get_param("kmsKeyId")))
    return ""


def disassociate_kms_key(self: Any) -> str:
    """DisassociateKmsKey, which moto lacks."""
    _group(self, None)
    return ""


def _group(response: Any, key: str | None) -> None:
    name = str(response._get_param("logGroupName"))
    group = response.logs_backend.groups.get(name)
    if group is None:
        raise ResourceNotFoundException
    if key is not None:
        check_key(response.current_account, response.region, key, name)
    group.kms_key_id = key


@functools.cache
def install() -> None:
    """To be called before the first call."""
    create, retain = LogsBackend.create_log_group, LogsBackend.put_retention_policy

    def create_like_aws(backend: Any, log_group_name: str, tags: Any, **more: Any) -> Any:
        if more.get("kmsKeyId") and log_group_name not in backend.groups:
            check_key(backend.account_id, backend.region_name, str(more["kmsKeyId"]), log_group_name)
        return create(backend, log_group_name, tags, **more)

    def retain_like_aws(backend: Any, log_group_name: str, retention_in_days: Any) -> None:
        check_retention(retention_in_days)
        retain(backend, log_group_name, retention_in_days)

    backends: Any = LogsBackend
    backends.create_log_group, backends.put_retention_policy = create_like_aws, retain_like_aws
    responses: Any = LogsResponse
    responses.associate_kms_key, responses.disassociate_kms_key = associate_kms_key, disassociate_kms_key
