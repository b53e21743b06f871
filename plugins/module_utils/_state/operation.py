# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Open, renew, record and close an operation: reads, decides, writes."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._aws import Client
from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import Refused, StateError
from ansible_collections.dbops.aurora_restore.plugins.module_utils._poller import Look, Poller, done, pending
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state import table as state_table
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.journal import (
    audit_part,
    lease_lost,
    write_fenced,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.lease import (
    Lease,
    Watch,
    acquire_part,
    decide,
    release_part,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.owner import Owner, is_dead
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.records import (
    STEPS,
    audit_item,
    latest_key,
    lease_key,
    now_text,
    operation_key,
    shorten,
    step_key,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.report import (
    build_report,
    operation_summary,
    split_items,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.ulid import new_ulid

# What is kept of a snapshot: enough to name it, to age it and to find it again.
PINNED = (
    "db_cluster_snapshot_identifier",
    "db_cluster_snapshot_arn",
    "snapshot_create_time",
    "db_cluster_identifier",
    "db_cluster_resource_id",
    "engine",
    "engine_version",
    "master_username",
    "kms_key_id",
    "snapshot_type",
    "source_db_cluster_snapshot_arn",
    "source_snapshot_time",
)
# Operations that failed one after the other, as remembered by the next one
MAX_CHAIN = 50
# How often a start that lost a race looks again before it gives up
MAX_RACES = 10


@dataclass(frozen=True)
class Start:
    """What a new operation is about."""

    table: str
    region: str
    endpoint_url: str | None
    target: str
    source: Mapping[str, Any]
    inputs: Mapping[str, Any]
    lease_seconds: int
    owner: Owner
    about: Mapping[str, Any] = field(default_factory=dict)
    dead: Callable[[Owner, Owner], bool] = is_dead
    monotonic: Callable[[], float] = time.monotonic


@dataclass(frozen=True)
class Started:
    """An operation as its modules get it, and the one before it if that did not succeed."""

    operation: dict[str, Any]
    previous: dict[str, Any] | None
    reason: str


def start(client: Client, request: Start, poller: Poller) -> Started:
    """Take the lease and write the operation, in one transaction.

    :param poller: how long to wait for a lease that another operation holds; a timeout of 0 asks once.
    :raises Refused: another operation holds the target.
    :raises StateError: the table can't hold the state.
    """
    state_table.require_table(client, request.table, request.region)
    operation_id = new_ulid()
    watch = Watch()
    for _race in range(MAX_RACES):
        lease, reason = _wait_for_lease(client, request, watch, poller)
        previous = read_previous(client, request.table, request.target)
        parts = _start_parts(request, operation_id, lease, previous, reason)
        try:
            state_table.transact(client, request.table, parts, new_ulid())
        except state_table.ConditionFailed:
            # Perhaps a repeat of our own request, whose first answer was lost; else somebody was faster.
            written = read_lease(client, request.table, request.target)
            if written is None or written.operation_id != operation_id:
                continue
        fence = (lease.fence if lease else 0) + 1
        return Started(_operation(request, operation_id, fence), unfinished(previous), reason)
    raise StateError(
        f"The lease of {request.target} changed {MAX_RACES} times while it was asked for",
        resource=request.target,
        hint="Run the same command again.",
    )


def plan(client: Client, request: Start, wait: bool) -> Started:
    """What ``start`` would do, without writing: the operation gets fence 0, with which nothing is ever written.

    :param wait: whether a start would wait for a held lease; only then a held one is no error.
    :raises Refused: another operation holds the target.
    """
    state_table.require_table(client, request.table, request.region)
    lease = read_lease(client, request.table, request.target)
    verdict = decide(lease, Watch(), request.monotonic(), request.owner, request.dead)
    if not verdict.free and not wait:
        raise held(request.target, verdict.reason)
    previous = read_previous(client, request.table, request.target)
    return Started(_operation(request, new_ulid(), 0), unfinished(previous), verdict.reason)


def read_lease(client: Client, table: str, target: str) -> Lease | None:
    item = state_table.get_item(client, table, lease_key(target))
    return Lease.from_item(item) if item else None


def read_previous(client: Client, table: str, target: str) -> dict[str, Any] | None:
    """The operation item of the target's last operation, if there is one.

    ``delete_began`` is added: whether that operation had begun to remove the target.
    """
    latest = state_table.get_item(client, table, latest_key(target))
    if not latest or not latest.get("last_operation_id"):
        return None
    operation_id = latest["last_operation_id"]
    item = state_table.get_item(client, table, operation_key(operation_id))
    if item is None:
        return None
    step = state_table.get_item(client, table, step_key(operation_id, "cluster_delete"))
    return {**item, "delete_began": delete_began(step or {})}


def delete_began(step: Mapping[str, Any]) -> bool:
    """Whether a cluster_delete step got as far as taking something away: protection, members or the cluster."""
    last = str((step.get("intent") or {}).get("action", ""))
    return bool((step.get("result") or {}).get("first_destructive_at")) or last.startswith(("Modify", "Delete"))


def unfinished(previous: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The summary of an operation that did not succeed, with the configuration to go on from.

    The configuration is the one that it captured, or that it had itself inherited: a run that dies after the delete,
    and any number of runs that fail after that, lose nothing. ``operations`` are the failed operations since the last
    that succeeded, newest first: a cluster that carries one of their ids is a wreck, not what was captured.
    ``deleting_since`` is the start of the first of them that had begun to remove the target: what is left of a cluster
    that is older has lost members, or its protection, to that.
    """
    if previous is None or previous.get("status") == "succeeded":
        return None
    began = previous["started_at"] if previous.get("delete_began") else None
    return {
        **operation_summary(previous),
        "configuration": previous.get("configuration") or previous.get("inherited_configuration"),
        "operations": [previous["operation_id"], *(previous.get("inherited_operations") or [])][:MAX_CHAIN],
        "deleting_since": previous.get("inherited_deleting_since") or began,
    }


def held(target: str, reason: str) -> Refused:
    return Refused(
        f"The target {target} is {reason}",
        resource=target,
        hint="Wait until it is finished. If that run is gone, the lease can be taken over once it has shown no sign of"
        " life for lease_seconds: run again with a wait_timeout (aurora_restore_lease_wait_timeout) longer than that.",
    )


def record(client: Client, operation: Mapping[str, Any], step: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Write a step's status, and pin the operation's snapshot and captured configuration.

    :param values: status, changed, result, error; snapshot, configuration.
    :returns: the step item as it was written.
    :raises LeaseLost: another operation holds the target.
    """
    table = operation["table"]
    old = state_table.get_item(client, table, step_key(operation["id"], step)) or {}
    new = step_values(old, values, now_text())
    parts = [
        state_table.update(table, step_key(operation["id"], step), new),
        audit_part(
            operation, "step", name=step, status=values["status"], changed=new.get("changed"), error=new.get("error")
        ),
    ]
    kept = _pins(client, operation, values)
    if kept:
        parts.append(state_table.update(table, operation_key(operation["id"]), kept))
    write_fenced(client, operation, parts)
    return {**old, **new, "step": step}


def step_values(old: Mapping[str, Any], values: Mapping[str, Any], moment: str) -> dict[str, Any]:
    """The attributes of a step item that a new status changes. Pure."""
    status = values["status"]
    new: dict[str, Any] = {"status": status}
    if status == "running":
        new.update(attempt=int(old.get("attempt") or 0) + 1, started_at=moment, finished_at=None, error=None)
    else:
        new.update(attempt=int(old.get("attempt") or 1), started_at=old.get("started_at") or moment, finished_at=moment)
        new["changed"] = bool(old.get("changed")) if values.get("changed") is None else values["changed"]
    if values.get("error"):
        new["error"] = shorten(values["error"])
    if values.get("result"):
        new["result"] = {**(old.get("result") or {}), **shorten(values["result"])}
    return new


def pin(snapshot: Mapping[str, Any]) -> dict[str, Any]:
    return {key: snapshot[key] for key in PINNED if snapshot.get(key) is not None}


def finish(
    client: Client, operation: Mapping[str, Any], status: str, error: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Close the operation and release its lease, in one transaction.

    Steps that still run are closed with the operation's error: nothing goes on after this.

    :returns: the report.
    :raises LeaseLost: another operation holds the target (and has closed this one).
    """
    table, moment = operation["table"], now_text()
    known, steps, _audit = split_items(state_table.query_operation(client, table, operation["id"]))
    if known is None:
        raise StateError(f"The state table {table} has no operation {operation['id']}", resource=table, resumes=False)
    problem = shorten(error) if error else None
    closed = {"status": status, "finished_at": moment, "error": problem}
    parts = [
        release_part(table, operation["target"], operation["owner"], operation["fence"], moment),
        state_table.update(table, operation_key(operation["id"]), closed),
        state_table.put(table, _latest(operation["target"], operation["id"], status, moment)),
        audit_part(operation, "finished", status=status, error=problem),
    ]
    for step in (step for step in steps if step.get("status") == "running"):
        ended = step_values(step, {"status": status, "error": step.get("error") or problem}, moment)
        step.update(ended)
        parts.append(state_table.update(table, step_key(operation["id"], step["step"]), ended))
    try:
        state_table.transact(client, table, parts, new_ulid())
    except state_table.ConditionFailed as failed:
        raise lease_lost(client, operation) from failed
    return build_report({**known, **closed}, steps)


def read_report(client: Client, table: str, operation_id: str) -> dict[str, Any] | None:
    """The report of an operation as the table has it, or None when there is no such operation."""
    known, steps, _audit = split_items(state_table.query_operation(client, table, operation_id))
    return build_report(known, steps) if known else None


def planned_report(operation: Mapping[str, Any], status: str, error: Mapping[str, Any] | None) -> dict[str, Any]:
    """The report of an operation that was only planned: nothing was recorded."""
    known = {"operation_id": operation["id"], "target": operation["target"], "status": status, "error": error}
    return build_report(known, [])


def list_operations(client: Client, table: str, target: str, limit: int) -> list[dict[str, Any]]:
    """The last operations of a target, newest first: each names the one before it."""
    operations: list[dict[str, Any]] = []
    item = read_previous(client, table, target)
    while item is not None and len(operations) < limit:
        operations.append(operation_summary(item))
        before = item.get("previous_operation_id")
        item = state_table.get_item(client, table, operation_key(before)) if before else None
    return operations


def _wait_for_lease(client: Client, request: Start, watch: Watch, poller: Poller) -> tuple[Lease | None, str]:
    reasons: list[str] = []

    def look() -> Look[tuple[Lease | None, str]]:
        lease = read_lease(client, request.table, request.target)
        verdict = decide(lease, watch, request.monotonic(), request.owner, request.dead)
        reasons.append(verdict.reason)
        if verdict.free:
            return done((lease, verdict.reason))
        if poller.timeout <= 0:
            raise held(request.target, verdict.reason)
        return pending(verdict.reason)

    return poller.until("the lease", request.target, look)


def _start_parts(
    request: Start, operation_id: str, lease: Lease | None, previous: Mapping[str, Any] | None, reason: str
) -> list[state_table.Part]:
    moment = now_text()
    fence = (lease.fence if lease else 0) + 1
    before = unfinished(previous)
    item = {
        **operation_key(operation_id),
        "target": request.target,
        "source": request.source,
        "inputs": shorten(request.inputs),
        "strategy": "replace",
        "status": "running",
        "owner": str(request.owner),
        "host": request.owner.host,
        "fence": fence,
        "started_at": moment,
        "previous_operation_id": previous["operation_id"] if previous else None,
        "inherited_configuration": before["configuration"] if before else None,
        "inherited_operations": before["operations"] if before else [],
        "inherited_deleting_since": before["deleting_since"] if before else None,
        **request.about,
    }
    parts = [
        acquire_part(
            request.table,
            request.target,
            lease,
            owner=str(request.owner),
            operation_id=operation_id,
            seconds=request.lease_seconds,
            moment=moment,
        ),
        state_table.put(request.table, item),
        state_table.put(request.table, _latest(request.target, operation_id, "running", moment)),
        state_table.put(
            request.table,
            audit_item(operation_id, moment, secrets.token_hex(3), "started", fence=fence, lease=reason),
        ),
    ]
    if previous and previous.get("status") == "running":
        parts.append(_abandon(request.table, previous["operation_id"], operation_id, moment))
    return parts


def _abandon(table: str, operation_id: str, by: str, moment: str) -> state_table.Part:
    """Close an operation whose run is gone."""
    error = {
        "kind": "abandoned",
        "code": "abandoned",
        "message": f"The run ended without closing the operation; operation {by} took the target over.",
    }
    return state_table.update(
        table,
        operation_key(operation_id),
        {"status": "failed", "finished_at": moment, "error": error},
        "#status = :running",
        {"#status": "status"},
        {":running": "running"},
    )


def _latest(target: str, operation_id: str, status: str, moment: str) -> dict[str, Any]:
    return {**latest_key(target), "last_operation_id": operation_id, "status": status, "updated_at": moment}


def _operation(request: Start, operation_id: str, fence: int) -> dict[str, Any]:
    """What every mutating module takes as ``operation``."""
    return {
        "id": operation_id,
        "step": STEPS[0],
        "target": request.target,
        "owner": str(request.owner),
        "fence": fence,
        "table": request.table,
        "region": request.region,
        "endpoint_url": request.endpoint_url,
    }


def _pins(client: Client, operation: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """What a record pins to the operation: configuration, and snapshot (never a copy in place of the original)."""
    kept: dict[str, Any] = {}
    if values.get("configuration"):
        kept["configuration"] = values["configuration"]
    snapshot = values.get("snapshot")
    if snapshot:
        known = state_table.get_item(client, operation["table"], operation_key(operation["id"])) or {}
        if not (known.get("snapshot") and snapshot.get("source_db_cluster_snapshot_arn")):
            kept["snapshot"] = pin(snapshot)
    return kept
