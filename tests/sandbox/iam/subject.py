# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who calls: the principal, its policies, and what conditions can ask about it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timezone

from moto.iam.models import iam_backends
from moto.sts.models import sts_backends

from sandbox.gateway.identity import Caller
from sandbox.gateway.wire import Call
from sandbox.iam import resources, world
from sandbox.iam.evaluation import Principal
from sandbox.iam.needs.need import prefixed
from sandbox.iam.patterns import Context
from sandbox.iam.policies import Document, read


@dataclass(frozen=True)
class Subject:
    """
    :param boundary, session: None where there is none; see evaluation.Policies.
    """

    principal: Principal
    identity: tuple[Document, ...]
    boundary: tuple[Document, ...] | None
    session: tuple[Document, ...] | None
    context: Context


def of(call: Call, caller: Caller) -> Subject:
    """The user, or the session of a role, whose access key signed the call."""
    for session in list(sts_backends[caller.account]["aws"].assumed_roles):
        if session.access_key_id == call.access_key:
            return _session(caller, session)
    return _user(caller)


def _user(caller: Caller) -> Subject:
    known = world.user(caller.account, caller.principal)
    principal = Principal(caller.principal, caller.account)
    context = {"aws:principaltype": ("User",), **_tags(resources.tags_of(caller.principal))}
    if known is None:
        return Subject(principal, (), None, None, context)
    context |= {"aws:username": (known.name,), "aws:userid": (known.id,)}
    return Subject(
        principal, world.user_documents(caller.account, known), world.boundary_of(caller.account, known), None, context
    )


def _session(caller: Caller, session: object) -> Subject:
    role_arn, name = str(session.role_arn), str(session.session_name)  # type: ignore[attr-defined]
    known = world.role(caller.account, role_arn)
    principal = Principal(caller.principal, caller.account, role_arn)
    context = {
        "aws:principaltype": ("AssumedRole",),
        "aws:userid": (f"{known.id if known else ''}:{name}",),
        "aws:tokenissuetime": (datetime.fromtimestamp(_issued(session), timezone.utc).isoformat(),),
        "aws:multifactorauthpresent": ("false",),
        **_tags(resources.tags_of(role_arn)),
    }
    return Subject(
        principal,
        world.documents_of(known, "role") if known else (),
        world.boundary_of(caller.account, known) if known else None,
        _session_policies(caller.account, session),
        context,
    )


def _issued(session: object) -> float:
    return float(getattr(session, "issued", time.time()))


def _session_policies(account: str, session: object) -> tuple[Document, ...] | None:
    policy, arns = getattr(session, "policy", None), getattr(session, "policy_arns", ())
    found = ((read(policy, "session", "none"),) if policy else ()) + tuple(
        document for item in arns for document in world.managed_policy(account, item)
    )
    return found if policy or arns else None


def _tags(tags: dict[str, str]) -> dict[str, tuple[str, ...]]:
    return prefixed("aws:principaltag/", tags)


def request_context(call: Call, caller: Caller, region: str) -> dict[str, tuple[str, ...]]:
    """The condition keys that every request has. The sandbox's plain HTTP stands for HTTPS."""
    now = time.time()
    account = iam_backends[caller.account]["aws"].account_id
    via = {"aws:viaawsservice": ("false",)}
    if call.via:
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/access_forward_access_sessions.html
        chain = ("aws:calledvia", "aws:calledviafirst", "aws:calledvialast")
        via = {"aws:viaawsservice": ("true",), **dict.fromkeys(chain, (call.via,))}
    return {
        **via,
        "aws:requestedregion": ("us-east-1" if call.service == "iam" else region,),
        "aws:principalaccount": (str(account),),
        "aws:currenttime": (datetime.fromtimestamp(now, timezone.utc).isoformat(),),
        "aws:epochtime": (str(int(now)),),
        "aws:sourceip": ("127.0.0.1",),
        "aws:securetransport": ("true",),
        "aws:useragent": (call.user_agent,),
    }
