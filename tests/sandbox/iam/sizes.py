# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long policies may be: white space does not count.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html#reference_iam-quotas-entity-length. The
words: https://github.com/ministryofjustice/analytical-platform/issues/6873 (managed policies),
https://github.com/aws-amplify/amplify-backend/issues/2615 (roles),
https://github.com/kubernetes-sigs/aws-load-balancer-controller/issues/2718 (trust policies).
"""

from __future__ import annotations

import functools
from typing import Any

from moto.iam.exceptions import LimitExceededException
from moto.iam.models import IAMBackend

MANAGED, ROLE, TRUST = 6144, 10240, 2048


def size(document: str) -> int:
    """The characters of a policy that count."""
    return len("".join(document.split()))


def check_managed(document: str) -> None:
    """
    :raises LimitExceededException: a managed policy can't be that long.
    """
    if size(document) > MANAGED:
        raise LimitExceededException(f"Cannot exceed quota for PolicySize: {MANAGED}")


def check_trust(document: str) -> None:
    """
    :raises LimitExceededException: a trust policy can't be that long.
    """
    if size(document) > TRUST:
        raise LimitExceededException(f"Cannot exceed quota for ACLSizePerRole: {TRUST}")


def check_inline(role: Any, name: str, document: str) -> None:
    """
    :raises LimitExceededException: with this one, a role's own policies are too long.
    """
    others = sum(size(text) for other, text in role.policies.items() if other != name)
    if others + size(document) > ROLE:
        raise LimitExceededException(f"Maximum policy size of {ROLE} bytes exceeded for role {role.name}")


@functools.cache
def install() -> None:
    """To be called before the first call."""
    backend: Any = IAMBackend
    put, version, policy = backend.put_role_policy, backend.create_policy_version, backend.create_policy
    role, trust = backend.create_role, backend.update_assume_role_policy

    def put_role_policy(self: Any, role_name: str, policy_name: str, policy_json: str) -> Any:
        check_inline(self.get_role(role_name), policy_name, policy_json)
        return put(self, role_name, policy_name, policy_json)

    def create_policy_version(self: Any, policy_arn: str, policy_document: str, set_as_default: bool) -> Any:
        check_managed(policy_document)
        return version(self, policy_arn, policy_document, set_as_default)

    def create_policy(self: Any, description: str, path: str, policy_document: str, *more: Any) -> Any:
        check_managed(policy_document)
        return policy(self, description, path, policy_document, *more)

    def create_role(self: Any, role_name: str, assume_role_policy_document: str, *more: Any, **named: Any) -> Any:
        check_trust(assume_role_policy_document)
        return role(self, role_name, assume_role_policy_document, *more, **named)

    def update_assume_role_policy(self: Any, role_name: str, assume_role_policy: str) -> Any:
        check_trust(assume_role_policy)
        return trust(self, role_name, assume_role_policy)

    backend.put_role_policy, backend.create_policy_version, backend.create_policy = (
        put_role_policy, create_policy_version, create_policy
    )  # fmt: skip
    backend.create_role, backend.update_assume_role_policy = create_role, update_assume_role_policy
