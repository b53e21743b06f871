# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Metrics of an operation, from the records of its log. Pure.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._observe.batches import MAX_AGE
from ansible_collections.dbops.aurora_restore.plugins.module_utils._observe.records import moment_of
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.records import split_target

MAX_METRICS = 1000
COUNTED = {"started": "OperationsStarted", "succeeded": "OperationsSucceeded", "failed": "OperationsFailed"}
MEASURED = {
    "downtime_seconds": ("DowntimeSeconds", "Seconds"),
    "snapshot_age_seconds": ("SnapshotAgeSeconds", "Seconds"),
    "copy_bytes": ("CopyBytes", "Bytes"),
}


def data_of(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What a record of the log says as metrics; nothing for records of tasks.

    Dimensions are the target's cluster id and the step, never the operation: each would be a metric of its own, and
    has its price.
    """
    found: list[tuple[str, float, str, bool]] = []
    if record.get("event") == "operation" and record.get("status") in COUNTED:
        found.append((COUNTED[record["status"]], 1.0, "Count", False))
    if record.get("event") == "step" and record.get("status") == "succeeded":
        found.append(("StepSeconds", record.get("seconds", math.nan), "Seconds", True))
    if record.get("event") in ("operation", "step"):
        found += [(name, record[key], unit, False) for key, (name, unit) in MEASURED.items() if key in record]
    return [
        _datum(record, name, float(value), unit, step)
        for name, value, unit, step in found
        if isinstance(value, (int, float)) and math.isfinite(value)
    ]


def _datum(record: Mapping[str, Any], name: str, value: float, unit: str, step: bool) -> dict[str, Any]:
    dimensions = [{"Name": "Target", "Value": split_target(str(record["target"]))["cluster_id"]}]
    if step:
        dimensions.append({"Name": "Step", "Value": str(record["step"])})
    return {
        "MetricName": name,
        "Dimensions": dimensions,
        "Timestamp": moment_of(record) / 1000,
        "Value": value,
        "Unit": unit,
    }


def calls(data: Iterable[Mapping[str, Any]], now: int) -> list[list[dict[str, Any]]]:
    """Metrics as calls that AWS does not refuse: at most 1,000 each, and none that are older than two weeks.

    :param now: in milliseconds since 1970.
    """
    fresh = [dict(datum) for datum in data if datum["Timestamp"] * 1000 >= now - MAX_AGE]
    return [fresh[first : first + MAX_METRICS] for first in range(0, len(fresh), MAX_METRICS)]
