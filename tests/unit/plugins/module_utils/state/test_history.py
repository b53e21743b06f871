# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a target stands, when it may be through, and what people read of it. Pure."""

from __future__ import annotations

import datetime
from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.describing import (
    audit_lines,
    duration,
    history_line,
    status_lines,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.history import (
    SAMPLES,
    downtime_seconds,
    last_successful,
    outlook,
    removal_seconds,
    result_of,
    samples,
    step_seconds,
    usual_seconds,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.lease import Lease
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.previous import current_step, told

DAY = "2026-11-01T"
NOW = datetime.datetime(2026, 11, 1, 10, 20, tzinfo=datetime.timezone.utc)


def step(name: str, status: str, start: str, end: str | None = None, **more: Any) -> dict[str, Any]:
    finished = f"{DAY}{end}Z" if end else None
    return {"step": name, "status": status, "started_at": f"{DAY}{start}Z", "finished_at": finished, **more}


def operation(name: str, status: str, *steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    by_name = {item["step"]: item for item in steps}
    started = {"operation_id": name, "status": status, "started_at": f"{DAY}10:00:00Z", "who": "arn:me", "host": "h"}
    return {**started, "user": "ops", "steps": by_name, **more}


def earlier(name: str, copy_minutes: int) -> dict[str, Any]:
    return operation(
        name,
        "succeeded",
        step("preflight", "succeeded", "01:00:00", "01:00:30"),
        step("snapshot_copy", "succeeded", "01:01:00", f"01:{copy_minutes + 1:02d}:00"),
        step("cluster_restore", "succeeded", "02:00:00", "02:10:00"),
        finished_at=f"{DAY}11:30:00Z",
    )


RUNNING = operation(
    "NOW",
    "running",
    step("preflight", "succeeded", "10:00:00", "10:00:30"),
    step(
        "snapshot_copy", "running", "10:05:00", progress={"status": "copying", "percent": 40, "at": f"{DAY}10:19:50Z"}
    ),
    attempt=2,
)
LEASE = Lease("h/boot/1/77/5", "NOW", 4, 9, 300, True, f"{DAY}10:19:48Z", f"{DAY}10:00:00Z")
HISTORY = [RUNNING, earlier("A", 20), operation("B", "failed"), earlier("C", 30), earlier("D", 40)]


def test_usual_seconds_are_the_median_of_what_succeeded() -> None:
    assert usual_seconds(HISTORY) == {"preflight": 30, "snapshot_copy": 1800, "cluster_restore": 600}
    assert usual_seconds([RUNNING]) == {}


def test_only_so_many_successful_operations_count() -> None:
    many = [operation(f"S{number}", "succeeded") for number in range(SAMPLES + 3)]
    mixed = [RUNNING, many[0], operation("F", "failed"), *many[1:], operation("X", "abandoned")]
    assert last_successful(mixed) == many[:SAMPLES]


def test_samples_leave_out_what_says_nothing_and_what_no_clock_can_mean() -> None:
    values = {"A": 5.0, "C": None, "D": -1.0}
    assert samples(HISTORY, lambda item: values[item["operation_id"]]) == [5.0]


def test_a_step_that_was_attempted_again_says_nothing() -> None:
    whole = step("snapshot_copy", "succeeded", "01:00:00", "01:10:00", attempt=1, result={"action": "copied"})
    again, failed = {**whole, "attempt": 2}, {**whole, "status": "failed"}
    told_so = [operation("A", "succeeded", item) for item in (whole, again, failed)]
    assert [step_seconds(item, "snapshot_copy") for item in told_so] == [600, None, None]
    assert [result_of(item, "snapshot_copy").get("action") for item in told_so] == ["copied", None, None]
    assert step_seconds(operation("A", "succeeded"), "snapshot_copy") is None


def test_downtime_is_from_the_first_destruction_to_the_first_login() -> None:
    destroyed, login = {"first_destructive_at": f"{DAY}01:04:00Z"}, {"login_verified_at": f"{DAY}01:30:30Z"}
    deleting = step("cluster_delete", "succeeded", "01:00:00", "01:10:00", result=destroyed)
    users = step("db_users", "succeeded", "01:30:00", "01:31:00", result=login)
    whole = operation("A", "succeeded", deleting, users)
    assert (downtime_seconds(whole), removal_seconds(whole)) == (1590, 360)
    # Between two attempts it may have lain for hours; the deletion itself did not.
    resumed = {**whole, "attempt": 2}
    assert (downtime_seconds(resumed), removal_seconds(resumed)) == (None, 360)
    nothing_destroyed = operation("A", "succeeded", {**deleting, "result": {"action": "absent"}}, users)
    assert (downtime_seconds(nothing_destroyed), removal_seconds(nothing_destroyed)) == (None, None)


def test_outlook_of_a_running_operation() -> None:
    stands = outlook(LEASE, HISTORY, NOW)
    assert stands is not None
    # The copy takes 30 minutes and began 15 ago; the restore takes 10.
    assert stands["expected_end"] == f"{DAY}10:45:00.000000Z"
    assert (stands["step"], stands["percent"], stands["held"], stands["attempt"]) == ("snapshot_copy", 40, True, 2)
    assert stands["heartbeat_age_seconds"] == 12


def test_nobody_knows_the_end_without_a_history_or_a_holder() -> None:
    assert (outlook(LEASE, [RUNNING], NOW) or {})["expected_end"] is None
    stands = outlook(None, HISTORY, NOW)
    assert stands is not None
    assert (stands["held"], stands["expected_end"], stands["heartbeat_age_seconds"]) == (False, None, None)
    assert outlook(None, [], NOW) is None


def test_a_step_that_takes_longer_than_usual_is_about_to_end() -> None:
    late = NOW + datetime.timedelta(hours=5)
    assert (outlook(LEASE, HISTORY, late) or {})["expected_end"] == f"{DAY}15:30:00.000000Z"


def test_lines_say_who_since_when_and_how_far() -> None:
    resources = [{"kind": "snapshot copy", "id": "c", "status": "copying", "remark": "copy of arn:s"}]
    lines = status_lines("1/r/c", LEASE, outlook(LEASE, HISTORY, NOW), HISTORY, resources)
    text = "\n".join(lines)
    for said in (
        "1/r/c: operation NOW running, attempt 2",
        "held by h:77 since 2026-11-01 10:00:00 UTC (arn:me, user ops), fence 4",
        "last sign of life 12 s ago by this machine's clock; free for others after 300 s",
        "step snapshot_copy: running, copying (40 %)",
        "expected to end about 2026-11-01 10:45:00 UTC",
        "break its lease with unlock.yml",
        "snapshot copy c (copying): copy of arn:s",
        "A, 2026-11-01 10:00:00 UTC, succeeded after 90 min, by arn:me on h",
    ):
        assert said in text


def test_lines_of_what_broke_off_and_of_nothing() -> None:
    text = "\n".join(status_lines("t", None, outlook(None, HISTORY, NOW), HISTORY))
    assert "running, attempt 2, but nobody holds the target" in text
    assert "the next restore resumes it; abort.yml ends it" in text
    assert status_lines("t", None, None, []) == ["t: no operation was ever recorded"]
    job = {**RUNNING, "controller_job_id": "4711"}
    assert "controller job 4711" in "\n".join(status_lines("t", LEASE, outlook(LEASE, [job], NOW), [job]))


def test_what_is_announced_shows_while_there_is_no_progress() -> None:
    deleting = step("cluster_delete", "running", "10:10:00", intent={"action": "DeleteDBCluster", "resource": "c"})
    stands = outlook(LEASE, [operation("NOW", "running", deleting)], NOW)
    assert (stands or {})["progress"] == "DeleteDBCluster c"


def test_audit_lines() -> None:
    events = [
        {"event": "started", "time": f"{DAY}10:00:00Z", "fence": 1, "reason": "nothing to resume", "lease": "released",
         "who": "arn:me", "user": "ops"},
        {"event": "intent", "time": f"{DAY}10:00:01Z", "fence": 1, "name": "snapshot_copy",
         "intent": {"action": "CopyDBClusterSnapshot", "resource": "c"}},
        {"event": "call", "time": f"{DAY}10:00:02Z", "fence": 1, "name": "snapshot_copy", "outcome": "done",
         "action": "CopyDBClusterSnapshot", "resource": "c"},
        {"event": "step", "time": f"{DAY}10:00:03Z", "fence": 1, "name": "snapshot_copy", "status": "failed",
         "error": {"message": "No."}},
        {"event": "lease_broken", "time": f"{DAY}10:00:04Z", "fence": 2, "holder": "h/b/1/7/1", "who": "arn:you",
         "controller_job_id": "4711"},
        {"event": "finished", "time": f"{DAY}10:00:05Z", "fence": 3, "status": "succeeded"},
    ]  # fmt: skip
    at = "2026-11-01 10:00:0"
    assert audit_lines(events) == [
        f"{at}0 UTC fence 1 started: nothing to resume; lease released, arn:me, user ops",
        f"{at}1 UTC fence 1 snapshot_copy: CopyDBClusterSnapshot c",
        f"{at}2 UTC fence 1 snapshot_copy: CopyDBClusterSnapshot c: done",
        f"{at}3 UTC fence 1 snapshot_copy failed: No.",
        f"{at}4 UTC fence 2 lease_broken h/b/1/7/1, arn:you, controller job 4711",
        f"{at}5 UTC fence 3 finished succeeded",
    ]


def test_durations_and_history() -> None:
    assert [duration(value) for value in (5.4, 119, 120, 7199, 7200, 9000)] == [
        "5 s", "119 s", "2 min", "2 h 0 min", "2 h 0 min", "2 h 30 min",
    ]  # fmt: skip
    pinned = {"db_cluster_snapshot_identifier": "s1"}
    line = history_line(operation("A", "failed", snapshot=pinned, attempt=3))
    assert line == "A, 2026-11-01 10:00:00 UTC, failed, 3 attempts, snapshot s1, by arn:me on h"


def test_what_steps_tell() -> None:
    steps = [step("preflight", "succeeded", "10:00:00", "10:00:30"), step("snapshot_copy", "failed", "10:01:00")]
    assert told(RUNNING, steps)["begun"] is False
    steps[1]["intent"] = {"action": "CopyDBClusterSnapshot"}
    known = told({"started_at": f"{DAY}09:00:00Z"}, steps, [{"time": f"{DAY}10:07:00Z"}])
    assert known["begun"] is True
    assert known["delete_began"] is False
    assert known["last_sign"] == f"{DAY}10:07:00Z"
    assert (current_step({"steps": known["steps"]}) or {})["step"] == "snapshot_copy"
    assert current_step({"steps": {}}) is None
