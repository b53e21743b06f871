# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The lease on a target: who may change it. Decisions are pure; the calls are in ``table``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.owner import Owner
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.records import SCHEMA, lease_key
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.table import Part, update

# A lease is renewed this often at the latest while a module waits, so that progress can be followed too.
MAX_RENEW_INTERVAL = 15.0


@dataclass(frozen=True)
class Lease:
    """The lease item of a target.

    :param seconds: how long the same beat has to be seen before another operation may take the lease over.
    """

    owner: str
    operation_id: str
    fence: int
    beat: int
    seconds: int
    held: bool
    renewed_at: str = ""
    acquired_at: str = ""

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> Lease:
        return cls(
            owner=str(item.get("owner", "")),
            operation_id=str(item.get("held_by", "")),
            fence=int(item.get("fence", 0)),
            beat=int(item.get("beat", 0)),
            seconds=int(item.get("lease_seconds", 0)),
            held=bool(item.get("held", False)),
            renewed_at=str(item.get("renewed_at", "")),
            acquired_at=str(item.get("acquired_at", "")),
        )

    @property
    def generation(self) -> tuple[int, int]:
        """Changes with every write of a living owner."""
        return (self.fence, self.beat)


@dataclass
class Watch:
    """What a challenger has seen of a lease, on its own monotonic clock."""

    generation: tuple[int, int] | None = None
    since: float = 0.0

    def unchanged_for(self, lease: Lease, now: float) -> float:
        """Seconds for which this lease has been seen without a beat."""
        if lease.generation != self.generation:
            self.generation, self.since = lease.generation, now
        return now - self.since


@dataclass(frozen=True)
class Verdict:
    """Whether the lease may be taken, and why (or why not)."""

    free: bool
    reason: str


def decide(lease: Lease | None, watch: Watch, now: float, here: Owner, dead: Callable[[Owner, Owner], bool]) -> Verdict:
    """Whether an operation of ``here`` may take the lease now."""
    if lease is None:
        return Verdict(True, "first operation of this target")
    if not lease.held:
        return Verdict(True, "released")
    quiet = watch.unchanged_for(lease, now)
    owner = Owner.parse(lease.owner)
    if owner is not None and dead(owner, here):
        return Verdict(True, f"taken over from operation {lease.operation_id}: its process {owner.pid} is dead")
    if quiet >= lease.seconds:
        return Verdict(
            True, f"taken over from operation {lease.operation_id}: no sign of life for {lease.seconds} seconds"
        )
    return Verdict(False, f"held by operation {lease.operation_id} ({describe_owner(lease)})")


def holder_name(lease: Lease) -> str:
    """The holder as operators name it: ``<host>:<pid>``."""
    owner = Owner.parse(lease.owner)
    return f"{owner.host}:{owner.pid}" if owner else lease.owner


def describe_owner(lease: Lease) -> str:
    owner = Owner.parse(lease.owner)
    who = (
        f"process {owner.pid} on {owner.host}" if owner and owner.pid else f"on {owner.host}" if owner else lease.owner
    )
    return f"{who}, last renewed {lease.renewed_at or 'never'}"


def lease_result(lease: Lease | None) -> dict[str, Any] | None:
    """The lease as modules return it."""
    if lease is None:
        return None
    return {
        "held": lease.held,
        "operation_id": lease.operation_id,
        "owner": lease.owner,
        "fence": lease.fence,
        "beat": lease.beat,
        "lease_seconds": lease.seconds,
        "acquired_at": lease.acquired_at,
        "renewed_at": lease.renewed_at,
        "holder": holder_name(lease) if lease.held else None,
    }


def renew_interval(lease_seconds: float) -> float:
    """Seconds between two renewals while a module waits."""
    return max(0.5, min(lease_seconds / 3, MAX_RENEW_INTERVAL))


def is_fresh(seconds: float, asked: float, now: float) -> bool:
    """Whether a renewal still proves that the lease is ours.

    :param seconds: the lease's.
    :param asked: when the renewal was asked for, on the holder's clock: the answer may have been on its way for long.
    """
    return now - asked < seconds * 2 / 3


def acquire_part(
    table: str, target: str, lease: Lease | None, *, owner: str, operation_id: str, seconds: int, moment: str
) -> Part:
    """Take the lease as it was read, with fence + 1; fails when anybody wrote it meanwhile."""
    values = {
        "schema": SCHEMA,
        "target": target,
        "owner": owner,
        "held_by": operation_id,
        "fence": (lease.fence if lease else 0) + 1,
        "beat": 0,
        "lease_seconds": seconds,
        "normal_seconds": seconds,
        "held": True,
        "acquired_at": moment,
        "renewed_at": moment,
    }
    if lease is None:
        return update(table, lease_key(target), values, "attribute_not_exists(#key)", names={"#key": "operation_id"})
    return update(
        table,
        lease_key(target),
        values,
        "#fence = :fence AND #beat = :beat AND #held = :held",
        names={"#fence": "fence", "#beat": "beat", "#held": "held"},
        known={":fence": lease.fence, ":beat": lease.beat, ":held": lease.held},
    )


def renew_part(table: str, target: str, owner: str, fence: int, moment: str, hold: int | None = None) -> Part:
    """Another beat, on condition that owner and fence are still ours.

    :param hold: seconds to hold the lease without a beat; left out, the normal time is put back.
    """
    values: dict[str, Any] = {"renewed_at": moment}
    expressions = {"beat": "#beat + :one"}
    names = {"#beat": "beat"}
    if hold is not None:
        values["lease_seconds"] = hold
    else:
        expressions["lease_seconds"] = "#normal"
        names["#normal"] = "normal_seconds"
    return _ours(table, target, owner, fence, values, names, expressions)


def release_part(table: str, target: str, owner: str, fence: int, moment: str) -> Part:
    """Give the lease back. The item stays: the fence only grows. Repeating it changes nothing."""
    return _ours(table, target, owner, fence, {"renewed_at": moment, "held": False}, {}, {}, held=False)


def break_part(table: str, target: str, lease: Lease, moment: str) -> Part:
    """Take the lease away from its holder, who can't write any more: fence + 1; fails when anybody wrote it since."""
    return update(
        table,
        lease_key(target),
        {"fence": lease.fence + 1, "held": False, "renewed_at": moment},
        "#fence = :fence AND #beat = :beat AND #held = :held",
        names={"#fence": "fence", "#beat": "beat", "#held": "held"},
        known={":fence": lease.fence, ":beat": lease.beat, ":held": True},
    )


def _ours(
    table: str,
    target: str,
    owner: str,
    fence: int,
    values: Mapping[str, Any],
    names: Mapping[str, str],
    expressions: Mapping[str, str],
    held: bool = True,
) -> Part:
    condition = "#owner = :owner AND #fence = :fence"
    all_names = {**names, "#owner": "owner", "#fence": "fence"}
    known: dict[str, Any] = {":owner": owner, ":fence": fence}
    if "beat" in expressions:
        known[":one"] = 1
    if held:
        condition += " AND #held = :held"
        all_names["#held"] = "held"
        known[":held"] = True
    return update(table, lease_key(target), values, condition, all_names, known, expressions)
