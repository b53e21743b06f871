# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a restored cluster must be like."""

from __future__ import annotations

from typing import Any

import psycopg2
import pytest
from harness import PRODUCTION, SOURCE_REGION, STAGING, Sandbox

AFTER_SNAPSHOT = "after-snapshot@example.com"
# What a restored cluster must have in common with the one it replaced.
CLUSTER_SETTINGS = (
    "Engine", "Port", "DBSubnetGroup", "DBClusterParameterGroup", "BackupRetentionPeriod", "PreferredBackupWindow",
    "PreferredMaintenanceWindow", "EnabledCloudwatchLogsExports", "IAMDatabaseAuthenticationEnabled",
    "DeletionProtection", "CopyTagsToSnapshot", "StorageEncrypted", "KmsKeyId", "MasterUsername",
)  # fmt: skip
INSTANCE_SETTINGS = ("DBInstanceClass", "PromotionTier", "AvailabilityZone", "MonitoringInterval", "PubliclyAccessible")


def instance_settings(instance: dict[str, Any], writer: bool) -> tuple[Any, ...]:
    groups = tuple(group["DBParameterGroupName"] for group in instance["DBParameterGroups"])
    return (writer, *(instance.get(key) for key in INSTANCE_SETTINGS), groups)


def picture(sandbox: Sandbox, cluster_id: str) -> dict[str, Any]:
    """A cluster's settings and members, without what must differ (names, ids, times)."""
    cluster = sandbox.cluster(cluster_id)
    writers = {member["DBInstanceIdentifier"]: member["IsClusterWriter"] for member in cluster["DBClusterMembers"]}
    tags = {tag["Key"]: tag["Value"] for tag in cluster["TagList"]}
    return {
        **{key: cluster.get(key) for key in CLUSTER_SETTINGS},
        "SecurityGroups": sorted(group["VpcSecurityGroupId"] for group in cluster["VpcSecurityGroups"]),
        "Tags": {k: v for k, v in tags.items() if not k.startswith("aurora-restore:") or k == "aurora-restore:target"},
        "Members": sorted(
            instance_settings(instance, writers[instance["DBInstanceIdentifier"]])
            for instance in sandbox.instances(cluster_id)
        ),
    }


def fingerprint(cursor: Any) -> dict[str, tuple[int, str]]:
    """Rows and a checksum of every table of the shop, leaving out what was written after the snapshot."""
    found = {}
    cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'shop' ORDER BY 1")
    for (table,) in cursor.fetchall():
        condition = "WHERE email <> %s" if table == "customers" else "WHERE %s IS NOT NULL"
        cursor.execute(
            f"SELECT count(*), md5(coalesce(string_agg(md5(t::text), '' ORDER BY md5(t::text)), ''))"
            f' FROM shop."{table}" t {condition}',
            (AFTER_SNAPSHOT,),
        )
        found[table] = tuple(cursor.fetchone())
    return found


def assert_snapshots_rows(sandbox: Sandbox) -> None:
    """Staging holds exactly what production's newest snapshot holds: by rows and checksums of every table."""
    production = sandbox.secret("shop/production/app", SOURCE_REGION)
    with sandbox.login(PRODUCTION, production["app_username"], production["app_password"], SOURCE_REGION) as cursor:
        cursor.execute("SELECT count(*) FROM shop.customers WHERE email = %s", (AFTER_SNAPSHOT,))
        assert cursor.fetchone()[0] >= 1, "the source has rows that are newer than the snapshot"
        wanted = fingerprint(cursor)
    assert sum(rows for rows, _checksum in wanted.values()) >= 10_000
    app = sandbox.secret("shop/staging/app")
    with sandbox.login(STAGING, app["app_username"], app["app_password"]) as cursor:
        assert fingerprint(cursor) == wanted
        cursor.execute("SELECT count(*) FROM shop.customers WHERE email = %s", (AFTER_SNAPSHOT,))
        assert cursor.fetchone()[0] == 0
        cursor.execute("SELECT to_regclass('shop.staging_marker')")
        assert cursor.fetchone()[0] is None, "the replaced cluster's data is gone"


def assert_replaced(sandbox: Sandbox, before: dict[str, Any], old_resource_id: str) -> None:
    """Staging is another cluster than before, with the same settings and members, all available."""
    cluster = sandbox.cluster(STAGING)
    assert cluster["DbClusterResourceId"] != old_resource_id
    assert picture(sandbox, STAGING) == before
    production = sandbox.cluster(PRODUCTION, SOURCE_REGION)
    assert cluster["EngineVersion"] == production["EngineVersion"]
    assert production["Status"] == cluster["Status"] == "available"
    assert {instance["DBInstanceStatus"] for instance in sandbox.instances(STAGING)} == {"available"}


def assert_untouched(sandbox: Sandbox, before: dict[str, Any], old_resource_id: str) -> None:
    """Staging is the cluster that it was, with its data, and nothing that could change it was called."""
    assert sandbox.cluster(STAGING)["DbClusterResourceId"] == old_resource_id
    assert picture(sandbox, STAGING) == before
    app = sandbox.secret("shop/staging/app")
    with sandbox.login(STAGING, app["app_username"], app["app_password"]) as cursor:
        cursor.execute("SELECT count(*) FROM shop.staging_marker")
        assert cursor.fetchone()[0] > 0
    destructive = ("DeleteDBInstance", "DeleteDBCluster", "ModifyDBCluster", "RestoreDBClusterFromSnapshot")
    assert not [call for call in sandbox.calls() if call["action"] in destructive]


def assert_logins(sandbox: Sandbox) -> None:
    """The three users of staging's secrets get in with their passwords; production's are refused."""
    master, app = sandbox.secret("shop/staging/master"), sandbox.secret("shop/staging/app")
    for user, password in (
        (master["username"], master["password"]),
        (app["app_username"], app["app_password"]),
        (app["readonly_username"], app["readonly_password"]),
    ):
        with sandbox.login(STAGING, user, password) as cursor:
            cursor.execute("SELECT current_user")
            assert cursor.fetchone() == (user,)
    production = sandbox.secret("shop/production/app", SOURCE_REGION)
    with (
        pytest.raises(psycopg2.OperationalError, match="password authentication failed"),
        sandbox.login(STAGING, production["app_username"], production["app_password"]),
    ):
        pass
