# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The operations of a target, who holds it, and when the running one may be expected to end."""

from __future__ import annotations

import datetime
import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._aws import Client
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.lease import Lease
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.previous import (
    current_step,
    read_operation,
    read_previous,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.records import STEPS, parse_text, to_text
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.report import seconds_between

# Of so many earlier successful operations the middle duration of each step counts.
SAMPLES = 5


def read_history(client: Client, table: str, target: str, limit: int) -> list[dict[str, Any]]:
    """The last operations of a target with their steps, newest first: each names the one before it."""
    operations: list[dict[str, Any]] = []
    item = read_previous(client, table, target)
    while item is not None and len(operations) < limit:
        operations.append(item)
        before = item.get("previous_operation_id")
        item = read_operation(client, table, before) if before else None
    return operations


def usual_seconds(history: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """How long each step took: the median of the target's last successful operations."""
    taken: dict[str, list[float]] = {}
    for operation in last_successful(history):
        for name, step in (operation.get("steps") or {}).items():
            seconds = seconds_between(step.get("started_at"), step.get("finished_at"))
            if seconds is not None:
                taken.setdefault(name, []).append(seconds)
    return {name: statistics.median(values) for name, values in taken.items()}


def last_successful(history: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The last operations that succeeded, as many as count."""
    return [item for item in history if item.get("status") == "succeeded"][:SAMPLES]


def samples(history: Sequence[Mapping[str, Any]], measure: Callable[[Mapping[str, Any]], float | None]) -> list[float]:
    """What the last successful operations come to; those of which ``measure`` says nothing are left out."""
    found = [measure(operation) for operation in last_successful(history)]
    return [value for value in found if value is not None and value >= 0]


def step_of(operation: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A step's item; nothing when the step was not carried out in one piece.

    The times of a step that was attempted again are those of its last attempt, which found part of the work done.
    """
    step = (operation.get("steps") or {}).get(name) or {}
    whole = step.get("status") == "succeeded" and int(step.get("attempt") or 1) == 1
    return step if whole else {}


def result_of(operation: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """What such a step has recorded."""
    return step_of(operation, name).get("result") or {}


def step_seconds(operation: Mapping[str, Any], name: str) -> float | None:
    """How long such a step took."""
    step = step_of(operation, name)
    return seconds_between(step.get("started_at"), step.get("finished_at"))


def removal_seconds(operation: Mapping[str, Any]) -> float | None:
    """From the first call that destroyed something to the end of the deletion."""
    began = result_of(operation, "cluster_delete").get("first_destructive_at")
    return seconds_between(began, step_of(operation, "cluster_delete").get("finished_at"))


def downtime_seconds(operation: Mapping[str, Any]) -> float | None:
    """From the first call that destroyed something to the first login, where nothing came between."""
    if int(operation.get("attempt") or 1) != 1:
        return None
    return seconds_between(
        result_of(operation, "cluster_delete").get("first_destructive_at"),
        result_of(operation, "db_users").get("login_verified_at"),
    )


def expected_end(operation: Mapping[str, Any], usual: Mapping[str, float], now: datetime.datetime) -> str | None:
    """When a running operation may be expected to end (ISO), from what its steps usually take; None: nobody knows.

    A step that takes longer than usual counts as about to end.
    """
    if operation.get("status") != "running" or not usual:
        return None
    step = current_step(operation)
    place = STEPS.index(step["step"]) if step else 0
    left = sum(usual.get(name, 0.0) for name in STEPS[place:])
    started = parse_text((step or {}).get("started_at"))
    if step and started:
        left -= min(usual.get(step["step"], 0.0), (now - started).total_seconds())
    return to_text(now + datetime.timedelta(seconds=left))


def outlook(lease: Lease | None, history: Sequence[Mapping[str, Any]], now: datetime.datetime) -> dict[str, Any] | None:
    """How the target's last operation stands, or None when it never had one.

    ``heartbeat_age_seconds`` compares two machines' clocks, and so is for display only.
    """
    if not history:
        return None
    operation = history[0]
    step = current_step(operation) or {}
    progress, intent = step.get("progress") or {}, step.get("intent") or {}
    announced = f"{intent['action']} {intent['resource']}" if intent else None
    held = lease is not None and lease.held and lease.operation_id == operation["operation_id"]
    beat = parse_text(lease.renewed_at) if lease and held else None
    return {
        "operation_id": operation["operation_id"],
        "status": operation.get("status"),
        "attempt": int(operation.get("attempt") or 1),
        "held": held,
        "heartbeat_age_seconds": round((now - beat).total_seconds(), 1) if beat else None,
        "step": step.get("step"),
        "step_status": step.get("status"),
        "progress": progress.get("status") or announced,
        "percent": progress.get("percent"),
        "expected_end": expected_end(operation, usual_seconds(history), now) if held else None,
        "error": operation.get("error"),
    }
