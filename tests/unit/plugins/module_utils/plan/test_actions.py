# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan lists, call by call. That a run then calls just that: rds/test_planned_calls.py."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan.actions import (
    ALL_OTHER_DATABASES,
    ALL_OTHER_LOGINS,
    actions,
    changing,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan.case import Case
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan.world import Fact, Resumed
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.models import Snapshot
from plan_world import KEY, TOPIC, WISHES, case, snapshot, target

STEPS = ["snapshot_check", "snapshot_copy", "cluster_delete", "cluster_restore", "db_users", "notification"]
EIGHT = str(WISHES.operation_id)[-8:].lower()


def planned(of: Case) -> list[dict[str, Any]]:
    return actions(of.wishes, of.world, of.decision, of.around)


def calls(of: Case) -> list[tuple[str, Any]]:
    return [(item["call"], item["resource"]) for item in changing(planned(of))]


def of_step(of: Case, step: str) -> list[tuple[str, str | None]]:
    return [(item["how"], item["call"]) for item in planned(of) if item["step"] == step]


def copy(**more: Any) -> Snapshot:
    given = {"name": "copy", "SourceDBClusterSnapshotArn": snapshot().arn, "KmsKeyId": KEY, "SnapshotType": "manual"}
    return snapshot(**{**given, **more})


def test_a_whole_restore_in_safe_order() -> None:
    of = case({"overrides": {"deletion_protection": True}})
    copied = next(item["resource"] for item in planned(of) if item["call"] == "CopyDBClusterSnapshot")
    assert copied.startswith("shop-production-202603020100-")
    assert calls(of) == [
        ("CopyDBClusterSnapshot", copied),
        ("CreateDBClusterSnapshot", f"shop-staging-final-{EIGHT}"),
        ("DeleteDBInstance", "shop-staging-2"),
        ("DeleteDBInstance", "shop-staging-1"),
        ("DeleteDBCluster", "shop-staging"),
        ("RestoreDBClusterFromSnapshot", "shop-staging"),
        ("CreateDBInstance", f"shop-staging-{EIGHT}-1"),
        ("ModifyDBCluster", "shop-staging"),
        ("CreateDBInstance", f"shop-staging-{EIGHT}-2"),
        ("ModifyDBCluster", "shop-staging"),
        ("AddTagsToResource", "shop-staging"),
        ("CREATE ROLE or ALTER ROLE", "shop_app"),
        ("CREATE ROLE or ALTER ROLE", "shop_readonly"),
        ("ALTER ROLE", ALL_OTHER_LOGINS),
        ("GRANT, REVOKE", "shop"),
        ("REVOKE", ALL_OTHER_DATABASES),
        ("Publish", TOPIC),
    ]


@pytest.mark.parametrize("world", [{}, {"target": Fact(None)}, {"target_snapshots": Fact([copy()])}])
def test_each_step_has_its_say(world: dict[str, Any]) -> None:
    """Also one in which nothing is called."""
    assert list(dict.fromkeys(item["step"] for item in planned(case(world=world)))) == STEPS


@pytest.mark.parametrize(
    ("there", "how", "call"),
    [
        ([], "start", "CopyDBClusterSnapshot"),
        ([copy()], "reuse", None),
        ([copy(Status="copying")], "adopt", None),
        ([copy(KmsKeyId="arn:aws:kms:us-west-2:123456789012:key/other")], "start", "CopyDBClusterSnapshot"),
    ],
)
def test_the_copy(there: list[Snapshot], how: str, call: str | None) -> None:
    assert of_step(case(world={"target_snapshots": Fact(there)}), "snapshot_copy") == [(how, call)]


def test_a_snapshot_of_the_region_under_the_key_is_not_copied() -> None:
    own = snapshot(KmsKeyId=KEY, DBClusterSnapshotArn="arn:aws:rds:us-west-2:123456789012:cluster-snapshot:own")
    of = case({"source_region": "us-west-2"}, {"snapshots": Fact([own])})
    assert of_step(of, "snapshot_copy") == [("skip", None)]


def test_a_failed_copy_makes_room_first() -> None:
    name = next(resource for call, resource in calls(case()) if call == "CopyDBClusterSnapshot")
    failed = copy(name=name, Status="failed")
    assert calls(case(world={"target_snapshots": Fact([failed])}))[:2] == [
        ("DeleteDBClusterSnapshot", name),
        ("CopyDBClusterSnapshot", name),
    ]


def test_stopped_and_protected_target_without_final_snapshot() -> None:
    of = case({"final_snapshot": "none"}, {"target": Fact(target(Status="stopped", DeletionProtection=True))})
    assert [call for _how, call in of_step(of, "cluster_delete")] == [
        "StartDBCluster", "ModifyDBCluster", "DeleteDBInstance", "DeleteDBInstance", "DeleteDBCluster",
    ]  # fmt: skip


def test_no_target_means_no_deletion() -> None:
    assert of_step(case(world={"target": Fact(None)}), "cluster_delete") == [("skip", None)]


def test_a_foreign_cluster_is_not_deleted() -> None:
    resumed = Resumed({"db_cluster_snapshot_arn": snapshot().arn}, {"resource_id": "cluster-GONE"})
    assert of_step(case({"resumed": resumed}), "cluster_delete") == [("refuse", None)]


def test_a_deletion_in_flight_is_waited_for() -> None:
    of = case(world={"target": Fact(target(Status="deleting"))})
    assert of_step(of, "cluster_delete") == [("adopt", None)]


def test_final_snapshot_at_delete_is_tagged_afterwards() -> None:
    of = case({"final_snapshot": "at_delete"})
    assert [call for _how, call in of_step(of, "cluster_delete")][-2:] == ["DeleteDBCluster", "AddTagsToResource"]


@pytest.mark.parametrize(
    ("status", "wanted"),
    [("available", [None]), ("creating", [None]), ("failed", ["DeleteDBClusterSnapshot", "CreateDBClusterSnapshot"])],
)
def test_a_final_snapshot_that_is_there(status: str, wanted: list[str | None]) -> None:
    final = snapshot(name=f"shop-staging-final-{EIGHT}", Status=status, SnapshotType="manual")
    of = case(world={"target_snapshots": Fact([final])})
    before = [call for _how, call in of_step(of, "cluster_delete")]
    assert before[: before.index("DeleteDBInstance")] == wanted


def test_users_that_are_set_up_need_nothing() -> None:
    tags = [
        {"Key": key, "Value": str(WISHES.operation_id)}
        for key in ("aurora-restore:operation-id", "aurora-restore:restored")
    ]
    done = Resumed(
        {"db_cluster_snapshot_arn": snapshot().arn}, {"resource_id": None}, {"db_users": {"status": "succeeded"}}
    )
    of = case({"resumed": done}, {"target": Fact(target(TagList=tags))})
    assert of_step(of, "db_users") == [("reuse", None)]


def test_logins_that_are_only_reported_are_not_altered() -> None:
    assert ("ALTER ROLE", ALL_OTHER_LOGINS) not in calls(case({"other_logins": "report"}))


def test_databases_that_are_named_count_rather_than_the_secrets() -> None:
    granted = [resource for call, resource in calls(case({"databases": ["one", "two"]})) if call.startswith("GRANT")]
    assert granted == ["one", "two"]


def test_without_an_operation_member_names_are_not_invented() -> None:
    created = [resource for call, resource in calls(case({"operation_id": None})) if call == "CreateDBInstance"]
    assert created == ["shop-staging member 1", "shop-staging member 2"]


def test_no_password_in_any_action() -> None:
    of = case()
    secrets = [*(of.world.master_secret.value or {}).items(), *(of.world.app_secret.value or {}).items()]
    shown = repr(planned(of))
    assert len(secrets) >= 6
    assert not [key for key, value in secrets if "password" in key and value in shown]


def test_roles_are_added_one_by_one() -> None:
    roles = [{"role_arn": f"arn:aws:iam::123456789012:role/{name}", "feature_name": None} for name in ("a", "b")]
    of = case({"overrides": {"associated_roles": roles}})
    assert [call for _how, call in of_step(of, "cluster_restore")].count("AddRoleToDBCluster") == 2
    present = replace(of.decision, configuration={**of.decision.configuration, "associated_roles": []})
    assert "AddRoleToDBCluster" not in [item["call"] for item in actions(of.wishes, of.world, present, of.around)]
