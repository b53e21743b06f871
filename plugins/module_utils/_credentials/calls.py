# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One function per call of Secrets Manager, but of the one that reads a value (see ``_secrets``)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._aws import Client, aws_call
from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import AwsError

# What RDS refuses or one of its documents forbids in a master password (see validate_master_password), and the
# backslash, which shells and connection strings take for something else. Blanks are left out unless asked for.
EXCLUDED = "/\"@'\\"


@aws_call("DescribeSecret")
def describe_secret(client: Client, secret_id: str) -> Mapping[str, Any]:
    return client.describe_secret(SecretId=secret_id)  # type: ignore[no-any-return]


def find_secret(client: Client, secret_id: str) -> Mapping[str, Any] | None:
    """What AWS says of the secret, or None."""
    try:
        return describe_secret(client, secret_id)
    except AwsError as error:
        if error.code == "ResourceNotFoundException":
            return None
        raise


@aws_call("CreateSecret", "Name")
def create_secret(client: Client, **params: Any) -> Mapping[str, Any]:
    return client.create_secret(**params)  # type: ignore[no-any-return]


@aws_call("PutSecretValue", "SecretId")
def put_secret_value(client: Client, **params: Any) -> Mapping[str, Any]:
    return client.put_secret_value(**params)  # type: ignore[no-any-return]


@aws_call("UpdateSecretVersionStage", "SecretId")
def update_secret_version_stage(client: Client, **params: Any) -> None:
    client.update_secret_version_stage(**params)


@aws_call("DeleteSecret")
def delete_secret(client: Client, secret_id: str, recovery_window: int) -> None:
    client.delete_secret(SecretId=secret_id, RecoveryWindowInDays=recovery_window)


@aws_call("GetRandomPassword")
def random_password(client: Client, *, length: int) -> str:
    answer = client.get_random_password(
        PasswordLength=length, ExcludeCharacters=EXCLUDED, IncludeSpace=False, RequireEachIncludedType=True
    )
    return str(answer["RandomPassword"])
