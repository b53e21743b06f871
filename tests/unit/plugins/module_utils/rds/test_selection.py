# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.models import Snapshot
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.selection import (
    Wish,
    age_seconds,
    judge,
    newest_usable,
    reason_against,
    why_none,
)
from rds_world import CREATED, snapshot

NOW = CREATED + timedelta(hours=10)


def made(name: str, hours_ago: float | None = 10, **values: Any) -> Snapshot:
    boto = snapshot(name, **values)
    if hours_ago is None:
        del boto["SnapshotCreateTime"]
    else:
        boto["SnapshotCreateTime"] = NOW - timedelta(hours=hours_ago)
    return Snapshot.from_boto(boto)


def test_newest_available_wins() -> None:
    found = [made("rds:old", 48), made("rds:new", 1), made("being-made", None, Status="creating"), made("weekly", 5)]
    candidates = judge(found, Wish(), NOW)
    assert [item.snapshot.id for item in candidates] == ["rds:new", "weekly", "rds:old", "being-made"]
    assert candidates[-1].reason == "it is still being created"
    newest = newest_usable(candidates)
    assert newest is not None
    assert newest.id == "rds:new"
    assert age_seconds(newest, NOW) == 3600


@pytest.mark.parametrize(
    ("wish", "usable"),
    [
        (Wish(snapshot_type="automated"), True),
        (Wish(snapshot_type="manual"), False),
        (Wish(prefix="shop"), True),
        (Wish(prefix="rds:shop"), True),
        (Wish(prefix="SHOP-prod"), True),
        (Wish(prefix="prod"), False),
        (Wish(snapshot_id="RDS:shop-production-a"), True),
        (Wish(snapshot_id="arn:aws:rds:us-east-1:123456789012:cluster-snapshot:rds:shop-production-a"), True),
        (Wish(snapshot_id="another"), False),
        (Wish(max_age_hours=10.5), True),
        (Wish(max_age_hours=9.5), False),
        (Wish(created_before=NOW), True),
        (Wish(created_before=CREATED), False),
        (Wish(tags={"team": "shop"}), True),
        (Wish(tags={"team": "other"}), False),
    ],
)
def test_conditions(wish: Wish, usable: bool) -> None:
    found = made("rds:shop-production-a", tags={"team": "shop"})
    assert (reason_against(found, wish, NOW) is None) is usable


def test_copies_only_when_pinned() -> None:
    copied = made("copy", SourceDBClusterSnapshotArn="arn:x")
    assert reason_against(copied, Wish(), NOW) == "it is a copy of arn:x"
    assert reason_against(copied, Wish(snapshot_id="copy"), NOW) is None


@pytest.mark.parametrize("status", ["failed", "copying", "deleting"])
def test_only_available_ones(status: str) -> None:
    assert reason_against(made("a", Status=status), Wish(), NOW) == f"its status is {status}"


def test_sentences() -> None:
    old = judge([made("a", 50), made("b", 60)], Wish(max_age_hours=24), NOW)
    assert why_none(old, Wish(max_age_hours=24), "us-east-1", "shop") == (
        "None of the 2 snapshots of cluster shop in us-east-1 can be used "
        "(a: it is 50.0 hours old, more than 24; b: it is 60.0 hours old, more than 24)."
    )
    assert why_none([], Wish(), "us-east-1", "shop") == "Cluster shop has no snapshots in us-east-1."
    pinned = Wish(snapshot_id="a")
    assert why_none([], pinned, "us-east-1", None) == "Snapshot a does not exist in us-east-1."
    failed = judge([made("a", Status="failed")], pinned, NOW)
    assert why_none(failed, pinned, "us-east-1", None) == "Snapshot a in us-east-1 can't be used: its status is failed."
