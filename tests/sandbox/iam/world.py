# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What moto knows: principals and their policies, and what names stand for.

Nothing here changes anything. What does not exist is None or empty; the service itself says so later.
"""

from __future__ import annotations

import contextlib
import logging
import re
from collections.abc import Mapping
from typing import Any

from moto.dynamodb.models import dynamodb_backends
from moto.iam.models import iam_backends
from moto.kms.models import kms_backends
from moto.rds.models import rds_backends
from moto.secretsmanager.models import secretsmanager_backends

from sandbox.iam.policies import Document, read

log = logging.getLogger("sandbox.iam")

ARN = re.compile(r"arn:[^:]+:([^:]*):([^:]*):([^:]*):(.+)\Z", re.DOTALL)
# Where moto keeps RDS resources, by the kind in their ARN.
RDS_KINDS = {
    "cluster": "clusters", "cluster-snapshot": "cluster_snapshots", "db": "databases", "snapshot": "database_snapshots",
    "cluster-pg": "db_cluster_parameter_groups", "pg": "db_parameter_groups", "subgrp": "subnet_groups",
    "og": "option_groups",
}  # fmt: skip


# policies


def read_policy(policy: str | Mapping[str, Any], source: str, kind: str) -> Document:
    """A policy; one that can't be read says nothing."""
    try:
        return read(policy, source, kind)
    except ValueError:
        log.warning("The policy %s can't be read.", source)
        return Document((), source, kind)


def _managed(policy: Any) -> Document:
    version = next(item for item in policy.versions if item.version_id == policy.default_version_id)
    return read_policy(version.document, policy.name, "user-managed")


def documents_of(holder: Any, kind: str) -> tuple[Document, ...]:
    """The inline and the attached policies of a user, group or role."""
    found = [read_policy(text, name, kind) for name, text in list(holder.policies.items())]
    found += [_managed(policy) for policy in list(holder.managed_policies.values())]
    return tuple(found)


def user_documents(account: str, user: Any) -> tuple[Document, ...]:
    """Those of the user and of the groups that the user is in."""
    found = documents_of(user, "user")
    for group in list(iam_backends[account]["aws"].groups.values()):
        if any(member.name == user.name for member in group.users):
            found += documents_of(group, "group")
    return found


def managed_policy(account: str, policy_arn: str) -> tuple[Document, ...]:
    """The policy of that ARN; one that does not exist allows nothing."""
    known = iam_backends[account]["aws"].managed_policies.get(policy_arn)
    return (_managed(known),) if known else ()


def boundary_of(account: str, holder: Any) -> tuple[Document, ...] | None:
    """The permissions boundary of a user or role."""
    boundary = getattr(holder, "permissions_boundary_arn", None)
    return managed_policy(account, boundary) if boundary else None


def user(account: str, user_arn: str) -> Any:
    return next((item for item in list(iam_backends[account]["aws"].users.values()) if item.arn == user_arn), None)


def role(account: str, role_arn: str) -> Any:
    return next((item for item in list(iam_backends[account]["aws"].roles.values()) if item.arn == role_arn), None)


# names


def identity_arn(account: str, kind: str, name: str, path: str = "/") -> str:
    """The ARN of a user, role, group, instance profile or policy; as it would be, if it does not exist."""
    iam = iam_backends[account]["aws"]
    known = {"role": iam.roles, "user": iam.users, "group": iam.groups}.get(kind, {})
    for item in list(known.values()):
        if item.name == name:
            return str(item.arn)
    return f"arn:aws:iam::{account}:{kind}{path}{name}"


def owner_arn(account: str, access_key: str | None) -> str | None:
    """The user whose access key it is."""
    for item in list(iam_backends[account]["aws"].users.values()):
        if any(key.access_key_id == access_key for key in item.access_keys):
            return str(item.arn)
    return None


def key_of(account: str, region: str, name: str) -> Any:
    """The key of that id or alias."""
    with contextlib.suppress(Exception):  # moto raises KeyError, or an error of KMS's own
        return kms_backends[account][region].describe_key(name)
    return None


def key_arn(account: str, region: str, key_id: str) -> str:
    """The ARN of a key given as id, ARN or alias; what does not exist stays as it is said to be."""
    found = ARN.match(key_id)
    if found:
        account, region, name = found[3], found[2], found[4].removeprefix("key/")
    else:
        name = key_id
    key = key_of(account, region, name)
    if key is not None:
        return str(key.arn)
    return f"arn:aws:kms:{region}:{account}:{name if name.startswith('alias/') else f'key/{name}'}"


def customer_key(account: str, region: str, key_id: str) -> str | None:
    """The ARN of an existing key that is not one of AWS's own."""
    made = ARN.match(key_arn(account, region, key_id))
    key = key_of(made[3], made[2], made[4].removeprefix("key/")) if made else None
    if key is None or key.key_manager == "AWS" or any(name.startswith("alias/aws/") for name in key.aliases):
        return None
    return str(key.arn)


def secret(account: str, region: str, secret_id: str) -> Any:
    return secretsmanager_backends[account][region].secrets.get(secret_id)


def hash_key(table_arn: str) -> str | None:
    """The name of a table's partition key."""
    found = ARN.match(table_arn)
    with contextlib.suppress(KeyError, IndexError):
        if found:
            return str(dynamodb_backends[found[3]][found[2]].tables[found[4].split("/")[1]].hash_key_attr)
    return None


# RDS


def rds_resource(account: str, region: str, kind: str, name: str) -> Any:
    with contextlib.suppress(KeyError):  # a region that does not exist
        known = getattr(rds_backends[account][region], RDS_KINDS.get(kind, ""), {})
        return known.get(name, known.get(name.lower()))
    return None


def instance_facts(account: str, region: str, name: str) -> dict[str, tuple[str, ...]]:
    """What an existing instance is, as condition keys."""
    instance = rds_resource(account, region, "db", name.rpartition(":")[2])
    if instance is None:
        return {}
    return {"rds:databaseclass": (str(instance.db_instance_class),), "rds:databaseengine": (str(instance.engine),)}


def copies_tags(account: str, region: str, cluster: str) -> bool:
    known = rds_resource(account, region, "cluster", cluster)
    return bool(known is not None and known.copy_tags_to_snapshot)


def _snapshot(account: str, region: str, parameters: Mapping[str, Any]) -> Any:
    name = parameters.get("SourceDBClusterSnapshotIdentifier") or parameters.get("SnapshotIdentifier")
    if not isinstance(name, str):
        return None
    found = ARN.match(name)
    if found:
        account, region, name = found[3], found[2], found[4].partition(":")[2]
    return rds_resource(account, region, "cluster-snapshot", name)


def key_of_snapshot(account: str, region: str, parameters: Mapping[str, Any]) -> str | None:
    """The key of the snapshot that is copied or restored."""
    snapshot = _snapshot(account, region, parameters)
    return getattr(snapshot, "kms_key_id", None)


def major_version(account: str, region: str, parameters: Mapping[str, Any]) -> str:
    """The major version of what is created, for the names of default groups; * where it can't be told."""
    version = parameters.get("EngineVersion")
    if not isinstance(version, str):
        known = _snapshot(account, region, parameters) or rds_resource(
            account, region, "cluster", str(parameters.get("DBClusterIdentifier"))
        )
        version = getattr(known, "engine_version", None)
    return version.partition(".")[0] if isinstance(version, str) else "*"
