# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ``GET /_sandbox/clusters`` and ``python -m sandbox status`` show: control plane and data plane side by side."""

from __future__ import annotations

from typing import Any

from moto.rds.models import rds_backends

from sandbox.rds.models import Cluster, ClusterSnapshot
from sandbox.rds.runtime import Runtime


def clusters_view(runtime: Runtime) -> dict[str, Any]:
    """Clusters with their instances and servers, snapshots, and what is under way."""
    servers: dict[str, list[dict[str, Any]]] = {}
    for server in runtime.data.servers():
        entry = {"role": server.role, "pid": server.pid, "address": server.address, "port": server.port}
        servers.setdefault(server.key, []).append(entry)
    with runtime.lock:
        backends = [backend for _account, _region, backend in rds_backends.iter_backends()]
        clusters = [item for backend in backends for item in backend.clusters.values() if isinstance(item, Cluster)]
        snapshots = [
            item
            for backend in backends
            for item in backend.cluster_snapshots.values()
            if isinstance(item, ClusterSnapshot)
        ]
        now = runtime.scheduler.clock.monotonic()
        return {
            "clusters": [_cluster(cluster, servers.get(cluster.key, [])) for cluster in clusters],
            "snapshots": [_snapshot(snapshot) for snapshot in snapshots],
            "transitions": [
                {"name": item.name, "due_in": round(max(0.0, item.due - now), 3), "work_done": item.finished.is_set()}
                for item in runtime.scheduler.pending()
            ],
        }


def _cluster(cluster: Cluster, servers: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "account": cluster.account_id,
        "region": cluster.region,
        "id": cluster.resource_id,
        "resource_id": cluster.db_cluster_resource_id,
        "status": cluster.status,
        "endpoint": cluster.endpoint,
        "reader_endpoint": cluster.reader_endpoint,
        "port": cluster.port,
        "engine_version": cluster.engine_version,
        "pending": sorted(cluster.pending_modified_values),
        "instances": [
            {
                "id": member.resource_id,
                "status": member.status,
                "class": member.db_instance_class,
                "writer": member.is_cluster_writer,
            }
            for member in cluster.members
        ],
        "servers": servers,
    }


def _snapshot(snapshot: ClusterSnapshot) -> dict[str, Any]:
    return {
        "account": snapshot.account_id,
        "region": snapshot.region,
        "id": snapshot.resource_id,
        "cluster": snapshot.db_cluster_identifier,
        "type": snapshot.snapshot_type,
        "status": snapshot.status,
        "percent": snapshot.percent_progress,
        "taken_at": snapshot.taken_at,
        "source": snapshot.source_db_cluster_snapshot_arn,
    }
