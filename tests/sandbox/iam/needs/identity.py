# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""STS and IAM."""

from __future__ import annotations

from sandbox.gateway.wire import Call
from sandbox.iam import world
from sandbox.iam.needs.need import Need, given, request_tags

# AWS asks for no permission (the STS API reference says so of each).
FREE = frozenset(("GetCallerIdentity", "GetSessionToken", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"))
# About the caller, where no user is named.
ABOUT_ONESELF = frozenset(
    ("GetUser", "CreateAccessKey", "DeleteAccessKey", "ListAccessKeys", "UpdateAccessKey", "ChangePassword")
)
# What tags need besides (IAM User Guide, "Tagging IAM resources").
TAGGING = {"CreateRole": "iam:TagRole", "CreateUser": "iam:TagUser", "CreatePolicy": "iam:TagPolicy"}
SESSION = {
    "ExternalId": "sts:externalid",
    "RoleSessionName": "sts:rolesessionname",
    "SourceIdentity": "sts:sourceidentity",
}


def sts_needs(call: Call, account: str) -> list[Need]:
    if call.action in FREE:
        return []
    role = call.parameters.get("RoleArn")
    resource = role if isinstance(role, str) else "*"
    context = {**given(call.parameters, SESSION), **request_tags(call.parameters.get("Tags"))}
    return [Need(f"sts:{call.action}", resource, context)]


def iam_needs(call: Call, account: str) -> list[Need]:
    """On the first of these that the call names. Paths are those that the resource has."""
    parameters = call.parameters
    context = {
        **given(parameters, {"PermissionsBoundary": "iam:permissionsboundary", "PolicyArn": "iam:policyarn"}),
        **request_tags(parameters.get("Tags") or parameters.get("TagKeys")),
    }
    for name, kind in (("RoleName", "role"), ("UserName", "user"), ("GroupName", "group"),
                       ("InstanceProfileName", "instance-profile"), ("PolicyName", "policy")):  # fmt: skip
        if isinstance(parameters.get(name), str):
            path = str(parameters.get("Path") or "/")
            resource = world.identity_arn(account, kind, str(parameters[name]), path)
            found = [Need(f"iam:{call.action}", resource, context)]
            if call.action in TAGGING and parameters.get("Tags"):
                found.append(Need(TAGGING[call.action], resource, context))
            return found
    for name in ("PolicySourceArn", "PolicyArn", "RoleArn", "Arn"):
        if isinstance(parameters.get(name), str):
            return [Need(f"iam:{call.action}", str(parameters[name]), context)]
    own = world.owner_arn(account, call.access_key) if call.action in ABOUT_ONESELF else None
    return [Need(f"iam:{call.action}", own or "*", context)]
