# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""RestoreDBClusterFromSnapshot: what is left out gets AWS's defaults, not the snapshot's settings."""

from __future__ import annotations

from typing import Any

from sandbox.rds import references
from sandbox.rds.engines import POSTGRES, Engines
from sandbox.rds.errors import RdsError, invalid_combination, missing_parameter, snapshot_not_found, snapshot_state
from sandbox.rds.models import ClusterSnapshot
from sandbox.rds.runtime import Part
from sandbox.rds.sharing import check_key_is_shared

# What can be said at a restore; everything else of the old cluster is lost.
TAKEN = (
    "db_cluster_identifier", "port", "db_subnet_group_name", "vpc_security_group_ids", "tags",
    "db_cluster_parameter_group_name", "deletion_protection", "copy_tags_to_snapshot", "network_type", "storage_type",
    "serverless_v2_scaling_configuration", "enable_cloudwatch_logs_exports", "enable_iam_database_authentication",
    "backup_retention_period", "preferred_backup_window",
)  # fmt: skip


class RestoreActions(Part):
    """Part of the backend."""

    def restore_db_cluster_from_snapshot(self, from_snapshot_id: str, overrides: dict[str, Any]) -> Any:
        snapshot = self._restorable(from_snapshot_id)
        if not isinstance(snapshot, ClusterSnapshot):
            return super().restore_db_cluster_from_snapshot(from_snapshot_id, overrides)
        parameters = dict(overrides.items())
        given = {name: parameters[name] for name in TAKEN if parameters.get(name) is not None}
        given["engine"] = POSTGRES
        given["engine_version"] = self._restore_version(snapshot, parameters)
        given["kms_key_id"] = self._restore_key(snapshot, parameters.get("kms_key_id"))
        given["port"] = given.get("port") or int(snapshot.port)
        given.setdefault("backup_retention_period", snapshot.backup_retention_period)
        # As it is in the data: neither can be chosen.
        given["master_username"] = snapshot.master_username
        given["database_name"] = snapshot.cluster.database_name
        cluster = self.new_cluster(given)
        self.begin_cluster(
            cluster,
            self.runtime.durations.cluster_restore,
            lambda: self.runtime.data.restore(snapshot.data_key, cluster.key, cluster.address_name),
            on_failure="incompatible-restore",
        )
        self.record(cluster, f"Restored from snapshot {snapshot.resource_id}", "restoration")
        return cluster

    def restore_db_cluster_to_point_in_time(
        self, db_cluster_identifier: str, source_db_cluster_identifier: str, **others: Any
    ) -> Any:
        """Whatever time is asked for, the data is that of this moment: the servers' logs are not kept."""
        if self.is_foreign(source_db_cluster_identifier):
            return super().restore_db_cluster_to_point_in_time(
                db_cluster_identifier, source_db_cluster_identifier, **others
            )
        source = self.aurora_cluster(source_db_cluster_identifier)
        if bool(others.get("restore_to_time")) == bool(others.get("use_latest_restorable_time")):
            raise invalid_combination("Specify either RestoreToTime or UseLatestRestorableTime.")
        if others.get("restore_to_time") and others.get("restore_type") == "copy-on-write":
            raise invalid_combination("RestoreToTime cannot be specified when RestoreType is copy-on-write")
        self.check_restorable(source)
        given = {name: others[name] for name in TAKEN if others.get(name) is not None}
        cluster = self.new_cluster({
            "port": int(source.port), **given, "db_cluster_identifier": db_cluster_identifier,
            "engine": POSTGRES, "engine_version": source.engine_version,
            "kms_key_id": others.get("kms_key_id") or source.kms_key_id,
            "master_username": source.master_username, "database_name": source.database_name,
        })  # fmt: skip

        def work() -> None:
            data, moment = self.runtime.data, f"moment-{cluster.key}"
            data.snapshot(source.key, moment)
            try:
                data.restore(moment, cluster.key, cluster.address_name)
            finally:
                data.delete_snapshot(moment)

        seconds = self.runtime.durations.cluster_restore
        self.begin_cluster(cluster, seconds, work, on_failure="incompatible-restore", is_new=True)
        return cluster

    def _restorable(self, snapshot_id: str) -> Any:
        if snapshot_id.startswith("arn:") and snapshot_id.split(":")[3] != self.region_name:
            raise snapshot_not_found(snapshot_id)
        snapshot = self.find_snapshot(snapshot_id)
        if isinstance(snapshot, ClusterSnapshot) and snapshot.status != "available":
            raise snapshot_state(
                f"The DB cluster snapshot {snapshot.resource_id} is in the {snapshot.status} state, not available."
            )
        return snapshot

    def _restore_version(self, snapshot: ClusterSnapshot, parameters: dict[str, Any]) -> str:
        """The wanted version, or the region's default: not the snapshot's."""
        engine, storage = parameters.get("engine"), parameters.get("storage_type")
        if not engine:
            raise missing_parameter("Engine")
        if engine != POSTGRES:
            raise RdsError("InvalidRestoreFault", f"Cannot restore a snapshot of {POSTGRES} into {engine}.")
        if storage not in (None, "aurora", "aurora-iopt1"):
            raise RdsError("StorageTypeNotSupported", f"Invalid storage type: {storage}")
        if parameters.get("database_name"):
            raise invalid_combination("DatabaseName is not supported for this engine.")
        engines: Engines = self.runtime.engines
        version = engines.check(str(parameters.get("engine_version") or engines.default))
        engines.check_restore(str(snapshot.engine_version), version)
        return version

    def _restore_key(self, snapshot: ClusterSnapshot, wanted: str | None) -> str | None:
        """The key of the new cluster: the wanted one, else the snapshot's."""
        if snapshot.kms_key_id:
            references.usable_key(self.account_id, self.region_name, snapshot.kms_key_id, "The source snapshot KMS key")
            check_key_is_shared(snapshot, self.account_id)
        return wanted or snapshot.kms_key_id
