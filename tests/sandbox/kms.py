# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""KMS where moto is not like AWS: what a key is for, and that a disabled key says so."""

from __future__ import annotations

from typing import Any

from moto.kms import models, urls
from moto.kms.models import KmsBackend


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

    def enable_key(self, key_id: str) -> None:
        self._switch(key_id, True)

    def disable_key(self, key_id: str) -> None:
        self._switch(key_id, False)

    def _switch(self, key_id: str, enabled: bool) -> None:
        key = self.describe_key(key_id)
        key.enabled, key.key_state = enabled, "Enabled" if enabled else "Disabled"


def install() -> None:
    """To be called once, before the first KMS call."""
    models.kms_backends.backend = SandboxKms
