# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clusters and instances, made through the API as anybody would; their age is put into the backend."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from moto.rds.models import rds_backends

from sandbox.errors import SandboxError
from sandbox.rds.models import Cluster
from sandbox.rds.runtime import Runtime
from sandbox.world.databases import fill, make_logins, make_subscription
from sandbox.world.made import Made, Place, make_password
from sandbox.world.snapshots import make_snapshots
from sandbox.world.surroundings import Client, tags_of

# The world's names of the API's parameters that are passed on as they are.
CLUSTER_PARAMETERS = {
    "database_name": "DatabaseName",
    "port": "Port",
    "kms_key_id": "KmsKeyId",
    "db_subnet_group_name": "DBSubnetGroupName",
    "db_cluster_parameter_group_name": "DBClusterParameterGroupName",
    "backup_retention_period": "BackupRetentionPeriod",
    "preferred_backup_window": "PreferredBackupWindow",
    "preferred_maintenance_window": "PreferredMaintenanceWindow",
    "deletion_protection": "DeletionProtection",
    "copy_tags_to_snapshot": "CopyTagsToSnapshot",
    "enable_iam_database_authentication": "EnableIAMDatabaseAuthentication",
    "enable_cloudwatch_logs_exports": "EnableCloudwatchLogsExports",
    "storage_type": "StorageType",
}
INSTANCE_PARAMETERS = {
    "db_instance_class": "DBInstanceClass",
    "promotion_tier": "PromotionTier",
    "availability_zone": "AvailabilityZone",
    "db_parameter_group_name": "DBParameterGroupName",
    "monitoring_interval": "MonitoringInterval",
    "enable_performance_insights": "EnablePerformanceInsights",
    "performance_insights_retention_period": "PerformanceInsightsRetentionPeriod",
    "preferred_maintenance_window": "PreferredMaintenanceWindow",
    "publicly_accessible": "PubliclyAccessible",
    "auto_minor_version_upgrade": "AutoMinorVersionUpgrade",
    "ca_certificate_identifier": "CACertificateIdentifier",
}
INSTANCE_DEFAULTS = {
    "PromotionTier": 1, "PubliclyAccessible": False, "EnablePerformanceInsights": False,
    "PreferredMaintenanceWindow": "sun:05:00-sun:05:30",
}  # fmt: skip


def make_cluster(
    client: Client, place: Place, made: Made, name: str, content: Mapping[str, Any], runtime: Runtime
) -> None:
    """A cluster with its instances, data and snapshots."""
    rds = client("rds")
    rds.create_db_cluster(**cluster_parameters(place, made, name, content, runtime.engines.seeded))
    backend = rds_backends[place.account][place.region]
    cluster: Cluster = backend.clusters[name.lower()]
    _await(backend, cluster)
    _make_instances(rds, place, made, cluster, content)
    _make_old(runtime, cluster, float(content.get("age_days", 0)))
    made.add(place, "clusters", name, str(cluster.arn))
    _fill(runtime, place, made, cluster, content)
    if content.get("status") == "stopped":
        rds.stop_db_cluster(DBClusterIdentifier=name)
        _await(backend, cluster, "stopped")


def cluster_parameters(place: Place, made: Made, name: str, content: Mapping[str, Any], version: str) -> dict[str, Any]:
    """What CreateDBCluster is called with."""
    given: dict[str, Any] = {
        "DBClusterIdentifier": name,
        "Engine": content.get("engine", "aurora-postgresql"),
        "EngineVersion": content.get("engine_version", version),
        "MasterUsername": content["master_username"],
        "MasterUserPassword": made.password(place, content.get("master_password")),
        "Port": 5432,
        "Tags": tags_of(content),
    }
    given |= {parameter: content[key] for key, parameter in CLUSTER_PARAMETERS.items() if key in content}
    given["StorageEncrypted"] = "KmsKeyId" in given
    if "vpc_security_group_ids" in content:
        given["VpcSecurityGroupIds"] = [
            made.get(place, "security_groups", group) for group in content["vpc_security_group_ids"]
        ]
    scaling = content.get("serverless_v2_scaling_configuration")
    if scaling:
        given["ServerlessV2ScalingConfiguration"] = {
            "MinCapacity": scaling["min_capacity"], "MaxCapacity": scaling["max_capacity"],
        }  # fmt: skip
    return given


def instance_parameters(
    place: Place, made: Made, cluster: str, name: str, content: Mapping[str, Any]
) -> dict[str, Any]:
    """What CreateDBInstance is called with."""
    given = INSTANCE_DEFAULTS | {
        "DBInstanceIdentifier": name,
        "DBClusterIdentifier": cluster,
        "Engine": "aurora-postgresql",
        "Tags": tags_of(content),
    }
    given |= {parameter: content[key] for key, parameter in INSTANCE_PARAMETERS.items() if key in content}
    if "monitoring_role_arn" in content:
        given["MonitoringRoleArn"] = made.get(place.account, "roles", content["monitoring_role_arn"])
    return given


def _make_instances(rds: Any, place: Place, made: Made, cluster: Cluster, content: Mapping[str, Any]) -> None:
    """The first one becomes the writer."""
    backend = rds_backends[place.account][place.region]
    instances = []
    for name, wanted in content.get("instances", {}).items():
        rds.create_db_instance(**instance_parameters(place, made, str(cluster.resource_id), name, wanted))
        instances.append(backend.databases[name.lower()])
    for instance in instances:
        _await(backend, instance)
    for role in content.get("associated_roles", []):
        arn = made.get(place.account, "roles", role["role_arn"])
        rds.add_role_to_db_cluster(
            DBClusterIdentifier=cluster.resource_id, RoleArn=arn, FeatureName=role.get("feature_name", "")
        )


def _make_old(runtime: Runtime, cluster: Cluster, days: float) -> None:
    with runtime.lock:
        now = runtime.scheduler.clock.now()
        cluster.cluster_create_time = cluster.created = now - timedelta(days=days)
        if cluster.earliest_restorable_time is not None:
            cluster.earliest_restorable_time = now - timedelta(days=min(days, cluster.backup_retention_period))
        for instance in cluster.members:
            instance.instance_create_time = cluster.cluster_create_time


def _await(backend: Any, resource: Any, status: str = "available", seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while resource.status != status:
        if resource.status == "failed" or time.monotonic() > deadline:
            said = [event.message for event in backend.happenings if event.source_identifier == resource.resource_id]
            raise SandboxError("; ".join([f"{resource.resource_id} is {resource.status}", *said[-1:]]))
        time.sleep(0.005)


def _fill(runtime: Runtime, place: Place, made: Made, cluster: Cluster, content: Mapping[str, Any]) -> None:
    """Logins, data, subscriptions, snapshots."""
    told = [key for key in ("logins", "data", "subscriptions", "snapshots", "data_after_snapshots") if content.get(key)]
    if told and not content.get("instances"):
        raise SandboxError(f"a cluster without instances can't have {told[0]}: nothing reaches its database")
    logins = content.get("logins", {})
    passwords = {name: made.password(place, wanted) if wanted else make_password() for name, wanted in logins.items()}
    make_logins(runtime.data, cluster, passwords)
    fill(runtime.data, cluster, content.get("data", {}))
    for name, wanted in content.get("subscriptions", {}).items():
        make_subscription(runtime, cluster, name, wanted)
    make_snapshots(runtime, place, made, cluster, content.get("snapshots", {}))
    fill(runtime.data, cluster, content.get("data_after_snapshots", {}))
