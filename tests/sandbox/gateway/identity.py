# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose access key it is. moto accepts any; here only those count that IAM or STS have given out."""

from __future__ import annotations

import json
from dataclasses import dataclass

from moto.core.utils import utcnow
from moto.iam.models import iam_backends
from moto.sts.models import sts_backends

EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


@dataclass(frozen=True)
class Caller:
    """An account, the ARN of a principal in it, and the secret key that it signs with.

    :param session_token: of temporary credentials, which have to come with it.
    :param role_arn: of the role that was assumed.
    """

    account: str
    principal: str
    secret_key: str
    session_token: str | None = None
    expired: bool = False
    role_arn: str | None = None

    def holds(self, token: str) -> bool:
        """Whether a request's session token (or none) is this caller's."""
        return token == (self.session_token or "")


def find_caller(access_key: str) -> Caller | None:
    """The owner of an active access key, or None."""
    for account, partitions in list(iam_backends.items()):
        for user in list(partitions["aws"].users.values()):
            for key in user.access_keys:
                if key.access_key_id == access_key and key.status == "Active":
                    return Caller(account, user.arn, key.secret_access_key)
    for account, partitions in list(sts_backends.items()):
        for role in list(partitions["aws"].assumed_roles):
            if role.access_key_id == access_key:
                expired = role.expiration <= utcnow()
                return Caller(account, role.arn, role.secret_access_key, role.session_token, expired, role.role_arn)
    return None


def make_operator(account: str, user_name: str = "operator") -> tuple[str, str]:
    """An IAM user who may do everything, and its access key and secret key."""
    iam = iam_backends[account]["aws"]
    iam.create_user("us-east-1", user_name)
    iam.put_user_policy(user_name, "everything", json.dumps(EVERYTHING))
    key = iam.create_access_key(user_name)
    return str(key.access_key_id), str(key.secret_access_key)
