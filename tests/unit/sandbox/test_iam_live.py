# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A running sandbox whose scenario says ``iam: true``, with the runner's policy that comes with it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from live_sandbox import TESTS, Live, refused, sandbox

POLICY = TESTS / "sandbox" / "scenarios" / "runner-policy.json"
OTHER = "210987654321"
AUDITOR = f"arn:aws:iam::{OTHER}:role/auditor"
SCENARIO = {
    "iam": True,
    "durations": {"snapshot_create": 0.2, "snapshot_copy": 0.2},
    "world": {
        "extends": "demo",
        "accounts": {
            "123456789012": {
                "users": {
                    "runner": {"policies": [str(POLICY)]},
                    "visitor": {"policies": [{"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
                                                             "Resource": AUDITOR}], "Version": "2012-10-17"}]},
                }
            },
            OTHER: {
                "roles": {
                    "auditor": {
                        "trust": {"accounts": ["123456789012"], "external_id": "contract-7"},
                        "policies": [{"Version": "2012-10-17", "Statement": [
                            {"Effect": "Allow", "Action": "rds:DescribeDBClusters", "Resource": "*"}]}],
                    }
                }
            },
        },
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    folder = tmp_path_factory.mktemp("iam")
    scenario = folder / "iam.yml"
    scenario.write_text(json.dumps(SCENARIO))
    started = sandbox("up", folder / "world", "--port", "0", "--scenario", str(scenario))
    assert started.returncode == 0, started.stderr
    try:
        yield Live(json.loads(started.stdout))
    finally:
        stopped = sandbox("down", folder / "world")
    assert stopped.returncode == 0, stopped.stderr


def user(live: Live, name: str, service: str, region: str = "us-west-2") -> Any:
    keys = live.info["users"][name]
    return live.client(
        service, region, aws_access_key_id=keys["access_key"], aws_secret_access_key=keys["secret_key"]
    )  # fmt: skip


def test_the_operator_may_do_everything(live: Live) -> None:
    assert live.rds.describe_db_clusters()["DBClusters"]
    live.client("sns").list_topics()


def test_the_runner_may_delete_what_carries_the_tag(live: Live) -> None:
    rds = user(live, "runner", "rds")
    with refused("AccessDenied", "on resource: arn:aws:rds:us-west-2:123456789012:cluster:legacy-reporting", 403):
        rds.delete_db_cluster(DBClusterIdentifier="legacy-reporting", SkipFinalSnapshot=True)
    with refused("AccessDenied", "rds:DeleteDBInstance on resource", 403):
        rds.delete_db_instance(DBInstanceIdentifier="legacy-reporting-1")
    # Allowed, and refused for another reason.
    with refused("InvalidDBClusterStateFault"):
        rds.delete_db_cluster(DBClusterIdentifier="shop-staging", SkipFinalSnapshot=True)
    # Without the tag, it may not.
    arn = live.cluster("shop-staging")["DBClusterArn"]
    live.rds.remove_tags_from_resource(ResourceName=arn, TagKeys=["aurora-restore:target"])
    with refused("AccessDenied", "cluster:shop-staging", 403):
        rds.delete_db_cluster(DBClusterIdentifier="shop-staging", SkipFinalSnapshot=True)
    live.rds.add_tags_to_resource(ResourceName=arn, Tags=[{"Key": "aurora-restore:target", "Value": "true"}])


def test_the_runner_changes_nothing_in_the_source_region(live: Live) -> None:
    rds = user(live, "runner", "rds", "us-east-1")
    rds.describe_db_clusters(DBClusterIdentifier="shop-production")
    with refused("AccessDenied", "arn:aws:rds:us-east-1:123456789012:cluster:shop-production", 403):
        rds.modify_db_cluster(DBClusterIdentifier="shop-production", DeletionProtection=False)
    with refused("AccessDenied", "arn:aws:rds:us-east-1:123456789012:cluster:*", 403):
        rds.describe_db_clusters()


def test_the_runner_uses_keys_through_rds_only(live: Live) -> None:
    key = live.info["world"]["kms_keys"]["us-west-2"]
    kms = user(live, "runner", "kms")
    kms.describe_key(KeyId=key)
    grant = {
        "KeyId": key,
        "GranteePrincipal": "arn:aws:iam::123456789012:role/rds-monitoring",
        "Operations": ["Decrypt"],
    }
    with refused("AccessDeniedException", f"kms:CreateGrant on resource: {key}"):
        kms.create_grant(DryRun=True, **grant)
    with refused("DryRunOperationException", status=412):
        live.client("kms").create_grant(DryRun=True, **grant)
    user(live, "runner", "rds").copy_db_cluster_snapshot(
        SourceDBClusterSnapshotIdentifier=live.newest()["DBClusterSnapshotArn"], SourceRegion="us-east-1",
        TargetDBClusterSnapshotIdentifier="shop-production-copy", KmsKeyId=key,
        Tags=[{"Key": "aurora-restore:operation-id", "Value": "1"}],
    )  # fmt: skip
    live.until(lambda: live.snapshot("shop-production-copy")["Status"] == "available")


def test_a_role_of_another_account(live: Live) -> None:
    sts = user(live, "visitor", "sts")
    with refused("AccessDenied", "sts:AssumeRole", 403):
        sts.assume_role(RoleArn=AUDITOR, RoleSessionName="audit")
    keys = sts.assume_role(RoleArn=AUDITOR, RoleSessionName="audit", ExternalId="contract-7")["Credentials"]
    rds = live.client(
        "rds", aws_access_key_id=keys["AccessKeyId"], aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )  # fmt: skip
    assert rds.describe_db_clusters()["DBClusters"] == []
    with refused("AccessDenied", f"User: arn:aws:sts::{OTHER}:assumed-role/auditor/audit is not authorized", 403):
        rds.describe_db_instances()


def test_simulation_agrees(live: Live) -> None:
    answer = live.client("iam", "us-east-1").simulate_principal_policy(
        PolicySourceArn="arn:aws:iam::123456789012:user/runner",
        ActionNames=["rds:RestoreDBClusterFromSnapshot", "rds:DeleteDBCluster"],
        ResourceArns=["arn:aws:rds:us-west-2:123456789012:cluster:shop-staging"],
    )
    assert [item["EvalDecision"] for item in answer["EvaluationResults"]] == ["allowed", "implicitDeny"]
    assert answer["EvaluationResults"][1]["MissingContextValues"]


def test_refused_calls_are_in_the_journal(live: Live) -> None:
    with refused("AuthorizationError", status=403):
        user(live, "visitor", "sns").list_topics()
    entries = [json.loads(line) for line in Path(live.info["journal"]).read_text().splitlines()]
    (last,) = [entry for entry in entries if entry["service"] == "sns" and entry["status"] == 403]
    assert last["principal"] == "arn:aws:iam::123456789012:user/visitor"
    assert (last["action"], last["error_code"]) == ("ListTopics", "AuthorizationError")
