# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each type of resources, made, changed and deleted by its service; and what AWS refuses where moto does not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from in_process import ACCOUNT, HOME, OTHER_ACCOUNT, Aws
from live_sandbox import refused
from sandbox.iam import install as iam_install
from stacks import Stack, group, template, topic, unique

LOGS = {"Service": f"logs.{HOME}.amazonaws.com"}


@pytest.fixture
def stack(aws: Aws) -> Stack:
    iam_install.install()
    return Stack(aws)


def policy(principal: Any, action: Any = "*", **more: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": "*", **more}
    return {"Version": "2012-10-17", "Statement": [statement]}


ROOT = policy({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "kms:*")


def both(*policies: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [one for item in policies for one in item["Statement"]]}


def resource(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": f"AWS::{kind}", "Properties": properties}


def table(name: str, **more: Any) -> dict[str, Any]:
    given = {
        "TableName": name, "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": key, "AttributeType": "S"} for key in ("id", "step")],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "step", "KeyType": "RANGE"}],
    }  # fmt: skip
    return resource("DynamoDB::Table", **{**given, **more})


def index(name: str, key: str) -> dict[str, Any]:
    schema = [{"AttributeName": key, "KeyType": "HASH"}]
    return {"IndexName": name, "KeySchema": schema, "Projection": {"ProjectionType": "ALL"}}


def test_a_table_with_everything(aws: Aws, stack: Stack) -> None:
    name, client = unique(), aws.client("dynamodb")
    attributes = [{"AttributeName": key, "AttributeType": "S"} for key in ("id", "step", "target")]
    key = resource("KMS::Key", KeyPolicy=ROOT)
    first = table(
        name, AttributeDefinitions=attributes, GlobalSecondaryIndexes=[index("by-target", "target")],
        SSESpecification={"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": {"Fn::GetAtt": ["Key", "Arn"]}},
        PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": "true"},
        TimeToLiveSpecification={"AttributeName": "expires", "Enabled": True}, DeletionProtectionEnabled=True,
        Tags=[{"Key": "a", "Value": "1"}],
    )  # fmt: skip
    stack.create(template({"Key": key, "Table": first}, Outputs={"Arn": {"Value": {"Fn::GetAtt": ["Table", "Arn"]}}}))
    assert stack.status == "CREATE_COMPLETE", stack.events("Table")
    found = client.describe_table(TableName=name)["Table"]
    assert found["TableArn"] == stack.outputs["Arn"] and found["DeletionProtectionEnabled"]
    assert found["SSEDescription"]["KMSMasterKeyArn"].endswith(stack.resources()["Key"]["PhysicalResourceId"])
    assert [item["IndexName"] for item in found["GlobalSecondaryIndexes"]] == ["by-target"]
    assert _recovery(client, name) == "ENABLED" and _expiry(client, name) == ("ENABLED", "expires")
    second = table(name, TimeToLiveSpecification={"AttributeName": "until", "Enabled": True})
    stack.update(template({"Key": key, "Table": second}))
    assert stack.status == "UPDATE_COMPLETE", stack.events("Table")
    found = client.describe_table(TableName=name)["Table"]
    assert not found["DeletionProtectionEnabled"] and not found.get("GlobalSecondaryIndexes")
    assert _recovery(client, name) == "DISABLED" and _expiry(client, name) == ("ENABLED", "until")
    assert client.list_tags_of_resource(ResourceArn=found["TableArn"])["Tags"] == []
    assert stack.changes(template({"Key": key, "Table": table(f"{name}-2")}))["Changes"][0]["ResourceChange"][
        "Replacement"
    ] == "True"  # fmt: skip
    stack.delete()
    with refused("ResourceNotFoundException"):
        client.describe_table(TableName=name)


def _recovery(client: Any, name: str) -> str:
    found = client.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    return str(found["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"])


def _expiry(client: Any, name: str) -> tuple[str, str]:
    found = client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    return found["TimeToLiveStatus"], found["AttributeName"]


def test_a_key_is_changed_in_place_and_only_scheduled_to_go(aws: Aws, stack: Stack) -> None:
    name, client = f"alias/{unique()}", aws.client("kms")
    alias = resource("KMS::Alias", AliasName=name, TargetKeyId={"Ref": "Key"})
    key = resource("KMS::Key", KeyPolicy=ROOT, EnableKeyRotation=True, PendingWindowInDays=7, Description="first")
    stack.create(template({"Key": key, "Alias": alias}), Tags=[{"Key": "a", "Value": "1"}])
    key_id = client.describe_key(KeyId=name)["KeyMetadata"]["KeyId"]
    assert client.get_key_rotation_status(KeyId=key_id)["KeyRotationEnabled"]
    changed = resource("KMS::Key", KeyPolicy=both(ROOT, policy(LOGS, "kms:Decrypt")), PendingWindowInDays=7)
    stack.update(template({"Key": changed, "Alias": alias}))
    assert stack.resources()["Key"]["PhysicalResourceId"] == key_id, "not replaced"
    assert not client.get_key_rotation_status(KeyId=key_id)["KeyRotationEnabled"]
    assert len(json.loads(client.get_key_policy(KeyId=key_id, PolicyName="default")["Policy"])["Statement"]) == 2
    assert client.list_resource_tags(KeyId=key_id)["Tags"] == [{"TagKey": "a", "TagValue": "1"}]
    stack.delete()
    found = client.describe_key(KeyId=key_id)["KeyMetadata"]
    assert found["KeyState"] == "PendingDeletion"
    with refused("NotFoundException"):
        client.describe_key(KeyId=name)


def test_topics_queues_and_their_policies(aws: Aws, stack: Stack) -> None:
    name, sns, sqs = unique(), aws.client("sns"), aws.client("sqs")
    body = {
        "Topic": topic(name, DisplayName="News"),
        "Queue": resource("SQS::Queue", QueueName=name, VisibilityTimeout=60),
        "OfTopic": resource("SNS::TopicPolicy", Topics=[{"Ref": "Topic"}], PolicyDocument=policy("*", "sns:Publish")),
        "OfQueue": resource(
            "SQS::QueuePolicy", Queues=[{"Ref": "Queue"}], PolicyDocument=policy("*", "sqs:SendMessage")
        ),
        "Link": resource(
            "SNS::Subscription", TopicArn={"Ref": "Topic"}, Protocol="sqs", Endpoint={"Fn::GetAtt": ["Queue", "Arn"]},
            RawMessageDelivery=True,
        ),
    }  # fmt: skip
    stack.create(template(body), Tags=[{"Key": "a", "Value": "1"}])
    made = {key: item["PhysicalResourceId"] for key, item in stack.resources().items()}
    sns.publish(TopicArn=made["Topic"], Message="hello")
    (message,) = sqs.receive_message(QueueUrl=made["Queue"])["Messages"]
    assert message["Body"] == "hello"
    assert sqs.list_queue_tags(QueueUrl=made["Queue"])["Tags"] == {"a": "1"}
    assert "sns:Publish" in sns.get_topic_attributes(TopicArn=made["Topic"])["Attributes"]["Policy"]
    body["Topic"], body["Queue"] = topic(name), resource("SQS::Queue", QueueName=name, MessageRetentionPeriod=600)
    del body["OfTopic"], body["OfQueue"]
    stack.update(template(body))
    assert stack.status == "UPDATE_COMPLETE"
    attributes = sns.get_topic_attributes(TopicArn=made["Topic"])["Attributes"]
    assert attributes["DisplayName"] == "" and "__default_statement_ID" in attributes["Policy"]
    found = sqs.get_queue_attributes(QueueUrl=made["Queue"], AttributeNames=["All"])["Attributes"]
    assert (found["VisibilityTimeout"], found["MessageRetentionPeriod"], found.get("Policy", "")) == ("30", "600", "")
    other = Stack(aws)
    other.create(template({"Queue": resource("SQS::Queue", QueueName=name)}))
    assert other.status == "ROLLBACK_COMPLETE" and "already exists" in other.events("Queue")[1][1]
    stack.delete()
    assert not any(item["TopicArn"] == made["Topic"] for item in sns.list_topics()["Topics"])
    with refused("AWS.SimpleQueueService.NonExistentQueue"):
        sqs.get_queue_url(QueueName=name)


def test_alarms_and_dashboards(aws: Aws, stack: Stack) -> None:
    name, client = unique(), aws.client("cloudwatch")

    def body(threshold: int, text: str) -> str:
        alarm = resource(
            "CloudWatch::Alarm", AlarmName=name, MetricName="m", Namespace="n", Statistic="Sum", Period=300,
            EvaluationPeriods=1, Threshold=threshold, ComparisonOperator="GreaterThanThreshold",
            TreatMissingData="breaching",
        )  # fmt: skip
        return template(
            {"Alarm": alarm, "Board": resource("CloudWatch::Dashboard", DashboardName=name, DashboardBody=text)},
            Outputs={"Arn": {"Value": {"Fn::GetAtt": ["Alarm", "Arn"]}}},
        )

    stack.create(body(1, '{"widgets": []}'), Tags=[{"Key": "a", "Value": "1"}])
    assert stack.status == "CREATE_COMPLETE", (stack.events("Alarm"), stack.events("Board"))
    stack.update(body(2, '{"widgets": [], "start": "-PT6H"}'))
    (alarm,) = client.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    assert alarm["Threshold"] == 2.0 and alarm["AlarmArn"] == stack.outputs["Arn"]
    tags = client.list_tags_for_resource(ResourceARN=alarm["AlarmArn"])["Tags"]
    assert {"Key": "a", "Value": "1"} in tags and len(tags) == 4
    assert "PT6H" in client.get_dashboard(DashboardName=name)["DashboardBody"]
    stack.update(body(3, "{no json"))
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert client.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]["Threshold"] == 2.0
    for taken in ("Alarm", "Board"):
        other = Stack(aws)
        other.create(template({taken: json.loads(body(1, "{}"))["Resources"][taken]}))
        assert other.status == "ROLLBACK_COMPLETE" and "already exists" in other.events(taken)[1][1]
    stack.delete()
    assert client.describe_alarms(AlarmNames=[name])["MetricAlarms"] == []
    with refused("ResourceNotFound", status=404):
        client.get_dashboard(DashboardName=name)


def test_policies_and_roles(aws: Aws, stack: Stack) -> None:
    name, client = unique(), aws.client("iam", "us-east-1")

    def body(action: str, **role: Any) -> str:
        document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]}
        made = resource("IAM::ManagedPolicy", ManagedPolicyName=name, PolicyDocument=document)
        trust = policy({"AWS": ACCOUNT}, "sts:AssumeRole")
        del trust["Statement"][0]["Resource"]
        who = resource(
            "IAM::Role", RoleName=name, AssumeRolePolicyDocument=trust, ManagedPolicyArns=[{"Ref": "Policy"}],
            Policies=[{"PolicyName": "own", "PolicyDocument": document}], **role,
        )  # fmt: skip
        return template({"Policy": made, "Role": who}, Outputs={"Arn": {"Value": {"Fn::GetAtt": ["Role", "Arn"]}}})

    stack.create(body("rds:A"), Tags=[{"Key": "a", "Value": "1"}])
    arn = stack.resources()["Policy"]["PhysicalResourceId"]
    assert stack.outputs["Arn"] == f"arn:aws:iam::{ACCOUNT}:role/{name}" and arn.endswith(f":policy/{name}")
    for number in range(6):
        stack.update(body(f"rds:A{number}", MaxSessionDuration=7200))
        assert stack.status == "UPDATE_COMPLETE", stack.events("Policy")
    version = client.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    document = client.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
    assert document["Statement"][0]["Action"] == "rds:A5"
    assert len(client.list_policy_versions(PolicyArn=arn)["Versions"]) == 5
    role = client.get_role(RoleName=name)["Role"]
    assert role["MaxSessionDuration"] == 7200 and role["Tags"] == [{"Key": "a", "Value": "1"}]
    stack.delete()
    with refused("NoSuchEntity", status=404):
        client.get_role(RoleName=name)
    with refused("NoSuchEntity", status=404):
        client.get_policy(PolicyArn=arn)


# ---- subscriptions that have to be confirmed


@pytest.mark.parametrize(
    ("protocol", "endpoint", "pending"),
    [
        ("email", "dba@example.org", True), ("https", "https://example.org/hook", True),
        ("sqs", f"arn:aws:sqs:{HOME}:{ACCOUNT}:news", False), ("sqs", f"arn:aws:sqs:{HOME}:{OTHER_ACCOUNT}:news", True),
        ("lambda", f"arn:aws:lambda:{HOME}:{ACCOUNT}:function:news", False),
    ],
)  # fmt: skip
def test_who_has_to_confirm_a_subscription(aws: Aws, protocol: str, endpoint: str, pending: bool) -> None:
    client = aws.client("sns")
    arn = client.create_topic(Name=unique())["TopicArn"]
    said = client.subscribe(TopicArn=arn, Protocol=protocol, Endpoint=endpoint)["SubscriptionArn"]
    assert (said == "pending confirmation") == pending
    found = client.subscribe(TopicArn=arn, Protocol=protocol, Endpoint=endpoint, ReturnSubscriptionArn=True)
    subscription = found["SubscriptionArn"]
    (listed,) = client.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]
    assert listed["SubscriptionArn"] == ("PendingConfirmation" if pending else subscription)
    assert listed["Endpoint"] == endpoint and listed["Owner"] == ACCOUNT
    attributes = client.get_subscription_attributes(SubscriptionArn=subscription)["Attributes"]
    assert attributes["PendingConfirmation"] == str(pending).lower()
    counts = client.get_topic_attributes(TopicArn=arn)["Attributes"]
    assert (counts["SubscriptionsPending"], counts["SubscriptionsConfirmed"]) == (("1", "0") if pending else ("0", "1"))
    if pending:
        client.publish(TopicArn=arn, Message="nobody gets it")
        with refused("InvalidParameter", "pending confirmation"):
            client.unsubscribe(SubscriptionArn=subscription)
        with refused("InvalidParameter", "Token"):
            client.confirm_subscription(TopicArn=arn, Token="wrong")
        client.confirm_subscription(TopicArn=arn, Token=subscription.rpartition(":")[2])
    client.unsubscribe(SubscriptionArn=subscription)
    assert client.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"] == []


def test_a_stack_with_an_unconfirmed_subscription_can_be_deleted(aws: Aws, stack: Stack) -> None:
    mail = resource("SNS::Subscription", TopicArn={"Ref": "Topic"}, Protocol="email", Endpoint="dba@example.org")
    stack_id = stack.create(template({"Topic": topic(unique()), "Mail": mail}))["StackId"]
    assert stack.status == "CREATE_COMPLETE"
    stack.delete()
    assert stack.see(stack_id)["StackStatus"] == "DELETE_COMPLETE"


# ---- log groups


def test_days_that_cloudwatch_logs_does_not_know(aws: Aws) -> None:
    client, name = aws.client("logs"), f"/{unique()}"
    client.create_log_group(logGroupName=name)
    for days in (2, 31, 100, 3654):
        with refused("InvalidParameterException", "Valid values are: [1, 3, 5, 7, 14, 30"):
            client.put_retention_policy(logGroupName=name, retentionInDays=days)
    client.put_retention_policy(logGroupName=name, retentionInDays=3653)


@pytest.mark.parametrize(
    ("document", "usable"),
    [
        (ROOT, False),
        (both(ROOT, policy(LOGS, "kms:*")), True),
        (both(ROOT, policy(LOGS, ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*",
                                  "kms:Describe*"])), True),
        (both(ROOT, policy(LOGS, "kms:Decrypt")), False),
        (both(ROOT, policy({"Service": "logs.eu-west-1.amazonaws.com"}, "kms:*")), False),
        (both(ROOT, policy(LOGS, "kms:*", Condition={"ArnLike": {
            "kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:{HOME}:{ACCOUNT}:log-group:/t-*"}})), True),
        (both(ROOT, policy(LOGS, "kms:*", Condition={"ArnLike": {
            "kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:{HOME}:{ACCOUNT}:log-group:/other/*"}})), False),
    ],
)  # fmt: skip
def test_a_log_groups_key_must_let_the_service_use_it(aws: Aws, document: dict[str, Any], usable: bool) -> None:
    client, name = aws.client("logs"), f"/{unique()}"
    key = aws.client("kms").create_key(Policy=json.dumps(document))["KeyMetadata"]["Arn"]
    if usable:
        client.create_log_group(logGroupName=name, kmsKeyId=key)
        return
    said = "The specified KMS key does not exist or is not allowed to be used with Arn"
    with refused("AccessDeniedException", f"{said} 'arn:aws:logs:{HOME}:{ACCOUNT}:log-group:{name}'"):
        client.create_log_group(logGroupName=name, kmsKeyId=key)
    client.create_log_group(logGroupName=name)
    with refused("AccessDeniedException", said):
        client.associate_kms_key(logGroupName=name, kmsKeyId=key)


def test_a_log_group_can_get_and_lose_a_key(aws: Aws, stack: Stack) -> None:
    name, client = f"/{unique()}", aws.client("logs")
    key = resource("KMS::Key", KeyPolicy=both(ROOT, policy(LOGS, "kms:*")))
    encrypted = group(name)
    encrypted["Properties"]["KmsKeyId"] = {"Fn::GetAtt": ["Key", "Arn"]}
    stack.create(template({"Key": key, "Group": group(name)}))
    for wanted in (encrypted, group(name)):
        stack.update(template({"Key": key, "Group": wanted}))
        (found,) = client.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
        assert ("kmsKeyId" in found) == (wanted is encrypted)


# ---- how long policies may be


def long(size: int) -> str:
    """A policy of that many characters that count, and some that do not."""
    statement = {"Effect": "Allow", "Action": "s3:x", "Resource": "*", "Sid": ""}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    statement["Sid"] = "a" * (size - len(json.dumps(document, separators=(",", ":"))))
    return json.dumps(document, indent=4)


def test_white_space_does_not_count_in_policies(aws: Aws, stack: Stack) -> None:
    client, name = aws.client("iam", "us-east-1"), unique()
    arn = client.create_policy(PolicyName=name, PolicyDocument=long(6144))["Policy"]["Arn"]
    with refused("LimitExceeded", "Cannot exceed quota for PolicySize: 6144", 409):
        client.create_policy(PolicyName=f"{name}-2", PolicyDocument=long(6145))
    with refused("LimitExceeded", "Cannot exceed quota for PolicySize: 6144", 409):
        client.create_policy_version(PolicyArn=arn, PolicyDocument=long(6145))
    trust = json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}]})  # fmt: skip
    client.create_role(RoleName=name, AssumeRolePolicyDocument=trust)
    client.put_role_policy(RoleName=name, PolicyName="one", PolicyDocument=long(8000))
    with refused("LimitExceeded", f"Maximum policy size of 10240 bytes exceeded for role {name}", 409):
        client.put_role_policy(RoleName=name, PolicyName="two", PolicyDocument=long(2241))
    client.put_role_policy(RoleName=name, PolicyName="two", PolicyDocument=long(2240))
    client.put_role_policy(RoleName=name, PolicyName="one", PolicyDocument=long(7000))
    made = resource("IAM::ManagedPolicy", ManagedPolicyName=f"{name}-3", PolicyDocument=json.loads(long(6145)))
    stack.create(template({"Policy": made}))
    reason = stack.events("Policy")[1][1]
    assert "Cannot exceed quota for PolicySize: 6144" in reason and "HandlerErrorCode: ServiceLimitExceeded" in reason
