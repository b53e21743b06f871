# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""ModifyDBCluster. The status follows the call with a lag; changes of a cluster come into force one after the other.

From the call on: available (modify_lag), then modifying, resetting-master-credentials, upgrading or renaming, with
PendingModifiedValues, then available with the change in force.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sandbox.dataplane import DataPlaneError
from sandbox.durations import Durations
from sandbox.faults import Fate
from sandbox.rds import fates, passwords, references, rules
from sandbox.rds.errors import RdsError, cluster_exists, cluster_state, invalid_combination
from sandbox.rds.models import HIDDEN, Cluster
from sandbox.rds.runtime import Part

# Parameters that are no change by themselves.
NO_CHANGE = ("db_cluster_identifier", "apply_immediately", "allow_major_version_upgrade")
# Changed as they are: the parameter, and the attribute that it changes.
PLAIN = {
    "backup_retention_period": "backup_retention_period",
    "preferred_backup_window": "preferred_backup_window",
    "preferred_maintenance_window": "preferred_maintenance_window",
    "enable_iam_database_authentication": "iam_auth",
    "copy_tags_to_snapshot": "copy_tags_to_snapshot",
    "serverless_v2_scaling_configuration": "serverless_v2_scaling_configuration",
    "port": "port",
    "network_type": "network_type",
    "auto_minor_version_upgrade": "auto_minor_version_upgrade",
    "engine_version": "engine_version",
    "db_cluster_parameter_group_name": "parameter_group",
    "vpc_security_group_ids": "vpc_security_group_ids",
}
# Without ApplyImmediately they wait for the maintenance window, as a rename does.
DEFERRABLE = ("engine_version", "enable_iam_database_authentication", "storage_type")
# Shown in PendingModifiedValues while they are under way.
SHOWN = {
    "backup_retention_period": "BackupRetentionPeriod",
    "enable_iam_database_authentication": "IAMDatabaseAuthenticationEnabled",
    "engine_version": "EngineVersion",
    "storage_type": "StorageType",
}


@dataclass
class Modification:
    """What one call changes."""

    changes: dict[str, Any]
    password: str | None = field(default=None, repr=False)
    new_name: str | None = None
    fate: Fate | None = None
    # Whether the password is to be managed from now on; None leaves that as it is.
    managed: bool | None = None
    rotate: bool = False
    secret_key: str | None = None

    @classmethod
    def of(cls, changes: dict[str, Any]) -> Modification:
        """What a call asks for."""
        rest = dict(changes)
        made = cls(
            rest,
            password=rest.pop("master_user_password", None),
            new_name=rest.pop("new_db_cluster_identifier", None),
            managed=rest.pop("manage_master_user_password", None),
            rotate=bool(rest.pop("rotate_master_user_password", False)),
            secret_key=rest.pop("master_user_secret_kms_key_id", None),
        )
        if made.managed or made.rotate:
            made.password = passwords.new_password()
        return made

    def __bool__(self) -> bool:
        return bool(self.changes or self.password or self.new_name)

    @property
    def status(self) -> str:
        if self.new_name:
            return "renaming"
        if self.password:
            return "resetting-master-credentials"
        if "engine_version" in self.changes:
            return "upgrading"
        return "update-iam-db-auth" if "enable_iam_database_authentication" in self.changes else "modifying"

    @property
    def pending(self) -> dict[str, Any]:
        """As PendingModifiedValues shows it."""
        shown = {SHOWN[name]: value for name, value in self.changes.items() if name in SHOWN}
        if self.password:
            shown["MasterUserPassword"] = HIDDEN
        if self.new_name:
            shown["DBClusterIdentifier"] = self.new_name
        logs = self.changes.get("cloudwatch_logs_export_configuration")
        if logs:
            shown["PendingCloudwatchLogsExports"] = {
                "LogTypesToEnable": list(logs.get("EnableLogTypes") or []),
                "LogTypesToDisable": list(logs.get("DisableLogTypes") or []),
            }
        return shown


class ModifyActions(Part):
    """Part of the backend."""

    def modify_db_cluster(self, kwargs: dict[str, Any]) -> Any:
        parameters = {name: value for name, value in kwargs.items() if value is not None}
        cluster_id = str(parameters["db_cluster_identifier"])
        if self.is_foreign(cluster_id):
            return super().modify_db_cluster(kwargs)
        cluster = self.aurora_cluster(cluster_id)
        changes = {name: value for name, value in parameters.items() if name not in NO_CHANGE}
        if not changes:
            raise invalid_combination("No modifications were requested")
        if cluster.status != "available":
            raise cluster_state(f"DB cluster is not available for modification with status {cluster.status}")
        passwords.check_modification(
            cluster.master_user_secret is not None, changes, bool(parameters.get("apply_immediately"))
        )
        self._check_changes(cluster, changes)
        if "deletion_protection" in changes:  # in force at once
            cluster.deletion_protection = bool(changes.pop("deletion_protection"))
        modification = Modification.of(changes)
        if not parameters.get("apply_immediately"):
            self._defer(cluster, modification)
        if modification:
            modification.fate = self.runtime.faults.fate("modification")
            cluster.modifications.append(modification)
            if len(cluster.modifications) == 1:
                self._await_turn(cluster)
        return cluster

    def _check_changes(self, cluster: Cluster, changes: dict[str, Any]) -> None:
        if "master_user_password" in changes:
            rules.check_master_password(str(changes["master_user_password"]))
        rules.check_windows(changes)
        rules.check_retention(changes.get("backup_retention_period"))
        rules.check_port(changes.get("port"))
        if "new_db_cluster_identifier" in changes:
            name = rules.check_name(changes["new_db_cluster_identifier"], "NewDBClusterIdentifier")
            if self.is_cluster_name_taken(name):
                raise cluster_exists()
            changes["new_db_cluster_identifier"] = name
        if "engine_version" in changes:
            changes["engine_version"] = self.runtime.engines.check(str(changes["engine_version"]))
            self.runtime.engines.check_restore(str(cluster.engine_version), changes["engine_version"])
        self._check_references(cluster, changes)

    def _check_references(self, cluster: Cluster, changes: dict[str, Any]) -> None:
        if "db_cluster_parameter_group_name" in changes:
            changes["db_cluster_parameter_group_name"] = references.cluster_parameter_group(
                self, changes["db_cluster_parameter_group_name"], str(cluster.engine_version)
            )
        if "vpc_security_group_ids" in changes:
            vpc_id = references.vpc_of(self, references.subnet_group(self, cluster.db_subnet_group_name))
            changes["vpc_security_group_ids"] = references.security_groups(
                self, changes["vpc_security_group_ids"], vpc_id
            )
        if changes.get("storage_type") not in (None, "aurora", "aurora-iopt1"):
            raise RdsError("StorageTypeNotSupported", f"Invalid storage type: {changes['storage_type']}")

    def _defer(self, cluster: Cluster, modification: Modification) -> None:
        """Without ApplyImmediately a rename, a new version and the like wait for the maintenance window, which never
        comes here; a new password and the rest are applied all the same."""
        changes = {name: modification.changes.pop(name) for name in DEFERRABLE if name in modification.changes}
        cluster.pending_modified_values.update(Modification(changes, new_name=modification.new_name).pending)
        modification.new_name = None

    def _await_turn(self, cluster: Cluster) -> None:
        self.runtime.scheduler.begin(
            f"accepted modification of cluster {cluster.resource_id}", self.runtime.durations.modify_lag,
            lambda: self._begin_modification(cluster),
        )  # fmt: skip

    def _begin_modification(self, cluster: Cluster) -> None:
        if cluster.status != "available":
            # It was deleted or stopped before it came to that.
            cluster.modifications.clear()
            return
        modification: Modification = cluster.modifications[0]
        cluster.status = modification.status
        cluster.pending_modified_values.update(modification.pending)
        self._show_secret(cluster, modification)
        length = self._length(modification)
        if modification.new_name:
            self._begin_namelessness(cluster, length / 2)
        fates.begin(
            self.runtime, modification.fate, f"{modification.status} cluster {cluster.resource_id}", length,
            lambda: self._end_modification(cluster, modification, None),
            work=self._work(cluster, modification), lane=cluster.key,
            failed=lambda error: self._end_modification(cluster, modification, error),
            broken=lambda status: self._break_modification(cluster, modification, status),
        )  # fmt: skip

    def _begin_namelessness(self, cluster: Cluster, seconds: float) -> None:
        """In the second half of a rename the old name is gone and the new one not there yet."""

        def lose() -> None:
            cluster.nameless = cluster.status == "renaming"

        self.runtime.scheduler.begin(f"name of cluster {cluster.resource_id} going", seconds, lose)

    def _show_secret(self, cluster: Cluster, modification: Modification) -> None:
        """A secret to be made is ``creating``, one to get a new password ``rotating``."""
        if modification.rotate and cluster.master_user_secret:
            cluster.master_user_secret.secret_status = "rotating"
        elif modification.managed and modification.password and not cluster.master_user_secret:
            cluster.master_user_secret = passwords.MasterUserSecret(
                cluster, modification.password, modification.secret_key
            )

    def _length(self, modification: Modification) -> float:
        durations: Durations = self.runtime.durations
        if modification.new_name:
            return durations.cluster_rename
        return durations.master_password if modification.password else durations.cluster_modify

    def _work(self, cluster: Cluster, modification: Modification) -> Callable[[], None] | None:
        """What the data plane has to do, or None."""
        data, password = self.runtime.data, modification.password
        port = int(modification.changes.get("port") or cluster.port)
        moves = port != cluster.port and bool(cluster.live_members())
        if not (password or moves):
            return None

        def work() -> None:
            if password:
                data.set_master_password(cluster.key, str(cluster.master_username), password)
            if moves:
                data.start(cluster.key, port)

        return work

    def _end_modification(self, cluster: Cluster, modification: Modification, error: BaseException | None) -> None:
        cluster.modifications.remove(modification)
        for name in modification.pending:
            cluster.pending_modified_values.pop(name, None)
        if error is None:
            self._apply(cluster, modification)
        else:
            self.record(cluster, f"The modification failed: {error}", "failure")
        cluster.status, cluster.nameless = "available", False
        if cluster.modifications:
            self._await_turn(cluster)

    def _break_modification(self, cluster: Cluster, modification: Modification, status: str) -> None:
        """The cluster does not survive a modification."""
        for name in modification.pending:
            cluster.pending_modified_values.pop(name, None)
        cluster.modifications.clear()
        cluster.nameless = False
        self.break_cluster(cluster, status, "its modification did not succeed")

    def _apply(self, cluster: Cluster, modification: Modification) -> None:
        changes = modification.changes
        for name, attribute in PLAIN.items():
            if name in changes:
                setattr(cluster, attribute, changes[name])
        if "storage_type" in changes:
            cluster.storage_type = "aurora-iopt1" if changes["storage_type"] == "aurora-iopt1" else None
        logs = changes.get("cloudwatch_logs_export_configuration") or {}
        off, on = list(logs.get("DisableLogTypes") or []), list(logs.get("EnableLogTypes") or [])
        kept = [name for name in cluster.enabled_cloudwatch_logs_exports if name not in (*off, *on)]
        cluster.enabled_cloudwatch_logs_exports = kept + on
        self._settle_secret(cluster, modification)
        if modification.password:
            self.record(cluster, "Reset master credentials", "configuration change")
        if modification.new_name:
            self._rename(cluster, modification.new_name)

    def _settle_secret(self, cluster: Cluster, modification: Modification) -> None:
        secret = cluster.master_user_secret
        if secret is None:
            return
        if modification.managed is False:
            secret.delete()
            cluster.master_user_secret = None
        elif modification.password:
            secret.put(modification.password)
            secret.secret_status = "active"

    def _rename(self, cluster: Cluster, new_name: str) -> None:
        members = list(cluster.members)
        self.clusters.pop(cluster.resource_id, None)
        cluster.db_cluster_identifier = new_name
        self.clusters[new_name] = cluster
        for member in members:
            member.db_cluster_identifier = new_name
        self.record(cluster, f"Renamed to {new_name}", "configuration change")
        with contextlib.suppress(DataPlaneError):
            self.runtime.data.readdress(cluster.key, "writer", "reader", name=cluster.address_name)
        self.move_after_dns(cluster)

    def move_after_dns(self, cluster: Cluster) -> None:
        """Names take their time: until then the servers answer at the old addresses, and not at the new ones."""

        def work() -> None:
            with contextlib.suppress(DataPlaneError):  # it may have been deleted
                self.runtime.data.move(cluster.key)

        def move() -> None:
            self.runtime.scheduler.begin(name, 0, lambda: None, work=work, lane=cluster.key)

        name = f"endpoints of {cluster.resource_id} following its name"
        self.runtime.scheduler.begin(name, self.runtime.durations.dns, move)
