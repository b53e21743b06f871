# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each action on stacks does.

https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Operations.html. Messages as AWS's user guide
and issues of public projects have them; that a stack whose exports are in use stays as it was, with an event that says
so: https://github.com/rlister/stax/issues/40, https://github.com/aws-samples/iam-identity-center-team/pull/474.
"""

from __future__ import annotations

import re
import threading
import uuid
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from sandbox.cloudformation import parameters, references, templates
from sandbox.cloudformation.calls import Calls, Identity, Wsgi
from sandbox.cloudformation.changes import changes, outputs_differ
from sandbox.cloudformation.errors import CloudFormationError, invalid, no_stack
from sandbox.cloudformation.evaluation import Evaluation
from sandbox.cloudformation.operations import Operation
from sandbox.cloudformation.resources import ATTRIBUTES, KINDS
from sandbox.cloudformation.runner import Runner
from sandbox.cloudformation.stacks import Stack, Wanted
from sandbox.cloudformation.templates import Template

NAME = re.compile(r"[a-zA-Z][-a-zA-Z0-9]{0,127}\Z")
NO_UPDATES = "No updates are to be performed."
# What can be updated; the failed ones where nothing was rolled back.
UPDATABLE = frozenset(
    ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "CREATE_FAILED", "UPDATE_FAILED")
)  # fmt: skip
TAGS = 50
Given = Mapping[str, Any]


class Stacks:
    """All stacks of all accounts and regions.

    :param application, url: where the calls go that stacks are made by.
    """

    def __init__(self, runner: Runner, now: Callable[[], datetime], application: Wsgi, url: str) -> None:
        self.lock = threading.RLock()
        self.now = now
        self.runner = runner
        self._application, self._url = application, url
        self._stacks: dict[str, Stack] = {}

    # which there are

    def all(self, where: Identity) -> list[Stack]:
        """The newest first."""
        here = [item for item in self._stacks.values() if (item.account, item.region) == (where.account, where.region)]
        return here[::-1]

    def find(self, where: Identity, name: str) -> Stack | None:
        """By its id, or by its name if it is not deleted."""
        return next(
            (item for item in self.all(where) if item.id == name or (item.name == name and not item.is_deleted)), None
        )

    def get(self, where: Identity, name: str) -> Stack:
        """
        :raises CloudFormationError: there is none.
        """
        found = self.find(where, name)
        if found is None:
            raise no_stack(name)
        return found

    # exports

    def exports(self, where: Identity) -> dict[str, tuple[Stack, str]]:
        """Value and owner of each export."""
        return {
            output["ExportName"]: (stack, output["OutputValue"])
            for stack in self.all(where)
            if not stack.is_deleted
            for output in stack.outputs
            if "ExportName" in output
        }

    def importers(self, where: Identity, export: str) -> list[str]:
        """The stacks that use an export."""
        return [stack.name for stack in self.all(where) if not stack.is_deleted and export in stack.imports]

    def export_value(self, where: Identity) -> Callable[[str], str | None]:
        return lambda name: self.exports(where).get(name, (None, None))[1]

    def export_problem(self, where: Identity) -> Callable[[Stack, list[dict[str, Any]]], str | None]:
        """Why a stack can't have such outputs; None: it can."""

        def problem(stack: Stack, outputs: list[dict[str, Any]]) -> str | None:
            wanted = {item["ExportName"]: item["OutputValue"] for item in outputs if "ExportName" in item}
            for name, (owner, value) in self.exports(where).items():
                if owner is not stack and name in wanted:
                    return f"Export with name {name} is already exported by stack {owner.name}"
                users = self.importers(where, name) if owner is stack else []
                if users and wanted.get(name) != value:
                    verb = "updated" if name in wanted else "deleted"
                    return f"Export {name} cannot be {verb} as it is in use by {' and '.join(users)}"
            return None

        return problem

    # what is wanted

    def wanted(self, given: Given, stack: Stack | None) -> Wanted:
        """What a call asks for.

        :param stack: the one that is to be changed.
        :raises CloudFormationError: it can't be.
        """
        before = stack.wanted if stack else None
        template = self._template(given, before)
        found = parameters.values(template, given.get("Parameters") or (), before.parameters if before else None)
        references.check(template, ATTRIBUTES)
        capabilities = tuple(given.get("Capabilities") or ())
        check_capabilities(template, capabilities)
        tags = {str(tag["Key"]): str(tag["Value"]) for tag in given.get("Tags") or ()}
        if before and given.get("Tags") is None:
            tags = dict(before.tags)
        _check_tags(tags)
        return Wanted(template, found, tags, capabilities, tuple(given.get("NotificationARNs") or ()))

    @staticmethod
    def _template(given: Given, before: Wanted | None) -> Template:
        if given.get("UsePreviousTemplate") and before:
            return before.template
        if given.get("TemplateURL"):
            raise invalid("The sandbox reads no templates from S3.")
        if given.get("TemplateBody") is None:
            raise invalid("Either Template URL or Template Body must be specified.")
        return templates.read(str(given["TemplateBody"]))

    # actions

    def create(self, where: Identity, given: Given) -> Stack:
        name = str(given["StackName"])
        with self.lock:
            if self.find(where, name):
                raise CloudFormationError("AlreadyExistsException", f"Stack [{name}] already exists")
            stack = self.new(where, name, given, "CREATE_IN_PROGRESS")
            Evaluation(stack.wanted, stack.id, {}, self.export_value(where)).included()
            self._stacks[stack.id] = stack
        on_failure = given.get("OnFailure") or ("DO_NOTHING" if given.get("DisableRollback") else "ROLLBACK")
        self.begin_creation(where, stack, str(on_failure))
        return stack

    def new(self, where: Identity, name: str, given: Given, status: str) -> Stack:
        """
        :raises CloudFormationError: such a stack can't be.
        """
        if not NAME.match(name):
            raise invalid(
                f"1 validation error detected: Value '{name}' at 'stackName' failed to satisfy constraint: Member must "
                "satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*"
            )
        if given.get("RoleARN"):
            raise invalid("The sandbox has no service roles for CloudFormation.")
        stack_id = f"arn:aws:cloudformation:{where.region}:{where.account}:stack/{name}/{uuid.uuid4()}"
        wanted = self.wanted(given, None)
        return Stack(
            stack_id, name, where.account, where.region, wanted, self.now(), status,
            disable_rollback=bool(given.get("DisableRollback")),
            termination_protection=bool(given.get("EnableTerminationProtection")),
            policy=given.get("StackPolicyBody"), timeout=given.get("TimeoutInMinutes"),
            token=given.get("ClientRequestToken"),
        )  # fmt: skip

    def keep(self, stack: Stack) -> None:
        self._stacks[stack.id] = stack

    def begin_creation(self, where: Identity, stack: Stack, on_failure: str) -> None:
        operation = self._operation(where, stack)
        stack.record(self.now(), None, "CREATE_IN_PROGRESS", "User Initiated")
        count = len(stack.wanted.template.resources) + 1
        self._run(stack, operation.create(on_failure), count, "CREATE_FAILED")

    def update(self, where: Identity, given: Given) -> Stack:
        with self.lock:
            stack = self.find(where, str(given["StackName"]))
            if stack is None:
                raise invalid(f"Stack [{given['StackName']}] does not exist")
            check_updatable(stack)
            wanted = self.wanted(given, stack)
            if not self.differs(where, stack, wanted):
                raise invalid(NO_UPDATES)
            if given.get("StackPolicyBody"):
                stack.policy = given["StackPolicyBody"]
            stack.token = given.get("ClientRequestToken")
            stack.status = "UPDATE_IN_PROGRESS"
        self.begin_update(where, stack, wanted, bool(given.get("DisableRollback")))
        return stack

    def differs(self, where: Identity, stack: Stack, wanted: Wanted) -> bool:
        exports, old = self.export_value(where), stack.wanted
        return bool(
            changes(stack, wanted, exports)
            or outputs_differ(stack, wanted, exports)
            or old.tags != wanted.tags
            or old.notification_arns != wanted.notification_arns
        )

    def begin_update(self, where: Identity, stack: Stack, wanted: Wanted, disable_rollback: bool) -> None:
        operation = self._operation(where, stack)
        stack.disable_rollback = disable_rollback
        stack.record(self.now(), None, "UPDATE_IN_PROGRESS", "User Initiated")
        count = len(wanted.template.resources) + 1
        self._run(stack, operation.update(wanted, disable_rollback), count, "UPDATE_FAILED")

    def delete(self, where: Identity, given: Given) -> None:
        with self.lock:
            stack = self.find(where, str(given["StackName"]))
            if stack is None or stack.is_deleted or stack.status == "DELETE_IN_PROGRESS":
                return
            if stack.termination_protection:
                raise invalid(f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled")
            retain = _retained(stack, given.get("RetainResources") or ())
            if stack.is_busy and stack.status != "CREATE_IN_PROGRESS":
                raise invalid(f"Stack [{stack.id}] cannot be deleted while in status {stack.status}")
            stack.token = given.get("ClientRequestToken")
            in_use = self._in_use(where, stack)
            if in_use:
                stack.record(self.now(), None, stack.status, in_use)
                return
            operation = self._operation(where, stack)
            stack.record(self.now(), None, "DELETE_IN_PROGRESS", "User Initiated")
        self._run(stack, operation.delete(retain), len(stack.items) + 1, "DELETE_FAILED")

    def _in_use(self, where: Identity, stack: Stack) -> str | None:
        for output in stack.outputs:
            name = output.get("ExportName")
            users = self.importers(where, name) if name else []
            if users:
                return f"Delete canceled. Cannot delete export {name} as it is in use by {_listed(users)}."
        return None

    def _operation(self, where: Identity, stack: Stack) -> Operation:
        calls = Calls(self._application, where, self._url)
        made = Operation(stack, calls, self.now, self.export_value(where), self.export_problem(where))
        stack.operation = made
        return made

    def _run(self, stack: Stack, steps: Any, count: int, status: str) -> None:
        def failed(error: BaseException) -> None:
            stack.record(self.now(), None, status, f"Internal failure: {error}")

        self.runner.run(stack.id, steps, count, failed)


def check_updatable(stack: Stack) -> None:
    if stack.status not in UPDATABLE:
        raise invalid(f"Stack:{stack.id} is in {stack.status} state and can not be updated.")


def check_capabilities(template: Template, given: Iterable[str]) -> None:
    """
    :raises CloudFormationError: what touches IAM has not been acknowledged.
    """
    needed = capabilities_needed(template)
    enough = ("CAPABILITY_NAMED_IAM",) if needed == "CAPABILITY_NAMED_IAM" else ("CAPABILITY_NAMED_IAM", needed)
    if needed and not set(enough) & set(given):
        raise CloudFormationError("InsufficientCapabilitiesException", f"Requires capabilities : [{needed}]")


def capabilities_needed(template: Template) -> str | None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html, Capabilities."""
    about_iam = [item for item in template.resources.values() if item.type.startswith("AWS::IAM::")]
    if any(KINDS[item.type].name in item.properties for item in about_iam if item.type in KINDS):
        return "CAPABILITY_NAMED_IAM"
    return "CAPABILITY_IAM" if about_iam else None


def _check_tags(tags: Mapping[str, str]) -> None:
    if len(tags) > TAGS:
        raise invalid(f"1 validation error detected: Value at 'tags' failed to satisfy constraint: Member must have "
                      f"length less than or equal to {TAGS}")  # fmt: skip
    reserved = [key for key in tags if key.lower().startswith("aws:")]
    if reserved:
        raise invalid(f"aws: prefixed tag key names are not allowed for external use: {', '.join(reserved)}")


def _retained(stack: Stack, names: Iterable[str]) -> tuple[str, ...]:
    retain = tuple(names)
    if retain and stack.status != "DELETE_FAILED":
        raise invalid(
            f"Invalid operation on stack [{stack.id}]. The specified resources to retain can only be used with stacks "
            "in the DELETE_FAILED state"
        )
    return retain


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
