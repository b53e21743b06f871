# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The resources. Their attributes are what the API returns, in snake case; moto's serializer finds them by name."""

from __future__ import annotations

import contextlib
import secrets
import string
from datetime import datetime
from typing import Any

from moto.rds.models import DBCluster, DBClusterSnapshot, DBInstanceClustered

from sandbox.dataplane import DataPlaneError, Endpoints
from sandbox.faults import Fate
from sandbox.rds import references
from sandbox.rds.passwords import MasterUserSecret
from sandbox.rds.runtime import Runtime
from sandbox.scheduler import Transition

HIDDEN = "****"  # passwords are not kept
LETTERS = string.ascii_uppercase + string.digits
# What an instance must be for DeleteDBInstance.
DELETABLE = frozenset(
    ("available", "failed", "inaccessible-encryption-credentials", "inaccessible-encryption-credentials-recoverable",
     "incompatible-create", "incompatible-network", "incompatible-parameters", "incompatible-restore",
     "insufficient-capacity", "storage-full")
)  # fmt: skip
# Of these only without a final snapshot, and SkipFinalSnapshot has to say so.
SKIPPING = frozenset(("failed", "incompatible-network", "incompatible-restore"))
# Statuses that a cluster does not leave by itself.
TERMINAL = frozenset(
    ("cloning-failed", "failed", "inaccessible-encryption-credentials",
     "inaccessible-encryption-credentials-recoverable", "incompatible-network", "incompatible-parameters",
     "incompatible-restore", "migration-failed", "restore-failed", "upgrade_failed")
)  # fmt: skip


class Cluster(DBCluster):
    """An Aurora PostgreSQL cluster. Its DbClusterResourceId is its key in the data plane."""

    def __init__(self, backend: Any, runtime: Runtime, **parameters: Any) -> None:
        storage_type, key = parameters.pop("storage_type", None), parameters.pop("kms_key_id", None)
        given = {name: value for name, value in parameters.items() if value is not None}
        given["storage_encrypted"] = key is not None
        given["master_user_password"] = HIDDEN * 2
        self.runtime = runtime
        self._addresses: Endpoints | None = None
        super().__init__(backend, **given)
        self.kms_key_id: str | None = key
        self.storage_encryption_type = "sse-kms" if key else "sse-rds"
        # RDS does not return the standard storage type.
        self.storage_type = "aurora-iopt1" if storage_type == "aurora-iopt1" else None
        self.cluster_create_time = runtime.scheduler.clock.now()
        self.earliest_restorable_time: datetime | None = None
        self.pending_modified_values: dict[str, Any] = {}
        self.deletion_protection = bool(given.get("deletion_protection"))
        self.copy_tags_to_snapshot = bool(given.get("copy_tags_to_snapshot"))
        # What ModifyDBCluster has accepted and is not in force yet.
        self.modifications: list[Any] = []
        # For a while during a rename neither name finds it.
        self.nameless = False
        self.master_user_secret: MasterUserSecret | None = None

    @property
    def key(self) -> str:
        """Its key in the data plane."""
        return str(self.db_cluster_resource_id)

    @property
    def address_name(self) -> str:
        """What its endpoints follow."""
        return f"{self.account_id}/{self.region}/{self.resource_id}"

    @property
    def status(self) -> str:
        return str(self._status)

    @status.setter
    def status(self, value: str) -> None:
        self._status = value

    @property
    def addresses(self) -> Endpoints | None:
        """None until its storage is there."""
        with contextlib.suppress(DataPlaneError):  # not yet, or not any more
            self._addresses = self.runtime.data.addresses(self.key)
        return self._addresses

    @property
    def endpoint(self) -> str | None:
        return self.addresses.writer if self.addresses else None

    @property
    def reader_endpoint(self) -> str | None:
        return self.addresses.reader if self.addresses else None

    @property
    def latest_restorable_time(self) -> datetime | None:
        return self.runtime.scheduler.clock.now() if self.earliest_restorable_time else None

    def designate_writer(self) -> None:
        """Not by moto's rule: the first instance that is created becomes the writer; a failover chooses another."""

    def live_members(self) -> list[Instance]:
        """Its instances, without those that are being deleted."""
        return [member for member in self.members if member.status != "deleting"]

    def elect_writer(self) -> None:
        """A failover: of the members, the one of the lowest promotion tier becomes the writer."""
        candidates = sorted(self.live_members(), key=lambda member: (member.promotion_tier, member.created))
        for member in self.members:
            member.is_cluster_writer = bool(candidates) and member is candidates[0]


class Instance(DBInstanceClustered):
    """A member of an Aurora PostgreSQL cluster."""

    def __init__(self, backend: Any, runtime: Runtime, cluster: Cluster, **parameters: Any) -> None:
        self.cluster: Cluster = cluster  # moto's constructor reads properties that need it
        given = {name: value for name, value in parameters.items() if value is not None}
        given.setdefault("ca_certificate_identifier", "rds-ca-rsa2048-g1")
        given["publicly_accessible"] = bool(given.get("publicly_accessible"))
        given["db_cluster_identifier"] = cluster.db_cluster_identifier
        super().__init__(backend=backend, **given)
        self.status = "creating"
        self.port = cluster.port
        self.dbi_resource_id = "db-" + "".join(secrets.choice(LETTERS) for _place in range(26))
        self.instance_create_time: datetime | None = None
        self.is_cluster_writer: bool = not any(member.is_cluster_writer for member in cluster.live_members())
        self.pending_modified_values: dict[str, Any] = {}
        self.performance_insights_enabled = bool(given.get("enable_performance_insights"))
        self.performance_insights_kms_key_id = given.get("performance_insights_kms_key_id")
        self.performance_insights_retention_period = (
            given.get("performance_insights_retention_period", 7) if self.performance_insights_enabled else None
        )
        self.db_subnet_group = backend.subnet_groups.get(cluster.db_subnet_group_name)

    @property
    def db_cluster_arn(self) -> str:
        return str(self.cluster.arn)

    @property
    def endpoint(self) -> dict[str, Any] | None:
        """Missing until it is available, as in AWS."""
        if self.status == "creating":
            return None
        return {"Address": self.address, "Port": self.cluster.port, "HostedZoneId": self.cluster.hosted_zone_id}

    @property
    def address(self) -> str | None:
        """Its own, whatever the cluster is called; but all readers of a cluster share one server."""
        addresses = self.cluster.addresses
        if addresses is None:
            return None
        return addresses.writer_instance if self.is_cluster_writer else addresses.reader_instance

    # The cluster's counts for all of these.

    @property
    def enabled_cloudwatch_logs_exports(self) -> list[str]:
        return list(self.cluster.enabled_cloudwatch_logs_exports)

    @enabled_cloudwatch_logs_exports.setter
    def enabled_cloudwatch_logs_exports(self, value: list[str]) -> None: ...

    @property
    def network_type(self) -> str:
        return str(self.cluster.network_type)

    @property
    def storage_encryption_type(self) -> str:
        return self.cluster.storage_encryption_type

    @property
    def storage_type(self) -> str:
        return self.cluster.storage_type or "aurora"

    @property
    def license_model(self) -> str:
        return "postgresql-license"

    @property
    def iam_database_authentication_enabled(self) -> bool:
        return bool(self.cluster.iam_database_authentication_enabled)

    @property
    def latest_restorable_time(self) -> datetime | None:
        return self.cluster.latest_restorable_time


class ClusterSnapshot(DBClusterSnapshot):
    """A snapshot of an Aurora PostgreSQL cluster, or a copy of one."""

    def __init__(
        self, backend: Any, runtime: Runtime, origin: Cluster, snapshot_id: str, *, snapshot_type: str = "manual",
        tags: list[dict[str, str]] | None = None, kms_key_id: str | None = None,
        source: ClusterSnapshot | None = None,
    ) -> None:  # fmt: skip
        """
        :param origin: the cluster whose data it holds, as it is or was.
        :param kms_key_id: the key of its own.
        :param source: the snapshot that it is a copy of.
        """
        self.runtime = runtime
        super().__init__(backend, origin, snapshot_id, snapshot_type, tags or [])
        self.data_key = f"{backend.region_name}-{snapshot_id.replace(':', '-')}-{secrets.token_hex(4)}".lower()
        self.status = "creating"
        self.taken_at: datetime | None = None
        self.transition: Transition | None = None
        self.fate: Fate | None = None
        self.percent_at_end = 0  # of one that has failed
        self.source_db_cluster_snapshot_arn = source.arn if source else None
        self.source_region = source.region if source else None
        self.kms_key_id: str | None = kms_key_id
        self.storage_encrypted = self.encrypted = kms_key_id is not None
        self.storage_encryption_type = "sse-kms" if kms_key_id else "sse-rds"
        self.availability_zones = (
            [f"{backend.region_name}{letter}" for letter in "abc"] if source else list(origin.availability_zones)
        )
        self.vpc_id = None if source else references.vpc_of(backend, backend.subnet_groups.get(origin.db_subnet_group))
        self.engine_mode = "provisioned"
        self.license_model = "postgresql-license"
        self.cluster_create_time = origin.cluster_create_time
        self.db_cluster_resource_id = origin.db_cluster_resource_id
        self.iam_database_authentication_enabled = origin.iam_database_authentication_enabled
        self.backup_retention_period = origin.backup_retention_period
        self.preferred_backup_window = origin.preferred_backup_window
        self.storage_type = origin.storage_type or "aurora"
        self.allocated_storage = 0

    @property
    def snapshot_create_time(self) -> datetime | None:
        """Missing while it is being made."""
        return self.taken_at

    @property
    def percent_progress(self) -> int:
        if self.status == "available":
            return 100
        if self.transition is None:
            return self.percent_at_end
        return self.transition.progress(self.runtime.scheduler.clock.monotonic())

    @percent_progress.setter
    def percent_progress(self, value: int) -> None:
        """moto's constructor sets 100."""

    @property
    def is_copy_across_regions(self) -> bool:
        return self.source_region not in (None, self.region)
