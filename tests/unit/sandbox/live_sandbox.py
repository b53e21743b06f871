# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Helpers of the tests on running sandboxes."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import psycopg2
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

TESTS = Path(__file__).resolve().parents[2]
DURATIONS = (
    "snapshot_create=0.3,snapshot_copy=1,cluster_create=0.3,cluster_restore=0.3,cluster_delete=0.3,cluster_rename=0.5,"
    "cluster_start=0.3,cluster_stop=0.3,instance_create=0.3,instance_delete=0.3,instance_modify=0.2,modify_lag=0.4,"
    "cluster_modify=0.4,master_password=0.4,dns=1.5"
)


def sandbox(verb: str, folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """Run the command line."""
    return subprocess.run(
        [sys.executable, "-m", "sandbox", verb, "--dir", str(folder), *more],
        cwd=TESTS, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip


class Live:
    """A running sandbox, as its users see it."""

    def __init__(self, info: dict[str, Any]) -> None:
        self.info = info
        self.dir = Path(info["dir"])
        self._clients: dict[tuple[str, str], Any] = {}

    def client(self, service: str, region: str = "us-west-2", **credentials: str) -> Any:
        if credentials or (service, region) not in self._clients:
            keys = self.info["credentials"]
            given = {"aws_access_key_id": keys["access_key"], "aws_secret_access_key": keys["secret_key"]}
            made = boto3.client(
                service, region_name=region, endpoint_url=self.info["endpoint_url"], **(given | credentials),
                config=Config(retries={"total_max_attempts": 1}),
            )  # fmt: skip
            if credentials:
                return made
            self._clients[service, region] = made
        return self._clients[service, region]

    @property
    def rds(self) -> Any:
        return self.client("rds")

    @property
    def source(self) -> Any:
        return self.client("rds", "us-east-1")

    def cluster(self, name: str) -> dict[str, Any]:
        return dict(self.rds.describe_db_clusters(DBClusterIdentifier=name)["DBClusters"][0])

    def instance(self, name: str) -> dict[str, Any]:
        return dict(self.rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0])

    def snapshot(self, name: str) -> dict[str, Any]:
        answer = self.rds.describe_db_cluster_snapshots(DBClusterSnapshotIdentifier=name)
        return dict(answer["DBClusterSnapshots"][0])

    def newest(self) -> dict[str, Any]:
        """The newest usable snapshot of production."""
        found = self.source.describe_db_cluster_snapshots(DBClusterIdentifier="shop-production")["DBClusterSnapshots"]
        usable = [item for item in found if item["Status"] == "available"]
        return dict(max(usable, key=lambda item: item["SnapshotCreateTime"]))

    def copy(self, name: str, **parameters: Any) -> dict[str, Any]:
        """Start a copy of the newest snapshot into the target region."""
        given = {
            "SourceDBClusterSnapshotIdentifier": self.newest()["DBClusterSnapshotArn"],
            "TargetDBClusterSnapshotIdentifier": name,
            "KmsKeyId": self.info["world"]["kms_keys"]["us-west-2"],
            "SourceRegion": "us-east-1",
        }
        answer = self.rds.copy_db_cluster_snapshot(**{**given, **parameters})
        return dict(answer["DBClusterSnapshot"])

    def restore(self, name: str, snapshot: str, **parameters: Any) -> dict[str, Any]:
        """Restore, and wait until the cluster is available."""
        given = {"Engine": "aurora-postgresql", "EngineVersion": self.newest()["EngineVersion"]}
        given |= {"DBSubnetGroupName": "shop-staging", **parameters}
        self.rds.restore_db_cluster_from_snapshot(DBClusterIdentifier=name, SnapshotIdentifier=snapshot, **given)
        self.until(lambda: self.cluster(name)["Status"] == "available")
        return self.cluster(name)

    def add_instance(self, cluster: str, name: str, **parameters: Any) -> dict[str, Any]:
        """Create a member, and wait until it is available."""
        given = {"DBInstanceClass": "db.r6g.large", "Engine": "aurora-postgresql", **parameters}
        self.rds.create_db_instance(DBInstanceIdentifier=name, DBClusterIdentifier=cluster, **given)
        self.until(lambda: self.instance(name)["DBInstanceStatus"] == "available")
        return self.instance(name)

    def remove(self, name: str) -> None:
        """Delete a cluster with its members, without a snapshot."""
        for member in self.cluster(name)["DBClusterMembers"]:
            if self.instance(member["DBInstanceIdentifier"])["DBInstanceStatus"] != "deleting":
                self.rds.delete_db_instance(DBInstanceIdentifier=member["DBInstanceIdentifier"])
        self.rds.delete_db_cluster(DBClusterIdentifier=name, SkipFinalSnapshot=True)
        self.until(lambda: self.is_gone(name))

    def is_gone(self, name: str) -> bool:
        with contextlib.suppress(self.rds.exceptions.DBClusterNotFoundFault):
            self.cluster(name)
            return False
        return True

    def secret(self, name: str, region: str = "us-west-2") -> dict[str, str]:
        answer = self.client("secretsmanager", region).get_secret_value(SecretId=name)
        return dict(json.loads(answer["SecretString"]))

    def query(self, cluster: dict[str, Any], user: str, password: str, statement: str, database: str = "shop") -> Any:
        connection = psycopg2.connect(
            host=cluster["Endpoint"], port=cluster["Port"], dbname=database, user=user, password=password,
            sslmode="verify-full", sslrootcert=self.info["ca_cert"], connect_timeout=5,
        )  # fmt: skip
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(statement)
                return cursor.fetchall()
        finally:
            connection.close()

    @staticmethod
    def until(condition: Callable[[], Any], seconds: float = 60) -> Any:
        deadline = time.monotonic() + seconds
        while not (value := condition()):
            assert time.monotonic() < deadline, "not in time"
            time.sleep(0.05)
        return value


@contextlib.contextmanager
def refused(code: str, text: str = "", status: int = 400) -> Iterator[None]:
    """The call in the block is refused with that error code, message and HTTP status."""
    with pytest.raises(ClientError) as caught:
        yield
    response = caught.value.response
    assert response["Error"]["Code"] == code, response["Error"]
    assert text in response["Error"]["Message"]
    assert response["ResponseMetadata"]["HTTPStatusCode"] == status
