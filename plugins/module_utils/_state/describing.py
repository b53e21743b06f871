# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Operations as lines of text for people. Pure."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.lease import Lease, holder_name
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.records import parse_text


def status_lines(
    target: str,
    lease: Lease | None,
    outlook: Mapping[str, Any] | None,
    history: Sequence[Mapping[str, Any]],
    resources: Iterable[Mapping[str, Any]] = (),
) -> list[str]:
    """Who holds a target, how far it is, what happened to it before, and what AWS has of the last operation."""
    if outlook is None:
        return [f"{target}: no operation was ever recorded"]
    lines = [f"{target}: {_headline(outlook)}"]
    if lease and outlook["held"]:
        lines += _holder_lines(lease, history[0], outlook)
    if outlook["status"] != "succeeded" and outlook["step"]:
        lines.append(f"  step {outlook['step']}: {outlook['step_status']}" + _progress(outlook))
    if outlook["expected_end"]:
        lines.append(f"  expected to end about {clock(outlook['expected_end'])}, from what its steps took before")
    if outlook["error"]:
        lines.append(f"  error: {outlook['error'].get('message')}")
    if outlook["status"] in ("running", "failed"):
        lines.append(f"  {_next(outlook)}")
    lines += [f"  {item['kind']} {item['id']} ({item['status']}): {item['remark']}" for item in resources]
    return lines + ["History, newest first:"] + [f"  {history_line(item)}" for item in history]


def history_line(operation: Mapping[str, Any]) -> str:
    """One operation in one line."""
    took = _seconds(operation.get("started_at"), operation.get("finished_at"))
    snapshot = (operation.get("snapshot") or {}).get("db_cluster_snapshot_identifier")
    parts = [
        str(operation["operation_id"]),
        f"{clock(operation.get('started_at'))}",
        str(operation.get("status")) + (f" after {duration(took)}" if took is not None else ""),
    ]
    attempts = int(operation.get("attempt") or 1)
    parts += [f"{attempts} attempts"] if attempts > 1 else []
    parts += [f"snapshot {snapshot}"] if snapshot else []
    parts += [f"by {operation['who']} on {operation.get('host')}"] if operation.get("who") else []
    return ", ".join(parts)


def audit_lines(audit: Iterable[Mapping[str, Any]]) -> list[str]:
    """Who did what, when, with which result, oldest first."""
    return [_audit_line(item) for item in audit]


def _audit_line(item: Mapping[str, Any]) -> str:
    who = _who(item)
    said = f"{clock(item.get('time'))} fence {item.get('fence')} {_event(item)}"
    return f"{said}, {who}" if who else said


def clock(text: Any) -> str:
    """A moment to the second, UTC."""
    moment = parse_text(text)
    return moment.strftime("%Y-%m-%d %H:%M:%S UTC") if moment else "never"


def duration(seconds: float) -> str:
    """Seconds as people say them."""
    whole = round(seconds)
    if whole < 120:
        return f"{whole} s"
    minutes = round(whole / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"


def _headline(outlook: Mapping[str, Any]) -> str:
    attempt = f", attempt {outlook['attempt']}" if outlook["attempt"] > 1 else ""
    said = f"operation {outlook['operation_id']} {outlook['status']}{attempt}"
    return said + ("" if outlook["held"] or outlook["status"] != "running" else ", but nobody holds the target")


def _holder_lines(lease: Lease, operation: Mapping[str, Any], outlook: Mapping[str, Any]) -> list[str]:
    job = operation.get("controller_job_id")
    who = f"{operation.get('who')}" + (f", controller job {job}" if job else f", user {operation.get('user')}")
    age = outlook["heartbeat_age_seconds"]
    seen = f"{duration(age)} ago by this machine's clock" if age is not None else "never"
    return [
        f"  held by {holder_name(lease)} since {clock(lease.acquired_at)} ({who}), fence {lease.fence}",
        f"  last sign of life {seen}; free for others after {lease.seconds} s without one",
    ]


def _progress(outlook: Mapping[str, Any]) -> str:
    percent = f" ({outlook['percent']} %)" if outlook["percent"] is not None else ""
    return f", {outlook['progress']}{percent}" if outlook["progress"] else ""


def _next(outlook: Mapping[str, Any]) -> str:
    if outlook["held"]:
        return "if the holder is gone: run the restore again where it ran, or break its lease with unlock.yml"
    return "the next restore resumes it; abort.yml ends it"


def _event(item: Mapping[str, Any]) -> str:
    event = str(item.get("event"))
    if event == "intent":
        intent = item.get("intent") or {}
        return f"{item.get('name')}: {intent.get('action')} {intent.get('resource')}"
    if event == "call":
        return f"{item.get('name')}: {item.get('action')} {item.get('resource')}: {item.get('outcome')}"
    error = item.get("error") or {}
    said = f": {error['message']}" if error.get("message") else ""
    if event == "step":
        return f"{item.get('name')} {item.get('status')}{said}"
    if event in ("started", "resumed"):
        return f"{event}: {item.get('reason')}; lease {item.get('lease')}"
    return " ".join(str(part) for part in (event, item.get("status"), item.get("holder")) if part) + said


def _who(item: Mapping[str, Any]) -> str:
    if not item.get("who"):
        return ""
    job = item.get("controller_job_id")
    return f"{item['who']}" + (f", controller job {job}" if job else f", user {item.get('user')}")


def _seconds(start: Any, end: Any) -> float | None:
    first, last = parse_text(start), parse_text(end)
    return (last - first) / datetime.timedelta(seconds=1) if first and last else None
