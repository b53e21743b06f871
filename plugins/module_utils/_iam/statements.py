# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The statements of policies, each for one kind of thing that a purpose does.

Which resources an action is about, and which condition keys it knows: AWS's service authorization reference,
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._iam.settings import Settings
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.models import TAG_OPERATION, TAG_TARGET

Statement = dict[str, Any]
Conditions = Mapping[str, Mapping[str, Any]]

# A resource that this collection made has the tag; whoever made the others is not known.
OURS: Conditions = {"Null": {f"aws:ResourceTag/{TAG_OPERATION}": "false"}}
MARKED: Conditions = {"StringEquals": {f"aws:ResourceTag/{TAG_TARGET}": "true"}}


def allow(
    sid: str, actions: str | Sequence[str], resources: str | Iterable[str], conditions: Conditions | None = None
) -> Statement:
    """A statement; lists of one are written as the one."""
    items = [resources] if isinstance(resources, str) else list(dict.fromkeys(resources))
    names = [actions] if isinstance(actions, str) else sorted(actions)
    made: Statement = {"Sid": sid, "Effect": "Allow", "Action": _one(names), "Resource": _one(items)}
    return {**made, "Condition": conditions} if conditions else made


def _one(items: list[str]) -> str | list[str]:
    return items[0] if len(items) == 1 else items


def in_region(region: str) -> Conditions:
    return {"StringEquals": {"aws:RequestedRegion": region}}


# ---- reading


def read_source(settings: Settings) -> Statement:
    """Listing members and snapshots asks for all of them, whatever it is filtered by."""
    return allow(
        "ReadSource",
        ["rds:DescribeDBClusterSnapshots", "rds:DescribeDBClusters", "rds:DescribeDBInstances"],
        [
            *settings.source("cluster", settings.source_cluster_id),
            *settings.source("cluster-snapshot", "*"),
            *settings.source("db", "*"),
        ],
    )


def read_target(settings: Settings) -> Iterator[Statement]:
    """By kind, since they are asked for by filter, too; the second half knows no resources."""
    actions = [
        "rds:DescribeDBClusterEndpoints", "rds:DescribeDBClusterParameterGroups", "rds:DescribeDBClusterSnapshots",
        "rds:DescribeDBClusters", "rds:DescribeDBInstances", "rds:DescribeDBParameterGroups",
        "rds:DescribeDBSubnetGroups",
    ]  # fmt: skip
    kinds = ("cluster", "cluster-pg", "cluster-snapshot", "db", "pg", "subgrp")
    yield allow("ReadTarget", actions, [arn for kind in kinds for arn in settings.target(kind, "*")])
    free = [
        "application-autoscaling:DescribeScalingPolicies", "ec2:DescribeRouteTables", "ec2:DescribeSecurityGroups",
        "rds:DescribeAccountAttributes", "rds:DescribeDBEngineVersions", "rds:DescribeEvents",
        "rds:DescribeOrderableDBInstanceOptions",
    ]  # fmt: skip
    yield allow("ReadTargetRegion", free, "*", in_region(settings.target_region))


def read_clusters(settings: Settings) -> Statement:
    actions = ["rds:DescribeDBClusterSnapshots", "rds:DescribeDBClusters", "rds:DescribeDBInstances"]
    kinds = ("cluster", "cluster-snapshot", "db")
    return allow("ReadClusters", actions, [arn for kind in kinds for arn in settings.target(kind, "*")])


def look_at_keys(settings: Settings) -> Statement:
    return allow("LookAtKeys", "kms:DescribeKey", settings.keys(settings.source_region, settings.target_region))


def read_secrets(settings: Settings) -> Iterator[Statement]:
    if settings.secrets:
        yield allow("ReadSecrets", "secretsmanager:GetSecretValue", settings.secret_arns)


def read_state(settings: Settings) -> Statement:
    actions = ["dynamodb:DescribeTable", "dynamodb:GetItem", "dynamodb:Query"]
    return allow("ReadState", actions, settings.table)


def look_at_topic(settings: Settings) -> Iterator[Statement]:
    if settings.topic:
        yield allow("LookAtTopic", "sns:GetTopicAttributes", settings.topic)


def keys_of_services(settings: Settings, *services: str, write: bool = True) -> Iterator[Statement]:
    """Secrets, table and topic under a customer's key: their services use it in the caller's name.

    :param write: also what is encrypted, as a message to a topic is.
    """
    if settings.service_keys:
        via = [f"{service}.{settings.target_region}.amazonaws.com" for service in services]
        actions = ["kms:Decrypt", *(["kms:GenerateDataKey"] if write else [])]
        conditions = {"StringEquals": {"kms:ViaService": _one(via)}}
        yield allow("LetServicesUseKeys", actions, settings.service_keys, conditions)


# ---- restoring


def copy(settings: Settings) -> Statement:
    return allow("Copy", "rds:CopyDBClusterSnapshot", [*source_snapshots(settings), *settings.copies])


def source_snapshots(settings: Settings) -> list[str]:
    """Automated ones have the cluster's name; manual ones have it by custom, the others are named in the settings."""
    source = settings.source_cluster_id
    return settings.source("cluster-snapshot", f"rds:{source}-*", f"{source}-*", *settings.snapshots)


def restore(settings: Settings) -> Statement:
    """What is not named is like that of the cluster that is replaced: called after it by custom, or AWS's default.

    Where source and target are in one region, a snapshot under the right key is restored without a copy.
    """
    groups = settings.cluster_parameter_groups or [f"{settings.target_cluster_id}*", "default.*"]
    same = source_snapshots(settings) if settings.source_region == settings.target_region else []
    return allow(
        "Restore",
        "rds:RestoreDBClusterFromSnapshot",
        [
            *settings.cluster,
            *settings.copies,
            *same,
            *settings.target("cluster-pg", *groups),
            *settings.target("og", "default*"),
            *settings.target("subgrp", *(settings.subnet_groups or [f"{settings.target_cluster_id}*"])),
        ],
    )


def create_members(settings: Settings) -> Statement:
    names = settings.parameter_groups or [f"{settings.target_cluster_id}*", "default.*"]
    groups = [*settings.target("og", "default*"), *settings.target("pg", *names)]
    return allow("CreateMembers", "rds:CreateDBInstance", [*settings.cluster, *settings.made_members, *groups])


def tag_what_is_made(settings: Settings) -> Statement:
    made = [*settings.cluster, *settings.copies, *settings.finals, *settings.made_members]
    return allow("TagWhatIsMade", "rds:AddTagsToResource", made)


def change_target(settings: Settings) -> Statement:
    actions = ["rds:CreateDBClusterSnapshot", "rds:DeleteDBCluster", "rds:ModifyDBCluster", "rds:StartDBCluster"]
    condition = None if settings.untagged_target else MARKED
    return allow("ChangeAndDeleteTheTarget", actions, settings.cluster, condition)


def take_final_snapshot(settings: Settings) -> Statement:
    """At the cluster's deletion, that call is asked for on the snapshot, too."""
    return allow("TakeTheFinalSnapshot", ["rds:CreateDBClusterSnapshot", "rds:DeleteDBCluster"], settings.finals)


def delete_snapshots(settings: Settings) -> Statement:
    return allow("DeleteOwnSnapshots", "rds:DeleteDBClusterSnapshot", [*settings.copies, *settings.finals], OURS)


def delete_members(settings: Settings) -> Statement:
    """By name: members don't have their cluster's tags, and those of the first cluster have none of this collection."""
    named = settings.target("db", *settings.members)
    return allow("DeleteMembers", "rds:DeleteDBInstance", [*settings.made_members, *named])


def let_rds_use_keys(settings: Settings) -> Statement:
    regions = list(dict.fromkeys((settings.source_region, settings.target_region)))
    conditions: Conditions = {
        "StringEquals": {"kms:ViaService": _one([f"rds.{region}.amazonaws.com" for region in regions])},
        "Bool": {"kms:GrantIsForAWSResource": "true"},
    }
    return allow("LetRdsUseKeys", "kms:CreateGrant", settings.keys(*regions), conditions)


def add_cluster_roles(settings: Settings) -> Iterator[Statement]:
    if settings.cluster_roles:
        yield allow("AddItsRoles", "rds:AddRoleToDBCluster", settings.cluster, MARKED)


def pass_roles(settings: Settings) -> Iterator[Statement]:
    for sid, roles, service in (
        ("PassTheMonitoringRole", settings.monitoring_roles, "monitoring.rds.amazonaws.com"),
        ("PassItsRoles", settings.cluster_roles, "rds.amazonaws.com"),
    ):
        if roles:
            conditions = {"StringEquals": {"iam:PassedToService": service}}
            yield allow(sid, "iam:PassRole", settings.roles(roles), conditions)


def keep_state(settings: Settings) -> Statement:
    actions = [
        "dynamodb:DescribeTable", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem",
    ]  # fmt: skip
    return allow("KeepState", actions, settings.table)


def notify(settings: Settings) -> Iterator[Statement]:
    if settings.topic:
        yield allow("Notify", ["sns:GetTopicAttributes", "sns:Publish"], settings.topic)


def ask_what_is_allowed(settings: Settings) -> Statement:
    """Of itself only, whether user or role. A role's path is not in the ARN of its sessions: both are asked about."""
    roles = settings.principals or [f"{settings.prefix}-{settings.target_cluster_id}-restore"]
    arns = settings.roles(roles)
    without_path = [f"{arn.partition('/')[0]}/{arn.rpartition('/')[2]}" for arn in arns]
    oneself = settings.arn("iam", "", "user/${aws:username}")
    return allow("AskWhatIsAllowed", ["iam:GetRole", "iam:SimulatePrincipalPolicy"], [*without_path, *arns, oneself])


def ship(settings: Settings) -> Iterator[Statement]:
    """Streams of the steps' groups. Metrics have no resource, but a namespace."""
    if settings.cloudwatch:
        streams = [f"{group}:*" for group in settings.log_groups]
        yield allow("ShipLogs", ["logs:CreateLogStream", "logs:PutLogEvents"], streams)
        namespace = {"StringEquals": {"cloudwatch:namespace": settings.metric_namespace}}
        yield allow("ShipMetrics", "cloudwatch:PutMetricData", "*", namespace)
