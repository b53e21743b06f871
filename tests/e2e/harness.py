# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A sandbox of its own, and whole playbook runs against it."""

from __future__ import annotations

import atexit
import contextlib
import datetime
import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import psycopg2
from botocore.config import Config

CHECKOUT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
SOURCE_REGION, TARGET_REGION = "us-east-1", "us-west-2"
PRODUCTION, STAGING = "shop-production", "shop-staging"
TABLE = "aurora-restore-state"


class Sandbox:
    """A running sandbox: its clients, databases and secrets."""

    def __init__(self, folder: Path, scenario: Path | None = None) -> None:
        self.dir = folder
        self.scenario = scenario
        self.info: dict[str, Any] = {}

    def up(self) -> None:
        scenario = ["--scenario", str(self.scenario)] if self.scenario else []
        subprocess.run(
            self._command("up", "--port", "0", *scenario), cwd=CHECKOUT / "tests", check=True, stdout=subprocess.DEVNULL
        )
        self.info = json.loads((self.dir / "endpoint.json").read_text())

    def down(self) -> None:
        subprocess.run(self._command("down"), cwd=CHECKOUT / "tests", check=True, stdout=subprocess.DEVNULL)

    def _command(self, verb: str, *more: str) -> list[str]:
        return [sys.executable, "-m", "sandbox", verb, "--dir", str(self.dir), *more]

    def client(self, service: str, region: str = TARGET_REGION) -> Any:
        keys = self.info["credentials"]
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=self.info["endpoint_url"],
            aws_access_key_id=keys["access_key"],
            aws_secret_access_key=keys["secret_key"],
            config=Config(retries={"mode": "standard", "total_max_attempts": 12}),  # some scenarios throttle
        )

    def secret(self, name: str, region: str = TARGET_REGION) -> dict[str, str]:
        answer = self.client("secretsmanager", region).get_secret_value(SecretId=name)
        return dict(json.loads(answer["SecretString"]))

    def cluster(self, cluster_id: str, region: str = TARGET_REGION) -> dict[str, Any]:
        return dict(self.client("rds", region).describe_db_clusters(DBClusterIdentifier=cluster_id)["DBClusters"][0])

    def instances(self, cluster_id: str, region: str = TARGET_REGION) -> list[dict[str, Any]]:
        answer = self.client("rds", region).describe_db_instances(
            Filters=[{"Name": "db-cluster-id", "Values": [cluster_id]}]
        )
        return list(answer["DBInstances"])

    @contextlib.contextmanager
    def login(
        self, cluster_id: str, user: str, password: str, region: str = TARGET_REGION, database: str = "shop"
    ) -> Iterator[Any]:
        """A cursor in a session of that user over verified TLS."""
        cluster = self.cluster(cluster_id, region)
        connection = psycopg2.connect(
            host=cluster["Endpoint"], port=cluster["Port"], dbname=database, user=user, password=password,
            sslmode="verify-full", sslrootcert=self.info["ca_cert"], connect_timeout=10,
        )  # fmt: skip
        try:
            with connection.cursor() as cursor:
                yield cursor
            connection.commit()
        finally:
            connection.close()

    def calls(self) -> list[dict[str, Any]]:
        """The journal: every AWS call so far."""
        return [json.loads(line) for line in Path(self.info["journal"]).read_text().splitlines()]

    def items(self, table: str = TABLE) -> list[dict[str, Any]]:
        """The whole state table."""
        return list(self.client("dynamodb").scan(TableName=table, ConsistentRead=True)["Items"])

    def log_events(self, group: str, stream: str | None = None) -> list[str]:
        """The messages of a log group, of one stream or of all."""
        logs = self.client("logs")
        streams = [stream] if stream else [
            item["logStreamName"] for item in logs.describe_log_streams(logGroupName=group)["logStreams"]
        ]  # fmt: skip
        return [
            event["message"]
            for name in streams
            for event in logs.get_log_events(logGroupName=group, logStreamName=name, startFromHead=True)["events"]
        ]

    def metrics(self, namespace: str) -> dict[str, float]:
        """The sum of each metric of a namespace, by its name and the values of its dimensions."""
        client, now, sums = self.client("cloudwatch"), datetime.datetime.now(datetime.timezone.utc), {}
        for metric in client.list_metrics(Namespace=namespace)["Metrics"]:
            found = client.get_metric_statistics(
                **metric, Period=86400, Statistics=["Sum"], StartTime=now - datetime.timedelta(days=1),
                EndTime=now + datetime.timedelta(hours=1),
            )  # fmt: skip
            name = " ".join([metric["MetricName"], *(item["Value"] for item in metric["Dimensions"])])
            sums[name] = sum(point["Sum"] for point in found["Datapoints"])
        return sums

    def messages(self) -> list[dict[str, Any]]:
        """What subscribers of the topic received since the last look."""
        sqs, queue = self.client("sqs"), self.info["world"]["queue_url"]
        received: list[dict[str, Any]] = []
        while batch := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
            for message in batch:
                received.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return received


@dataclass
class Run:
    """A playbook run: what it printed, its exit status, and everything that it left behind."""

    home: Path
    process: subprocess.Popen[bytes]
    output_file: Path
    arguments: set[str] = field(default_factory=set)

    @property
    def output(self) -> str:
        return self.output_file.read_text(errors="replace")

    @property
    def code(self) -> int:
        assert self.process.returncode is not None
        return self.process.returncode

    def wait(self, timeout: float = 420) -> Run:
        """Until it ends; samples the arguments of all processes meanwhile."""
        deadline = time.monotonic() + timeout
        while self.process.poll() is None:
            assert time.monotonic() < deadline, f"still running after {timeout} s:\n{self.output[-4000:]}"
            self.arguments |= process_arguments()
            time.sleep(0.02)
        return self

    def kill_group(self, with_signal: int = signal.SIGKILL) -> None:
        os.killpg(self.process.pid, with_signal)
        self.process.wait(30)

    def report(self) -> dict[str, Any]:
        """The newest report of this run's folder."""
        reports = [path for path in (self.home / "reports").glob("*.json") if not path.name.startswith("plan-")]
        newest = max(reports, key=lambda path: path.stat().st_mtime_ns)
        return dict(json.loads(newest.read_text()))


def process_arguments() -> set[str]:
    found = set()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            found.add(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
    return found


def processes_of(home: Path) -> list[str]:
    """The processes that a run of this home folder has started, modules included (their arguments say nothing)."""
    mark = f"HOME={home}".encode()
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if mark in path.read_bytes().split(b"\0"):
                found.append(path.parent.name)
    return found


def step_is(sandbox: Sandbox, step: str, status: str) -> bool:
    """Whether an operation has that step in that status."""
    return any(item["step"]["S"] == step and item.get("status", {}).get("S") == status for item in sandbox.items())


def short_name(folder: Path) -> Path:
    """A short link to a folder: the path of a socket has at most 107 characters, and ansible-core makes sockets."""
    link = Path(tempfile.gettempdir()) / f"ar-{hashlib.sha256(str(folder).encode()).hexdigest()[:8]}"
    with contextlib.suppress(FileExistsError):
        link.symlink_to(folder)
        atexit.register(link.unlink, missing_ok=True)
    return link


def environment(sandbox: Sandbox, home: Path) -> dict[str, str]:
    """Nothing of the caller's but the path; all temporary folders below home."""
    for folder in ("tmp", "reports"):
        (home / folder).mkdir(parents=True, exist_ok=True)
    return {
        "PATH": f"{BIN}:/usr/local/bin:/usr/bin:/bin",
        "HOME": str(home),
        "TMPDIR": str(short_name(home / "tmp")),
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "ANSIBLE_LOG_PATH": str(home / "ansible.log"),
        "AURORA_RESTORE_SANDBOX_DIR": str(sandbox.dir),
    }


def start(
    sandbox: Sandbox, home: Path, *arguments: str, playbook: str = "playbooks/restore.yml",
    more_environment: dict[str, str] | None = None, cwd: Path = CHECKOUT, **variables: Any
) -> Run:  # fmt: skip
    """Start a playbook with the sandbox inventory; variables override the inventory's."""
    variables.setdefault("aurora_restore_report_dir", str(home / "reports"))
    command = [str(BIN / "ansible-playbook"), "-i", str(CHECKOUT / "inventories/sandbox"), playbook]
    command += ["-e", json.dumps(variables), *arguments]
    output_file = home / f"output-{time.monotonic_ns()}.txt"
    env = environment(sandbox, home) | (more_environment or {})
    with output_file.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
    return Run(home, process, output_file)


def play(sandbox: Sandbox, home: Path, *arguments: str, **keywords: Any) -> Run:
    return start(sandbox, home, *arguments, **keywords).wait()


def eventually(what: str, condition: Any, timeout: float = 60) -> Any:
    """The first true value of condition."""
    deadline = time.monotonic() + timeout
    while not (value := condition()):
        assert time.monotonic() < deadline, f"not within {timeout} s: {what}"
        threading.Event().wait(0.1)
    return value
