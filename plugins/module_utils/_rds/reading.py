# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A cluster with everything that a replacement has to know about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._aws import Client
from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import RestoreError
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds import api
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.capture import Configuration, captured
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.models import Cluster, Result, to_result
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.session import load_cluster


@dataclass(frozen=True)
class Reading:
    """A cluster, its custom endpoints and autoscaling policies (None where they could not be read, see problems)."""

    cluster: Cluster
    custom_endpoints: Sequence[Mapping[str, Any]] | None = ()
    scaling_policies: Sequence[Mapping[str, Any]] | None = ()
    problems: Sequence[str] = ()

    @property
    def configuration(self) -> Configuration:
        return captured(self.cluster, self.custom_endpoints or (), self.scaling_policies or ())

    def to_result(self) -> Result:
        result = self.cluster.to_result()
        for key, items in (("custom_endpoints", self.custom_endpoints), ("scaling_policies", self.scaling_policies)):
            result[key] = None if items is None else [to_result(item) for item in items]
        return result


def read_cluster(
    rds: Client, autoscaling: Client, cluster_id: str | None = None, resource_id: str | None = None
) -> Reading | None:
    """The cluster of that id, or else of that resource id, or None.

    What can't be carried over anyway (custom endpoints, autoscaling policies) may stay unreadable: the caller is told.
    """
    if cluster_id is None:
        found = api.find_cluster_by_resource_id(rds, str(resource_id))
        cluster_id = str(found["DBClusterIdentifier"]) if found else None
    cluster = load_cluster(rds, cluster_id) if cluster_id else None
    if cluster is None or (resource_id and cluster.resource_id != resource_id):
        return None
    problems: list[str] = []
    endpoints: Sequence[Mapping[str, Any]] | None = None
    policies: Sequence[Mapping[str, Any]] | None = None
    try:
        endpoints = api.describe_custom_endpoints(rds, cluster.id)
    except RestoreError as error:
        problems.append(f"The custom endpoints of {cluster.id} could not be read: {error.message}")
    try:
        policies = api.describe_scaling_policies(autoscaling, cluster_id=cluster.id)
    except RestoreError as error:
        problems.append(f"The autoscaling policies of {cluster.id} could not be read: {error.message}")
    return Reading(cluster, endpoints, policies, problems)
