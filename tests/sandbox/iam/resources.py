# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The policies of resources, and their tags, as they are in moto."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from moto.dynamodb.models import dynamodb_backends
from moto.kms.models import kms_backends
from moto.logs.models import logs_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from sandbox.iam.policies import Document
from sandbox.iam.world import ARN, key_of, rds_resource, read_policy, role, secret, user


@dataclass(frozen=True)
class ResourceSide:
    """A resource's policy and what it means; see evaluation.Policies."""

    policy: Document | None = None
    kind: str = "resource-based policy"
    decides: bool = False
    crosses: bool = False


def resource_side(action: str, resource: str) -> ResourceSide:
    """The policy of the resource, where the service has such policies."""
    found = ARN.match(resource)
    service, _colon, name = action.lower().partition(":")
    if not found or service != (found[1] if service != "sts" else "sts"):
        return ResourceSide()
    if service == "sts":
        return _trust(found[3], resource) if name.startswith("assumerole") else ResourceSide()
    reader = {"kms": _key_policy, "sns": _topic_policy, "sqs": _queue_policy, "secretsmanager": _secret_policy}.get(
        service
    )
    with contextlib.suppress(KeyError):  # an account or region that does not exist
        return reader(found) if reader else ResourceSide()
    return ResourceSide(crosses=True)


def _trust(account: str, role_arn: str) -> ResourceSide:
    known = role(account, role_arn)
    policy = read_policy(known.assume_role_policy_document, known.name, "resource") if known else None
    return ResourceSide(policy, "role trust policy", decides=True, crosses=True)


def _key_policy(found: re.Match[str]) -> ResourceSide:
    key = key_of(found[3], found[2], found[4].removeprefix("key/")) if found[4].startswith("key/") else None
    if key is None:
        return ResourceSide(crosses=True)
    return ResourceSide(read_policy(key.policy, key.id, "resource"), decides=True, crosses=True)


def _topic_policy(found: re.Match[str]) -> ResourceSide:
    topic = sns_backends[found[3]][found[2]].topics.get(found[0])
    return ResourceSide(read_policy(topic.policy, found[4], "resource") if topic else None, crosses=True)


def _queue_policy(found: re.Match[str]) -> ResourceSide:
    queue = sqs_backends[found[3]][found[2]].queues.get(found[4])
    policy = queue.policy if queue else None
    return ResourceSide(read_policy(policy, found[4], "resource") if policy else None, crosses=True)


def _secret_policy(found: re.Match[str]) -> ResourceSide:
    known = secret(found[3], found[2], found[0])
    policy = known.policy if known else None
    return ResourceSide(read_policy(policy, known.name, "resource") if policy else None, crosses=True)


def tags_of(resource: str) -> dict[str, str]:
    """The tags of an existing resource."""
    found = ARN.match(resource)
    reader = TAG_READERS.get(found[1]) if found else None
    if not found or not reader:
        return {}
    with contextlib.suppress(KeyError, AttributeError):
        tags = reader(found)
        if isinstance(tags, Mapping):
            return {str(key): str(value) for key, value in tags.items()}
        return {
            str(item.get("Key", item.get("TagKey"))): str(item.get("Value", item.get("TagValue", "")))
            for item in tags or ()
        }
    return {}


def _rds_tags(found: re.Match[str]) -> Any:
    known = rds_resource(found[3], found[2], *found[4].partition(":")[::2])
    return known.get_tags() if known is not None else ()


def _iam_tags(found: re.Match[str]) -> Any:
    kind = found[4].split("/")[0]
    known = role(found[3], found[0]) if kind == "role" else user(found[3], found[0]) if kind == "user" else None
    return known.tags if known else ()


TAG_READERS: dict[str, Any] = {
    "rds": _rds_tags,
    "iam": _iam_tags,
    "kms": lambda found: kms_backends[found[3]][found[2]].tagger.get_tag_dict_for_resource(
        found[4].removeprefix("key/")
    ),
    "sns": lambda found: sns_backends[found[3]][found[2]].topics[found[0]]._tags,
    "sqs": lambda found: sqs_backends[found[3]][found[2]].queues[found[4]].tags,
    "dynamodb": lambda found: dynamodb_backends[found[3]][found[2]].tables[found[4].split("/")[1]].tags,
    "secretsmanager": lambda found: getattr(secret(found[3], found[2], found[0]), "tags", ()),
    "logs": lambda found: logs_backends[found[3]][found[2]].tagger.get_tag_dict_for_resource(
        found[0].partition(":log-stream:")[0]
    ),
}
