# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The decision: what policies say to a request.

After IAM's user guide, "Policy evaluation logic" and "Cross-account policy evaluation logic": an explicit deny anywhere
wins; within an account an allow of the identity's or of the resource's policies suffices, across accounts both are
needed; permissions boundary and session policies limit. Keys and roles have a policy of their own that must allow, or
leave it to IAM by naming the account.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from sandbox.iam import conditions
from sandbox.iam.patterns import Context, Unresolved, arn_matches, matches
from sandbox.iam.policies import Document, Statement


@dataclass(frozen=True)
class Principal:
    """Who asks.

    :param arn: of the user, or of the role's session; role: the ARN of the session's role.
    """

    arn: str
    account: str
    role: str | None = None

    @property
    def identity(self) -> str:
        """The ARN that aws:PrincipalArn has."""
        return self.role or self.arn


@dataclass(frozen=True)
class Request:
    """One action on one resource (an ARN, or ``*``).

    :param context: condition keys in lower case with their values.
    :param owner: the account of the resource; left out, the principal's.
    """

    principal: Principal
    action: str
    resource: str = "*"
    context: Context = field(default_factory=dict)
    owner: str | None = None

    @property
    def is_across_accounts(self) -> bool:
        return self.owner is not None and self.owner != self.principal.account


@dataclass(frozen=True)
class Policies:
    """All that apply.

    :param boundary: None without a permissions boundary; session: None without a session policy.
    :param resource: None where the resource has no policy, or can't have one.
    :param resource_kind: how messages call the resource's policy.
    :param resource_decides: the resource's policy must allow, also within the account (KMS keys, roles).
    :param crosses: whether a foreign resource needs a policy that lets the caller in. Where services know other ways
        to share (RDS snapshots), the service itself decides.
    """

    identity: tuple[Document, ...] = ()
    boundary: tuple[Document, ...] | None = None
    session: tuple[Document, ...] | None = None
    resource: Document | None = None
    resource_kind: str = "resource-based policy"
    resource_decides: bool = False
    crosses: bool = True


@dataclass(frozen=True)
class Decision:
    """
    :param reason: of a denial, as AWS's messages put it; by: the documents whose statements decided.
    """

    allowed: bool
    reason: str = ""
    explicit: bool = False
    by: tuple[Document, ...] = ()


class Grant(IntEnum):
    """How an allowing statement of a resource's policy names the principal."""

    NONE = 0
    ACCOUNT = 1  # leaves it to the account's IAM policies
    ROLE = 2  # or everybody: boundary and session policy still limit
    ITSELF = 3  # the user or session itself: nothing but a deny limits


def evaluate(policies: Policies, request: Request) -> Decision:
    """Whether the request is allowed, and why not."""
    denied = _explicitly_denied(policies, request)
    if denied:
        return denied
    grant = _grant(policies.resource, request)
    if grant is Grant.NONE and (policies.resource_decides or (request.is_across_accounts and policies.crosses)):
        return _implicit(policies.resource_kind, request)
    direct = grant >= Grant.ROLE and not request.is_across_accounts
    by = _allowing(policies.identity, request)
    if not by and not direct:
        return _implicit("identity-based policy", request)
    if not (direct and grant is Grant.ITSELF):
        limited = _limited(policies, request)
        if limited:
            return limited
    return Decision(True, by=by or ((policies.resource,) if policies.resource else ()))


def _explicitly_denied(policies: Policies, request: Request) -> Decision | None:
    resource = (policies.resource,) if policies.resource else ()
    for documents, where in (
        (policies.identity, "an identity-based policy"),
        (resource, "the role trust policy" if "trust" in policies.resource_kind else f"a {policies.resource_kind}"),
        (policies.boundary or (), "a permissions boundary"),
        (policies.session or (), "a session policy"),
    ):
        by = tuple(item for item in documents if _has(item, "Deny", request))
        if by:
            return Decision(False, f"with an explicit deny in {where}", explicit=True, by=by)
    return None


def _limited(policies: Policies, request: Request) -> Decision | None:
    for documents, kind in ((policies.boundary, "permissions boundary"), (policies.session, "session policy")):
        if documents is not None and not _allowing(documents, request):
            return _implicit(kind, request)
    return None


def _implicit(kind: str, request: Request) -> Decision:
    return Decision(False, f"because no {kind} allows the {request.action} action")


def _allowing(documents: Iterable[Document], request: Request) -> tuple[Document, ...]:
    return tuple(item for item in documents if _has(item, "Allow", request))


def _has(document: Document, effect: str, request: Request) -> bool:
    return any(item.effect == effect and applies(item, request) for item in document.statements)


def _grant(document: Document | None, request: Request) -> Grant:
    found = (
        _how(statement.principals or {}, request.principal)
        for statement in (document.statements if document else ())
        if statement.effect == "Allow" and applies(statement, request)
    )
    return max(found, default=Grant.NONE)


def applies(statement: Statement, request: Request) -> bool:
    """Whether a statement is about this request, whatever its effect."""
    variables = request.context if statement.with_variables else None
    return (
        _names_principal(statement, request.principal)
        and _names_action(statement, request.action)
        and _names_resource(statement, request.resource, variables)
        and conditions.holds(statement.conditions, request.context, statement.with_variables)
    )


def _names_action(statement: Statement, action: str) -> bool:
    if statement.actions is not None:
        return any(matches(item, action, ignore_case=True) for item in statement.actions)
    return not any(matches(item, action, ignore_case=True) for item in statement.not_actions or ("*",))


def _names_resource(statement: Statement, resource: str, variables: Context | None) -> bool:
    if statement.not_resources is not None:
        return not any(_is_resource(item, resource, variables) for item in statement.not_resources)
    # Trust policies name none: it is the role.
    return any(_is_resource(item, resource, variables) for item in statement.resources or ("*",))


def _is_resource(pattern: str, resource: str, variables: Context | None) -> bool:
    with contextlib.suppress(Unresolved):
        return arn_matches(pattern, resource, variables)
    return False


def _names_principal(statement: Statement, principal: Principal) -> bool:
    if statement.not_principals is not None:
        return _how(statement.not_principals, principal) is Grant.NONE
    return statement.principals is None or _how(statement.principals, principal) is not Grant.NONE


def _how(named: Mapping[str, tuple[str, ...]], principal: Principal) -> Grant:
    account = (principal.account, f"arn:aws:iam::{principal.account}:root")
    names = named.get("AWS", ())
    if principal.arn in names:
        return Grant.ITSELF
    if "*" in names or principal.role in names:
        return Grant.ROLE
    return Grant.ACCOUNT if any(item in account for item in names) else Grant.NONE
