# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A world of one's own in a running sandbox: two accounts, a shared snapshot, copies under way; calls and events."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from live_sandbox import DURATIONS, Live, refused, sandbox

PRODUCTION, RECOVERY = "111122223333", "444455556666"
KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
SCENARIO = f"""
seed: 5
limits: {{copies_in_progress: 2}}
faults:
  - {{name: no-events, service: rds, action: DescribeEvents, error: {{code: Throttling, message: Rate exceeded}}}}
world:
  default_region: eu-west-1
  accounts:
    "{PRODUCTION}":
      users:
        auditor: {{policies: [auditor.json]}}
      roles:
        restorer: {{trust: {{accounts: ["{RECOVERY}"]}}, policies: [auditor.json]}}
      regions:
        eu-west-1:
          keys:
            orders: {{id: {KEY_ID}, policy: key.json}}
          networks:
            data:
              cidr: 10.1.0.0/16
              subnets: {{a: 10.1.0.0/24, b: 10.1.1.0/24}}
              security_groups: {{orders-db: {{id: sg-0123456789abcdef0}}}}
          cluster_parameter_groups:
            orders: {{parameters: {{log_min_duration_statement: "250"}}, tags: {{owner: dba}}}}
          secrets:
            orders/master: {{value: {{password: {{generate: password}}, port: 5432}}, tags: {{owner: dba}}}}
            orders/plain: {{value: only-a-text}}
          log_groups: {{/restore: {{retention_in_days: 7}}}}
          topics: {{alerts: {{queues: [inbox]}}}}
          tables: {{state: {{partition_key: id}}}}
          clusters:
            orders:
              master_username: dba
              master_password: {{secret: orders/master}}
              database_name: orders
              kms_key_id: alias/orders
              db_subnet_group_name: data
              vpc_security_group_ids: [orders-db]
              db_cluster_parameter_group_name: orders
              age_days: 30
              instances: {{orders-1: {{db_instance_class: db.serverless}}}}
              serverless_v2_scaling_configuration: {{min_capacity: 0.5, max_capacity: 4}}
              logins: {{web: {{secret: orders/plain}}}}
              data: {{rows: 1500, sql: grants.sql}}
              snapshots:
                nightly: {{type: automated, hours_ago: 5}}
                release: {{hours_ago: 2, tags: {{kind: release}}, shared_with: ["{RECOVERY}"]}}
              data_after_snapshots: {{rows: 1}}
            asleep:
              master_username: dba
              status: stopped
              instances: {{asleep-1: {{db_instance_class: db.t4g.medium}}}}
          copies:
            busy: {{source: eu-west-1/release, seconds: 3600, kms_key_id: alias/orders}}
    "{RECOVERY}":
      regions:
        eu-west-1:
          keys: {{recovery: {{}}}}
          networks: {{data: {{cidr: 10.2.0.0/16, subnets: {{a: 10.2.0.0/24, b: 10.2.1.0/24}}}}}}
  public:
    secret_arn: {{made: eu-west-1/secrets/orders/master}}
"""
EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
KEY_POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": [f"arn:aws:iam::{account}:root" for account in (PRODUCTION, RECOVERY)]},
            "Action": "kms:*",
            "Resource": "*",
        }
    ],
}


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    folder = tmp_path_factory.mktemp("own")
    (folder / "auditor.json").write_text(json.dumps(EVERYTHING))
    (folder / "key.json").write_text(json.dumps(KEY_POLICY))
    (folder / "grants.sql").write_text("CREATE TABLE noted (n int); GRANT SELECT ON noted TO web")
    scenario = folder / "own.yml"
    scenario.write_text(SCENARIO)
    started = sandbox("up", folder / "sb", "--port", "0", "--scenario", str(scenario), "--durations", DURATIONS)
    assert started.returncode == 0, started.stderr
    try:
        yield Live(json.loads(started.stdout))
    finally:
        sandbox("down", folder / "sb")


def rds(live: Live, account: str = PRODUCTION, user: str = "operator") -> Any:
    keys = live.info["accounts"][account]["users"][user]
    return live.client(
        "rds", "eu-west-1", aws_access_key_id=keys["access_key"], aws_secret_access_key=keys["secret_key"]
    )


def test_the_cluster_is_as_described(own: Live) -> None:
    (cluster,) = rds(own).describe_db_clusters(DBClusterIdentifier="orders")["DBClusters"]
    assert cluster["KmsKeyId"] == f"arn:aws:kms:eu-west-1:{PRODUCTION}:key/{KEY_ID}"
    assert [group["VpcSecurityGroupId"] for group in cluster["VpcSecurityGroups"]] == ["sg-0123456789abcdef0"]
    assert (cluster["DBSubnetGroup"], cluster["DBClusterParameterGroup"]) == ("data", "orders")
    assert cluster["ServerlessV2ScalingConfiguration"]["MaxCapacity"] == 4
    assert (cluster["LatestRestorableTime"] - cluster["ClusterCreateTime"]).days == 30
    (asleep,) = rds(own).describe_db_clusters(DBClusterIdentifier="asleep")["DBClusters"]
    assert (asleep["Status"], asleep["StorageEncrypted"]) == ("stopped", False)
    parameters = rds(own).describe_db_cluster_parameters(DBClusterParameterGroupName="orders")["Parameters"]
    assert "250" in [item.get("ParameterValue") for item in parameters]


def test_its_data_and_logins_too(own: Live) -> None:
    (cluster,) = rds(own).describe_db_clusters(DBClusterIdentifier="orders")["DBClusters"]
    manager = own.client("secretsmanager", "eu-west-1")
    master = json.loads(manager.get_secret_value(SecretId="orders/master")["SecretString"])
    assert master["port"] == 5432
    assert own.query(cluster, "dba", master["password"], "SELECT count(*) FROM sandbox_rows", "orders") == [(1501,)]
    assert own.query(cluster, "web", "only-a-text", "SELECT count(*) FROM noted", "orders") == [(0,)]
    assert manager.describe_secret(SecretId="orders/master")["ARN"] == own.info["world"]["secret_arn"]


def test_keys_of_every_user_and_account(own: Live) -> None:
    assert own.info["account_id"] == PRODUCTION and own.info["environment"]["AWS_DEFAULT_REGION"] == "eu-west-1"
    assert set(own.info["users"]) == {"operator", "auditor"}
    assert set(own.info["accounts"]) == {PRODUCTION, RECOVERY}
    assert rds(own, PRODUCTION, "auditor").describe_db_clusters()["DBClusters"]
    assert rds(own, RECOVERY).describe_db_clusters()["DBClusters"] == []
    role = own.client("iam").get_role(RoleName="restorer")["Role"]
    assert role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["AWS"] == [f"arn:aws:iam::{RECOVERY}:root"]


def test_a_shared_snapshot_is_copied_by_the_other_account_and_a_private_one_is_not(own: Live) -> None:
    mine, theirs = rds(own), rds(own, RECOVERY)
    names = {
        item["DBClusterSnapshotIdentifier"]: item
        for item in mine.describe_db_cluster_snapshots(DBClusterIdentifier="orders")["DBClusterSnapshots"]
    }
    (nightly,) = [name for name in names if name.startswith("rds:orders-")]
    assert {"Key": "kind", "Value": "release"} in names["release"]["TagList"]
    given = {"TargetDBClusterSnapshotIdentifier": "taken", "KmsKeyId": "alias/recovery"}
    with refused("DBClusterSnapshotNotFoundFault", status=404):
        theirs.copy_db_cluster_snapshot(
            SourceDBClusterSnapshotIdentifier=names[nightly]["DBClusterSnapshotArn"], **given
        )
    theirs.copy_db_cluster_snapshot(SourceDBClusterSnapshotIdentifier=names["release"]["DBClusterSnapshotArn"], **given)

    def copied() -> bool:
        found = theirs.describe_db_cluster_snapshots(DBClusterSnapshotIdentifier="taken")["DBClusterSnapshots"][0]
        return bool(found["Status"] == "available")

    own.until(copied)


def test_what_is_under_way_is_pending_and_nothing_has_happened_before(own: Live) -> None:
    (busy,) = rds(own).describe_db_cluster_snapshots(DBClusterSnapshotIdentifier="busy")["DBClusterSnapshots"]
    assert busy["Status"] == "copying"
    shown = sandbox("events", own.dir)
    assert shown.returncode == 0, shown.stderr
    (line,) = [line for line in shown.stdout.splitlines() if "busy" in line]
    assert "due at" in line
    events = [json.loads(line) for line in sandbox("events", own.dir, "--json").stdout.splitlines()]
    assert {event["state"] for event in events if "busy" in str(event)} == {"pending"}
    assert not [event for event in events if event["state"] == "happened" and event["id"] == "orders"]


def test_the_journal_on_the_command_line(own: Live) -> None:
    client = rds(own, PRODUCTION, "auditor")
    client.describe_db_clusters(DBClusterIdentifier="orders")
    with refused("Throttling", "Rate exceeded"):
        client.describe_events()
    lines = [json.loads(line) for line in sandbox("calls", own.dir, "--json").stdout.splitlines()]
    assert lines == [json.loads(line) for line in Path(own.info["journal"]).read_text().splitlines()]
    after = sandbox("calls", own.dir, "--after", str(len(lines) - 1)).stdout.splitlines()
    assert len(after) == 1 and "DescribeEvents" in after[0] and "fault no-events" in after[0]
    for options in (("--errors", "--action", "describee*"), ("--fault", "no-*"), ("--action", "DescribeEvents")):
        picked = sandbox("calls", own.dir, *options).stdout.splitlines()
        assert picked == after
    assert not sandbox("calls", own.dir, "--service", "sqs", "--errors").stdout


def test_what_cannot_be_made_is_told_and_nothing_stays(tmp_path: Path) -> None:
    scenario = tmp_path / "wrong.yml"
    scenario.write_text(
        f'world: {{accounts: {{"{PRODUCTION}": {{regions: {{eu-west-1: '
        "{clusters: {c: {master_username: m, db_subnet_group_name: none}}}}}}}\n"
    )
    refusal = sandbox("up", tmp_path / "sb", "--port", "0", "--scenario", str(scenario))
    assert refusal.returncode == 1 and refusal.stderr.count("\n") == 1 and not refusal.stdout
    assert f"{PRODUCTION}/eu-west-1/clusters/c can't be made: DBSubnetGroupNotFoundFault" in refusal.stderr
    assert not (tmp_path / "sb").exists()
