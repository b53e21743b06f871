# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The preflight on a running sandbox with IAM: each check alone, all at once, and with credentials that may little."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from live_sandbox import TESTS, Live, sandbox

POLICY = json.loads((TESTS / "sandbox" / "scenarios" / "runner-policy.json").read_text())
PROGRAM = "ansible_collections.dbops.aurora_restore.plugins.modules.restore_plan"
# The action names of calls that only read; CreateGrant only as a dry run.
READS = ("Describe", "Get", "List", "Query", "Scan", "Simulate", "BatchGet", "CreateGrant")


def allowing(*actions: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": "*"}


def policy(*more: dict[str, Any], without: str = "") -> dict[str, Any]:
    """The runner's policy with more statements, and without one."""
    made = copy.deepcopy(POLICY)
    made["Statement"] = [item for item in made["Statement"] if item["Sid"] != without] + list(more)
    return made


ASKS = allowing("iam:SimulatePrincipalPolicy", "dynamodb:Query")
USERS = {
    "asks": policy(ASKS),
    "no_delete": policy(ASKS, {"Effect": "Deny", "Action": "rds:DeleteDBInstance", "Resource": "*"}),
    "no_quotas": policy(ASKS, {"Effect": "Deny", "Action": "rds:DescribeAccountAttributes", "Resource": "*"}),
    "no_secrets": policy(ASKS, without="ReadSecrets"),
    "reader": {
        "Version": "2012-10-17",
        "Statement": [allowing("rds:Describe*", "kms:DescribeKey", "dynamodb:DescribeTable", "dynamodb:Query")],
    },
}


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    folder = tmp_path_factory.mktemp("preflight")
    users = {name: {"policies": [statements]} for name, statements in USERS.items()}
    world = {"extends": "demo", "accounts": {"123456789012": {"users": users}}}
    scenario = folder / "iam.yml"
    scenario.write_text(json.dumps({"iam": True, "world": world}))
    started = sandbox("up", folder / "world", "--port", "0", "--scenario", str(scenario))
    assert started.returncode == 0, started.stderr
    try:
        live = Live(json.loads(started.stdout))
        make_public(live)
        yield live
    finally:
        stopped = sandbox("down", folder / "world")
    assert stopped.returncode == 0, stopped.stderr


def make_public(live: Live) -> None:
    """A security group that lets everybody in, a subnet group with public subnets, the key that AWS manages."""
    ec2, target = live.client("ec2"), live.cluster("shop-staging")
    group = live.rds.describe_db_subnet_groups(DBSubnetGroupName=target["DBSubnetGroup"])["DBSubnetGroups"][0]
    vpc = group["VpcId"]
    opened = ec2.create_security_group(GroupName="open", Description="open", VpcId=vpc)["GroupId"]
    ec2.authorize_security_group_ingress(
        GroupId=opened, IpProtocol="tcp", FromPort=5000, ToPort=6000, CidrIp="0.0.0.0/0"
    )
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    subnets = []
    for number, zone in enumerate("ab"):
        block = f"10.30.{100 + number}.0/24"
        made = ec2.create_subnet(VpcId=vpc, CidrBlock=block, AvailabilityZone=f"us-west-2{zone}")["Subnet"]["SubnetId"]
        ec2.associate_route_table(RouteTableId=table, SubnetId=made)
        subnets.append(made)
    live.rds.create_db_subnet_group(DBSubnetGroupName="public", DBSubnetGroupDescription="public", SubnetIds=subnets)


class Preflight:
    """The module as Ansible starts it, and what it asked AWS."""

    def __init__(self, live: Live, user: str | None = None, **more: Any) -> None:
        keys, world = (live.info["users"][user] if user else live.info["credentials"]), live.info["world"]
        arguments = {
            "region": world["target"]["region"], "source": world["source"], "target": world["target"],
            "kms_key_id": world["kms_keys"]["us-west-2"], "master_secret_id": "shop/staging/master",
            "app_secret_id": "shop/staging/app", "sns_topic_arn": world["topic_arn"], "databases": ["shop"],
            "state_table": world["state_table"], "db_ca_cert": live.info["ca_cert"], "fail": False,
            "endpoint_url": live.info["endpoint_url"], "access_key": keys["access_key"],
            "secret_key": keys["secret_key"], "_ansible_check_mode": True,
        }  # fmt: skip
        journal = Path(live.info["journal"])
        before = len(journal.read_text().splitlines())
        answer = subprocess.run(
            [sys.executable, "-m", PROGRAM], input=json.dumps({"ANSIBLE_MODULE_ARGS": arguments | more}),
            capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        assert answer.stdout, answer.stderr
        self.result = json.loads(answer.stdout)
        assert answer.returncode == 0, self.result
        self.calls = [json.loads(line) for line in journal.read_text().splitlines()[before:]]
        changing = [call["action"] for call in self.calls if not call["action"].startswith(READS)]
        assert changing == []
        grants = [call for call in self.calls if call["action"] == "CreateGrant"]
        assert all(call["error_code"] for call in grants), grants

    def of(self, status: str) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = {}
        for check in self.result["checks"]:
            if check["status"] == status:
                found.setdefault(check["name"], []).append(check)
        return found

    @property
    def failures(self) -> list[str]:
        return list(self.result["failures"])


def test_all_is_well(live: Live) -> None:
    plan = Preflight(live)
    assert plan.failures == []
    assert plan.of("failed") == {}
    assert plan.of("unknown") == {}
    assert len(plan.calls) <= 36, [call["action"] for call in plan.calls]
    seen = {check["name"]: check["seen"] for check in plan.result["checks"]}
    assert "reachable" in seen["database"]
    assert "dry run" in seen["kms_grant"]
    assert "rds" not in seen["master_secret"]
    logins = plan.result["plan"]["logins"]["now"]
    assert "dbadmin" in {role["name"] for role in logins}
    passwords = {live.secret("shop/staging/master")["password"], live.secret("shop/staging/app")["app_password"]}
    assert not any(password in json.dumps(plan.result["plan"]) for password in passwords)


# check to what makes it alone fail
ALONE: dict[str, dict[str, Any]] = {
    "account": {"expected_account": "999999999999"},
    "snapshot": {"snapshot_prefix": "nothing-is-called-so"},
    "kms_key": {"kms_key_id": "alias/disabled"},
    "master_secret": {"master_secret_id": "shop/nowhere"},
    "app_secret": {"app_secret_id": "shop/nowhere"},
    "subnet_group": {"configuration": {"db_subnet_group_name": "nowhere"}},
    "parameter_groups": {"configuration": {"db_cluster_parameter_group_name": "nowhere"}},
    "security_groups": {"configuration": {"vpc_security_group_ids": ["sg-00000000000000000"]}},
    "isolation": {"configuration": {"db_subnet_group_name": "public"}},
    "encryption": {"kms_key_id": "alias/aws/rds"},
    "instance_classes": {"configuration": {"instances": [{"db_instance_class": "db.x99.large"}]}},
    "topic": {"sns_topic_arn": "arn:aws:sns:us-west-2:123456789012:missing"},
    "ca_cert": {"db_ca_cert": "/nowhere/ca.pem"},
    "state_table": {"state_table": "nowhere"},
    "target": {
        "target": {"region": "us-west-2", "cluster_id": "legacy-reporting"},
        "configuration": {"db_cluster_parameter_group_name": "shop-staging"},
    },
    "regions": {"source": {"region": "us-east-9", "cluster_id": "shop-production"}},
    "configuration": {"target": {"region": "us-west-2", "cluster_id": "shop-new"}},
    "snapshot_of_source": {
        "source": {"region": "us-east-1", "cluster_id": "shop-other"},
        "snapshot_id": "shop-production-weekly",
    },
}


@pytest.mark.parametrize("check", ALONE)
def test_each_check_fails_alone(live: Live, check: str) -> None:
    plan = Preflight(live, **ALONE[check])
    assert set(plan.of("failed")) == {check}
    assert plan.failures
    for found in plan.of("failed")[check]:
        assert found["blocks"]
        assert found["message"] in plan.failures


def test_what_is_allowed_by_name(live: Live) -> None:
    groups = live.client("ec2").describe_security_groups(Filters=[{"Name": "group-name", "Values": ["open"]}])
    opened = groups["SecurityGroups"][0]["GroupId"]
    configuration = {"db_subnet_group_name": "public", "vpc_security_group_ids": [opened]}
    plan = Preflight(live, configuration=configuration, public_subnet_groups=["public"])
    assert set(plan.of("failed")) == {"isolation"}
    assert opened in plan.failures[0]
    allowed = {"public_security_groups": [opened], "public_subnet_groups": ["public"], "allow_less_encryption": True}
    plan = Preflight(live, configuration=configuration, kms_key_id="alias/aws/rds", **allowed)
    assert plan.failures == []


def test_all_failures_are_listed_at_once(live: Live) -> None:
    together = ("account", "kms_key", "master_secret", "app_secret", "topic", "ca_cert", "state_table")
    more = {key: value for check in together for key, value in ALONE[check].items()}
    configuration = {"db_subnet_group_name": "nowhere", "db_cluster_parameter_group_name": "nowhere"}
    plan = Preflight(live, **more, configuration=configuration)
    assert set(plan.of("failed")) == {*together, "subnet_group", "parameter_groups"}
    assert len(plan.failures) >= len(together) + 2


def test_what_a_policy_denies_is_told_before(live: Live) -> None:
    asks = Preflight(live, "asks")
    assert asks.failures == []
    assert set(asks.of("unknown")) == {"kms_grant"}  # allowed through RDS only
    plan = Preflight(live, "no_delete")
    assert set(plan.of("failed")) == {"permissions"}
    assert all("rds:DeleteDBInstance" in found["message"] for found in plan.of("failed")["permissions"])


def test_quotas_that_nobody_tells_do_not_block(live: Live) -> None:
    plan = Preflight(live, "no_quotas")
    (found,) = plan.of("unknown")["quotas"]
    assert "DescribeAccountAttributes" in found["message"]
    assert not found["blocks"]
    assert plan.failures == []


def test_secrets_that_may_not_be_read_are_unknown_and_block(live: Live) -> None:
    plan = Preflight(live, "no_secrets")
    for name in ("master_secret", "app_secret"):
        (found,) = plan.of("unknown")[name]
        assert "secretsmanager:GetSecretValue" in found["message"]
        assert found["blocks"]
    assert plan.of("failed") == {}


def test_a_reader_gets_a_plan_with_what_could_not_be_seen(live: Live) -> None:
    plan = Preflight(live, "reader")
    unknown = plan.of("unknown")
    missing = {
        "master_secret": "GetSecretValue",
        "topic": "GetTopicAttributes",
        "security_groups": "DescribeSecurityGroups",
        "isolation": "DescribeRouteTables",
        "kms_grant": "CreateGrant",
        "permissions": "SimulatePrincipalPolicy",
    }
    for name, action in missing.items():
        assert action in unknown[name][0]["message"], name
    assert not unknown["permissions"][0]["blocks"]
    assert plan.result["plan"]["actions"]


def test_a_name_that_something_foreign_holds(live: Live) -> None:
    target = live.info["world"]["target"]["cluster_id"]
    copy_of = next(
        item["resource"] for item in Preflight(live).result["actions"] if item["call"] == "CopyDBClusterSnapshot"
    )
    live.rds.create_db_cluster_snapshot(DBClusterIdentifier=target, DBClusterSnapshotIdentifier=copy_of)
    live.until(
        lambda: live.snapshot(copy_of)["Status"] == "available" and live.cluster(target)["Status"] == "available"
    )
    plan = Preflight(live)
    live.rds.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier=copy_of)
    assert set(plan.of("failed")) == {"names_free"}
    assert copy_of in plan.failures[0]
