# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The statements of what is done around restores: making and removing what they need, cleaning up, new passwords.

CloudFormation acts in its caller's name; what it calls for a type of resource is in that type's schema ("handlers"),
https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html
"""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.dbops.aurora_restore.plugins.module_utils._iam.settings import Settings
from ansible_collections.dbops.aurora_restore.plugins.module_utils._iam.statements import (
    MARKED,
    OURS,
    Conditions,
    Statement,
    allow,
    in_region,
)

TAG_INSTALLATION = "aurora-restore:installation"

# ---- cleanup


def prune_state(settings: Settings) -> Statement:
    """An operation is deleted in transactions, which are their parts."""
    actions = [
        "dynamodb:ConditionCheckItem", "dynamodb:DeleteItem", "dynamodb:DescribeTable", "dynamodb:GetItem",
        "dynamodb:Query", "dynamodb:Scan",
    ]  # fmt: skip
    return allow("PruneState", actions, settings.table)


def look_at_sharing(settings: Settings) -> Statement:
    """Of a snapshot that may go: whether other accounts use it."""
    found = [*settings.copies, *settings.finals]
    return allow("LookAtSharing", "rds:DescribeDBClusterSnapshotAttributes", found)


def delete_old_snapshots(settings: Settings) -> Statement:
    """Copies and final snapshots, by name and by tag."""
    return allow("DeleteOldSnapshots", "rds:DeleteDBClusterSnapshot", [*settings.copies, *settings.finals], OURS)


# ---- rotation


def change_secrets(settings: Settings) -> Iterator[Statement]:
    actions = [
        "secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue",
        "secretsmanager:UpdateSecretVersionStage",
    ]  # fmt: skip
    if settings.secrets:
        yield allow("ChangeSecrets", actions, settings.secret_arns)
        yield allow("MakePasswords", "secretsmanager:GetRandomPassword", "*", in_region(settings.target_region))


def change_master_password(settings: Settings) -> Statement:
    return allow("ChangeMasterPassword", "rds:ModifyDBCluster", settings.cluster, MARKED)


# ---- bootstrap


def stacks(settings: Settings) -> Iterator[Statement]:
    prefix, target, source = settings.prefix, settings.target_cluster_id, settings.source_cluster_id
    names = {
        settings.target_region: [prefix, f"{prefix}-{target}"],
        settings.source_region: [f"{prefix}-source-{source}"],
    }
    if settings.source_region == settings.target_region:
        names = {settings.target_region: [prefix, f"{prefix}-{target}", f"{prefix}-source-{source}"]}
    arns = [
        settings.arn("cloudformation", region, f"stack/{name}/*") for region, items in names.items() for name in items
    ]
    actions = [
        "CreateChangeSet", "CreateStack", "DeleteChangeSet", "DeleteStack", "DescribeChangeSet", "DescribeStackEvents",
        "DescribeStackResources", "DescribeStacks", "ExecuteChangeSet", "GetStackPolicy", "GetTemplate",
        "ListChangeSets", "ListStackResources", "TagResource", "UntagResource", "UpdateStack",
        "UpdateTerminationProtection",
    ]  # fmt: skip
    yield allow("Stacks", [f"cloudformation:{action}" for action in actions], arns)
    # These know no resource; other targets' stacks are looked for before the shared one is removed.
    regions = list(names)
    free = ["DescribeStacks", "GetTemplateSummary", "ValidateTemplate"]
    everywhere = {"StringEquals": {"aws:RequestedRegion": regions}}
    yield allow("ListStacks", [f"cloudformation:{action}" for action in free], "*", everywhere)


def look_around(settings: Settings) -> Iterator[Statement]:
    """What there is in both regions: clusters and snapshots; keys and topics by name."""
    regions = list(dict.fromkeys((settings.source_region, settings.target_region)))
    actions = [
        "rds:DescribeDBClusterSnapshots", "rds:DescribeDBClusters", "rds:DescribeDBInstances",
        "rds:ListTagsForResource",
    ]  # fmt: skip
    kinds = ("cluster", "cluster-snapshot", "db")
    yield allow(
        "LookAround", actions, [settings.arn("rds", region, f"{kind}:*") for region in regions for kind in kinds]
    )
    names = ["kms:ListAliases", "kms:ListKeys", "sns:ListTopics"]
    yield allow("ListNames", names, "*", {"StringEquals": {"aws:RequestedRegion": regions}})


def make_table(settings: Settings) -> Statement:
    """And look for unfinished operations before it is removed."""
    actions = [
        "CreateTable", "DeleteTable", "DescribeContinuousBackups", "DescribeContributorInsights",
        "DescribeKinesisStreamingDestination", "DescribeTable", "DescribeTimeToLive", "GetItem", "GetResourcePolicy",
        "ListTagsOfResource", "Query", "TagResource", "UntagResource", "UpdateContinuousBackups", "UpdateTable",
        "UpdateTimeToLive",
    ]  # fmt: skip
    return allow("Table", [f"dynamodb:{action}" for action in actions], settings.table)


def make_topic(settings: Settings) -> Iterator[Statement]:
    """Of subscriptions, half of the calls know no resource."""
    actions = [
        "CreateTopic", "DeleteTopic", "GetDataProtectionPolicy", "GetTopicAttributes", "ListSubscriptionsByTopic",
        "ListTagsForResource", "SetTopicAttributes", "Subscribe", "TagResource", "UntagResource",
    ]  # fmt: skip
    topic = settings.topic or settings.arn("sns", settings.target_region, settings.prefix)
    yield allow("Topic", [f"sns:{action}" for action in actions], topic)
    free = ["sns:GetSubscriptionAttributes", "sns:SetSubscriptionAttributes", "sns:Unsubscribe"]
    yield allow("Subscriptions", free, "*", in_region(settings.target_region))


def make_keys(settings: Settings) -> Iterator[Statement]:
    """A key has no name: it is created with the installation's tag, and only those that have it are managed."""
    regions = list(dict.fromkeys((settings.source_region, settings.target_region)))
    keys = [settings.arn("kms", region, "key/*") for region in regions]
    aliases = [
        settings.arn("kms", settings.target_region, f"alias/{settings.prefix}"),
        settings.arn("kms", settings.target_region, f"alias/{settings.prefix}-{settings.target_cluster_id}"),
        settings.arn("kms", settings.source_region, f"alias/{settings.prefix}-source-{settings.source_cluster_id}"),
    ]
    tagged = _installation(settings, "RequestTag")
    tagged["StringEquals"] = {"aws:RequestedRegion": regions}
    yield allow("CreateKeys", "kms:CreateKey", "*", tagged)
    yield allow("TagNewKeys", "kms:TagResource", keys, _installation(settings, "RequestTag"))
    looking = [
        "DescribeKey",
        "GetKeyPolicy",
        "GetKeyRotationStatus",
        "ListGrants",
        "ListKeyPolicies",
        "ListResourceTags",
    ]
    yield allow("LookAtKeys", [f"kms:{action}" for action in looking], keys)
    actions = [
        "CreateAlias", "DeleteAlias", "DisableKeyRotation", "EnableKeyRotation", "PutKeyPolicy", "ScheduleKeyDeletion",
        "TagResource", "UntagResource", "UpdateAlias", "UpdateKeyDescription",
    ]  # fmt: skip
    yield allow("Keys", [f"kms:{action}" for action in actions], keys, _installation(settings, "ResourceTag"))
    yield allow("Aliases", ["kms:CreateAlias", "kms:DeleteAlias", "kms:UpdateAlias"], aliases)
    # The table's, the topic's and the secrets' services try the key for whoever gives it to them.
    via = [f"{service}.{settings.target_region}.amazonaws.com" for service in ("dynamodb", "secretsmanager", "sns")]
    uses = ["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"]
    conditions = {"StringEquals": {"kms:ViaService": via}}
    own = settings.service_keys or [settings.arn("kms", settings.target_region, "key/*")]
    yield allow("GiveKeysToServices", uses, own, conditions)


def _installation(settings: Settings, kind: str) -> dict[str, dict[str, object]]:
    return {"StringLike": {f"aws:{kind}/{TAG_INSTALLATION}": f"{settings.prefix}*"}}


def make_monitoring(settings: Settings) -> Iterator[Statement]:
    groups = [arn for group in settings.log_groups for arn in (group, f"{group}:*")]
    actions = [
        "AssociateKmsKey", "CreateLogGroup", "DeleteLogGroup", "DeleteRetentionPolicy", "DisassociateKmsKey",
        "GetDataProtectionPolicy", "ListTagsForResource", "PutRetentionPolicy", "TagResource", "UntagResource",
    ]  # fmt: skip
    yield allow("LogGroups", [f"logs:{action}" for action in actions], groups)
    here = in_region(settings.target_region)
    yield allow("ListLogGroups", ["logs:DescribeIndexPolicies", "logs:DescribeLogGroups"], "*", here)
    every = settings.arn("cloudwatch", settings.target_region, "alarm:*")
    yield allow("ListAlarms", "cloudwatch:DescribeAlarms", every)
    names = f"alarm:{settings.prefix}-{settings.target_cluster_id}-*"
    alarms = settings.arn("cloudwatch", settings.target_region, names)
    managing = ["DeleteAlarms", "ListTagsForResource", "PutMetricAlarm", "TagResource", "UntagResource"]
    yield allow("Alarms", [f"cloudwatch:{action}" for action in managing], alarms)
    # Dashboards belong to no region.
    boards = settings.arn("cloudwatch", "", f"dashboard/{settings.prefix}*")
    yield allow("Dashboards", [f"cloudwatch:{item}Dashboard{end}" for item, end in BOARD_ACTIONS], boards)


BOARD_ACTIONS = (("Delete", "s"), ("Get", ""), ("Put", ""))


def make_roles(settings: Settings) -> Iterator[Statement]:
    """Who may write policies and roles may become more than it is: names are all that limits it, see the guide."""
    name = f"{settings.prefix}-{settings.target_cluster_id}-*"
    policies, roles = settings.arn("iam", "", f"policy/{name}"), settings.arn("iam", "", f"role/{name}")
    on_policies = [
        "CreatePolicy", "CreatePolicyVersion", "DeletePolicy", "DeletePolicyVersion", "GetPolicy", "GetPolicyVersion",
        "ListEntitiesForPolicy", "ListPolicyTags", "ListPolicyVersions", "SetDefaultPolicyVersion", "TagPolicy",
        "UntagPolicy",
    ]  # fmt: skip
    yield allow("Policies", [f"iam:{action}" for action in on_policies], policies)
    on_roles = [
        "CreateRole", "DeleteRole", "GetRole", "GetRolePolicy", "ListAttachedRolePolicies", "ListRolePolicies",
        "ListRoleTags", "TagRole", "UntagRole", "UpdateAssumeRolePolicy", "UpdateRole", "UpdateRoleDescription",
    ]  # fmt: skip
    yield allow("Roles", [f"iam:{action}" for action in on_roles], roles)
    only: Conditions = {"ArnLike": {"iam:PolicyARN": policies}}
    yield allow("GivePoliciesToRoles", ["iam:AttachRolePolicy", "iam:DetachRolePolicy"], roles, only)


def make_secrets(settings: Settings) -> Iterator[Statement]:
    """A secret that is there is read, to see whether it has the keys that restores need, and not overwritten."""
    actions = ["CreateSecret", "DeleteSecret", "GetSecretValue", "PutSecretValue", "TagResource"]
    if settings.secrets:
        # Without the hyphen and the characters behind it until it is made
        new = [arn.removesuffix("-??????") for arn in settings.secret_arns if arn.endswith("-??????")]
        yield allow("Secrets", [f"secretsmanager:{action}" for action in actions], [*settings.secret_arns, *new])
        # One that is not there has no ARN yet: who asks for it by its name needs the right to ask for any.
        yield allow("LookForSecrets", "secretsmanager:DescribeSecret", "*", in_region(settings.target_region))
        yield allow("MakePasswords", "secretsmanager:GetRandomPassword", "*", in_region(settings.target_region))
