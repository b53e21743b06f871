# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole restore by hand with the AWS CLI: its commands, its waiters, then a login.

    python cli_restore.py AWS_PROGRAM ENDPOINT_JSON

Production's newest snapshot is copied to staging's region, staging is deleted and restored from the copy.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psycopg2

SOURCE_REGION, TARGET_REGION = "us-east-1", "us-west-2"
SOURCE, TARGET = "shop-production", "shop-staging"
COPY, FINAL, MEMBER = "by-hand-copy", "by-hand-final", "by-hand-1"


class Cli:
    """The AWS CLI, as an operator calls it."""

    def __init__(self, program: str, info: dict[str, Any], region: str) -> None:
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTHON"))}
        self._environment = clean | info["environment"] | {"AWS_DEFAULT_REGION": region, "AWS_PAGER": ""}
        # In us-east-1, version 1 of the CLI does not heed AWS_ENDPOINT_URL.
        self._command = [program, "--output", "json", "--endpoint-url", info["endpoint_url"]]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self._command, *arguments],
            env=self._environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=600,
        )  # fmt: skip

    def __call__(self, *arguments: str) -> Any:
        """Its answer; the proof ends when it has none."""
        began = time.monotonic()
        answer = self.run(*arguments)
        print(f"{time.monotonic() - began:6.1f} s  aws {' '.join(arguments[:2])}", *arguments[2:3], flush=True)
        if answer.returncode:
            sys.exit(f"aws {' '.join(arguments)} ended with {answer.returncode}: {answer.stderr.strip()}")
        return json.loads(answer.stdout) if answer.stdout.strip() else None


def check(condition: object, what: str) -> None:
    if not condition:
        sys.exit(f"It is not so that {what}.")


def refused(aws: Cli, code: str, *arguments: str) -> None:
    """That call is refused with that code."""
    answer = aws.run(*arguments)
    check(answer.returncode and f"({code})" in answer.stderr, f"{arguments[1]} is refused with {code}: {answer.stderr}")


def newest_snapshot(source: Cli) -> dict[str, Any]:
    found = source("rds", "describe-db-cluster-snapshots", "--db-cluster-identifier", SOURCE)["DBClusterSnapshots"]
    usable = [item for item in found if item["Status"] == "available"]
    check(usable, f"{SOURCE} has an available snapshot")
    return dict(max(usable, key=lambda item: item["SnapshotCreateTime"]))


def copy(aws: Cli, snapshot: dict[str, Any], key: str) -> None:
    arguments = (
        "rds", "copy-db-cluster-snapshot", "--source-region", SOURCE_REGION, "--kms-key-id", key,
        "--source-db-cluster-snapshot-identifier", snapshot["DBClusterSnapshotArn"],
        "--target-db-cluster-snapshot-identifier", COPY,
    )  # fmt: skip
    begun = aws(*arguments)["DBClusterSnapshot"]
    check(begun["Status"] == "copying", "the copy is copying")
    refused(aws, "DBClusterSnapshotAlreadyExistsFault", *arguments)
    restore = ("--snapshot-identifier", COPY, "--engine", "aurora-postgresql")
    early = ("rds", "restore-db-cluster-from-snapshot", "--db-cluster-identifier", "too-early", *restore)
    refused(aws, "InvalidDBClusterSnapshotStateFault", *early)
    aws("rds", "wait", "db-cluster-snapshot-available", "--db-cluster-snapshot-identifier", COPY)


def delete(aws: Cli, cluster: dict[str, Any]) -> None:
    """Its instances, then itself with a final snapshot."""
    last = ("--final-db-snapshot-identifier", FINAL)
    target = ("--db-cluster-identifier", TARGET)
    if cluster["DeletionProtection"]:
        refused(aws, "InvalidParameterCombination", "rds", "delete-db-cluster", *target, *last)
        aws("rds", "modify-db-cluster", *target, "--no-deletion-protection", "--apply-immediately")
        aws("rds", "wait", "db-cluster-available", *target)
    refused(aws, "InvalidDBClusterStateFault", "rds", "delete-db-cluster", *target, *last)
    for member in sorted(cluster["DBClusterMembers"], key=lambda item: bool(item["IsClusterWriter"])):
        aws("rds", "delete-db-instance", "--db-instance-identifier", member["DBInstanceIdentifier"])
    answer = aws("rds", "delete-db-cluster", *target, *last)["DBCluster"]
    check(answer["Status"] == "available", "the answer of delete-db-cluster still says available")
    aws("rds", "wait", "db-cluster-deleted", *target)
    refused(aws, "DBClusterNotFoundFault", "rds", "describe-db-clusters", *target)
    final = aws("rds", "describe-db-cluster-snapshots", "--db-cluster-snapshot-identifier", FINAL)
    check(final["DBClusterSnapshots"][0]["Status"] == "available", "the final snapshot is available")


def restore(aws: Cli, before: dict[str, Any], snapshot: dict[str, Any]) -> None:
    groups = [item["VpcSecurityGroupId"] for item in before["VpcSecurityGroups"]]
    aws(
        "rds", "restore-db-cluster-from-snapshot", "--db-cluster-identifier", TARGET, "--snapshot-identifier", COPY,
        "--engine", "aurora-postgresql", "--engine-version", snapshot["EngineVersion"],
        "--db-subnet-group-name", before["DBSubnetGroup"], "--vpc-security-group-ids", *groups,
    )  # fmt: skip
    aws("rds", "wait", "db-cluster-available", "--db-cluster-identifier", TARGET)
    found = aws("rds", "describe-db-clusters", "--db-cluster-identifier", TARGET)["DBClusters"][0]
    check(found["DBClusterMembers"] == [], "a restored cluster has no instance")
    check(found["DbClusterResourceId"] != before["DbClusterResourceId"], "it is another cluster")
    aws(
        "rds", "create-db-instance", "--db-instance-identifier", MEMBER, "--db-cluster-identifier", TARGET,
        "--db-instance-class", "db.r6g.large", "--engine", "aurora-postgresql", "--no-publicly-accessible",
    )  # fmt: skip
    aws("rds", "wait", "db-instance-available", "--db-instance-identifier", MEMBER)


def log_in(aws: Cli, source: Cli, info: dict[str, Any]) -> None:
    """Restored users have the source's passwords: production's master and its reader log in to staging."""
    cluster = aws("rds", "describe-db-clusters", "--db-cluster-identifier", TARGET)["DBClusters"][0]
    master, app = (
        json.loads(source("secretsmanager", "get-secret-value", "--secret-id", name)["SecretString"])
        for name in ("shop/production/master", "shop/production/app")
    )
    query(info, cluster, master["username"], master["password"], "SELECT 1")
    reader = app["readonly_username"], app["readonly_password"]
    tables = query(info, cluster, *reader, "SELECT tablename FROM pg_tables WHERE schemaname = 'shop' ORDER BY 1")
    counts = {table: query(info, cluster, *reader, f"SELECT count(*) FROM shop.{table}")[0][0] for (table,) in tables}
    check(any(counts.values()), f"there are rows in {counts}")
    print(f"{master['username']} and {reader[0]} can log in; rows: {counts}")


def query(info: dict[str, Any], cluster: dict[str, Any], user: str, password: str, statement: str) -> list[Any]:
    connection = psycopg2.connect(
        host=cluster["Endpoint"], port=cluster["Port"], dbname=cluster["DatabaseName"], user=user, password=password,
        sslmode="verify-full", sslrootcert=info["ca_cert"], connect_timeout=10,
    )  # fmt: skip
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall()
    finally:
        connection.close()


def main() -> None:
    program, endpoint = sys.argv[1:]
    info = json.loads(Path(endpoint).read_text(encoding="utf-8"))
    source, aws = Cli(program, info, SOURCE_REGION), Cli(program, info, TARGET_REGION)
    began = time.monotonic()
    snapshot = newest_snapshot(source)
    before = aws("rds", "describe-db-clusters", "--db-cluster-identifier", TARGET)["DBClusters"][0]
    copy(aws, snapshot, info["world"]["kms_keys"][TARGET_REGION])
    delete(aws, before)
    restore(aws, before, snapshot)
    log_in(aws, source, info)
    print(f"A whole restore by hand: {time.monotonic() - began:.0f} s.")


if __name__ == "__main__":
    main()
