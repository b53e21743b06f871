# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check runs: what a plan says, that nothing is changed for it, and that a run holds to one that somebody has signed.

That a run makes the calls of its plan in all sorts of trouble: test_scenarios.py, and the resumed ones of
test_killed_points.py.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from harness import PRODUCTION, SOURCE_REGION, STAGING, Sandbox, eventually, play
from leaks import passwords
from planned import check_run, plan_of

CONFIGURATION = {
    "db_subnet_group_name": "shop-staging",
    "db_cluster_parameter_group_name": "shop-staging",
    "instances": [{"db_instance_class": "db.r6g.large"}],
}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture(scope="module")
def plan(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The plan of the demo, with its output and Markdown."""
    folder = tmp_path_factory.mktemp("plan")
    run, plan = check_run(sandbox, folder, more_environment={"ANSIBLE_SHOW_CUSTOM_STATS": "1"})
    assert run.code == 0, run.output[-6000:]
    markdown = (folder / "reports" / "plan-shop-staging.md").read_text()
    return {**plan, "output": run.output, "markdown": markdown}


def test_says_what_will_happen(plan: dict[str, Any]) -> None:
    calls = [item["call"] for item in plan["actions"] if item["service"] == "rds"]
    assert calls[0] == "CopyDBClusterSnapshot"
    assert calls.index("DeleteDBCluster") < calls.index("RestoreDBClusterFromSnapshot")
    for item in plan["actions"]:
        for text in (plan["output"], plan["markdown"].replace("\\", "")):
            assert str(item["resource"]) in text


def test_says_which_snapshot_and_why(plan: dict[str, Any]) -> None:
    chosen, passed_over = plan["snapshot"]["chosen"], plan["snapshot"]["passed_over"]
    assert chosen["arn"].startswith("arn:aws:rds:us-east-1:")
    assert chosen["age_seconds"] >= 0
    assert len(passed_over) == plan["snapshot"]["candidates"] - 1 >= 1
    assert all(item["reason"] for item in passed_over)
    assert "the newest usable one of cluster shop-production in us-east-1" in plan["output"]


def test_says_what_is_different_afterwards(sandbox: Sandbox, plan: dict[str, Any]) -> None:
    by_key = {item["key"]: item for item in plan["changes"]}
    members = {item["DBInstanceIdentifier"] for item in sandbox.instances(STAGING)}
    assert {by_key["instances[1].id"]["now"], by_key["instances[2].id"]["now"]} == members
    assert by_key["instances[1].id"]["differs"]
    assert not by_key["port"]["differs"]
    assert by_key["port"]["now"] == sandbox.cluster(STAGING)["Port"]
    app = sandbox.secret("shop/staging/app")
    assert [item["name"] for item in plan["logins"]["after"]][1:3] == [app["app_username"], app["readonly_username"]]
    assert "staging_old" in {item["name"] for item in plan["logins"]["now"]} or plan["logins"]["now"]


def test_says_how_long_and_how_much(plan: dict[str, Any]) -> None:
    downtime, total = plan["durations"]["downtime"], plan["durations"]["total"]
    assert 0 < downtime["low_seconds"] <= downtime["seconds"] <= downtime["high_seconds"]
    assert downtime["seconds"] < total["seconds"]
    assert plan["cost"]["per_hour"] > 0
    assert "AN ESTIMATE" in plan["output"]


def test_says_what_was_checked(plan: dict[str, Any]) -> None:
    results = {item["name"]: item["status"] for item in plan["checks"]}
    assert len(results) >= 24
    assert "failed" not in results.values()
    assert all(item["seen"] for item in plan["checks"])


def test_tells_a_controllers_next_node(plan: dict[str, Any]) -> None:
    custom = plan["output"].split("CUSTOM STATS")[1]
    assert plan["digest"] in custom
    assert plan["snapshot"]["chosen"]["arn"] in custom


def test_holds_no_password(sandbox: Sandbox, plan: dict[str, Any]) -> None:
    found = [where for where, password in passwords(sandbox).items() if password in json.dumps(plan)]
    assert not found


def test_everything_that_fails_is_listed(sandbox: Sandbox, home: Path) -> None:
    run, plan = check_run(
        sandbox, home, aurora_restore_kms_key_id="alias/nope", aurora_restore_expected_account="999999999999",
        aurora_restore_app_credentials_secret_id="shop/none", aurora_restore_state_table="nowhere",
    )  # fmt: skip
    assert run.code != 0
    failed = {item["name"] for item in plan["checks"] if item["status"] == "failed"}
    assert failed >= {"kms_key", "account", "app_secret", "state_table"}
    assert plan["refused"]
    assert all(message in run.output for message in plan["failures"])


def test_without_a_target(sandbox: Sandbox, home: Path) -> None:
    groups = [item["VpcSecurityGroupId"] for item in sandbox.cluster(STAGING)["VpcSecurityGroups"]]
    wanted = {**CONFIGURATION, "vpc_security_group_ids": groups}
    run, plan = check_run(
        sandbox, home, aurora_restore_target_cluster_id="shop-new", aurora_restore_configuration=wanted,
        aurora_restore_kms_key_id=sandbox.info["world"]["kms_keys"]["us-west-2"],
    )  # fmt: skip
    assert run.code == 0, run.output[-6000:]
    assert not plan["target"]["exists"]
    assert [item["how"] for item in plan["actions"] if item["step"] == "cluster_delete"] == ["skip"]
    assert {item["now"] for item in plan["changes"]} == {None}


def test_of_a_protected_target(sandbox: Sandbox, home: Path) -> None:
    rds = sandbox.client("rds")
    rds.modify_db_cluster(DBClusterIdentifier=STAGING, DeletionProtection=True, ApplyImmediately=True)
    eventually("available", lambda: sandbox.cluster(STAGING)["Status"] == "available")
    try:
        run, plan = check_run(sandbox, home, aurora_restore_lift_deletion_protection=False)
        assert run.code != 0
        assert [item["name"] for item in plan["checks"] if item["status"] == "failed"] == ["target"]
        lifted = plan_of(sandbox, home, aurora_restore_lift_deletion_protection=True)
        changes = [item["action"] for item in lifted["actions"] if item["call"] == "ModifyDBCluster"]
        assert changes[0] == "lift deletion protection"
        assert changes[-1] == "switch deletion protection on"
    finally:
        rds.modify_db_cluster(DBClusterIdentifier=STAGING, DeletionProtection=False, ApplyImmediately=True)
        eventually("available", lambda: sandbox.cluster(STAGING)["Status"] == "available")


def test_a_part_of_a_restore_is_refused(sandbox: Sandbox, home: Path) -> None:
    before = len(sandbox.calls())
    for arguments in (["--tags", "snapshot_copy"], ["--skip-tags", "cluster_delete"]):
        run = play(sandbox, home, "--check", *arguments)
        assert run.code != 0
        assert f"{' '.join(arguments)} would leave steps out" in run.output
    middle = play(sandbox, home, "--check", "--start-at-task", "Run the steps")
    assert "No matching task" in middle.output
    assert len(sandbox.calls()) == before


def test_a_plan_that_was_edited(sandbox: Sandbox, home: Path, plan: dict[str, Any]) -> None:
    edited = {key: value for key, value in plan.items() if key not in ("output", "markdown")}
    edited["kms_key_id"] = "another"
    refused(sandbox, home, edited, "was changed after it was made")


def test_a_plan_of_another_target(sandbox: Sandbox, home: Path, plan: dict[str, Any]) -> None:
    whole = {key: value for key, value in plan.items() if key not in ("output", "markdown")}
    refused(sandbox, home, whole, "not of", aurora_restore_target_cluster_id="shop-other")


def test_the_world_has_changed_since(sandbox: Sandbox, home: Path, plan: dict[str, Any]) -> None:
    whole = {key: value for key, value in plan.items() if key not in ("output", "markdown")}
    source = sandbox.client("rds", SOURCE_REGION)
    source.create_db_cluster_snapshot(DBClusterIdentifier=PRODUCTION, DBClusterSnapshotIdentifier="newer")
    eventually("the newer snapshot", lambda: sandbox_status(source) == "available")
    try:
        refused(sandbox, home, whole, f"not as in the plan of {plan['made_at']}", "the snapshot was", ":newer")
    finally:
        source.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier="newer")


def sandbox_status(source: Any) -> str:
    found = source.describe_db_cluster_snapshots(DBClusterSnapshotIdentifier="newer")["DBClusterSnapshots"]
    return str(found[0]["Status"])


def refused(sandbox: Sandbox, home: Path, plan: dict[str, Any], *says: str, **variables: Any) -> None:
    """A run with that plan changes nothing, and says why."""
    signed = home / "signed.json"
    signed.write_text(json.dumps(plan))
    calls = len(sandbox.calls())
    run = play(sandbox, home, aurora_restore_plan_file=str(signed), **variables)
    assert run.code != 0
    assert all(piece in run.output for piece in says), run.output[-4000:]
    made = [call["action"] for call in sandbox.calls()[calls:] if call["service"] == "rds"]
    assert [action for action in made if not action.startswith("Describe")] == []
