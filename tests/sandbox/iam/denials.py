# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How AWS says no: messages as IAM's user guide has them ("Troubleshoot access denied error messages").

The code is the service's own.
"""

from __future__ import annotations

from sandbox.gateway.refusals import Refusal, refuse
from sandbox.gateway.wire import Call
from sandbox.iam.evaluation import Decision, Request
from sandbox.iam.needs.need import Need

# Services with a code of their own; where None, JSON services have AccessDeniedException, others AccessDenied.
CODES = {
    "ec2": "UnauthorizedOperation",
    "sns": "AuthorizationError",
    "sqs": "AccessDenied",
    "cloudwatch": "AccessDenied",
}


def message(asked: Request, decision: Decision) -> str:
    """Without the reason where the resource is another account's: AWS gives it within one account only."""
    resource = "" if asked.resource == "*" else f" on resource: {asked.resource}"
    reason = "" if asked.is_across_accounts else f" {decision.reason}"
    return f"User: {asked.principal.arn} is not authorized to perform: {asked.action}{resource}{reason}"


def denial(call: Call, asked: Request, decision: Decision, need: Need) -> Refusal:
    """The answer to a call that is not allowed."""
    if need.key:
        # RDS does not say who may not do what.
        text = (
            f"{need.key} [{asked.resource}] does not exist, is not enabled or you do not have permissions to access it."
        )
        return refuse(call, "KMSKeyNotAccessibleFault", text, status=400)
    text = message(asked, decision)
    if call.service == "secretsmanager" and need.action.startswith("kms:"):
        text = "Access to KMS is not allowed"
    if call.service == "ec2":
        text = f"You are not authorized to perform this operation. {text}"
    json_like = call.protocol == "json" or (call.protocol == "rest" and call.service != "s3")
    code = CODES.get(call.service, "AccessDeniedException" if json_like else "AccessDenied")
    return refuse(call, code, text, status=400 if call.protocol == "json" and code == "AccessDeniedException" else 403)
