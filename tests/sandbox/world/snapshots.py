# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Snapshots that were taken before the sandbox began, and copies that are on their way when it does."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from moto.rds.models import rds_backends

from sandbox.errors import SandboxError
from sandbox.rds import references, rules
from sandbox.rds.models import Cluster, ClusterSnapshot
from sandbox.rds.runtime import Runtime
from sandbox.world.databases import fill
from sandbox.world.made import Made, Place, telling
from sandbox.world.surroundings import tags_of


def make_snapshots(
    runtime: Runtime, place: Place, made: Made, cluster: Cluster, content: Mapping[str, Mapping[str, Any]]
) -> None:
    """The oldest first. Between those that name no data of their own nothing changed: they are one backup."""
    taken: ClusterSnapshot | None = None
    for name, wanted in sorted(content.items(), key=lambda item: -_age(*item)):
        if "data_before" in wanted:
            fill(runtime.data, cluster, wanted["data_before"])
            taken = None
        snapshot = _register(runtime, cluster, name, wanted)
        made.add(place, "snapshots", name, str(snapshot.resource_id))
        if snapshot.status == "creating":
            continue
        if taken is None:
            runtime.data.snapshot(cluster.key, snapshot.data_key)
            taken = snapshot
        else:
            runtime.data.copy_snapshot(taken.data_key, snapshot.data_key, link=True)
        if wanted.get("shared_with"):
            snapshot.modify_attribute("restore", list(wanted["shared_with"]), None)


def _age(name: str, wanted: Mapping[str, Any]) -> float:
    if wanted.get("status") == "creating":
        return -1.0
    if "hours_ago" not in wanted:
        raise SandboxError(f"the snapshot {name} needs hours_ago, or status: creating")
    return float(wanted["hours_ago"])


def _register(runtime: Runtime, cluster: Cluster, name: str, wanted: Mapping[str, Any]) -> ClusterSnapshot:
    """Into the backend, as of its age; one without an age is still being made, and stays so."""
    automated, age = wanted.get("type") == "automated", _age(name, wanted)
    with runtime.lock:
        taken_at = runtime.scheduler.clock.now() - timedelta(hours=max(age, 0))
        if automated:
            identifier = str(wanted.get("id", f"rds:{cluster.resource_id}-{taken_at:%Y-%m-%d-%H-%M}"))
        else:
            identifier = rules.check_name(str(wanted.get("id", name)), "DBClusterSnapshotIdentifier")
        if identifier in cluster.backend.cluster_snapshots:
            raise SandboxError(f"there are two snapshots {identifier}")
        tags = tags_of(wanted) if "tags" in wanted else list(cluster.tags) if cluster.copy_tags_to_snapshot else []
        snapshot = ClusterSnapshot(
            cluster.backend, runtime, cluster, identifier, snapshot_type="automated" if automated else "manual",
            tags=tags, kms_key_id=cluster.kms_key_id,
        )  # fmt: skip
        if age >= 0:
            snapshot.status = "available"
            snapshot.taken_at = snapshot.created = taken_at
        cluster.backend.cluster_snapshots[snapshot.resource_id] = snapshot
        return snapshot


def begin_copies(runtime: Runtime, place: Place, made: Made, content: Mapping[str, Mapping[str, Any]]) -> None:
    """Copies that somebody else has started just now, each with its own time."""
    for name, wanted in content.items():
        with telling(f"{place}/copies/{name}"):
            _begin_copy(runtime, place, made, name, wanted)


def _begin_copy(runtime: Runtime, place: Place, made: Made, name: str, wanted: Mapping[str, Any]) -> None:
    *account, region, origin = wanted["source"].split("/")
    source_place = Place(account[0] if account else place.account, region)
    source = rds_backends[source_place.account][region].cluster_snapshots.get(
        made.get(source_place, "snapshots", origin)
    )
    if not isinstance(source, ClusterSnapshot) or source.status != "available":
        raise SandboxError(f"there is no available snapshot {origin} in {source_place}")
    backend = rds_backends[place.account][place.region]
    key = wanted.get("kms_key_id")
    with runtime.lock:
        copy = ClusterSnapshot(
            backend, runtime, source.cluster, rules.check_name(name, "TargetDBClusterSnapshotIdentifier"),
            tags=tags_of(wanted), source=source,
            kms_key_id=references.usable_key(place.account, place.region, key) if key else None,
        )  # fmt: skip
        copy.status = "copying"
        backend.fill(
            copy, float(wanted.get("seconds", runtime.durations.snapshot_copy)),
            lambda: runtime.data.copy_snapshot(source.data_key, copy.data_key), lane=source.data_key,
        )  # fmt: skip
        made.add(place, "snapshots", name, name)
