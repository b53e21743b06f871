# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading the world from a server, through botocore: what exists, what does not, and what can't be read."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import boto3
import pytest
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan import decisions
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan.reading import (
    read_surroundings,
    read_text,
    read_world,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan.world import Wishes, World
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.selection import Wish
from botocore.config import Config

REGIONS = frozenset(("us-east-1", "us-west-2"))
CALLER = {"Account": "123456789012", "Arn": "arn:aws:iam::123456789012:user/nobody", "UserId": "AIDAEXAMPLE"}
Connect = Callable[[str, str], Any]


# A process of its own, until its input ends: the sandbox's tests change moto in theirs.
SERVER = """
import sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print(*server.get_host_and_port(), sep=":", flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def connect() -> Iterator[Connect]:
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert server.stdout is not None
    address = server.stdout.readline().strip()
    assert address, "moto's server did not start"

    def client(service: str, region: str) -> Any:
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=f"http://{address}",
            aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
            aws_secret_access_key="not-a-secret",
            config=Config(retries={"mode": "standard", "total_max_attempts": 1}),
        )

    with server:
        try:
            yield client
        finally:
            server.terminate()


@pytest.fixture(scope="module")
def wishes(connect: Connect) -> Wishes:
    """A source with a snapshot, a target, and what they refer to."""
    source, target = connect("rds", "us-east-1"), connect("rds", "us-west-2")
    login = {"MasterUsername": "dbadmin", "MasterUserPassword": "a-Good_password1"}
    source.create_db_cluster(DBClusterIdentifier="shop-production", Engine="aurora-postgresql", **login)
    source.create_db_cluster_snapshot(DBClusterIdentifier="shop-production", DBClusterSnapshotIdentifier="nightly")
    vpc = connect("ec2", "us-west-2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = connect("ec2", "us-west-2").create_subnet(
        VpcId=vpc, CidrBlock="10.0.1.0/24", AvailabilityZone="us-west-2a"
    )["Subnet"]["SubnetId"]
    group = connect("ec2", "us-west-2").create_security_group(GroupName="db", Description="db", VpcId=vpc)["GroupId"]
    target.create_db_subnet_group(DBSubnetGroupName="subnets", DBSubnetGroupDescription="x", SubnetIds=[subnet])
    target.create_db_cluster_parameter_group(
        DBClusterParameterGroupName="clusters", DBParameterGroupFamily="aurora-postgresql17", Description="x"
    )
    target.create_db_parameter_group(
        DBParameterGroupName="instances", DBParameterGroupFamily="aurora-postgresql17", Description="x"
    )
    target.create_db_cluster(
        DBClusterIdentifier="shop-staging",
        Engine="aurora-postgresql",
        DBSubnetGroupName="subnets",
        VpcSecurityGroupIds=[group],
        DBClusterParameterGroupName="clusters",
        **login,
    )
    target.create_db_instance(
        DBInstanceIdentifier="shop-staging-1",
        DBClusterIdentifier="shop-staging",
        DBInstanceClass="db.r6g.large",
        Engine="aurora-postgresql",
    )
    secrets = connect("secretsmanager", "us-west-2")
    secrets.create_secret(
        Name="master", SecretString=json.dumps({"username": "dbadmin", "password": "a-Good_password1"})
    )
    topic = connect("sns", "us-west-2").create_topic(Name="told")["TopicArn"]
    key = connect("kms", "us-west-2").create_key()["KeyMetadata"]["KeyId"]
    connect("dynamodb", "us-west-2").create_table(
        TableName="state",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[
            {"AttributeName": "operation_id", "KeyType": "HASH"}, {"AttributeName": "step", "KeyType": "RANGE"}
        ],
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": "S"} for name in ("operation_id", "step")
        ],
    )  # fmt: skip
    return Wishes(
        account="123456789012",
        source_region="us-east-1",
        source_cluster_id="shop-production",
        target_region="us-west-2",
        target_cluster_id="shop-staging",
        kms_key_id=key,
        master_secret_id="master",
        sns_topic_arn=topic,
        state_table="state",
        state_region="us-west-2",
        overrides={"vpc_security_group_ids": [group], "instances": [{"db_parameter_group_name": "instances"}]},
    )


def surroundings(wishes: Wishes, world: World, connect: Connect) -> Any:
    decision = decisions.decide(wishes, world, datetime.now(timezone.utc))
    return read_surroundings(wishes, decision, REGIONS, connect, world)


def test_what_exists_is_read(wishes: Wishes, connect: Connect) -> None:
    world = read_world(wishes, REGIONS, connect, CALLER)
    assert world.source.value is not None
    assert "nightly" in [item.id for item in world.snapshots.value or []]
    assert world.target.value is not None
    assert [item.id for item in world.target.value.instances] == ["shop-staging-1"]
    assert world.master_secret.value == {"username": "dbadmin", "password": "a-Good_password1"}
    assert not world.app_secret.asked
    assert world.topic.value
    assert (world.state_table.value or {})["TableName"] == "state"
    around = surroundings(wishes, world, connect)
    assert (around.key.value or {})["KeyState"] == "Enabled"
    assert (around.subnet_group.value or {})["DBSubnetGroupName"] == "subnets"
    assert (around.cluster_parameter_group.value or {})["DBParameterGroupFamily"] == "aurora-postgresql17"
    assert around.parameter_groups["instances"].value
    assert len(around.security_groups.value or []) == 1


def test_what_does_not_exist_is_none_and_stops_nothing(wishes: Wishes, connect: Connect) -> None:
    lost = replace(
        wishes,
        source_cluster_id="lost",
        target_cluster_id="lost",
        kms_key_id="alias/lost",
        master_secret_id="lost",
        sns_topic_arn="arn:aws:sns:us-west-2:123456789012:lost",
        state_table="lost",
        ca_file="/no/such/file",
        overrides={
            "db_subnet_group_name": "lost",
            "vpc_security_group_ids": ["sg-00000000"],
        },
    )
    world = read_world(lost, REGIONS, connect, CALLER)
    assert world.source.known
    assert world.source.value is None
    assert not world.snapshots.value
    assert world.target.known
    assert world.target.value is None
    assert not world.custom_endpoints.asked
    assert world.topic.known
    assert world.topic.value is None
    assert "lost does not exist in us-west-2" in str(world.master_secret.error)
    assert "aurora_restore_state_table" in str(world.state_table.error)
    assert "/no/such/file" in str(world.ca.error)
    around = surroundings(lost, world, connect)
    for fact in (around.key, around.subnet_group):
        assert fact.known
        assert fact.value is None
    assert around.security_groups.value == []


def test_pinned_snapshot(wishes: Wishes, connect: Connect) -> None:
    pinned = replace(wishes, snapshot=Wish(snapshot_id="nightly"))
    assert [item.id for item in read_world(pinned, REGIONS, connect, CALLER).snapshots.value or []] == ["nightly"]
    missing = replace(wishes, snapshot=Wish(snapshot_id="lost"))
    assert read_world(missing, REGIONS, connect, CALLER).snapshots.value == []


def test_nothing_is_asked_of_a_region_that_does_not_exist(wishes: Wishes) -> None:
    asked = []

    def connect(service: str, region: str) -> Any:
        asked.append((service, region))
        raise AssertionError("no call")

    nowhere = replace(
        wishes, source_region="moon-1", target_region="moon-2", sns_topic_arn="arn:aws:sns:moon-3:1:x", state_table=None
    )
    world = read_world(nowhere, REGIONS, connect, CALLER)
    assert not world.source.asked
    assert not world.target.asked
    surroundings(nowhere, world, connect)
    assert asked == []


def test_files(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_bytes(b"\xff text")
    assert "text" in read_text(str(tmp_path / "ca.pem"))
