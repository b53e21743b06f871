# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Secrets of Secrets Manager: read where they are needed, checked, never passed on."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._aws import Client, aws_call
from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import AwsError, BadInput, NotFound

MASTER_KEYS = ("username", "password")
APP_KEYS = ("app_username", "app_password", "readonly_username", "readonly_password")


CURRENT, PENDING, PREVIOUS = "AWSCURRENT", "AWSPENDING", "AWSPREVIOUS"
STAGES = (CURRENT, PENDING, PREVIOUS)


@aws_call("GetSecretValue")
def get_secret_value(client: Client, secret_id: str, stage: str = CURRENT) -> dict[str, Any]:
    # Without a stage it is the current one, and no policy has to allow stages.
    which = {} if stage == CURRENT else {"VersionStage": stage}
    return dict(client.get_secret_value(SecretId=secret_id, **which))


def read_secret(client: Client, secret_id: str, required_keys: Iterable[str], stage: str = CURRENT) -> dict[str, str]:
    """The value of a secret's stage: a JSON object of texts (numbers and booleans become texts).

    :raises NotFound: there is no such secret or stage (or it is being deleted).
    :raises BadInput: it is not a JSON object, or a needed key is missing or empty. The message holds no value.
    """
    return parse_secret(secret_id, read_text(client, secret_id, stage), required_keys)


def read_text(client: Client, secret_id: str, stage: str = CURRENT) -> str | None:
    """The value as it is stored; :raises NotFound: there is no such secret or stage (or it is being deleted)."""
    try:
        value: str | None = get_secret_value(client, secret_id, stage).get("SecretString")
    except AwsError as error:
        if error.code in ("ResourceNotFoundException", "InvalidRequestException"):
            what = "does not exist" if stage == CURRENT else f"does not exist or has no version {stage}"
            raise NotFound(
                f"The secret {secret_id} {what} in {client.meta.region_name}, or is being deleted",
                resource=secret_id,
                hint="Create it, or name one that exists.",
                code=error.code,
                action=error.action,
            ) from error
        raise
    return value


def parse_secret(secret_id: str, value: str | None, required_keys: Iterable[str]) -> dict[str, str]:
    """The keys and values of a secret's text; see ``read_secret``."""
    content = parse_object(secret_id, value)
    texts = {str(key): _text(entry) for key, entry in content.items() if not isinstance(entry, (dict, list))}
    missing = [key for key in required_keys if not texts.get(key)]
    if missing:
        raise BadInput(
            f"The secret {secret_id} lacks {', '.join(missing)}: add what is missing",
            resource=secret_id,
        )
    return texts


def parse_object(secret_id: str, value: str | None) -> dict[str, Any]:
    """A secret's text as it is, numbers and nested values included; :raises BadInput: it is not a JSON object."""
    try:
        content = json.loads(value or "")
    except ValueError:
        # Without the parser's own message, which may quote the text; and without it as the cause.
        content = None
    if not isinstance(content, dict):
        raise BadInput(f"The secret {secret_id} is not a JSON object", resource=secret_id)
    return content


def _text(entry: Any) -> str:
    return "" if entry is None else str(entry)


def validate_master_password(password: str, engine: str) -> list[str]:
    """Why RDS would refuse this master password, one reason each; empty when it would take it.

    The user guide and the API's model differ; what both refuse is refused here (see ``doubt_master_password`` for the
    rest): PostgreSQL more than 99 characters, MySQL more than 41, fewer than 8, and / " @ or anything that is not
    printable ASCII.
    """
    longest = 41 if "mysql" in engine else 99
    reasons = []
    if not 8 <= len(password) <= longest:
        reasons.append(f"it must have 8 to {longest} characters")
    if any(character in '/"@' for character in password):
        reasons.append('it must not contain / " or @')
    if not all(" " <= character <= "~" for character in password):
        reasons.append("it must consist of printable ASCII characters")
    return reasons


def doubt_master_password(password: str, engine: str) -> list[str]:
    """What one reading of the rules refuses and another allows, one remark each."""
    remarks = []
    if "mysql" not in engine and 41 < len(password) <= 99:
        remarks.append("it is longer than 41 characters, which one of AWS's documents calls the limit")
    if any(character in "' " for character in password):
        remarks.append("it contains ' or a space, which one of AWS's documents forbids")
    return remarks
