# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""CloudFormation: the stack. What is done to its resources is asked for by those calls.

A stack that does not exist is asked for as ``stack/NAME/*``, as seen in
https://github.com/aws/aws-sam-cli/issues/5567; one that exists by its ARN.
"""

from __future__ import annotations

from typing import Any

from sandbox.cloudformation.calls import Identity
from sandbox.cloudformation.responses import StackResponse
from sandbox.gateway.wire import Call
from sandbox.iam.needs.need import Need, arn, given, request_tags

CONDITIONS = {
    "ChangeSetName": "cloudformation:changesetname",
    "ResourceTypes": "cloudformation:resourcetypes",
    "RoleARN": "cloudformation:rolearn",
    "StackPolicyURL": "cloudformation:stackpolicyurl",
    "TemplateURL": "cloudformation:templateurl",
}
# About no stack, as the service authorization reference has it.
GENERAL = frozenset(("ListExports", "ListImports", "ListStacks", "ValidateTemplate"))


def needs(call: Call, account: str) -> list[Need]:
    parameters = call.parameters
    context = {**given(parameters, CONDITIONS), **request_tags(parameters.get("Tags"))}
    action = f"cloudformation:{call.action}"
    name = parameters.get("StackName")
    if call.action in GENERAL:
        return [Need(action, "*", context)]
    if not isinstance(name, str):
        return [Need(action, _of_change_set(parameters.get("ChangeSetName")) or "*", context)]
    return [Need(action, _stack(call, account, name), context)]


def _stack(call: Call, account: str, name: str) -> str:
    if name.startswith("arn:"):
        return name
    found = StackResponse.stacks.find(Identity("", account, call.region), name)
    return found.id if found else arn("cloudformation", call.region, account, f"stack/{name}/*")


def _of_change_set(name: Any) -> str | None:
    """A change set that is named by its ARN is one of a stack."""
    found = StackResponse.change_sets.by_id(str(name))
    return found.stack.id if found else None
