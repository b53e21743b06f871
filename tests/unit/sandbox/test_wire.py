# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading requests, and what of them is written down."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path

import pytest
from sandbox.gateway import refusals
from sandbox.gateway.application import error_code
from sandbox.gateway.journal import Journal, masked
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


def test_lists_and_structures() -> None:
    flat = {"A": "1", "Ids.VpcSecurityGroupId.2": "b", "Ids.VpcSecurityGroupId.1": "a", "S.MinCapacity": "0.5"}
    assert nested(flat) == {"A": "1", "Ids": ["a", "b"], "S": {"MinCapacity": "0.5"}}


def test_more_than_nine_members_keep_their_order() -> None:
    flat = {f"Filters.Filter.1.Values.Value.{n}": str(n) for n in range(1, 13)}
    assert nested(flat) == {"Filters": [{"Values": [str(n) for n in range(1, 13)]}]}


def test_secrets_are_masked_wherever_they_are() -> None:
    parameters = {
        "MasterUserPassword": "x", "PreSignedUrl": "x", "SecretString": "x", "ManageMasterUserPassword": True,
        "List": [{"NewPassword": "x"}], "Name": "kept",
    }  # fmt: skip
    text = json.dumps(masked(parameters))
    assert '"x"' not in text and '"kept"' in text and "true" in text


def test_journal_is_closed_until_the_world_is_made(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "calls.jsonl")
    call = Call("rds", "us-west-2", "DescribeDBClusters", "AKIA", "query", {"DBClusterIdentifier": "c"}, "agent")

    def write() -> None:
        journal.write(
            call, account="1", principal="p", started=datetime(2026, 1, 1, tzinfo=timezone.utc), seconds=0.5,
            status=200, error_code=None,
        )  # fmt: skip

    write()
    assert journal.entries() == []
    journal.open()
    write()
    write()
    assert [entry["number"] for entry in journal.entries()] == [1, 2]
    assert [entry["number"] for entry in journal.entries(after=1)] == [2]
    assert set(journal.entries()[0]) == {
        "number", "time", "service", "action", "region", "account", "principal", "user_agent", "resource", "parameters",
        "status", "error_code", "duration",
    }  # fmt: skip
    assert journal.entries()[0]["resource"] == "c"


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
