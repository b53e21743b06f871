# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""AWS::IAM::ManagedPolicy and AWS::IAM::Role.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_IAM.html; managed policies of CloudFormation
have no tags.
"""

from __future__ import annotations

from typing import Any

from sandbox.cloudformation.calls import CallError
from sandbox.cloudformation.resources.kind import Kind, Order, document, integer, tag_list

VERSIONS = 5


class ManagedPolicy(Kind):
    type = "AWS::IAM::ManagedPolicy"
    properties = frozenset(("Description", "Groups", "ManagedPolicyName", "Path", "PolicyDocument", "Roles", "Users"))
    required = ("PolicyDocument",)
    replaced_by = frozenset(("ManagedPolicyName", "Description", "Path"))
    name = "ManagedPolicyName"
    attributes = frozenset(("PolicyArn", "PolicyId", "DefaultVersionId"))

    def create(self, order: Order) -> None:
        name, given = order.name("ManagedPolicyName", 128), order.properties
        try:
            made = order.calls(
                "iam", "create_policy", PolicyName=name, PolicyDocument=document(given["PolicyDocument"]),
                Path=given.get("Path"), Description=given.get("Description"),
            )["Policy"]  # fmt: skip
        except CallError as error:
            raise self.exists(name) if error.code == "AlreadyExists" else error from error
        order.physical_id = made["Arn"]
        order.attributes = {"PolicyArn": made["Arn"], "PolicyId": made["PolicyId"], "DefaultVersionId": "v1"}
        _attach(order, {})

    def update(self, order: Order) -> None:
        if order.changed("PolicyDocument"):
            versions = _versions(order)
            if len(versions) >= VERSIONS:
                oldest = min((item for item in versions if not item["IsDefaultVersion"]), key=_number)
                _forget(order, oldest)
            made = order.calls(
                "iam", "create_policy_version", PolicyArn=order.physical_id, SetAsDefault=True,
                PolicyDocument=document(order.properties["PolicyDocument"]),
            )["PolicyVersion"]  # fmt: skip
            order.attributes = {**order.attributes, "DefaultVersionId": made["VersionId"]}
        _attach(order, order.before)

    def read(self, order: Order) -> None:
        policy = order.calls("iam", "get_policy", PolicyArn=order.physical_id)["Policy"]
        order.calls("iam", "list_entities_for_policy", PolicyArn=order.physical_id)
        version = policy["DefaultVersionId"]
        order.calls("iam", "get_policy_version", PolicyArn=order.physical_id, VersionId=version)

    def delete(self, order: Order) -> None:
        order.calls("iam", "get_policy", PolicyArn=order.physical_id)
        order.calls("iam", "list_entities_for_policy", PolicyArn=order.physical_id)
        _detach(order, order.properties, {})
        for version in _versions(order):
            if not version["IsDefaultVersion"]:
                _forget(order, version)
        order.calls("iam", "delete_policy", PolicyArn=order.physical_id)


def _versions(order: Order) -> list[dict[str, Any]]:
    return list(order.calls("iam", "list_policy_versions", PolicyArn=order.physical_id)["Versions"])


def _number(version: dict[str, Any]) -> int:
    return int(version["VersionId"].lstrip("v"))


def _forget(order: Order, version: dict[str, Any]) -> None:
    order.calls("iam", "delete_policy_version", PolicyArn=order.physical_id, VersionId=version["VersionId"])


def _attach(order: Order, before: dict[str, Any]) -> None:
    """Attach a policy to those whom the template lists, and detach it from those whom it did list."""
    for key, one in (("Roles", "role"), ("Users", "user"), ("Groups", "group")):
        for name in order.properties.get(key) or ():
            if name not in (before.get(key) or ()):
                order.calls("iam", f"attach_{one}_policy", PolicyArn=order.physical_id, **_who(one, name))
    _detach(order, before, order.properties)


def _detach(order: Order, before: dict[str, Any], after: dict[str, Any]) -> None:
    for key, one in (("Roles", "role"), ("Users", "user"), ("Groups", "group")):
        for name in before.get(key) or ():
            if name not in (after.get(key) or ()):
                _without_what_is_gone(
                    order, f"detach_{one}_policy", PolicyArn=order.physical_id, **_who(one, name)
                )  # fmt: skip


def _who(kind: str, name: str) -> dict[str, str]:
    return {f"{kind.capitalize()}Name": name}


def _without_what_is_gone(order: Order, action: str, **parameters: Any) -> None:
    try:
        order.calls("iam", action, **parameters)
    except CallError as error:
        if error.code != "NotFound":
            raise


class Role(Kind):
    type = "AWS::IAM::Role"
    properties = frozenset(
        ("AssumeRolePolicyDocument", "Description", "ManagedPolicyArns", "MaxSessionDuration", "Path",
         "PermissionsBoundary", "Policies", "RoleName", "Tags")
    )  # fmt: skip
    required = ("AssumeRolePolicyDocument",)
    replaced_by = frozenset(("Path", "RoleName"))
    name = "RoleName"
    attributes = frozenset(("Arn", "RoleId"))

    def create(self, order: Order) -> None:
        name, given = order.name("RoleName", 64), order.properties
        try:
            made = order.calls(
                "iam", "create_role", RoleName=name, Path=given.get("Path"), Description=given.get("Description"),
                AssumeRolePolicyDocument=document(given["AssumeRolePolicyDocument"]),
                MaxSessionDuration=integer(given.get("MaxSessionDuration")),
                PermissionsBoundary=given.get("PermissionsBoundary"), Tags=tag_list(order.tags),
            )["Role"]  # fmt: skip
        except CallError as error:
            raise self.exists(name) if error.code == "AlreadyExists" else error from error
        order.physical_id, order.attributes = name, {"Arn": made["Arn"], "RoleId": made["RoleId"]}
        _arrange_policies(order)

    def update(self, order: Order) -> None:
        name, given = order.physical_id, order.properties
        if order.changed("AssumeRolePolicyDocument"):
            trust = document(given["AssumeRolePolicyDocument"])
            order.calls("iam", "update_assume_role_policy", RoleName=name, PolicyDocument=trust)
        if order.changed("Description", "MaxSessionDuration"):
            order.calls(
                "iam", "update_role", RoleName=name, Description=given.get("Description", ""),
                MaxSessionDuration=integer(given.get("MaxSessionDuration", 3600)),
            )  # fmt: skip
        if order.changed("PermissionsBoundary"):
            boundary = given.get("PermissionsBoundary")
            action = "put_role_permissions_boundary" if boundary else "delete_role_permissions_boundary"
            order.calls("iam", action, RoleName=name, PermissionsBoundary=boundary)
        _arrange_policies(order)
        if order.tags_to_set():
            order.calls("iam", "tag_role", RoleName=name, Tags=tag_list(order.tags_to_set()))
        if order.tags_to_remove():
            order.calls("iam", "untag_role", RoleName=name, TagKeys=order.tags_to_remove())

    def read(self, order: Order) -> None:
        for action in ("get_role", "list_attached_role_policies", "list_role_policies"):
            order.calls("iam", action, RoleName=order.physical_id)
        for policy in order.properties.get("Policies") or ():
            order.calls("iam", "get_role_policy", RoleName=order.physical_id, PolicyName=policy["PolicyName"])

    def delete(self, order: Order) -> None:
        name = order.physical_id
        order.calls("iam", "get_role", RoleName=name)
        order.calls("iam", "list_role_policies", RoleName=name)
        attached = order.calls("iam", "list_attached_role_policies", RoleName=name)["AttachedPolicies"]
        own = {str(arn) for arn in order.properties.get("ManagedPolicyArns") or ()}
        for policy in attached:
            if policy["PolicyArn"] in own:
                order.calls("iam", "detach_role_policy", RoleName=name, PolicyArn=policy["PolicyArn"])
        for policy in order.properties.get("Policies") or ():
            _without_what_is_gone(order, "delete_role_policy", RoleName=name, PolicyName=policy["PolicyName"])
        order.calls("iam", "delete_role", RoleName=name)


def _arrange_policies(order: Order) -> None:
    name = order.physical_id
    attached, before = (given.get("ManagedPolicyArns") or [] for given in (order.properties, order.before))
    for arn in attached:
        if arn not in before:
            order.calls("iam", "attach_role_policy", RoleName=name, PolicyArn=arn)
    for arn in before:
        if arn not in attached:
            order.calls("iam", "detach_role_policy", RoleName=name, PolicyArn=arn)
    inline, inline_before = (
        {item["PolicyName"]: document(item["PolicyDocument"]) for item in given.get("Policies") or ()}
        for given in (order.properties, order.before)
    )
    for policy, content in inline.items():
        if inline_before.get(policy) != content:
            order.calls("iam", "put_role_policy", RoleName=name, PolicyName=policy, PolicyDocument=content)
    for policy in inline_before:
        if policy not in inline:
            order.calls("iam", "delete_role_policy", RoleName=name, PolicyName=policy)
