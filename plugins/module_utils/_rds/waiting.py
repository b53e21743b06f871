# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is waited for, as looks of the one poller (see _poller)."""

from __future__ import annotations

import socket
from collections.abc import Callable, Collection, Mapping
from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._aws import Client
from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import NotFound, RestoreError, TerminalStatus
from ansible_collections.dbops.aurora_restore.plugins.module_utils._poller import Clock, Look, done, pending
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds import api
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.models import Cluster, Snapshot
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.session import Session
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.statuses import (
    AVAILABLE,
    CLUSTER_HINTS,
    CLUSTER_STOPPED,
    CLUSTER_TERMINAL,
    INSTANCE_TERMINAL,
    SNAPSHOT_TERMINAL,
)

# RDS may answer NotFound for a while after it accepted a create call.
GRACE_SECONDS = 120.0
# A copy that makes no progress is queued behind others (five at a time) or stuck: said, never acted on.
STALL_SECONDS = 600.0


class Grace:
    """Counts how long something has not been found; raises once that is longer than the grace."""

    def __init__(self, clock: Clock, seconds: float = GRACE_SECONDS) -> None:
        self._clock = clock
        self._until = clock.monotonic() + seconds
        self._seen = False

    def seen(self) -> None:
        self._seen = True

    def missing(self, what: str, resource: str, hint: str) -> Look[Any]:
        if self._seen or self._clock.monotonic() > self._until:
            raise NotFound(f"{what} {resource} has disappeared while it was waited for", resource=resource, hint=hint)
        return pending("not visible yet")


def raise_if_terminal(client: Client, cluster: Cluster, members: bool = True) -> None:
    """:raises TerminalStatus: of the cluster (with the reason that RDS gives in its events) or of a member."""
    if cluster.status in CLUSTER_TERMINAL:
        reason = last_event(client, cluster.id)
        raise TerminalStatus(
            f"Cluster {cluster.id} is {cluster.status}" + (f"; the last event of RDS: {reason}" if reason else ""),
            resource=cluster.id,
            hint=CLUSTER_HINTS.get(cluster.status, "See its events in the RDS console.")
            + " Running the restore again removes what this operation left and restores anew.",
        )
    for instance in cluster.instances if members else ():
        if instance.status in INSTANCE_TERMINAL:
            raise TerminalStatus(
                f"Instance {instance.id} of cluster {cluster.id} is {instance.status}",
                resource=instance.id,
                hint="See its events in the RDS console; delete the instance, then run the same command again.",
            )


def raise_if_stopped(cluster: Cluster) -> None:
    """:raises TerminalStatus: it does not become available by itself."""
    if cluster.status in CLUSTER_STOPPED:
        raise TerminalStatus(
            f"Cluster {cluster.id} is stopped",
            resource=cluster.id,
            hint="Start it, then run the same command again.",
        )


def last_event(client: Client, cluster_id: str) -> str | None:
    """The newest event of a cluster; an error in asking must not hide the error that is being explained."""
    try:
        events = api.describe_cluster_events(client, source_id=cluster_id)
    except RestoreError:
        return None
    return str(events[-1].get("Message")) if events else None


def cluster_available(
    session: Session,
    cluster_id: str,
    ready: Callable[[Cluster], str | None] = lambda cluster: None,
    to_delete: bool = False,
) -> Cluster:
    """Wait until the cluster is available, nothing is pending, and ready() says None (else what is missing).

    :param to_delete: it is about to be deleted: members may be broken, changes pending, and it may be stopped still.
    """
    grace = Grace(session.poller.clock)

    def look() -> Look[Cluster]:
        cluster = session.cluster(cluster_id)
        if cluster is None:
            return grace.missing("Cluster", cluster_id, "Somebody deleted or renamed it: look at who did.")
        grace.seen()
        raise_if_terminal(session.client, cluster, members=not to_delete)
        if not to_delete:
            raise_if_stopped(cluster)
        if cluster.status != AVAILABLE:
            return pending(cluster.status)
        missing = (None if to_delete else not_settled(cluster)) or ready(cluster)
        return pending(f"available, {missing}") if missing else done(cluster, AVAILABLE)

    return session.poller.until("cluster to be available", cluster_id, look)


def not_settled(cluster: Cluster) -> str | None:
    """What is still pending on the cluster or its members, as a phrase."""
    if cluster.pending:
        return "pending: " + ", ".join(sorted(cluster.pending))
    waiting = [item.id for item in cluster.instances if item.pending]
    return f"pending changes of {', '.join(waiting)}" if waiting else None


def members_available(wanted: Collection[str]) -> Callable[[Cluster], str | None]:
    """A ready() for cluster_available: these members exist and are available."""

    def ready(cluster: Cluster) -> str | None:
        statuses = {item.id: item.status for item in cluster.instances}
        waiting = [
            f"{name} {statuses.get(name, 'not visible yet')}" for name in wanted if statuses.get(name) != AVAILABLE
        ]
        return ", ".join(waiting) or None

    return ready


def cluster_gone(session: Session, cluster: Cluster) -> None:
    """Wait until no cluster with that resource id has the name any more."""

    def look() -> Look[bool]:
        found = session.cluster(cluster.id)
        if found is None or found.resource_id != cluster.resource_id:
            return done(True, "deleted")
        members = ", ".join(f"{item.id} {item.status}" for item in found.instances)
        return pending(found.status + (f" ({members})" if members else ""))

    session.poller.until("deletion", cluster.id, look)


def snapshot_available(session: Session, snapshot_id: str, on_failed: str) -> Snapshot:
    """Wait until the snapshot is available. on_failed: the hint when it ends in failed."""
    grace = Grace(session.poller.clock)
    progress = Progress(session.poller.clock)

    def look() -> Look[Snapshot]:
        snapshot = session.snapshot(snapshot_id)
        if snapshot is None:
            return grace.missing("Snapshot", snapshot_id, "Somebody deleted it (which cancels a copy): run it again.")
        grace.seen()
        if snapshot.status == AVAILABLE and snapshot.created_at is not None:
            return done(snapshot, AVAILABLE)
        if snapshot.status in SNAPSHOT_TERMINAL:
            raise TerminalStatus(f"Snapshot {snapshot_id} is {snapshot.status}", resource=snapshot_id, hint=on_failed)
        return pending(progress.describe(snapshot.status, snapshot.percent), snapshot.percent)

    return session.poller.until("snapshot to be available", snapshot_id, look)


class Progress:
    """Says since when the percentage has not moved; AWS may keep a copy at 0 for hours while it queues."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._percent: int | None = None
        self._since = clock.monotonic()

    def describe(self, status: str, percent: int | None) -> str:
        now = self._clock.monotonic()
        if percent != self._percent:
            self._percent, self._since = percent, now
        still = now - self._since
        return status if still < STALL_SECONDS else f"{status}, no progress for {still / 60:.0f} minutes"


def endpoint_answers(
    session: Session, cluster: Cluster, connect: Callable[[str, int], str | None] | None = None
) -> None:
    """Wait until something accepts TCP connections at the cluster's endpoint.

    The name may not resolve, or resolve to the old address, for a while: that counts as pending.
    """
    probe = connect or tcp_problem
    host, port = str(cluster.endpoint), int(cluster.port or 0)

    def look() -> Look[bool]:
        problem = probe(host, port)
        return pending(f"endpoint does not answer: {problem}") if problem else done(True, "answers")

    session.poller.until("an answer at the endpoint", f"{host}:{port}", look)


def tcp_problem(host: str, port: int, timeout: float = 5.0) -> str | None:
    """Why no TCP connection to host:port is possible, or None."""
    try:
        with socket.create_connection((host, port), timeout=timeout):
            return None
    except OSError as error:
        return str(error)


def describe_change(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> dict[str, Any]:
    """Ansible's diff of two resources; absent ones show as empty."""
    return {"before": dict(before or {}), "after": dict(after or {})}
