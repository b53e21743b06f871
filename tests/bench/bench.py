# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How fast and how big the sandbox is, what plan and log cost. Reported, not asserted: a table and reports/bench.json.

python bench.py [PART...]      parts: start, calls, storage, memory, plan, logs; all of them by default
"""

from __future__ import annotations

import collections
import contextlib
import datetime
import json
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

TESTS = Path(__file__).resolve().parents[1]
REPORT = TESTS.parent / "reports" / "bench.json"
SANDBOX = (sys.executable, "-m", "sandbox")
REGION = "us-west-2"
ROUNDS = 200
CLUSTERS = 50
QUICK = (
    "snapshot_create=0,snapshot_copy=0,cluster_create=0,cluster_restore=0,cluster_delete=0,instance_create=0,"
    "instance_delete=0,modify_lag=0,cluster_modify=0"
)
# About 1 GB on disk.
FILL = "CREATE TABLE filled AS SELECT n, repeat(md5(n::text), 30) AS text FROM generate_series(1, 950000) AS n"
MIB = 2**20
STEPS = (
    "preflight",
    "snapshot_check",
    "snapshot_copy",
    "cluster_delete",
    "cluster_restore",
    "db_users",
    "notification",
)
# moto lets everybody in.
ANYBODY = ("bench", "bench")


def timed(call: Callable[[], Any]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


class Sandbox:
    """A sandbox in a folder; ``down`` leaves nothing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.info: dict[str, Any] = {}

    def up(self, *more: str) -> float:
        """Start it; seconds until it was ready."""
        began = time.perf_counter()
        command = [*SANDBOX, "up", "--dir", str(self.folder), "--port", "0", *more]
        answer = subprocess.run(command, cwd=TESTS, capture_output=True, text=True, check=False)
        if answer.returncode:
            sys.exit(f"bench: {answer.stderr.strip()}")
        seconds = time.perf_counter() - began
        self.info = json.loads(answer.stdout)
        return seconds

    def down(self) -> None:
        subprocess.run([*SANDBOX, "down", "--dir", str(self.folder)], cwd=TESTS, capture_output=True, check=False)

    def client(self, service: str) -> Any:
        keys = self.info["credentials"]
        return client(service, self.info["endpoint_url"], keys["access_key"], keys["secret_key"])


def client(service: str, url: str, access_key: str, secret_key: str) -> Any:
    return boto3.client(
        service, region_name=REGION, endpoint_url=url, aws_access_key_id=access_key, aws_secret_access_key=secret_key,
        config=Config(retries={"total_max_attempts": 1}),
    )  # fmt: skip


@contextlib.contextmanager
def sandbox(folder: Path, *more: str) -> Iterator[Sandbox]:
    made = Sandbox(folder)
    try:
        made.up(*more)
        yield made
    finally:
        made.down()


# start


def start(folder: Path) -> dict[str, float]:
    """First: whatever start keeps in its folder or in caches of the interpreter may not be there yet."""
    made, seconds = Sandbox(folder), []
    for _time in range(3):
        try:
            seconds.append(made.up())
        finally:
            made.down()
    return {"first": seconds[0], "second": seconds[1], "third": seconds[2]}


# calls


@contextlib.contextmanager
def plain_moto() -> Iterator[str]:
    """moto's own server; its address."""
    program = "from moto.server import main; import sys; main(sys.argv[1:])"
    port = 20000 + os.getpid() % 20000
    process = subprocess.Popen(
        [sys.executable, "-c", program, "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 60
        while True:
            with contextlib.suppress(Exception):
                client("sts", url, *ANYBODY).get_caller_identity()
                break
            if time.monotonic() > deadline:
                sys.exit("bench: moto's server does not start.")
            time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait()


def same_world(make: Callable[[str], Any], **cluster: Any) -> dict[str, Callable[[], Any]]:
    """The same few resources in both, and the calls to measure on them."""
    rds, table, secrets, kms = make("rds"), make("dynamodb"), make("secretsmanager"), make("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    name = secrets.create_secret(Name="bench", SecretString="x")["Name"]
    table.create_table(
        TableName="bench", BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )  # fmt: skip
    where = {"TableName": "bench", "Key": {"id": {"S": "1"}}}
    rds.create_db_cluster(
        DBClusterIdentifier="bench", Engine="aurora-postgresql", MasterUsername="dbadmin",
        MasterUserPassword="correct-horse-battery", **cluster,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while rds.describe_db_clusters(DBClusterIdentifier="bench")["DBClusters"][0]["Status"] != "available":
        if time.monotonic() > deadline:
            sys.exit("bench: the cluster does not become available.")
        time.sleep(0.1)
    rds.create_db_cluster_snapshot(DBClusterIdentifier="bench", DBClusterSnapshotIdentifier="bench")
    return {
        "rds DescribeDBClusters": lambda: rds.describe_db_clusters(DBClusterIdentifier="bench"),
        "rds DescribeDBClusterSnapshots": lambda: rds.describe_db_cluster_snapshots(DBClusterIdentifier="bench"),
        "dynamodb UpdateItem": lambda: table.update_item(
            **where, UpdateExpression="SET n = :n", ExpressionAttributeValues={":n": {"N": "1"}}
        ),
        "dynamodb GetItem": lambda: table.get_item(**where, ConsistentRead=True),
        "secretsmanager GetSecretValue": lambda: secrets.get_secret_value(SecretId=name),
        "kms DescribeKey": lambda: kms.describe_key(KeyId=key),
    }


def calls(folder: Path) -> dict[str, Any]:
    """Milliseconds per call, one to each in turn."""
    with plain_moto() as url, sandbox(folder, "--durations", QUICK) as ours:
        both = {"sandbox": same_world(ours.client), "moto": same_world(lambda service: client(service, url, *ANYBODY))}
        result = {}
        for name in both["moto"]:
            taken: dict[str, list[float]] = {side: [] for side in both}
            for number in range(ROUNDS + 10):
                for side, ways in both.items():
                    seconds = timed(ways[name])
                    if number >= 10:
                        taken[side].append(seconds * 1000)
            figures = {side: {"p50": percentile(all_, 50), "p95": percentile(all_, 95)} for side, all_ in taken.items()}
            result[name] = {**figures, "ratio": figures["sandbox"]["p50"] / figures["moto"]["p50"]}
        return result


def percentile(values: list[float], percent: int) -> float:
    return statistics.quantiles(values, n=100)[percent - 1]


# storage


def storage(folder: Path) -> dict[str, Any]:
    """Seconds to snapshot, copy and restore 1 GB: of the data plane by itself, and through the API."""
    return {"data plane": _plane_storage(folder / "plane"), "api": _api_storage(folder / "api")}


def _plane_storage(folder: Path) -> dict[str, Any]:
    sys.path.insert(0, str(TESTS))
    from sandbox.dataplane import DataPlane

    plane = DataPlane(folder)
    try:
        plane.create("bench", master_username="m", master_password="correct-horse", database="d", port=5432)
        plane.start("bench", 5432)
        plane.sql("bench", FILL, "d")
        size = int(plane.sql("bench", "SELECT sum(pg_database_size(oid))::bigint FROM pg_database", "d")[0][0])
        return {
            "size_mib": size / MIB,
            "snapshot": timed(lambda: plane.snapshot("bench", "one")),
            "copy": timed(lambda: plane.copy_snapshot("one", "two")),
            "restore": timed(lambda: plane.restore("two", "again")),
            "start": timed(lambda: plane.start("again", 5432)),
            "copy_on_write": copies_on_write(folder),
        }
    finally:
        plane.close()
        DataPlane.cleanup(folder)
        shutil.rmtree(folder, ignore_errors=True)


def copies_on_write(folder: Path) -> bool:
    """Whether the file system of that folder can."""
    import fcntl

    source, target = folder / ".clone-1", folder / ".clone-2"
    source.write_bytes(b"x" * 4096)
    try:
        with source.open("rb") as reader, target.open("wb") as writer:
            fcntl.ioctl(writer.fileno(), 0x40049409, reader.fileno())  # FICLONE
    except OSError:
        return False
    finally:
        source.unlink(missing_ok=True)
        target.unlink(missing_ok=True)
    return True


def _api_storage(folder: Path) -> dict[str, Any]:
    with sandbox(folder, "--durations", QUICK) as ours:
        rds = ours.client("rds")
        keys = ours.info["credentials"]
        east = boto3.client(
            "rds", region_name="us-east-1", endpoint_url=ours.info["endpoint_url"],
            aws_access_key_id=keys["access_key"], aws_secret_access_key=keys["secret_key"],
        )  # fmt: skip
        cluster = make_cluster(rds, "bench")
        fill(ours, cluster)

        def snapshot() -> None:
            rds.create_db_cluster_snapshot(DBClusterIdentifier="bench", DBClusterSnapshotIdentifier="bench")
            until(lambda: snapshot_status(rds, "bench") == "available")

        def copy() -> None:
            arn = rds.describe_db_cluster_snapshots(DBClusterSnapshotIdentifier="bench")["DBClusterSnapshots"][0]
            east.copy_db_cluster_snapshot(
                SourceDBClusterSnapshotIdentifier=arn["DBClusterSnapshotArn"],
                TargetDBClusterSnapshotIdentifier="bench-copy", SourceRegion=REGION,
            )  # fmt: skip
            until(lambda: snapshot_status(east, "bench-copy") == "available")

        def restore() -> None:
            east.restore_db_cluster_from_snapshot(
                DBClusterIdentifier="bench-again", SnapshotIdentifier="bench-copy", Engine="aurora-postgresql"
            )
            until(lambda: cluster_of(east, "bench-again")["Status"] == "available")

        return {
            "snapshot": timed(snapshot),
            "copy": timed(copy),
            "restore": timed(restore),
            "instance": timed(lambda: make_member(east, "bench-again")),
        }


def fill(ours: Sandbox, cluster: dict[str, Any]) -> None:
    import psycopg2

    with psycopg2.connect(
        host=cluster["Endpoint"], port=cluster["Port"], dbname="postgres_data", user="dbadmin",
        password="correct-horse-battery", sslmode="verify-full", sslrootcert=ours.info["ca_cert"],
    ) as connection, connection.cursor() as cursor:  # fmt: skip
        cursor.execute(FILL)


def snapshot_status(rds: Any, name: str) -> str:
    found = rds.describe_db_cluster_snapshots(DBClusterSnapshotIdentifier=name)["DBClusterSnapshots"][0]
    return str(found["Status"])


def cluster_of(rds: Any, name: str) -> dict[str, Any]:
    return dict(rds.describe_db_clusters(DBClusterIdentifier=name)["DBClusters"][0])


def until(condition: Callable[[], bool], seconds: float = 300) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            sys.exit("bench: something does not end.")
        time.sleep(0.02)


def make_cluster(rds: Any, name: str) -> dict[str, Any]:
    rds.create_db_cluster(
        DBClusterIdentifier=name, Engine="aurora-postgresql", MasterUsername="dbadmin",
        MasterUserPassword="correct-horse-battery", DatabaseName="postgres_data",
    )  # fmt: skip
    until(lambda: cluster_of(rds, name)["Status"] == "available")
    make_member(rds, name)
    return cluster_of(rds, name)


def make_member(rds: Any, cluster: str, number: int = 1) -> None:
    name = f"{cluster}-{number}"
    rds.create_db_instance(
        DBInstanceIdentifier=name, DBClusterIdentifier=cluster, DBInstanceClass="db.r6g.large",
        Engine="aurora-postgresql",
    )  # fmt: skip
    until(
        lambda: (
            rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]["DBInstanceStatus"] == "available"
        )
    )


# memory


def memory(folder: Path) -> dict[str, Any]:
    """Proportional set size of the sandbox and everything that it has started."""
    scenario = folder.with_suffix(".yml")
    scenario.write_text(f"limits: {{clusters: {CLUSTERS + 10}, instances: {2 * CLUSTERS + 20}}}\n", encoding="utf-8")
    try:
        with sandbox(folder, "--scenario", str(scenario), "--durations", QUICK) as ours:
            idle = used(ours.info["pid"])
            rds = ours.client("rds")
            seconds = []
            for number in range(1, CLUSTERS + 1):
                seconds.append(timed(lambda name=f"bench-{number}": make_cluster(rds, name)))  # type: ignore[misc]
                make_member(rds, f"bench-{number}", 2)
            return {
                "idle": idle, f"with {CLUSTERS} clusters more": used(ours.info["pid"]),
                "seconds_per_cluster": statistics.median(seconds),
            }  # fmt: skip
    finally:
        scenario.unlink()


def used(pid: int) -> dict[str, float]:
    """MiB of the process and of its descendants, and how many those are."""
    below = descendants(pid)
    mine, theirs = pss(pid), sum(pss(item) for item in below)
    return {"sandbox_mib": mine, "servers_mib": theirs, "total_mib": mine + theirs, "processes": len(below) + 1}


def descendants(pid: int) -> list[int]:
    parents: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            parent = int((folder / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[1])
            parents.setdefault(parent, []).append(int(folder.name))
    found = list(parents.get(pid, []))
    for item in found:
        found += parents.get(item, [])
    return found


def pss(pid: int) -> float:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return 0.0


# plan


def plan(folder: Path) -> dict[str, Any]:
    """Seconds and API calls of planning the restore of the demo: the whole playbook in check mode, and its module."""
    sys.path.insert(0, str(TESTS / "e2e"))
    from harness import STAGING
    from harness import Sandbox as Demo
    from harness import start as start_playbook

    folder.mkdir()
    demo, written = Demo(folder / "world"), folder / "reports" / f"plan-{STAGING}.json"
    demo.up()

    def playbook() -> None:
        run = start_playbook(demo, folder, "--check", "--diff")
        if run.process.wait():
            sys.exit(f"bench: the plan fails: {run.output[-2000:]}")

    try:
        ends = {"until it is written": lambda: written.stat().st_mtime, "whole check run": time.time}
        return {"playbook": planned(demo, playbook, ends), "module": planned(demo, lambda: plan_module(demo))}
    finally:
        demo.down()


def planned(demo: Any, make: Callable[[], None], ends: dict[str, Callable[[], float]] | None = None) -> dict[str, Any]:
    """Of three times the seconds until each end (a time of day); the calls until then of the last one, by service."""
    ends = ends or {"alone": time.time}
    seconds: dict[str, list[float]] = {name: [] for name in ends}
    processor = []
    for _time in range(3):
        before, began, used = len(demo.calls()), time.time(), processor_seconds()
        make()
        processor.append(processor_seconds() - used)
        ended = {name: end() for name, end in ends.items()}
        for name, moment in ended.items():
            seconds[name].append(moment - began)
    calls = [(datetime.datetime.fromisoformat(call["time"]), call["service"]) for call in demo.calls()[before:]]
    until = {
        name: collections.Counter(service for at, service in calls if at.timestamp() <= moment)
        for name, moment in ended.items()
    }
    return {"processor_seconds": min(processor)} | {
        name: {
            "seconds": statistics.median(taken), "slowest": max(taken),
            "calls": until[name].total(), "calls_of": dict(sorted(until[name].items())),
        }
        for name, taken in seconds.items()
    }  # fmt: skip


def processor_seconds() -> float:
    """Of all child processes that have ended: what other work on the machine does not change much."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def plan_module(demo: Any) -> None:
    """restore_plan as Ansible starts it, without Ansible."""
    keys, world = demo.info["credentials"], demo.info["world"]
    arguments = {
        "region": world["target"]["region"], "source": world["source"], "target": world["target"],
        "master_secret_id": "shop/staging/master", "app_secret_id": "shop/staging/app",
        "sns_topic_arn": world["topic_arn"], "state_table": world["state_table"], "db_ca_cert": demo.info["ca_cert"],
        "endpoint_url": demo.info["endpoint_url"], "access_key": keys["access_key"], "secret_key": keys["secret_key"],
        "_ansible_check_mode": True,
    }  # fmt: skip
    program = "ansible_collections.dbops.aurora_restore.plugins.modules.restore_plan"
    answer = subprocess.run(
        [sys.executable, "-m", program], input=json.dumps({"ANSIBLE_MODULE_ARGS": arguments}),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if answer.returncode:
        sys.exit(f"bench: the plan fails: {answer.stdout[-2000:]}{answer.stderr[-2000:]}")


# logs


def logs(folder: Path) -> dict[str, Any]:
    """Seconds of a restore without and with its log and metrics in CloudWatch, in turn; what is shipped.

    Nothing else takes time in this sandbox, so the share is the largest that there can be.
    """
    sys.path.insert(0, str(TESTS / "e2e"))
    from harness import Sandbox as Demo
    from harness import start as start_playbook

    folder.mkdir()
    scenario = folder / "quick.yml"
    durations = dict(pair.split("=") for pair in QUICK.split(","))
    scenario.write_text(json.dumps({"durations": {name: float(value) for name, value in durations.items()}}))
    demo = Demo(folder / "world", scenario)
    demo.up()
    try:
        for step in STEPS:
            demo.client("logs").create_log_group(logGroupName=f"/aurora-restore/{step}")
        taken: dict[bool, list[float]] = {False: [], True: []}
        for shipped in (False, True) * 3:
            began = time.perf_counter()
            run = start_playbook(demo, folder, aurora_restore_cloudwatch=shipped, aurora_restore_poll_interval=0.2)
            if run.process.wait():
                sys.exit(f"bench: the restore fails: {run.output[-2000:]}")
            taken[shipped].append(time.perf_counter() - began)
        files = list((folder / "reports" / "logs").glob("*.jsonl"))
        calls = collections.Counter(
            call["action"] for call in demo.calls() if call["service"] in ("logs", "cloudwatch")
        )
        without, with_logs = min(taken[False]), min(taken[True])
        return {
            "without": without, "with": with_logs, "added": with_logs - without, "ratio": with_logs / without,
            "records": statistics.mean(len(path.read_text().splitlines()) for path in files),
            "kib": statistics.mean(path.stat().st_size for path in files) / 1024,
            "calls": {name: calls[name] / 3 for name in ("CreateLogStream", "PutLogEvents", "PutMetricData")},
        }  # fmt: skip
    finally:
        demo.down()


PARTS: dict[str, Callable[[Path], dict[str, Any]]] = {
    "start": start,
    "calls": calls,
    "storage": storage,
    "memory": memory,
    "plan": plan,
    "logs": logs,
}


def lines(value: Any, names: tuple[str, ...] = ()) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from lines(inner, (*names, name))
    else:
        shown = f"{value:10.2f}" if isinstance(value, float) else f"{value!s:>10}"
        yield f"{' / '.join(names):60}{shown}"


def main() -> None:
    chosen = sys.argv[1:] or list(PARTS)
    if unknown := [name for name in chosen if name not in PARTS]:
        sys.exit(f"bench: there is no part {unknown[0]}; there are {', '.join(PARTS)}.")
    import moto

    report: dict[str, Any] = json.loads(REPORT.read_text()) if REPORT.exists() else {}
    report["machine"] = {
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="minutes"),
        "processors": os.cpu_count() or 0, "system": platform.platform(), "python": platform.python_version(),
        "moto": moto.__version__, "load": os.getloadavg()[0],
    }  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        for name in chosen:
            report[name] = PARTS[name](Path(folder) / name)
            print(*lines({name: report[name]}), sep="\n", flush=True)
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    print(f"Seconds; calls in milliseconds. Written to {REPORT.relative_to(TESTS.parent)}.")


if __name__ == "__main__":
    main()
