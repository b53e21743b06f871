# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is decided: snapshot, configuration, key and the actions in order."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan import decisions
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan.checks import Case
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan.world import Fact
from plan_world import KEY, case, snapshot, target

EARLIER = {
    "engine": "aurora-postgresql",
    "engine_version": "16.1",
    "port": 6000,
    "db_subnet_group_name": "earlier",
    "instances": [{"db_instance_class": "db.r6g.large"}, {"db_instance_class": "db.r6g.large"}],
}


def actions(of: Case) -> list[tuple[str, Any]]:
    planned = decisions.actions(of.wishes, of.world, of.decision, of.around)
    return [(item["step"], item["call"] or item["action"]) for item in planned]


def test_what_is_not_said_comes_from_the_replaced_cluster() -> None:
    wanted = case().decision.configuration
    assert wanted["port"] == 5433
    assert wanted["vpc_security_group_ids"] == ["sg-1", "sg-2"]
    assert [item["promotion_tier"] for item in wanted["instances"]] == [1, 5]


def test_engine_and_version_are_the_snapshots() -> None:
    decided = case().decision
    assert decided.configuration["engine_version"] == "17.4"
    assert decided.captured is not None
    assert decided.captured["engine_version"] == "17.2"


def test_what_is_said_wins() -> None:
    one = [{"db_instance_class": "db.r6g.xlarge"}]
    wanted = case({"overrides": {"port": 5555, "instances": one}}).decision.configuration
    assert wanted["port"] == 5555
    assert [(item["db_instance_class"], item["promotion_tier"]) for item in wanted["instances"]] == [
        ("db.r6g.xlarge", 1)
    ]


def test_key_is_resolved_and_used_for_the_cluster_too() -> None:
    of = case()
    assert of.decision.kms_key_id == "alias/shop-staging"
    assert decisions.resolved_configuration(of.decision, of.around)["kms_key_id"] == KEY


def test_key_of_the_replaced_cluster_is_kept() -> None:
    assert case({"kms_key_id": None}).decision.kms_key_id == KEY


def test_gone_target_is_taken_from_the_operation_that_deleted_it() -> None:
    of = case({"previous_configuration": EARLIER}, {"target": Fact(None)})
    assert of.decision.captured == EARLIER
    assert of.decision.configuration["db_subnet_group_name"] == "earlier"
    assert len(of.decision.configuration["instances"]) == 2


def test_wreck_of_a_failed_operation_is_not_what_is_carried_over() -> None:
    wreck = target(TagList=[{"Key": "aurora-restore:operation-id", "Value": "FAILED"}])
    wishes = {"previous_configuration": EARLIER, "previous_operations": ["LATER", "FAILED"]}
    assert case(wishes, {"target": Fact(wreck)}).decision.captured == EARLIER


def test_restore_that_was_completed_is_no_wreck() -> None:
    """Only what came after it failed (users, notification): its settings may have been changed since."""
    tags = {"aurora-restore:operation-id": "FAILED", "aurora-restore:restored": "FAILED"}
    done = target(TagList=[{"Key": key, "Value": value} for key, value in tags.items()])
    wishes = {"previous_configuration": EARLIER, "previous_operations": ["FAILED"]}
    captured = case(wishes, {"target": Fact(done)}).decision.captured
    assert captured is not None
    assert captured["db_subnet_group_name"] == "shop-staging"


@pytest.mark.parametrize(("created", "carried"), [("2026-01-01", "earlier"), ("2026-03-01", "shop-staging")])
def test_half_deleted_target_keeps_what_it_was(created: str, carried: str) -> None:
    """Members and protection may be gone from it; a cluster that somebody made after that is taken as it is."""
    rest = target(ClusterCreateTime=datetime.fromisoformat(created + "T00:00:00+00:00"), DBClusterMembers=[])
    wishes = {
        "previous_configuration": EARLIER,
        "previous_operations": ["FAILED"],
        "previous_deleting_since": "2026-02-01T00:00:00.000Z",
    }
    captured = case(wishes, {"target": Fact(rest)}).decision.captured
    assert captured is not None
    assert captured["db_subnet_group_name"] == carried


def test_cluster_that_the_failed_operation_never_touched_is_read_again() -> None:
    wishes = {"previous_configuration": EARLIER, "previous_operations": ["FAILED"]}
    captured = case(wishes).decision.captured
    assert captured is not None
    assert captured["db_subnet_group_name"] == "shop-staging"


def test_actions_are_in_safe_order() -> None:
    assert actions(case()) == [
        ("snapshot_check", "use snapshot"),
        ("snapshot_copy", "CopyDBClusterSnapshot"),
        ("cluster_delete", "CreateDBClusterSnapshot"),
        ("cluster_delete", "DeleteDBInstance"),
        ("cluster_delete", "DeleteDBInstance"),
        ("cluster_delete", "DeleteDBCluster"),
        ("cluster_restore", "RestoreDBClusterFromSnapshot"),
        ("cluster_restore", "CreateDBInstance"),
        ("cluster_restore", "CreateDBInstance"),
        ("cluster_restore", "ModifyDBCluster"),
        ("db_users", "set up users"),
        ("notification", "Publish"),
    ]


def test_readers_are_deleted_before_the_writer() -> None:
    of = case()
    planned = decisions.actions(of.wishes, of.world, of.decision, of.around)
    deleted = [item["resource"] for item in planned if item["call"] == "DeleteDBInstance"]
    assert deleted == ["shop-staging-2", "shop-staging-1"]


def test_existing_copy_is_reused() -> None:
    source = snapshot()
    copy = snapshot(
        name="copy",
        DBClusterSnapshotArn="arn:aws:rds:us-west-2:123456789012:cluster-snapshot:copy",
        SourceDBClusterSnapshotArn=source.arn,
        KmsKeyId=KEY,
        SnapshotType="manual",
    )
    assert ("snapshot_copy", "reuse") in actions(case(world={"target_snapshots": Fact([copy])}))


def test_stopped_and_protected_target_without_final_snapshot() -> None:
    of = case({"final_snapshot": "none"}, {"target": Fact(target(Status="stopped", DeletionProtection=True))})
    calls = [call for step, call in actions(of) if step == "cluster_delete"]
    assert calls == ["StartDBCluster", "ModifyDBCluster", "DeleteDBInstance", "DeleteDBInstance", "DeleteDBCluster"]


def test_no_target_means_no_delete() -> None:
    assert "cluster_delete" not in {step for step, _call in actions(case(world={"target": Fact(None)}))}


def test_differences_name_what_changes() -> None:
    of = case({"overrides": {"port": 5555}})
    found = decisions.differences(of.decision.captured, decisions.resolved_configuration(of.decision, of.around))
    assert [(item["key"], item["before"], item["after"]) for item in found] == [
        ("engine_version", "17.2", "17.4"), ("port", 5433, 5555)
    ]  # fmt: skip
    assert decisions.differences(None, {"port": 1}) == []
