# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One method per action of the API."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from moto.core.responses import ActionResult, BaseResponse, EmptyResult

from sandbox.cloudformation import parameters, references, templates
from sandbox.cloudformation.calls import Identity
from sandbox.cloudformation.changesets import ChangeSets
from sandbox.cloudformation.errors import invalid
from sandbox.cloudformation.resources import ATTRIBUTES
from sandbox.cloudformation.service import Stacks, capabilities_needed
from sandbox.cloudformation.stacks import Item, Stack
from sandbox.cloudformation.templates import Template

CAPABILITIES_REASON = "The following resource(s) require capabilities: [{}]"
NOT_CHECKED = {"StackDriftStatus": "NOT_CHECKED"}


class StackResponse(BaseResponse):
    """Answers one request."""

    stacks: ClassVar[Stacks]
    change_sets: ClassVar[ChangeSets]

    def __init__(self) -> None:
        super().__init__(service_name="cloudformation")
        self.automated_parameter_parsing = True

    @property
    def _where(self) -> Identity:
        return Identity(self.get_access_key(), self.current_account, self.region)

    @property
    def _given(self) -> dict[str, Any]:
        return {name: value for name, value in self.params.items() if value is not None}

    def _stack(self) -> Stack:
        return self.stacks.get(self._where, str(self._given["StackName"]))

    # stacks

    def create_stack(self) -> ActionResult:
        return ActionResult({"StackId": self.stacks.create(self._where, self._given).id})

    def update_stack(self) -> ActionResult:
        stack = self.stacks.update(self._where, self._given)
        self.change_sets.outdate(stack)
        return ActionResult({"StackId": stack.id})

    def delete_stack(self) -> ActionResult:
        self.stacks.delete(self._where, self._given)
        return EmptyResult()

    def describe_stacks(self) -> ActionResult:
        found = self.stacks.all(self._where)
        shown = [self._stack()] if self._given.get("StackName") else [item for item in found if not item.is_deleted]
        return ActionResult({"Stacks": [described(stack) for stack in shown]})

    def list_stacks(self) -> ActionResult:
        wanted = self._given.get("StackStatusFilter")
        found = [stack for stack in self.stacks.all(self._where) if not wanted or stack.status in wanted]
        return ActionResult({"StackSummaries": [summary(stack) for stack in found]})

    def describe_stack_events(self) -> ActionResult:
        """The newest first."""
        stack = self.stacks.find(self._where, str(self._given["StackName"]))
        if stack is None:
            raise invalid(f"Stack [{self._given['StackName']}] does not exist")
        return ActionResult({"StackEvents": stack.events[::-1]})

    def update_termination_protection(self) -> ActionResult:
        stack = self._stack()
        stack.termination_protection = bool(self._given["EnableTerminationProtection"])
        return ActionResult({"StackId": stack.id})

    def set_stack_policy(self) -> ActionResult:
        self._stack().policy = self._given.get("StackPolicyBody")
        return EmptyResult()

    def get_stack_policy(self) -> ActionResult:
        policy = self._stack().policy
        return ActionResult({"StackPolicyBody": policy} if policy else {})

    # their resources

    def list_stack_resources(self) -> ActionResult:
        stack = self.stacks.find(self._where, str(self._given["StackName"]))
        if stack is None:
            raise invalid(f"Stack with id {self._given['StackName']} does not exist")
        shown = [resource(item, "LastUpdatedTimestamp") for item in stack.items.values()]
        return ActionResult({"StackResourceSummaries": shown})

    def describe_stack_resources(self) -> ActionResult:
        stack, wanted = self._stack(), self._given.get("LogicalResourceId")
        about = {"StackName": stack.name, "StackId": stack.id}
        found = [item for item in stack.items.values() if wanted in (None, item.logical_id)]
        return ActionResult({"StackResources": [{**about, **resource(item, "Timestamp")} for item in found]})

    def describe_stack_resource(self) -> ActionResult:
        stack, wanted = self._stack(), str(self._given["LogicalResourceId"])
        if wanted not in stack.items:
            raise invalid(f"Resource {wanted} does not exist for stack {stack.name}")
        about: dict[str, Any] = {"StackName": stack.name, "StackId": stack.id}
        item = stack.items[wanted]
        if item.metadata is not None:
            about["Metadata"] = json.dumps(item.metadata)
        return ActionResult({"StackResourceDetail": {**about, **resource(item, "LastUpdatedTimestamp")}})

    # templates

    def get_template(self) -> ActionResult:
        body = self._stack().wanted.template.body
        return ActionResult({"TemplateBody": body, "StagesAvailable": ["Original", "Processed"]})

    def _checked_template(self) -> Template:
        if self._given.get("StackName"):
            return self._stack().wanted.template
        if self._given.get("TemplateBody") is None:
            raise invalid("Either Template URL or Template Body must be specified.")
        template = templates.read(str(self._given["TemplateBody"]))
        references.check(template, ATTRIBUTES)
        return template

    def validate_template(self) -> ActionResult:
        template = self._checked_template()
        declared = [_declared(name, item) for name, item in template.parameters.items()]
        return ActionResult({"Parameters": declared, "Description": template.description, **_capabilities(template)})

    def get_template_summary(self) -> ActionResult:
        template = self._checked_template()
        declared = [
            {**_declared(name, item), "ParameterType": item.get("Type")} for name, item in template.parameters.items()
        ]
        types = sorted({item.type for item in template.resources.values()})
        return ActionResult(
            {
                "Parameters": declared, "Description": template.description, "ResourceTypes": types,
                **_capabilities(template),
            }
        )  # fmt: skip

    # change sets

    def create_change_set(self) -> ActionResult:
        made = self.change_sets.create(self._where, self._given)
        return ActionResult({"Id": made.id, "StackId": made.stack.id})

    def describe_change_set(self) -> ActionResult:
        found = self.change_sets.get(self._where, self._given)
        return ActionResult(found.described(bool(self._given.get("IncludePropertyValues"))))

    def list_change_sets(self) -> ActionResult:
        return ActionResult({"Summaries": [item.summary() for item in self.change_sets.of(self._stack())]})

    def execute_change_set(self) -> ActionResult:
        self.change_sets.execute(self._where, self._given)
        return EmptyResult()

    def delete_change_set(self) -> ActionResult:
        self.change_sets.delete(self._where, self._given)
        return EmptyResult()

    # exports

    def list_exports(self) -> ActionResult:
        found = self.stacks.exports(self._where)
        return ActionResult(
            {
                "Exports": [
                    {"ExportingStackId": stack.id, "Name": name, "Value": value}
                    for name, (stack, value) in sorted(found.items())
                ]
            }
        )

    def list_imports(self) -> ActionResult:
        name = str(self._given["ExportName"])
        if name not in self.stacks.exports(self._where):
            raise invalid(f"Export '{name}' is not exported by any stack.")
        users = self.stacks.importers(self._where, name)
        if not users:
            raise invalid(f"Export '{name}' is not imported by any stack.")
        return ActionResult({"Imports": users})


def described(stack: Stack) -> dict[str, Any]:
    """As DescribeStacks has it."""
    wanted = stack.wanted
    return {
        **summary(stack),
        "Description": wanted.template.description,
        "Parameters": parameters.described(wanted.template, wanted.parameters),
        "Outputs": stack.outputs,
        "Tags": [{"Key": key, "Value": value} for key, value in wanted.tags.items()],
        "Capabilities": list(wanted.capabilities),
        "NotificationARNs": list(wanted.notification_arns),
        "DisableRollback": stack.disable_rollback,
        "EnableTerminationProtection": stack.termination_protection,
        "RollbackConfiguration": {},
        "TimeoutInMinutes": stack.timeout,
        "ChangeSetId": stack.change_set_id,
    }


def summary(stack: Stack) -> dict[str, Any]:
    return {
        "StackId": stack.id,
        "StackName": stack.name,
        "TemplateDescription": stack.wanted.template.description,
        "StackStatus": stack.status,
        "StackStatusReason": stack.reason,
        "CreationTime": stack.created,
        "LastUpdatedTime": stack.updated,
        "DeletionTime": stack.deleted,
        "DriftInformation": NOT_CHECKED,
    }


def resource(item: Item, moment: str) -> dict[str, Any]:
    """:param moment: what the action calls the time of the last change."""
    return {
        "LogicalResourceId": item.logical_id,
        "PhysicalResourceId": item.physical_id or None,
        "ResourceType": item.type,
        "ResourceStatus": item.status,
        "ResourceStatusReason": item.reason,
        "DriftInformation": {"StackResourceDriftStatus": "NOT_CHECKED"},
        moment: item.updated,
    }


def _declared(name: str, item: Mapping[str, Any]) -> dict[str, Any]:
    shown = {"ParameterKey": name, "NoEcho": parameters.is_secret(item), "Description": item.get("Description")}
    if item.get("Default") is not None:
        shown["DefaultValue"] = str(item["Default"])
    return {key: value for key, value in shown.items() if value is not None}


def _capabilities(template: Template) -> dict[str, Any]:
    needed = capabilities_needed(template)
    if not needed:
        return {}
    types = sorted({item.type for item in template.resources.values() if item.type.startswith("AWS::IAM::")})
    return {"Capabilities": [needed], "CapabilitiesReason": CAPABILITIES_REASON.format(", ".join(types))}
