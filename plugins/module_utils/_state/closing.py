# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Close an operation, let what is finished expire, and break a lease."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._aws import Client
from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import StateError
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state import table as state_table
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.journal import audit_part, lease_lost
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.lease import Lease, break_part, release_part
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.records import (
    EXPIRES,
    audit_item,
    expires_at,
    latest_item,
    now_text,
    operation_key,
    shorten,
    step_key,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.report import build_report, split_items
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.ulid import new_ulid

# Of these nothing is resumed any more.
OVER = ("succeeded", "aborted")
# Well below the 100 parts that DynamoDB takes in one transaction
BATCH = 50


def finish(
    client: Client, operation: Mapping[str, Any], status: str, error: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Close the operation and release its lease, in one transaction.

    Steps that still run are closed with the operation's error: nothing goes on after this. A failed operation does not
    expire: it can be resumed until another one is started in its place.

    :param status: succeeded, failed or aborted.
    :returns: the report.
    :raises LeaseLost: another operation holds the target (and has closed this one).
    """
    table, moment = operation["table"], now_text()
    known, steps, _audit = split_items(state_table.query_operation(client, table, operation["id"]))
    if known is None:
        raise StateError(f"The state table {table} has no operation {operation['id']}", resource=table, resumes=False)
    problem = shorten(error) if error else None
    expiry = expires_at(known.get("retention_days")) if status in OVER else None
    closed = {"status": status, "finished_at": moment, "error": problem, **({EXPIRES: expiry} if expiry else {})}
    parts = [
        release_part(table, operation["target"], operation["owner"], operation["fence"], moment),
        state_table.update(table, operation_key(operation["id"]), closed),
        state_table.put(table, latest_item(operation["target"], operation["id"], status, moment)),
        audit_part(operation, "finished", status=status, error=problem),
    ]
    for step in (step for step in steps if step.get("status") == "running"):
        ended = {
            "status": "failed" if status == "aborted" else status,
            "finished_at": moment,
            "error": step.get("error") or problem,
        }
        step.update(ended)
        parts.append(state_table.update(table, step_key(operation["id"], step["step"]), ended))
    try:
        state_table.transact(client, table, parts, new_ulid())
    except state_table.ConditionFailed as failed:
        raise lease_lost(client, operation) from failed
    if expiry:
        expire_rest(client, table, operation["id"])
    return build_report({**known, **closed}, steps)


def expire_rest(client: Client, table: str, operation_id: str) -> None:
    """Let steps and audit trail of an operation expire together with it, or stay with it.

    Once the operation item itself says when, or that it stays. Repeating it changes nothing.
    """
    items = state_table.query_operation(client, table, operation_id)
    operation, _steps, _audit = split_items(items)
    if operation is None:
        return
    when = operation.get(EXPIRES)
    open_ones = [item for item in items if item.get(EXPIRES) != when]
    for first in range(0, len(open_ones), BATCH):
        parts = [
            state_table.update(table, {key: item[key] for key in ("operation_id", "step")}, {EXPIRES: when})
            for item in open_ones[first : first + BATCH]
        ]
        state_table.transact(client, table, parts, new_ulid())


def break_lease(client: Client, table: str, target: str, lease: Lease, by: Mapping[str, Any]) -> None:
    """Take the lease away from a holder who is gone; a holder who wakes up all the same can write nothing any more.

    The operation stays unfinished, to be resumed.

    :param by: who does it, for the audit trail.
    :raises ConditionFailed: the lease was renewed, released or taken over meanwhile.
    """
    moment = now_text()
    event = audit_item(
        lease.operation_id,
        moment,
        secrets.token_hex(3),
        "lease_broken",
        fence=lease.fence + 1,
        holder=lease.owner,
        renewed_at=lease.renewed_at,
        **by,
    )
    parts = [break_part(table, target, lease, moment), state_table.put(table, shorten(event))]
    state_table.transact(client, table, parts, new_ulid())


def read_report(client: Client, table: str, operation_id: str) -> dict[str, Any] | None:
    """The report of an operation as the table has it, or None when there is no such operation."""
    known, steps, _audit = split_items(state_table.query_operation(client, table, operation_id))
    return build_report(known, steps) if known else None


def planned_report(operation: Mapping[str, Any], status: str, error: Mapping[str, Any] | None) -> dict[str, Any]:
    """The report of an operation that was only planned: nothing was recorded."""
    known = {"operation_id": operation["id"], "target": operation["target"], "status": status, "error": error}
    return build_report(known, [])
