# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Master passwords that RDS manages: a secret of the cluster's, which goes with it."""

from __future__ import annotations

import json
import secrets
import string
import uuid
from collections.abc import Mapping
from typing import Any

from sandbox.rds import references
from sandbox.rds.errors import invalid_combination

CHARACTERS = string.ascii_letters + string.digits + "!#$%&*()-_=+[]{}<>:?"
DEFAULT_KEY = "alias/aws/secretsmanager"


class MasterUserSecret:
    """As DBCluster.MasterUserSecret has it: creating, active or rotating."""

    def __init__(self, cluster: Any, password: str, kms_key_id: str | None) -> None:
        self.secret_status = "creating"
        self.kms_key_id = references.usable_key(cluster.account_id, cluster.region, kms_key_id or DEFAULT_KEY)
        self._username = str(cluster.master_username)
        self._manager = cluster.backend.secretsmanager
        self._secret = self._manager.create_managed_secret(
            service_name="rds",
            secret_id=f"rds!cluster-{uuid.uuid4()}",
            secret_string=self._text(password),
            description=f"The secret associated with the primary RDS DB cluster: {cluster.arn}",
            kms_key_id=self.kms_key_id,
            tags=[{"Key": "aws:rds:primaryDBClusterArn", "Value": cluster.arn}],
        )

    @property
    def secret_arn(self) -> str:
        return str(self._secret.arn)

    def put(self, password: str) -> None:
        self._manager.put_secret_value(self.secret_arn, self._text(password), "", str(uuid.uuid4()), ["AWSCURRENT"])

    def delete(self) -> None:
        self._manager.delete_secret(self.secret_arn, None, True)

    def _text(self, password: str) -> str:
        return json.dumps({"username": self._username, "password": password})


def new_password() -> str:
    return "".join(secrets.choice(CHARACTERS) for _place in range(28))


def check_creation(parameters: Mapping[str, Any]) -> None:
    """CreateDBCluster: a password, or one that RDS manages."""
    managed = parameters.get("manage_master_user_password")
    if managed and parameters.get("master_user_password"):
        raise invalid_combination("You can't specify MasterUserPassword when ManageMasterUserPassword is enabled.")
    if parameters.get("master_user_secret_kms_key_id") and not managed:
        raise invalid_combination("MasterUserSecretKmsKeyId is valid only when ManageMasterUserPassword is enabled.")


def check_modification(is_managed: bool, changes: Mapping[str, Any], immediately: bool) -> None:
    """ModifyDBCluster, of a cluster whose password is managed so far or is not."""
    wanted, given = changes.get("manage_master_user_password"), "master_user_password" in changes
    managed = is_managed if wanted is None else bool(wanted)
    if managed and given:
        raise invalid_combination("You can't specify MasterUserPassword when ManageMasterUserPassword is enabled.")
    if is_managed and not managed and not given:
        raise invalid_combination("Specify MasterUserPassword to stop managing the master user password.")
    if changes.get("master_user_secret_kms_key_id") and not managed:
        raise invalid_combination("MasterUserSecretKmsKeyId is valid only when ManageMasterUserPassword is enabled.")
    if changes.get("rotate_master_user_password") and not (is_managed and managed and immediately):
        raise invalid_combination(
            "RotateMasterUserPassword needs a master user password that is managed, and ApplyImmediately."
        )
