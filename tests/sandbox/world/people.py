# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users with access keys, and roles. Put straight into IAM: there is nobody yet who could call it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from moto.iam.models import iam_backends

from sandbox.errors import SandboxError
from sandbox.world.made import Made

OPERATOR = "operator"
EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


def make_people(account: str, content: Mapping[str, Any], made: Made) -> None:
    """The account's users and roles, and its operator, who may do everything unless the world says otherwise."""
    users = {OPERATOR: {"policies": [EVERYTHING]}, **content.get("users", {})}
    for name, user in users.items():
        _make_user(account, name, user, made)
    for name, role in content.get("roles", {}).items():
        _make_role(account, name, role, made)


def _make_user(account: str, name: str, content: Mapping[str, Any], made: Made) -> None:
    iam = iam_backends[account]["aws"]
    user = _moto(f"user {name}", iam.create_user, "us-east-1", name, tags=_tags(content))
    made.add(account, "users", name, str(user.arn))
    key = iam.create_access_key(name)
    made.users[f"{account}/{name}"] = str(key.access_key_id), str(key.secret_access_key)
    for number, policy in enumerate(content.get("policies", []), 1):
        _moto(f"policy of user {name}", iam.put_user_policy, name, f"policy-{number}", json.dumps(policy))


def _make_role(account: str, name: str, content: Mapping[str, Any], made: Made) -> None:
    iam = iam_backends[account]["aws"]
    trust = json.dumps(_trust(content["trust"]))
    role = _moto(f"role {name}", iam.create_role, name, trust, "/", None, "", _tags(content), "3600")
    made.add(account, "roles", name, str(role.arn))
    for number, policy in enumerate(content.get("policies", []), 1):
        _moto(f"policy of role {name}", iam.put_role_policy, name, f"policy-{number}", json.dumps(policy))


def _trust(wanted: Mapping[str, Any]) -> Mapping[str, Any]:
    """A whole policy, or one that lets a service or accounts assume the role."""
    if "Statement" in wanted:
        return wanted
    statement: dict[str, Any] = {"Effect": "Allow", "Action": "sts:AssumeRole"}
    if "service" in wanted:
        statement["Principal"] = {"Service": wanted["service"]}
    else:
        statement["Principal"] = {"AWS": [f"arn:aws:iam::{account}:root" for account in wanted["accounts"]]}
    if "external_id" in wanted:
        statement["Condition"] = {"StringEquals": {"sts:ExternalId": wanted["external_id"]}}
    return {"Version": "2012-10-17", "Statement": [statement]}


def _tags(content: Mapping[str, Any]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in content.get("tags", {}).items()]


def _moto(what: str, call: Any, *arguments: Any, **more: Any) -> Any:
    try:
        return call(*arguments, **more)
    except Exception as error:  # each of moto's services has errors of its own
        said = getattr(error, "message", None) or str(error)
        raise SandboxError(f"The world's {what} can't be made: {said}") from error


def names(made: Made, account: str) -> Iterable[str]:
    """The users of an account."""
    return [key.partition("/")[2] for key in made.users if key.startswith(f"{account}/")]
