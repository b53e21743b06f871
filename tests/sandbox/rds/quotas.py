# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Quotas of an account in a region, and their messages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sandbox.rds.errors import RdsError


@dataclass(frozen=True)
class Quotas:
    clusters: int = 40
    instances: int = 40
    manual_snapshots: int = 100
    copies_across_regions: int = 5
    roles_per_cluster: int = 5


def check_clusters(quotas: Quotas, used: int) -> None:
    if used >= quotas.clusters:
        raise RdsError("DBClusterQuotaExceededFault", f"Cannot create more than {quotas.clusters} DB clusters")


def check_instances(quotas: Quotas, used: int) -> None:
    if used >= quotas.instances:
        raise RdsError("InstanceQuotaExceeded", f"Cannot create more than {quotas.instances} DB instances")


def check_manual_snapshots(quotas: Quotas, used: int) -> None:
    if used >= quotas.manual_snapshots:
        raise RdsError("SnapshotQuotaExceeded", f"Cannot create more than {quotas.manual_snapshots} manual snapshots")


def check_copies(quotas: Quotas, in_progress: int) -> None:
    if in_progress >= quotas.copies_across_regions:
        raise RdsError(
            "SnapshotQuotaExceeded", f"Cannot copy more than {quotas.copies_across_regions} snapshots across regions"
        )


def check_roles(quotas: Quotas, used: int) -> None:
    if used >= quotas.roles_per_cluster:
        raise RdsError(
            "DBClusterRoleQuotaExceeded", "You have exceeded the maximum number of IAM roles for this cluster"
        )


def describe(quotas: Quotas, backend: Any) -> list[dict[str, Any]]:
    """For DescribeAccountAttributes."""
    manual = sum(1 for item in backend.cluster_snapshots.values() if item.snapshot_type == "manual")
    roles = max((len(item.associated_roles) for item in backend.clusters.values()), default=0)
    figures = {
        "DBClusters": (len(backend.clusters), quotas.clusters),
        "DBInstances": (len(backend.databases), quotas.instances),
        "ManualClusterSnapshots": (manual, quotas.manual_snapshots),
        "ManualSnapshots": (len(backend.database_snapshots), 100),
        "DBClusterRoles": (roles, quotas.roles_per_cluster),
        "DBSubnetGroups": (len(backend.subnet_groups), 50),
        "DBParameterGroups": (len(backend.db_parameter_groups), 50),
        "DBClusterParameterGroups": (len(backend.db_cluster_parameter_groups), 50),
        "AllocatedStorage": (0, 100000),
    }
    return [{"AccountQuotaName": name, "Used": used, "Max": most} for name, (used, most) in sorted(figures.items())]
