# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What must hold before a cluster may be deleted, and a key be used. Pure: used by cluster_delete and by the plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.models import (
    TAG_OPERATION,
    TAG_RESTORED,
    TAG_TARGET,
    Cluster,
    arn_part,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.statuses import CLUSTER_TERMINAL, DELETING


@dataclass(frozen=True)
class Refusal:
    """One reason not to go on: a sentence, and the role variable that is about it."""

    message: str
    variable: str | None = None


@dataclass(frozen=True)
class DeleteWish:
    """What the operator said about deleting a cluster.

    :param source: account, region, cluster_id, resource_id of the cluster that must never be deleted.
    :param confirm: a cluster id that the operator named.
    :param resource_id: the DbClusterResourceId seen when the decision was made.
    :param operation_id: the running operation; what carries its tag was restored by it.
    """

    source: Mapping[str, Any] | None = None
    confirm: str | None = None
    resource_id: str | None = None
    lift_deletion_protection: bool = False
    final_snapshot: str = "before"
    operation_id: str | None = None


def is_own(cluster: Cluster, operation_id: str | None) -> bool:
    """Whether the running operation itself has restored this cluster."""
    return bool(operation_id) and cluster.tags.get(TAG_OPERATION) == operation_id


def is_own_wreck(cluster: Cluster, operation_id: str | None) -> bool:
    """Whether it is a restore that ended in a status it does not leave: there is nothing in it worth a snapshot.

    The running operation's, or one that another operation never completed (nobody can have used that).
    """
    never_used = bool(cluster.tags.get(TAG_OPERATION)) and not cluster.tags.get(TAG_RESTORED)
    return cluster.status in CLUSTER_TERMINAL and (never_used or is_own(cluster, operation_id))


def identity_refusals(cluster: Cluster, wish: DeleteWish) -> list[Refusal]:
    """Why this is not the cluster to be deleted; holds whatever its status is."""
    refusals = []
    if is_source(cluster, wish.source):
        refusals.append(
            Refusal(
                f"Cluster {cluster.id} in {cluster.region} is the source of the restore; the source is never deleted.",
                "aurora_restore_target_cluster_id",
            )
        )
    if wish.resource_id and wish.resource_id != cluster.resource_id and not is_own(cluster, wish.operation_id):
        refusals.append(
            Refusal(
                f"Cluster {cluster.id} is not the one that was checked: its resource id is {cluster.resource_id}, "
                f"not {wish.resource_id}; somebody replaced it meanwhile: find out who did.",
                "aurora_restore_target_cluster_id",
            )
        )
    return refusals


def is_source(cluster: Cluster, source: Mapping[str, Any] | None) -> bool:
    """Whether the cluster is the source: the same resource id, or the same region and id (in the same account)."""
    if not source:
        return False
    if source.get("resource_id") and source["resource_id"] == cluster.resource_id:
        return True
    same_account = not source.get("account") or not cluster.account or str(source["account"]) == cluster.account
    same_name = str(source.get("cluster_id") or "").lower() == cluster.id
    return same_account and same_name and source.get("region") == cluster.region


def delete_refusals(cluster: Cluster, wish: DeleteWish) -> list[Refusal]:
    """Every reason not to delete this cluster; empty when it may be deleted."""
    refusals = identity_refusals(cluster, wish)
    if cluster.status == DELETING or is_own_wreck(cluster, wish.operation_id):
        return refusals
    if not cluster.is_marked and str(wish.confirm or "").lower() != cluster.id:
        refusals.append(
            Refusal(
                f"Cluster {cluster.id} in {cluster.region} is not marked as a restore target: "
                f"tag it {TAG_TARGET}=true, or name it in aurora_restore_confirm_delete.",
                "aurora_restore_confirm_delete",
            )
        )
    if cluster.deletion_protection and not wish.lift_deletion_protection:
        refusals.append(
            Refusal(
                f"Cluster {cluster.id} has deletion protection: turn it off, or allow it with "
                "aurora_restore_lift_deletion_protection.",
                "aurora_restore_lift_deletion_protection",
            )
        )
    return refusals + _topology_refusals(cluster) + _snapshot_refusals(cluster, wish)


def _topology_refusals(cluster: Cluster) -> list[Refusal]:
    refusals = []
    if cluster.global_cluster_id:
        refusals.append(
            Refusal(
                f"Cluster {cluster.id} belongs to global cluster {cluster.global_cluster_id}: remove it there first."
            )
        )
    if cluster.replication_source:
        refusals.append(
            Refusal(f"Cluster {cluster.id} is a replica of {cluster.replication_source}: promote it first.")
        )
    if cluster.read_replicas:
        refusals.append(
            Refusal(f"Cluster {cluster.id} has replicas ({', '.join(cluster.read_replicas)}): remove them first.")
        )
    return refusals


def _snapshot_refusals(cluster: Cluster, wish: DeleteWish) -> list[Refusal]:
    if cluster.status in CLUSTER_TERMINAL and wish.final_snapshot != "none":
        return [
            Refusal(
                f"Cluster {cluster.id} is {cluster.status}, so no final snapshot can be taken: repair it, or set "
                "aurora_restore_final_snapshot to none.",
                "aurora_restore_final_snapshot",
            )
        ]
    return []


def key_problem(metadata: Mapping[str, Any], region: str) -> str | None:
    """Why a KMS key (KeyMetadata) can't encrypt a snapshot in that region, as a sentence, or None."""
    arn = str(metadata.get("Arn", ""))
    name = arn or str(metadata.get("KeyId"))
    if arn and arn_part(arn, 3) != region:
        return f"KMS key {name} is in {arn_part(arn, 3)}, but the copy is made in {region}: give a key of {region}."
    if metadata.get("KeyState", "Enabled") != "Enabled":
        return f"KMS key {name} is {metadata.get('KeyState')}, not Enabled: enable it or give another key."
    if metadata.get("KeyUsage", "ENCRYPT_DECRYPT") != "ENCRYPT_DECRYPT":
        return f"KMS key {name} is for {metadata.get('KeyUsage')}, not for encryption: give another key."
    spec = metadata.get("KeySpec") or metadata.get("CustomerMasterKeySpec") or "SYMMETRIC_DEFAULT"
    if spec != "SYMMETRIC_DEFAULT":
        return f"KMS key {name} is of kind {spec}, RDS needs a symmetric one: give another key."
    return None


def family_problem(
    kind: str, name: str, group: Mapping[str, Any], versions: Iterable[Mapping[str, Any]], variable: str
) -> str | None:
    """Why a parameter group does not fit an engine version, as a sentence, or None.

    :param versions: the engine version as the region offers it; none: nothing is known of its family.
    :param variable: the role variable that names the group.
    """
    families = {str(item.get("DBParameterGroupFamily")) for item in versions} - {"None"}
    family = str(group.get("DBParameterGroupFamily"))
    if not families or family in families:
        return None
    return (
        f"{kind} {name} is of family {family}, but the snapshot's engine version needs"
        f" {' or '.join(sorted(families))}: set {variable} to a group of that family."
    )


def security_group_problems(
    wanted: Iterable[str], found: Iterable[Mapping[str, Any]], subnet_group: Mapping[str, Any], variable: str
) -> list[str]:
    """Which security groups do not exist, or are not of the subnet group's VPC, as sentences."""
    vpcs = {str(group["GroupId"]): group.get("VpcId") for group in found}
    vpc, name = subnet_group.get("VpcId"), subnet_group.get("DBSubnetGroupName")
    problems = []
    for group_id in wanted:
        if group_id not in vpcs:
            problems.append(f"Security group {group_id} does not exist: create it, or set {variable} to one that does.")
        elif vpc and vpcs[group_id] != vpc:
            problems.append(
                f"Security group {group_id} is in {vpcs[group_id]}, but subnet group {name} is in {vpc}:"
                f" set {variable} to groups of that VPC."
            )
    return problems
