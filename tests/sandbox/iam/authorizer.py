# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""May this caller make this call?"""

from __future__ import annotations

import logging

from sandbox.gateway.identity import Caller
from sandbox.gateway.refusals import Refusal, internal_failure
from sandbox.gateway.wire import Call
from sandbox.iam import catalogue, denials, needs, resources, subject
from sandbox.iam.evaluation import Decision, Policies, Request, evaluate
from sandbox.iam.needs.need import Need, prefixed
from sandbox.iam.subject import Subject

log = logging.getLogger("sandbox.iam")


class Authorizer:
    """Refuses what the policies of IAM do not allow; disabled, nothing.

    :raises SandboxError: it is enabled, and what says which resources an action is about is not installed.
    """

    def __init__(self, enabled: bool = False) -> None:
        self.enabled = enabled
        if enabled:
            catalogue.check()

    def refusal(self, call: Call, caller: Caller) -> Refusal | None:
        """The answer for a call that is not allowed, or None."""
        if not self.enabled:
            return None
        try:
            return self._first_refusal(call, caller)
        except Exception:
            log.exception("%s %s can't be decided", call.service, call.action)
            return internal_failure(call)

    def _first_refusal(self, call: Call, caller: Caller) -> Refusal | None:
        who = subject.of(call, caller)
        for need in needs.of(call, caller.account):
            asked, decision = self.decide(call, caller, who, need)
            if not decision.allowed:
                return denials.denial(call, asked, decision, need)
        return None

    def decide(self, call: Call, caller: Caller, who: Subject, need: Need) -> tuple[Request, Decision]:
        """One need, with the policies of both sides as they are now."""
        owner = need.resource.split(":")[4] if need.resource.startswith("arn:") else ""
        asked = Request(
            who.principal,
            need.action,
            need.resource,
            {
                **subject.request_context(call, caller, need.region or call.region),
                "aws:principalarn": (who.principal.identity,),
                "aws:resourceaccount": (owner or caller.account,),
                **who.context,
                **_resource_tags(need),
                **need.context,
            },
            owner or None,
        )
        side = resources.resource_side(need.action, need.resource)
        policies = Policies(who.identity, who.boundary, who.session, side.policy, side.kind, side.decides, side.crosses)
        return asked, evaluate(policies, asked)


def _resource_tags(need: Need) -> dict[str, tuple[str, ...]]:
    tags = resources.tags_of(need.resource)
    found = prefixed("aws:resourcetag/", tags)
    parts = need.resource.split(":")
    if need.action.startswith("rds:") and len(parts) > 5:
        found |= prefixed(f"rds:{parts[5]}-tag/", tags)
    if need.action.startswith("secretsmanager:"):
        found |= prefixed("secretsmanager:resourcetag/", tags)
    if parts[2:3] == ["iam"]:
        found |= prefixed("iam:resourcetag/", tags)
    return found
