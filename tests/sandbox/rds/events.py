# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happened to clusters, instances and cluster snapshots, for DescribeEvents. RDS keeps 14 days."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from sandbox.rds.errors import invalid_combination

SOURCE_TYPES = {"cluster": "db-cluster", "db": "db-instance", "cluster-snapshot": "db-cluster-snapshot"}
KEPT = timedelta(days=14)


@dataclass(frozen=True)
class Event:
    date: datetime
    source_identifier: str
    source_type: str
    source_arn: str
    message: str
    event_categories: list[str] = field(default_factory=list)


def event_of(resource: Any, now: datetime, message: str, category: str) -> Event:
    return Event(now, resource.resource_id, SOURCE_TYPES[resource.resource_type], resource.arn, message, [category])


def select(events: list[Event], now: datetime, wanted: Mapping[str, Any]) -> list[Event]:
    """Those that DescribeEvents asks for, the oldest first; by default those of the last hour."""
    source, source_type = wanted.get("source_identifier"), wanted.get("source_type")
    if source and not source_type:
        raise invalid_combination("Cannot specify source identifier without source type")
    end = _in_utc(wanted.get("end_time")) or now
    minutes = int(wanted.get("duration") or 60)
    start = _in_utc(wanted.get("start_time")) or end - timedelta(minutes=minutes)
    start = max(start, now - KEPT)
    return [
        event
        for event in events
        if start <= event.date <= end
        and (not source or event.source_identifier == source.lower())
        and (not source_type or event.source_type == source_type)
    ]


def _in_utc(time: datetime | None) -> datetime | None:
    """moto reads times without their zone."""
    return time.replace(tzinfo=timezone.utc) if time is not None and time.tzinfo is None else time
