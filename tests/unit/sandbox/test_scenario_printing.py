# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What calls and events print, and which versions a world may ask for."""

from __future__ import annotations

from typing import Any

import pytest
from sandbox.printing import call_line, event_lines, is_failed, selected
from sandbox.rds.engines import Engines
from sandbox.rds.errors import RdsError

CALL = {
    "number": 7, "time": "2026-01-02T03:04:05.678Z", "service": "rds", "action": "DeleteDBCluster",
    "region": "us-west-2", "account": "123456789012", "principal": "arn:aws:iam::123456789012:user/operator",
    "resource": "shop-staging", "status": 200, "error_code": None, "fault": None, "duration": 0.0123,
}  # fmt: skip
REFUSED = CALL | {"status": 400, "error_code": "Throttling", "fault": "busy"}
LOST = CALL | {"status": None, "fault": "answer-lost"}


@pytest.mark.parametrize(
    ("call", "line", "failed"),
    [
        (CALL, "7  03:04:05.678  us-west-2  rds:DeleteDBCluster  shop-staging  200  0.012 s  user/operator", False),
        (REFUSED, "shop-staging  400 Throttling  0.012 s  user/operator  fault busy", True),
        (LOST, "shop-staging  no answer  0.012 s  user/operator  fault answer-lost", True),
        (CALL | {"principal": None, "resource": None}, "rds:DeleteDBCluster  -  200  0.012 s  -", False),
    ],
)
def test_a_call_is_a_line(call: dict[str, Any], line: str, failed: bool) -> None:
    assert call_line(call).strip().endswith(line)
    assert is_failed(call) is failed


def test_calls_are_selected_by_patterns_in_any_case() -> None:
    calls = [CALL, REFUSED, LOST]
    assert selected(calls, {"action": "delete*", "fault": None}) == calls
    assert selected(calls, {"fault": "*lost"}) == [LOST]
    assert selected(calls, {"service": "rds", "region": "us-east-*"}) == []
    assert selected(calls, {"fault": "?*"}) == [REFUSED, LOST]


def test_events_and_what_is_pending() -> None:
    assert event_lines({"happened": [], "pending": []}) == ["Nothing has happened yet.", "", "Nothing is pending."]
    event = {"time": "2026-01-02T03:04:05.678Z", "region": "r", "type": "db-cluster", "id": "c", "message": "m"}
    due = {"name": "copying snapshot a", "due_at": "2026-01-02T03:05:00.000Z", "due_in": 12.34, "work_done": False}
    ready = due | {"name": "copying snapshot b", "due_in": 0.0, "work_done": True}
    assert event_lines({"happened": [event], "pending": [due, ready]}) == [
        "03:04:05.678  r  db-cluster c: m", "", "Pending",
        "  copying snapshot a: due at 03:05:00.000, in 12.3 s, its database work is not done",
        "  copying snapshot b: due at 03:05:00.000, in 0.0 s",
    ]  # fmt: skip


def test_versions_that_a_world_asks_for_are_offered_where_the_servers_are_not_older() -> None:
    engines = Engines(17, ["13.9", "17.3", "18.1", "17"])
    assert engines.check("13.9") == "13.9" and engines.check("17.3") == "17.3"
    assert engines.versions.index("13.9") == 0
    assert (engines.default, engines.seeded) == (Engines(17).default, Engines(17).seeded)
    with pytest.raises(RdsError):
        engines.check("18.1")
