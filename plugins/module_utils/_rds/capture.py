# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A live cluster as configuration, and what the operator wants merged over it. Pure.

A configuration is a dict of the keys below; a key that is left out or None is "not said". captured() says everything
that a restore needs, so that nothing falls back to AWS's defaults.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.models import (
    Cluster,
    Instance,
    foreign_tags,
    plain,
)

Configuration = dict[str, Any]

# Options of ``configuration`` in cluster_restore, restore_plan and the roles.
INSTANCE_OPTIONS: dict[str, Any] = {
    "db_instance_class": {"type": "str"},
    "availability_zone": {"type": "str"},
    "promotion_tier": {"type": "int"},
    "db_parameter_group_name": {"type": "str"},
    "monitoring_interval": {"type": "int"},
    "monitoring_role_arn": {"type": "str"},
    "enable_performance_insights": {"type": "bool"},
    "performance_insights_retention_period": {"type": "int"},
    "performance_insights_kms_key_id": {"type": "str"},
    "ca_certificate_identifier": {"type": "str"},
    "preferred_maintenance_window": {"type": "str"},
    "auto_minor_version_upgrade": {"type": "bool"},
    "tags": {"type": "dict"},
}
SCALING_OPTIONS: dict[str, Any] = {
    "min_capacity": {"type": "float"},
    "max_capacity": {"type": "float"},
    "seconds_until_auto_pause": {"type": "int"},
}
ROLE_OPTIONS: dict[str, Any] = {"role_arn": {"type": "str", "required": True}, "feature_name": {"type": "str"}}
CONFIGURATION_OPTIONS: dict[str, Any] = {
    "engine": {"type": "str"},
    "engine_version": {"type": "str"},
    "port": {"type": "int"},
    "db_subnet_group_name": {"type": "str"},
    "vpc_security_group_ids": {"type": "list", "elements": "str"},
    "db_cluster_parameter_group_name": {"type": "str"},
    "kms_key_id": {"type": "str"},
    "storage_type": {"type": "str"},
    "backup_retention_period": {"type": "int"},
    "preferred_backup_window": {"type": "str"},
    "preferred_maintenance_window": {"type": "str"},
    "enabled_cloudwatch_logs_exports": {"type": "list", "elements": "str"},
    "iam_database_authentication_enabled": {"type": "bool"},
    "deletion_protection": {"type": "bool"},
    "copy_tags_to_snapshot": {"type": "bool"},
    "serverless_v2_scaling_configuration": {"type": "dict", "options": SCALING_OPTIONS},
    "associated_roles": {"type": "list", "elements": "dict", "options": ROLE_OPTIONS},
    "tags": {"type": "dict"},
    "network_type": {"type": "str"},
    "instances": {"type": "list", "elements": "dict", "options": INSTANCE_OPTIONS},
    "lost": {"type": "list", "elements": "str"},
}
# Without these a restore would take AWS's defaults for something that can't be repaired, or have no member.
REQUIRED = (
    "db_subnet_group_name",
    "vpc_security_group_ids",
    "db_cluster_parameter_group_name",
    "instances",
)
# Where there is no cluster to take them from: cautious values, never AWS's silent ones.
DEFAULTS: Configuration = {
    "storage_type": "aurora",
    "backup_retention_period": 7,
    "enabled_cloudwatch_logs_exports": [],
    "iam_database_authentication_enabled": False,
    "deletion_protection": True,
    "copy_tags_to_snapshot": True,
    "associated_roles": [],
    "tags": {},
    "lost": [],
}


def captured(
    cluster: Cluster,
    custom_endpoints: Sequence[Mapping[str, Any]] = (),
    scaling_policies: Sequence[Mapping[str, Any]] = (),
) -> Configuration:
    """The configuration of a live cluster, members in order (writer first).

    :param custom_endpoints: as api.describe_custom_endpoints returns them; not carried over, named in ``lost``.
    :param scaling_policies: as api.describe_scaling_policies returns them; likewise.
    """
    boto = cluster.boto
    scaling = boto.get("ServerlessV2ScalingConfiguration") or {}
    return {
        "engine": cluster.engine,
        "engine_version": cluster.engine_version,
        "port": cluster.port,
        "db_subnet_group_name": boto.get("DBSubnetGroup"),
        "vpc_security_group_ids": sorted(item["VpcSecurityGroupId"] for item in boto.get("VpcSecurityGroups") or []),
        "db_cluster_parameter_group_name": boto.get("DBClusterParameterGroup"),
        "kms_key_id": boto.get("KmsKeyId") or None,
        # AWS leaves StorageType out, or sends "aurora", for the standard kind.
        "storage_type": boto.get("StorageType") or "aurora",
        "backup_retention_period": boto.get("BackupRetentionPeriod"),
        "preferred_backup_window": boto.get("PreferredBackupWindow"),
        "preferred_maintenance_window": boto.get("PreferredMaintenanceWindow"),
        "enabled_cloudwatch_logs_exports": sorted(boto.get("EnabledCloudwatchLogsExports") or []),
        "iam_database_authentication_enabled": bool(boto.get("IAMDatabaseAuthenticationEnabled")),
        "deletion_protection": cluster.deletion_protection,
        "copy_tags_to_snapshot": bool(boto.get("CopyTagsToSnapshot")),
        "serverless_v2_scaling_configuration": {
            "min_capacity": scaling.get("MinCapacity"),
            "max_capacity": scaling.get("MaxCapacity"),
            "seconds_until_auto_pause": scaling.get("SecondsUntilAutoPause"),
        }
        if scaling
        else None,
        "associated_roles": [
            {"role_arn": role["RoleArn"], "feature_name": role.get("FeatureName") or None}
            for role in boto.get("AssociatedRoles") or []
        ],
        "tags": foreign_tags(cluster.tags),
        "network_type": boto.get("NetworkType") or None,
        "instances": [captured_instance(item) for item in cluster.instances],
        "lost": lost(custom_endpoints, scaling_policies),
    }


def captured_instance(instance: Instance) -> Configuration:
    """The configuration of one member."""
    boto = instance.boto
    groups = boto.get("DBParameterGroups") or []
    insights = bool(boto.get("PerformanceInsightsEnabled"))
    return {
        "db_instance_class": instance.instance_class,
        "availability_zone": boto.get("AvailabilityZone") or None,
        "promotion_tier": boto.get("PromotionTier"),
        "db_parameter_group_name": groups[0]["DBParameterGroupName"] if groups else None,
        "monitoring_interval": boto.get("MonitoringInterval") or 0,
        "monitoring_role_arn": boto.get("MonitoringRoleArn") or None,
        "enable_performance_insights": insights,
        "performance_insights_retention_period": boto.get("PerformanceInsightsRetentionPeriod") if insights else None,
        "performance_insights_kms_key_id": boto.get("PerformanceInsightsKMSKeyId") or None if insights else None,
        "ca_certificate_identifier": boto.get("CACertificateIdentifier") or None,
        "preferred_maintenance_window": boto.get("PreferredMaintenanceWindow") or None,
        "auto_minor_version_upgrade": bool(boto.get("AutoMinorVersionUpgrade", True)),
        "tags": foreign_tags(instance.tags),
    }


def lost(custom_endpoints: Sequence[Mapping[str, Any]], scaling_policies: Sequence[Mapping[str, Any]]) -> list[str]:
    """What a replaced cluster had and the new one will not have, as phrases for the report."""
    endpoints = [f"custom endpoint {item.get('DBClusterEndpointIdentifier')}" for item in custom_endpoints]
    policies = [f"autoscaling policy {item.get('PolicyName')}" for item in scaling_policies]
    return sorted(endpoints) + sorted(policies)


def merge(base: Mapping[str, Any] | None, overrides: Mapping[str, Any] | None) -> Configuration:
    """Overrides over a captured configuration; None, an empty text and an empty list of what must not be empty mean
    "not said" in both.

    Lists are replaced as a whole, except ``instances``: the operator's list says how many members there are, and what
    a member leaves out comes from the captured member of the same place, or else from the last captured one (without
    its zone and tags). Without any base, the missing keys get DEFAULTS.
    """
    said, known = _said(overrides), _said(base)
    merged = {**DEFAULTS, **known, **said}
    if said.get("instances") is not None:
        merged["instances"] = _merge_instances(known.get("instances") or [], said["instances"])
    if said.get("serverless_v2_scaling_configuration") is not None:
        merged["serverless_v2_scaling_configuration"] = {
            **_said(known.get("serverless_v2_scaling_configuration")),
            **_said(said["serverless_v2_scaling_configuration"]),
        }
    return {key: plain(merged.get(key)) for key in CONFIGURATION_OPTIONS}


def _merge_instances(known: Sequence[Mapping[str, Any]], wanted: Sequence[Mapping[str, Any]]) -> list[Configuration]:
    merged = []
    for index, item in enumerate(wanted):
        base: Mapping[str, Any] = {}
        if index < len(known):
            base = known[index]
        elif known:
            base = {key: value for key, value in known[-1].items() if key not in ("availability_zone", "tags")}
        merged.append({**base, **_said(item)})
    return merged


def _said(values: Mapping[str, Any] | None) -> Configuration:
    """Only the keys that say something; surveys send an empty text for what was not answered."""
    return {
        key: value
        for key, value in (values or {}).items()
        if value is not None and value != "" and not (key in REQUIRED and not value)
    }


def missing(configuration: Mapping[str, Any]) -> list[str]:
    """Which keys a restore needs and the configuration does not say, as "key" or "instances[1].key"."""
    absent = [key for key in REQUIRED if not configuration.get(key)]
    for index, instance in enumerate(configuration.get("instances") or []):
        if not instance.get("db_instance_class"):
            absent.append(f"instances[{index}].db_instance_class")
    return absent


def carried_over(configuration: Mapping[str, Any]) -> list[str]:
    """What a restore with this configuration sets, as phrases for the report."""
    phrases = []
    for key in CONFIGURATION_OPTIONS:
        value = configuration.get(key)
        if key in ("instances", "lost", "engine_version", "tags") or value in (None, [], {}):
            continue
        shown = ", ".join(str(item) for item in value) if isinstance(value, list) else str(value)
        if key == "serverless_v2_scaling_configuration":
            shown = f"{value.get('min_capacity')} to {value.get('max_capacity')} ACU"
        elif key == "associated_roles":
            shown = ", ".join(item["role_arn"] for item in value)
        phrases.append(f"{key} {shown}")
    phrases += [f"tag {key}" for key in sorted(configuration.get("tags") or {})]
    phrases += [
        f"instance {index + 1}: {item.get('db_instance_class')}"
        for index, item in enumerate(configuration.get("instances") or [])
    ]
    return phrases
