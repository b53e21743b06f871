# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records of steps and operations, and the metrics that they are."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

import boto3
import pytest
from ansible_collections.dbops.aurora_restore.plugins.module_utils._observe import metrics, records
from botocore.validate import validate_parameters

OPERATION = {"id": "01M8", "target": "123456789012/us-west-2/shop-staging", "fence": 3, "step": "db_users"}
SNAPSHOT = {"id": "rds:x", "created_at": "2026-03-01T02:00:00Z"}
REPORT = {
    "status": "succeeded", "total_seconds": 3600.5, "downtime_seconds": 1200.0, "snapshot": SNAPSHOT,
    "finished_at": "2026-03-01T08:30:00Z", "final_snapshot_id": "f", "error": None,
}  # fmt: skip
STEP = {
    "step": "snapshot_copy", "status": "succeeded", "attempt": 1, "changed": True,
    "started_at": "2026-03-01T03:00:00Z", "finished_at": "2026-03-01T03:10:00Z",
}  # fmt: skip
TARGET = {"Name": "Target", "Value": "shop-staging"}
NOW = 1_772_000_000_000


def values(record: dict[str, Any]) -> dict[str, tuple[float, str, int]]:
    data = metrics.data_of(record)
    assert all(item["Dimensions"][0] == TARGET and "01M8" not in json.dumps(item) for item in data)
    return {item["MetricName"]: (item["Value"], item["Unit"], len(item["Dimensions"])) for item in data}


def test_a_new_operation_is_counted_and_one_that_is_resumed_is_not() -> None:
    assert values(records.operation_began(OPERATION, None, "free")) == {"OperationsStarted": (1.0, "Count", 1)}
    assert values(records.operation_began(OPERATION, {"attempt": 2}, "free")) == {}


def test_an_operation_that_succeeded() -> None:
    record = records.operation_ended(OPERATION, REPORT)
    assert values(record) == {
        "OperationsSucceeded": (1.0, "Count", 1),
        "DowntimeSeconds": (1200.0, "Seconds", 1),
        # How old the data is when it is there, not how old it was when the restore began.
        "SnapshotAgeSeconds": (6.5 * 3600, "Seconds", 1),
    }
    assert (record["step"], record["status"], record["seconds"]) == ("notification", "succeeded", 3600.5)


def test_an_operation_that_failed() -> None:
    error = {"step": "cluster_restore", "code": "InvalidRestoreFault", "message": "It failed."}
    record = records.operation_ended(OPERATION, {**REPORT, "status": "failed", "error": error})
    assert values(record) == {"OperationsFailed": (1.0, "Count", 1)}
    assert record["step"] == "cluster_restore" and record["message"] == "It failed."
    assert record["error"] == {"code": "InvalidRestoreFault"}


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ({}, {"StepSeconds": (600.0, "Seconds", 2)}),
        ({"status": "failed"}, {}),
        ({"started_at": None}, {}),
        ({"result": {"action": "copied", "size_gib": 3}},
         {"StepSeconds": (600.0, "Seconds", 2), "CopyBytes": (3.0 * 2**30, "Bytes", 1)}),
        ({"result": {"action": "reused", "size_gib": 3}}, {"StepSeconds": (600.0, "Seconds", 2)}),
        ({"result": {"action": "copied", "size_gib": 0}}, {"StepSeconds": (600.0, "Seconds", 2)}),
    ],
)  # fmt: skip
def test_a_step(more: dict[str, Any], found: dict[str, Any]) -> None:
    record = records.step_ended(OPERATION, {**STEP, **more})
    assert values(record) == found
    assert {"Name": "Step", "Value": "snapshot_copy"} in [
        dimension for item in metrics.data_of(record) for dimension in item["Dimensions"]
    ] or not found  # fmt: skip


def test_records_of_tasks_are_no_metrics() -> None:
    assert metrics.data_of({**records.about(OPERATION), "event": "failed", "seconds": 3, "status": "failed"}) == []


def test_what_is_no_number_is_no_metric() -> None:
    ended = records.operation_ended(OPERATION, REPORT)
    for wrong in (None, "many", float("nan"), float("inf")):
        assert "DowntimeSeconds" not in values({**ended, "downtime_seconds": wrong})


def test_calls_have_at_most_1000_metrics_of_the_last_two_weeks_and_fit_the_model() -> None:
    datum = metrics.data_of(records.operation_began(OPERATION, None, ""))[0]
    fresh, old = {**datum, "Timestamp": NOW / 1000 - 13 * 86400}, {**datum, "Timestamp": NOW / 1000 - 15 * 86400}
    found = metrics.calls([old] * 5 + [fresh] * 2001, NOW)
    assert [len(call) for call in found] == [1000, 1000, 1]
    shape = boto3.client("cloudwatch", region_name="us-west-2").meta.service_model.operation_model("PutMetricData")
    validate_parameters({"Namespace": "n", "MetricData": found[0]}, shape.input_shape)


def test_a_line_is_one_json_object_without_what_is_not_known() -> None:
    record = {**records.about(OPERATION), "message": 'two\nlines, "quoted", ä', "error": None}
    line = records.to_line(record)
    assert "\n" not in line and "error" not in line and "ä" in line
    assert json.loads(line)["message"] == record["message"]


def test_times_are_utc_and_have_milliseconds() -> None:
    moment = datetime(2026, 3, 1, 2, 0, 0, 123456, tzinfo=timezone.utc)
    assert records.clock_text(moment) == "2026-03-01T02:00:00.123Z"
    assert records.moment_of({"time": "2026-03-01T02:00:00.123Z"}) == 1772330400123
    assert records.moment_of({}) == 0


def test_long_messages_are_shortened_and_errors_keep_what_code_acts_on() -> None:
    assert records.shortened("x" * 9000) == "x" * 8000 + "… (1000 characters more)"
    assert records.shortened({"a": 1}) == '{"a": 1}' and records.shortened(None) is None
    error = {"kind": "aws", "code": "X", "message": "m", "resource": None, "resumes": False, "password": "p"}
    assert records.error_of(error) == {"kind": "aws", "code": "X", "resumes": False}
    assert records.error_of("m") is None
