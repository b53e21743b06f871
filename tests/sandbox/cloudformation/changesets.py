# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Change sets.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-changesets.html. They are
worked out within the call that makes them, unless they are given time.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sandbox.cloudformation import parameters
from sandbox.cloudformation.calls import Identity
from sandbox.cloudformation.changes import Change, changes, described
from sandbox.cloudformation.errors import CloudFormationError, invalid
from sandbox.cloudformation.service import NAME, Given, Stacks, check_updatable
from sandbox.cloudformation.stacks import Stack, Wanted

NO_CHANGES = "The submitted information didn't contain changes. Submit different information to create a change set."


@dataclass
class ChangeSet:
    """
    :param kind: CREATE or UPDATE.
    :param execution: whether it can be executed, or has been.
    """

    id: str
    name: str
    stack: Stack
    wanted: Wanted
    kind: str
    created: datetime
    description: str | None = None
    on_failure: str | None = None
    status: str = "CREATE_COMPLETE"
    reason: str | None = None
    execution: str = "AVAILABLE"
    changes: list[Change] = field(default_factory=list)

    def described(self, with_values: bool = False) -> dict[str, Any]:
        template = self.wanted.template
        return {
            **self.summary(),
            "Parameters": parameters.described(template, self.wanted.parameters),
            "Capabilities": list(self.wanted.capabilities),
            "NotificationARNs": list(self.wanted.notification_arns),
            "RollbackConfiguration": {},
            "Tags": [{"Key": key, "Value": value} for key, value in self.wanted.tags.items()],
            "Changes": [described(change, self.stack, self.wanted, with_values) for change in self.changes],
            **({"OnStackFailure": self.on_failure} if self.on_failure else {}),
        }

    def summary(self) -> dict[str, Any]:
        shown = {
            "StackId": self.stack.id, "StackName": self.stack.name, "ChangeSetId": self.id, "ChangeSetName": self.name,
            "ExecutionStatus": self.execution, "Status": self.status, "StatusReason": self.reason,
            "CreationTime": self.created, "Description": self.description, "IncludeNestedStacks": False,
        }  # fmt: skip
        return {key: value for key, value in shown.items() if value is not None}


class ChangeSets:
    def __init__(self, stacks: Stacks) -> None:
        self._stacks = stacks
        self._sets: dict[str, ChangeSet] = {}

    def of(self, stack: Stack) -> list[ChangeSet]:
        return [item for item in self._sets.values() if item.stack is stack]

    def by_id(self, change_set_id: str) -> ChangeSet | None:
        return self._sets.get(change_set_id)

    def get(self, where: Identity, given: Given) -> ChangeSet:
        """
        :raises CloudFormationError: there is none.
        """
        name, stack_name = str(given["ChangeSetName"]), given.get("StackName")
        if name.startswith("arn:"):
            found = self._sets.get(name)
        elif not stack_name:
            raise invalid("StackName must be specified if ChangeSetName is not specified as an ARN.")
        else:
            found = next((item for item in self.of(self._stacks.get(where, stack_name)) if item.name == name), None)
        if found is None:
            raise CloudFormationError("ChangeSetNotFound", f"ChangeSet [{name}] does not exist")
        return found

    def create(self, where: Identity, given: Given) -> ChangeSet:
        kind, name = given.get("ChangeSetType") or "UPDATE", str(given["ChangeSetName"])
        if not NAME.match(name):
            raise invalid(
                f"1 validation error detected: Value '{name}' at 'changeSetName' failed to satisfy constraint: Member "
                "must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*"
            )
        if kind not in ("CREATE", "UPDATE"):
            raise invalid(f"The sandbox has no change sets of type {kind}.")
        with self._stacks.lock:
            stack, wanted = self._stack_and_wanted(where, given, kind, name)
            change_set_id = f"arn:aws:cloudformation:{where.region}:{where.account}:changeSet/{name}/{uuid.uuid4()}"
            made = ChangeSet(
                change_set_id, name, stack, wanted, kind, self._stacks.now(), given.get("Description"),
                given.get("OnStackFailure"),
            )  # fmt: skip
            self._work_out(where, made)
            self._sets[change_set_id] = made
        return made

    def _stack_and_wanted(self, where: Identity, given: Given, kind: str, name: str) -> tuple[Stack, Wanted]:
        stack_name = str(given["StackName"])
        stack = self._stacks.find(where, stack_name)
        if kind == "UPDATE":
            if stack is None:
                raise invalid(f"Stack [{stack_name}] does not exist")
            self._check_name(stack, name)
            check_updatable(stack)
            return stack, self._stacks.wanted(given, stack)
        if stack is None:
            stack = self._stacks.new(where, stack_name, given, "REVIEW_IN_PROGRESS")
            stack.record(self._stacks.now(), None, "REVIEW_IN_PROGRESS", "User Initiated")
            self._stacks.keep(stack)
            return stack, stack.wanted
        if stack.status != "REVIEW_IN_PROGRESS":
            raise invalid(
                f"Stack [{stack_name}] already exists and cannot be created again with the changeSet [{name}]."
            )
        self._check_name(stack, name)
        return stack, self._stacks.wanted(given, None)

    def _check_name(self, stack: Stack, name: str) -> None:
        if any(item.name == name for item in self.of(stack)):
            raise CloudFormationError("AlreadyExistsException", f"ChangeSet {name} already exists")

    def _work_out(self, where: Identity, made: ChangeSet) -> None:
        try:
            made.changes = changes(made.stack, made.wanted, self._stacks.export_value(where))
        except CloudFormationError as error:
            made.status, made.reason, made.execution = "FAILED", str(error.message), "UNAVAILABLE"
            return
        if made.kind == "UPDATE" and not self._stacks.differs(where, made.stack, made.wanted):
            made.status, made.reason, made.execution = "FAILED", NO_CHANGES, "UNAVAILABLE"

    def execute(self, where: Identity, given: Given) -> None:
        with self._stacks.lock:
            chosen = self.get(where, given)
            if chosen.execution != "AVAILABLE":
                state = f"in its current execution status of [{chosen.execution}]"
                raise CloudFormationError(
                    "InvalidChangeSetStatus", f"ChangeSet [{chosen.id}] cannot be executed {state}"
                )
            stack = chosen.stack
            if chosen.kind == "UPDATE":
                check_updatable(stack)
            for item in self.of(stack):
                item.execution = "EXECUTE_COMPLETE" if item is chosen else "OBSOLETE"
            stack.token, stack.change_set_id = given.get("ClientRequestToken"), chosen.id
            stack.status = f"{chosen.kind}_IN_PROGRESS"
        disable = bool(given.get("DisableRollback")) or chosen.on_failure == "DO_NOTHING"
        if chosen.kind == "UPDATE":
            self._stacks.begin_update(where, stack, chosen.wanted, disable)
            return
        stack.wanted = chosen.wanted
        self._stacks.begin_creation(where, stack, "DO_NOTHING" if disable else chosen.on_failure or "ROLLBACK")

    def outdate(self, stack: Stack) -> None:
        """The stack has been changed otherwise."""
        for item in self.of(stack):
            if item.execution == "AVAILABLE":
                item.execution = "OBSOLETE"

    def delete(self, where: Identity, given: Given) -> None:
        """One that does not exist is deleted already, if its stack exists."""
        try:
            chosen = self.get(where, given)
        except CloudFormationError as error:
            if error.code == "ChangeSetNotFound":
                return
            raise
        del self._sets[chosen.id]
