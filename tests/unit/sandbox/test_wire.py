# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading requests, and what of them is written down."""

from __future__ import annotations

import gzip
import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from sandbox.faults import Attempt
from sandbox.gateway import refusals
from sandbox.gateway.answer import Answer, error_code
from sandbox.gateway.identity import Caller
from sandbox.gateway.journal import Journal, masked
from sandbox.gateway.signature import is_signed_with, out_of_time
from sandbox.gateway.targets import target_of
from sandbox.gateway.wire import Call, nested, read_call

AUTHORIZATION = (
    "AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20260101/us-west-2/{}/aws4_request, SignedHeaders=host, Signature=00ff"
)


def environ(service: str, **more: str) -> dict[str, str]:
    return {"REQUEST_METHOD": "POST", "PATH_INFO": "/", "HTTP_AUTHORIZATION": AUTHORIZATION.format(service), **more}


def test_query_protocol() -> None:
    body = b"Action=CreateDBInstance&Version=2014-10-31&DBInstanceIdentifier=a&Tags.Tag.1.Key=k&Tags.Tag.1.Value=v%20w"
    call = read_call(environ("rds", CONTENT_TYPE="application/x-www-form-urlencoded; charset=utf-8"), body)
    assert (call.service, call.region, call.action, call.access_key) == (
        "rds", "us-west-2", "CreateDBInstance", "AKIAEXAMPLE",
    )  # fmt: skip
    assert call.parameters == {"DBInstanceIdentifier": "a", "Tags": [{"Key": "k", "Value": "v w"}]}


def test_json_protocol() -> None:
    call = read_call(environ("dynamodb", HTTP_X_AMZ_TARGET="DynamoDB_20120810.GetItem"), b'{"TableName": "t"}')
    assert (call.protocol, call.action, call.parameters) == ("json", "GetItem", {"TableName": "t"})


def test_names_of_services_in_signatures() -> None:
    assert read_call(environ("monitoring", HTTP_X_AMZ_TARGET="G.PutMetricData"), b"{}").service == "cloudwatch"


@pytest.mark.parametrize("body", [b"\xff\xfe", b"[1]", b"", b"not json"])
def test_bodies_that_are_not_what_they_should_be(body: bytes) -> None:
    assert read_call(environ("dynamodb", HTTP_X_AMZ_TARGET="D.GetItem"), body).action == "GetItem"


def test_compressed_bodies() -> None:
    more = {"HTTP_X_AMZ_TARGET": "G.PutMetricData", "HTTP_CONTENT_ENCODING": "gzip"}
    call = read_call(environ("monitoring", **more), gzip.compress(b'{"Namespace": "n"}'))
    assert (call.parameters, call.resource) == ({"Namespace": "n"}, "n")
    assert read_call(environ("monitoring", **more), b"not compressed").parameters == {}


def test_lists_and_structures() -> None:
    flat = {"A": "1", "Ids.VpcSecurityGroupId.2": "b", "Ids.VpcSecurityGroupId.1": "a", "S.MinCapacity": "0.5"}
    assert nested(flat) == {"A": "1", "Ids": ["a", "b"], "S": {"MinCapacity": "0.5"}}


def test_more_than_nine_members_keep_their_order() -> None:
    flat = {f"Filters.Filter.1.Values.Value.{n}": str(n) for n in range(1, 13)}
    assert nested(flat) == {"Filters": [{"Values": [str(n) for n in range(1, 13)]}]}


@pytest.mark.parametrize(
    ("service", "parameters", "target"),
    [
        ("rds", {"SourceDBClusterSnapshotIdentifier": "s", "TargetDBClusterSnapshotIdentifier": "t"}, "t"),
        ("rds", {"SnapshotIdentifier": "s", "DBClusterIdentifier": "c"}, "c"),
        ("rds", {"DBInstanceIdentifier": "i", "DBClusterIdentifier": "c"}, "i"),
        ("rds", {}, None),
        ("logs", {"logGroupName": "g", "logStreamName": "s"}, "g"),
        ("sns", {"TopicArn": "arn:aws:sns:us-west-2:1:t"}, "arn:aws:sns:us-west-2:1:t"),
        ("kms", {"KeyId": "alias/a"}, "alias/a"),
        ("iam", {"RoleName": "r", "PolicyName": "p"}, "r"),
        ("ec2", {"SubnetId": ["subnet-1", "subnet-2"]}, "subnet-1"),
        ("dynamodb", {"TransactItems": [{"Put": {"TableName": "t", "Item": {}}}]}, "t"),
        ("dynamodb", {"RequestItems": {"t": []}}, "t"),
    ],
)
def test_what_a_call_is_about(service: str, parameters: dict[str, Any], target: str | None) -> None:
    assert target_of(service, parameters) == target


def test_secrets_are_masked_wherever_they_are() -> None:
    parameters = {
        "MasterUserPassword": "x", "PreSignedUrl": "x", "SecretString": "x", "ManageMasterUserPassword": True,
        "List": [{"NewPassword": "x"}], "Name": "kept", "PrivateKey": {"Deep": "x"}, "X-Amz-Security-Token": "x",
        "SecretBinary": ["x"], "WebIdentityToken": "x", "NextToken": "kept", "ClientRequestToken": "kept",
    }  # fmt: skip
    text = json.dumps(masked(parameters))
    assert '"x"' not in text and text.count('"kept"') == 3 and "true" in text


def journalled(journal: Journal, call: Call, answer: Answer | None = None, **attempt: Any) -> dict[str, Any]:
    moment = datetime(2026, 1, 1, tzinfo=timezone.utc)
    journal.write(Attempt(call, "1", "p", **attempt), answer, moment, 0.5)
    return journal.entries()[-1]


def test_journal_is_closed_until_the_world_is_made(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "calls.jsonl")
    call = Call("rds", "us-west-2", "DescribeDBClusters", "AKIA", "query", {"DBClusterIdentifier": "c"}, "agent", "c")
    journal.write(Attempt(call), None, datetime(2026, 1, 1, tzinfo=timezone.utc), 0.5)
    assert journal.entries() == []
    journal.open()
    entry = journalled(journal, call, Answer(400, "400 No", [], b"", "No"), faults=["first", "second"])
    journalled(journal, call)
    journal.close()
    assert [entry["number"] for entry in journal.entries()] == [1, 2]
    assert [entry["number"] for entry in journal.entries(after=1)] == [2]
    assert entry == {
        "number": 1, "time": "2026-01-01T00:00:00.000Z", "service": "rds", "action": "DescribeDBClusters",
        "region": "us-west-2", "account": "1", "principal": "p", "user_agent": "agent", "resource": "c",
        "parameters": {"DBClusterIdentifier": "c"}, "status": 400, "error_code": "No", "fault": "first, second",
        "duration": 0.5,
    }  # fmt: skip
    assert journal.entries()[1]["status"] is None and journal.entries()[1]["fault"] is None


def test_items_of_tables_are_written_as_they_are(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "calls.jsonl")
    journal.open()
    item = {"Item": {"password_rotated": {"BOOL": True}, "password": {"S": "seen"}}}
    assert journalled(journal, Call("dynamodb", "us-west-2", "PutItem", "A", "json", item))["parameters"] == item
    journal.close()


@pytest.mark.parametrize("service", ["rds", "dynamodb", "sts"])
@pytest.mark.parametrize("query", ["", "Action=Get%2FIt&b=%20x&a=1~2"])
def test_signatures(service: str, query: str) -> None:
    """As botocore, the client, makes them."""
    headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "A.B", "X-Spaced": "a   b"}
    request = AWSRequest("POST", f"http://127.0.0.1:1/?{query}", headers=headers, data=b"{}")
    SigV4Auth(Credentials("AKIA", "secret"), service, "us-west-2").add_auth(request)
    signed = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in request.headers.items()}
    environ = {
        **signed, "REQUEST_METHOD": "POST", "RAW_URI": f"/?{query}", "HTTP_HOST": "127.0.0.1:1",
        "CONTENT_TYPE": headers["Content-Type"],
    }  # fmt: skip
    assert is_signed_with(environ, b"{}", "secret")
    for other in ({"HTTP_X_AMZ_TARGET": "A.C"}, {"RAW_URI": "/other"}, {"HTTP_AUTHORIZATION": ""}):
        assert not is_signed_with({**environ, **other}, b"{}", "secret")
    assert not is_signed_with(environ, b"{ }", "secret")
    assert not is_signed_with(environ, b"{}", "Secret")


NOW = datetime(2026, 1, 1, 0, 10, tzinfo=timezone.utc)


@pytest.mark.parametrize(("service", "minutes"), [("rds", 5), ("dynamodb", 5), ("ec2", 5), ("sts", 15)])
def test_requests_have_to_be_of_now(service: str, minutes: int) -> None:
    def signed(off: timedelta) -> str | None:
        return out_of_time({"HTTP_X_AMZ_DATE": f"{NOW + off:%Y%m%dT%H%M%SZ}"}, service, NOW)

    limit, second = timedelta(minutes=minutes), timedelta(seconds=1)
    for right in (timedelta(), limit, -limit):
        assert signed(right) is None
    earlier, later = signed(-limit - second), signed(limit + second)
    assert (
        earlier
        and earlier.startswith("Signature expired: ")
        and earlier.endswith(f"(20260101T001000Z - {minutes} min.)")
    )
    assert later and later.startswith("Signature not yet current: ")
    assert later.endswith(f"(20260101T001000Z + {minutes} min.)")


def test_the_words_are_those_of_aws() -> None:
    """But for the times: https://github.com/aws/aws-cli/issues/6676, https://github.com/s12v/awsbeats/issues/48."""
    assert out_of_time({"HTTP_X_AMZ_DATE": "20260101T000000Z"}, "rds", NOW) == (
        "Signature expired: 20260101T000000Z is now earlier than 20260101T000500Z (20260101T001000Z - 5 min.)"
    )
    assert out_of_time({"HTTP_X_AMZ_DATE": "20260101T002000Z"}, "rds", NOW) == (
        "Signature not yet current: 20260101T002000Z is still later than 20260101T001500Z (20260101T001000Z + 5 min.)"
    )


@pytest.mark.parametrize("stamp", ["", "now", "20269901T000000Z", "20260101T000000"])
def test_no_time_stamp_is_the_signatures_business(stamp: str) -> None:
    assert out_of_time({"HTTP_X_AMZ_DATE": stamp}, "rds", NOW) is None


@pytest.mark.parametrize(
    ("service", "protocol", "code"),
    [
        ("rds", "query", "SignatureDoesNotMatch"),
        ("dynamodb", "json", "InvalidSignatureException"),
        ("ec2", "query", "AuthFailure"),
    ],
)
def test_requests_of_another_time_are_refused_in_the_services_protocol(service: str, protocol: str, code: str) -> None:
    refusal = refusals.wrong_signature(Call(service, "us-west-2", "X", "AKIA", protocol), "Signature expired: ...")
    assert (refusal.code, b"Signature expired" in refusal.body) == (code, service != "ec2")


def test_temporary_credentials_need_their_token() -> None:
    caller = Caller("1", "role", "secret", session_token="token")
    assert caller.holds("token") and not caller.holds("") and not caller.holds("other")
    assert Caller("1", "user", "secret").holds("") and not Caller("1", "user", "secret").holds("token")


@pytest.mark.parametrize(
    ("service", "protocol", "code", "status"),
    [
        ("rds", "query", "InvalidClientTokenId", 403),
        ("dynamodb", "json", "UnrecognizedClientException", 403),
        ("ec2", "query", "AuthFailure", 401),
    ],
)
def test_unknown_keys_are_refused_in_the_services_protocol(service: str, protocol: str, code: str, status: int) -> None:
    refusal = refusals.unknown_access_key(Call(service, "us-west-2", "X", "AKIA", protocol))
    assert (refusal.code, refusal.status) == (code, status)
    assert error_code(refusal.body, []) == code
