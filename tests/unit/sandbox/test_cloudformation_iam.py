# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom CloudFormation acts for, and what they need.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access_forward_access_sessions.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from guarded import Guarded, Keys, allow, deny, refused
from in_process import ACCOUNT, HOME
from moto.sts.models import sts_backends
from sandbox.faults import Faults
from sandbox.faults.model import Drop, Fault
from sandbox.gateway.application import Gateway
from sandbox.gateway.wire import Call
from sandbox.iam import needs
from stacks import Stack, group, template, topic, unique

STACKS = allow("cloudformation:*", f"arn:aws:cloudformation:{HOME}:{ACCOUNT}:stack/stack-*/*")
GROUPS = allow("logs:*")
JANE = f"arn:aws:iam::{ACCOUNT}:user/jane"


@pytest.fixture
def aws(tmp_path: Path) -> Iterator[Guarded]:
    made = Guarded(tmp_path)
    made.install_cloudformation(made._gateway)
    yield made
    made.close()


def stack_of(aws: Guarded, keys: Keys) -> Stack:
    return Stack(aws, aws.as_user(keys, "cloudformation"))


def test_a_stack_needs_what_its_resources_need(aws: Guarded) -> None:
    stack = stack_of(aws, aws.user("jane", STACKS, allow("logs:CreateLogGroup")))
    name = f"/{unique()}"
    stack.create(template({"Group": group(name)}))
    assert stack.status == "ROLLBACK_COMPLETE"
    (failed,) = (text for status, text in stack.events("Group") if status.endswith("_FAILED"))
    arn = f"arn:aws:logs:{HOME}:{ACCOUNT}:log-group:{name}:log-stream:"
    assert failed.startswith(
        f'Resource handler returned message: "User: {JANE} is not authorized to perform: logs:TagResource on resource: '
        f"{arn} because no identity-based policy allows the logs:TagResource action"
    )
    assert "HandlerErrorCode: AccessDenied)" in failed


def test_what_may_be_made_but_not_deleted_is_left_by_the_rollback(aws: Guarded) -> None:
    stack = stack_of(aws, aws.user("jane", STACKS, allow(["logs:CreateLogGroup", "logs:TagResource"])))
    name = f"/{unique()}"
    stack.create(template({"Group": group(name)}))
    assert stack.status == "ROLLBACK_FAILED"
    assert stack.see()["StackStatusReason"] == "The following resource(s) failed to delete: [Group]. "
    assert aws.client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    assert [status for status in stack.statuses("Group") if "FAILED" in status] == ["CREATE_FAILED", "DELETE_FAILED"]


def test_with_the_permissions_it_is_made_changed_and_deleted(aws: Guarded) -> None:
    stack = stack_of(aws, aws.user("jane", STACKS, GROUPS))
    name = f"/{unique()}"
    stack_id = stack.create(template({"Group": group(name)}))["StackId"]
    assert stack.status == "CREATE_COMPLETE", stack.events("Group")
    stack.update(template({"Group": group(name, 7)}))
    assert stack.status == "UPDATE_COMPLETE"
    stack.delete()
    assert stack.see(stack_id)["StackStatus"] == "DELETE_COMPLETE"


def test_a_change_that_is_denied_is_rolled_back(aws: Guarded) -> None:
    stack = stack_of(aws, aws.user("jane", STACKS, GROUPS, deny("logs:DeleteRetentionPolicy")))
    name = f"/{unique()}"
    stack.create(template({"Group": group(name)}))
    endless = group(name)
    del endless["Properties"]["RetentionInDays"]
    stack.update(template({"Group": endless}))
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert any("with an explicit deny in an identity-based policy" in text for _status, text in stack.events("Group"))


@pytest.mark.parametrize(
    ("condition", "allowed"),
    [
        ({"Bool": {"aws:ViaAWSService": "true"}}, True),
        ({"StringEquals": {"aws:CalledViaFirst": "cloudformation.amazonaws.com"}}, True),
        ({"ForAnyValue:StringEquals": {"aws:CalledVia": "cloudformation.amazonaws.com"}}, True),
        ({"StringEquals": {"aws:CalledViaLast": "athena.amazonaws.com"}}, False),
        ({"Bool": {"aws:ViaAWSService": "false"}}, False),
    ],
)
def test_calls_of_cloudformation_say_so(aws: Guarded, condition: dict[str, Any], allowed: bool) -> None:
    keys = aws.user("jane", STACKS, allow("logs:*", Condition=condition))
    stack = stack_of(aws, keys)
    stack.create(template({"Group": group(f"/{unique()}")}))
    assert (stack.status == "CREATE_COMPLETE") == allowed
    # Called by Jane herself, it is the other way round.
    if condition == {"Bool": {"aws:ViaAWSService": "true"}}:
        with refused("AccessDeniedException", "logs:CreateLogGroup"):
            aws.as_user(keys, "logs").create_log_group(logGroupName=f"/{unique()}")


def test_a_session_may_end_while_its_stack_is_made(aws: Guarded) -> None:
    trusting = json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}]})  # fmt: skip
    role = aws.role("deployer", trusting, STACKS, GROUPS)
    keys = aws.assume(aws.user("jane", allow("sts:AssumeRole")), role)
    stack = Stack(aws)  # to look at it as the operator
    made = Stack(aws, aws.as_user(keys, "cloudformation"))
    made.name = stack.name
    made.create(template({"Group": group(f"/{unique()}")}), settle=False)
    (session,) = sts_backends[ACCOUNT]["aws"].assumed_roles
    session.expiration = session.expiration.replace(year=2000)
    with refused("ExpiredToken"):
        made.see()
    aws.settle()
    assert stack.status == "CREATE_COMPLETE"


def test_what_may_be_done_with_stacks(aws: Guarded) -> None:
    keys = aws.user("jane", GROUPS, allow("cloudformation:CreateStack", f"{STACKS['Resource']}"))
    client = aws.as_user(keys, "cloudformation")
    arn = f"arn:aws:cloudformation:{HOME}:{ACCOUNT}:stack/other/*"
    with refused("AccessDenied", f"cloudformation:CreateStack on resource: {arn} because", 403):
        client.create_stack(StackName="other", TemplateBody=template({"Group": group("/x")}))
    stack = stack_of(aws, keys)
    stack_id = stack.create(template({"Group": group(f"/{unique()}")}))["StackId"]
    with refused("AccessDenied", f"cloudformation:DeleteStack on resource: {stack_id} because", 403):
        stack.delete()
    with refused("AccessDenied", "cloudformation:ListStacks because", 403):
        client.list_stacks()


def test_calls_are_in_the_journal_and_faults_hit_them(aws: Guarded, tmp_path: Path) -> None:
    aws._gateway._journal.open()
    fault = Fault("lost", action=("CreateLogGroup",), effect=Drop(), nth=(1,))
    aws._gateway._faults = Faults([fault])
    aws._gateway._faults.open()
    stack = stack_of(aws, aws.user("jane", STACKS, GROUPS))
    stack.create(template({"Group": group(f"/{unique()}")}))
    entries = [json.loads(line) for line in (tmp_path / "calls.jsonl").read_text().splitlines()]
    made = [item for item in entries if item["action"] == "CreateLogGroup"]
    assert [item["status"] for item in made] == [None, 200], "the first was lost, CloudFormation tried again"
    assert all(item["principal"] == JANE for item in made)
    assert all(item["via"] == item["user_agent"] == "cloudformation.amazonaws.com" for item in made)
    (own,) = (item for item in entries if item["action"] == "CreateStack")
    assert "via" not in own and own["principal"] == JANE
    assert isinstance(aws._gateway, Gateway)


def test_nobody_can_say_to_be_cloudformation(aws: Guarded) -> None:
    client = aws.as_user((aws.user("jane")[0], "wrong", None), "logs")
    client.meta.events.register(
        "before-sign", lambda request, **_more: request.headers.add_header("sandbox.via", "cloudformation")
    )
    with refused("InvalidSignatureException"):
        client.describe_log_groups()


# ---- what calls need


def of(service: str, action: str, **parameters: Any) -> set[tuple[str, str]]:
    found = needs.of(Call(service, HOME, action, "AKIA", "json", parameters), ACCOUNT)
    return {(need.action, need.resource.replace(f":{ACCOUNT}:", "::")) for need in found}


TAGS = [{"Key": "a", "Value": "1"}]


@pytest.mark.parametrize(
    ("service", "action", "parameters", "expected"),
    [
        ("dynamodb", "CreateTable", {"TableName": "t", "Tags": TAGS},
         {("dynamodb:CreateTable", f"arn:aws:dynamodb:{HOME}::table/t"),
          ("dynamodb:TagResource", f"arn:aws:dynamodb:{HOME}::table/t")}),
        ("dynamodb", "UpdateTimeToLive", {"TableName": "t"},
         {("dynamodb:UpdateTimeToLive", f"arn:aws:dynamodb:{HOME}::table/t")}),
        ("sns", "CreateTopic", {"Name": "n", "Tags": TAGS},
         {("SNS:CreateTopic", f"arn:aws:sns:{HOME}::n"), ("SNS:TagResource", f"arn:aws:sns:{HOME}::n")}),
        ("sqs", "CreateQueue", {"QueueName": "q", "tags": {"a": "1"}},
         {("sqs:createqueue", f"arn:aws:sqs:{HOME}::q"), ("sqs:tagqueue", f"arn:aws:sqs:{HOME}::q")}),
        ("kms", "CreateKey", {"Tags": [{"TagKey": "a", "TagValue": "1"}]},
         {("kms:CreateKey", "*"), ("kms:TagResource", f"arn:aws:kms:{HOME}::key/*")}),
        ("kms", "CreateAlias", {"AliasName": "alias/a", "TargetKeyId": "k"},
         {("kms:CreateAlias", f"arn:aws:kms:{HOME}::alias/a"), ("kms:CreateAlias", f"arn:aws:kms:{HOME}::key/k")}),
        ("logs", "CreateLogGroup", {"logGroupName": "/g", "tags": {"a": "1"}},
         {("logs:CreateLogGroup", f"arn:aws:logs:{HOME}::log-group:/g:log-stream:"),
          ("logs:TagResource", f"arn:aws:logs:{HOME}::log-group:/g:log-stream:")}),
        ("cloudwatch", "PutMetricAlarm", {"AlarmName": "a", "Tags": TAGS, "Namespace": "n"},
         {("cloudwatch:PutMetricAlarm", f"arn:aws:cloudwatch:{HOME}::alarm:a"),
          ("cloudwatch:TagResource", f"arn:aws:cloudwatch:{HOME}::alarm:a")}),
        ("cloudwatch", "PutDashboard", {"DashboardName": "d"},
         {("cloudwatch:PutDashboard", "arn:aws:cloudwatch:::dashboard/d")}),
        ("cloudwatch", "DeleteDashboards", {"DashboardNames": ["d", "e"]},
         {("cloudwatch:DeleteDashboards", f"arn:aws:cloudwatch:::dashboard/{name}") for name in "de"}),
        ("cloudwatch", "ListTagsForResource", {"ResourceARN": "arn:x"}, {("cloudwatch:ListTagsForResource", "arn:x")}),
        ("iam", "CreateRole", {"RoleName": "r", "Path": "/p/", "Tags": TAGS},
         {("iam:CreateRole", "arn:aws:iam:::role/p/r"), ("iam:TagRole", "arn:aws:iam:::role/p/r")}),
        ("iam", "AttachRolePolicy", {"RoleName": "r", "PolicyArn": "arn:p"},
         {("iam:AttachRolePolicy", "arn:aws:iam:::role/r")}),
        ("iam", "CreatePolicyVersion", {"PolicyArn": "arn:p"}, {("iam:CreatePolicyVersion", "arn:p")}),
    ],
)  # fmt: skip
def test_what_calls_need(service: str, action: str, parameters: dict[str, Any], expected: set[tuple[str, str]]) -> None:
    assert of(service, action, **parameters) == {(name, item.replace(f":{ACCOUNT}:", "::")) for name, item in expected}


def test_an_alias_is_changed_and_deleted_with_its_key(aws: Guarded) -> None:
    client, name = aws.client("kms"), f"alias/{unique()}"
    keys = [client.create_key()["KeyMetadata"]["Arn"].replace(f":{ACCOUNT}:", "::") for _number in range(2)]
    client.create_alias(AliasName=name, TargetKeyId=keys[0].rpartition("/")[2])
    alias = f"arn:aws:kms:{HOME}::{name}"
    assert {item for _action, item in of("kms", "DeleteAlias", AliasName=name)} == {alias, keys[0]}
    found = of("kms", "UpdateAlias", AliasName=name, TargetKeyId=keys[1].rpartition("/")[2])
    assert {item for _action, item in found} == {alias, *keys}


def test_a_tables_key_is_used_in_the_callers_name(aws: Guarded) -> None:
    key = aws.client("kms").create_key()["KeyMetadata"]["Arn"]
    found = of("dynamodb", "CreateTable", TableName="t", SSESpecification={"Enabled": True, "KMSMasterKeyId": key})
    arn = key.replace(f":{ACCOUNT}:", "::")
    assert {("kms:CreateGrant", arn), ("kms:DescribeKey", arn)} < found


def test_a_topics_endpoint_and_a_keys_window_are_condition_keys() -> None:
    def context(service: str, action: str, **parameters: Any) -> Any:
        return needs.of(Call(service, HOME, action, "AKIA", "json", parameters), ACCOUNT)[0].context

    found = context("sns", "Subscribe", TopicArn="arn:t", Protocol="email", Endpoint="a@example.org")
    assert (found["sns:protocol"], found["sns:endpoint"]) == (("email",), ("a@example.org",))
    found = context("kms", "ScheduleKeyDeletion", KeyId="k", PendingWindowInDays=7)
    assert found["kms:schedulekeydeletionpendingwindowindays"] == ("7",)
    assert "cloudwatch:namespace" not in context("cloudwatch", "PutMetricAlarm", AlarmName="a", Namespace="n")
    assert context("cloudformation", "ListStacks") == {}


def test_a_topic_of_a_stack_has_tags_that_policies_can_ask_for(aws: Guarded) -> None:
    """All tags of a request count, CloudFormation's own among them."""
    ours = {"StringEquals": {"aws:RequestTag/team": "dba"}}
    stack = stack_of(aws, aws.user("jane", STACKS, allow("sns:*", Condition=ours), allow(["sns:Get*", "sns:List*"])))
    body = template({"Topic": topic(unique())})
    stack.create(body, Tags=[{"Key": "team", "Value": "dba"}])
    assert stack.status == "CREATE_COMPLETE", stack.events("Topic")
    other = stack_of(aws, aws.user("joe", STACKS, allow("sns:*", Condition=ours), allow(["sns:Get*", "sns:List*"])))
    other.create(template({"Topic": topic(unique())}))
    assert other.status == "ROLLBACK_COMPLETE"
