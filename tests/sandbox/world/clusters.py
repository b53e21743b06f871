# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The clusters, their databases and snapshots.

Clusters and instances are made through the API as anybody would; what happened in the past (automated snapshots,
creation times) is put straight into the backend.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

from moto.rds.models import rds_backends

from sandbox.dataplane import DataPlane
from sandbox.dataplane.scram import scram_verifier
from sandbox.errors import SandboxError
from sandbox.rds.models import Cluster, ClusterSnapshot
from sandbox.rds.runtime import Runtime
from sandbox.world.names import (
    ACCOUNT,
    AFTER_SNAPSHOT,
    APPLICATION,
    DATABASE,
    ENGINE,
    LEGACY,
    MASTER,
    OTHER_LOGINS,
    PRODUCTION,
    READ_ONLY,
    SOURCE_REGION,
    STAGING,
    TARGET_REGION,
    Member,
)
from sandbox.world.surroundings import Client, World, make_password

FOLDER = Path(__file__).parent
AGE = timedelta(days=200)
# Hours; the newest is the one with the newest data, the others were taken before.
AUTOMATED_AGES = (49, 25, 1)
WEEKLY_AGE = 30


def make_clusters(client: Client, world: World, runtime: Runtime) -> None:
    """All three side by side: most of the time goes into their servers."""
    version = runtime.engines.seeded
    with ThreadPoolExecutor(3) as pool:
        for made in [
            pool.submit(_make_production, client, world, runtime, version),
            pool.submit(_make_staging, client, world, runtime, version),
            pool.submit(_make_legacy, client, world, runtime, version),
        ]:
            made.result()


def _make_production(client: Client, world: World, runtime: Runtime, version: str) -> None:
    settings = {
        "EngineVersion": version,
        "MasterUserPassword": world.passwords["shop/production/master:password"],
        "DatabaseName": DATABASE,
        "KmsKeyId": world.kms_keys[SOURCE_REGION],
        "StorageEncrypted": True,
        "DBSubnetGroupName": PRODUCTION,
        "VpcSecurityGroupIds": world.security_groups[SOURCE_REGION],
        "DBClusterParameterGroupName": PRODUCTION,
        "BackupRetentionPeriod": 14,
        "DeletionProtection": True,
        "CopyTagsToSnapshot": True,
        "EnableCloudwatchLogsExports": ["postgresql"],
        "Tags": _tags(environment="production", application="shop"),
    }
    members = (
        Member(f"{PRODUCTION}-1", "db.r6g.large", 0, "a", f"{PRODUCTION}-instance"),
        Member(f"{PRODUCTION}-2", "db.r6g.large", 1, "b", f"{PRODUCTION}-instance"),
    )
    cluster = _make_cluster(client, world, runtime, SOURCE_REGION, PRODUCTION, settings, members)
    data = runtime.data
    make_roles(
        data, cluster, world.passwords["shop/production/app:app_password"],
        world.passwords["shop/production/app:readonly_password"], OTHER_LOGINS,
    )  # fmt: skip
    schema, later = (FOLDER / "shop.sql").read_text(encoding="utf-8").split("-- later\n")
    data.sql(cluster.key, schema, DATABASE)
    _subscribe(runtime, cluster)
    _take_snapshots(runtime, cluster, later, world)
    data.sql(
        cluster.key, f"INSERT INTO shop.customers (name, email) VALUES ('Late Customer', '{AFTER_SNAPSHOT}')", DATABASE
    )


def _make_staging(client: Client, world: World, runtime: Runtime, version: str) -> None:
    settings = {
        "EngineVersion": version,
        "MasterUserPassword": world.passwords["shop/staging/master:password"],
        "DatabaseName": DATABASE,
        "KmsKeyId": world.kms_keys[TARGET_REGION],
        "StorageEncrypted": True,
        "DBSubnetGroupName": STAGING,
        "VpcSecurityGroupIds": world.security_groups[TARGET_REGION],
        "DBClusterParameterGroupName": STAGING,
        "BackupRetentionPeriod": 7,
        "PreferredBackupWindow": "03:10-03:40",
        "PreferredMaintenanceWindow": "sat:04:00-sat:04:30",
        "CopyTagsToSnapshot": True,
        "EnableIAMDatabaseAuthentication": True,
        "EnableCloudwatchLogsExports": ["postgresql"],
        "Tags": [
            *_tags(environment="staging", application="shop", **{"cost-center": "4711"}),
            {"Key": "aurora-restore:target", "Value": "true"},
        ],
    }
    members = (
        Member(f"{STAGING}-1", "db.r6g.large", 1, "a", f"{STAGING}-instance", 60, True, "sat:05:00-sat:05:30"),
        Member(f"{STAGING}-2", "db.t4g.medium", 5, "b", f"{STAGING}-instance"),
    )
    cluster = _make_cluster(client, world, runtime, TARGET_REGION, STAGING, settings, members)
    make_roles(
        runtime.data, cluster, world.passwords["shop/staging/app:app_password"],
        world.passwords["shop/staging/app:readonly_password"], (),
    )  # fmt: skip
    runtime.data.sql(cluster.key, (FOLDER / "staging.sql").read_text(encoding="utf-8"), DATABASE)


def _make_legacy(client: Client, world: World, runtime: Runtime, version: str) -> None:
    """Somebody else's, without the tag that marks a restore target."""
    settings = {
        "EngineVersion": version,
        "MasterUserPassword": make_password(),
        "DatabaseName": "reporting",
        "DBSubnetGroupName": STAGING,
        "VpcSecurityGroupIds": world.security_groups[TARGET_REGION][:1],
        "Tags": _tags(owner="reporting"),
    }
    members = (Member(f"{LEGACY}-1", "db.t4g.medium", 1, "c"),)
    _make_cluster(client, world, runtime, TARGET_REGION, LEGACY, settings, members)


def _tags(**tags: str) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _make_cluster(
    client: Client, world: World, runtime: Runtime, region: str, name: str, settings: dict[str, Any],
    members: Iterable[Member],
) -> Cluster:  # fmt: skip
    rds = client("rds", region)
    rds.create_db_cluster(DBClusterIdentifier=name, Engine=ENGINE, MasterUsername=MASTER, Port=5432, **settings)
    cluster: Cluster = rds_backends[ACCOUNT][region].clusters[name]
    _await(f"cluster {name}", cluster)
    instances = []
    for member in members:
        rds.create_db_instance(**_instance_parameters(world, region, name, member))
        instances.append(rds_backends[ACCOUNT][region].databases[member.name])
    for instance in instances:
        _await(f"instance {instance.resource_id}", instance)
    with runtime.lock:
        made = runtime.scheduler.clock.now() - AGE
        cluster.cluster_create_time = cluster.created = made
        cluster.earliest_restorable_time = runtime.scheduler.clock.now() - timedelta(
            days=cluster.backup_retention_period
        )
        for instance in instances:
            instance.instance_create_time = made
    return cluster


def _instance_parameters(world: World, region: str, cluster: str, member: Member) -> dict[str, Any]:
    parameters: dict[str, Any] = {
        "DBInstanceIdentifier": member.name,
        "DBClusterIdentifier": cluster,
        "Engine": ENGINE,
        "DBInstanceClass": member.instance_class,
        "PromotionTier": member.tier,
        "AvailabilityZone": f"{region}{member.zone}",
        "PreferredMaintenanceWindow": member.maintenance_window,
        "PubliclyAccessible": False,
        "EnablePerformanceInsights": member.performance_insights,
    }
    if member.parameter_group:
        parameters["DBParameterGroupName"] = member.parameter_group
    if member.monitoring_interval:
        parameters |= {"MonitoringInterval": member.monitoring_interval, "MonitoringRoleArn": world.monitoring_role}
    return parameters


def _await(what: str, resource: Any, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while resource.status != "available":
        if resource.status == "failed" or time.monotonic() > deadline:
            raise SandboxError(f"The seeded {what} did not become available but is {resource.status}.")
        time.sleep(0.01)


# databases


def make_roles(
    data: DataPlane, cluster: Cluster, app_password: str, readonly_password: str, others: Iterable[str]
) -> None:
    """Logins made by the master user, as on RDS; the passwords of the others are nobody's business."""
    passwords = {APPLICATION: app_password, READ_ONLY: readonly_password, **{name: make_password() for name in others}}
    for name, password in passwords.items():
        quoted = name.replace('"', '""')
        data.sql(cluster.key, f"CREATE ROLE \"{quoted}\" LOGIN PASSWORD '{scram_verifier(password)}'", DATABASE, MASTER)


def _subscribe(runtime: Runtime, cluster: Cluster) -> None:
    """An enabled subscription without a publisher at its other end; on a copy of the data it is enabled as well."""
    data, key = runtime.data, cluster.key
    data.sql(
        key,
        "CREATE SUBSCRIPTION orders_feed CONNECTION 'host=127.0.0.1 port=9 dbname=feed user=feed password=feed' "
        "PUBLICATION orders_feed WITH (connect = false, slot_name = 'orders_feed')",
        DATABASE,
    )
    data.sql(key, "ALTER SUBSCRIPTION orders_feed ENABLE", DATABASE)
    if runtime.engines.major >= 16:  # before, only superusers can own one
        data.sql(key, f"ALTER SUBSCRIPTION orders_feed OWNER TO {MASTER}", DATABASE)


# snapshots


def _take_snapshots(runtime: Runtime, cluster: Cluster, later: str, world: World) -> None:
    """Two real ones, before and after the later rows; older ones are copies of the first."""
    data, now = runtime.data, runtime.scheduler.clock.now()
    *old_ages, newest_age = AUTOMATED_AGES
    past: list[ClusterSnapshot] = []
    for age in old_ages:
        taken = now - timedelta(hours=age)
        past.append(_past_snapshot(runtime, cluster, f"rds:{PRODUCTION}-{taken:%Y-%m-%d-%H-%M}", age))
    past.append(_past_snapshot(runtime, cluster, f"{PRODUCTION}-weekly", WEEKLY_AGE))
    data.snapshot(cluster.key, past[0].data_key)
    for snapshot in past[1:]:
        data.copy_snapshot(past[0].data_key, snapshot.data_key)
    data.sql(cluster.key, later, DATABASE)
    taken = now - timedelta(hours=newest_age)
    newest = _past_snapshot(runtime, cluster, f"rds:{PRODUCTION}-{taken:%Y-%m-%d-%H-%M}", newest_age)
    data.snapshot(cluster.key, newest.data_key)
    creating = _past_snapshot(runtime, cluster, f"{PRODUCTION}-before-release", None)
    world.newest_snapshot_id, world.creating_snapshot_id = newest.resource_id, creating.resource_id


def _past_snapshot(runtime: Runtime, cluster: Cluster, name: str, hours: float | None) -> ClusterSnapshot:
    """Register a snapshot of that age; without one it is still being made, and stays so."""
    kind = "automated" if re.match("rds:", name) else "manual"
    with runtime.lock:
        snapshot = ClusterSnapshot(
            cluster.backend, runtime, cluster, name, snapshot_type=kind, tags=list(cluster.tags),
            kms_key_id=cluster.kms_key_id,
        )  # fmt: skip
        if hours is not None:
            snapshot.status = "available"
            snapshot.taken_at = snapshot.created = runtime.scheduler.clock.now() - timedelta(hours=hours)
        cluster.backend.cluster_snapshots[snapshot.resource_id] = snapshot
        return snapshot
