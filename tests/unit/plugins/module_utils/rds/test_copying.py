# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import (
    AwsError,
    BadInput,
    Conflict,
    TerminalStatus,
    WaitTimeout,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.copying import CopyWish, copy, is_slot_shortage
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.models import Snapshot
from rds_world import CREATED, ApiError, World, arn, snapshot

KEY = "arn:aws:kms:us-west-2:123456789012:key/target"
SOURCE = Snapshot.from_boto(snapshot("rds:shop-production-2026-03-01-02-00", tags={"team": "shop", "aws:x": "1"}))
WISH = CopyWish(SOURCE, KEY)


@pytest.fixture
def world() -> World:
    return World()


def present_copy(name: str, **values: Any) -> dict[str, Any]:
    known = {"SourceDBClusterSnapshotArn": SOURCE.arn, "KmsKeyId": KEY, **values}
    return snapshot(name, region="us-west-2", **known)


def test_copies_and_waits(world: World) -> None:
    outcome = copy(world.session(operation_id="01ARZ3NDEKTSV4RRFFQ69G5FAV"), WISH)
    assert (outcome.action, outcome.changed) == ("copied", True)
    assert outcome.snapshot["status"] == "available"
    assert outcome.snapshot["db_cluster_snapshot_identifier"].startswith("shop-production-202603010200-")
    assert outcome.snapshot["source_snapshot_arn"] == SOURCE.arn
    assert outcome.snapshot["source_snapshot_time"] == "2026-03-01T02:00:00Z"
    call = world.params_of("CopyDBClusterSnapshot")
    assert (call["SourceRegion"], call["KmsKeyId"], call["CopyTags"]) == ("us-east-1", KEY, False)
    tags = {item["Key"]: item["Value"] for item in call["Tags"]}
    assert tags["team"] == "shop"
    assert "aws:x" not in tags
    assert tags["aurora-restore:operation-id"] == "01ARZ3NDEKTSV4RRFFQ69G5FAV"
    world.assert_intents()


def test_second_run_reuses(world: World) -> None:
    copy(world.session(), WISH)
    again = copy(world.session(), WISH)
    assert (again.action, again.changed) == ("reused", False)
    assert world.mutations == ["CopyDBClusterSnapshot"]


def test_reuses_whatever_the_name(world: World) -> None:
    world.snapshots["by-hand"] = present_copy("by-hand")
    assert copy(world.session(), WISH).snapshot["db_cluster_snapshot_identifier"] == "by-hand"


def test_another_key_is_not_reused(world: World) -> None:
    world.snapshots["by-hand"] = present_copy("by-hand", KmsKeyId=KEY + "2")
    assert copy(world.session(), WISH).action == "copied"


def test_adopts_one_in_flight(world: World) -> None:
    world.snapshots[WISH.id] = present_copy(WISH.id, Status="copying")
    world.coming[WISH.id] = ["copying", "available"]
    outcome = copy(world.session(), WISH)
    assert (outcome.action, outcome.snapshot["status"], world.mutations) == ("adopted", "available", [])


def test_lost_answer_is_adopted(world: World) -> None:
    world.lost_answers.add("CopyDBClusterSnapshot")
    assert copy(world.session(), WISH).action == "adopted"


def test_foreign_snapshot_under_the_name(world: World) -> None:
    world.snapshots[WISH.id] = present_copy(WISH.id, SourceDBClusterSnapshotArn=arn("cluster-snapshot", "other"))
    with pytest.raises(Conflict, match="already exists, but it is a copy of"):
        copy(world.session(), WISH)
    assert world.mutations == []


def test_failed_copy_of_ours_is_made_anew(world: World) -> None:
    world.snapshots[WISH.id] = present_copy(WISH.id, Status="failed")
    assert copy(world.session(), WISH).action == "copied"
    assert world.mutations == ["DeleteDBClusterSnapshot", "CopyDBClusterSnapshot"]
    world.assert_intents()


def test_a_copy_that_fails(world: World) -> None:
    world.coming[WISH.id] = ["copying", "failed"]
    with pytest.raises(TerminalStatus, match=r"is failed\. Run the same command again"):
        copy(world.session(), WISH)


def test_a_copy_that_disappears(world: World) -> None:
    world.coming[WISH.id] = ["copying", None]
    with pytest.raises(Exception, match="has disappeared"):
        copy(world.session(), WISH)


def test_waits_for_a_slot(world: World) -> None:
    full = ApiError("SnapshotQuotaExceeded", "Cannot copy more than 5 snapshots across regions")
    world.faults["CopyDBClusterSnapshot"] = [full, full]
    assert copy(world.session(), WISH).action == "copied"
    assert len(world.mutations) == 3
    assert any("waiting for a slot" in entry[1] for entry in world.log if entry[0] == "progress")


def test_hundred_snapshots_is_an_error(world: World) -> None:
    world.faults["CopyDBClusterSnapshot"] = [
        ApiError("SnapshotQuotaExceeded", "Cannot create more than 100 manual snapshots")
    ]
    with pytest.raises(AwsError, match="Delete manual cluster snapshots"):
        copy(world.session(), WISH)


def test_key_hint(world: World) -> None:
    world.faults["CopyDBClusterSnapshot"] = [ApiError("KMSKeyNotAccessibleFault", "The target KMS key")]
    with pytest.raises(AwsError, match="kms:CreateGrant"):
        copy(world.session(), WISH)


def test_timeout_is_obeyed(world: World) -> None:
    world.coming[WISH.id] = ["copying"] * 10000
    with pytest.raises(WaitTimeout):
        copy(world.session(), WISH)
    assert world.clock.now == pytest.approx(3600, abs=1)


def test_stall_is_said(world: World) -> None:
    world.coming[WISH.id] = ["copying"] * 60 + ["available"]
    copy(world.session(), WISH)
    assert any("no progress for" in entry[1] for entry in world.log if entry[0] == "progress")


def test_check_mode_plans(world: World) -> None:
    outcome = copy(world.session(check=True), WISH)
    assert (outcome.action, outcome.changed, outcome.snapshot["planned"]) == ("planned", True, True)
    assert outcome.snapshot["db_cluster_snapshot_arn"] == arn("cluster-snapshot", WISH.id)
    assert world.mutations == []


def test_encrypted_without_key(world: World) -> None:
    with pytest.raises(BadInput, match="needs a KMS key"):
        copy(world.session(), CopyWish(SOURCE))


def test_plain_source_is_copied_plain(world: World) -> None:
    plain = Snapshot.from_boto(snapshot("weekly", StorageEncrypted=False, KmsKeyId=""))
    assert copy(world.session(), CopyWish(plain, KEY)).action == "copied"
    assert "KmsKeyId" not in world.params_of("CopyDBClusterSnapshot")


def test_same_region_same_key_needs_no_copy() -> None:
    world = World("us-east-1")
    assert copy(world.session(), CopyWish(SOURCE, SOURCE.kms_key_id)).action == "source"
    assert world.log == []


def test_without_waiting(world: World) -> None:
    outcome = copy(world.session(wait=False), WISH)
    assert (outcome.action, outcome.snapshot["status"]) == ("copied", "copying")


@pytest.mark.parametrize(
    ("message", "transient"),
    [
        ("Cannot copy more than 5 snapshots across regions", True),
        ("Cannot create more than 100 manual snapshots", False),
    ],
)
def test_which_quota(message: str, transient: bool) -> None:
    assert is_slot_shortage(message) is transient


def test_name_depends_on_source_and_key() -> None:
    assert WISH.id == CopyWish(SOURCE, KEY).id
    assert WISH.id != CopyWish(SOURCE, KEY + "2").id
    assert SOURCE.created_at == CREATED
