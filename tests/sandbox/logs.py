# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""CloudWatch Logs where moto is not like AWS: what PutLogEvents refuses, and which events it says it has rejected.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_RejectedLogEventsInfo.html: the end indexes are
exclusive; moto's are one too low, its start index is that of the last event, and it knows no retention. How many events
and bytes a batch may have (26 bytes more for each event), and that it spans at most 24 hours:
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from moto.logs.exceptions import InvalidParameterException
from moto.logs.models import LogsBackend

DAY = 24 * 3600 * 1000
OLDEST, NEWEST = 14 * DAY, 2 * 3600 * 1000
EVENTS, BYTES, OVERHEAD = 10_000, 1_048_576, 26


def rejected(times: Sequence[int], now: int, retention_days: int | None) -> dict[str, int]:
    """What AWS says of events with those times, in order; all in milliseconds."""
    counts = {
        "tooOldLogEventEndIndex": sum(1 for moment in times if moment < now - OLDEST),
        "expiredLogEventEndIndex": sum(1 for moment in times if retention_days and moment < now - retention_days * DAY),
    }
    info = {name: count for name, count in counts.items() if count}
    late = sum(1 for moment in times if moment > now + NEWEST)
    if late:
        info["tooNewLogEventStartIndex"] = len(times) - late
    return info


def kept(count: int, info: Mapping[str, int]) -> slice:
    """The events that are not rejected."""
    first = max(info.get("tooOldLogEventEndIndex", 0), info.get("expiredLogEventEndIndex", 0))
    return slice(first, info.get("tooNewLogEventStartIndex", count))


def check_batch(events: Sequence[Mapping[str, Any]]) -> None:
    """
    :raises InvalidParameterException: too many events, or too many bytes. (botocore sends no empty ones.)
    """
    if len(events) > EVENTS:
        raise InvalidParameterException(constraint=f"Member must have length less than or equal to {EVENTS}",
                                        parameter="logEvents", value=f"[{len(events)} events]")  # fmt: skip
    size = sum(len(str(event["message"]).encode()) + OVERHEAD for event in events)
    if size > BYTES:
        raise InvalidParameterException(f"Upload too large: {size} bytes exceeds limit of {BYTES}")


def install() -> None:
    """To be called once."""
    put = LogsBackend.put_log_events

    def put_like_aws(
        backend: Any, log_group_name: str, log_stream_name: str, log_events: list[dict[str, Any]]
    ) -> tuple[str, dict[str, int]]:
        check_batch(log_events)
        times = [int(event["timestamp"]) for event in log_events]
        group = backend.groups.get(log_group_name)
        if group is None or times != sorted(times):
            return tuple(put(backend, log_group_name, log_stream_name, log_events))  # refused
        if times and times[-1] - times[0] > DAY:
            raise InvalidParameterException(
                "The batch of log events in a single PutLogEvents request cannot span more than 24 hours."
            )
        info = rejected(times, int(time.time() * 1000), int(group.retention_in_days or 0))
        token, _wrong = put(backend, log_group_name, log_stream_name, log_events[kept(len(times), info)])
        return token, info

    LogsBackend.put_log_events = put_like_aws
