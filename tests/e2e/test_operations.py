# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What operators do with operations: see who holds a target, be refused, break a lease, abort, resume."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from harness import STAGING, TABLE, TARGET_REGION, Run, Sandbox, eventually, play, processes_of, start
from restored import assert_logins, assert_replaced, assert_snapshots_rows, picture

# The copy takes so long that a run can be looked at in peace.
SLOW = "durations: {snapshot_copy: 900}\n"
DENIED = """\
faults:
  - name: denied
    service: rds
    action: DeleteDBInstance
    times: 1
    error: {code: AccessDenied, message: User is not authorized to perform rds:DeleteDBInstance, status: 403}
"""
TARGET = {"operation_id": {"S": f"target#123456789012/{TARGET_REGION}/{STAGING}"}, "step": {"S": "#lease"}}


def sandbox_of(tmp_path_factory: pytest.TempPathFactory, scenario: str) -> Iterator[Sandbox]:
    file = tmp_path_factory.mktemp("scenario") / "scenario.yml"
    file.write_text(scenario)
    made = Sandbox(tmp_path_factory.mktemp("sandbox") / "world", file)
    made.up()
    yield made
    made.down()


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    yield from sandbox_of(tmp_path_factory, SLOW)


@pytest.fixture(scope="module")
def denied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    yield from sandbox_of(tmp_path_factory, DENIED)


def operations(sandbox: Sandbox) -> list[dict[str, Any]]:
    found = [item for item in sandbox.items() if item["step"]["S"] == "#operation"]
    return sorted(found, key=lambda item: str(item["operation_id"]["S"]))


def ask(sandbox: Sandbox, home: Path, playbook: str, *arguments: str, code: int = 0, **variables: Any) -> str:
    """What a playbook says, on one line."""
    run = play(sandbox, home, *arguments, playbook=f"playbooks/{playbook}.yml", **variables)
    assert run.code == code, run.output[-6000:]
    return " ".join(run.output.split())


def copying(sandbox: Sandbox, home: Path) -> Run:
    """A run that waits for its copy."""
    before = len([call for call in sandbox.calls() if call["action"] == "CopyDBClusterSnapshot"])
    run = start(sandbox, home)
    eventually(
        "the copy is under way",
        lambda: len([c for c in sandbox.calls() if c["action"] == "CopyDBClusterSnapshot"]) > before,
        120,
    )
    return run


def copies(sandbox: Sandbox) -> list[str]:
    found = sandbox.client("rds").describe_db_cluster_snapshots(SnapshotType="manual")["DBClusterSnapshots"]
    return [item["Status"] for item in found if item.get("SourceDBClusterSnapshotArn")]


def test_looked_at_refused_unlocked_and_aborted(slow: Sandbox, tmp_path: Path) -> None:
    run = copying(slow, tmp_path)
    (operation,) = operations(slow)
    name = operation["operation_id"]["S"]
    holder = f"{operation['host']['S']}:{run.process.pid}"

    told = ask(slow, tmp_path, "status")
    assert f"operation {name} running" in told
    assert f"held by {holder} since" in told
    assert "step snapshot_copy: running" in told
    assert "(copying): copy of arn:aws:rds:us-east-1" in told

    refused = ask(slow, tmp_path, "restore", code=2)
    assert f"is held by operation {name} (process {run.process.pid} on" in refused
    assert f"The holder {holder} is alive" in ask(slow, tmp_path, "unlock", code=2, aurora_restore_unlock_holder=holder)
    assert f"is held by operation {name}" in ask(slow, tmp_path, "abort", code=2)

    run.kill_group(signal.SIGKILL)
    eventually("the module of the killed run has stopped", lambda: not processes_of(tmp_path))

    # As if it had run on another machine, which can't be looked at from here.
    owner = f"runner-7/{'/'.join(operation['owner']['S'].split('/')[1:])}"
    change = {"ExpressionAttributeNames": {"#o": "owner"}, "ExpressionAttributeValues": {":o": {"S": owner}}}
    slow.client("dynamodb").update_item(TableName=TABLE, Key=TARGET, UpdateExpression="SET #o = :o", **change)
    assert "is held by operation" in ask(slow, tmp_path, "restore", code=2)
    elsewhere = f"runner-7:{run.process.pid}"
    wrong = ask(slow, tmp_path, "unlock", code=2, aurora_restore_unlock_holder=holder)
    assert f"is held by {elsewhere}, not by {holder}" in wrong
    unlocking = {"aurora_restore_unlock_holder": elsewhere, "aurora_restore_unlock_watch_seconds": 20}
    assert f"The lease of {elsewhere} is broken; operation {name}" in ask(slow, tmp_path, "unlock", **unlocking)
    assert "nobody holds the target" in ask(slow, tmp_path, "status")

    changed = ask(slow, tmp_path, "restore", code=2, aurora_restore_port=5999)
    assert f"Operation {name} of" in changed
    assert "was started with other inputs: configuration was" in changed
    unknown = ask(slow, tmp_path, "restore", code=2, aurora_restore_operation_id="01KATR0M6QXV8H2Z5J3N4P7S9T")
    assert "Operation 01KATR0M6QXV8H2Z5J3N4P7S9T does not exist in the state table" in unknown

    before = slow.items()
    planned = ask(slow, tmp_path, "abort", "--check", aurora_restore_abort_cancel_copy=True)
    assert "would be aborted" in planned
    assert slow.items() == before
    assert copies(slow) == ["copying"]
    ended = ask(slow, tmp_path, "abort", aurora_restore_abort_cancel_copy=True)
    assert f"Operation {name} of" in ended
    assert "is cancelled." in ended
    assert f"Cluster {STAGING} was not replaced; it is available." in ended
    assert copies(slow) == []
    assert [item["status"]["S"] for item in operations(slow)] == ["aborted"]
    assert "There is no unfinished operation" in ask(slow, tmp_path, "abort", code=2)
    trail = ask(slow, tmp_path, "status", aurora_restore_operation_id=name)
    for event in ("started: nothing to resume", "CopyDBClusterSnapshot", "lease_broken runner-7/", "finished aborted"):
        assert event in trail


@pytest.mark.xdist_group("denied")
def test_protection_is_put_back_by_a_run_that_fails_and_the_next_one_resumes(denied: Sandbox, tmp_path: Path) -> None:
    rds = denied.client("rds")
    rds.modify_db_cluster(DBClusterIdentifier=STAGING, DeletionProtection=True, ApplyImmediately=True)
    eventually("it is protected", lambda: denied.cluster(STAGING)["DeletionProtection"])
    before, old = picture(denied, STAGING), denied.cluster(STAGING)["DbClusterResourceId"]

    failed = ask(denied, tmp_path, "restore", code=2, aurora_restore_lift_deletion_protection=True)
    for said in (
        "DeleteDBInstance failed on",
        "AccessDenied",
        "The deletion protection of the target is put back.",
        "failed in step cluster_delete",
        "run the same command again: it resumes the operation",
    ):
        assert said in failed
    lifted = [call for call in denied.calls() if call["action"] == "ModifyDBCluster"]
    assert [call["parameters"].get("DeletionProtection") for call in lifted] == ["true", "false", "true"]
    assert denied.cluster(STAGING)["DbClusterResourceId"] == old
    assert picture(denied, STAGING) == before

    again = ask(denied, tmp_path, "restore", aurora_restore_lift_deletion_protection=True)
    (operation,) = operations(denied)
    assert f"operation {operation['operation_id']['S']} is resumed (failed at cluster_delete)" in again
    assert (operation["status"]["S"], operation["attempt"]["N"]) == ("succeeded", "2")
    assert_replaced(denied, before, old)
    assert_snapshots_rows(denied)
    assert_logins(denied)
