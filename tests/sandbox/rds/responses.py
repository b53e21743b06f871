# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One method per API action; the rest is moto's."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.rds.responses import RDSResponse

from sandbox.rds import events, paging, quotas
from sandbox.rds.backend import SandboxBackend
from sandbox.rds.engines import POSTGRES
from sandbox.rds.errors import RdsError, invalid_value
from sandbox.rds.rules import check_tags

NOT_FOUND = {
    "cluster": "DBClusterNotFoundFault",
    "db": "DBInstanceNotFound",
    "cluster-snapshot": "DBClusterSnapshotNotFoundFault",
}


class SandboxResponse(RDSResponse):
    """Answers one request."""

    def call_action(self) -> Any:
        """One RDS call at a time; transitions end in between."""
        with SandboxBackend.runtime.lock:
            return super().call_action()

    @property
    def _given(self) -> dict[str, Any]:
        """The request's parameters, in snake case."""
        return {name: value for name, value in self.params.items() if value is not None}

    def _paged(self, key: str, items: Any) -> ActionResult:
        found, marker = paging.page(list(items), self._given)
        return ActionResult({key: found, "Marker": marker})

    def _filters(self) -> dict[str, list[str]]:
        return {item["Name"]: item["Values"] for item in self._given.get("filters", [])}

    # clusters

    def describe_db_clusters(self) -> ActionResult:
        found = self.backend.describe_db_clusters(self._given.get("db_cluster_identifier"), self._filters())
        return self._paged("DBClusters", found)

    def delete_db_cluster(self) -> ActionResult:
        given = self._given
        before = self.backend.clusters.get(given["db_cluster_identifier"].rpartition(":")[2].lower())
        status = before.status if before is not None else ""
        cluster = self.backend.delete_db_cluster(
            given["db_cluster_identifier"], given.get("final_db_snapshot_identifier"),
            bool(given.get("skip_final_snapshot")), given.get("delete_automated_backups", True),
        )  # fmt: skip
        return ActionResult({"DBCluster": _AsItWas(cluster, status)})

    def restore_db_cluster_from_snapshot(self) -> ActionResult:
        cluster = self.backend.restore_db_cluster_from_snapshot(self._given["snapshot_identifier"], self._given)
        return ActionResult({"DBCluster": cluster})

    def add_role_to_db_cluster(self) -> ActionResult:
        self.backend.add_role_to_db_cluster(**self._given)
        return EmptyResult()

    def remove_role_from_db_cluster(self) -> ActionResult:
        self.backend.remove_role_from_db_cluster(**self._given)
        return EmptyResult()

    def describe_db_cluster_endpoints(self) -> ActionResult:
        found = self.backend.describe_db_cluster_endpoints(self._given.get("db_cluster_identifier"))
        return self._paged("DBClusterEndpoints", found)

    # instances

    def describe_db_instances(self) -> ActionResult:
        found = self.backend.describe_db_instances(self._given.get("db_instance_identifier"), self._filters())
        return self._paged("DBInstances", found)

    # snapshots

    def describe_db_cluster_snapshots(self) -> ActionResult:
        return self._paged("DBClusterSnapshots", self.backend.select_snapshots(self._given))

    def copy_db_cluster_snapshot(self) -> ActionResult:
        return ActionResult({"DBClusterSnapshot": self.backend.copy_db_cluster_snapshot(**self._given)})

    # what is offered, and used

    def describe_db_engine_versions(self) -> ActionResult:
        given = self._given
        if given.get("engine") not in (None, POSTGRES):
            return self._paged("DBEngineVersions", [])
        found = self.backend.runtime.engines.describe_versions(
            bool(given.get("default_only")), given.get("engine_version"), given.get("db_parameter_group_family")
        )
        return self._paged("DBEngineVersions", found)

    def describe_orderable_db_instance_options(self) -> ActionResult:
        given = self._given
        if given.get("engine") != POSTGRES:
            return super().describe_orderable_db_instance_options()
        options = self.backend.runtime.engines.describe_options(
            self.region, given.get("engine_version"), given.get("db_instance_class")
        )
        return self._paged("OrderableDBInstanceOptions", options)

    def describe_account_attributes(self) -> ActionResult:
        return ActionResult({"AccountQuotas": quotas.describe(self.backend.runtime.limits, self.backend)})

    def describe_events(self) -> ActionResult:
        now = self.backend.runtime.scheduler.clock.now()
        return self._paged("Events", events.select(self.backend.happenings, now, self._given))

    # subnet and parameter groups

    def describe_db_subnet_groups(self) -> ActionResult:
        name = self._given.get("db_subnet_group_name")
        known = self.backend.subnet_groups
        if name and name not in known:
            raise RdsError("DBSubnetGroupNotFoundFault", f"DB subnet group '{name}' does not exist.")
        return self._paged("DBSubnetGroups", [known[name]] if name else known.values())

    def describe_db_cluster_parameter_groups(self) -> ActionResult:
        name = self._given.get("db_cluster_parameter_group_name")
        known = self.backend.db_cluster_parameter_groups
        if name and name not in known:
            # This call says it as the one for instances does, without "Cluster".
            raise RdsError("DBParameterGroupNotFound", f"DBClusterParameterGroup not found: {name}")
        return self._paged("DBClusterParameterGroups", [known[name]] if name else known.values())

    def describe_db_parameter_groups(self) -> ActionResult:
        name = self._given.get("db_parameter_group_name")
        known = self.backend.db_parameter_groups
        if name and name not in known:
            raise RdsError("DBParameterGroupNotFound", f"DBParameterGroup not found: {name}")
        return self._paged("DBParameterGroups", [known[name]] if name else known.values())

    # tags

    def add_tags_to_resource(self) -> ActionResult:
        resource, added = self._tagged(), check_tags(self._given.get("tags"))
        check_tags([tag for tag in resource.get_tags() if tag["Key"] not in {new["Key"] for new in added}] + added)
        resource.add_tags(added)
        return EmptyResult()

    def remove_tags_from_resource(self) -> ActionResult:
        self._tagged().remove_tags(self._given.get("tag_keys") or [])
        return EmptyResult()

    def list_tags_for_resource(self) -> ActionResult:
        return ActionResult({"TagList": self._tagged().get_tags()})

    def _tagged(self) -> Any:
        """The resource whose tags a call is about; moto ignores one that does not exist."""
        arn = str(self._given["resource_name"])
        parts = arn.split(":", 6)
        if len(parts) != 7 or parts[2] != "rds" or parts[3] != self.region:
            raise invalid_value(f"Invalid resource name: {arn}")
        resource = self.backend._get_resource_for_tagging(arn)
        if resource is None:
            raise RdsError(NOT_FOUND.get(parts[5], "InvalidParameterValue"), f"The resource {arn} does not exist.")
        return resource


class _AsItWas:
    """A resource with the status that it had before the call: what DeleteDBCluster answers."""

    def __init__(self, resource: Any, status: str) -> None:
        self._resource = resource
        self.status = status

    def __getattr__(self, name: str) -> Any:
        return getattr(self._resource, name)
