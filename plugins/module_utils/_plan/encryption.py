# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How well data at rest is protected, from none to a key of one's own, and whether a restore makes it worse. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

# What RDS calls them in StorageEncryptionType
AWS_OWNED_TYPE = "sse-rds"
KMS_TYPE = "sse-kms"


class Level(IntEnum):
    """In this order: who holds the key, and can take it away, matters."""

    NONE = 0
    AWS_OWNED = 1
    AWS_MANAGED = 2
    CUSTOMER = 3


NAMES = {
    Level.NONE: "unencrypted",
    Level.AWS_OWNED: "encrypted by a key that AWS owns (sse-rds)",
    Level.AWS_MANAGED: "encrypted by the key that AWS manages for RDS (aws/rds)",
    Level.CUSTOMER: "encrypted by a customer key",
}


@dataclass(frozen=True)
class Protection:
    """A level, or the two between which it lies: a key's ARN does not tell whose it is."""

    low: Level
    high: Level

    @property
    def text(self) -> str:
        return NAMES[self.low] if self.low == self.high else "encrypted by a KMS key, whose it is was not told"


def protection(encrypted: bool, kind: str | None, key_manager: str | None = None) -> Protection:
    """How a snapshot or cluster is protected.

    :param encrypted: StorageEncrypted, which is false under the key that AWS owns.
    :param kind: StorageEncryptionType; older answers have none.
    :param key_manager: KeyManager of its key, CUSTOMER or AWS, if that is known.
    """
    if kind == AWS_OWNED_TYPE:
        return _exactly(Level.AWS_OWNED)
    if not encrypted and kind != KMS_TYPE:
        return _exactly(Level.NONE)
    if key_manager == "CUSTOMER":
        return _exactly(Level.CUSTOMER)
    if key_manager == "AWS":
        return _exactly(Level.AWS_MANAGED)
    return Protection(Level.AWS_MANAGED, Level.CUSTOMER)


def is_less(result: Protection, before: Protection) -> bool | None:
    """Whether the result is protected less well than what it is made of; None: that can't be told."""
    if result.high < before.low:
        return True
    return False if result.low >= before.high else None


def table_key(table: Mapping[str, Any]) -> str:
    """What protects a DynamoDB table, which always is encrypted; an answer without SSEDescription: AWS's own key."""
    sse = table.get("SSEDescription") or {}
    if sse.get("Status") in ("ENABLED", "ENABLING", "UPDATING") and sse.get("KMSMasterKeyArn"):
        return str(sse["KMSMasterKeyArn"])
    return "a key that AWS owns"


def _exactly(level: Level) -> Protection:
    return Protection(level, level)
