# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Quotas of an account in a region, and their messages."""

from __future__ import annotations

from typing import Any

from sandbox.faults.limits import Limits
from sandbox.rds.errors import RdsError


def check_clusters(limits: Limits, used: int) -> None:
    if used >= limits.clusters:
        raise RdsError("DBClusterQuotaExceededFault", f"Cannot create more than {limits.clusters} DB clusters")


def check_instances(limits: Limits, used: int) -> None:
    if used >= limits.instances:
        raise RdsError("InstanceQuotaExceeded", f"Cannot create more than {limits.instances} DB instances")


def check_manual_snapshots(limits: Limits, used: int) -> None:
    if used >= limits.manual_snapshots:
        raise RdsError("SnapshotQuotaExceeded", f"Cannot create more than {limits.manual_snapshots} manual snapshots")


def check_copies(limits: Limits, in_progress: int) -> None:
    if in_progress >= limits.copies_in_progress:
        raise RdsError(
            "SnapshotQuotaExceeded", f"Cannot copy more than {limits.copies_in_progress} snapshots across regions"
        )


def check_roles(limits: Limits, used: int) -> None:
    if used >= limits.roles_per_cluster:
        raise RdsError(
            "DBClusterRoleQuotaExceeded", "You have exceeded the maximum number of IAM roles for this cluster"
        )


def describe(limits: Limits, backend: Any) -> list[dict[str, Any]]:
    """For DescribeAccountAttributes."""
    manual = sum(1 for item in backend.cluster_snapshots.values() if item.snapshot_type == "manual")
    roles = max((len(item.associated_roles) for item in backend.clusters.values()), default=0)
    figures = {
        "DBClusters": (len(backend.clusters), limits.clusters),
        "DBInstances": (len(backend.databases), limits.instances),
        "ManualClusterSnapshots": (manual, limits.manual_snapshots),
        "ManualSnapshots": (len(backend.database_snapshots), 100),
        "DBClusterRoles": (roles, limits.roles_per_cluster),
        "DBSubnetGroups": (len(backend.subnet_groups), 50),
        "DBParameterGroups": (len(backend.db_parameter_groups), 50),
        "DBClusterParameterGroups": (len(backend.db_cluster_parameter_groups), 50),
        "AllocatedStorage": (0, 100000),
    }
    return [{"AccountQuotaName": name, "Used": used, "Max": most} for name, (used, most) in sorted(figures.items())]
