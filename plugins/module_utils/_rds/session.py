# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the doing parts (copying, deleting, restoring, modifying) need: clients, journal, poller."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from ansible_collections.dbops.aurora_restore.plugins.module_utils._aws import Client
from ansible_collections.dbops.aurora_restore.plugins.module_utils._journal import Journal
from ansible_collections.dbops.aurora_restore.plugins.module_utils._poller import Poller
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds import api
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.models import Cluster, Snapshot

if TYPE_CHECKING:
    from ansible_collections.dbops.aurora_restore.plugins.module_utils._module import Context


@dataclass(frozen=True)
class Session:
    """One module run against RDS in one region.

    :param client: for reads and for calls that create; retries by itself.
    :param once: for calls that destroy: one HTTP attempt, since a hidden second one could land after the lease is lost,
        and a last check of the lease right before it.
    :param poller: all waits of the run share its timeout.
    :param check: look, decide, change nothing.
    """

    client: Client
    once: Client
    journal: Journal
    poller: Poller
    region: str
    operation_id: str | None = None
    wait: bool = True
    check: bool = False

    @classmethod
    def of(cls, context: Context) -> Session:
        """The session of a mutating module."""
        return cls(
            client=context.client("rds"),
            once=context.destroying_client("rds"),
            journal=context.journal,
            poller=context.poller().from_now(),
            region=context.region,
            # Not the journal's: that one writes nothing in check mode, but names and provenance are the same.
            operation_id=context.operation.get("id"),
            wait=context.params.get("wait", True),
            check=context.check_mode,
        )

    def cluster(self, cluster_id: str) -> Cluster | None:
        """The cluster with its members, or None."""
        return load_cluster(self.client, cluster_id)

    def cluster_now(self, cluster_id: str) -> Cluster | None:
        """The same, looked at over the connection that a call that destroys takes next: that one need not be made then,
        which would take time between the last check of the lease and the call."""
        return load_cluster(self.once, cluster_id)

    def snapshot(self, snapshot_id: str) -> Snapshot | None:
        """The cluster snapshot, or None."""
        found = api.find_snapshot(self.client, snapshot_id)
        return Snapshot.from_boto(found) if found else None


def load_cluster(client: Client, cluster_id: str) -> Cluster | None:
    """The cluster of that id with its members, or None."""
    found = api.find_cluster(client, cluster_id)
    return Cluster.from_boto(found, api.describe_instances(client, cluster_id.lower())) if found else None


def utc_now() -> datetime:
    return datetime.now(timezone.utc)
