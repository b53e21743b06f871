# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults of a scenario file in a running sandbox, as boto3 and psycopg2 see them: real connections, real servers."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import boto3
import psycopg2
import pytest
import yaml
from botocore.config import Config
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError
from live_sandbox import DURATIONS, Live, refused, sandbox

FAULTS: list[dict[str, Any]] = [
    {"name": "lost", "action": "CreateDBClusterSnapshot", "resource": "lost-*", "drop": True, "when": "after",
     "times": 1},
    {"name": "cut", "action": "DescribeDBSubnetGroups", "drop": True, "nth": [1, 3]},
    {"name": "late", "action": "DescribeDBParameterGroups", "delay_seconds": 3, "times": 1},
    {"name": "busy", "action": "DescribeDBClusterParameterGroups", "error": {"code": "Throttling"}, "times": 2},
    {"name": "copy", "resource": "broken", "action": "Copy*", "ends": {"status": "failed", "at_percent": 60}},
    {"name": "stuck", "resource": "stuck", "action": "Copy*", "stalls": {"at_percent": 40}},
    {"name": "wreck", "action": "Restore*", "resource": "wreck", "ends": {"status": "incompatible-restore"}},
    {"name": "member", "action": "CreateDBInstance", "resource": "bad", "ends": {"status": "incompatible-parameters"}},
    {"name": "never", "action": "StopDBCluster", "error": {"code": "InternalFailure"}},
    {"name": "key", "action": "ModifyDBCluster", "resource": "keyless", "loses_key": {}, "times": 1},
    {"name": "kill", "action": "ListTopics", "command": "kill -9 $(cat {folder}/pid)", "times": 1},
    {"name": "call", "action": "ListQueues", "when": "after",
     "command": [sys.executable, "-c", "import boto3; boto3.client('sts').get_caller_identity()"]},
]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("faults")


@pytest.fixture(scope="module")
def live(folder: Path) -> Iterator[Live]:
    text = yaml.safe_dump({"seed": 1, "faults": FAULTS}).replace("{folder}", str(folder))
    (folder / "scenario.yml").write_text(text)
    world = folder / "world"
    started = sandbox(
        "up", world, "--port", "0", "--durations", DURATIONS, "--scenario", str(folder / "scenario.yml")
    )  # fmt: skip
    assert started.returncode == 0, started.stderr
    try:
        yield Live(json.loads(started.stdout))
    finally:
        stopped = sandbox("down", world)
    assert stopped.returncode == 0, stopped.stderr


def view(live: Live, name: str) -> list[dict[str, Any]]:
    with urlopen(f"{live.info['endpoint_url']}/_sandbox/{name}") as answer:  # noqa: S310
        return list(json.load(answer))


def calls(live: Live, action: str) -> list[tuple[str | None, int | None, str | None]]:
    found = [item for item in view(live, "calls") if item["action"] == action]
    return [(item["fault"], item["status"], item["error_code"]) for item in found]


def patient(live: Live, service: str = "rds", **config: Any) -> Any:
    """A client that retries as operators' clients do."""
    keys = live.info["credentials"]
    return boto3.client(
        service, region_name="us-west-2", endpoint_url=live.info["endpoint_url"],
        aws_access_key_id=keys["access_key"], aws_secret_access_key=keys["secret_key"],
        config=Config(**{"retries": {"mode": "standard", "total_max_attempts": 3}, **config}),
    )  # fmt: skip


def test_lost_answer_the_sdk_finds_its_own_snapshot(live: Live) -> None:
    with refused("DBClusterSnapshotAlreadyExistsFault"):
        patient(live).create_db_cluster_snapshot(
            DBClusterIdentifier="shop-staging", DBClusterSnapshotIdentifier="lost-1"
        )
    assert calls(live, "CreateDBClusterSnapshot") == [
        ("lost", None, None), (None, 400, "DBClusterSnapshotAlreadyExistsFault"),
    ]  # fmt: skip
    live.until(lambda: live.snapshot("lost-1")["Status"] == "available")


def test_cut_connection_is_seen_at_once_and_retried(live: Live) -> None:
    began = time.monotonic()
    with pytest.raises(ConnectionClosedError):
        live.rds.describe_db_subnet_groups()
    assert time.monotonic() - began < 5
    live.rds.describe_db_subnet_groups()
    patient(live).describe_db_subnet_groups()
    assert [status for _fault, status, _code in calls(live, "DescribeDBSubnetGroups")] == [None, 200, None, 200]


def test_late_answer_runs_into_a_timeout(live: Live) -> None:
    with pytest.raises(ReadTimeoutError):
        patient(
            live, read_timeout=0.5, retries={"total_max_attempts": 1}
        ).describe_db_parameter_groups()  # fmt: skip
    live.until(lambda: calls(live, "DescribeDBParameterGroups") == [("late", 200, None)])


def test_throttled_calls_are_retried(live: Live) -> None:
    patient(live).describe_db_cluster_parameter_groups()
    assert calls(live, "DescribeDBClusterParameterGroups") == [
        ("busy", 400, "Throttling"), ("busy", 400, "Throttling"), (None, 200, None),
    ]  # fmt: skip


def test_copies_that_fail_and_stall(live: Live) -> None:
    live.copy("broken")
    live.until(lambda: live.snapshot("broken")["Status"] == "failed")
    assert live.snapshot("broken")["PercentProgress"] == 60
    live.rds.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier="broken")
    live.copy("stuck")
    live.until(lambda: live.snapshot("stuck")["PercentProgress"] == 40)
    assert live.snapshot("stuck")["Status"] == "copying"
    live.rds.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier="stuck")


def test_restore_instance_and_key_that_fail(live: Live) -> None:
    live.copy("good")
    live.until(lambda: live.snapshot("good")["Status"] == "available")
    given = {"SnapshotIdentifier": "good", "Engine": "aurora-postgresql", "DBSubnetGroupName": "shop-staging",
             "EngineVersion": live.newest()["EngineVersion"]}  # fmt: skip
    live.rds.restore_db_cluster_from_snapshot(DBClusterIdentifier="wreck", **given)
    live.until(lambda: live.cluster("wreck")["Status"] == "incompatible-restore")
    live.rds.delete_db_cluster(DBClusterIdentifier="wreck", SkipFinalSnapshot=True)

    live.restore("keyless", "good")
    live.rds.create_db_instance(
        DBInstanceIdentifier="bad", DBClusterIdentifier="keyless", DBInstanceClass="db.r6g.large",
        Engine="aurora-postgresql",
    )  # fmt: skip
    live.until(lambda: live.instance("bad")["DBInstanceStatus"] == "incompatible-parameters")
    live.rds.delete_db_instance(DBInstanceIdentifier="bad", SkipFinalSnapshot=True)
    live.add_instance("keyless", "fine")
    cluster, secret = live.cluster("keyless"), live.secret("shop/production/master", "us-east-1")
    assert live.query(cluster, secret["username"], secret["password"], "SELECT 1") == [(1,)]
    live.rds.modify_db_cluster(DBClusterIdentifier="keyless", CopyTagsToSnapshot=True, ApplyImmediately=True)
    live.until(lambda: live.cluster("keyless")["Status"] == "inaccessible-encryption-credentials-recoverable")

    def is_dead() -> bool:
        try:
            live.query(cluster, secret["username"], secret["password"], "SELECT 1")
        except psycopg2.OperationalError:
            return True
        return False

    live.until(is_dead)
    live.rds.delete_db_instance(DBInstanceIdentifier="fine", SkipFinalSnapshot=True)
    live.rds.delete_db_cluster(DBClusterIdentifier="keyless", SkipFinalSnapshot=True)
    live.until(lambda: live.is_gone("keyless"))


def test_commands_kill_and_call(live: Live, folder: Path) -> None:
    victim = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        (folder / "pid").write_text(str(victim.pid))
        live.client("sns").list_topics()
        assert victim.wait(10) == -9
    finally:
        victim.kill()
    live.client("sqs").list_queues()
    assert calls(live, "GetCallerIdentity") == [(None, 200, None)]


def test_counts_of_faults(live: Live) -> None:
    found = {item["name"]: (item["hit"], item["problems"]) for item in view(live, "faults")}
    assert set(found) == {item["name"] for item in FAULTS}
    assert found["never"] == (0, [])
    assert not any(problems for _hit, problems in found.values())
