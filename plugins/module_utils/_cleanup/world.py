# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a cleanup looks at, what it is told to keep, and what it decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._cleanup.operations import Operation
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.models import Cluster, Snapshot, to_iso

DELETE = "delete"
KEEP = "keep"
REPORT = "report"  # kept, and somebody should look at it

COPY = "copy"
FINAL_SNAPSHOT = "final snapshot"
STATE = "operation"
CLUSTER = "cluster"


@dataclass(frozen=True)
class Place:
    """A cluster, by where it is and what it is called (in lower case)."""

    account: str
    region: str
    cluster_id: str

    def __str__(self) -> str:
        return f"{self.account}/{self.region}/{self.cluster_id}"


@dataclass(frozen=True)
class Rules:
    """What is kept. A snapshot goes when it is older than its age, and not among the newest either.

    :param keep_copies: so many of the newest copies of the source under each key; at least one is kept anyhow.
    :param keep_final_snapshots: so many of the target's newest final snapshots; at least one is kept anyhow.
    :param minimum_age_hours: nothing that is younger goes, whatever its state.
    :param shared: whether snapshots go that other accounts may restore.
    """

    keep_copies: int = 2
    copies_older_than_days: float = 7.0
    keep_final_snapshots: int = 3
    final_snapshots_older_than_days: float = 30.0
    minimum_age_hours: float = 24.0
    shared: bool = False


@dataclass(frozen=True)
class World:
    """What was seen.

    :param source: the cluster whose copies are looked after; of others they are left alone.
    :param target: the cluster whose final snapshots and operations are looked after.
    :param snapshots: all manual snapshots of the target's region.
    :param clusters: all clusters of that region.
    :param operations: all of the state table, of all targets.
    :param shared: ARN of a snapshot to the accounts that may restore it; one that is missing was not asked for.
    """

    source: Place
    target: Place
    snapshots: Sequence[Snapshot]
    clusters: Sequence[Cluster]
    operations: Sequence[Operation]
    now: datetime
    shared: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Decision:
    """What is done about one thing, and why.

    :param name: id of the snapshot, cluster or operation.
    :param arn: where it has one; else the id.
    :param reason: the end of a sentence that begins with the name: "it is the newest".
    :param hint: what somebody should do about it, a sentence.
    :param created_at: None where it is not known; age_days as well.
    :param size_gib: None where it is not known, or there is none.
    :param items: how many items of the state table.
    """

    verdict: str
    kind: str
    name: str
    arn: str
    reason: str
    owner: str = ""
    status: str = ""
    created_at: datetime | None = None
    age_days: float | None = None
    size_gib: int | None = None
    items: int = 0
    hint: str = ""

    @property
    def is_snapshot(self) -> bool:
        return self.kind in (COPY, FINAL_SNAPSHOT)

    def to_result(self) -> dict[str, Any]:
        result: dict[str, Any] = {
            "kind": self.kind,
            "id": self.name,
            "arn": self.arn if self.arn != self.name else None,
            "owner": self.owner,
            "status": self.status,
            "reason": self.reason,
            "created_at": to_iso(self.created_at) if self.created_at else None,
            "age_days": self.age_days,
            "size_gib": self.size_gib,
        }
        return {
            **result,
            **({"hint": self.hint} if self.hint else {}),
            **({"item_count": self.items} if self.items else {}),
        }
