# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What this project relies on in DynamoDB, SNS, CloudWatch, Secrets Manager and KMS.

Sources: the API references of PutItem, TransactWriteItems (DynamoDB), Publish (SNS), PutLogEvents (CloudWatch Logs),
PutMetricData (CloudWatch), GetRandomPassword and UpdateSecretVersionStage (Secrets Manager), DescribeKey (KMS).
"""

from __future__ import annotations

import time
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError
from in_process import Aws
from live_sandbox import refused

# ---- DynamoDB


@pytest.fixture
def table(aws: Aws) -> Any:
    """A table as the state table is, with its client."""
    name = f"state-{uuid.uuid4()}"
    aws.client("dynamodb").create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in ("operation_id", "step")],
        KeySchema=[
            {"AttributeName": "operation_id", "KeyType": "HASH"}, {"AttributeName": "step", "KeyType": "RANGE"},
        ],
    )  # fmt: skip
    return name


def item(step: str, **more: str) -> dict[str, Any]:
    return {"operation_id": {"S": "o"}, "step": {"S": step}, **{key: {"S": value} for key, value in more.items()}}


def test_a_refused_conditional_write_gives_the_item_that_won(aws: Aws, table: str) -> None:
    client = aws.client("dynamodb")
    client.put_item(TableName=table, Item=item("#lease", owner="first"))
    with pytest.raises(client.exceptions.ConditionalCheckFailedException) as caught:
        client.put_item(
            TableName=table, Item=item("#lease", owner="second"), ConditionExpression="attribute_not_exists(step)",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )  # fmt: skip
    assert caught.value.response["Item"]["owner"] == {"S": "first"}
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_a_transaction_is_done_whole_or_not_at_all_and_says_why(aws: Aws, table: str) -> None:
    client = aws.client("dynamodb")
    client.put_item(TableName=table, Item=item("#lease", owner="first"))
    parts = [
        {"Put": {"TableName": table, "Item": item("new")}},
        {
            "Put": {
                "TableName": table, "Item": item("#lease", owner="second"),
                "ConditionExpression": "attribute_not_exists(step)", "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }
        },
    ]  # fmt: skip
    with pytest.raises(client.exceptions.TransactionCanceledException) as caught:
        client.transact_write_items(TransactItems=parts)
    reasons = caught.value.response["CancellationReasons"]
    assert [reason["Code"] for reason in reasons] == ["None", "ConditionalCheckFailed"]
    assert reasons[1]["Item"]["owner"] == {"S": "first"}
    assert "Item" not in client.get_item(TableName=table, Key=item("new"), ConsistentRead=True)


def test_an_item_has_at_most_400_kb_and_a_transaction_100_parts(aws: Aws, table: str) -> None:
    client = aws.client("dynamodb")
    with refused("ValidationException", "Item size has exceeded the maximum allowed size"):
        client.put_item(TableName=table, Item=item("big", text="x" * 400 * 1024))
    client.put_item(TableName=table, Item=item("big", text="x" * 390 * 1024))
    parts = [{"Put": {"TableName": table, "Item": item(f"s{number}")}} for number in range(101)]
    with refused("ValidationException", "100"):
        client.transact_write_items(TransactItems=parts)
    client.transact_write_items(TransactItems=parts[:100])


def test_an_item_that_has_expired_may_still_be_read(aws: Aws, table: str) -> None:
    """Expired items are deleted within days: whoever reads has to look at the time."""
    client = aws.client("dynamodb")
    client.update_time_to_live(
        TableName=table, TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires_at"}
    )  # fmt: skip
    client.put_item(TableName=table, Item={**item("old"), "expires_at": {"N": "1"}})
    assert client.get_item(TableName=table, Key=item("old"))["Item"]["expires_at"] == {"N": "1"}


# ---- SNS


@pytest.fixture
def topic(aws: Aws) -> str:
    return str(aws.client("sns").create_topic(Name=f"t-{uuid.uuid4()}")["TopicArn"])


@pytest.mark.parametrize("subject", ["x" * 101, "two\nlines", "Übung"])
def test_a_subject_has_at_most_100_ascii_characters_on_one_line(aws: Aws, topic: str, subject: str) -> None:
    with refused("InvalidParameter", "Subject"):
        aws.client("sns").publish(TopicArn=topic, Message="m", Subject=subject)


def test_a_message_has_at_most_256_kib(aws: Aws, topic: str) -> None:
    with refused("InvalidParameter", "Message too long"):
        aws.client("sns").publish(TopicArn=topic, Message="x" * (256 * 1024 + 1))
    aws.client("sns").publish(TopicArn=topic, Message="x" * 256 * 1024)


def test_message_attributes_are_not_empty(aws: Aws, topic: str) -> None:
    with pytest.raises(ClientError) as caught:
        aws.client("sns").publish(
            TopicArn=topic, Message="m", MessageAttributes={"a": {"DataType": "String", "StringValue": ""}}
        )
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


# ---- CloudWatch


@pytest.fixture
def group(aws: Aws) -> str:
    name = f"/g/{uuid.uuid4()}"
    aws.client("logs").create_log_group(logGroupName=name)
    return name


@pytest.mark.parametrize("name", ["with:colon", "with*star", "x" * 513])
def test_names_of_log_streams_have_no_colon_and_no_asterisk(aws: Aws, group: str, name: str) -> None:
    with refused("InvalidParameterException", "logStreamName"):
        aws.client("logs").create_log_stream(logGroupName=group, logStreamName=name)


def test_log_events_that_are_too_old_or_too_new_are_rejected_though_the_call_succeeds(aws: Aws, group: str) -> None:
    client, now = aws.client("logs"), int(time.time() * 1000)
    client.create_log_stream(logGroupName=group, logStreamName="s")
    day, hour = 86_400_000, 3_600_000
    for when, said in ((now - 15 * day, "tooOldLogEventEndIndex"), (now + 3 * hour, "tooNewLogEventStartIndex")):
        answer = client.put_log_events(
            logGroupName=group, logStreamName="s", logEvents=[{"timestamp": when, "message": "m"}]
        )
        assert said in answer["rejectedLogEventsInfo"]
    answer = client.put_log_events(
        logGroupName=group, logStreamName="s", logEvents=[{"timestamp": now, "message": "kept"}]
    )
    assert "rejectedLogEventsInfo" not in answer
    events = client.get_log_events(logGroupName=group, logStreamName="s", startFromHead=True)["events"]
    assert [event["message"] for event in events] == ["kept"]


def test_log_events_come_in_order_and_within_a_day(aws: Aws, group: str) -> None:
    client, now = aws.client("logs"), int(time.time() * 1000)
    client.create_log_stream(logGroupName=group, logStreamName="s")
    for times in ((now, now - 1000), (now - 90_000_000, now)):
        with refused("InvalidParameterException"):
            client.put_log_events(
                logGroupName=group, logStreamName="s",
                logEvents=[{"timestamp": when, "message": "m"} for when in times],
            )  # fmt: skip


def test_a_call_takes_10000_log_events_and_1_mib(aws: Aws, group: str) -> None:
    client, now = aws.client("logs"), int(time.time() * 1000)
    client.create_log_stream(logGroupName=group, logStreamName="s")

    def put(*messages: str) -> None:
        events = [{"timestamp": now, "message": message} for message in messages]
        client.put_log_events(logGroupName=group, logStreamName="s", logEvents=events)

    with refused("InvalidParameterException", "logEvents"):
        put(*["m"] * 10_001)
    with refused("InvalidParameterException", "exceeds limit of 1048576"):
        put("m", "ä" * ((1_048_576 - 2 * 26) // 2))
    put("m", "ä" * ((1_048_576 - 2 * 26) // 2 - 1))


def test_at_most_1000_metrics_with_30_dimensions(aws: Aws) -> None:
    client = aws.client("cloudwatch")
    metric = {"MetricName": "m", "Value": 1.0}
    with refused("InvalidParameterValue", "1000"):
        client.put_metric_data(Namespace="n", MetricData=[metric] * 1001)
    dimensions = [{"Name": f"d{number}", "Value": "v"} for number in range(31)]
    with refused("InvalidParameterValue", "30"):
        client.put_metric_data(Namespace="n", MetricData=[{**metric, "Dimensions": dimensions}])


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"Timestamp": time.time() - 15 * 86400}, "two weeks"),
        ({"Timestamp": time.time() + 3 * 3600}, "two weeks"),
        ({"Value": 2.0**361}, "Value"),
        ({"Dimensions": [{"Name": "Target", "Value": " "}]}, "Dimensions"),
    ],
)
def test_a_metric_that_is_not_accepted(aws: Aws, wrong: dict[str, Any], said: str) -> None:
    client, metric = aws.client("cloudwatch"), {"MetricName": "m", "Value": 1.0, "Timestamp": time.time()}
    client.put_metric_data(Namespace="n", MetricData=[metric])
    with refused("InvalidParameterValue", said):
        client.put_metric_data(Namespace="n", MetricData=[metric, {**metric, **wrong}])


# ---- Secrets Manager and KMS


def test_stages_of_a_secret(aws: Aws) -> None:
    client, name = aws.client("secretsmanager"), f"s/{uuid.uuid4()}"
    first = client.create_secret(Name=name, SecretString="one")["VersionId"]
    second = client.put_secret_value(SecretId=name, SecretString="two", VersionStages=["AWSPENDING"])["VersionId"]
    assert client.get_secret_value(SecretId=name)["SecretString"] == "one"
    assert client.get_secret_value(SecretId=name, VersionStage="AWSPENDING")["SecretString"] == "two"
    client.update_secret_version_stage(
        SecretId=name, VersionStage="AWSCURRENT", MoveToVersionId=second, RemoveFromVersionId=first
    )
    assert client.get_secret_value(SecretId=name)["SecretString"] == "two"
    assert client.get_secret_value(SecretId=name, VersionStage="AWSPREVIOUS")["SecretString"] == "one"


def test_a_stage_is_moved_only_from_where_it_is(aws: Aws) -> None:
    client, name = aws.client("secretsmanager"), f"s/{uuid.uuid4()}"
    first = client.create_secret(Name=name, SecretString="one")["VersionId"]
    second = client.put_secret_value(SecretId=name, SecretString="two", VersionStages=["AWSPENDING"])["VersionId"]
    for stage, given in (
        ("AWSCURRENT", {"MoveToVersionId": second}),
        ("AWSCURRENT", {"RemoveFromVersionId": second, "MoveToVersionId": second}),
        ("AWSCURRENT", {"RemoveFromVersionId": first}),
        ("AWSPENDING", {"MoveToVersionId": first}),
        ("AWSPENDING", {"RemoveFromVersionId": first}),
        ("AWSPENDING", {"MoveToVersionId": str(uuid.uuid4())}),
        ("AWSPENDING", {}),
    ):
        with refused("InvalidParameterException"):
            client.update_secret_version_stage(SecretId=name, VersionStage=stage, **given)
    stages = client.describe_secret(SecretId=name)["VersionIdsToStages"]
    assert stages == {first: ["AWSCURRENT"], second: ["AWSPENDING"]}
    client.update_secret_version_stage(SecretId=name, VersionStage="AWSPENDING", RemoveFromVersionId=second)
    assert client.describe_secret(SecretId=name)["VersionIdsToStages"] == {first: ["AWSCURRENT"]}


def test_a_version_of_a_secret_can_t_be_changed(aws: Aws) -> None:
    client, name, token = aws.client("secretsmanager"), f"s/{uuid.uuid4()}", str(uuid.uuid4())
    client.create_secret(Name=name, SecretString="one")
    given = {"SecretId": name, "ClientRequestToken": token, "VersionStages": ["AWSPENDING"]}
    for _time in range(2):
        assert client.put_secret_value(SecretString="two", **given)["VersionId"] == token
    with refused("ResourceExistsException", "already in use"):
        client.put_secret_value(SecretString="three", **given)
    assert client.get_secret_value(SecretId=name, VersionStage="AWSPENDING")["SecretString"] == "two"


def test_a_secret_that_is_being_deleted_keeps_its_name(aws: Aws) -> None:
    client, name = aws.client("secretsmanager"), f"s/{uuid.uuid4()}"
    version = client.create_secret(Name=name, SecretString="one")["VersionId"]
    client.delete_secret(SecretId=name, RecoveryWindowInDays=7)
    assert client.describe_secret(SecretId=name)["DeletedDate"]
    with refused("InvalidRequestException", "already scheduled for deletion"):
        client.create_secret(Name=name, SecretString="one", ClientRequestToken=version)
    with refused("InvalidRequestException"):
        client.put_secret_value(SecretId=name, SecretString="two")
    client.restore_secret(SecretId=name)
    assert client.get_secret_value(SecretId=name)["SecretString"] == "one"


def test_a_secret_that_is_not_there_is_400(aws: Aws) -> None:
    with refused("ResourceNotFoundException", status=400):
        aws.client("secretsmanager").get_secret_value(SecretId="nobody")


def test_random_passwords_leave_out_what_they_should(aws: Aws) -> None:
    made = aws.client("secretsmanager").get_random_password(PasswordLength=200, ExcludeCharacters="/@\"' ")
    assert len(made["RandomPassword"]) == 200 and not set("/@\"' ") & set(made["RandomPassword"])


def test_a_key_says_what_it_is_for_and_who_manages_it(aws: Aws) -> None:
    client = aws.client("kms")
    key = client.describe_key(KeyId=aws.key())["KeyMetadata"]
    assert (key["KeyState"], key["KeySpec"], key["KeyUsage"], key["KeyManager"]) == (
        "Enabled", "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "CUSTOMER",
    )  # fmt: skip
    client.disable_key(KeyId=key["KeyId"])
    assert client.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"] == "Disabled"
    assert client.describe_key(KeyId="alias/aws/rds")["KeyMetadata"]["KeyManager"] == "AWS"
    with pytest.raises(client.exceptions.NotFoundException):
        client.describe_key(KeyId="alias/nobody")
