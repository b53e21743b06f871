# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Configuration and snapshot as parameters of AWS calls: pure, and everything explicit.

AWS's answer to a parameter that is left out of a restore is a default (group, version, network) that can't always be
repaired afterwards, so whatever the configuration knows is passed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._aws import ansible_dict_to_boto3_tag_list
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.models import (
    TAG_OPERATION,
    TAG_SOURCE_ARN,
    TAG_SOURCE_TIME,
    TAG_TARGET,
    Cluster,
    Snapshot,
    foreign_tags,
)

Parameters = dict[str, Any]


def boto_tags(tags: Mapping[str, Any]) -> list[dict[str, str]]:
    """Tags in boto form, sorted by key."""
    texts = {key: str(value) for key, value in sorted(tags.items())}
    return list(ansible_dict_to_boto3_tag_list(texts))


def given(parameters: Mapping[str, Any]) -> Parameters:
    """Without the parameters that are None."""
    return {name: value for name, value in parameters.items() if value is not None}


# ---- copies


def copy_key(source: Snapshot, kms_key_id: str | None) -> str | None:
    """The key to give to CopyDBClusterSnapshot.

    A plain snapshot copied with a key is refused: it is copied plain and the key is given at restore. One under the
    AWS-owned default encryption (sse-rds, reported as not encrypted) takes a key.
    """
    return kms_key_id if source.encrypted or source.encryption_type == "sse-rds" else None


def copy_tags(source: Snapshot, tags: Mapping[str, str] | None, operation_id: str | None) -> dict[str, str]:
    """The tags of a copy. AWS ignores CopyTags when tags are given, so the source's are passed here."""
    own = {TAG_SOURCE_ARN: source.arn, TAG_SOURCE_TIME: source.origin_time, TAG_OPERATION: operation_id}
    return {**foreign_tags(source.tags), **(tags or {}), **{key: value for key, value in own.items() if value}}


def copy_snapshot_parameters(
    source: Snapshot, snapshot_id: str, kms_key_id: str | None, source_region: str | None, tags: Mapping[str, str]
) -> Parameters:
    """Parameters of CopyDBClusterSnapshot. source_region: only when it is another than the client's."""
    return given(
        {
            "SourceDBClusterSnapshotIdentifier": source.arn,
            "TargetDBClusterSnapshotIdentifier": snapshot_id,
            "KmsKeyId": kms_key_id,
            "SourceRegion": source_region,
            "CopyTags": False,
            "Tags": boto_tags(tags),
        }
    )


# ---- restore


def provenance_tags(snapshot: Mapping[str, Any], operation_id: str | None) -> dict[str, str]:
    """The tags that say where a restored cluster comes from. snapshot: a dict as snapshot_copy returns it."""
    own = {
        TAG_TARGET: "true",
        TAG_OPERATION: operation_id,
        TAG_SOURCE_ARN: snapshot.get("source_snapshot_arn") or snapshot.get("db_cluster_snapshot_arn"),
        TAG_SOURCE_TIME: snapshot.get("source_snapshot_time") or snapshot.get("snapshot_create_time"),
    }
    return {key: str(value) for key, value in own.items() if value}


def restore_kms_key(snapshot: Mapping[str, Any], configuration: Mapping[str, Any]) -> str | None:
    """The key of the restored cluster: the configured one, else the snapshot's own."""
    return configuration.get("kms_key_id") or snapshot.get("kms_key_id") or None


def restore_cluster_parameters(
    cluster_id: str, snapshot: Mapping[str, Any], configuration: Mapping[str, Any], operation_id: str | None
) -> Parameters:
    """Parameters of RestoreDBClusterFromSnapshot.

    Engine and version are the snapshot's. Deletion protection comes on at the end (modify_parameters): a restore that
    fails must not leave a protected wreck. Retention and windows can't be given here (older SDKs refuse them).
    """
    tags = {**foreign_tags(configuration.get("tags") or {}), **provenance_tags(snapshot, operation_id)}
    return given(
        {
            "DBClusterIdentifier": cluster_id,
            "SnapshotIdentifier": snapshot["db_cluster_snapshot_arn"],
            "Engine": snapshot.get("engine") or configuration.get("engine"),
            "EngineVersion": snapshot.get("engine_version") or configuration.get("engine_version"),
            "Port": configuration.get("port"),
            "DBSubnetGroupName": configuration.get("db_subnet_group_name"),
            "VpcSecurityGroupIds": configuration.get("vpc_security_group_ids"),
            "DBClusterParameterGroupName": configuration.get("db_cluster_parameter_group_name"),
            "KmsKeyId": restore_kms_key(snapshot, configuration),
            "StorageType": configuration.get("storage_type") or "aurora",
            "EnableCloudwatchLogsExports": configuration.get("enabled_cloudwatch_logs_exports") or None,
            "EnableIAMDatabaseAuthentication": bool(configuration.get("iam_database_authentication_enabled")),
            "DeletionProtection": False,
            "CopyTagsToSnapshot": bool(configuration.get("copy_tags_to_snapshot")),
            "NetworkType": configuration.get("network_type"),
            "ServerlessV2ScalingConfiguration": scaling_parameters(configuration),
            "Tags": boto_tags(tags),
        }
    )


def scaling_parameters(configuration: Mapping[str, Any]) -> Parameters | None:
    """ServerlessV2ScalingConfiguration, or None; seconds_until_auto_pause only goes with a minimum of 0."""
    scaling = configuration.get("serverless_v2_scaling_configuration")
    if not scaling:
        return None
    minimum = scaling.get("min_capacity")
    pause = scaling.get("seconds_until_auto_pause") if minimum == 0 else None
    return given({"MinCapacity": minimum, "MaxCapacity": scaling.get("max_capacity"), "SecondsUntilAutoPause": pause})


def create_instance_parameters(
    cluster_id: str, engine: str, instance_id: str, instance: Mapping[str, Any], operation_id: str | None
) -> Parameters:
    """Parameters of CreateDBInstance for a member; what the cluster governs (password, key, groups) is left out."""
    insights = bool(instance.get("enable_performance_insights"))
    interval = instance.get("monitoring_interval") or 0
    tags = foreign_tags(instance.get("tags") or {})
    if operation_id:
        tags[TAG_OPERATION] = operation_id
    return given(
        {
            "DBInstanceIdentifier": instance_id,
            "DBClusterIdentifier": cluster_id,
            "Engine": engine,
            "DBInstanceClass": instance.get("db_instance_class"),
            "AvailabilityZone": instance.get("availability_zone"),
            "PromotionTier": instance.get("promotion_tier"),
            "DBParameterGroupName": instance.get("db_parameter_group_name"),
            "MonitoringInterval": interval,
            "MonitoringRoleArn": instance.get("monitoring_role_arn") if interval else None,
            "EnablePerformanceInsights": insights,
            "PerformanceInsightsRetentionPeriod": instance.get("performance_insights_retention_period")
            if insights
            else None,
            "PerformanceInsightsKMSKeyId": instance.get("performance_insights_kms_key_id") if insights else None,
            "CACertificateIdentifier": instance.get("ca_certificate_identifier"),
            "PreferredMaintenanceWindow": instance.get("preferred_maintenance_window"),
            "AutoMinorVersionUpgrade": instance.get("auto_minor_version_upgrade"),
            # A database in a private network must not get a public address by AWS's rule of the subnet.
            "PubliclyAccessible": False,
            "Tags": boto_tags(tags) or None,
        }
    )


# ---- modify

# Configuration key -> (parameter of ModifyDBCluster, key of DBCluster)
MODIFIABLE: Mapping[str, tuple[str, str]] = {
    "backup_retention_period": ("BackupRetentionPeriod", "BackupRetentionPeriod"),
    "preferred_backup_window": ("PreferredBackupWindow", "PreferredBackupWindow"),
    "preferred_maintenance_window": ("PreferredMaintenanceWindow", "PreferredMaintenanceWindow"),
    "iam_database_authentication_enabled": ("EnableIAMDatabaseAuthentication", "IAMDatabaseAuthenticationEnabled"),
    "copy_tags_to_snapshot": ("CopyTagsToSnapshot", "CopyTagsToSnapshot"),
    "db_cluster_parameter_group_name": ("DBClusterParameterGroupName", "DBClusterParameterGroup"),
    "deletion_protection": ("DeletionProtection", "DeletionProtection"),
}


def modify_parameters(cluster: Cluster, wanted: Mapping[str, Any]) -> Parameters:
    """What of the wanted configuration a ModifyDBCluster still has to set on this cluster; empty when nothing.

    Keys that are left out or None are left as they are.
    """
    changes: Parameters = {}
    for key, (parameter, field) in MODIFIABLE.items():
        value = wanted.get(key)
        if value is not None and _normal(value) != _normal(_default_to(cluster.boto.get(field), value)):
            changes[parameter] = value
    groups = wanted.get("vpc_security_group_ids")
    present = sorted(item["VpcSecurityGroupId"] for item in cluster.boto.get("VpcSecurityGroups") or [])
    if groups and sorted(groups) != present:
        changes["VpcSecurityGroupIds"] = list(groups)
    exports = _log_exports(cluster, wanted.get("enabled_cloudwatch_logs_exports"))
    if exports:
        changes["CloudwatchLogsExportConfiguration"] = exports
    scaling = scaling_parameters(wanted)
    if scaling and {**(cluster.boto.get("ServerlessV2ScalingConfiguration") or {}), **scaling} != (
        cluster.boto.get("ServerlessV2ScalingConfiguration") or {}
    ):
        changes["ServerlessV2ScalingConfiguration"] = scaling
    return changes


def _default_to(present: Any, wanted: Any) -> Any:
    """AWS leaves switches that are off out of its answers."""
    return False if present is None and isinstance(wanted, bool) else present


def _normal(value: Any) -> Any:
    """Windows and group names compare without case ("Sun:05:00-..." is answered as "sun:05:00-...")."""
    return value.lower() if isinstance(value, str) else value


def _log_exports(cluster: Cluster, wanted: Sequence[str] | None) -> Parameters:
    if wanted is None:
        return {}
    present = set(cluster.boto.get("EnabledCloudwatchLogsExports") or [])
    on, off = sorted(set(wanted) - present), sorted(present - set(wanted))
    return {**({"EnableLogTypes": on} if on else {}), **({"DisableLogTypes": off} if off else {})}


def missing_roles(cluster: Cluster, wanted: Sequence[Mapping[str, Any]] | None) -> list[Mapping[str, Any]]:
    """Roles of the configuration that the cluster does not have yet."""
    present = {(item["RoleArn"], item.get("FeatureName") or None) for item in cluster.boto.get("AssociatedRoles") or []}
    return [item for item in wanted or [] if (item["role_arn"], item.get("feature_name") or None) not in present]
