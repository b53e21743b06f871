# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Breaking the lease of a holder who is gone, when nobody wants to wait until it runs out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._aws import Client
from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import BadInput, Refused
from ansible_collections.dbops.aurora_restore.plugins.module_utils._poller import Look, Poller, done, pending
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state import table as state_table
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.closing import break_lease
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.lease import (
    Lease,
    describe_owner,
    holder_name,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.operation import read_lease
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.owner import Owner, same_machine

NOTHING_CHANGED = "Nothing was changed."
# Seconds. A living holder renews every 15 while it waits, and proves its lease anew when an answer took as long.
SHORTEST_WATCH = 20


def unlock(
    client: Client,
    table: str,
    target: str,
    holder: str,
    here: Owner,
    dead: Callable[[Owner, Owner], bool],
    watch: Poller,
    by: Mapping[str, Any],
    check: bool = False,
) -> Lease | None:
    """Break the lease of a target; the lease as it was, or None when nobody held it.

    :param holder: the name of the holder, as the operator read it: ``<host>:<pid>``.
    :param watch: how long the lease must show no sign of life, unless the holder is seen to be dead.
    :param by: who does it, for the audit trail.
    :raises Refused: somebody else holds it, or the holder lives.
    """
    if watch.timeout < SHORTEST_WATCH:
        raise BadInput(
            f"watch_seconds must be at least {SHORTEST_WATCH}: a living holder may be silent for 15 seconds",
            hint=f"{NOTHING_CHANGED} Give watch_seconds that many, or leave it out.",
        )
    lease = read_lease(client, table, target)
    if lease is None or not lease.held:
        return None
    if holder not in (holder_name(lease), lease.owner):
        raise Refused(
            f"The target {target} is held by {holder_name(lease)}, not by {holder}: {describe_owner(lease)}, operation"
            f" {lease.operation_id}",
            resource=target,
            hint=f"{NOTHING_CHANGED} Give the holder's name as the playbook status.yml shows it, if that one is gone.",
        )
    owner = Owner.parse(lease.owner)
    if owner is None or not dead(owner, here):
        if owner is not None and owner.pid and same_machine(owner, here):
            raise Refused(
                f"The holder {holder} is alive: process {owner.pid} of this machine",
                resource=target,
                hint=f"{NOTHING_CHANGED} End that process; the lease is free then.",
            )
        _watch(client, table, target, lease, watch)
    if not check:
        try:
            break_lease(client, table, target, lease, by)
        except state_table.ConditionFailed as error:
            raise _alive(target, holder) from error
    return lease


def _watch(client: Client, table: str, target: str, lease: Lease, watch: Poller) -> None:
    """See no beat for the poller's time. :raises Refused: there was one."""
    deadline = watch.clock.monotonic() + watch.timeout

    def look() -> Look[bool]:
        seen = read_lease(client, table, target)
        if seen is None or not seen.held or seen.generation != lease.generation:
            raise _alive(target, holder_name(lease))
        return done(True) if watch.clock.monotonic() >= deadline else pending("no sign of life so far")

    # The last look comes after the deadline, not before it.
    Poller(watch.timeout + watch.interval, watch.interval, watch.heartbeat, watch.clock).until("silence", target, look)


def _alive(target: str, holder: str) -> Refused:
    return Refused(
        f"The holder {holder} of {target} has just shown a sign of life",
        resource=target,
        hint=f"{NOTHING_CHANGED} It is not gone: stop it where it runs, or wait for it.",
    )
