# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stacks from their creation to their deletion, and all that can go wrong on the way.

Sources: the sandbox's modules in ``tests/sandbox/cloudformation`` name them.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from in_process import Aws
from live_sandbox import refused
from stacks import NAMED, Stack, given, group, template, topic, unique

ROLE = {
    "Type": "AWS::IAM::Role",
    "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []}},
}
WITH_DAYS = {"Days": {"Type": "Number", "Default": 30}}


@pytest.fixture
def stack(aws: Aws) -> Stack:
    return Stack(aws)


def log_groups(aws: Aws, prefix: str) -> dict[str, Any]:
    found = aws.client("logs").describe_log_groups(logGroupNamePrefix=prefix)["logGroups"]
    return {item["logGroupName"]: item.get("retentionInDays") for item in found}


# ---- creation


def test_a_stack_takes_its_time_and_has_its_resources_in_order(aws: Aws, stack: Stack) -> None:
    name = unique()
    body = template(
        {"Second": group({"Fn::Sub": "/${First.TopicName}"}), "First": topic(name)},
        Outputs={"Arn": {"Value": {"Ref": "First"}}, "Group": {"Value": {"Fn::GetAtt": ["Second", "Arn"]}}},
    )
    made = stack.create(body, settle=False, Tags=[{"Key": "team", "Value": "dba"}])
    assert stack.status == "CREATE_IN_PROGRESS" and log_groups(aws, f"/{name}") == {}
    aws.pass_time(59)
    assert stack.status == "CREATE_IN_PROGRESS"
    aws.pass_time(2)
    assert stack.status == "CREATE_COMPLETE" and stack.see()["StackId"] == made["StackId"]
    assert list(stack.resources()) == ["First", "Second"]
    assert stack.outputs["Arn"].endswith(f":{name}") and stack.outputs["Group"].endswith(f"log-group:/{name}:*")
    assert stack.statuses("Second") == ["CREATE_IN_PROGRESS", "CREATE_IN_PROGRESS", "CREATE_COMPLETE"]
    assert stack.statuses() == ["CREATE_IN_PROGRESS", "CREATE_COMPLETE"]
    tags = aws.client("sns").list_tags_for_resource(ResourceArn=stack.outputs["Arn"])["Tags"]
    assert {item["Key"]: item["Value"] for item in tags} == {
        "team": "dba", "aws:cloudformation:stack-name": stack.name, "aws:cloudformation:stack-id": made["StackId"],
        "aws:cloudformation:logical-id": "First",
    }  # fmt: skip


def test_without_time_an_operation_is_over_when_the_call_is(aws: Aws, stack: Stack) -> None:
    aws.durations.stack_operation = 0.0
    stack.create(template({"Group": group(f"/{unique()}")}), settle=False)
    assert stack.status == "CREATE_COMPLETE"


def test_a_name_is_taken_once(stack: Stack) -> None:
    body = template({"Group": group(f"/{unique()}")})
    stack.create(body)
    with refused("AlreadyExistsException", f"Stack [{stack.name}] already exists"):
        stack.create(body)
    stack.delete()
    stack.create(body)
    assert stack.status == "CREATE_COMPLETE"


def test_what_exists_already_makes_it_fail_and_roll_back(aws: Aws, stack: Stack) -> None:
    taken, other = f"/{unique()}", unique()
    aws.client("logs").create_log_group(logGroupName=taken)
    body = template({"Topic": topic(other), "Group": {**group(taken), "DependsOn": "Topic"}})
    stack.create(body)
    (reason,) = (reason for status, reason in stack.events("Group") if status == "CREATE_FAILED")
    identifier = json.dumps({"/properties/LogGroupName": taken}, separators=(",", ":"))
    assert f"Resource of type 'AWS::Logs::LogGroup' with identifier '{identifier}' already exists." in reason
    assert "HandlerErrorCode: AlreadyExists)" in reason
    assert stack.events() == [
        ("CREATE_IN_PROGRESS", "User Initiated"),
        (
            "ROLLBACK_IN_PROGRESS",
            "The following resource(s) failed to create: [Group]. Rollback requested by user.",
        ),
        ("ROLLBACK_COMPLETE", ""),
    ]
    assert stack.statuses("Topic")[-2:] == ["DELETE_IN_PROGRESS", "DELETE_COMPLETE"]
    assert not any(item["TopicArn"].endswith(other) for item in aws.client("sns").list_topics()["Topics"])
    assert taken in log_groups(aws, taken), "what somebody else made stays"
    with refused("ValidationError", "is in ROLLBACK_COMPLETE state and can not be updated."):
        stack.update(body)
    stack.delete()
    with refused("ValidationError", f"Stack with id {stack.name} does not exist"):
        stack.see()


@pytest.mark.parametrize(
    ("how", "status", "left"),
    [
        ({"OnFailure": "DO_NOTHING"}, "CREATE_FAILED", True),
        ({"DisableRollback": True}, "CREATE_FAILED", True),
        ({"OnFailure": "ROLLBACK"}, "ROLLBACK_COMPLETE", False),
        ({"OnFailure": "DELETE"}, "DELETE_COMPLETE", False),
    ],
)
def test_what_becomes_of_a_failed_stack(aws: Aws, stack: Stack, how: dict[str, Any], status: str, left: bool) -> None:
    name = f"/{unique()}"
    body = template({"Group": group(name), "Bad": {**group(f"{name}-bad", 31), "DependsOn": "Group"}})
    stack_id = stack.create(body, **how)["StackId"]
    assert stack.see(stack_id)["StackStatus"] == status
    assert (name in log_groups(aws, name)) == left
    assert (f"{name}-bad" in log_groups(aws, name)) == left, "made, and then refused"
    reason = next(text for kind, text in stack.events("Bad", stack_id) if kind == "CREATE_FAILED")
    assert "Invalid retention value. Valid values are: [1, 3, 5, 7, 14, 30" in reason and "InvalidRequest)" in reason


def test_properties_are_those_of_the_types_schema(stack: Stack) -> None:
    bad = {"Type": "AWS::KMS::Alias", "Properties": {"AliasName": "alias/x", "Target": "y"}}
    stack.create(template({"Alias": bad}))
    reason = next(text for status, text in stack.events("Alias") if status == "CREATE_FAILED")
    assert "Properties validation failed for resource Alias with message:" in reason
    assert "#: extraneous key [Target] is not permitted\n#: required key [TargetKeyId] not found" in reason


def test_iam_resources_need_to_be_acknowledged(stack: Stack) -> None:
    named = {**ROLE, "Properties": {**ROLE["Properties"], "RoleName": unique()}}
    for resource, capability in ((ROLE, "CAPABILITY_IAM"), (named, "CAPABILITY_NAMED_IAM")):
        for given_ones in ([], *([["CAPABILITY_IAM"]] if capability != "CAPABILITY_IAM" else [])):
            with refused("InsufficientCapabilitiesException", f"Requires capabilities : [{capability}]"):
                stack.client.create_stack(
                    StackName=stack.name, TemplateBody=template({"Role": resource}), Capabilities=given_ones
                )
        found = stack.client.validate_template(TemplateBody=template({"Role": resource}))
        assert found["Capabilities"] == [capability]


def test_a_stack_that_is_being_made_can_be_deleted(aws: Aws, stack: Stack) -> None:
    name = f"/{unique()}"
    body = template({"One": group(name), "Two": {**group(f"{name}-2"), "DependsOn": "One"}})
    stack_id = stack.create(body, settle=False)["StackId"]
    aws.pass_time(25)
    stack.delete()
    assert stack.see(stack_id)["StackStatus"] == "DELETE_COMPLETE" and log_groups(aws, name) == {}
    assert "CREATE_COMPLETE" not in stack.statuses(name=stack_id)


# ---- updates


def test_nothing_to_update_is_an_error(stack: Stack) -> None:
    body = template({"Group": group(f"/{unique()}", {"Ref": "Days"})}, Parameters=WITH_DAYS)
    stack.create(body, {"Days": 7})
    for parameters in ({"Days": 7}, {"Days": "7"}):
        with refused("ValidationError", "No updates are to be performed."):
            stack.update(body, parameters)
    with refused("ValidationError", "does not exist"):
        stack.client.update_stack(StackName=unique(), TemplateBody=body)


def test_a_parameter_left_out_has_its_default_again(aws: Aws, stack: Stack) -> None:
    name = f"/{unique()}"
    stack.create(template({"Group": group(name, {"Ref": "Days"})}, Parameters=WITH_DAYS), {"Days": 7})
    previous = [{"ParameterKey": "Days", "UsePreviousValue": True}]
    with refused("ValidationError", "No updates are to be performed."):
        stack.client.update_stack(StackName=stack.name, UsePreviousTemplate=True, Parameters=previous)
    stack.update(None)
    assert stack.status == "UPDATE_COMPLETE" and log_groups(aws, name) == {name: 30}
    assert stack.see()["Parameters"] == [{"ParameterKey": "Days", "ParameterValue": "30"}]
    assert stack.statuses()[-3:] == ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_COMPLETE"]
    assert stack.statuses("Group")[-2:] == ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"]


def test_an_update_adds_changes_replaces_and_removes(aws: Aws, stack: Stack) -> None:
    name = f"/{unique()}"
    stack.create(template({"Kept": group(f"{name}-kept"), "Old": group(f"{name}-old"), "Gone": group(f"{name}-gone")}))
    stack.update(
        template({"Kept": group(f"{name}-kept", 7), "Old": group(f"{name}-renamed"), "New": group(f"{name}-new")})
    )
    assert log_groups(aws, name) == {f"{name}-kept": 7, f"{name}-renamed": 30, f"{name}-new": 30}
    assert set(stack.resources()) == {"Kept", "Old", "New"}
    assert stack.resources()["Old"]["PhysicalResourceId"] == f"{name}-renamed"
    reasons = [text for _status, text in stack.events("Old")]
    assert "Requested update requires the creation of a new physical resource; hence creating one." in reasons
    assert stack.statuses("Gone")[-2:] == ["DELETE_IN_PROGRESS", "DELETE_COMPLETE"]


def test_a_failed_update_is_rolled_back(aws: Aws, stack: Stack) -> None:
    name = f"/{unique()}"
    before = {"Changed": group(f"{name}-changed"), "Replaced": group(f"{name}-old"), "Bad": group(f"{name}-bad")}
    stack.create(template(before))
    after = {
        "Changed": group(f"{name}-changed", 7), "Replaced": group(f"{name}-new"), "Added": group(f"{name}-added"),
        "Bad": {**group(f"{name}-bad", 31), "DependsOn": ["Changed", "Replaced", "Added"]},
    }  # fmt: skip
    stack.update(template(after))
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert log_groups(aws, name) == {f"{name}-changed": 30, f"{name}-old": 30, f"{name}-bad": 30}
    assert stack.events()[-3:] == [
        ("UPDATE_ROLLBACK_IN_PROGRESS", "The following resource(s) failed to update: [Bad]. "),
        ("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", ""),
        ("UPDATE_ROLLBACK_COMPLETE", ""),
    ]
    with refused("ValidationError", "No updates are to be performed."):
        stack.update(template(before))
    after["Bad"] = group(f"{name}-bad", 60)
    stack.update(template(after))
    assert stack.status == "UPDATE_COMPLETE" and len(log_groups(aws, name)) == 4


def test_without_rollback_a_failed_update_can_be_mended(aws: Aws, stack: Stack) -> None:
    name = f"/{unique()}"
    stack.create(template({"Group": group(name)}))
    stack.update(template({"Group": group(name, 31)}), DisableRollback=True)
    assert stack.status == "UPDATE_FAILED"
    stack.update(template({"Group": group(name, 14)}))
    assert stack.status == "UPDATE_COMPLETE" and log_groups(aws, name) == {name: 14}


def test_what_has_a_name_of_its_own_can_not_be_replaced(stack: Stack) -> None:
    key = {"Type": "AWS::KMS::Key", "Properties": {}}
    name = unique()
    stack.create(template({"Topic": topic(name)}))
    stack.update(template({"Topic": topic(name, FifoTopic=True), "Key": key}))
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    reason = next(text for status, text in stack.events("Topic") if status == "UPDATE_FAILED")
    assert reason == (
        "CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename "
        f"{name} and update the stack again."
    )


def test_new_stack_tags_reach_the_resources(aws: Aws, stack: Stack) -> None:
    name = unique()
    stack.create(template({"Topic": topic(name), "Group": group(f"/{name}")}), Tags=[{"Key": "a", "Value": "1"}])
    found = stack.changes(None, Tags=[{"Key": "b", "Value": "2"}])
    assert {item["ResourceChange"]["LogicalResourceId"] for item in found["Changes"]} == {"Topic", "Group"}
    assert all(item["ResourceChange"]["Scope"] == ["Tags"] for item in found["Changes"])
    stack.update(None, Tags=[{"Key": "b", "Value": "2"}])
    logs, sns = aws.client("logs"), aws.client("sns")
    arn = stack.resources()["Topic"]["PhysicalResourceId"]
    of_topic = {item["Key"]: item["Value"] for item in sns.list_tags_for_resource(ResourceArn=arn)["Tags"]}
    of_group = logs.list_tags_log_group(logGroupName=f"/{name}")["tags"]
    assert all(tags.get("b") == "2" and "a" not in tags for tags in (of_topic, of_group))


# ---- change sets


def test_a_change_set_names_just_what_a_parameter_changes(aws: Aws, stack: Stack) -> None:
    name = f"/{unique()}"
    body = template(
        {"One": group(name, {"Ref": "Days"}), "Two": group(f"{name}-2"), "Topic": topic(name[1:])}, Parameters=WITH_DAYS
    )
    stack.create(body)
    found = stack.changes(None, {"Days": 90})
    assert found["Status"] == "CREATE_COMPLETE" and found["ExecutionStatus"] == "AVAILABLE"
    (change,) = (item["ResourceChange"] for item in found["Changes"])
    assert change["Action"] == "Modify" and change["LogicalResourceId"] == "One"
    assert change["PhysicalResourceId"] == name and change["ResourceType"] == "AWS::Logs::LogGroup"
    assert change["Replacement"] == "False" and change["Scope"] == ["Properties"]
    target = {
        "Attribute": "Properties", "Name": "RetentionInDays", "RequiresRecreation": "Never", "BeforeValue": "30",
        "AfterValue": "90",
    }  # fmt: skip
    assert change["Details"] == [
        {"Target": target, "Evaluation": "Static", "ChangeSource": "ParameterReference", "CausingEntity": "Days"},
        {"Target": target, "Evaluation": "Dynamic", "ChangeSource": "DirectModification"},
    ]
    assert log_groups(aws, name)[name] == 30, "nothing has been done yet"
    stack.client.execute_change_set(ChangeSetName=found["ChangeSetId"])
    aws.settle()
    assert stack.status == "UPDATE_COMPLETE" and log_groups(aws, name)[name] == 90
    with refused("InvalidChangeSetStatus", "current execution status of [EXECUTE_COMPLETE]"):
        stack.client.execute_change_set(ChangeSetName=found["ChangeSetId"])


def test_a_change_set_tells_what_is_replaced_and_what_follows_from_it(stack: Stack) -> None:
    name = unique()
    body = {"Topic": topic(name), "Alarm": alarm(name, {"Ref": "Topic"}), "Old": group(f"/{name}")}
    stack.create(template(body))
    changed = {"Topic": topic(f"{name}-2"), "Alarm": body["Alarm"], "New": group(f"/{name}-2")}
    found = {item["ResourceChange"]["LogicalResourceId"]: item["ResourceChange"]
             for item in stack.changes(template(changed))["Changes"]}  # fmt: skip
    assert {key: (item["Action"], item.get("Replacement")) for key, item in found.items()} == {
        "Topic": ("Modify", "True"), "Alarm": ("Modify", "False"), "New": ("Add", None), "Old": ("Remove", None),
    }  # fmt: skip
    assert found["Topic"]["PolicyAction"] == "ReplaceAndDelete"
    (detail,) = found["Alarm"]["Details"]
    assert detail["ChangeSource"] == "ResourceReference" and detail["CausingEntity"] == "Topic"
    assert "KNOWN_AFTER_APPLY" in detail["Target"]["AfterValue"]


def alarm(name: str, action: Any) -> dict[str, Any]:
    properties = {
        "AlarmName": name, "AlarmActions": [action], "MetricName": "OperationsFailed", "Namespace": "AuroraRestore",
        "Statistic": "Sum", "Period": 300, "EvaluationPeriods": 1, "Threshold": "0",
        "ComparisonOperator": "GreaterThanThreshold",
    }  # fmt: skip
    return {"Type": "AWS::CloudWatch::Alarm", "Properties": properties}


def test_a_change_set_without_changes_has_failed(stack: Stack) -> None:
    stack.create(template({"Group": group(f"/{unique()}")}))
    found = stack.changes(None)
    assert (found["Status"], found["ExecutionStatus"], found["Changes"]) == ("FAILED", "UNAVAILABLE", [])
    assert found["StatusReason"] == (
        "The submitted information didn't contain changes. Submit different information to create a change set."
    )
    with refused("InvalidChangeSetStatus", "[UNAVAILABLE]"):
        stack.client.execute_change_set(ChangeSetName=found["ChangeSetId"])


def test_a_stack_can_be_made_by_a_change_set(aws: Aws, stack: Stack) -> None:
    name = f"/{unique()}"
    found = stack.changes(template({"Group": group(name)}), ChangeSetType="CREATE")
    assert [item["ResourceChange"]["Action"] for item in found["Changes"]] == ["Add"]
    assert stack.status == "REVIEW_IN_PROGRESS"
    stack.client.execute_change_set(ChangeSetName=found["ChangeSetName"], StackName=stack.name)
    aws.settle()
    assert stack.status == "CREATE_COMPLETE" and name in log_groups(aws, name)
    with refused("ValidationError", "already exists and cannot be created again with the changeSet"):
        stack.changes(template({"Group": group(name)}), ChangeSetType="CREATE")


def test_change_sets_are_listed_deleted_and_outdated(stack: Stack) -> None:
    name = f"/{unique()}"
    stack.create(template({"Group": group(name)}))
    first, second = (stack.changes(template({"Group": group(name, days)})) for days in (7, 14))
    listed = stack.client.list_change_sets(StackName=stack.name)["Summaries"]
    assert [item["ChangeSetId"] for item in listed] == [first["ChangeSetId"], second["ChangeSetId"]]
    stack.client.delete_change_set(ChangeSetName=first["ChangeSetId"])
    stack.client.delete_change_set(ChangeSetName=first["ChangeSetName"], StackName=stack.name)
    with refused("ChangeSetNotFound", "does not exist", 404):
        stack.client.describe_change_set(ChangeSetName=first["ChangeSetId"])
    stack.update(template({"Group": group(name, 60)}))
    with refused("InvalidChangeSetStatus", "[OBSOLETE]"):
        stack.client.execute_change_set(ChangeSetName=second["ChangeSetId"])


# ---- exports


def test_exports_are_imported_and_can_not_go_while_they_are(aws: Aws, stack: Stack) -> None:
    name, other = unique(), Stack(aws)
    outputs = {"Arn": {"Value": {"Ref": "Topic"}, "Export": {"Name": name}}}
    stack.create(template({"Topic": topic(name)}, Outputs=outputs))
    other.create(template({"Topic": topic(f"{name}-2", DisplayName={"Fn::ImportValue": name})}))
    assert other.status == "CREATE_COMPLETE"
    client = stack.client
    assert name in {item["Name"] for item in client.list_exports()["Exports"]}
    assert client.list_imports(ExportName=name)["Imports"] == [other.name]
    stack.delete()
    told = f"Delete canceled. Cannot delete export {name} as it is in use by {other.name}."
    assert stack.status == "CREATE_COMPLETE" and stack.see()["StackStatusReason"] == told
    stack.update(template({"Topic": topic(name)}))
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert ("UPDATE_ROLLBACK_IN_PROGRESS", f"Export {name} cannot be deleted as it is in use by {other.name}") in (
        stack.events()
    )
    other.delete()
    stack.delete()
    assert name not in {item["Name"] for item in client.list_exports()["Exports"]}


def test_an_export_has_one_owner_and_must_exist(aws: Aws, stack: Stack) -> None:
    name, other = unique(), Stack(aws)
    outputs = {"Arn": {"Value": "x", "Export": {"Name": name}}}
    stack.create(template({"Group": group(f"/{name}")}, Outputs=outputs))
    other.create(template({"Group": group(f"/{name}-2")}, Outputs=outputs))
    assert other.status == "ROLLBACK_COMPLETE"
    assert f"Export with name {name} is already exported by stack {stack.name}" in other.events()[1][1]
    third = Stack(aws)
    third.create(template({"Topic": topic({"Fn::ImportValue": "nobody-has-it"})}))
    assert third.status == "ROLLBACK_COMPLETE"
    assert ("CREATE_FAILED", "No export named nobody-has-it found.") in third.events("Topic")


# ---- deletion


def test_deletion_removes_everything_but_what_is_retained(aws: Aws, stack: Stack) -> None:
    name = f"/{unique()}"
    stack_id = stack.create(
        template({"Kept": group(f"{name}-kept", DeletionPolicy="Retain"), "Gone": group(f"{name}-gone")})
    )["StackId"]
    stack.delete()
    assert list(log_groups(aws, name)) == [f"{name}-kept"]
    assert stack.statuses("Kept", stack_id)[-1] == "DELETE_SKIPPED"
    assert stack.see(stack_id)["StackStatus"] == "DELETE_COMPLETE"
    stack.delete()  # there is none, which is fine
    for call in ("describe_stack_events", "list_stack_resources", "describe_stacks"):
        with refused("ValidationError", "does not exist"):
            getattr(stack.client, call)(StackName=stack.name)


def test_what_was_deleted_by_hand_does_not_matter(aws: Aws, stack: Stack) -> None:
    name = f"/{unique()}"
    stack_id = stack.create(template({"Group": group(name)}))["StackId"]
    aws.client("logs").delete_log_group(logGroupName=name)
    stack.delete()
    assert stack.see(stack_id)["StackStatus"] == "DELETE_COMPLETE"


def test_a_failed_deletion_can_be_repeated_and_resources_be_left(aws: Aws, stack: Stack) -> None:
    name = unique()
    stack_id = stack.create(template({"Table": table(name, True), "Group": group(f"/{name}")}))["StackId"]
    stack.delete()
    assert stack.status == "DELETE_FAILED"
    assert stack.see()["StackStatusReason"] == "The following resource(s) failed to delete: [Table]. "
    assert list(log_groups(aws, f"/{name}")) == []
    stack.delete(RetainResources=["Table"])
    assert stack.see(stack_id)["StackStatus"] == "DELETE_COMPLETE"
    assert aws.client("dynamodb").describe_table(TableName=name)["Table"]["DeletionProtectionEnabled"]


def table(name: str, protected: bool) -> dict[str, Any]:
    properties = {
        "TableName": name, "BillingMode": "PAY_PER_REQUEST", "DeletionProtectionEnabled": protected,
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    }  # fmt: skip
    return {"Type": "AWS::DynamoDB::Table", "Properties": properties}


def test_termination_protection_holds(stack: Stack) -> None:
    stack.create(template({"Group": group(f"/{unique()}")}), EnableTerminationProtection=True)
    with refused("ValidationError", f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled"):
        stack.delete()
    stack.client.update_termination_protection(StackName=stack.name, EnableTerminationProtection=False)
    assert stack.see()["EnableTerminationProtection"] is False
    stack.delete()
    with refused("ValidationError", "does not exist"):
        stack.see()


def test_retained_ones_stay_after_a_rollback_but_for_those_only_retained_later(aws: Aws, stack: Stack) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html"""
    name = f"/{unique()}"
    body = {
        "Kept": group(f"{name}-kept", DeletionPolicy="Retain"),
        "Later": group(f"{name}-later", DeletionPolicy="RetainExceptOnCreate"),
        "Bad": {**group(f"{name}-bad", 31), "DependsOn": ["Kept", "Later"]},
    }
    stack.create(template(body))
    assert stack.status == "ROLLBACK_COMPLETE" and list(log_groups(aws, name)) == [f"{name}-kept"]


# ---- the rest of the API


def test_stacks_are_listed_with_templates_and_policies(stack: Stack) -> None:
    body = template(
        {"Group": group({"Ref": "Name"}, Metadata={"for": "tests"})},
        Parameters={"Name": {"Type": "String"}, "Secret": {"Type": "String", "NoEcho": True, "Default": "hidden"}},
        Description="A group",
    )
    name = f"/{unique()}"
    stack.create(body, {"Name": name})
    client = stack.client
    assert stack.name in {item["StackName"] for item in client.list_stacks()["StackSummaries"]}
    some = client.list_stacks(StackStatusFilter=["DELETE_COMPLETE"])["StackSummaries"]
    assert stack.name not in {item["StackName"] for item in some}
    assert client.get_template(StackName=stack.name)["TemplateBody"] == json.loads(body)
    assert stack.see()["Description"] == "A group"
    assert {item["ParameterKey"]: item["ParameterValue"] for item in stack.see()["Parameters"]} == {
        "Name": name, "Secret": "****",
    }  # fmt: skip
    summary = client.get_template_summary(StackName=stack.name)
    assert summary["ResourceTypes"] == ["AWS::Logs::LogGroup"]
    detail = client.describe_stack_resource(StackName=stack.name, LogicalResourceId="Group")["StackResourceDetail"]
    assert detail["PhysicalResourceId"] == name and json.loads(detail["Metadata"]) == {"for": "tests"}
    (found,) = client.describe_stack_resources(StackName=stack.name)["StackResources"]
    assert found["ResourceStatus"] == "CREATE_COMPLETE"
    client.set_stack_policy(StackName=stack.name, StackPolicyBody='{"Statement": []}')
    assert client.get_stack_policy(StackName=stack.name)["StackPolicyBody"] == '{"Statement": []}'


def test_stacks_belong_to_a_region(aws: Aws, stack: Stack) -> None:
    stack.create(template({"Group": group(f"/{unique()}")}))
    with refused("ValidationError", "does not exist"):
        aws.client("cloudformation", "us-east-1").describe_stacks(StackName=stack.name)


def test_parameters_must_fit(stack: Stack) -> None:
    body = template({"Group": group({"Ref": "Name"})}, Parameters={"Name": {"Type": "String"}})
    with refused("ValidationError", "Parameters: [Name] must have values"):
        stack.client.create_stack(StackName=stack.name, TemplateBody=body)
    with refused("ValidationError", "Parameters: [Nome] do not exist in the template"):
        stack.client.create_stack(
            StackName=stack.name, TemplateBody=body, Parameters=given({"Name": "/x", "Nome": "/x"}), Capabilities=NAMED
        )
