# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""RDS: the resources of the service authorization reference, by the parameters that name them.

Beyond that reference: tags given at creation need rds:AddTagsToResource on what is created; a final snapshot needs
rds:CreateDBClusterSnapshot, and rds:AddTagsToResource if the cluster copies its tags to snapshots (AWS's notice quoted
in https://github.com/convox/convox/pull/856); groups that are left out are the default ones, and are checked as such
(Aurora User Guide, "Permission policies to create, modify and, delete resources in Aurora"); a rename is checked for
both names; listing snapshots of a cluster for the cluster and for ``cluster-snapshot:*``; a copy from another region
there as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from sandbox.gateway.wire import Call
from sandbox.iam import catalogue, world
from sandbox.iam.needs.need import Need, arn, given, prefixed, request_tags

NAMES = {
    "DBClusterIdentifier": "cluster", "NewDBClusterIdentifier": "cluster", "SourceDBClusterIdentifier": "cluster",
    "DBInstanceIdentifier": "db", "NewDBInstanceIdentifier": "db", "SourceDBInstanceIdentifier": "db",
    "DBClusterSnapshotIdentifier": "cluster-snapshot", "SourceDBClusterSnapshotIdentifier": "cluster-snapshot",
    "TargetDBClusterSnapshotIdentifier": "cluster-snapshot", "DBSnapshotIdentifier": "snapshot",
    "SourceDBSnapshotIdentifier": "snapshot", "TargetDBSnapshotIdentifier": "snapshot",
    "DBClusterParameterGroupName": "cluster-pg", "DBParameterGroupName": "pg", "DBInstanceParameterGroupName": "pg",
    "DBSubnetGroupName": "subgrp", "OptionGroupName": "og", "DBSecurityGroups": "secgrp",
    "DBClusterEndpointIdentifier": "cluster-endpoint", "SubscriptionName": "es",
    "GlobalClusterIdentifier": "global-cluster",
}  # fmt: skip
# Where a parameter's name does not say what it is.
SNAPSHOT_NAMES = {
    "RestoreDBClusterFromSnapshot": {"SnapshotIdentifier": "cluster-snapshot"},
    "DeleteDBCluster": {"FinalDBSnapshotIdentifier": "cluster-snapshot"},
    "DeleteDBInstance": {"FinalDBSnapshotIdentifier": "snapshot"},
}
# What a call makes, by the parameter that names it; tags need to be allowed on it.
MADE = {
    "CopyDBClusterSnapshot": "TargetDBClusterSnapshotIdentifier",
    "CopyDBSnapshot": "TargetDBSnapshotIdentifier",
    "CreateDBClusterSnapshot": "DBClusterSnapshotIdentifier",
    "CreateDBSnapshot": "DBSnapshotIdentifier",
    "CreateDBCluster": "DBClusterIdentifier",
    "RestoreDBClusterFromSnapshot": "DBClusterIdentifier",
    "RestoreDBClusterToPointInTime": "DBClusterIdentifier",
    "CreateDBInstance": "DBInstanceIdentifier",
    "CreateDBSubnetGroup": "DBSubnetGroupName",
    "CreateDBParameterGroup": "DBParameterGroupName",
    "CreateDBClusterParameterGroup": "DBClusterParameterGroupName",
    "CreateDBClusterEndpoint": "DBClusterEndpointIdentifier",
}
CONDITIONS = {
    "DBInstanceClass": "rds:databaseclass", "DBClusterInstanceClass": "rds:databaseclass",
    "Engine": "rds:databaseengine", "DatabaseName": "rds:databasename", "DBName": "rds:databasename",
    "StorageEncrypted": "rds:storageencrypted", "MultiAZ": "rds:multiaz", "Iops": "rds:piops",
    "AllocatedStorage": "rds:storagesize", "ManageMasterUserPassword": "rds:managemasteruserpassword",
    "EndpointType": "rds:endpointtype",
}  # fmt: skip
# Where groups that are not named are the default ones.
WITH_DEFAULTS = frozenset(("CreateDBCluster", "RestoreDBClusterFromSnapshot", "CreateDBInstance"))
SIGNED_IN = re.compile(r"X-Amz-Credential=[^/&]+/\d{8}/([^/&]+)/rds/")
PASSED_TO = {"RoleArn": "rds.amazonaws.com", "MonitoringRoleArn": "monitoring.rds.amazonaws.com"}
# (parameter that names a key, or "" for the one that the snapshot has, how RDS calls it in messages)
USED_KEYS = {
    "CreateDBCluster": (("KmsKeyId", "Specified KMS key"),),
    "CreateDBInstance": (("PerformanceInsightsKMSKeyId", "Specified KMS key"),),
    "ModifyDBCluster": (("MasterUserSecretKmsKeyId", "Specified KMS key"),),
    "RestoreDBClusterFromSnapshot": (("", "The source snapshot KMS key"), ("KmsKeyId", "Specified KMS key")),
    "CopyDBClusterSnapshot": (("", "The source snapshot KMS key"), ("KmsKeyId", "The target KMS key")),
}


def needs(call: Call, account: str) -> list[Need]:
    """Everything that an RDS call needs, in the order in which AWS is taken to look."""
    context = _context(call, account)
    found = [Need(f"rds:{call.action}", item).having(context) for item in _resources(call, account)]
    if not found:
        found = [Need(f"rds:{call.action}").having(context)]
    for more in (_there, _tagging, _final_snapshot, _passing, _managed_password, _using_keys):
        found += [need.having({**context, **need.context}) for need in more(call, account)]
    return found


def _context(call: Call, account: str) -> dict[str, tuple[str, ...]]:
    tags = call.parameters.get("Tags") or call.parameters.get("TagKeys")
    pairs = {str(item["Key"]): str(item.get("Value", "")) for item in _tags(call)}
    context = {**given(call.parameters, CONDITIONS), **request_tags(tags), **prefixed("rds:req-tag/", pairs)}
    name = call.parameters.get("DBInstanceIdentifier")
    if isinstance(name, str) and call.action not in MADE:
        context = {**world.instance_facts(account, call.region, name), **context}
    return context


def _tags(call: Call) -> list[Mapping[str, Any]]:
    tags = call.parameters.get("Tags")
    return [item for item in tags if isinstance(item, Mapping) and "Key" in item] if isinstance(tags, list) else []


def _arn(call: Call, account: str, kind: str, name: str) -> str:
    region = "" if kind == "global-cluster" else call.region
    return arn("rds", region, account, name if name.startswith("arn:") else f"{kind}:{name}")


def _resources(call: Call, account: str) -> list[str]:
    named = _named(call, account)
    if "ResourceName" in call.parameters:
        return [str(call.parameters["ResourceName"])]
    made: list[str] = []
    types = catalogue.resource_types("rds", call.action)
    for kind, always in types:
        made += named.get(kind) or [_arn(call, account, kind, name) for name in _unnamed(call, account, kind, always)]
    if not made and types:
        made = [_arn(call, account, types[-1][0], "*")]
    return made


def _named(call: Call, account: str) -> dict[str, list[str]]:
    named: dict[str, list[str]] = {}
    for parameter, kind in {**NAMES, **SNAPSHOT_NAMES.get(call.action, {})}.items():
        value = call.parameters.get(parameter)
        for name in value if isinstance(value, list) else [value]:
            if isinstance(name, str) and name:
                named.setdefault(kind, []).append(_arn(call, account, kind, name))
    return named


def _unnamed(call: Call, account: str, kind: str, always: bool) -> Iterator[str]:
    """What a resource is called that the call does not name."""
    if call.action in WITH_DEFAULTS:
        default = _default(call, account, kind)
        if default:
            yield default
    elif call.action == "DescribeDBClusterSnapshots":
        if kind == "cluster-snapshot":
            yield "*"
    elif call.action == "DeleteDBCluster" and kind == "cluster-snapshot":
        return  # only if one is taken
    elif always:
        yield "*"


def _default(call: Call, account: str, kind: str) -> str | None:
    major = world.major_version(account, call.region, call.parameters)
    if kind in ("cluster-pg", "pg"):
        return f"default.aurora-postgresql{major}"
    if kind == "og":
        return f"default:aurora-postgresql-{major}"
    # Members are in the subnets of their cluster.
    return "default" if kind == "subgrp" and call.action != "CreateDBInstance" else None


def _there(call: Call, account: str) -> Iterator[Need]:
    """A copy across regions is asked for in the source's region too: that is what its presigned URL is."""
    signed = SIGNED_IN.search(unquote(str(call.parameters.get("PreSignedUrl", ""))))
    source = call.parameters.get("SourceDBClusterSnapshotIdentifier")
    if call.action == "CopyDBClusterSnapshot" and signed and isinstance(source, str) and signed[1] != call.region:
        yield Need(f"rds:{call.action}", _arn(call, account, "cluster-snapshot", source), region=signed[1])


def _tagging(call: Call, account: str) -> Iterator[Need]:
    name = call.parameters.get(MADE.get(call.action, ""))
    if _tags(call) and isinstance(name, str):
        yield Need("rds:AddTagsToResource", _arn(call, account, NAMES[MADE[call.action]], name))


def _final_snapshot(call: Call, account: str) -> Iterator[Need]:
    name, cluster = (call.parameters.get(key) for key in ("FinalDBSnapshotIdentifier", "DBClusterIdentifier"))
    if call.action == "DeleteDBCluster" and isinstance(name, str) and isinstance(cluster, str):
        snapshot = _arn(call, account, "cluster-snapshot", name)
        yield Need("rds:CreateDBClusterSnapshot", _arn(call, account, "cluster", cluster))
        yield Need("rds:CreateDBClusterSnapshot", snapshot)
        if world.copies_tags(account, call.region, cluster):
            yield Need("rds:AddTagsToResource", snapshot)


def _passing(call: Call, account: str) -> Iterator[Need]:
    for parameter, service in PASSED_TO.items():
        role = call.parameters.get(parameter)
        if isinstance(role, str) and call.action != "RemoveRoleFromDBCluster":
            yield Need("iam:PassRole", role, {"iam:passedtoservice": (service,)})


def _managed_password(call: Call, account: str) -> Iterator[Need]:
    """RDS makes the secret in the caller's name (Aurora User Guide, "Password management with Secrets Manager")."""
    if str(call.parameters.get("ManageMasterUserPassword", "")).lower() == "true":
        secret = arn("secretsmanager", call.region, account, "secret:rds!cluster-*")
        for action in ("CreateSecret", "TagResource"):
            yield Need(f"secretsmanager:{action}", secret, {"aws:viaawsservice": ("true",)})


def _using_keys(call: Call, account: str) -> Iterator[Need]:
    """kms:DescribeKey and kms:CreateGrant in the caller's name. AWS's own keys (alias/aws/...) let everybody."""
    for parameter, words in USED_KEYS.get(call.action, ()):
        found = world.key_of_snapshot(account, call.region, call.parameters) if not parameter else None
        key = found or (call.parameters.get(parameter) if parameter else None)
        key_arn = world.customer_key(account, call.region, str(key)) if key else None
        if not key_arn:
            continue
        region = key_arn.split(":")[3]
        via = {
            "kms:viaservice": (f"rds.{region}.amazonaws.com",),
            "kms:calleraccount": (account,),
            "aws:viaawsservice": ("true",),
        }
        yield Need("kms:DescribeKey", key_arn, via, region, key=words)
        yield Need("kms:CreateGrant", key_arn, {**via, "kms:grantisforawsresource": ("true",)}, region, key=words)
