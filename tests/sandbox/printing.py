# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What status, calls and events print, as lines for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any


def status_lines(info: Mapping[str, Any], state: Mapping[str, Any]) -> list[str]:
    lines = [f"{info['endpoint_url']}  pid {info['pid']}  {info['dir']}", "", "Clusters"]
    for cluster in state["clusters"]:
        lines.append(
            f"  {cluster['region']}  {cluster['id']}  {cluster['status']}  {cluster['engine_version']}"
            f"  {cluster['endpoint']}:{cluster['port']}"
        )
        for instance in cluster["instances"]:
            role = "writer" if instance["writer"] else "reader"
            lines.append(f"    {instance['id']}  {instance['status']}  {instance['class']}  {role}")
        lines += [
            f"    PostgreSQL {server['role']}  pid {server['pid']}  {server['address']}:{server['port']}"
            for server in cluster["servers"]
        ]
    lines += ["", "Snapshots"]
    for snapshot in state["snapshots"]:
        lines.append(
            f"  {snapshot['region']}  {snapshot['id']}  {snapshot['type']}  {snapshot['status']}"
            f"  {snapshot['taken_at'] or '-'}"
        )
    if state["transitions"]:
        lines += ["", "Under way", *(f"  {item['name']}" for item in state["transitions"])]
    return lines


def call_line(call: Mapping[str, Any]) -> str:
    """One call of the journal."""
    outcome = str(call["status"] or "no answer") + (f" {call['error_code']}" if call["error_code"] else "")
    fault = f"  fault {call['fault']}" if call.get("fault") else ""
    who = str(call["principal"] or "-").rpartition(":")[2]
    return (
        f"{call['number']:>5}  {call['time'][11:23]}  {call['region']}  {call['service']}:{call['action']}"
        f"  {call['resource'] or '-'}  {outcome}  {call['duration']:.3f} s  {who}{fault}"
    )


def is_failed(call: Mapping[str, Any]) -> bool:
    """Whether the caller got an error, or nothing."""
    return bool(call["error_code"]) or call["status"] is None or call["status"] >= 400


def event_lines(state: Mapping[str, Any]) -> list[str]:
    """What has happened, the newest last; then what is pending."""
    lines = [
        f"{event['time'][11:23]}  {event['region']}  {event['type']} {event['id']}: {event['message']}"
        for event in state["happened"]
    ]
    lines = lines or ["Nothing has happened yet."]
    lines += ["", "Pending"] if state["pending"] else ["", "Nothing is pending."]
    for item in state["pending"]:
        when = f"due at {item['due_at'][11:23]}, in {item['due_in']:.1f} s"
        lines.append(f"  {item['name']}: {when}{'' if item['work_done'] else ', its database work is not done'}")
    return lines


def selected(calls: Iterable[Mapping[str, Any]], wanted: Mapping[str, str | None]) -> list[Mapping[str, Any]]:
    """The calls whose fields fit the patterns, upper or lower case."""
    given = {key: pattern.lower() for key, pattern in wanted.items() if pattern}
    return [
        call
        for call in calls
        if all(fnmatchcase(str(call.get(key) or "").lower(), pattern) for key, pattern in given.items())
    ]
