# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cluster snapshots: create, list, delete."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from moto.rds.models import rds_backends

from sandbox.faults import Fate
from sandbox.rds import fates, quotas, rules
from sandbox.rds.errors import (
    cluster_not_available,
    cluster_state,
    invalid_combination,
    invalid_value,
    snapshot_exists,
    snapshot_not_found,
    snapshot_state,
)
from sandbox.rds.models import Cluster, ClusterSnapshot
from sandbox.rds.runtime import Part, log
from sandbox.rds.sharing import EVERYBODY, Shared, is_shared_with

TYPES = ("automated", "manual", "shared", "public", "awsbackup")
# Filters of DescribeDBClusterSnapshots, and the attribute that each looks at.
FILTERS = {
    "db-cluster-id": "db_cluster_identifier",
    "db-cluster-snapshot-id": "db_cluster_snapshot_identifier",
    "snapshot-type": "snapshot_type",
    "engine": "engine",
}


class SnapshotActions(Part):
    """Part of the backend."""

    def find_snapshot(self, snapshot_id: str) -> Any:
        """The cluster snapshot of that id, or of that ARN in whatever region."""
        backend: Any = self
        name = snapshot_id
        if snapshot_id.startswith("arn:"):
            parts = snapshot_id.split(":", 6)
            if len(parts) != 7 or parts[2] != "rds" or parts[5] != "cluster-snapshot":
                raise invalid_value(f"Invalid snapshot identifier: {snapshot_id}")
            backend, name = self.get_backend("rds", parts[3], parts[4]), parts[6]
        name = name.lower()
        snapshot = backend.cluster_snapshots.get(name)
        if snapshot is None:
            raise snapshot_not_found(snapshot_id)
        if backend.account_id != self.account_id and not is_shared_with(snapshot, self.account_id):
            raise snapshot_not_found(snapshot_id)
        return snapshot

    def own_snapshot(self, snapshot_id: str) -> Any:
        """The cluster snapshot of that id or ARN in this account and region."""
        snapshot = self.find_snapshot(snapshot_id)
        if snapshot.backend is not self:
            raise snapshot_not_found(snapshot_id)
        return snapshot

    def shared_snapshots(self, everybodys: bool) -> list[Any]:
        """Those of other accounts in this region that are shared with this one, or with everybody."""
        return [
            Shared(item)
            for account, region, backend in rds_backends.iter_backends()
            if region == self.region_name and account != self.account_id
            for item in backend.cluster_snapshots.values()
            if is_shared_with(item, EVERYBODY if everybodys else self.account_id)
        ]

    def manual_count(self) -> int:
        return sum(1 for item in self.cluster_snapshots.values() if item.snapshot_type == "manual")

    def automated_snapshots(self, cluster: Cluster) -> list[ClusterSnapshot]:
        return [
            item
            for item in self.cluster_snapshots.values()
            if isinstance(item, ClusterSnapshot)
            and item.snapshot_type == "automated"
            and item.db_cluster_resource_id == cluster.db_cluster_resource_id
        ]

    # create

    def create_db_cluster_snapshot(
        self, db_cluster_identifier: str, db_cluster_snapshot_identifier: str, snapshot_type: str = "manual",
        tags: list[dict[str, str]] | None = None,
    ) -> Any:  # fmt: skip
        if self.is_foreign(db_cluster_identifier):
            return super().create_db_cluster_snapshot(
                db_cluster_identifier, db_cluster_snapshot_identifier, snapshot_type, tags
            )
        name = rules.check_name(db_cluster_snapshot_identifier, "DBClusterSnapshotIdentifier")
        cluster = self.aurora_cluster(db_cluster_identifier)
        if name in self.cluster_snapshots:
            raise snapshot_exists(name)
        if cluster.status != "available":
            raise cluster_not_available(cluster.resource_id)
        self.check_restorable(cluster)
        return self.begin_snapshot(cluster, name, tags, self.runtime.faults.fate("snapshot"))

    def check_restorable(self, cluster: Cluster) -> None:
        if cluster.earliest_restorable_time is None:
            raise cluster_state(
                f"DbCluster {cluster.resource_id} can't be snapshotted yet: its restorable times are not set."
            )

    def begin_snapshot(
        self, cluster: Cluster, name: str, tags: list[Any] | None, fate: Fate | None = None
    ) -> ClusterSnapshot:
        """Start a manual snapshot of what the cluster holds now. Without tags it may inherit the cluster's."""
        quotas.check_manual_snapshots(self.runtime.limits, self.manual_count())
        given = rules.check_tags(tags)
        if not given and cluster.copy_tags_to_snapshot:
            given = list(cluster.tags)
        snapshot = ClusterSnapshot(
            self, self.runtime, cluster, name, tags=given, kms_key_id=cluster.kms_key_id
        )  # fmt: skip
        snapshot.fate = fate
        self.fill(
            snapshot, self.runtime.durations.snapshot_create,
            lambda: self.runtime.data.snapshot(cluster.key, snapshot.data_key), lane=cluster.key,
        )  # fmt: skip
        return snapshot

    def fill(self, snapshot: ClusterSnapshot, seconds: float, work: Callable[[], Any], lane: str) -> None:
        """Register a snapshot, and take it from its status (creating or copying) to available."""
        taken_at: datetime = self.runtime.scheduler.clock.now()
        self.cluster_snapshots[snapshot.resource_id] = snapshot

        def done() -> None:
            snapshot.status, snapshot.taken_at, snapshot.transition = "available", taken_at, None
            self.record(snapshot, "Cluster snapshot created", "backup")

        def failed(error: BaseException) -> None:
            fail("failed")
            log.info("%s: %s", snapshot.resource_id, error)

        def fail(status: str) -> None:
            """How far it came stays to be seen. RDS has no event for this: whoever waits has to look."""
            snapshot.percent_at_end = snapshot.percent_progress
            snapshot.status, snapshot.transition = status, None

        snapshot.transition = fates.begin(
            self.runtime, snapshot.fate, f"{snapshot.status} snapshot {snapshot.resource_id}", seconds, done,
            work=work, lane=lane, failed=failed, broken=fail,
        )  # fmt: skip

    # delete

    def delete_db_cluster_snapshot(self, db_snapshot_identifier: str) -> Any:
        snapshot = self.find_snapshot(db_snapshot_identifier)
        if not isinstance(snapshot, ClusterSnapshot):
            return super().delete_db_cluster_snapshot(db_snapshot_identifier)
        if snapshot.backend is not self:
            raise snapshot_not_found(db_snapshot_identifier)
        if snapshot.snapshot_type == "automated":
            raise snapshot_state(
                f"The automated snapshot {snapshot.resource_id} can't be deleted: it goes with its cluster or its time."
            )
        if snapshot.status not in ("available", "failed", "copying"):
            raise snapshot_state(
                f"The DB cluster snapshot {snapshot.resource_id} is in the {snapshot.status} state, not available."
            )
        self.remove_snapshot(snapshot)
        return snapshot

    def remove_snapshot(self, snapshot: ClusterSnapshot) -> None:
        """Forget a snapshot, and free its disk once whatever still writes or reads it is through."""
        lane = snapshot.data_key
        if snapshot.transition:
            snapshot.transition.cancel()
            lane = snapshot.transition.lane
        self.cluster_snapshots.pop(snapshot.resource_id, None)
        self.runtime.scheduler.begin(
            f"removing snapshot {snapshot.resource_id}", 0, lambda: None, lane=lane,
            work=lambda: self.runtime.data.delete_snapshot(snapshot.data_key),
        )  # fmt: skip

    # list

    def select_snapshots(self, wanted: dict[str, Any]) -> list[Any]:
        """For DescribeDBClusterSnapshots; wanted: its parameters."""
        cluster_id, snapshot_id = wanted.get("db_cluster_identifier"), wanted.get("db_cluster_snapshot_identifier")
        kind, resource_id = wanted.get("snapshot_type"), wanted.get("db_cluster_resource_id")
        if cluster_id and snapshot_id:
            raise invalid_combination("DBClusterIdentifier and DBClusterSnapshotIdentifier can't be used together.")
        if kind is not None and kind not in TYPES:
            raise invalid_value(f"Invalid snapshot type: {kind}")
        if snapshot_id:
            return [self._named(snapshot_id, kind)]
        candidates = list(self.cluster_snapshots.values())
        if kind == "shared" or (kind is None and wanted.get("include_shared")):
            candidates += self.shared_snapshots(False)
        if kind == "public" or (kind is None and wanted.get("include_public")):
            candidates += self.shared_snapshots(True)
        found = [
            item
            for item in candidates
            if (kind in (None, "shared", "public") or item.snapshot_type == kind)
            and (kind not in ("shared", "public") or isinstance(item, Shared))
            and (not cluster_id or item.db_cluster_identifier == cluster_id.rpartition(":")[2].lower())
            and (not resource_id or getattr(item, "db_cluster_resource_id", None) == resource_id)
        ]
        return list(_filtered(found, wanted.get("filters") or []))

    def _named(self, snapshot_id: str, kind: str | None) -> Any:
        snapshot = self.find_snapshot(snapshot_id)
        if snapshot.account_id != self.account_id and snapshot.region == self.region_name and kind in (None, "shared"):
            return Shared(snapshot)
        # An automated snapshot is found by its id only together with its type.
        if snapshot.backend is not self or snapshot.snapshot_type != (kind or "manual"):
            raise snapshot_not_found(snapshot_id)
        return snapshot


def _filtered(snapshots: Iterable[Any], filters: Iterable[Any]) -> Iterable[Any]:
    for condition in filters:
        attribute = FILTERS.get(condition["Name"])
        if attribute is None:
            raise invalid_value(f"Unrecognized filter name: {condition['Name']}")
        if not condition.get("Values"):
            raise invalid_combination(f"The list of values of the filter {condition['Name']} must not be empty.")
        values = {str(value).lower() for value in condition["Values"]}
        names = values | {value.split(":", 6)[6] for value in values if value.startswith("arn:")}
        snapshots = [item for item in snapshots if str(getattr(item, attribute)).lower() in names]
    return snapshots
