# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Deleting a cluster with its members: proof first, final snapshot before, and every call preceded by a fresh look.

Each call that destroys is made inside a poller's look that first describes the resource. A call whose answer was lost,
or that a second run would repeat, is thus seen as done instead of sent again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import AwsError, Conflict, Refused
from ansible_collections.dbops.aurora_restore.plugins.module_utils._poller import Look, done, pending
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds import (
    api,
    naming,
    parameters,
    planning,
    waiting,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.guards import (
    DeleteWish,
    Refusal,
    delete_refusals,
    is_own,
    is_own_wreck,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.models import (
    TAG_OPERATION,
    Cluster,
    Instance,
    Snapshot,
    foreign_tags,
    to_iso,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.session import Session, utc_now
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.statuses import (
    AVAILABLE,
    CLUSTER_STOPPED,
    CLUSTER_TERMINAL,
    DELETING,
    SNAPSHOT_IN_FLIGHT,
)


@dataclass(frozen=True)
class Outcome:
    """What was done: deleted, absent, adopted or planned. first_destructive_at: None when nothing was destroyed now."""

    action: str
    changed: bool = False
    cluster: Cluster | None = None
    final_snapshot_id: str | None = None
    final_snapshot_arn: str | None = None
    first_destructive_at: str | None = None


def delete(
    session: Session,
    cluster_id: str,
    wish: DeleteWish,
    snapshot_id: str | None = None,
    last_look: Callable[[], None] = lambda: None,
) -> Outcome:
    """Delete the cluster if every guard agrees.

    :param snapshot_id: the id of the final snapshot, or None for the naming rule.
    :param last_look: called before the final snapshot and again right before the first call that destroys; raises
        Refused when the cluster could not be restored once it is gone.
    :raises Refused: a guard does not agree; nothing was changed.
    """
    cluster = session.cluster(cluster_id)
    if cluster is None:
        return _already_gone(session, cluster_id, wish, snapshot_id)
    if is_own(cluster, wish.operation_id) and cluster.status not in (*CLUSTER_TERMINAL, DELETING):
        # The one to be deleted is gone: this is what the operation has restored in its place since.
        return _already_gone(session, cluster_id, wish, snapshot_id)
    refuse(delete_refusals(cluster, wish), cluster)
    name = snapshot_id.lower() if snapshot_id else default_snapshot_id(cluster, wish)
    if cluster.status == DELETING:
        return _adopt_deletion(session, cluster, wish, name)
    if is_own_wreck(cluster, wish.operation_id):
        wish = replace(wish, final_snapshot="none", lift_deletion_protection=True)
    taken = own_final_snapshot(session, cluster, name, wish) if wish.final_snapshot != "none" else None
    last_look()
    if session.check:
        if wish.final_snapshot == "none":
            return Outcome("planned", True, cluster)
        return Outcome("planned", True, cluster, name, taken.arn if taken else planning.planned_arn(cluster, name))
    return _delete(session, cluster, wish, name, last_look)


def refuse(refusals: list[Refusal], cluster: Cluster) -> None:
    """:raises Refused: with all reasons, when there are any."""
    if refusals:
        raise Refused(" ".join(item.message for item in refusals), resource=cluster.id, hint="Nothing was changed.")


def default_snapshot_id(cluster: Cluster, wish: DeleteWish) -> str:
    return naming.final_snapshot_id(cluster.id, naming.short_key(wish.operation_id, cluster.resource_id))


def _already_gone(session: Session, cluster_id: str, wish: DeleteWish, snapshot_id: str | None) -> Outcome:
    """Nothing to delete; the final snapshot that an earlier attempt of this operation took is still reported."""
    key = naming.short_key(wish.operation_id, wish.resource_id or "") if wish.operation_id or wish.resource_id else None
    name = snapshot_id or (naming.final_snapshot_id(cluster_id, key) if key else None)
    found = session.snapshot(name.lower()) if name and wish.final_snapshot != "none" else None
    if found is None or found.cluster_id != cluster_id.lower():
        return Outcome("absent")
    return Outcome("absent", final_snapshot_id=found.id, final_snapshot_arn=found.arn)


def _adopt_deletion(session: Session, cluster: Cluster, wish: DeleteWish, name: str) -> Outcome:
    found = session.snapshot(name) if wish.final_snapshot != "none" else None
    snapshot = found if found and found.cluster_resource_id in (None, cluster.resource_id) else None
    outcome = Outcome("adopted", True, cluster, snapshot.id if snapshot else None, snapshot.arn if snapshot else None)
    if session.wait and not session.check:
        waiting.cluster_gone(session, cluster)
        if wish.final_snapshot == "at_delete" and snapshot:
            _tag_snapshot_at_delete(session, name, wish)
    return outcome


def _delete(session: Session, cluster: Cluster, wish: DeleteWish, name: str, last_look: Callable[[], None]) -> Outcome:
    wreck = is_own_wreck(cluster, wish.operation_id)
    partly_deleted = any(item.status == DELETING for item in cluster.instances)
    if not wreck:
        cluster = _make_available(session, cluster, wish, partly_deleted)
    snapshot = _final_snapshot(session, cluster, wish, name) if wish.final_snapshot == "before" else None
    if snapshot:
        session.journal.result({"final_snapshot_id": snapshot.id, "final_snapshot_arn": snapshot.arn})
        last_look()
    if cluster.deletion_protection:
        _lift_protection(session, cluster)
    first = None
    if not partly_deleted and not wreck:
        # An attempt that finds members being deleted, or a wreck, goes on with one that has recorded its time already.
        first = to_iso(utc_now())
        session.journal.result({"first_destructive_at": first})
    for instance in [item for item in cluster.instances if not item.is_writer] + [
        item for item in cluster.instances if item.is_writer
    ]:
        _delete_instance(session, cluster, instance)
    _delete_cluster(session, cluster, name if wish.final_snapshot == "at_delete" else None)
    if session.wait:
        waiting.cluster_gone(session, cluster)
    if wish.final_snapshot == "at_delete":
        snapshot = _tag_snapshot_at_delete(session, name, wish)
    return Outcome(
        "deleted", True, cluster, snapshot.id if snapshot else None, snapshot.arn if snapshot else None, first
    )


def _make_available(session: Session, cluster: Cluster, wish: DeleteWish, partly_deleted: bool) -> Cluster:
    """A cluster that can be snapshotted and deleted: started if it was stopped, then available.

    The guards hold on what is found then, not on what was seen before the wait.
    """
    if cluster.status in CLUSTER_STOPPED:
        with session.journal.call("StartDBCluster", cluster.id):
            api.start_cluster(session.client, cluster.id)
        waiting.cluster_available(session, cluster.id, _started(cluster), to_delete=True)
    elif not partly_deleted and cluster.status != AVAILABLE:
        waiting.cluster_available(session, cluster.id, to_delete=True)
    fresh = session.cluster(cluster.id)
    if fresh is None:
        return cluster
    refuse(delete_refusals(fresh, replace(wish, resource_id=cluster.resource_id)), fresh)
    return fresh


def _started(stopped: Cluster) -> Callable[[Cluster], str | None]:
    return waiting.members_available([item.id for item in stopped.instances])


# ---- the final snapshot


def own_final_snapshot(session: Session, cluster: Cluster, name: str, wish: DeleteWish) -> Snapshot | None:
    """The final snapshot of this very cluster that an earlier attempt took, or None.

    :raises Conflict: another snapshot has the name.
    """
    found = session.snapshot(name)
    if found is None:
        return None
    same_cluster = found.cluster_id == cluster.id and found.cluster_resource_id in (None, cluster.resource_id)
    same_operation = not wish.operation_id or found.tags.get(TAG_OPERATION) == wish.operation_id
    # The one that DeleteDBCluster takes has no tag until the deletion is over.
    if not same_cluster or not (same_operation or wish.final_snapshot == "at_delete"):
        raise Conflict(
            f"Snapshot {name} already exists, but it is not this operation's final snapshot of cluster {cluster.id}",
            resource=name,
            hint="Delete it, or give another final_snapshot_id.",
        )
    return found


def _final_snapshot(session: Session, cluster: Cluster, wish: DeleteWish, name: str) -> Snapshot:
    """Take the final snapshot, or adopt the one already taken, and wait until it is available."""

    def look() -> Look[bool]:
        found = own_final_snapshot(session, cluster, name, wish)
        if found and (found.status == AVAILABLE or found.status in SNAPSHOT_IN_FLIGHT):
            return done(True)
        if found:
            if found.status == "failed":
                with session.journal.call("DeleteDBClusterSnapshot", name):
                    api.delete_snapshot(session.once, name)
            return pending(f"an earlier final snapshot is {found.status}")
        return _start_snapshot(session, cluster, name, wish)

    session.poller.until("the final snapshot to start", name, look)
    return waiting.snapshot_available(
        session, name, "Nothing was deleted. Run the same command again: it takes the final snapshot anew."
    )


def _start_snapshot(session: Session, cluster: Cluster, name: str, wish: DeleteWish) -> Look[bool]:
    tags = foreign_tags(cluster.tags)
    if wish.operation_id:
        tags[TAG_OPERATION] = wish.operation_id
    try:
        with session.journal.call("CreateDBClusterSnapshot", name, {"DBClusterIdentifier": cluster.id}):
            api.create_snapshot(session.client, cluster.id, name, parameters.boto_tags(tags))
    except AwsError as error:
        if error.code == "DBClusterSnapshotAlreadyExistsFault":
            return pending("exists already")  # the next look checks whose it is
        if error.code == "InvalidDBClusterStateFault":
            return pending(f"the cluster can't be snapshotted yet: {error.aws_message}")
        if error.code == "SnapshotQuotaExceeded":
            error.hint = "Delete manual cluster snapshots that are no longer needed. Nothing was deleted."
        raise
    return done(True)


def _tag_snapshot_at_delete(session: Session, name: str, wish: DeleteWish) -> Snapshot | None:
    """The snapshot that DeleteDBCluster took; it can only be tagged afterwards."""
    snapshot = (
        waiting.snapshot_available(session, name, "The cluster was deleted without a usable final snapshot.")
        if session.wait
        else session.snapshot(name)
    )
    if snapshot and wish.operation_id:
        tags = parameters.boto_tags({TAG_OPERATION: wish.operation_id})
        with session.journal.call("AddTagsToResource", snapshot.id):
            api.add_tags(session.client, arn=snapshot.arn, tags=tags)
    if snapshot:
        session.journal.result({"final_snapshot_id": snapshot.id, "final_snapshot_arn": snapshot.arn})
    return snapshot


# ---- the calls that destroy


def _lift_protection(session: Session, cluster: Cluster) -> None:
    def look() -> Look[bool]:
        found = _same(session, cluster)
        if found is None or not found.deletion_protection:
            return done(True)
        change = {"DeletionProtection": False, "ApplyImmediately": True}
        with session.journal.call("ModifyDBCluster", cluster.id, change):
            api.modify_cluster(session.once, DBClusterIdentifier=cluster.id, **change)
        return pending("deletion protection is being lifted")

    session.poller.until("deletion protection to be lifted", cluster.id, look)


def _delete_instance(session: Session, cluster: Cluster, instance: Instance) -> None:
    def look() -> Look[bool]:
        found = api.find_instance(session.once, instance.id)
        if found is None or found.get("DBInstanceStatus") == DELETING:
            return done(True, DELETING)
        try:
            with session.journal.call("DeleteDBInstance", instance.id, {"DBClusterIdentifier": cluster.id}):
                api.delete_instance(session.once, instance.id)
        except AwsError as error:
            if error.code in api.INSTANCE_GONE:
                return done(True)
            if error.code == "InvalidDBInstanceState":
                # "already being deleted", or busy (creating, modifying): the next look tells which.
                return pending(f"{found.get('DBInstanceStatus')}: {error.aws_message}")
            raise
        return done(True, DELETING)

    session.poller.until("deletion to start", instance.id, look)


def _delete_cluster(session: Session, cluster: Cluster, final_snapshot_id: str | None) -> None:
    def look() -> Look[bool]:
        found = _same(session, cluster)
        if found is None or found.status == DELETING:
            return done(True, DELETING)
        try:
            with session.journal.call("DeleteDBCluster", cluster.id, {"FinalDBSnapshotIdentifier": final_snapshot_id}):
                api.delete_cluster(session.once, cluster.id, final_snapshot_id)
        except AwsError as error:
            if error.code in api.CLUSTER_GONE:
                return done(True)
            if error.code == "InvalidDBClusterStateFault":
                # Members that are not "deleting" yet, or a status that passes; anything else ends at the timeout.
                return pending(f"{found.status}: {error.aws_message}")
            raise
        return done(True, DELETING)

    session.poller.until("deletion to start", cluster.id, look)


def _same(session: Session, cluster: Cluster) -> Cluster | None:
    """The cluster as it is now, or None when it is gone.

    :raises Refused: another cluster has its name.
    """
    found = session.cluster_now(cluster.id)
    if found is not None and found.resource_id != cluster.resource_id:
        raise Refused(
            f"Cluster {cluster.id} was replaced by another one ({found.resource_id}) while it was being deleted",
            resource=cluster.id,
            hint="Find out who did, then run the same command again.",
        )
    return found
