# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole restores while AWS is slow, throttles, loses answers, fails, runs out of quota, or allows only what it must.

Each scenario has a sandbox of its own, so they run side by side. Where a run can't succeed it fails clean: right step,
right message, the target untouched if nothing was deleted yet; and the next run, once the trouble is over, succeeds.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from harness import CHECKOUT, STAGING, Run, Sandbox, eventually, play, start
from planned import assert_as_planned, assert_statements_as_planned, changes, check_run, log_sizes, logged, plan_of
from restored import assert_logins, assert_replaced, assert_snapshots_rows, assert_untouched, picture

SCENARIOS = CHECKOUT / "tests" / "sandbox" / "scenarios"
MUTATING = ("Copy", "Create", "Restore", "Modify", "Delete", "AddTags")  # of RDS
STEPS = (
    "preflight", "snapshot_check", "snapshot_copy", "cluster_delete", "cluster_restore", "db_users", "notification",
)  # fmt: skip
OTHERS_MUTATING = ("PutItem", "UpdateItem", "TransactWrite", "Publish")


@dataclass
class Scene:
    """A sandbox in which things go wrong, and what its target was like before."""

    sandbox: Sandbox
    home: Path
    before: dict[str, Any]
    resource_id: str

    def run(self, *arguments: str, **variables: Any) -> Run:
        return play(self.sandbox, self.home, *arguments, **variables)

    def succeeds(self, **variables: Any) -> Run:
        """A run that succeeds in every respect, and does what the plan that was made before it says."""
        plan = plan_of(self.sandbox, self.home, **variables)
        signed = self.home / "signed.json"
        signed.write_text(json.dumps(plan))
        calls, logs = len(self.sandbox.calls()), log_sizes(self.sandbox)
        run = self.succeeded(self.run(aurora_restore_plan_file=str(signed), **variables))
        assert run.report()["operation_id"] == plan["operation"]["id"]
        assert_as_planned(plan, self.sandbox.calls()[calls:])
        master = self.sandbox.secret("shop/staging/master")["username"]
        statements = [found for found in logged(self.sandbox, logs) if found["user"] == master]
        assert_statements_as_planned(plan, statements)
        return run

    def succeeded(self, run: Run) -> Run:
        assert run.code == 0, run.output[-6000:]
        assert run.report()["status"] == "succeeded"
        assert_replaced(self.sandbox, self.before, self.resource_id)
        assert_snapshots_rows(self.sandbox)
        assert_logins(self.sandbox)
        return run

    def fails(self, step: str, *says: str, **variables: Any) -> Run:
        """A run that fails in that step, says so to operator, report, state table and subscribers."""
        run = self.run(**variables)
        assert run.code != 0
        report = run.report()
        statuses = {item["step"]: item["status"] for item in report["steps"]}
        assert report["status"] == "failed" and statuses[step] == "failed", statuses
        message = report["error"]["message"]
        for piece in (f"in step {step}", *says):
            assert piece in run.output, f"{piece!r} is missing in:\n{run.output[-4000:]}"
        assert all(piece in message for piece in says), message
        (told,) = [item for item in self.sandbox.messages() if report["operation_id"] in item["Message"]]
        assert told["MessageAttributes"]["status"]["Value"] == "failed"
        return run

    def is_untouched(self) -> None:
        assert_untouched(self.sandbox, self.before, self.resource_id)

    def faults(self) -> Counter[str]:
        """How often each fault has hit."""
        return Counter(call["fault"] for call in self.sandbox.calls() if call.get("fault"))

    def refused_copies(self) -> int:
        """How often a copy was refused because of those that are under way."""
        return sum(call["error_code"] == "SnapshotQuotaExceeded" for call in self.sandbox.calls())

    def logged(self, step: str, operation: str) -> list[dict[str, Any]]:
        """What CloudWatch has of a step."""
        return [json.loads(text) for text in self.sandbox.log_events(f"/aurora-restore/{step}", operation)]

    def took_effect(self) -> Counter[tuple[str, str]]:
        """How often each mutating RDS call succeeded on each resource, its answer lost or not."""
        return Counter(
            (call["action"], call["resource"])
            for call in self.sandbox.calls()
            if call["service"] == "rds" and call["action"].startswith(MUTATING) and not call["error_code"]
        )


@pytest.fixture
def scene(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Scene]]:
    """Makes the scene of a scenario file, by its name."""
    made: list[Sandbox] = []

    def make(name: str) -> Scene:
        sandbox = Sandbox(tmp_path_factory.mktemp("sandbox") / "world", SCENARIOS / f"{name}.yml")
        made.append(sandbox)
        sandbox.up()
        resource_id = sandbox.cluster(STAGING)["DbClusterResourceId"]
        return Scene(sandbox, tmp_path_factory.mktemp("home"), picture(sandbox, STAGING), resource_id)

    yield make
    for sandbox in made:
        sandbox.down()
        assert not sandbox.dir.exists(), "the sandbox left files behind"


Make = Callable[[str], Scene]


def group(name: str) -> pytest.MarkDecorator:
    """Tests of one group run on one worker; each scenario is one of its own."""
    return pytest.mark.xdist_group(f"scenario-{name}")


@group("slow")
def test_slow_and_jittery_and_cloudwatch_is_down(scene: Make) -> None:
    slow = scene("slow")
    run = slow.succeeds(aurora_restore_cloudwatch=True)
    operation = run.report()["operation_id"]
    (log,) = (slow.home / "reports" / "logs").glob("*.jsonl")
    records = [json.loads(line) for line in log.read_text().splitlines()]
    assert log.stem == operation
    assert [record["status"] for record in records if record["event"] == "operation"] == ["started", "succeeded"]
    assert "CloudWatch did not take everything" in run.output and log.name in run.output
    assert slow.faults()["cloudwatch-down"] > 0
    events = sum(call["service"] in ("logs", "cloudwatch") and not call["fault"] for call in slow.sandbox.calls())
    assert events == 0, "nothing got through"


@group("throttled")
def test_throttled(scene: Make) -> None:
    throttled = scene("throttled")
    throttled.succeeds()
    calls = [call for call in throttled.sandbox.calls() if call["service"] == "rds"]
    refused = [call for call in calls if call["error_code"] == "Throttling"]
    assert len(refused) > len(calls) / 6, f"only {len(refused)} of {len(calls)} calls were throttled"


@group("answers-lost")
def test_the_answer_of_every_mutating_call_is_lost_once(scene: Make) -> None:
    lost = scene("answers_lost")
    run = lost.succeeds()
    assert run.report()["lost"] == []
    lost_once = {call["action"] for call in lost.sandbox.calls() if call.get("fault")}
    made = {
        call["action"]
        for call in lost.sandbox.calls()
        if call["action"].startswith((*MUTATING, *OTHERS_MUTATING)) and changes(call)
    }
    assert lost_once == made, "every kind of call that changes something"
    assert made >= {
        "CopyDBClusterSnapshot", "CreateDBClusterSnapshot", "DeleteDBInstance", "DeleteDBCluster",
        "RestoreDBClusterFromSnapshot", "CreateDBInstance", "ModifyDBCluster", "AddTagsToResource",
        "UpdateItem", "TransactWriteItems", "Publish",
    }  # fmt: skip
    once = ("Copy", "Create", "Restore", "Delete")
    repeated = {key: count for key, count in lost.took_effect().items() if key[0].startswith(once) and count > 1}
    assert not repeated, "what has taken effect is adopted, never done again"


@group("copy-failed")
def test_a_copy_that_fails_is_removed_and_made_anew_by_the_next_run(scene: Make) -> None:
    """Both runs are seen in CloudWatch."""
    failed = scene("copy_failed")
    for step in STEPS:
        failed.sandbox.client("logs").create_log_group(logGroupName=f"/aurora-restore/{step}")
    run = failed.fails("snapshot_copy", "is failed", "Run the same command again", aurora_restore_cloudwatch=True)
    failed.is_untouched()
    assert sum(failed.faults().values()) == 1
    operation = run.report()["operation_id"]
    step, end = (record for record in failed.logged("snapshot_copy", operation) if "status" in record)
    assert (step["event"], step["status"], end["event"], end["status"]) == ("step", "failed", "operation", "failed")
    assert "is failed" in step["message"] and step["message"] == end["message"]
    failed.succeeds(aurora_restore_cloudwatch=True)
    assert failed.logged("notification", operation)[-1]["status"] == "succeeded"
    assert failed.logged("snapshot_copy", operation)[-1]["attempt"] == 2
    counted = {name: value for name, value in failed.sandbox.metrics("AuroraRestore").items() if "Operations" in name}
    assert counted == {f"Operations{what} {STAGING}": 1 for what in ("Started", "Failed", "Succeeded")}


@group("restore-terminal")
def test_a_restore_that_ends_in_a_terminal_status_is_removed_and_made_anew_by_the_next_run(scene: Make) -> None:
    terminal = scene("restore_terminal")
    terminal.fails("cluster_restore", "incompatible-restore", STAGING)
    terminal.succeeds()
    restores = [call for call in terminal.sandbox.calls() if call["action"] == "RestoreDBClusterFromSnapshot"]
    assert len([call for call in restores if not call["error_code"]]) == 2
    finals = terminal.sandbox.client("rds").describe_db_cluster_snapshots(SnapshotType="manual")["DBClusterSnapshots"]
    kept = [item for item in finals if item["DBClusterSnapshotIdentifier"].startswith(f"{STAGING}-final-")]
    assert [item["DbClusterResourceId"] for item in kept] == [terminal.resource_id], "no wreck is snapshotted"


@group("key-disabled")
def test_a_key_that_is_disabled_between_copy_and_restore_is_noticed_before_anything_is_deleted(scene: Make) -> None:
    disabled = scene("key_disabled")
    key = disabled.sandbox.info["world"]["kms_keys"]["us-west-2"]
    disabled.fails("cluster_delete", key, "is Disabled, not Enabled", "No cluster was deleted")
    disabled.is_untouched()
    disabled.sandbox.client("kms").enable_key(KeyId=key)
    disabled.succeeds()


@pytest.mark.extended
@group("key-disabled-late")
def test_a_key_that_is_disabled_when_the_old_cluster_is_gone_already(scene: Make) -> None:
    disabled = scene("key_disabled_late")
    disabled.fails("cluster_restore", "KMSKeyNotAccessibleFault", "kms:CreateGrant")
    rds, key = disabled.sandbox.client("rds"), disabled.sandbox.info["world"]["kms_keys"]["us-west-2"]
    kept = rds.describe_db_cluster_snapshots(SnapshotType="manual")["DBClusterSnapshots"]
    assert disabled.resource_id in [item["DbClusterResourceId"] for item in kept], "its last snapshot is there"
    disabled.sandbox.client("kms").enable_key(KeyId=key)
    disabled.succeeds()


@group("copies-quota")
def test_waits_for_a_slot_while_the_quota_of_copies_is_full(scene: Make) -> None:
    full = scene("copies_quota")
    plan = plan_of(full.sandbox, full.home)
    (quotas,) = [item for item in plan["checks"] if item["name"] == "quotas"]
    assert (quotas["status"], quotas["blocks"]) == ("passed", False)
    assert "another copy waits for one of them" in quotas["seen"]
    calls = len(full.sandbox.calls())
    run = start(full.sandbox, full.home)
    eventually("a copy too many", lambda: run.process.poll() is not None or full.refused_copies() > 1, 200)
    # One of the others' copies is given up, and its slot is free.
    full.sandbox.client("rds").delete_db_cluster_snapshot(DBClusterSnapshotIdentifier="others-1")
    full.succeeded(run.wait())
    assert full.refused_copies() > 1
    # A plan that is not given back does not name the operation, so names differ.
    made = [call for call in full.sandbox.calls()[calls:] if call["resource"] != "others-1"]
    assert_as_planned(plan, made, names=False)


@pytest.mark.extended
@group("iam")
def test_with_no_more_permissions_than_documented(scene: Make) -> None:
    strict = scene("iam")
    keys = strict.sandbox.info["users"]["runner"]
    connection = {
        "endpoint_url": strict.sandbox.info["endpoint_url"],
        "access_key": keys["access_key"],
        "secret_key": keys["secret_key"],
    }
    strict.succeeds(aurora_restore_aws=connection)
    mine = [call for call in strict.sandbox.calls() if str(call["principal"]).endswith(":user/runner")]
    assert len(mine) > 50
    assert not [call for call in mine if call["status"] == 403], "nothing that is not documented is even tried"
    # That nothing in the policy is superfluous is shown with runs in which all of these are called.
    known = set(json.loads((CHECKOUT / "tests" / "unit" / "sandbox" / "called.json").read_text()))
    assert {f"{call['service']}:{call['action']}" for call in mine} <= known
    assert_plan_of_a_reader(strict)


def assert_plan_of_a_reader(strict: Scene) -> None:
    """Who may only look at databases gets a plan all the same, which names what could not be seen and why."""
    keys = strict.sandbox.info["users"]["reader"]
    connection = {**keys, "endpoint_url": strict.sandbox.info["endpoint_url"]}
    run, plan = check_run(strict.sandbox, strict.home, aurora_restore_aws=connection)
    assert run.code != 0
    assert plan["refused"]
    results = {item["name"]: item for item in plan["checks"] if item["status"] != "passed"}
    assert {item["status"] for item in results.values()} == {"unknown"}
    for name, action in {
        "state_table": "DescribeTable", "master_secret": "GetSecretValue",
        "kms_key": "DescribeKey", "topic": "GetTopicAttributes", "permissions": "SimulatePrincipalPolicy",
    }.items():  # fmt: skip
        assert action in results[name]["message"], results[name]
    assert plan["snapshot"]["chosen"]
    assert "DeleteDBCluster" in {item["call"] for item in plan["actions"]}
    assert "REFUSED" in run.output
    assert "it resumes the operation" not in run.output
