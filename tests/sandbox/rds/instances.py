# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Instances: the members of Aurora PostgreSQL clusters. Those of other engines are moto's."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

from sandbox.dataplane import DataPlaneError
from sandbox.rds import fates, filters, quotas, references, rules
from sandbox.rds.engines import POSTGRES
from sandbox.rds.errors import (
    RdsError,
    cluster_not_available,
    cluster_state,
    instance_exists,
    instance_not_found,
    instance_state,
    invalid_combination,
    invalid_value,
    missing_parameter,
)
from sandbox.rds.models import DELETABLE, SKIPPING, Cluster, Instance
from sandbox.rds.runtime import Part

# Managed by the cluster; a member that is to be created with one of them is refused.
CLUSTERS_OWN = {
    "master_username": "master user name",
    "master_user_password": "master user password",
    "manage_master_user_password": "master user password",
    "vpc_security_group_ids": "vpc security group",
    "kms_key_id": "KMS key",
    "storage_encrypted": "storage encryption",
    "backup_retention_period": "backup retention period",
    "preferred_backup_window": "backup window",
    "port": "port",
    "allocated_storage": "allocated storage",
    "deletion_protection": "deletion protection",
    "engine_version": "engine version",
}
# ModifyDBInstance changes these as they are.
MODIFIABLE = (
    "promotion_tier", "preferred_maintenance_window", "monitoring_interval", "monitoring_role_arn",
    "auto_minor_version_upgrade", "ca_certificate_identifier", "publicly_accessible", "db_parameter_group_name",
)  # fmt: skip
# These wait for the maintenance window without ApplyImmediately, and are shown in PendingModifiedValues.
SHOWN = {"db_instance_class": "DBInstanceClass", "new_db_instance_identifier": "DBInstanceIdentifier"}


class InstanceActions(Part):
    """Part of the backend."""

    def create_db_instance(self, db_kwargs: dict[str, Any]) -> Any:
        parameters = {name: value for name, value in db_kwargs.items() if value is not None}
        cluster_id = str(parameters.get("db_cluster_identifier") or "")
        if parameters.get("engine") == POSTGRES and not cluster_id:
            raise missing_parameter("DBClusterIdentifier")
        if not cluster_id or self.is_foreign(cluster_id):
            return super().create_db_instance(db_kwargs)
        name = rules.check_name(str(parameters["db_instance_identifier"]), "DBInstanceIdentifier")
        if name in self.databases:
            raise instance_exists()
        if cluster_id.rpartition(":")[2].lower() not in self.clusters:
            raise RdsError(
                "DBClusterNotFoundFault",
                f"The source cluster could not be found or cannot be accessed: {cluster_id}",
            )
        cluster = self.aurora_cluster(cluster_id)
        self._check_member(cluster, parameters)
        instance = self._new_member(cluster, name, parameters)
        self._begin_creation(cluster, instance)
        return instance

    def _check_member(self, cluster: Cluster, parameters: dict[str, Any]) -> None:
        if cluster.status != "available":
            raise cluster_not_available(cluster.resource_id)
        quotas.check_instances(self.runtime.limits, len(self.databases))
        if parameters.get("engine") != cluster.engine:
            raise invalid_combination(
                f"The engine name requested for your DB instance ({parameters.get('engine')}) doesn't match the engine "
                f"name of your DB cluster ({cluster.engine})."
            )
        if parameters.get("engine_version") == cluster.engine_version:
            del parameters["engine_version"]
        for parameter, what in CLUSTERS_OWN.items():
            if parameters.get(parameter):
                raise invalid_combination(
                    f"The requested DB Instance will be a member of a DB Cluster. Set {what} for the DB Cluster."
                )
        self._check_class(cluster, parameters)
        rules.check_windows(parameters)
        if cluster.kms_key_id:
            references.usable_key(self.account_id, self.region_name, cluster.kms_key_id)

    def _check_class(self, cluster: Cluster, parameters: dict[str, Any]) -> None:
        instance_class, tier = str(parameters.get("db_instance_class")), parameters.get("promotion_tier")
        self.runtime.engines.check_class(instance_class, str(cluster.engine_version))
        if instance_class == "db.serverless" and not cluster.serverless_v2_scaling_configuration:
            raise cluster_state(
                "Set the Serverless v2 scaling configuration on the parent DB cluster before creating a Serverless v2 "
                "DB instance."
            )
        if tier is not None and not 0 <= int(tier) <= 15:
            raise invalid_value(f"Invalid promotion tier: {tier}. Must be between 0 and 15.")

    def _new_member(self, cluster: Cluster, name: str, parameters: dict[str, Any]) -> Instance:
        given = {key: value for key, value in parameters.items() if key not in CLUSTERS_OWN}
        given.pop("db_subnet_group_name", None)
        zones = cluster.availability_zones
        given["db_instance_identifier"] = name
        given["tags"] = rules.check_tags(parameters.get("tags"))
        given["db_parameter_group_name"] = references.parameter_group(
            self, parameters.get("db_parameter_group_name"), str(cluster.engine_version)
        )
        given["availability_zone"] = (
            references.zone(self, parameters.get("availability_zone")) or (zones[len(cluster.members) % len(zones)])
        )
        instance = Instance(self, self.runtime, cluster, **given)
        self.databases[name] = instance
        return instance

    def _begin_creation(self, cluster: Cluster, instance: Instance) -> None:
        """From ``creating`` to ``available``; from the first one on, the cluster's servers run."""

        def done() -> None:
            now = self.runtime.scheduler.clock.now()
            instance.status, instance.instance_create_time = "available", now
            if cluster.earliest_restorable_time is None:
                cluster.earliest_restorable_time = now
            self.record(instance, "DB instance created", "creation")

        self._begin(
            f"creating instance {instance.resource_id}", self.runtime.durations.instance_create, instance, done,
            work=lambda: self.runtime.data.start(cluster.key, int(cluster.port)), kind="instance",
        )  # fmt: skip

    def _begin(
        self, name: str, seconds: float, instance: Instance, done: Any, work: Any = None, kind: str = ""
    ) -> None:
        """
        :param kind: of what begins, where a scenario may let it end otherwise.
        """

        def broken(status: str, why: BaseException | str = "the DB instance can't be used") -> None:
            instance.status = status
            self.record(instance, f"DB instance is {status}: {why}", "failure")

        fates.begin(
            self.runtime, self.runtime.faults.fate(kind) if kind else None, name, seconds, done, work=work,
            lane=instance.cluster.key, failed=lambda error: broken("failed", error), broken=broken,
        )  # fmt: skip

    # delete

    def delete_db_instance(
        self, db_instance_identifier: str, final_db_snapshot_identifier: str | None = None,
        skip_final_snapshot: bool | None = False, delete_automated_backups: bool | None = True,
    ) -> Any:  # fmt: skip
        instance = self.databases.get(db_instance_identifier)
        if instance is None:
            rules.check_name(db_instance_identifier, "DBInstanceIdentifier")
            raise instance_not_found(db_instance_identifier)
        if not isinstance(instance, Instance):
            return super().delete_db_instance(
                db_instance_identifier, final_db_snapshot_identifier, skip_final_snapshot, delete_automated_backups
            )
        if final_db_snapshot_identifier:
            raise invalid_combination("FinalDBSnapshotIdentifier can not be specified when deleting a cluster instance")
        if instance.status == "deleting":
            raise instance_state(f"Instance {instance.resource_id} is already being deleted.")
        if instance.cluster.status in ("stopped", "stopping", "starting"):
            raise cluster_state(f"DbCluster {instance.cluster.resource_id} is in {instance.cluster.status} state.")
        if instance.status not in DELETABLE:
            raise instance_state(f"Instance {instance.resource_id} can't be deleted in the state {instance.status}.")
        if instance.status in SKIPPING and not skip_final_snapshot:
            raise invalid_combination(
                f"SkipFinalSnapshot must be true to delete a DB instance in the state {instance.status}."
            )
        self._begin_deletion(instance.cluster, instance)
        return instance

    def _begin_deletion(self, cluster: Cluster, instance: Instance) -> None:
        instance.status = "deleting"
        if instance.is_cluster_writer and cluster.live_members():
            cluster.elect_writer()
        last = not cluster.live_members()

        def done() -> None:
            if self.databases.get(instance.resource_id) is instance:
                del self.databases[instance.resource_id]
            self.record(instance, "DB instance deleted", "deletion")

        # The servers stop with the last instance. One that is created meanwhile comes later in the cluster's lane, and
        # starts them again.
        self._begin(
            f"deleting instance {instance.resource_id}", self.runtime.durations.instance_delete, instance, done,
            work=(lambda: self.runtime.data.stop(cluster.key)) if last else None, kind="deletion",
        )  # fmt: skip

    # list

    def describe_db_instances(self, db_instance_identifier: str | None = None, wanted: Any = None) -> list[Any]:
        """All of them, or the one of that id or ARN; of those, the ones that match all filters."""
        wanted = filters.with_id(wanted, "db-instance-id", db_instance_identifier)
        found = filters.matching(self.databases.values(), wanted, filters.INSTANCES)
        if db_instance_identifier and not found:
            raise instance_not_found(db_instance_identifier)
        return found

    # modify and reboot

    def modify_db_instance(self, db_instance_identifier: str, db_kwargs: dict[str, Any]) -> Any:
        instance = self._available_member(db_instance_identifier)
        if instance is None:
            return super().modify_db_instance(db_instance_identifier, db_kwargs)
        changes = {name: value for name, value in db_kwargs.items() if value is not None}
        self._check_member_changes(instance, changes)
        pending = {shown: changes.pop(name) for name, shown in SHOWN.items() if name in changes}
        instance.pending_modified_values.update(pending)
        new_name = pending.get("DBInstanceIdentifier")
        if not db_kwargs.get("apply_immediately"):
            pending = {}  # they wait for the maintenance window, which never comes here
        elif new_name:
            self._rename_member(instance, new_name)
            return instance
        status = "configuring-enhanced-monitoring" if "monitoring_interval" in changes else "modifying"
        self._take_member_through(instance, status, lambda: self._apply_to_member(instance, {**changes, **pending}))
        return instance

    def _check_member_changes(self, instance: Instance, changes: dict[str, Any]) -> None:
        if "new_db_instance_identifier" in changes:
            name = rules.check_name(changes["new_db_instance_identifier"], "NewDBInstanceIdentifier")
            if name in self.databases:
                raise instance_exists()
            changes["new_db_instance_identifier"] = name
        if "db_instance_class" in changes:
            self._check_class(instance.cluster, changes)
        if "db_parameter_group_name" in changes:
            changes["db_parameter_group_name"] = references.parameter_group(
                self, changes["db_parameter_group_name"], str(instance.engine_version)
            )
        for parameter, what in CLUSTERS_OWN.items():
            if changes.get(parameter):
                raise invalid_combination(
                    f"The DB Instance is a member of a DB Cluster. Modify {what} for the DB Cluster."
                )

    def _apply_to_member(self, instance: Instance, changes: dict[str, Any]) -> None:
        for name in MODIFIABLE:
            if name in changes:
                setattr(instance, name, changes[name])
        if "DBInstanceClass" in changes:
            instance.db_instance_class = changes["DBInstanceClass"]
            instance.pending_modified_values.pop("DBInstanceClass", None)

    def _rename_member(self, instance: Instance, new_name: str) -> None:
        """It reboots, and its endpoint follows its name."""
        cluster = instance.cluster

        def done() -> None:
            if self.databases.pop(instance.resource_id, None) is not instance:
                return  # deleted meanwhile
            instance.db_instance_identifier = new_name
            self.databases[new_name] = instance
            instance.pending_modified_values.pop("DBInstanceIdentifier", None)
            self.record(instance, f"Renamed to {new_name}", "configuration change")
            with contextlib.suppress(DataPlaneError):
                self.runtime.data.readdress(
                    cluster.key, "writer_instance" if instance.is_cluster_writer else "reader_instance"
                )
            self.move_after_dns(cluster)
            self._reboot(instance)

        instance.status = "renaming"
        self._begin(f"renaming instance {instance.resource_id}", self.runtime.durations.instance_rename, instance, done)

    def reboot_db_instance(self, db_instance_identifier: str) -> Any:
        instance = self._available_member(db_instance_identifier)
        if instance is None:
            return super().reboot_db_instance(db_instance_identifier)
        self._reboot(instance)
        return instance

    def _reboot(self, instance: Instance) -> None:
        """Only a reboot of the writer ends connections here: readers share a server."""
        cluster = instance.cluster

        def work() -> None:
            self.runtime.data.stop(cluster.key)
            self.runtime.data.start(cluster.key, int(cluster.port))

        self._take_member_through(
            instance, "rebooting", lambda: self.record(instance, "DB instance restarted", "availability"),
            work=work if instance.is_cluster_writer else None,
        )  # fmt: skip

    def _available_member(self, instance_id: str) -> Instance | None:
        """The instance, or None for one of another engine (or for none at all)."""
        instance = self.databases.get(instance_id)
        if not isinstance(instance, Instance):
            return None
        if instance.status != "available":
            raise instance_state(f"Instance {instance.resource_id} is not in available state.")
        return instance

    def _take_member_through(
        self, instance: Instance, status: str, end: Callable[[], None], work: Callable[[], None] | None = None
    ) -> None:
        instance.status = status

        def done() -> None:
            if instance.status == status:
                instance.status = "available"
                end()

        name = f"{status} instance {instance.resource_id}"
        self._begin(name, self.runtime.durations.instance_modify, instance, done, work)
