# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Helpers of the tests of CloudFormation."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any

from in_process import Aws

NAMED = ["CAPABILITY_NAMED_IAM"]


def unique(prefix: str = "t") -> str:
    """A name that no other test has: moto's other services are not emptied between tests."""
    return f"{prefix}-{uuid.uuid4().hex[:12]}"


def template(resources: Mapping[str, Any], **sections: Any) -> str:
    return json.dumps({"Resources": resources, **sections})


def given(values: Mapping[str, Any]) -> list[dict[str, str]]:
    return [{"ParameterKey": key, "ParameterValue": str(value)} for key, value in values.items()]


def group(name: Any, days: Any = 30, **more: Any) -> dict[str, Any]:
    """A log group: the simplest resource that can be changed and replaced."""
    properties = {"LogGroupName": name, "RetentionInDays": days}
    return {"Type": "AWS::Logs::LogGroup", "Properties": properties, **more}


def topic(name: Any, **more: Any) -> dict[str, Any]:
    return {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": name, **more}}


class Stack:
    """One stack of a test's."""

    def __init__(self, aws: Aws, client: Any = None) -> None:
        self.aws = aws
        self.name = unique("stack")
        self.client = client or aws.client("cloudformation")

    def create(self, body: str, parameters: Mapping[str, Any] | None = None, settle: bool = True, **more: Any) -> Any:
        made = self.client.create_stack(
            StackName=self.name, TemplateBody=body, Parameters=given(parameters or {}), Capabilities=NAMED, **more
        )
        if settle:
            self.aws.settle()
        return made

    def update(self, body: str | None, parameters: Mapping[str, Any] | None = None, **more: Any) -> None:
        chosen: dict[str, Any] = {"TemplateBody": body} if body else {"UsePreviousTemplate": True}
        self.client.update_stack(
            StackName=self.name, Parameters=given(parameters or {}), Capabilities=NAMED, **chosen, **more
        )
        self.aws.settle()

    def delete(self, **more: Any) -> None:
        self.client.delete_stack(StackName=self.name, **more)
        self.aws.settle()

    def changes(self, body: str | None, parameters: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
        """What a new change set says."""
        chosen: dict[str, Any] = {"TemplateBody": body} if body else {"UsePreviousTemplate": True}
        made = self.client.create_change_set(
            StackName=self.name, ChangeSetName=unique("c"), Parameters=given(parameters or {}), Capabilities=NAMED,
            **chosen, **more,
        )  # fmt: skip
        return dict(self.client.describe_change_set(ChangeSetName=made["Id"], IncludePropertyValues=True))

    def see(self, name: str | None = None) -> dict[str, Any]:
        return dict(self.client.describe_stacks(StackName=name or self.name)["Stacks"][0])

    @property
    def status(self) -> str:
        return str(self.see()["StackStatus"])

    @property
    def outputs(self) -> dict[str, str]:
        return {item["OutputKey"]: item["OutputValue"] for item in self.see().get("Outputs", [])}

    def resources(self, name: str | None = None) -> dict[str, dict[str, Any]]:
        found = self.client.list_stack_resources(StackName=name or self.name)["StackResourceSummaries"]
        return {item["LogicalResourceId"]: item for item in found}

    def events(self, logical_id: str | None = None, name: str | None = None) -> list[tuple[str, str]]:
        """Status and reason, the oldest first; of the stack itself, or of a resource."""
        found = self.client.describe_stack_events(StackName=name or self.name)["StackEvents"][::-1]
        wanted = logical_id or self.name
        return [
            (item["ResourceStatus"], item.get("ResourceStatusReason", ""))
            for item in found
            if item["LogicalResourceId"] == wanted
        ]

    def statuses(self, logical_id: str | None = None, name: str | None = None) -> list[str]:
        return [status for status, _reason in self.events(logical_id, name)]
