# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Snapshots, clusters and items of the state table as AWS returns them, from which worlds are made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._cleanup.operations import operations_of
from ansible_collections.dbops.aurora_restore.plugins.module_utils._cleanup.world import Place, World
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.models import Cluster, Snapshot
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.ulid import new_ulid

NOW = datetime(2026, 6, 1, 2, 0, tzinfo=timezone.utc)
ACCOUNT, HOME, AWAY = "123456789012", "us-west-2", "us-east-1"
SOURCE, TARGET = "shop-production", "shop-staging"
TARGET_KEY = f"{ACCOUNT}/{HOME}/{TARGET}"
KEY = f"arn:aws:kms:{HOME}:{ACCOUNT}:key/staging"


def ulid(number: int, days: float = 10) -> str:
    """An operation that began so many days ago; its short form has the number."""
    milliseconds = int((NOW - timedelta(days=days)).timestamp() * 1000)
    return new_ulid(milliseconds, number)


def snapshot_arn(name: str, region: str = HOME, account: str = ACCOUNT) -> str:
    return f"arn:aws:rds:{region}:{account}:cluster-snapshot:{name}"


def snapshot(name: str, cluster: str, days: float | None, tags: Mapping[str, str], **more: Any) -> dict[str, Any]:
    made = {
        "DBClusterSnapshotIdentifier": name,
        "DBClusterSnapshotArn": snapshot_arn(name),
        "DBClusterIdentifier": cluster,
        "Status": "available",
        "SnapshotType": "manual",
        "KmsKeyId": KEY,
        "AllocatedStorage": 100,
        "TagList": [{"Key": key, "Value": value} for key, value in tags.items()],
        **more,
    }
    if days is not None:
        made["SnapshotCreateTime"] = NOW - timedelta(days=days)
    return made


def copy(
    name: str, days: float | None, operation: str | None = None, of: str | None = None, tags: Any = None, **more: Any
) -> dict[str, Any]:
    """A copy of ours, of the snapshot called nightly-<name> unless said otherwise."""
    source = of or snapshot_arn(f"rds:nightly-{name}", AWAY)
    own = {"aurora-restore:source-snapshot-arn": source}
    if operation:
        own["aurora-restore:operation-id"] = operation
    more.setdefault("SourceDBClusterSnapshotArn", source)
    return snapshot(name, more.pop("cluster", SOURCE), days, own if tags is None else tags, **more)


def final(operation: str, days: float | None, cluster: str = TARGET, **more: Any) -> dict[str, Any]:
    """A final snapshot of ours."""
    tags = more.pop("tags", {"aurora-restore:operation-id": operation, "team": "shop"})
    return snapshot(more.pop("name", f"{cluster}-final-{operation[-8:].lower()}"), cluster, days, tags, **more)


def cluster(name: str, status: str = "available", **tags: str) -> dict[str, Any]:
    return {
        "DBClusterIdentifier": name,
        "DBClusterArn": f"arn:aws:rds:{HOME}:{ACCOUNT}:cluster:{name}",
        "DbClusterResourceId": f"cluster-{name}",
        "Status": status,
        "TagList": [{"Key": f"aurora-restore:{key.replace('_', '-')}", "Value": value} for key, value in tags.items()],
    }


def operation(key: str, status: str = "succeeded", pinned: str | None = None, **more: Any) -> dict[str, Any]:
    """An operation item. expires: in so many days from now, or None."""
    expires = more.pop("expires", None)
    item = {
        "operation_id": key,
        "step": "#operation",
        "status": status,
        "target": TARGET_KEY,
        "source": {"account": ACCOUNT, "region": AWAY, "cluster_id": SOURCE},
        "snapshot": {"db_cluster_snapshot_arn": pinned} if pinned else None,
        **more,
    }
    if expires is not None:
        item["expires_at"] = int((NOW + timedelta(days=expires)).timestamp())
    return item


def lease(key: str, held: bool = True, target: str = TARGET_KEY) -> dict[str, Any]:
    return {"operation_id": f"target#{target}", "step": "#lease", "held": held, "held_by": key, "fence": 3}


def world(
    snapshots: Sequence[Mapping[str, Any]] = (),
    clusters: Sequence[Mapping[str, Any]] = (),
    items: Sequence[Mapping[str, Any]] = (),
    shared: Mapping[str, Sequence[str]] | None = None,
) -> World:
    """With the sharing of every snapshot known."""
    found = [Snapshot.from_boto(item) for item in snapshots]
    return World(
        Place(ACCOUNT, AWAY, SOURCE),
        Place(ACCOUNT, HOME, TARGET),
        found,
        [Cluster.from_boto(item) for item in clusters],
        operations_of(items),
        NOW,
        {item.arn: () for item in found} | dict(shared or {}),
    )
