# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""SimulatePrincipalPolicy and SimulateCustomPolicy, decided by the same evaluator; and boundaries of users.

As in AWS (https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html), a resource's policy
counts only where it is passed, and condition keys have the values that are passed, or none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.iam.exceptions import InvalidInput, NoSuchEntity
from moto.iam.models import iam_backends
from moto.iam.responses import IamResponse

from sandbox.iam import world
from sandbox.iam.evaluation import Decision, Policies, Principal, Request, evaluate
from sandbox.iam.needs.need import texts
from sandbox.iam.policies import Document, read

PAGE = 100
NOBODY = "arn:aws:iam::{account}:user/simulated"


def simulate_principal_policy(response: Any) -> ActionResult:
    """A user, group or role with what is attached to it, and with the policies that are passed."""
    source = str(response._get_param("PolicySourceArn"))
    account = source.split(":")[4] if source.count(":") >= 5 else ""
    holder, documents = _source(account, source)
    documents += _documents(response._get_param("PolicyInputList", []), "PolicyInputList")
    boundary = _boundary(response)
    caller = str(response._get_param("CallerArn") or source)
    return _simulated(response, caller, documents, boundary or world.boundary_of(account, holder))


def simulate_custom_policy(response: Any) -> ActionResult:
    """Only the policies that are passed."""
    documents = _documents(response._get_param("PolicyInputList", []), "PolicyInputList")
    caller = str(response._get_param("CallerArn") or NOBODY.format(account=response.current_account))
    return _simulated(response, caller, documents, _boundary(response))


def _source(account: str, arn: str) -> tuple[Any, tuple[Document, ...]]:
    kind = arn.partition(f"{account}:")[2].partition("/")[0] if account else ""
    holder: Any = None
    documents: tuple[Document, ...] = ()
    if kind == "user" and (holder := world.user(account, arn)):
        documents = world.user_documents(account, holder)
    elif kind == "role" and (holder := world.role(account, arn)):
        documents = world.documents_of(holder, "role")
    elif kind == "group":
        groups = list(iam_backends[account]["aws"].groups.values())
        holder = next((item for item in groups if item.arn == arn), None)
        documents = world.documents_of(holder, "group") if holder else ()
    if holder is None:
        raise NoSuchEntity(f"The principal {arn} can't be found.")
    return holder, documents


def _documents(policies: Iterable[str], name: str) -> tuple[Document, ...]:
    try:
        return tuple(read(text, f"{name}.{number}") for number, text in enumerate(policies, 1))
    except ValueError as error:
        raise InvalidInput(f"The policy in {name} is not valid: {error}") from error


def _boundary(response: Any) -> tuple[Document, ...] | None:
    given = response._get_param("PermissionsBoundaryPolicyInputList", [])
    return _documents(given, "PermissionsBoundaryPolicyInputList") if given else None


def _simulated(
    response: Any, caller: str, documents: tuple[Document, ...], boundary: tuple[Document, ...] | None
) -> ActionResult:
    resource_policy = response._get_param("ResourcePolicy")
    passed = _documents([resource_policy], "ResourcePolicy")[0] if resource_policy else None
    policies = Policies(documents, boundary, None, passed, crosses=passed is not None)
    context = {
        str(entry["ContextKeyName"]).lower(): texts(entry.get("ContextKeyValues") or [])
        for entry in response._get_param("ContextEntries", [])
    }
    principal = Principal(caller, caller.split(":")[4] if caller.count(":") >= 5 else response.current_account)
    results = []
    for action in response._get_param("ActionNames", []):
        if str(action).count(":") != 1 or "*" in action:
            raise InvalidInput(f"{action} is not the name of an action.")
        for resource in response._get_param("ResourceArns", []) or ["*"]:
            request = Request(principal, action, resource, context, _owner(response, resource))
            results.append(_result(request, evaluate(policies, request), policies))
    return ActionResult(_page(response, results))


def _owner(response: Any, resource: str) -> str | None:
    given = response._get_param("ResourceOwner")
    account = str(given) if given else resource
    return account.split(":")[4] or None if account.count(":") >= 5 else None


def _page(response: Any, results: list[dict[str, Any]]) -> dict[str, Any]:
    marker = str(response._get_param("Marker") or "0")
    start, size = int(marker) if marker.isdigit() else 0, int(response._get_param("MaxItems") or PAGE)
    more = start + size < len(results)
    return {
        "EvaluationResults": results[start : start + size],
        "IsTruncated": more,
        **({"Marker": str(start + size)} if more else {}),
    }


def _result(request: Request, decision: Decision, policies: Policies) -> dict[str, Any]:
    result: dict[str, Any] = {
        "EvalActionName": request.action,
        "EvalResourceName": request.resource,
        "EvalDecision": "allowed" if decision.allowed else "explicitDeny" if decision.explicit else "implicitDeny",
        "MatchedStatements": [{"SourcePolicyId": item.source, "SourcePolicyType": item.kind} for item in decision.by],
        "MissingContextValues": _missing(policies, request.context),
    }
    if policies.boundary is not None:
        within = evaluate(Policies(policies.boundary, crosses=False), request).allowed
        result["PermissionsBoundaryDecisionDetail"] = {"AllowedByPermissionsBoundary": within}
    return result


def _missing(policies: Policies, context: Mapping[str, Any]) -> list[str]:
    """The condition keys that policies ask for and that have no value."""
    documents = [*policies.identity, *(policies.boundary or ()), *([policies.resource] if policies.resource else [])]
    asked = {
        key
        for document in documents
        for statement in document.statements
        for keys in statement.conditions.values()
        for key in keys
    }
    return sorted(key for key in asked if key.lower() not in context)


def put_user_permissions_boundary(response: Any) -> EmptyResult:
    user = response.backend.get_user(response._get_param("UserName"))
    boundary = str(response._get_param("PermissionsBoundary"))
    if boundary not in response.backend.managed_policies:
        raise NoSuchEntity(f"Policy {boundary} does not exist or is not attachable.")
    user.permissions_boundary_arn = boundary
    return EmptyResult()


def delete_user_permissions_boundary(response: Any) -> EmptyResult:
    response.backend.get_user(response._get_param("UserName")).permissions_boundary_arn = None
    return EmptyResult()


def install() -> None:
    """Add to moto's IAM what it lacks."""
    for action in (
        simulate_principal_policy, simulate_custom_policy, put_user_permissions_boundary,
        delete_user_permissions_boundary,
    ):  # fmt: skip
        setattr(IamResponse, action.__name__, action)
