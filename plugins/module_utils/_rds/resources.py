# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What AWS has of an operation: everything in the target's region that carries its tag."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._aws import Client
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds import api
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.models import (
    TAG_OPERATION,
    TAG_RESTORED,
    Cluster,
    Snapshot,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.session import load_cluster

Resource = dict[str, Any]


def read_resources(client: Client, operation_id: str, cluster_id: str) -> list[Resource]:
    """kind, id, arn, status and remark of each: copy, final snapshot, the restored cluster and its instances.

    :param cluster_id: the operation's target: nowhere else does an operation restore a cluster.
    """
    snapshots = [Snapshot.from_boto(item) for item in api.describe_snapshots(client, snapshot_type="manual")]
    return list(resources(operation_id, snapshots, load_cluster(client, cluster_id)))


def resources(operation_id: str, snapshots: Sequence[Snapshot], cluster: Cluster | None) -> Iterator[Resource]:
    """Those of them that are the operation's. Pure."""
    for snapshot in snapshots:
        # Snapshots of a restored cluster may have inherited its tags.
        if snapshot.tags.get(TAG_OPERATION) == operation_id and not snapshot.tags.get(TAG_RESTORED):
            yield _copy(snapshot) if snapshot.source_arn else _final(snapshot)
    if cluster is None or cluster.tags.get(TAG_OPERATION) != operation_id:
        return
    complete = bool(cluster.tags.get(TAG_RESTORED))
    remark = "restored and complete" if complete else "restored, not complete: the next restore goes on, or removes it"
    yield _resource("cluster", cluster.id, cluster.arn, cluster.status, remark)
    for item in cluster.instances:
        yield _resource("instance", item.id, str(item.boto.get("DBInstanceArn") or ""), item.status, "member of it")


def _copy(snapshot: Snapshot) -> Resource:
    remark = f"copy of {snapshot.source_arn}: later restores of that snapshot use it"
    return _resource("snapshot copy", snapshot.id, snapshot.arn, snapshot.status, remark)


def _final(snapshot: Snapshot) -> Resource:
    remark = f"data of the replaced cluster {snapshot.cluster_id}: never removed by a restore"
    return _resource("final snapshot", snapshot.id, snapshot.arn, snapshot.status, remark)


def _resource(kind: str, identifier: str, arn: str, status: str, remark: str) -> Resource:
    return {"kind": kind, "id": identifier, "arn": arn, "status": status, "remark": remark}
