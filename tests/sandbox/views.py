# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ``GET /_sandbox/clusters`` and ``/_sandbox/events`` show, for the commands ``status`` and ``events`` too."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
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
        return {
            "clusters": [_cluster(cluster, servers.get(cluster.key, [])) for cluster in clusters],
            "snapshots": [_snapshot(snapshot) for snapshot in snapshots],
            "transitions": pending(runtime),
        }


def pending(runtime: Runtime) -> list[dict[str, Any]]:
    """What is on its way, the next to end first; what a fault lets stall is not: nothing will happen to it."""
    clock = runtime.scheduler.clock
    now, time_of_day = clock.monotonic(), clock.now()
    return [
        {
            "name": item.name,
            "due_in": round(max(0.0, item.due - now), 3),
            "due_at": stamp(time_of_day + timedelta(seconds=item.due - now)),
            "work_done": item.finished.is_set(),
        }
        for item in runtime.scheduler.pending()
    ]


def events_view(runtime: Runtime) -> dict[str, Any]:
    """What has happened to clusters, instances and snapshots of all accounts, the oldest first; what is pending."""
    with runtime.lock:
        happened = [
            (event.date, backend, event)
            for _account, _region, backend in rds_backends.iter_backends()
            for event in getattr(backend, "happenings", ())
        ]
        happened.sort(key=lambda item: item[0])
        return {
            "happened": [
                {
                    "time": stamp(date),
                    "account": backend.account_id,
                    "region": backend.region_name,
                    "type": event.source_type,
                    "id": event.source_identifier,
                    "message": event.message,
                }
                for date, backend, event in happened
            ],
            "pending": pending(runtime),
        }


def stamp(moment: datetime) -> str:
    return moment.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


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
