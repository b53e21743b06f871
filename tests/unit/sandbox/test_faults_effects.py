# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults and limits, effect by effect: real boto3 clients, the gateway, the sandbox's RDS, a clock that tests move."""

from __future__ import annotations

import dataclasses
import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import in_process
import pytest
from botocore.config import Config
from in_process import ACCOUNT, AWAY, HOME, OTHER_ACCOUNT, Aws
from live_sandbox import Live, refused
from moto.sts.models import sts_backends
from sandbox.faults import Faults, Limits, parse_faults
from sandbox.faults.effects import Dropped
from sandbox.gateway.application import Gateway
from sandbox.gateway.journal import Journal
from sandbox.gateway.server import regions

moto = in_process._application
REGIONS = regions()


class Faulty(Aws):
    """AWS behind a gateway; ``when`` says what goes wrong from then on."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self._journals = 0
        self.environment: dict[str, str] = {}
        self.when()

    def when(self, *faults: dict[str, Any], seed: int = 1, limits: Limits | None = None) -> None:
        self.faults = self.runtime.faults = Faults(parse_faults(faults, "faults"), seed, self.clock)
        self._journals += 1
        self.journal = Journal(self._folder / f"calls-{self._journals}.jsonl")
        gateway = Gateway(
            moto(), self.journal, {}, REGIONS, faults=self.faults, limits=limits, clock=self.clock
        )  # fmt: skip
        gateway.open(self.environment)
        self.gateway = gateway

    def close(self) -> None:
        self.journal.close()
        super().close()

    @property
    def last(self) -> dict[str, Any]:
        """The last call in the journal."""
        return self.journal.entries()[-1]

    def counts(self) -> dict[str, tuple[int, int]]:
        return {item["name"]: (item["matched"], item["hit"]) for item in self.faults.summary()}


@pytest.fixture
def aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Faulty]:
    made = Faulty(tmp_path)
    monkeypatch.setattr(in_process, "_application", lambda: made.gateway)
    try:
        yield made
    finally:
        made.close()


# error


def test_error_before_the_call(aws: Faulty) -> None:
    error = {"code": "DBClusterQuotaExceededFault", "message": "Full."}
    aws.when({"action": "CreateDBCluster", "error": error, "times": 1})
    with refused("DBClusterQuotaExceededFault", "Full.", status=403):
        aws.cluster(members=0)
    assert (aws.last["fault"], aws.last["status"], aws.last["error_code"]) == (
        "fault-1", 403, "DBClusterQuotaExceededFault",
    )  # fmt: skip
    assert aws.is_gone("shop")
    assert aws.cluster(members=0)["Status"] == "available"
    assert aws.counts() == {"fault-1": (2, 1)}


def test_error_after_the_call_which_takes_effect(aws: Faulty) -> None:
    aws.when({"name": "late", "action": "CreateDBCluster", "error": {"code": "InternalFailure"}, "when": "after"})
    with refused("InternalFailure", status=500):
        aws.cluster(members=0)
    assert (aws.journal.entries()[0]["fault"], aws.journal.entries()[0]["status"]) == ("late", 500)
    assert aws.see("shop")["Status"] == "creating"
    with refused("DBClusterAlreadyExistsFault"):  # a call that AWS refuses has no effect that could come first
        aws.cluster(members=0)
    assert aws.counts() == {"late": (1, 1)}


@pytest.mark.parametrize(
    ("service", "call", "code", "status"),
    [
        ("dynamodb", lambda client: client.list_tables(), "ProvisionedThroughputExceededException", 400),
        ("secretsmanager", lambda client: client.list_secrets(), "InternalServiceError", 400),
        ("sns", lambda client: client.list_topics(), "Throttled", 429),
        ("logs", lambda client: client.describe_log_groups(), "ServiceUnavailableException", 400),
        ("cloudwatch", lambda client: client.list_metrics(), "InternalServiceFault", 500),
        ("iam", lambda client: client.list_users(), "ServiceFailure", 500),
        ("ec2", lambda client: client.describe_vpcs(), "RequestLimitExceeded", 503),
    ],
)
def test_errors_in_the_protocol_of_each_service(
    aws: Faulty, service: str, call: Callable[[Any], Any], code: str, status: int
) -> None:
    aws.when({"service": service, "error": {"code": code}})
    with refused(code, status=status):
        call(aws.client(service))
    assert (aws.last["service"], aws.last["error_code"], aws.last["fault"]) == (service, code, "fault-1")


# dropped connection, delay


@pytest.mark.parametrize(("when", "gone"), [("before", True), ("after", False)])
def test_dropped_connection(aws: Faulty, when: str, gone: bool) -> None:
    aws.when({"action": "CreateDBCluster", "drop": True, "when": when})
    with pytest.raises(Dropped):
        aws.cluster(members=0)
    entry = aws.last
    assert (entry["action"], entry["status"], entry["error_code"], entry["fault"]) == (
        "CreateDBCluster", None, None, "fault-1",
    )  # fmt: skip
    assert aws.is_gone("shop") is gone


def test_slow_answer_together_with_an_error(aws: Faulty) -> None:
    aws.when({"delay_seconds": 0.2, "error": {"code": "Throttling"}, "times": 1})
    with refused("Throttling", "Rate exceeded"):
        aws.rds.describe_db_clusters()
    assert aws.last["duration"] >= 0.2
    aws.rds.describe_db_clusters()
    assert aws.last["duration"] < 0.2


# what ends otherwise


def test_copy_that_fails_on_its_way(aws: Faulty) -> None:
    source = aws.away()
    aws.when({"action": "CopyDBClusterSnapshot", "ends": {"status": "failed", "at_percent": 60}, "times": 1})
    aws.copy(source, "broken")
    assert aws.last["fault"] == "fault-1"
    aws.pass_time(30)
    assert (aws.see_snapshot("broken")["Status"], aws.see_snapshot("broken")["PercentProgress"]) == ("copying", 30)
    aws.pass_time(31)
    for _later in range(2):
        assert (aws.see_snapshot("broken")["Status"], aws.see_snapshot("broken")["PercentProgress"]) == ("failed", 60)
        aws.pass_time(1000)
    aws.rds.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier="broken")
    aws.copy(source, "broken")
    aws.settle()
    assert aws.see_snapshot("broken")["Status"] == "available"


def test_snapshot_that_fails(aws: Faulty) -> None:
    aws.cluster()
    aws.when({"action": "CreateDBClusterSnapshot", "ends": {"status": "failed"}})
    assert aws.snapshot("shop", "broken")["Status"] == "failed"
    assert aws.plane.snapshots == set()


def test_copy_that_stops_advancing(aws: Faulty) -> None:
    source = aws.away()
    aws.when({"action": "Copy*", "stalls": {"at_percent": 40}})
    aws.copy(source, "stuck")
    aws.pass_time(30)
    assert aws.see_snapshot("stuck")["PercentProgress"] == 30
    aws.pass_time(100_000)
    assert (aws.see_snapshot("stuck")["Status"], aws.see_snapshot("stuck")["PercentProgress"]) == ("copying", 40)
    aws.rds.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier="stuck")  # how a copy is cancelled
    with refused("DBClusterSnapshotNotFoundFault", status=404):
        aws.see_snapshot("stuck")


def test_call_that_is_refused_begins_nothing_that_could_fail(aws: Faulty) -> None:
    aws.cluster()
    aws.snapshot("shop", "taken")
    aws.when({"action": "CreateDBClusterSnapshot", "ends": {"status": "failed"}, "times": 1})
    with refused("DBClusterSnapshotAlreadyExistsFault"):
        aws.snapshot("shop", "taken")
    assert (aws.counts(), aws.last["fault"]) == ({"fault-1": (0, 0)}, None)


@pytest.mark.parametrize(
    "status", ["incompatible-restore", "restore-failed", "inaccessible-encryption-credentials-recoverable"]
)
def test_restore_that_fails(aws: Faulty, status: str) -> None:
    aws.cluster()
    aws.snapshot("shop", "night")
    aws.when({"action": "RestoreDBClusterFromSnapshot", "ends": {"status": status}, "times": 1})
    aws.restore("night", "copy")
    aws.settle()
    assert aws.see("copy")["Status"] == status
    messages = [
        item["Message"]
        for item in aws.rds.describe_events(SourceIdentifier="copy", SourceType="db-cluster")["Events"]
        if "failure" in item["EventCategories"]
    ]
    assert len(messages) == 1 and status in messages[0]
    with refused("InvalidDBClusterStateFault"):
        aws.member("copy", "copy-1")
    aws.rds.delete_db_cluster(DBClusterIdentifier="copy", SkipFinalSnapshot=True)
    aws.settle()
    assert aws.is_gone("copy")


@pytest.mark.parametrize("status", ["incompatible-parameters", "insufficient-capacity", "failed"])
def test_instance_that_fails(aws: Faulty, status: str) -> None:
    aws.cluster(members=0)
    aws.when({"action": "CreateDBInstance", "resource": "shop-1", "ends": {"status": status}})
    assert aws.member("shop", "shop-1")["DBInstanceStatus"] == status
    assert not any(aws.plane.running.values())
    assert aws.member("shop", "shop-2")["DBInstanceStatus"] == "available"


@pytest.mark.parametrize("action", ["DeleteDBCluster", "DeleteDBInstance"])
def test_deletion_that_never_ends(aws: Faulty, action: str) -> None:
    aws.cluster()
    aws.when({"action": action, "stalls": {}})
    aws.rds.delete_db_instance(DBInstanceIdentifier="shop-1", SkipFinalSnapshot=True)
    if action == "DeleteDBCluster":
        aws.settle()
        aws.rds.delete_db_cluster(DBClusterIdentifier="shop", SkipFinalSnapshot=True)
    aws.pass_time(100_000)
    if action == "DeleteDBCluster":
        assert aws.see("shop")["Status"] == "deleting"
    else:
        assert aws.see_instance("shop-1")["DBInstanceStatus"] == "deleting"


def test_rename_that_never_ends(aws: Faulty) -> None:
    aws.cluster()
    aws.when({"action": "ModifyDBCluster", "stalls": {}})
    aws.rds.modify_db_cluster(DBClusterIdentifier="shop", NewDBClusterIdentifier="old", ApplyImmediately=True)
    assert aws.last["fault"] == "fault-1"
    aws.pass_time(7)
    assert aws.see("shop")["Status"] == "renaming"
    aws.pass_time(100_000)
    assert aws.is_gone("shop") and aws.is_gone("old")  # as in the second half of any rename


def test_modification_that_breaks_the_cluster(aws: Faulty) -> None:
    aws.cluster()
    aws.when({"action": "ModifyDBCluster", "ends": {"status": "incompatible-parameters"}})
    aws.rds.modify_db_cluster(DBClusterIdentifier="shop", MasterUserPassword="another-secret", ApplyImmediately=True)
    aws.settle()
    assert aws.see("shop")["Status"] == "incompatible-parameters"
    assert not aws.see("shop").get("PendingModifiedValues")
    assert "another-secret" not in aws.plane.passwords.values()


# keys


def test_cluster_that_loses_its_key(aws: Faulty) -> None:
    aws.cluster()
    aws.when({"action": "ModifyDBCluster", "loses_key": {"after_seconds": 2}})
    aws.rds.modify_db_cluster(DBClusterIdentifier="shop", CopyTagsToSnapshot=True, ApplyImmediately=True)
    assert aws.last["fault"] == "fault-1"
    assert aws.see("shop")["Status"] == "available"
    aws.settle()
    lost = "inaccessible-encryption-credentials-recoverable"
    assert (aws.see("shop")["Status"], aws.see_instance("shop-1")["DBInstanceStatus"]) == (lost, lost)
    assert not any(aws.plane.running.values())
    with refused("InvalidDBClusterStateFault"):
        aws.rds.create_db_cluster_snapshot(DBClusterIdentifier="shop", DBClusterSnapshotIdentifier="s")


def test_key_that_is_disabled_between_copy_and_restore(aws: Faulty) -> None:
    source, key = aws.away(), aws.key()
    aws.client("kms").create_alias(AliasName="alias/shop", TargetKeyId=key)
    aws.when({"action": "RestoreDBClusterFromSnapshot", "disable_key": "alias/shop", "times": 1})
    aws.copy(source, "night", KmsKeyId="alias/shop")
    aws.settle()
    with refused("KMSKeyNotAccessibleFault"):
        aws.restore("night", "shop")
    assert aws.last["fault"] == "fault-1" and "fault_problems" not in aws.last
    assert aws.client("kms").describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Disabled"


def test_key_that_does_not_exist_is_told(aws: Faulty) -> None:
    aws.when({"service": "rds", "disable_key": {"key": "alias/none", "region": AWAY}})
    aws.rds.describe_db_clusters()
    assert aws.last["fault_problems"] == [f"There is no key alias/none in {AWAY} of account {ACCOUNT}."]
    assert aws.faults.summary()[0]["problems"] == aws.last["fault_problems"]


# log events


@pytest.fixture
def stream(aws: Faulty) -> Iterator[None]:
    logs = aws.client("logs")
    logs.create_log_group(logGroupName="group")
    logs.create_log_stream(logGroupName="group", logStreamName="stream")
    yield
    logs.delete_log_group(logGroupName="group")


def put(aws: Faulty, count: int) -> dict[str, Any]:
    logs = aws.client("logs")
    now = int(time.time() * 1000)
    events = [{"timestamp": now + number, "message": f"event {number}"} for number in range(count)]
    return dict(logs.put_log_events(logGroupName="group", logStreamName="stream", logEvents=events))


def kept(aws: Faulty) -> list[str]:
    found = aws.client("logs").get_log_events(logGroupName="group", logStreamName="stream", startFromHead=True)
    return [item["message"] for item in found["events"]]


@pytest.mark.usefixtures("stream")
def test_log_events_that_are_rejected(aws: Faulty) -> None:
    rejects = {"too_old": 2, "expired": 1, "too_new": 1}
    aws.when(
        {"service": "logs", "action": "PutLogEvents", "resource": "group", "rejects_log_events": rejects, "times": 1}
    )
    answer = put(aws, 5)
    # An end index is exclusive, a start index inclusive.
    assert answer["rejectedLogEventsInfo"] == {
        "tooOldLogEventEndIndex": 2, "expiredLogEventEndIndex": 1, "tooNewLogEventStartIndex": 4,
    }  # fmt: skip
    assert kept(aws) == ["event 2", "event 3"]
    assert [item["fault"] for item in aws.journal.entries() if item["action"] == "PutLogEvents"] == ["fault-1"]
    assert "rejectedLogEventsInfo" not in put(aws, 1)


@pytest.mark.usefixtures("stream")
def test_all_log_events_rejected(aws: Faulty) -> None:
    aws.when({"action": "PutLogEvents", "rejects_log_events": {"too_new": 9}})
    assert put(aws, 3)["rejectedLogEventsInfo"] == {"tooNewLogEventStartIndex": 0}
    assert kept(aws) == []


# credentials


@pytest.mark.parametrize(
    ("service", "call", "code", "status"),
    [
        # https://github.com/aws-controllers-k8s/community/issues/2435 has RDS's answer.
        ("rds", lambda client: client.describe_db_clusters(), "ExpiredToken", 403),
        # https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/CommonErrors.html
        ("dynamodb", lambda client: client.list_tables(), "ExpiredTokenException", 403),
        # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
        ("ec2", lambda client: client.describe_vpcs(), "RequestExpired", 400),
    ],
)
def test_token_that_expires_at_a_moment(
    aws: Faulty, service: str, call: Callable[[Any], Any], code: str, status: int
) -> None:
    aws.when({"expired_token": True, "after_seconds": 30})
    call(aws.client(service))
    aws.pass_time(30)
    with refused(code, "expired", status=status):
        call(aws.client(service))
    assert aws.last["fault"] == "fault-1"


def test_expired_token_of_one_principal_only(aws: Faulty) -> None:
    aws.when({"expired_token": True, "principal": f"arn:aws:iam::{OTHER_ACCOUNT}:user/*"})
    with refused("ExpiredToken", status=403):
        aws.client("rds", account=OTHER_ACCOUNT).describe_db_clusters()
    assert aws.last["principal"].startswith(f"arn:aws:iam::{OTHER_ACCOUNT}:user/")
    assert aws.rds.describe_db_clusters()["DBClusters"] == []


def test_temporary_credentials(aws: Faulty) -> None:
    iam, name = aws.client("iam"), f"role-{id(aws)}"
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "*"}]}
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    given = aws.client("sts").assume_role(RoleArn=arn, RoleSessionName="night")["Credentials"]

    def call(token: str | None) -> None:
        client = boto3.client(
            "rds", region_name=HOME, endpoint_url=in_process.ENDPOINT, aws_access_key_id=given["AccessKeyId"],
            aws_secret_access_key=given["SecretAccessKey"], aws_session_token=token,
            config=Config(retries={"total_max_attempts": 1}),
        )  # fmt: skip
        client.meta.events.register("before-send", in_process._send)
        client.describe_db_clusters()

    call(given["SessionToken"])
    assert aws.last["principal"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/night"
    with refused("InvalidClientTokenId", status=403):
        call(None)
    (session,) = [
        item for item in sts_backends[ACCOUNT]["aws"].assumed_roles if item.access_key_id == given["AccessKeyId"]
    ]
    session.expiration -= timedelta(hours=2)
    with refused("ExpiredToken", status=403):
        call(given["SessionToken"])
    assert aws.last["fault"] is None
    assert given["SecretAccessKey"] not in aws.journal.path.read_text()


# commands


def test_command_before_and_after(aws: Faulty, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    code = f"import os; open({str(seen)!r}, 'a').write(os.environ['AWS_ENDPOINT_URL'] + '\\n')"
    aws.environment = {"AWS_ENDPOINT_URL": "http://here"}
    aws.when(
        {"action": "CreateDBCluster", "command": [sys.executable, "-c", code]},
        {"action": "CreateDBCluster", "command": f"echo after >> {seen}", "when": "after"},
    )
    aws.cluster(members=0)
    assert seen.read_text().splitlines() == ["http://here", "after"]
    assert aws.journal.entries()[0]["fault"] == "fault-1, fault-2"


@pytest.mark.parametrize(
    ("command", "problem"),
    [
        ("echo why >&2; exit 3", "The command ended with status 3: why."),
        (["/nonexistent/program"], "The command /nonexistent/program can't be run: there is no such program."),
        (
            {"run": "sleep 60", "timeout_seconds": 0.1},
            "The command was not through after 0.1 seconds and was killed.",
        ),
    ],
)
def test_command_that_fails_is_told_and_the_call_goes_on(aws: Faulty, command: Any, problem: str) -> None:
    aws.when({"service": "rds", "command": command})
    assert aws.rds.describe_db_clusters()["DBClusters"] == []
    assert (aws.last["status"], aws.last["fault_problems"]) == (200, [problem])


def test_commands_end_with_the_sandbox(aws: Faulty) -> None:
    aws.when({"service": "rds", "command": "sleep 600 & wait"})
    call = threading.Thread(target=aws.rds.describe_db_clusters)
    call.start()
    Live.until(lambda: aws.faults.running)
    aws.gateway.close()
    call.join(10)
    assert not call.is_alive() and not aws.faults.running


# several faults, and counting


def test_only_the_first_answer_counts(aws: Faulty) -> None:
    aws.when(
        {"name": "a", "service": "rds", "error": {"code": "Throttling"}, "times": 1},
        {"name": "b", "service": "rds", "error": {"code": "InternalFailure"}, "times": 1},
    )
    with refused("Throttling"):
        aws.rds.describe_db_clusters()
    with refused("InternalFailure", status=500):
        aws.rds.describe_db_clusters()
    aws.rds.describe_db_clusters()
    assert aws.counts() == {"a": (3, 1), "b": (3, 1)}


def test_answers_lost_after_every_mutating_call_once(aws: Faulty) -> None:
    aws.when({"action": ["Create*", "Delete*"], "drop": True, "when": "after", "times": 1, "each": "action"})
    for _attempt in range(2):
        with pytest.raises(Dropped) if not _attempt else refused("DBClusterAlreadyExistsFault"):
            aws.cluster(members=0)
    with pytest.raises(Dropped):
        aws.client("kms").create_key()
    aws.settle()
    with pytest.raises(Dropped):
        aws.rds.delete_db_cluster(DBClusterIdentifier="shop", SkipFinalSnapshot=True)
    aws.settle()
    assert aws.is_gone("shop")
    assert aws.counts() == {"fault-1": (3, 3)}


def test_thirty_percent_of_calls(aws: Faulty) -> None:
    def draw(seed: int) -> list[str | None]:
        aws.when({"service": "rds", "probability": 0.3, "error": {"code": "Throttling"}}, seed=seed)
        for _call in range(100):
            try:
                aws.rds.describe_db_clusters()
            except aws.rds.exceptions.ClientError:
                continue
        return [item["error_code"] for item in aws.journal.entries()]

    first = draw(7)
    assert 15 <= first.count("Throttling") <= 45
    assert draw(7) == first != draw(8)


# limits


@pytest.mark.parametrize(
    ("service", "call", "code", "status"),
    [
        ("rds", lambda client: client.describe_db_clusters(), "Throttling", 400),
        ("dynamodb", lambda client: client.list_tables(), "ThrottlingException", 400),
        ("kms", lambda client: client.list_keys(), "ThrottlingException", 400),
        ("ec2", lambda client: client.describe_vpcs(), "RequestLimitExceeded", 503),
    ],
)
def test_more_calls_than_are_allowed(
    aws: Faulty, service: str, call: Callable[[Any], Any], code: str, status: int
) -> None:
    aws.when(limits=Limits(calls_per_second=2))
    client = aws.client(service)
    for _second in range(2):
        for _call in range(2):
            call(client)
        with refused(code, "Rate exceeded", status=status):
            call(client)
        aws.clock.advance(1)
    call(aws.client(service, AWAY))  # each region has its own
    assert [item["status"] for item in aws.journal.entries()] == [200, 200, status, 200, 200, status, 200]


def test_burst_and_limits_of_one_service(aws: Faulty) -> None:
    aws.when(limits=Limits(calls_per_second={"rds": 1}, burst=3))
    for _call in range(3):
        aws.rds.describe_db_clusters()
    with refused("Throttling"):
        aws.rds.describe_db_clusters()
    for _call in range(5):
        aws.client("dynamodb").list_tables()


def test_quotas_of_the_scenario(aws: Faulty) -> None:
    source = aws.away()
    aws.runtime.limits = dataclasses.replace(
        Limits(), copies_in_progress=1, manual_snapshots=2, clusters=1, instances=1
    )
    aws.copy(source, "first")
    with refused("SnapshotQuotaExceeded", "Cannot copy more than 1 snapshots across regions"):
        aws.copy(source, "second")
    aws.settle()
    aws.copy(source, "second")
    aws.settle()
    with refused("SnapshotQuotaExceeded", "Cannot create more than 2 manual snapshots"):
        aws.copy(source, "third")
    aws.cluster()
    with refused("DBClusterQuotaExceededFault", status=403):
        aws.cluster("other")
    with refused("InstanceQuotaExceeded"):
        aws.member("shop", "second")
    quotas = {item["AccountQuotaName"]: item["Max"] for item in aws.rds.describe_account_attributes()["AccountQuotas"]}
    assert (quotas["DBClusters"], quotas["ManualClusterSnapshots"]) == (1, 2)


def test_nothing_hits_before_the_world_is_made(tmp_path: Path, aws: Faulty) -> None:
    faults = Faults(parse_faults([{"service": "rds", "error": {"code": "Throttling"}}], "faults"), 1, aws.clock)
    aws.gateway = Gateway(moto(), aws.journal, {}, REGIONS, faults=faults, limits=Limits(calls_per_second=1))
    for _call in range(3):
        assert aws.client("rds", HOME).describe_db_clusters()["DBClusters"] == []


def test_view_of_faults(aws: Faulty) -> None:
    aws.when({"name": "busy", "service": "rds", "nth": [2], "error": {"code": "Throttling"}})
    aws.rds.describe_db_clusters()
    with refused("Throttling"):
        aws.rds.describe_db_clusters()
    said: list[Any] = []
    body = aws.gateway({"PATH_INFO": "/_sandbox/faults", "REQUEST_METHOD": "GET"}, lambda *parts: said.append(parts))
    assert json.loads(b"".join(body)) == [{"name": "busy", "matched": 2, "hit": 1, "problems": []}]
