# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The report of an operation, from the items that the state table holds of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.records import (
    AUDIT,
    OPERATION,
    in_order,
    parse_text,
    split_target,
)


def split_items(
    items: Iterable[Mapping[str, Any]],
) -> tuple[dict[str, Any] | None, list[dict[str, Any]], list[dict[str, Any]]]:
    """An operation's items as (operation, steps in order, audit trail in order)."""
    operation: dict[str, Any] | None = None
    steps, audit = [], []
    for item in items:
        if item["step"] == OPERATION:
            operation = dict(item)
        elif item["step"].startswith(AUDIT):
            audit.append(dict(item))
        elif not item["step"].startswith("#"):
            steps.append(dict(item))
    return operation, in_order(steps), sorted(audit, key=lambda item: str(item["step"]))


def build_report(operation: Mapping[str, Any], steps: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """What is written to ``<report_dir>/<operation_id>.json``.

    ``downtime_seconds`` is None when nothing was destroyed, or when no application login works yet.
    """
    step_list = in_order(steps)
    results = {step["step"]: step.get("result") or {} for step in step_list}
    restored = results.get("cluster_restore", {})
    return {
        "operation_id": operation["operation_id"],
        "status": operation.get("status"),
        "source": dict(operation.get("source") or {}),
        "target": split_target(str(operation.get("target", ""))),
        "snapshot": snapshot_summary(operation.get("snapshot"), operation.get("started_at")),
        "steps": [step_summary(step) for step in step_list],
        "started_at": operation.get("started_at"),
        "finished_at": operation.get("finished_at"),
        "downtime_seconds": seconds_between(
            results.get("cluster_delete", {}).get("first_destructive_at"),
            results.get("db_users", {}).get("login_verified_at"),
        ),
        "total_seconds": seconds_between(operation.get("started_at"), operation.get("finished_at")),
        "final_snapshot_id": results.get("cluster_delete", {}).get("final_snapshot_id"),
        "carried_over": list(restored.get("carried_over") or []),
        "lost": list(restored.get("lost") or []),
        "error": error_summary(operation, step_list),
    }


def step_summary(step: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "step": step["step"],
        "status": step.get("status"),
        "started_at": step.get("started_at"),
        "finished_at": step.get("finished_at"),
        "seconds": seconds_between(step.get("started_at"), step.get("finished_at")),
        "changed": bool(step.get("changed", False)),
    }


def snapshot_summary(snapshot: Mapping[str, Any] | None, started_at: Any) -> dict[str, Any] | None:
    """The restored snapshot, with its age when the operation started."""
    if not snapshot:
        return None
    # A copy's own create time says when it was copied.
    created_at = snapshot.get("source_snapshot_time") or snapshot.get("snapshot_create_time")
    return {
        "id": snapshot.get("db_cluster_snapshot_identifier"),
        "arn": snapshot.get("db_cluster_snapshot_arn"),
        "created_at": created_at,
        "age_seconds": seconds_between(created_at, started_at),
    }


def error_summary(operation: Mapping[str, Any], steps: Iterable[Mapping[str, Any]]) -> dict[str, Any] | None:
    """Why the operation failed: its own error, else that of the first step that failed."""
    if operation.get("status") != "failed":
        return None
    failed = next((step for step in steps if step.get("status") == "failed" or step.get("error")), {})
    error = operation.get("error") or failed.get("error") or {}
    return {
        "step": error.get("step") or failed.get("step"),
        "code": error.get("code") or error.get("kind"),
        "message": error.get("message") or "The operation failed; no step recorded why.",
    }


def seconds_between(start: Any, end: Any) -> float | None:
    """Seconds from one ISO 8601 text to another, or None when one of them is missing."""
    first, last = parse_text(start), parse_text(end)
    return round((last - first).total_seconds(), 3) if first and last else None


def operation_summary(operation: Mapping[str, Any]) -> dict[str, Any]:
    """One line of a list of operations."""
    return {
        "id": operation["operation_id"],
        "status": operation.get("status"),
        "source": dict(operation.get("source") or {}),
        "target": split_target(str(operation.get("target", ""))),
        "started_at": operation.get("started_at"),
        "finished_at": operation.get("finished_at"),
        "total_seconds": seconds_between(operation.get("started_at"), operation.get("finished_at")),
        "snapshot_id": (operation.get("snapshot") or {}).get("db_cluster_snapshot_identifier"),
        "who": operation.get("who"),
        "host": operation.get("host"),
        "controller_job_id": operation.get("controller_job_id"),
        "error": operation.get("error"),
    }
