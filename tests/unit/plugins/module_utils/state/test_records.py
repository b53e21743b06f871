# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys, texts and DynamoDB's typed form; the report and its sums; ULIDs."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import StateError
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.about import about_run
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.records import (
    from_item,
    parse_text,
    shorten,
    split_target,
    target_key,
    to_item,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.report import build_report, seconds_between
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.ulid import ALPHABET, new_ulid


def test_ulid_of_the_specifications_example() -> None:
    assert new_ulid(1469918176385, 0)[:10] == "01ARYZ6S41"


def test_ulids_sort_by_time_and_differ() -> None:
    assert new_ulid(1) < new_ulid(2)
    made = {new_ulid(5) for _number in range(1000)}
    assert len(made) == 1000
    assert all(len(ulid) == 26 and set(ulid) <= set(ALPHABET) for ulid in made)


def test_items_survive_dynamodb() -> None:
    values: dict[str, Any] = {
        "s": "ä", "n": 3, "f": 1.5, "neg": -4, "b": True, "z": None, "l": [1, "x", {}], "m": {"k": [False]}
    }  # fmt: skip
    assert from_item(to_item(values)) == values


def test_an_item_that_is_too_large_is_refused() -> None:
    with pytest.raises(StateError, match="nothing was written"):
        to_item({"operation_id": "X", "blob": "x" * 300_000})


def test_texts_are_cut() -> None:
    assert shorten({"a": ["x" * 50]}, 10) == {"a": ["x" * 9 + "…"]}


def test_targets_are_case_insensitive() -> None:
    key = target_key("1", "us-west-2", "Shop-Staging")
    assert key == "1/us-west-2/shop-staging"
    assert split_target(key) == {"account": "1", "region": "us-west-2", "cluster_id": "shop-staging"}


def test_times() -> None:
    assert seconds_between("2026-01-01T00:00:00Z", "2026-01-01T00:01:30.5+00:00") == 90.5
    assert seconds_between(None, "2026-01-01T00:00:00Z") is None
    assert parse_text("yesterday") is None
    naive = parse_text("2026-01-01T00:00:00")
    assert naive is not None
    assert naive.tzinfo is not None


OPERATION = {
    "operation_id": "OP",
    "step": "#operation",
    "status": "succeeded",
    "target": "1/us-west-2/shop-staging",
    "source": {"account": "1", "region": "us-east-1", "cluster_id": "shop-production"},
    "started_at": "2026-01-01T02:00:00Z",
    "finished_at": "2026-01-01T03:00:00Z",
    "snapshot": {
        "db_cluster_snapshot_identifier": "rds:s",
        "db_cluster_snapshot_arn": "arn:s",
        "snapshot_create_time": "2026-01-01T01:00:00Z",
    },
}
STEPS: list[dict[str, Any]] = [
    {
        "step": "db_users",
        "status": "succeeded",
        "changed": True,
        "started_at": "2026-01-01T02:40:00Z",
        "finished_at": "2026-01-01T02:41:00Z",
        "result": {"login_verified_at": "2026-01-01T02:40:30Z"},
    },
    {
        "step": "cluster_delete",
        "status": "succeeded",
        "started_at": "2026-01-01T02:10:00Z",
        "finished_at": "2026-01-01T02:20:00Z",
        "result": {"first_destructive_at": "2026-01-01T02:12:00Z", "final_snapshot_id": "shop-staging-final-x"},
    },
    {"step": "cluster_restore", "status": "succeeded", "result": {"carried_over": ["port 5432"], "lost": ["x"]}},
]


def test_report_of_a_restore() -> None:
    report = build_report(OPERATION, STEPS)
    assert [step["step"] for step in report["steps"]] == ["cluster_delete", "cluster_restore", "db_users"]
    assert report["steps"][2]["seconds"] == 60
    assert report["downtime_seconds"] == 28 * 60 + 30
    assert report["total_seconds"] == 3600
    assert report["snapshot"] == {
        "id": "rds:s", "arn": "arn:s", "created_at": "2026-01-01T01:00:00Z", "age_seconds": 3600
    }  # fmt: skip
    assert report["target"] == {"account": "1", "region": "us-west-2", "cluster_id": "shop-staging"}
    assert report["carried_over"] == ["port 5432"]
    assert report["lost"] == ["x"]
    assert report["error"] is None
    assert report["final_snapshot_id"] == "shop-staging-final-x"


def test_the_age_of_a_copy_is_that_of_its_source() -> None:
    snapshot = {**OPERATION["snapshot"], "source_snapshot_time": "2026-01-01T00:00:00Z"}  # type: ignore[dict-item]
    assert build_report({**OPERATION, "snapshot": snapshot}, [])["snapshot"]["age_seconds"] == 7200


def test_report_of_a_failure_names_the_step_that_failed() -> None:
    steps = [{"step": "preflight", "status": "failed", "error": {"kind": "bad_input", "message": "No."}}]
    report = build_report({**OPERATION, "status": "failed", "snapshot": None}, steps)
    assert report["error"] == {"step": "preflight", "code": "bad_input", "message": "No."}
    assert report["downtime_seconds"] is None
    assert report["snapshot"] is None


def test_the_operations_own_error_comes_first() -> None:
    report = build_report({**OPERATION, "status": "failed", "error": {"message": "Gone.", "code": "X"}}, STEPS)
    assert report["error"] == {"step": None, "code": "X", "message": "Gone."}


def test_who_runs_it() -> None:
    about = about_run("arn:aws:iam::1:user/me", "2.19", {"JOB_ID": "42"})
    assert about["who"] == "arn:aws:iam::1:user/me"
    assert about["controller_job_id"] == "42"
    assert about["versions"]["ansible"] == "2.19"
    assert about_run("x", "2.19", {"JOB_ID": "1", "TOWER_JOB_ID": "2"})["controller_job_id"] == "2"
