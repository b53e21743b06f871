# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clusters that are part of a global cluster: leaving it. (The rest of global clusters is moto's.)"""

from __future__ import annotations

from typing import Any

from moto.rds.models import rds_backends

from sandbox.rds.errors import RdsError, cluster_not_found
from sandbox.rds.models import Cluster
from sandbox.rds.runtime import Part


class GlobalActions(Part):
    """Part of the backend."""

    def remove_from_global_cluster(self, global_cluster_identifier: str, db_cluster_identifier: str) -> Any:
        """The cluster is ``promoting`` for a while, then stands alone. It is named by its ARN, of whatever region."""
        found = self.find_global_cluster(global_cluster_identifier)
        member = next((item for item in found.members if db_cluster_identifier in _names(item)), None)
        if member is None:
            raise cluster_not_found(db_cluster_identifier)
        found.members.remove(member)
        member.global_cluster_identifier = None
        if isinstance(member, Cluster):
            self._promote(member)
        return found

    def delete_global_cluster(self, global_cluster_identifier: str) -> Any:
        found = self.find_global_cluster(global_cluster_identifier)
        if found.members:
            raise RdsError("InvalidGlobalClusterStateFault", f"Global Cluster {found.global_cluster_arn} is not empty")
        return found.backend.global_clusters.pop(found.global_cluster_identifier)

    def find_global_cluster(self, name: str) -> Any:
        for account, _region, backend in rds_backends.iter_backends():
            if account == self.account_id and name.lower() in backend.global_clusters:
                return backend.global_clusters[name.lower()]
        raise RdsError("GlobalClusterNotFoundFault", f"Global cluster {name} not found.")

    def _promote(self, cluster: Cluster) -> None:
        cluster.status = "promoting"

        def done() -> None:
            cluster.status = "available"
            self.record(cluster, "Removed from its global cluster", "configuration change")

        self.runtime.scheduler.begin(
            f"promoting cluster {cluster.resource_id}", self.runtime.durations.cluster_modify, done
        )


def _names(member: Any) -> tuple[str, ...]:
    """What a member is called by; moto names its own by their ids when it deletes them."""
    return (member.arn,) if isinstance(member, Cluster) else (member.arn, member.db_cluster_identifier)
