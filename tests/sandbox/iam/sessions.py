# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""AssumeRole: how long sessions last, and which policies limit them.

https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html: 900 seconds up to the role's maximum; one hour
at most for a role that is assumed by a role.
"""

from __future__ import annotations

import time
from typing import Any

from moto.sts.exceptions import STSClientError, STSValidationError
from moto.sts.models import sts_backends
from moto.sts.responses import TokenResponse

from sandbox.iam import world
from sandbox.iam.policies import read

LEAST, HOUR, MOST = 900, 3600, 43200


def check_duration(seconds: int, longest: int, by_a_role: bool) -> None:
    """
    :param longest: the role's MaxSessionDuration.
    :raises STSValidationError: as AWS words it.
    """
    for wrong, how in (
        (seconds < LEAST, f"greater than or equal to {LEAST}"),
        (seconds > MOST, f"less than or equal to {MOST}"),
    ):
        if wrong:
            raise STSValidationError(
                f"1 validation error detected: Value '{seconds}' at 'durationSeconds' failed to satisfy constraint: "
                f"Member must have value {how}"
            )
    if by_a_role and seconds > HOUR:
        raise STSValidationError(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
        )
    if seconds > longest:
        raise STSValidationError("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")


def _check_policy(policy: str | None) -> None:
    if policy:
        try:
            read(policy)
        except ValueError as error:
            raise STSClientError("MalformedPolicyDocument", f"The session policy can't be read: {error}") from error


def is_session(access_key: str) -> bool:
    return any(
        session.access_key_id == access_key
        for partitions in list(sts_backends.values())
        for session in list(partitions["aws"].assumed_roles)
    )


def install() -> None:
    """Let moto's AssumeRole refuse durations as AWS does, and keep the session's managed policies."""
    assume_role = TokenResponse.assume_role

    def assume_role_like_aws(self: Any) -> Any:
        seconds = int(self._get_param("DurationSeconds", HOUR))
        role_arn = str(self._get_param("RoleArn"))
        account = role_arn.split(":")[4] if role_arn.count(":") >= 5 else ""
        role = world.role(account, role_arn) if account else None
        check_duration(
            seconds, int(getattr(role, "max_session_duration", None) or HOUR), is_session(self.get_access_key())
        )
        _check_policy(self._get_param("Policy"))
        answer = assume_role(self)
        session: Any = answer.result["Credentials"]
        session.issued = time.time()
        session.policy_arns = [
            str(item["arn"] if "arn" in item else item["Arn"]) for item in self._get_param("PolicyArns", [])
        ]
        return answer

    TokenResponse.assume_role = assume_role_like_aws
