# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where something begins that a scenario may want to fail, or never to end; and clusters that lose their keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.faults import Fate
from sandbox.rds.models import TERMINAL, Cluster
from sandbox.rds.runtime import Part, Runtime
from sandbox.scheduler import Transition, Work

# Between two looks whether a cluster is at rest.
LOOK_SECONDS = 0.1
AT_REST = TERMINAL | {"available", "stopped"}


def begin(
    runtime: Runtime, fate: Fate | None, name: str, seconds: float, done: Callable[[], None], *,
    lane: str, failed: Callable[[BaseException], None], broken: Callable[[str], None], work: Work | None = None,
    broken_work: Work | None = None,
) -> Transition:  # fmt: skip
    """As the scheduler's begin; with a fate, what that says.

    :param broken: called with the status that it ends in.
    :param broken_work: what of the work is done all the same.
    """
    if fate is None:
        return runtime.scheduler.begin(name, seconds, done, work=work, lane=lane, failed=failed)
    if fate.status is None:
        # Nothing is scheduled: nothing will ever happen.
        now = runtime.scheduler.clock.monotonic()
        return Transition(name, now, now + seconds * fate.at_percent / 100, done, lane=lane, until=fate.at_percent)
    status = fate.status
    return runtime.scheduler.begin(
        name, seconds, lambda: broken(status), work=broken_work, lane=lane, failed=failed, until=fate.at_percent
    )


class KeyActions(Part):
    """Part of the backend."""

    def lose_key(self, cluster: Cluster, status: str, seconds: float) -> None:
        """A cluster's key can't be used any more: after those seconds, once it is at rest, its servers are gone."""

        def lose() -> None:
            if self.clusters.get(cluster.resource_id) is not cluster or cluster.status == "deleting":
                return
            if cluster.status not in AT_REST or any(item.status == "creating" for item in cluster.members):
                self.lose_key(cluster, status, LOOK_SECONDS)
                return
            resources: list[Any] = [cluster, *cluster.live_members()]
            for resource in resources:
                resource.status = status
                self.record(resource, "The KMS key can't be accessed, so the database can't be used.", "failure")
            self.runtime.scheduler.begin(
                f"stopping servers of {cluster.resource_id}", 0, lambda: None, lane=cluster.key,
                work=lambda: self.runtime.data.stop(cluster.key),
            )  # fmt: skip

        self.runtime.scheduler.begin(f"losing the key of cluster {cluster.resource_id}", seconds, lose)
