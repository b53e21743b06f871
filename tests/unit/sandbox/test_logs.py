# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which log events PutLogEvents keeps, and what it says of the others.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html: none older than 14 days or
than the group's retention, none more than 2 hours ahead.
"""

from __future__ import annotations

import time

import pytest
from in_process import Aws
from live_sandbox import refused
from sandbox.logs import DAY, kept, rejected

NOW = 100 * DAY
HOUR = DAY // 24


@pytest.mark.parametrize(
    ("ages", "retention", "info", "left"),
    [
        ([0, 0], None, {}, 2),
        ([15 * DAY, 14 * DAY + 1, 14 * DAY], None, {"tooOldLogEventEndIndex": 2}, 1),
        ([0, -2 * HOUR, -2 * HOUR - 1, -3 * HOUR], None, {"tooNewLogEventStartIndex": 2}, 2),
        ([15 * DAY, 4 * DAY, 0], 3, {"tooOldLogEventEndIndex": 1, "expiredLogEventEndIndex": 2}, 1),
        ([15 * DAY, -DAY], None, {"tooOldLogEventEndIndex": 1, "tooNewLogEventStartIndex": 1}, 0),
    ],
)
def test_what_is_rejected(ages: list[int], retention: int | None, info: dict[str, int], left: int) -> None:
    times = [NOW - age for age in ages]
    assert rejected(times, NOW, retention) == info
    assert len(times[kept(len(times), info)]) == left


def test_rejected_events_are_told_and_not_kept(aws: Aws) -> None:
    client, where = aws.client("logs"), {"logGroupName": f"group-{id(aws)}", "logStreamName": "stream"}
    client.create_log_group(logGroupName=where["logGroupName"])
    client.create_log_stream(**where)
    now = int(time.time() * 1000)

    def put(*times: int) -> dict[str, int] | None:
        events = [{"timestamp": now + moment, "message": str(moment)} for moment in times]
        return dict(client.put_log_events(**where, logEvents=events)).get("rejectedLogEventsInfo")

    assert put(0, 3 * HOUR, 4 * HOUR) == {"tooNewLogEventStartIndex": 1}
    assert put(-14 * DAY - HOUR, -14 * DAY + HOUR) == {"tooOldLogEventEndIndex": 1}
    assert put(HOUR) is None
    found = client.get_log_events(**where, startFromHead=True)["events"]
    assert [int(item["message"]) for item in found] == [-14 * DAY + HOUR, 0, HOUR]
    with refused("InvalidParameterException", "chronological order"):
        put(HOUR, 0)
    with refused("InvalidParameterException", "24 hours"):
        put(-DAY - 1, 0)
