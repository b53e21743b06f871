# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Open or resume an operation, and record its steps: reads, decides, writes."""

from __future__ import annotations

import datetime
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._aws import Client
from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import Refused, StateError
from ansible_collections.dbops.aurora_restore.plugins.module_utils._poller import Look, Poller, done, pending
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state import table as state_table
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.closing import expire_rest
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.journal import audit_part, write_fenced
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.lease import (
    Lease,
    Watch,
    acquire_part,
    decide,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.owner import Owner, is_dead
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.previous import (
    current_step,
    read_operation,
    read_previous,
    unfinished,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.records import (
    EXPIRES,
    SCHEMA,
    STEPS,
    audit_item,
    expires_at,
    latest_item,
    lease_key,
    merged_result,
    now_text,
    operation_key,
    shorten,
    step_key,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.resuming import (
    UNFINISHED,
    Choice,
    Wanted,
    choose,
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
# How often a start that lost a race looks again before it gives up
MAX_RACES = 10


@dataclass(frozen=True)
class Start:
    """What an operation is about.

    :param inputs: what must be the same when the operation is resumed.
    :param options: what may change meanwhile; kept for the record.
    :param retention_days: how long the table keeps the operation once it is finished.
    :param operation_id: the unfinished operation to resume.
    :param new_operation_id: the id that a new operation gets, which a plan has named already.
    """

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
    options: Mapping[str, Any] = field(default_factory=dict)
    retention_days: int = 90
    resume: str = "auto"
    operation_id: str | None = None
    resume_within_hours: float = 12.0
    new_operation_id: str | None = None

    @property
    def wanted(self) -> Wanted:
        return Wanted(self.target, self.source, self.inputs, self.resume, self.operation_id, self.resume_within_hours)


@dataclass(frozen=True)
class Started:
    """An operation as its modules get it.

    :param previous: what an operation that did not succeed left: the one that is resumed, or the one before this.
    :param resumed: how the resumed operation stands, or None for a new one.
    :param reason: how the lease was got, and whether something is resumed.
    """

    operation: dict[str, Any]
    previous: dict[str, Any] | None
    reason: str
    resumed: dict[str, Any] | None = None


def start(client: Client, request: Start, poller: Poller) -> Started:
    """Take the lease and write the operation, new or resumed, in one transaction.

    :param poller: how long to wait for a lease that another operation holds; a timeout of 0 asks once.
    :raises Refused: another operation holds the target, or an unfinished one had other inputs.
    :raises StateError: the table can't hold the state.
    """
    state_table.require_table(client, request.table, request.region)
    new_id = request.new_operation_id or new_ulid()
    watch = Watch()
    for _race in range(MAX_RACES):
        lease, reason = _wait_for_lease(client, request, watch, poller)
        previous = read_previous(client, request.table, request.target)
        choice = _choose(client, request, previous)
        _refuse_other_than_planned(client, request, choice)
        operation_id = str(choice.resumes["operation_id"]) if choice.resumes else new_id
        parts = _start_parts(request, operation_id, lease, previous, choice, reason)
        try:
            state_table.transact(client, request.table, parts, new_ulid())
        except state_table.ConditionFailed:
            # Perhaps a repeat of our own request, whose first answer was lost; else somebody was faster.
            written = read_lease(client, request.table, request.target)
            if written is None or not _is_ours(written, request, operation_id, lease):
                continue
        if previous and _is_left(previous, operation_id):
            expire_rest(client, request.table, previous["operation_id"])
        if choice.resumes and choice.resumes.get(EXPIRES):
            expire_rest(client, request.table, operation_id)
        return _started(request, operation_id, _next_fence(lease), previous, choice, reason)
    raise StateError(
        f"The lease of {request.target} changed {MAX_RACES} times while it was asked for",
        resource=request.target,
        hint="Run the same command again.",
    )


def plan(client: Client, request: Start, wait: bool) -> Started:
    """What ``start`` would do, without writing: the operation gets fence 0, with which nothing is ever written.

    :param wait: whether a start would wait for a held lease; only then a held one is no error.
    :raises Refused: another operation holds the target, or an unfinished one had other inputs.
    """
    state_table.require_table(client, request.table, request.region)
    lease = read_lease(client, request.table, request.target)
    verdict = decide(lease, Watch(), request.monotonic(), request.owner, request.dead)
    if not verdict.free and not wait:
        raise held(request.target, verdict.reason)
    previous = read_previous(client, request.table, request.target)
    choice = _choose(client, request, previous)
    _refuse_other_than_planned(client, request, choice)
    operation_id = str(choice.resumes["operation_id"]) if choice.resumes else request.new_operation_id or new_ulid()
    return _started(request, operation_id, 0, previous, choice, verdict.reason)


def plan_anyhow(request: Start, reason: str) -> Started:
    """A new operation for a plan, though it could not be started, for the reason given; nothing was read."""
    operation_id = request.operation_id or request.new_operation_id or new_ulid()
    return Started(_operation(request, operation_id, 0, STEPS[0]), None, reason)


def read_lease(client: Client, table: str, target: str) -> Lease | None:
    item = state_table.get_item(client, table, lease_key(target))
    return Lease.from_item(item) if item else None


def held(target: str, reason: str) -> Refused:
    return Refused(
        f"The target {target} is {reason}",
        resource=target,
        hint="Wait until it is finished. If that run is gone, the lease can be taken over once it has shown no sign of"
        " life for lease_seconds: run again with a wait_timeout (aurora_restore_lease_wait_timeout) longer than that,"
        " or break it with the playbook unlock.yml.",
    )


def record(client: Client, operation: Mapping[str, Any], step: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Write a step's status, and pin the operation's snapshot, captured configuration and replaced cluster.

    :param values: status, changed, result, error; snapshot, configuration, replaced.
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
    """The attributes of a step item that a new status changes. Pure.

    A repeated step keeps what an earlier attempt found out and this one could not see any more.
    """
    status = values["status"]
    new: dict[str, Any] = {"status": status}
    if status == "running":
        new.update(attempt=int(old.get("attempt") or 0) + 1, started_at=moment, finished_at=None, error=None)
    else:
        new.update(attempt=int(old.get("attempt") or 1), started_at=old.get("started_at") or moment, finished_at=moment)
        # Of all attempts
        new["changed"] = bool(old.get("changed")) or bool(values.get("changed"))
    if values.get("error"):
        new["error"] = shorten(values["error"])
    if values.get("result"):
        new["result"] = merged_result(old.get("result"), values["result"])
    return new


def pin(snapshot: Mapping[str, Any]) -> dict[str, Any]:
    return {key: snapshot[key] for key in PINNED if snapshot.get(key) is not None}


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


def _choose(client: Client, request: Start, previous: Mapping[str, Any] | None) -> Choice:
    found = previous
    if request.operation_id and (previous or {}).get("operation_id") != request.operation_id:
        found = read_operation(client, request.table, request.operation_id)
    return choose(found, request.wanted, datetime.datetime.now(datetime.timezone.utc))


def _refuse_other_than_planned(client: Client, request: Start, choice: Choice) -> None:
    """:raises Refused: the operation that a plan names can't be begun, or another one would be resumed in its place."""
    planned = request.new_operation_id
    if planned is None:
        return
    found = str(choice.resumes["operation_id"]) if choice.resumes else None
    hint = "Make a new plan with --check. Nothing was changed."
    if found and found != planned:
        raise Refused(
            f"The plan is one of a new operation, but operation {found} of {request.target} is unfinished",
            resource=request.target,
            hint=hint,
        )
    known = read_operation(client, request.table, planned) if not found else None
    if known is not None:
        raise Refused(
            f"The plan was carried out already: operation {planned} of {known.get('target')} has {known.get('status')}",
            resource=request.target,
            hint=hint,
        )


def _next_fence(lease: Lease | None) -> int:
    return (lease.fence if lease else 0) + 1


def _is_ours(written: Lease, request: Start, operation_id: str, before: Lease | None) -> bool:
    return (written.operation_id, written.owner, written.fence) == (
        operation_id,
        str(request.owner),
        _next_fence(before),
    )


def _started(
    request: Start,
    operation_id: str,
    fence: int,
    previous: Mapping[str, Any] | None,
    choice: Choice,
    reason: str,
) -> Started:
    said = f"{reason}; {choice.reason}"
    operation = _operation(request, operation_id, fence, ended_in(choice))
    if choice.resumes is None:
        return Started(operation, unfinished(previous), said)
    return Started(operation, unfinished(choice.resumes), said, standing(choice))


def standing(choice: Choice) -> dict[str, Any]:
    """What the steps of a resumed operation go on from. Pure.

    snapshot: the pinned one; replaced: the cluster that it had begun to remove (resource_id, None when there was none),
    None before that; steps: status, attempt and result of each.
    """
    item = choice.resumes or {}
    steps = {
        name: {key: step.get(key) for key in ("status", "attempt", "result", "error")}
        for name, step in (item.get("steps") or {}).items()
    }
    return {
        "reason": choice.reason,
        "attempt": int(item.get("attempt") or 1) + 1,
        "begun": bool(item.get("begun")),
        "snapshot": item.get("snapshot") if choice.keep else None,
        "replaced": item.get("replaced") if item.get("delete_began") or restore_began(steps) else None,
        "steps": steps,
    }


def ended_in(choice: Choice) -> str:
    """The step in which a resumed operation ended; the first for a new one."""
    step = current_step(choice.resumes) if choice.resumes else None
    return str(step["step"]) if step else STEPS[0]


def restore_began(steps: Mapping[str, Any]) -> bool:
    """Whether the operation got past the delete, so that the target's name is its own to take."""
    return "cluster_restore" in steps


def _start_parts(
    request: Start,
    operation_id: str,
    lease: Lease | None,
    previous: Mapping[str, Any] | None,
    choice: Choice,
    reason: str,
) -> list[state_table.Part]:
    moment, fence = now_text(), _next_fence(lease)
    this_run = {
        "schema": SCHEMA,
        "status": "running",
        "owner": str(request.owner),
        "host": request.owner.host,
        "fence": fence,
        "options": shorten(request.options),
        "retention_days": request.retention_days,
        **request.about,
    }
    event = audit_item(
        operation_id,
        moment,
        secrets.token_hex(3),
        "resumed" if choice.resumes else "started",
        fence=fence,
        lease=reason,
        reason=choice.reason,
        by=str(request.owner),
        **request.about,
    )
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
        _resumed_part(request, choice, this_run, moment)
        if choice.resumes
        else state_table.put(request.table, _new_item(request, operation_id, previous, this_run, moment)),
        state_table.put(request.table, latest_item(request.target, operation_id, "running", moment)),
        state_table.put(request.table, event),
    ]
    if previous and _is_left(previous, operation_id):
        parts.append(_abandon(request.table, previous, operation_id, choice.reason, moment))
    return parts


def _is_left(previous: Mapping[str, Any], operation_id: str) -> bool:
    """Whether the target's last operation is unfinished, and another one than that which begins."""
    return previous.get("status") in UNFINISHED and previous["operation_id"] != operation_id


def _new_item(
    request: Start, operation_id: str, previous: Mapping[str, Any] | None, this_run: Mapping[str, Any], moment: str
) -> dict[str, Any]:
    before = unfinished(previous)
    return {
        **operation_key(operation_id),
        "target": request.target,
        "source": request.source,
        "inputs": shorten(request.inputs),
        "strategy": "replace",
        "attempt": 1,
        "started_at": moment,
        "previous_operation_id": previous["operation_id"] if previous else None,
        "inherited_configuration": before["configuration"] if before else None,
        "inherited_operations": before["operations"] if before else [],
        "inherited_deleting_since": before["deleting_since"] if before else None,
        **this_run,
    }


def _resumed_part(request: Start, choice: Choice, this_run: Mapping[str, Any], moment: str) -> state_table.Part:
    """The operation item goes on with another attempt; where inputs changed, with those and without what was pinned."""
    item = choice.resumes or {}
    values = {
        **this_run,
        "attempt": int(item.get("attempt") or 1) + 1,
        "resumed_at": moment,
        "finished_at": None,
        "error": None,
        # One that was abandoned had a time to go.
        **({EXPIRES: None} if item.get(EXPIRES) else {}),
    }
    if not choice.keep:
        values.update(source=request.source, inputs=shorten(request.inputs), snapshot=None)
    return state_table.update(request.table, operation_key(str(item["operation_id"])), values)


def _abandon(table: str, item: Mapping[str, Any], by: str, reason: str, moment: str) -> state_table.Part:
    """Close an operation that is not gone on with."""
    error = item.get("error") or {
        "kind": "abandoned",
        "code": "abandoned",
        "message": f"The run ended without closing the operation; operation {by} took the target over: {reason}.",
    }
    return state_table.update(
        table,
        operation_key(str(item["operation_id"])),
        {
            "status": "abandoned",
            "finished_at": item.get("finished_at") or moment,
            "error": error,
            "abandoned_by": by,
            EXPIRES: expires_at(item.get("retention_days")),
        },
        "#status = :known",
        {"#status": "status"},
        {":known": item["status"]},
    )


def _operation(request: Start, operation_id: str, fence: int, step: str) -> dict[str, Any]:
    """What every mutating module takes as ``operation``."""
    return {
        "id": operation_id,
        "step": step,
        "target": request.target,
        "owner": str(request.owner),
        "fence": fence,
        "table": request.table,
        "region": request.region,
        "endpoint_url": request.endpoint_url,
    }


def _pins(client: Client, operation: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """What a record pins to the operation: configuration, the cluster that is replaced, and the snapshot (never a copy
    in place of the original)."""
    kept: dict[str, Any] = {key: values[key] for key in ("configuration", "replaced") if values.get(key)}
    snapshot = values.get("snapshot")
    if snapshot:
        known = state_table.get_item(client, operation["table"], operation_key(operation["id"])) or {}
        if not (known.get("snapshot") and snapshot.get("source_db_cluster_snapshot_arn")):
            kept["snapshot"] = pin(snapshot)
    return kept
