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
    for step in STEPS:
        sandbox.client("logs").create_log_group(logGroupName=f"/aurora-restore/{step}")
    run = play(sandbox, tmp_path_factory.mktemp("first"), "-vvv", aurora_restore_cloudwatch=True)
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


def test_each_step_has_its_log_in_cloudwatch(restored: Restored) -> None:
    sandbox, operation = restored.sandbox, restored.report["operation_id"]
    for step in STEPS:
        records = [json.loads(text) for text in sandbox.log_events(f"/aurora-restore/{step}", operation)]
        assert {record["step"] for record in records} == {step}
        assert {record["operation_id"] for record in records} == {operation}
        assert [record["status"] for record in records if record["event"] == "step"] == ["succeeded"]
        assert any(record["event"] in ("ok", "changed") and record.get("task") for record in records)
    assert [record["status"] for record in records if record["event"] == "operation"] == ["succeeded"]
    assert "operation_log" not in restored.run.output, "no warning that the plugin is not active"


def test_metrics(restored: Restored) -> None:
    sandbox, report = restored.sandbox, restored.report
    values = sandbox.metrics("AuroraRestore")
    assert values.pop("OperationsStarted shop-staging") == values.pop("OperationsSucceeded shop-staging") == 1
    assert values.pop("DowntimeSeconds shop-staging") == pytest.approx(report["downtime_seconds"])
    age = values.pop("SnapshotAgeSeconds shop-staging")
    assert age == pytest.approx(report["snapshot"]["age_seconds"] + report["total_seconds"], abs=1)
    assert values == {f"StepSeconds shop-staging {item['step']}": item["seconds"] for item in report["steps"]}


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
        aurora_restore_cloudwatch=True, aurora_restore_log_group_prefix="/not-made",
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
    # The collection's callback is active here, too; that nobody has made the log groups fails nothing.
    (log,) = (home / "reports" / "logs").glob("*.jsonl")
    records = [json.loads(line) for line in log.read_text().splitlines()]
    assert {record["step"] for record in records if "task" in record} == set(STEPS)
    assert "there is no log group /not-made/preflight" in run.output.replace("\n", " ")
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


def test_a_cleanup_leaves_the_newest_of_each_kind(restored: Restored, tmp_path: Path) -> None:
    """Two runs have left two final snapshots, and one copy that both used."""
    rds = restored.sandbox.client("rds")

    def snapshots() -> list[str]:
        found = rds.describe_db_cluster_snapshots(SnapshotType="manual")["DBClusterSnapshots"]
        return sorted(item["DBClusterSnapshotIdentifier"] for item in found)

    def clean(*arguments: str, **variables: Any) -> str:
        ages = dict.fromkeys(("copies_older_than_days", "final_snapshots_older_than_days", "minimum_age_hours"), 0)
        given = {f"aurora_restore_cleanup_{name}": value for name, value in {**ages, "keep_final_snapshots": 0}.items()}
        run = play(restored.sandbox, tmp_path, *arguments, playbook="playbooks/cleanup.yml", **given, **variables)
        assert run.code == 0, run.output[-6000:]
        return " ".join(run.output.split())

    before = snapshots()
    first = f"{STAGING}-final-{restored.report['operation_id'][-8:].lower()}"
    assert f"Would be deleted: final snapshot {first} (available," in clean()
    assert f"Would be deleted: final snapshot {first}" in clean("--check", aurora_restore_cleanup_apply=True)
    assert snapshots() == before
    applied = clean(aurora_restore_cleanup_apply=True)
    assert f"Deleted: final snapshot {first}" in applied and "it is the newest copy of its source" in applied
    assert snapshots() == [name for name in before if name != first]
    assert "Deleted: nothing." in clean(aurora_restore_cleanup_apply=True)


def test_new_passwords_for_all_three_users(restored: Restored, tmp_path: Path) -> None:
    sandbox = restored.sandbox
    secrets = ("shop/staging/master", "shop/staging/app")
    before = {name: sandbox.secret(name) for name in secrets}

    def rotate(*arguments: str) -> str:
        run = play(
            sandbox, tmp_path, "-vvv", "--diff", *arguments, playbook="playbooks/rotate_credentials.yml",
            aurora_restore_rotate_master=True,
        )  # fmt: skip
        assert run.code == 0, run.output[-6000:]
        assert_no_password(sandbox, run)
        return " ".join(run.output.split())

    assert "new passwords would be in shop/staging/app" in rotate("--check")
    assert {name: sandbox.secret(name) for name in secrets} == before
    with sandbox.login(STAGING, before[secrets[1]]["app_username"], before[secrets[1]]["app_password"]) as cursor:
        said = rotate()
        cursor.execute("SELECT count(*) FROM shop.orders")
    for text in ("dbadmin: new passwords are in shop/staging/master", "shop_app and shop_readonly: new passwords are"):
        assert text in said
    for name in secrets:
        now, old = sandbox.secret(name), before[name]
        for key in [key for key in now if "password" in key]:
            user = now[key.replace("password", "username")]
            assert old[key] not in said
            with sandbox.login(STAGING, user, now[key]):
                pass
            with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
                sandbox.login(STAGING, user, old[key]).__enter__()
