# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reading what a cleanup decides on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from ansible_collections.dbops.aurora_restore.plugins.module_utils._aws import Client
from ansible_collections.dbops.aurora_restore.plugins.module_utils._cleanup import calls, rules
from ansible_collections.dbops.aurora_restore.plugins.module_utils._cleanup.operations import Operation, operations_of
from ansible_collections.dbops.aurora_restore.plugins.module_utils._cleanup.world import Decision, Place, Rules, World
from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import RestoreError
from ansible_collections.dbops.aurora_restore.plugins.module_utils._journal import NoJournal
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds import api
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.models import Cluster, Snapshot
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.session import utc_now
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.journal import seconds_awake_or_asleep

# Seconds. An operation needs longer from its start to the moment at which it relies on a copy.
LONGEST_LOOK = 10.0


class StaleLook(RestoreError):
    """Too much time has passed since the operations were read; nothing was sent."""

    kind = "stale_look"


class FreshLook(NoJournal):
    """Asked right before the bytes of each call that deletes a snapshot leave: is what was seen still new?

    A process, or its machine, may stand still between a look and a call.
    """

    def __init__(self, watch: Callable[[], None], monotonic: Callable[[], float] = seconds_awake_or_asleep) -> None:
        super().__init__(watch)
        self._monotonic = monotonic
        self._began: float | None = None

    def check_runner(self) -> None:
        """:raises RunnerGone: whoever started this is gone."""
        super().last_check()

    def begin(self) -> None:
        """The operations are about to be read."""
        self._began = self._monotonic()

    def last_check(self) -> None:
        """:raises StaleLook: or RunnerGone."""
        self.check_runner()
        age = None if self._began is None else self._monotonic() - self._began
        if age is None or age > LONGEST_LOOK:
            raise StaleLook(
                "The operations of the state table were read too long ago"
                + (f" ({age:.0f} seconds, more than {LONGEST_LOOK:.0f})" if age is not None else ""),
                hint="Run the same command again; a table of which reading takes so long needs a shorter retention.",
            )


@dataclass(frozen=True)
class Desk:
    """What reads and deletes.

    :param rds: for reads; retries by itself.
    :param once: for calls that delete: one attempt, after a last check of ``fresh``.
    """

    rds: Client
    once: Client
    dynamodb: Client
    table: str
    source: Place
    target: Place
    fresh: FreshLook
    now: Callable[[], datetime] = utc_now

    def look(self, settings: Rules) -> World:
        """The whole world, with the sharing of every snapshot that may go."""
        world = self._world(self.rds, operations_of(calls.scan_items(self.dynamodb, self.table)))
        wanted = rules.candidates(world, settings)
        return replace(world, shared={item.arn: calls.shared_with(self.rds, item.name) for item in wanted})

    def look_again(self, wanted: Decision) -> World:
        """The same, with the sharing of one snapshot, right before the call that deletes it.

        The operations come last, since they change most. The connection is the one that the call takes, which need not
        be made then.
        """
        world = self._world(self.once, [])
        shared = {wanted.arn: calls.shared_with(self.once, wanted.name)}
        self.fresh.begin()
        operations = operations_of(calls.scan_items(self.dynamodb, self.table, audit=False))
        return replace(world, shared=shared, operations=operations)

    def _world(self, client: Client, operations: Sequence[Operation]) -> World:
        return World(
            self.source,
            self.target,
            [Snapshot.from_boto(item) for item in api.describe_snapshots(client, snapshot_type="manual")],
            [Cluster.from_boto(item) for item in api.describe_clusters(client)],
            operations,
            self.now(),
        )
