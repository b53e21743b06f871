# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The records of an operation's log: one JSON object each. Pure.

Those of tasks are written by the callback plugin operation_log, those of steps and of the operation by the module
operation.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.records import STEPS, parse_text
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.report import seconds_between

# What is before the first step belongs to it, and what comes after the last one to that.
FIRST, LAST = STEPS[0], STEPS[-1]
# What a module of this collection says of an error.
ERROR_KEYS = ("kind", "code", "action", "resource", "resumes")
# Longer messages are for the terminal.
MAX_MESSAGE = 8_000
GIB = 2**30
# Copies that this operation has had made, in this attempt or an earlier one; others were there.
MADE = ("copied", "adopted")


def clock_text(moment: datetime.datetime) -> str:
    """UTC to the millisecond, as CloudWatch counts."""
    return moment.astimezone(datetime.timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def now_text() -> str:
    return clock_text(datetime.datetime.now(datetime.timezone.utc))


def moment_of(record: Mapping[str, Any]) -> int:
    """When it happened, in milliseconds since 1970; 0 when it does not say."""
    moment = parse_text(record.get("time"))
    return round(moment.timestamp() * 1000) if moment else 0


def to_line(record: Mapping[str, Any]) -> str:
    """As it is written; what is None is left out."""
    said = {key: value for key, value in record.items() if value is not None}
    return json.dumps(said, ensure_ascii=False, separators=(",", ":"), default=str)


def shortened(text: Any, limit: int = MAX_MESSAGE) -> str | None:
    """A message of a size that can be read."""
    if text is None:
        return None
    whole = text if isinstance(text, str) else json.dumps(text, default=str)
    return whole if len(whole) <= limit else whole[:limit] + f"… ({len(whole) - limit} characters more)"


def error_of(error: Any) -> dict[str, Any] | None:
    """What is kept of an error of this collection's modules; its message is the record's."""
    if not isinstance(error, Mapping):
        return None
    return {key: error[key] for key in ERROR_KEYS if error.get(key) is not None} or None


def about(operation: Mapping[str, Any], step: str | None = None, attempt: int | None = None) -> dict[str, Any]:
    """What each record of an operation begins with."""
    return {
        "time": now_text(),
        "operation_id": operation["id"],
        "target": operation["target"],
        "step": step or FIRST,
        "attempt": attempt,
        "fence": operation["fence"],
    }


def operation_began(operation: Mapping[str, Any], resumed: Mapping[str, Any] | None, reason: str) -> dict[str, Any]:
    return {
        **about(operation, FIRST, int((resumed or {}).get("attempt") or 1)),
        "event": "operation",
        "status": "resumed" if resumed else "started",
        "message": shortened(reason),
    }


def step_ended(operation: Mapping[str, Any], item: Mapping[str, Any]) -> dict[str, Any]:
    """
    :param item: the step, as the state table has it now.
    """
    error = item.get("error") or {}
    return {
        **about(operation, item["step"]),
        "event": "step",
        "status": item.get("status"),
        "step_attempt": item.get("attempt"),
        "seconds": seconds_between(item.get("started_at"), item.get("finished_at")),
        "changed": item.get("changed"),
        "copy_bytes": copied_bytes(item) if item.get("status") == "succeeded" else None,
        "message": shortened(error.get("message")),
        "error": error_of(error),
    }


def copied_bytes(item: Mapping[str, Any]) -> int | None:
    """How much the step has had copied between regions, where AWS says how large the snapshot is."""
    result = item.get("result") or {}
    size = result.get("size_gib")
    return int(float(size) * GIB) if result.get("action") in MADE and size else None


def operation_ended(operation: Mapping[str, Any], report: Mapping[str, Any]) -> dict[str, Any]:
    """The last word on an operation; the age of the data is that at the end, since that is how old it now is."""
    snapshot, error = report.get("snapshot") or {}, report.get("error") or {}
    succeeded = report.get("status") == "succeeded"
    age = seconds_between(snapshot.get("created_at"), report.get("finished_at"))
    return {
        **about(operation, LAST if succeeded else error.get("step") or operation.get("step")),
        "event": "operation",
        "status": report.get("status"),
        "seconds": report.get("total_seconds"),
        "downtime_seconds": report.get("downtime_seconds") if succeeded else None,
        "snapshot_age_seconds": age if succeeded else None,
        "snapshot_id": snapshot.get("id"),
        "final_snapshot_id": report.get("final_snapshot_id"),
        "message": shortened(error.get("message")),
        "error": error_of(error),
    }
