# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Choosing the snapshot to restore: pure, with a reason for each one that is passed over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.models import Snapshot, to_iso

OLDEST = datetime.min.replace(tzinfo=timezone.utc)


@dataclass(frozen=True)
class Wish:
    """Which snapshot is wanted; everything that is given must hold.

    :param snapshot_id: this one, by id or ARN (pinned).
    :param prefix: the id starts with it; for automated snapshots with or without ``rds:``.
    :param snapshot_type: automated, manual or any.
    :param max_age_hours: not older.
    :param created_before: not younger.
    :param tags: the snapshot has these tags with these values.
    """

    snapshot_id: str | None = None
    prefix: str | None = None
    snapshot_type: str = "any"
    max_age_hours: float | None = None
    created_before: datetime | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Candidate:
    """A snapshot and, when it can't be used, why (a phrase: "it is still being created")."""

    snapshot: Snapshot
    reason: str | None = None

    @property
    def usable(self) -> bool:
        return self.reason is None

    def to_result(self) -> dict[str, Any]:
        created = self.snapshot.created_at
        return {
            "id": self.snapshot.id,
            "status": self.snapshot.status,
            "created_at": to_iso(created) if created else None,
            "usable": self.usable,
            "reason": self.reason,
        }


def age_seconds(snapshot: Snapshot, now: datetime) -> int | None:
    """How old the snapshot is, in seconds; None while it is being created."""
    return int((now - snapshot.created_at).total_seconds()) if snapshot.created_at else None


def judge(snapshots: Iterable[Snapshot], wish: Wish, now: datetime) -> list[Candidate]:
    """Every snapshot with its verdict, newest first (those without a create time last)."""
    ordered = sorted(snapshots, key=lambda item: (item.created_at or OLDEST, item.id), reverse=True)
    return [Candidate(item, reason_against(item, wish, now)) for item in ordered]


def newest_usable(candidates: Sequence[Candidate]) -> Snapshot | None:
    """The snapshot to restore, or None."""
    return next((item.snapshot for item in candidates if item.usable), None)


def reason_against(snapshot: Snapshot, wish: Wish, now: datetime) -> str | None:
    """Why this snapshot can't be used, or None."""
    checks = (_reason_by_name(snapshot, wish), _reason_by_status(snapshot), _reason_by_age(snapshot, wish, now))
    return next((reason for reason in checks if reason), None)


def _reason_by_name(snapshot: Snapshot, wish: Wish) -> str | None:
    if wish.snapshot_id and wish.snapshot_id.lower() not in (snapshot.id, snapshot.arn.lower()):
        return f"it is not {wish.snapshot_id}"
    if wish.snapshot_type != "any" and snapshot.type != wish.snapshot_type:
        return f"it is {snapshot.type}, not {wish.snapshot_type}"
    prefix = (wish.prefix or "").lower()
    if not snapshot.id.startswith(prefix) and not snapshot.id.removeprefix("rds:").startswith(prefix):
        return f"its id does not start with {wish.prefix}"
    if snapshot.source_arn and not wish.snapshot_id:
        return f"it is a copy of {snapshot.source_arn}"
    missing = [key for key, value in wish.tags.items() if snapshot.tags.get(key) != value]
    if missing:
        return f"its tags do not match: {', '.join(sorted(missing))}"
    return None


def _reason_by_status(snapshot: Snapshot) -> str | None:
    if snapshot.status == "creating":
        return "it is still being created"
    if snapshot.status != "available":
        return f"its status is {snapshot.status}"
    if snapshot.created_at is None:
        return "it has no create time yet"
    return None


def _reason_by_age(snapshot: Snapshot, wish: Wish, now: datetime) -> str | None:
    created = snapshot.created_at
    if created is None:
        return None
    if wish.max_age_hours is not None and now - created > timedelta(hours=wish.max_age_hours):
        hours = (now - created).total_seconds() / 3600
        return f"it is {hours:.1f} hours old, more than {wish.max_age_hours:g}"
    if wish.created_before is not None and created >= wish.created_before:
        return f"it was not created before {to_iso(wish.created_before)}"
    return None


def why_none(candidates: Sequence[Candidate], wish: Wish, region: str, cluster_id: str | None) -> str:
    """One sentence that says why there is no usable snapshot."""
    if wish.snapshot_id:
        pinned = [
            item for item in candidates if wish.snapshot_id.lower() in (item.snapshot.id, item.snapshot.arn.lower())
        ]
        if pinned:
            return f"Snapshot {wish.snapshot_id} in {region} can't be used: {pinned[0].reason}."
        return f"Snapshot {wish.snapshot_id} does not exist in {region}."
    if not candidates:
        return f"Cluster {cluster_id} has no snapshots in {region}."
    shown = "; ".join(f"{item.snapshot.id}: {item.reason}" for item in candidates[:5])
    more = f"; and {len(candidates) - 5} more" if len(candidates) > 5 else ""
    return f"None of the {len(candidates)} snapshots of cluster {cluster_id} in {region} can be used ({shown}{more})."
