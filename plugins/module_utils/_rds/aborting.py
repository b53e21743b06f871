# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Ending an operation: what is undone, what is left, and what remains. Nothing is deleted but a copy in flight."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import AwsError
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds import api, modifying
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.guards import is_own
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.models import Cluster
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.resources import Resource, read_resources
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.session import Session
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.statuses import (
    AVAILABLE,
    DELETING,
    SNAPSHOT_IN_FLIGHT,
)


@dataclass(frozen=True)
class Outcome:
    """done: what was undone, as sentences; remains: what AWS still has of the operation; target: how that one is."""

    done: list[str]
    remains: list[Resource]
    target: str


def abort(
    session: Session, operation: Mapping[str, Any], cluster_id: str, cancel_copy: bool, pinned_by: Sequence[str]
) -> Outcome:
    """Put back what can be put back, and say what remains.

    :param operation: the operation item.
    :param pinned_by: other unfinished operations that restore the same snapshot: their copy is not cancelled.
    """
    cluster = session.cluster(cluster_id)
    done = [_protected_again(session, cluster)] if cluster and needs_protection(operation, cluster) else []
    copies = in_flight(read_resources(session.client, str(session.operation_id), cluster_id))
    done += [_end_copy(session, copy, cancel_copy, pinned_by) for copy in copies]
    remains = read_resources(session.client, str(session.operation_id), cluster_id)
    return Outcome(done, remains, describe_target(operation, cluster_id, session.cluster(cluster_id)))


def needs_protection(operation: Mapping[str, Any], cluster: Cluster) -> bool:
    """Whether the cluster that was to be replaced is still there, without the protection that it had."""
    replaced = (operation.get("replaced") or {}).get("resource_id")
    return (
        bool((operation.get("configuration") or {}).get("deletion_protection"))
        and cluster.resource_id == replaced
        and not cluster.deletion_protection
        and cluster.status == AVAILABLE
    )


def in_flight(found: Sequence[Resource]) -> list[Resource]:
    return [item for item in found if item["kind"] == "snapshot copy" and item["status"] in SNAPSHOT_IN_FLIGHT]


def _protected_again(session: Session, cluster: Cluster) -> str:
    if not session.check:
        modifying.modify(session, cluster, {"deletion_protection": True})
    return f"Deletion protection of cluster {cluster.id} is put back."


def _end_copy(session: Session, copy: Resource, cancel: bool, pinned_by: Sequence[str]) -> str:
    if not cancel:
        return f"Copy {copy['id']} goes on: a later restore of the same snapshot uses it."
    if pinned_by:
        return f"Copy {copy['id']} goes on: {', '.join(pinned_by)} restores the same snapshot."
    if not session.check:
        try:
            with session.journal.call("DeleteDBClusterSnapshot", copy["id"]):
                api.delete_snapshot(session.once, copy["id"])
        except AwsError as error:
            if error.code != "DBClusterSnapshotNotFoundFault":
                raise
    return f"Copy {copy['id']} is cancelled."


def describe_target(operation: Mapping[str, Any], cluster_id: str, cluster: Cluster | None) -> str:
    """How the target stands now, as a sentence."""
    replaced = (operation.get("replaced") or {}).get("resource_id")
    if cluster is None:
        return f"There is no cluster {cluster_id}" + (": it was removed by this operation." if replaced else ".")
    if is_own(cluster, operation.get("operation_id")):
        return f"Cluster {cluster.id} is what this operation has restored; it is {cluster.status}."
    captured = len((operation.get("configuration") or {}).get("instances") or [])
    present = sum(item.status != DELETING for item in cluster.instances)
    if cluster.resource_id == replaced and present < captured:
        return f"Cluster {cluster.id} has lost {captured - present} of {captured} instances; it is {cluster.status}."
    return f"Cluster {cluster.id} was not replaced; it is {cluster.status}."


def lines(operation_id: str, target: str, outcome: Outcome, planned: bool) -> list[str]:
    """What was done, and what remains, for people."""
    said = f"Operation {operation_id} of {target} {'would be' if planned else 'is'} aborted."
    remains = [
        f"Remains: {item['kind']} {item['id']} ({item['status']}), {item['remark']}." for item in outcome.remains
    ]
    return [said, *outcome.done, outcome.target, *(remains or ["Nothing else remains of it."])]
