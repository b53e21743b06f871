# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clusters: create, delete, stop, start, roles. Those of other engines than Aurora PostgreSQL are moto's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.rds.models import AssociatedRole

from sandbox.rds import fates, filters, passwords, quotas, references, rules
from sandbox.rds.engines import POSTGRES
from sandbox.rds.errors import (
    RdsError,
    blank_parameter,
    cluster_exists,
    cluster_not_available,
    cluster_not_found,
    cluster_state,
    invalid_combination,
    invalid_value,
    snapshot_exists,
)
from sandbox.rds.models import TERMINAL, Cluster
from sandbox.rds.runtime import Part

STARTABLE = ("stopped", "inaccessible-encryption-credentials-recoverable")
SECRET_KEY = "master_user_secret_kms_key_id"


class ClusterActions(Part):
    """Part of the backend."""

    def aurora_cluster(self, cluster_id: str) -> Cluster:
        """The Aurora PostgreSQL cluster of that id or ARN."""
        cluster = self.clusters.get(cluster_id.rpartition(":")[2].lower())
        if not isinstance(cluster, Cluster) or cluster.nameless:
            raise cluster_not_found(cluster_id)
        return cluster

    def is_cluster_name_taken(self, name: str) -> bool:
        """By a cluster, or by one that is about to be called so."""
        coming = [
            modification.new_name
            for cluster in self.clusters.values()
            if isinstance(cluster, Cluster)
            for modification in cluster.modifications
        ]
        return name in self.clusters or name in coming

    def is_foreign(self, cluster_id: str) -> bool:
        """Whether a cluster of another engine has that id or ARN."""
        found = self.clusters.get(cluster_id.rpartition(":")[2].lower())
        return found is not None and not isinstance(found, Cluster)

    def create_db_cluster(self, kwargs: dict[str, Any]) -> Any:
        parameters = dict(kwargs.items())
        if parameters.get("engine") != POSTGRES:
            return super().create_db_cluster(kwargs)
        if not parameters.get("master_username"):
            raise blank_parameter("MasterUsername")
        if parameters.get("engine_mode") == "serverless":
            # Aurora Serverless v1 has ended: https://aws.amazon.com/rds/aurora/serverless/
            raise invalid_value("The engine mode serverless you requested is currently unavailable.")
        passwords.check_creation(parameters)
        managed, key = parameters.pop("manage_master_user_password", None), parameters.pop(SECRET_KEY, None)
        password = str(parameters.pop("master_user_password", None) or (passwords.new_password() if managed else ""))
        rules.check_master_password(password)
        engines = self.runtime.engines
        parameters["engine_version"] = engines.check(str(parameters.get("engine_version") or engines.default))
        if parameters.pop("storage_encrypted", False) and not parameters.get("kms_key_id"):
            parameters["kms_key_id"] = "alias/aws/rds"
        cluster = self.new_cluster(parameters)
        if managed:
            cluster.master_user_secret = passwords.MasterUserSecret(cluster, password, key)

        def work() -> None:
            self.runtime.data.create(
                cluster.key,
                master_username=str(cluster.master_username),
                master_password=password,
                database=str(cluster.database_name or "postgres_data"),
                port=int(cluster.port),
                name=cluster.address_name,
            )

        self.begin_cluster(cluster, self.runtime.durations.cluster_create, work, on_failure="failed", is_new=True)
        return cluster

    def new_cluster(self, parameters: dict[str, Any]) -> Cluster:
        """Check what create and restore have in common, and register the cluster as ``creating``."""
        name = rules.check_name(str(parameters["db_cluster_identifier"]), "DBClusterIdentifier")
        if self.is_cluster_name_taken(name):
            raise cluster_exists()
        quotas.check_clusters(self.runtime.limits, len(self.clusters))
        rules.check_port(parameters.get("port"))
        rules.check_windows(parameters)
        rules.check_retention(parameters.get("backup_retention_period"))
        subnets = str(parameters.get("db_subnet_group_name") or "default").lower()
        group = references.subnet_group(self, subnets)
        key = parameters.get("kms_key_id")
        checked = {
            "db_cluster_identifier": name,
            "tags": rules.check_tags(parameters.get("tags")),
            "db_cluster_parameter_group_name": references.cluster_parameter_group(
                self, parameters.get("db_cluster_parameter_group_name"), str(parameters["engine_version"])
            ),
            "db_subnet_group_name": subnets,
            "vpc_security_group_ids": references.security_groups(
                self, parameters.get("vpc_security_group_ids"), references.vpc_of(self, group)
            ),
            "availability_zones": references.zones_of(self, group),
            "kms_key_id": references.usable_key(self.account_id, self.region_name, key) if key else None,
        }
        cluster = Cluster(self, self.runtime, **{**parameters, **checked})
        self.clusters[name] = cluster
        self.record(cluster, "DB cluster creation started", "creation")
        return cluster

    def begin_cluster(
        self, cluster: Cluster, seconds: float, work: Callable[[], None], on_failure: str, is_new: bool = False
    ) -> None:
        """From ``creating`` to ``available``, or to the status on_failure.

        :param is_new: not restored: such a cluster can be snapshotted before it has an instance.
        """

        def done() -> None:
            cluster.status = "available"
            if is_new:
                cluster.earliest_restorable_time = self.runtime.scheduler.clock.now()
            if cluster.master_user_secret:
                cluster.master_user_secret.secret_status = "active"
            self.record(cluster, "DB cluster created", "creation")

        fates.begin(
            self.runtime, self.runtime.faults.fate("cluster"), f"creating cluster {cluster.resource_id}", seconds, done,
            work=work, broken_work=work, lane=cluster.key,
            failed=lambda error: self.break_cluster(cluster, on_failure, error),
            broken=lambda status: self.break_cluster(cluster, status, "its creation did not succeed"),
        )  # fmt: skip

    def break_cluster(self, cluster: Cluster, status: str, error: BaseException | str) -> None:
        """A cluster's work has failed."""
        cluster.status = status
        self.record(cluster, f"The DB cluster is {status}: {error}", "failure")

    # delete

    def delete_db_cluster(
        self, cluster_identifier: str, snapshot_name: str | None = None, skip_final_snapshot: bool = False,
        delete_automated_backups: bool = True,
    ) -> Any:  # fmt: skip
        if self.is_foreign(cluster_identifier):
            return self._delete_foreign(cluster_identifier, snapshot_name, delete_automated_backups)
        cluster = self.aurora_cluster(cluster_identifier)
        if snapshot_name:
            snapshot_name = rules.check_name(snapshot_name, "FinalDBSnapshotIdentifier")
        self._check_deletable(cluster, snapshot_name, skip_final_snapshot)
        seconds = self.runtime.durations.cluster_delete
        if snapshot_name:
            self.begin_snapshot(cluster, snapshot_name, None)
            seconds += self.runtime.durations.snapshot_create
        for automated in self.automated_snapshots(cluster) if delete_automated_backups else []:
            self.remove_snapshot(automated)
        cluster.status = "deleting"
        self.record(cluster, "DB cluster deletion started", "deletion")
        fates.begin(
            self.runtime, self.runtime.faults.fate("deletion"), f"deleting cluster {cluster.resource_id}", seconds,
            lambda: self._forget_cluster(cluster),
            work=lambda: self.runtime.data.delete(cluster.key), lane=cluster.key,
            failed=lambda error: self.break_cluster(cluster, "failed", error),
            broken=lambda status: self.break_cluster(cluster, status, "its deletion did not succeed"),
        )  # fmt: skip
        return cluster

    def _delete_foreign(self, cluster_id: str, snapshot_name: str | None, delete_automated_backups: bool) -> Any:
        """As moto does; but automated snapshots go with their cluster."""
        deleted = super().delete_db_cluster(cluster_id, snapshot_name)
        for name, snapshot in list(self.cluster_snapshots.items()) if delete_automated_backups else []:
            is_its = snapshot.db_cluster_identifier == deleted.db_cluster_identifier
            if is_its and snapshot.snapshot_type == "automated":
                del self.cluster_snapshots[name]
        return deleted

    def _check_deletable(self, cluster: Cluster, snapshot_name: str | None, skip: bool) -> None:
        if cluster.deletion_protection:
            raise invalid_combination(
                "Cannot delete protected Cluster, please disable deletion protection and try again."
            )
        if bool(snapshot_name) == skip:
            raise invalid_combination(
                "FinalDBSnapshotIdentifier cannot be specified when SkipFinalSnapshot is true."
                if skip
                else "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified."
            )
        if cluster.global_cluster_identifier:
            raise cluster_state("This cluster is a part of a global cluster, please remove it from globalcluster first")
        if cluster.status == "deleting":
            raise cluster_state(f"Cluster {cluster.resource_id} is already being deleted.")
        if cluster.live_members():
            raise cluster_state("Cluster cannot be deleted, it still contains DB instances in non-deleting state.")
        if cluster.status != "available" and not (cluster.status in TERMINAL and skip):
            raise cluster_not_available(cluster.resource_id)
        if snapshot_name:
            if snapshot_name in self.cluster_snapshots:
                raise snapshot_exists(snapshot_name)
            self.check_restorable(cluster)

    def _forget_cluster(self, cluster: Cluster) -> None:
        if cluster.members:
            # Its members take longer; a cluster is not gone before them.
            self.runtime.scheduler.begin(
                f"deleting cluster {cluster.resource_id}", 0.1, lambda: self._forget_cluster(cluster)
            )
            return
        if self.clusters.get(cluster.resource_id) is cluster:
            del self.clusters[cluster.resource_id]
        if cluster.master_user_secret:
            cluster.master_user_secret.delete()
        self.record(cluster, "DB cluster deleted", "deletion")

    # list

    def describe_db_clusters(self, db_cluster_identifier: str | None = None, wanted: Any = None) -> list[Any]:
        """All of them, or the one of that id or ARN; of those, the ones that match all filters."""
        wanted = filters.with_id(wanted, "db-cluster-id", db_cluster_identifier)
        found = filters.matching(self.clusters.values(), wanted, filters.CLUSTERS)
        if db_cluster_identifier and not found:
            raise cluster_not_found(db_cluster_identifier)
        return found

    # stop and start

    def stop_db_cluster(self, cluster_identifier: str) -> Any:
        if self.is_foreign(cluster_identifier):
            return super().stop_db_cluster(cluster_identifier)
        cluster = self.aurora_cluster(cluster_identifier)
        self._check_status(cluster, ("available",))
        self._take_through(
            cluster, "stopping", "stopped", self.runtime.durations.cluster_stop,
            lambda: self.runtime.data.stop(cluster.key),
        )  # fmt: skip
        return cluster

    def start_db_cluster(self, cluster_identifier: str) -> Any:
        if self.is_foreign(cluster_identifier):
            return super().start_db_cluster(cluster_identifier)
        cluster = self.aurora_cluster(cluster_identifier)
        self._check_status(cluster, STARTABLE)
        if cluster.kms_key_id:
            references.usable_key(self.account_id, self.region_name, cluster.kms_key_id)

        def work() -> None:
            if cluster.live_members():
                self.runtime.data.start(cluster.key, int(cluster.port))

        self._take_through(cluster, "starting", "available", self.runtime.durations.cluster_start, work)
        return cluster

    def _check_status(self, cluster: Cluster, expected: tuple[str, ...]) -> None:
        if cluster.status not in expected:
            raise cluster_state(
                f"DbCluster {cluster.resource_id} is in {cluster.status} state but expected it to be one of "
                f"{','.join(expected)}."
            )

    def _take_through(self, cluster: Cluster, through: str, to: str, seconds: float, work: Callable[[], None]) -> None:
        """Take the cluster and its members through one status to another."""
        resources: list[Any] = [cluster, *cluster.live_members()]
        for resource in resources:
            resource.status = through

        def done() -> None:
            for resource in resources:
                resource.status = to
            self.record(cluster, f"DB cluster {to}", "notification")

        self.runtime.scheduler.begin(
            f"{through} cluster {cluster.resource_id}", seconds, done, work=work, lane=cluster.key,
            failed=lambda error: self.break_cluster(cluster, "failed", error),
        )  # fmt: skip

    # roles

    def add_role_to_db_cluster(self, db_cluster_identifier: str, role_arn: str, feature_name: str = "") -> None:
        if self.is_foreign(db_cluster_identifier):
            super().add_role_to_db_cluster(db_cluster_identifier, role_arn, feature_name)
            return
        cluster = self.aurora_cluster(db_cluster_identifier)
        if cluster.status != "available":
            raise cluster_not_available(cluster.resource_id)
        for role in cluster.associated_roles:
            if role.role_arn == role_arn or (feature_name and role.feature_name == feature_name):
                raise RdsError(
                    "DBClusterRoleAlreadyExists",
                    f"The role with ARN {role_arn} can't be associated with DB cluster {cluster.resource_id}: it, or "
                    "another one for the same feature, already is.",
                )
        quotas.check_roles(self.runtime.limits, len(cluster.associated_roles))
        cluster.associated_roles.append(AssociatedRole(role_arn=role_arn, feature_name=feature_name))

    def remove_role_from_db_cluster(self, db_cluster_identifier: str, role_arn: str, feature_name: str = "") -> None:
        cluster = self.aurora_cluster(db_cluster_identifier)
        for role in cluster.associated_roles:
            if (role.role_arn, role.feature_name) == (role_arn, feature_name):
                cluster.associated_roles.remove(role)
                return
        raise RdsError("DBClusterRoleNotFound", f"The role with ARN {role_arn} is not associated with the DB cluster.")

    # endpoints

    def describe_db_cluster_endpoints(self, cluster_id: str | None) -> list[dict[str, Any]]:
        """The writer's and the reader's endpoint; ``creating`` until there is an instance behind them."""
        clusters = [self.aurora_cluster(cluster_id)] if cluster_id else list(self.clusters.values())
        return [
            {
                "DBClusterIdentifier": cluster.resource_id,
                "Endpoint": address,
                "EndpointType": kind,
                "Status": "available" if any(item.status == "available" for item in cluster.members) else "creating",
            }
            for cluster in clusters
            if isinstance(cluster, Cluster)
            for kind, address in (("WRITER", cluster.endpoint), ("READER", cluster.reader_endpoint))
        ]
