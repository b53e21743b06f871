# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which snapshots go, which stay, and why. Pure.

Whatever is in doubt stays. ``docs/docsite/rst/cleanup.rst`` has the rules as a table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone

from ansible_collections.dbops.aurora_restore.plugins.module_utils._cleanup.expiry import decide_operations, judge
from ansible_collections.dbops.aurora_restore.plugins.module_utils._cleanup.operations import Operation
from ansible_collections.dbops.aurora_restore.plugins.module_utils._cleanup.world import (
    CLUSTER,
    COPY,
    DELETE,
    FINAL_SNAPSHOT,
    KEEP,
    REPORT,
    Decision,
    Place,
    Rules,
    World,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds import naming
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.models import (
    TAG_OPERATION,
    TAG_RESTORED,
    TAG_SOURCE_ARN,
    Cluster,
    Snapshot,
    arn_part,
    from_iso,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.statuses import (
    AVAILABLE,
    CLUSTER_TERMINAL,
    SNAPSHOT_IN_FLIGHT,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.records import parse_text

FAILED = "failed"
BEING_MADE = "creating"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LONG_AGO = datetime.min.replace(tzinfo=timezone.utc)


def decide(world: World, rules: Rules) -> list[Decision]:
    """What is done about everything that is this collection's: snapshots, operations, wrecks of clusters."""
    return [*decide_snapshots(world, rules), *decide_operations(world, rules), *wrecks(world)]


def kind_of(snapshot: Snapshot) -> str | None:
    """What a snapshot is to this collection, by tags that say the same as AWS does; None: somebody else's.

    A tag alone proves little, since snapshots of a restored cluster inherit its tags, and copies can have them as well.
    A name proves nothing.
    """
    if snapshot.type != "manual":
        return None
    if snapshot.source_arn:
        return COPY if snapshot.tags.get(TAG_SOURCE_ARN) == snapshot.source_arn else None
    operation_id = snapshot.tags.get(TAG_OPERATION)
    if operation_id and snapshot.id == naming.final_snapshot_id(
        snapshot.cluster_id, naming.short_key(operation_id, "")
    ):
        return FINAL_SNAPSHOT
    return None


def owner_of(snapshot: Snapshot) -> Place:
    """The source of a copy, else the cluster that was replaced."""
    arn = snapshot.source_arn or snapshot.arn
    return Place(arn_part(arn, 4), arn_part(arn, 3), snapshot.cluster_id)


def decide_snapshots(world: World, rules: Rules) -> list[Decision]:
    """What is done about each snapshot of this collection; about no other."""
    study = _Study(world, rules)
    return [study.decide(snapshot, kind) for snapshot in world.snapshots if (kind := kind_of(snapshot))]


def candidates(world: World, rules: Rules) -> list[Decision]:
    """The snapshots that go, if no other account may restore them: those of which that has to be asked."""
    unshared = {snapshot.arn: () for snapshot in world.snapshots}
    seen = replace(world, shared=unshared)
    return [item for item in decide_snapshots(seen, rules) if item.verdict == DELETE]


@dataclass(frozen=True)
class _Case:
    """One snapshot, among those of its kind, owner and key: ``place`` 0 is the newest of the available ones."""

    snapshot: Snapshot
    kind: str
    made_at: datetime | None
    age: timedelta | None
    place: int | None
    has_newest_data: bool


class _Study:
    """A world with what is found out once for all of its snapshots."""

    def __init__(self, world: World, rules: Rules) -> None:
        self.world, self.rules = world, rules
        self.known = {operation.id: operation for operation in world.operations}
        # What is left of an operation of which the table has lost the rest counts as long as it is there to stay.
        self.blocking = [
            item
            for item in world.operations
            if item.is_unfinished or (item.item is None and not judge(item, world.now, rules)[0])
        ]
        self.groups: dict[tuple[str, Place, str], list[Snapshot]] = {}
        for snapshot in world.snapshots:
            kind = kind_of(snapshot)
            if kind and snapshot.status == AVAILABLE and snapshot.created_at:
                self.groups.setdefault(_group(snapshot, kind), []).append(snapshot)
        for group in self.groups.values():
            group.sort(key=lambda item: (item.created_at, item.id), reverse=True)

    def decide(self, snapshot: Snapshot, kind: str) -> Decision:
        case = self._case(snapshot, kind)
        verdict, reason, hint = DELETE, "", ""
        for protection in PROTECTIONS:
            found = protection(self, case)
            if found:
                verdict, reason, hint = KEEP, found, ""
                break
        if verdict == KEEP and self._is_forgotten(case):
            verdict, hint = REPORT, self._forgotten_hint(case)
        return Decision(
            verdict,
            kind,
            snapshot.id,
            snapshot.arn,
            reason or self._why(case),
            owner=str(owner_of(snapshot)),
            status=snapshot.status,
            created_at=case.made_at,
            age_days=round(case.age / DAY, 1) if case.age is not None else None,
            size_gib=known_size(snapshot),
            hint=hint,
        )

    def _case(self, snapshot: Snapshot, kind: str) -> _Case:
        group = self.groups.get(_group(snapshot, kind), [])
        made_at = snapshot.created_at or self._ended(snapshot)
        return _Case(
            snapshot,
            kind,
            made_at,
            self.world.now - made_at if made_at else None,
            group.index(snapshot) if snapshot in group else None,
            snapshot in group and snapshot == max(group, key=_data_time),
        )

    def _ended(self, snapshot: Snapshot) -> datetime | None:
        """RDS does not say when a snapshot failed; it was before the end of its operation."""
        operation = self.known.get(snapshot.tags.get(TAG_OPERATION, ""))
        if snapshot.status != FAILED or operation is None or operation.is_unfinished:
            return None
        return parse_text((operation.item or {}).get("finished_at"))

    # ---- what protects a snapshot: each says why it stays, or None

    def other_owner(self, case: _Case) -> str | None:
        owner = owner_of(case.snapshot)
        mine = self.world.source if case.kind == COPY else self.world.target
        if owner == mine:
            return None
        return f"it is one of {owner}, which is not this host's {'source' if case.kind == COPY else 'target'}"

    def status(self, case: _Case) -> str | None:
        status = case.snapshot.status
        return None if status in (AVAILABLE, FAILED) else f"it is {status or 'without a status'}"

    def in_use(self, case: _Case) -> str | None:
        uses = (_use(operation, case.snapshot, case.kind) for operation in self.blocking)
        return next((reason for reason in uses if reason), None)

    def restored_from(self, case: _Case) -> str | None:
        uses = (_restores(cluster, case.snapshot) for cluster in self.world.clusters)
        return next((reason for reason in uses if reason), None)

    def copied_from(self, case: _Case) -> str | None:
        for other in self.world.snapshots:
            if other.source_arn == case.snapshot.arn and other.status in SNAPSHOT_IN_FLIGHT:
                return f"snapshot {other.id} is being copied from it"
        return None

    def young(self, case: _Case) -> str | None:
        if case.age is None:
            return "nobody knows how old it is"
        least = self.rules.minimum_age_hours
        return f"it is younger than {least:g} hours" if case.age / HOUR < least else None

    def newest(self, case: _Case) -> str | None:
        if case.place == 0:
            return f"it is the newest {'copy of its source' if case.kind == COPY else 'final snapshot of its target'}"
        return "it holds newer data than all other copies of its source" if case.has_newest_data else None

    def counted(self, case: _Case) -> str | None:
        keep = self._keep(case)
        return f"it is one of the {keep} newest" if case.place is not None and case.place < keep else None

    def aged(self, case: _Case) -> str | None:
        if case.snapshot.status == FAILED or case.age is None:
            return None
        days = self._days(case)
        return f"it is not older than {days:g} days" if case.age / DAY <= days else None

    def shared(self, case: _Case) -> str | None:
        if self.rules.shared:
            return None
        accounts = self.world.shared.get(case.snapshot.arn)
        if accounts is None:
            return "nobody knows who else may restore it"
        return f"it is shared with {', '.join(sorted(accounts))}" if accounts else None

    # ---- the rest

    def _keep(self, case: _Case) -> int:
        return self.rules.keep_copies if case.kind == COPY else self.rules.keep_final_snapshots

    def _days(self, case: _Case) -> float:
        return self.rules.copies_older_than_days if case.kind == COPY else self.rules.final_snapshots_older_than_days

    def _why(self, case: _Case) -> str:
        if case.snapshot.status == FAILED:
            return "it has failed, and nothing needs it"
        return f"it is older than {self._days(case):g} days, and {case.place} newer ones are there"

    def _is_forgotten(self, case: _Case) -> bool:
        """In flight, and no run is there that waits for it."""
        return (
            case.kind == COPY
            and case.snapshot.status in SNAPSHOT_IN_FLIGHT
            and self.other_owner(case) is None
            and not any(item.held_target and _use(item, case.snapshot, COPY) for item in self.world.operations)
        )

    def _forgotten_hint(self, case: _Case) -> str:
        found = [item.id for item in self.blocking if _use(item, case.snapshot, COPY)]
        if found:
            return (
                f"Run restore.yml again, which goes on with {found[0]}, or end that operation with abort.yml"
                " (-e aurora_restore_abort_cancel_copy=true cancels the copy)."
            )
        return "Its operation is over. Once it is available it is treated like every other copy."


# In the order in which reasons are given: the first one counts.
PROTECTIONS: Sequence[Callable[[_Study, _Case], str | None]] = (
    _Study.other_owner,
    _Study.status,
    _Study.in_use,
    _Study.restored_from,
    _Study.copied_from,
    _Study.newest,
    _Study.young,
    _Study.counted,
    _Study.aged,
    _Study.shared,
)


def _group(snapshot: Snapshot, kind: str) -> tuple[str, Place, str]:
    """Copies under another key are for another target: each has its own newest."""
    return kind, owner_of(snapshot), str(snapshot.kms_key_id or "").lower() if kind == COPY else ""


def _data_time(snapshot: Snapshot) -> tuple[datetime, datetime]:
    """When the data is from, long ago where nobody knows, and when the snapshot was made."""
    made_at = snapshot.created_at or LONG_AGO
    try:
        return from_iso(snapshot.origin_time or ""), made_at
    except ValueError:
        return LONG_AGO, made_at


def known_size(snapshot: Snapshot) -> int | None:
    """AllocatedStorage. 0 and 1 are what AWS says of Aurora when it does not say."""
    size = int(snapshot.boto.get("AllocatedStorage") or 0)
    return size if size > 1 else None


def _use(operation: Operation, snapshot: Snapshot, kind: str) -> str | None:
    """What an unfinished operation has to do with a snapshot."""
    name = f"operation {operation.id}, which is {'running' if operation.held_target else 'unfinished'}"
    if snapshot.tags.get(TAG_OPERATION) == operation.id:
        return f"it was made by {name}"
    named = {snapshot.id, snapshot.arn.lower(), (snapshot.source_arn or snapshot.arn).lower()}
    if named & operation.texts:
        return f"it is used by {name}"
    if kind == COPY and not operation.has_chosen and _may_want(operation, snapshot):
        return f"it may be wanted by {name}: that one has not chosen its snapshot yet"
    return None


def _may_want(operation: Operation, snapshot: Snapshot) -> bool:
    source, owner = operation.source, owner_of(snapshot)
    if not source:
        return True
    return (str(source.get("cluster_id")).lower(), source.get("region")) == (owner.cluster_id, owner.region)


def _restores(cluster: Cluster, snapshot: Snapshot) -> str | None:
    """Whether a cluster is not through with being restored from the snapshot.

    RDS does not say what a cluster was restored from; the tags of this collection do. Where they don't, it may be any.
    """
    origin = cluster.tags.get(TAG_SOURCE_ARN)
    if origin is None:
        being = cluster.status == BEING_MADE
        return f"cluster {cluster.id} is being created, perhaps from it" if being else None
    complete = cluster.tags.get(TAG_RESTORED) and cluster.status != BEING_MADE
    if origin in (snapshot.source_arn, snapshot.arn) and not complete:
        return f"cluster {cluster.id} is being restored from it"
    return None


# ---- what dead operations left


def wrecks(world: World) -> list[Decision]:
    """Clusters of dead operations that nothing will become of. A cluster is never deleted here: it may hold data."""
    return [_wreck(cluster, reason) for cluster in world.clusters if (reason := _dead(cluster, world))]


def _dead(cluster: Cluster, world: World) -> str | None:
    operation_id = cluster.tags.get(TAG_OPERATION)
    if not operation_id or cluster.status not in CLUSTER_TERMINAL or cluster.id == world.target.cluster_id:
        return None
    known = {item.id: item for item in world.operations}.get(operation_id, Operation(operation_id))
    if known.is_unfinished:
        return None
    if known.item is None:
        return f"it was restored by operation {operation_id}, of which the table knows nothing"
    if known.target != str(world.target):
        return None
    return f"it was restored by operation {operation_id}, which is {known.status}"


def _wreck(cluster: Cluster, reason: str) -> Decision:
    return Decision(
        REPORT,
        CLUSTER,
        cluster.id,
        cluster.arn,
        f"{reason}; it is {cluster.status}",
        status=cluster.status,
        hint="Look into it, then delete it by hand or with the module cluster_delete: a cleanup deletes no clusters.",
    )


def foreign(world: World) -> Iterator[Snapshot]:
    """Manual snapshots that are not this collection's."""
    return (item for item in world.snapshots if kind_of(item) is None)
