# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets Manager as AWS has it, where moto is laxer or else.

- A version can't be changed: the same token with another value is refused, with the same value ignored
  (https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html). moto lets a pending version
  be changed.
- A stage that another version has is moved only when that version is named, from which it is removed; AWSCURRENT does
  not go to nowhere (https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecretVersionStage.html;
  the last is a belief). moto asks for AWSCURRENT only.
- GetSecretValue without a version is that of AWSCURRENT. moto stays with the one that had it before
  UpdateSecretVersionStage.
- DescribeSecret tells only the versions that have a stage.
- What is scheduled for deletion keeps its name, and takes neither values nor stages.
- What is not there is answered with 400, by moto with 404
  (https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html).
"""

from __future__ import annotations

from typing import Any

from moto.secretsmanager import exceptions
from moto.secretsmanager.exceptions import (
    InvalidParameterException,
    InvalidRequestException,
    ResourceExistsException,
    SecretNotFoundException,
)
from moto.secretsmanager.models import FakeSecret, SecretsManagerBackend

CURRENT, PREVIOUS = "AWSCURRENT", "AWSPREVIOUS"


def move_stage(secret: Any, stage: str, source: str | None, destination: str | None) -> None:
    """
    :raises InvalidParameterException: it is not where it is said to be, or would go to nowhere.
    """
    owner = next((version for version, item in secret.versions.items() if stage in item["version_stages"]), None)
    for version in (source, destination):
        if version and version not in secret.versions:
            raise InvalidParameterException(f"Not a valid version: {version}")
    if not source and not destination:
        raise InvalidParameterException("You must specify MoveToVersionId, RemoveFromVersionId, or both.")
    if source and source != owner:
        raise InvalidParameterException(f"Staging label {stage} is not attached to version {source}.")
    if destination and owner not in (None, source, destination):
        raise InvalidParameterException(
            f"The parameter RemoveFromVersionId can't be empty. Staging label {stage} is currently attached to version"
            f" {owner}, so you must explicitly reference that version in RemoveFromVersionId."
        )
    if stage == CURRENT and not destination:
        raise InvalidParameterException(f"You can't remove the staging label {CURRENT} without moving it.")
    _attach(secret, stage, destination)
    if stage == CURRENT and owner not in (None, destination):
        _attach(secret, PREVIOUS, owner)
    secret.set_default_version_id(destination if stage == CURRENT else secret.default_version_id)


def _attach(secret: Any, stage: str, version: str | None) -> None:
    for item in secret.versions.values():
        item["version_stages"] = [label for label in item["version_stages"] if label != stage]
    if version:
        secret.versions[version]["version_stages"].append(stage)


def install() -> None:
    """To be called once."""
    put, create = SecretsManagerBackend.put_secret_value, SecretsManagerBackend.create_secret
    stages_of = FakeSecret._form_version_ids_to_stages

    def update_secret_version_stage(
        backend: Any, secret_id: str, version_stage: str, remove_from_version_id: str, move_to_version_id: str
    ) -> Any:
        secret = _alive(backend, secret_id)
        move_stage(secret, version_stage, remove_from_version_id, move_to_version_id)
        return secret.arn, secret.name

    def put_secret_value(
        backend: Any,
        secret_id: str,
        secret_string: Any,
        secret_binary: Any,
        client_request_token: str,
        version_stages: Any,
    ) -> Any:
        secret = _alive(backend, secret_id)
        version = secret.versions.get(client_request_token)
        if version is None:
            return put(backend, secret_id, secret_string, secret_binary, client_request_token, version_stages)
        if (version.get("secret_string"), version.get("secret_binary")) != (secret_string, secret_binary):
            raise ResourceExistsException(
                f"You can't use ClientRequestToken {client_request_token} because that value is already in use for a"
                f" version of secret {secret.arn}."
            )
        return secret.to_short_dict(include_version_stages=True, version_id=client_request_token)

    def create_secret(backend: Any, name: str, *args: Any, **kwargs: Any) -> Any:
        found = backend.secrets.get(name)
        if found is not None and found.is_deleted():
            raise InvalidRequestException(
                "You can't create this secret because a secret with this name is already scheduled for deletion."
            )
        return create(backend, name, *args, **kwargs)

    def form_version_ids_to_stages(secret: Any) -> dict[str, Any]:
        return {version: labels for version, labels in stages_of(secret).items() if labels}

    SecretsManagerBackend.update_secret_version_stage = update_secret_version_stage
    SecretsManagerBackend.put_secret_value = put_secret_value
    SecretsManagerBackend.create_secret = create_secret
    FakeSecret._form_version_ids_to_stages = form_version_ids_to_stages
    for error in (exceptions.ResourceNotFoundException, exceptions.SecretNotFoundException,
                  exceptions.SecretHasNoValueException):  # fmt: skip
        _answer_400(error)


def _alive(backend: Any, secret_id: str) -> Any:
    """
    :raises SecretNotFoundException: there is none.
    :raises InvalidRequestException: it is scheduled for deletion.
    """
    secret = backend.secrets.get(secret_id)
    if secret is None:
        raise SecretNotFoundException()
    if secret.is_deleted():
        raise InvalidRequestException(
            "You can't perform this operation on the secret because it was marked for deletion."
        )
    return secret


def _answer_400(error: Any) -> None:
    make = error.__init__

    def make_with_400(self: Any, *args: Any, **kwargs: Any) -> None:
        make(self, *args, **kwargs)
        self.code = 400

    error.__init__ = make_with_400
