# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""KMS where moto is not like AWS: what keys are for, states that refuse calls, dry runs, keys of other accounts.

Which call a key's state refuses, and with which error: "Key states of AWS KMS keys",
https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html; where that page leaves two errors open for a key
that is about to be deleted, it is KMSInvalidStateException. Dry runs: "Testing your permissions",
https://docs.aws.amazon.com/kms/latest/developerguide/testing-permissions.html; HTTP status 412 of
DryRunOperationException: https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateGrant.html.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.kms import models, urls
from moto.kms.models import KmsBackend, kms_backends
from moto.kms.responses import KmsResponse
from moto.kms.utils import KEY_ID_LEN

KEY_ID = re.compile(r"(arn:.+:(key|alias)/.+|alias/.+|(mrk-)?[0-9a-fA-F-]{32,36})\Z")
KEY_ARN = re.compile(r"arn:[^:]+:kms:([^:]*):([^:]*):(?:key|alias)/.+\Z")
# Calls that need an enabled key; the names of moto's methods.
NEED_ENABLED = frozenset(
    ("create_grant", "decrypt", "encrypt", "generate_data_key", "generate_data_key_pair",
     "generate_data_key_without_plaintext", "generate_data_key_pair_without_plaintext", "generate_mac", "verify_mac",
     "re_encrypt", "sign", "verify", "get_public_key", "enable_key_rotation", "disable_key_rotation",
     "rotate_key_on_demand")
)  # fmt: skip
# Calls that a key about to be deleted refuses as well.
NOT_WHEN_DELETED = frozenset(
    ("create_alias", "update_alias", "disable_key", "enable_key", "put_key_policy", "schedule_key_deletion",
     "tag_resource", "untag_resource", "update_key_description")
)  # fmt: skip
DRY = frozenset(
    ("create_grant", "decrypt", "encrypt", "generate_data_key", "generate_data_key_pair",
     "generate_data_key_without_plaintext", "generate_data_key_pair_without_plaintext", "generate_mac", "verify_mac",
     "re_encrypt", "retire_grant", "revoke_grant", "sign", "verify")
)  # fmt: skip
# Calls that may name a key of another account.
ACROSS_ACCOUNTS = frozenset(
    ("create_grant", "decrypt", "describe_key", "encrypt", "generate_data_key", "generate_data_key_without_plaintext",
     "get_key_rotation_status", "get_public_key", "list_grants", "re_encrypt", "retire_grant", "revoke_grant", "sign",
     "verify")
)  # fmt: skip


class SandboxKms(KmsBackend):
    """moto makes one per account and region."""

    @property
    def _url_module(self) -> Any:
        """moto would look beside this module."""
        return urls

    def create_key(self, policy: Any, key_usage: str | None, key_spec: str | None, *others: Any, **more: Any) -> Any:
        return super().create_key(
            policy, key_usage or "ENCRYPT_DECRYPT", key_spec or "SYMMETRIC_DEFAULT", *others, **more
        )

    def _generate_default_keys(self, alias_name: str) -> str | None:
        made: str | None = super()._generate_default_keys(alias_name)
        if made:
            self.keys[made].key_manager = "AWS"
        return made

    def enable_key(self, key_id: str) -> None:
        self._switch(key_id, True)

    def disable_key(self, key_id: str) -> None:
        self._switch(key_id, False)

    def _switch(self, key_id: str, enabled: bool) -> None:
        key = self.describe_key(key_id)
        key.enabled, key.key_state = enabled, "Enabled" if enabled else "Disabled"

    def schedule_key_deletion(self, key_id: str, pending_window_in_days: int) -> float:
        return float(super().schedule_key_deletion(self.describe_key(key_id).id, pending_window_in_days))

    def cancel_key_deletion(self, key_id: str) -> None:
        super().cancel_key_deletion(self.describe_key(key_id).id)


class KmsError(JsonRESTError):
    """An error answer of KMS."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(code, message)
        self.code = status


def check_state(action: str, arn: str, state: str) -> None:
    """
    :param action: the name of moto's method.
    :raises KmsError: a key in that state refuses the call.
    """
    deleted = state.startswith("Pending") and state.endswith("Deletion")
    if deleted and action in NEED_ENABLED | NOT_WHEN_DELETED:
        raise KmsError("KMSInvalidStateException", f"{arn} is pending deletion.")
    if state == "Disabled" and action in NEED_ENABLED:
        raise KmsError("DisabledException", f"{arn} is disabled.")
    if action == "cancel_key_deletion" and not deleted:
        raise KmsError("KMSInvalidStateException", f"{arn} is not pending deletion.")


def _like_aws(action: str, original: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A call of moto's, with what AWS looks at first."""

    def answer(self: Any) -> Any:
        name = self._get_param("KeyId") or self._get_param("TargetKeyId") or _key_within(self)
        self.owner = None
        if isinstance(name, str):
            if not KEY_ID.match(name):
                raise KmsError("NotFoundException", f"Invalid keyId '{name}'")
            _look_where_it_is(self, action, name)
            self._validate_key_id(name)
            key = self.kms_backend.describe_key(name)
            check_state(action, key.arn, key.key_state)
        if action in DRY and str(self._get_param("DryRun")).lower() == "true":
            _check_grant(self, action)
            raise KmsError(
                "DryRunOperationException",
                "The request would have succeeded, but the DryRun option is set.",
                status=412,
            )
        return original(self)

    return answer


def key_of(ciphertext: bytes) -> str:
    """The id of the key that a ciphertext begins with."""
    return ciphertext[:KEY_ID_LEN].decode("ascii", "replace")


def _key_within(response: Any) -> str | None:
    """The key of a ciphertext, where it is one of the account's."""
    ciphertext = response._get_param("CiphertextBlob")
    name = key_of(ciphertext) if isinstance(ciphertext, bytes) else ""
    return name if name in kms_backends[response.current_account][response.region].keys else None


def _look_where_it_is(response: Any, action: str, name: str) -> None:
    found = KEY_ARN.match(name)
    if not found:
        return
    if found[1] != response.region:
        raise KmsError("NotFoundException", f"Invalid arn {found[1]}")
    if found[2] != response.current_account and action in ACROSS_ACCOUNTS:
        response.owner = found[2]


def _check_grant(response: Any, action: str) -> None:
    """A grant that does not exist can't be revoked, not even dryly."""
    grant = response._get_param("GrantId")
    if action == "revoke_grant" and not response.kms_backend.list_grants(response._get_param("KeyId"), grant):
        raise KmsError("NotFoundException", f"Grant ID {grant} not found")


def _backend(response: Any) -> Any:
    """The backend of the key's account, which may be another than the caller's."""
    return kms_backends[getattr(response, "owner", None) or response.current_account][response.region]


@functools.cache
def install() -> None:
    """To be called once, before the first KMS call."""
    models.kms_backends.backend = SandboxKms
    KmsResponse.kms_backend = property(_backend)
    for action in NEED_ENABLED | NOT_WHEN_DELETED | DRY | ACROSS_ACCOUNTS | {"cancel_key_deletion"}:
        if hasattr(KmsResponse, action):
            setattr(KmsResponse, action, _like_aws(action, getattr(KmsResponse, action)))
