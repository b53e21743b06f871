# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is decided: snapshot, configuration and key."""

from __future__ import annotations

from datetime import datetime

import pytest
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan import decisions
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan.world import Fact
from plan_world import KEY, case, target

EARLIER = {
    "engine": "aurora-postgresql",
    "engine_version": "16.1",
    "port": 6000,
    "db_subnet_group_name": "earlier",
    "instances": [{"db_instance_class": "db.r6g.large"}, {"db_instance_class": "db.r6g.large"}],
}


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


def test_differences_name_what_changes() -> None:
    of = case({"overrides": {"port": 5555}})
    found = decisions.differences(of.decision.captured, decisions.resolved_configuration(of.decision, of.around))
    assert [(item["key"], item["before"], item["after"]) for item in found] == [
        ("engine_version", "17.2", "17.4"), ("port", 5433, 5555)
    ]  # fmt: skip
    assert decisions.differences(None, {"port": 1}) == []
