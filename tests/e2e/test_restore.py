# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole restore, and a second one with the collection installed from its built tarball."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from harness import BIN, CHECKOUT, PRODUCTION, SOURCE_REGION, STAGING, Run, Sandbox, eventually, play
from restored import assert_logins, assert_replaced, assert_snapshots_rows, picture

STEPS = [
    "preflight", "snapshot_check", "snapshot_copy", "cluster_delete", "cluster_restore", "db_users", "notification",
]  # fmt: skip


@dataclass
class Restored:
    sandbox: Sandbox
    run: Run
    before: dict[str, Any]
    old_resource_id: str
    report: dict[str, Any]


@pytest.fixture(scope="module")
def restored(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Restored:
    before, old = picture(sandbox, STAGING), sandbox.cluster(STAGING)["DbClusterResourceId"]
    run = play(sandbox, tmp_path_factory.mktemp("first"), "-vvv")
    assert run.code == 0, run.output[-6000:]
    return Restored(sandbox, run, before, old, run.report())


def test_holds_exactly_the_snapshots_rows(restored: Restored) -> None:
    assert_snapshots_rows(restored.sandbox)


def test_is_a_new_cluster_with_the_settings_of_the_old_one(restored: Restored) -> None:
    assert_replaced(restored.sandbox, restored.before, restored.old_resource_id)


def test_all_three_users_work_and_nobody_else(restored: Restored) -> None:
    sandbox = restored.sandbox
    master, app = sandbox.secret("shop/staging/master"), sandbox.secret("shop/staging/app")
    with sandbox.login(STAGING, app["app_username"], app["app_password"]) as cursor:
        cursor.execute("UPDATE shop.customers SET email = email")
        cursor.execute("CREATE TABLE shop.made_later (id int); INSERT INTO shop.made_later VALUES (1)")
    with sandbox.login(STAGING, app["readonly_username"], app["readonly_password"]) as cursor:
        cursor.execute("SELECT count(*) FROM shop.orders")
        cursor.execute("SELECT id FROM shop.made_later")
        assert cursor.fetchone() == (1,)
        for statement in (
            "DELETE FROM shop.orders",
            "INSERT INTO shop.made_later VALUES (2)",
            "CREATE TABLE public.x (i int)",
        ):
            cursor.execute("SAVEPOINT s")
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                cursor.execute(statement)
            cursor.execute("ROLLBACK TO SAVEPOINT s")
    with sandbox.login(STAGING, app["app_username"], app["app_password"]) as cursor:
        cursor.execute("DROP TABLE shop.made_later")
    with sandbox.login(STAGING, master["username"], master["password"]) as cursor:
        cursor.execute(
            "SELECT rolname FROM pg_roles WHERE rolcanlogin AND rolname !~ '^(rds|pg_)'"
            " AND rolname <> 'postgres' ORDER BY 1"
        )
        able = {name for (name,) in cursor.fetchall()}
        assert able == {master["username"], app["app_username"], app["readonly_username"]}
        cursor.execute("SELECT count(*) FROM pg_roles WHERE rolname IN ('report_user', 'jane.doe', 'batch\"job')")
        assert cursor.fetchone()[0] == 3, "the others are shut out, not dropped"


def test_productions_passwords_do_not_work_on_the_copy(restored: Restored) -> None:
    assert_logins(restored.sandbox)


def test_the_final_snapshot_can_itself_be_restored(restored: Restored) -> None:
    sandbox, rds = restored.sandbox, restored.sandbox.client("rds")
    finals = [
        snapshot
        for snapshot in rds.describe_db_cluster_snapshots(SnapshotType="manual")["DBClusterSnapshots"]
        if snapshot["DBClusterSnapshotIdentifier"].startswith(f"{STAGING}-final-")
    ]
    assert len(finals) == 1 and finals[0]["DbClusterResourceId"] == restored.old_resource_id
    rds.restore_db_cluster_from_snapshot(
        DBClusterIdentifier="from-final", SnapshotIdentifier=finals[0]["DBClusterSnapshotIdentifier"],
        Engine=finals[0]["Engine"], EngineVersion=finals[0]["EngineVersion"], DBSubnetGroupName=STAGING,
    )  # fmt: skip
    eventually("cluster", lambda: sandbox.cluster("from-final")["Status"] == "available")
    rds.create_db_instance(
        DBInstanceIdentifier="from-final-1", DBClusterIdentifier="from-final", Engine=finals[0]["Engine"],
        DBInstanceClass="db.r6g.large",
    )  # fmt: skip
    eventually("writer", lambda: sandbox.instances("from-final")[0]["DBInstanceStatus"] == "available")
    app = sandbox.secret("shop/staging/app")

    def marker() -> bool:
        try:
            with sandbox.login("from-final", app["app_username"], app["app_password"]) as cursor:
                cursor.execute("SELECT count(*) FROM shop.staging_marker")
                return bool(cursor.fetchone()[0])
        except psycopg2.OperationalError:
            return False

    eventually("the old data", marker)
    rds.delete_db_instance(DBInstanceIdentifier="from-final-1")
    rds.delete_db_cluster(DBClusterIdentifier="from-final", SkipFinalSnapshot=True)


def test_report(restored: Restored) -> None:
    report, sandbox = restored.report, restored.sandbox
    assert report["status"] == "succeeded" and not report.get("error")
    account = sandbox.info["account_id"]
    assert report["source"] == {"account": account, "region": SOURCE_REGION, "cluster_id": PRODUCTION}
    assert report["target"] == {"account": account, "region": "us-west-2", "cluster_id": STAGING}
    assert set(report["snapshot"]) >= {"id", "arn", "created_at", "age_seconds"}
    assert [step["step"] for step in report["steps"]] == STEPS
    for step in report["steps"]:
        assert set(step) == {"step", "status", "started_at", "finished_at", "seconds", "changed"}
        assert step["status"] == "succeeded" and step["finished_at"] >= step["started_at"]
    assert 0 < report["downtime_seconds"] < report["total_seconds"]
    assert report["carried_over"] and isinstance(report["lost"], list)


def test_chose_the_newest_snapshot_that_is_available(restored: Restored) -> None:
    snapshots = restored.sandbox.client("rds", SOURCE_REGION).describe_db_cluster_snapshots(
        DBClusterIdentifier=PRODUCTION
    )["DBClusterSnapshots"]
    usable = [snapshot for snapshot in snapshots if snapshot["Status"] == "available"]
    assert len(usable) < len(snapshots), "one is still being made"
    newest = max(usable, key=lambda snapshot: snapshot["SnapshotCreateTime"])
    assert restored.report["snapshot"]["arn"] == newest["DBClusterSnapshotArn"]


def test_state_table(restored: Restored) -> None:
    items = restored.sandbox.items()
    mine = [item for item in items if item["operation_id"]["S"] == restored.report["operation_id"]]
    statuses = {item["step"]["S"]: item["status"]["S"] for item in mine if "status" in item}
    assert statuses.pop("#operation") == "succeeded"
    assert {step: statuses[step] for step in STEPS} == dict.fromkeys(STEPS, "succeeded")
    account = restored.sandbox.info["account_id"]
    target = {i["step"]["S"]: i for i in items if i["operation_id"]["S"] == f"target#{account}/us-west-2/{STAGING}"}
    assert target["#latest"]["status"]["S"] == "succeeded"
    assert target["#lease"]["fence"]["N"] == "1"


def test_people_are_told(restored: Restored) -> None:
    messages = restored.sandbox.messages()
    assert len(messages) == 1
    (message,) = messages
    assert STAGING in message["Subject"] and message["Subject"].isascii() and len(message["Subject"]) < 100
    assert restored.report["operation_id"] in message["Message"]
    attributes = {key: value["Value"] for key, value in message["MessageAttributes"].items()}
    assert attributes["status"] == "succeeded"
    assert STAGING in attributes["target"]
    assert attributes["operation_id"] == restored.report["operation_id"]


def test_every_mutating_call_says_which_operation_it_belongs_to(restored: Restored) -> None:
    mutating = ("Copy", "Restore", "Create", "Delete", "Modify")
    calls = [
        call
        for call in restored.sandbox.calls()
        if call["service"] == "rds" and call["action"].startswith(mutating) and "aurora-restore" in call["user_agent"]
    ]
    wanted = {"CopyDBClusterSnapshot", "CreateDBClusterSnapshot", "DeleteDBInstance", "DeleteDBCluster",
              "RestoreDBClusterFromSnapshot", "CreateDBInstance", "ModifyDBCluster"}  # fmt: skip
    assert {call["action"] for call in calls} == wanted
    for call in calls:
        assert f"op={restored.report['operation_id']}" in call["user_agent"] and "fence=1" in call["user_agent"]


def test_no_password_anywhere(restored: Restored) -> None:
    assert_no_password(restored.sandbox, restored.run)


def test_an_unmarked_neighbour_was_left_alone(restored: Restored) -> None:
    touched = [
        call
        for call in restored.sandbox.calls()
        if "legacy-reporting" in json.dumps(call.get("parameters", {}))
        and "aurora-restore" in call["user_agent"]
        and not call["action"].startswith("Describe")
    ]
    assert not touched
    assert restored.sandbox.cluster("legacy-reporting")["Status"] == "available"


def test_second_run_by_the_installed_collection(
    restored: Restored, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Built, installed from its tarball, run by its playbook's name from another folder."""
    subprocess.run(
        [BIN / "ansible-galaxy", "collection", "build", "--output-path", tmp_path / "dist", CHECKOUT], check=True
    )
    (tarball,) = (tmp_path / "dist").glob("dbops-aurora_restore-*.tar.gz")
    subprocess.run(
        [
            BIN / "ansible-galaxy",
            "collection",
            "install",
            "--offline",
            "--no-deps",
            "--force",  # the environment's link to the checkout counts as installed
            "-p",
            tmp_path / "collections",
            tarball,
        ],
        check=True,
    )
    installed = tmp_path / "collections/ansible_collections/dbops/aurora_restore"
    assert not (installed / ".venv").exists() and not (installed / ".git").exists()
    # A short path: ansible-core has a socket in its temporary folder, and a socket's path ends at 107 bytes.
    home = tmp_path_factory.mktemp("again")
    run = play(
        restored.sandbox, home, "-vvv", playbook="dbops.aurora_restore.restore", cwd=tmp_path,
        more_environment={"ANSIBLE_COLLECTIONS_PATH": f"{tmp_path / 'collections'}:{CHECKOUT.parent}"},
    )  # fmt: skip
    assert run.code == 0, run.output[-6000:]
    assert str(installed) in run.output, "the installed files ran, not the checkout's"
    report = run.report()
    assert report["status"] == "succeeded"
    assert report["operation_id"] > restored.report["operation_id"]
    assert report["snapshot"]["arn"] == restored.report["snapshot"]["arn"]
    changed = {step["step"]: step["changed"] for step in report["steps"]}
    assert changed["snapshot_copy"] is False, "the existing copy is used again"
    copies = [call for call in restored.sandbox.calls() if call["action"] == "CopyDBClusterSnapshot"]
    assert len(copies) == 1
    assert picture(restored.sandbox, STAGING) == restored.before
    assert_no_password(restored.sandbox, run)
    shutil.rmtree(tmp_path / "collections")


def test_status_playbook_shows_both(restored: Restored, tmp_path: Path) -> None:
    listed = play(restored.sandbox, tmp_path, playbook="playbooks/status.yml")
    assert listed.code == 0, listed.output
    assert restored.report["operation_id"] in listed.output
    one = play(
        restored.sandbox, tmp_path, playbook="playbooks/status.yml",
        aurora_restore_operation_id=restored.report["operation_id"],
    )  # fmt: skip
    assert one.code == 0, one.output
    for step in STEPS:
        assert step in one.output


def assert_no_password(sandbox: Sandbox, run: Run) -> None:
    """Searches everything a run leaves behind for every password of both environments."""
    from leaks import find_passwords

    assert find_passwords(sandbox, run) == []
