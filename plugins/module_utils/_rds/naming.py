# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The ids that this collection gives. They depend on nothing but their inputs, so that a second run finds the first's.

RDS ids: at most 63 letters, digits and single hyphens, case-insensitive (always lower case here).
"""

from __future__ import annotations

import hashlib
import re
from datetime import datetime, timezone

LONGEST = 63


def short_key(operation_id: str | None, otherwise: str) -> str:
    """Eight characters that stand for an operation: the random end of its ULID (the start is time).

    :param otherwise: hashed instead when there is no operation; something that stays the same in a second run.
    """
    return operation_id[-8:].lower() if operation_id else hash8(otherwise)


def hash8(text: str) -> str:
    """The first eight hex digits of a text's SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def copy_id(source_cluster_id: str, created_at: datetime, source_arn: str, kms_key_arn: str | None) -> str:
    """``<source cluster>-<yyyymmddhhmm>-<hash8 of source snapshot ARN + target key>``."""
    moment = created_at.astimezone(timezone.utc).strftime("%Y%m%d%H%M")
    return _join(source_cluster_id, f"{moment}-{hash8(source_arn + (kms_key_arn or ''))}")


def final_snapshot_id(cluster_id: str, key: str) -> str:
    """``<cluster>-final-<key>``, key from short_key."""
    return _join(cluster_id, f"final-{key}")


def member_id(cluster_id: str, key: str, number: int) -> str:
    """``<cluster>-<key>-<number>``, counted from 1; unique to the operation, so that a rename needs no reboot."""
    return _join(cluster_id, f"{key}-{number}")


def _join(start: str, end: str) -> str:
    room = LONGEST - len(end) - 1
    return f"{start.lower()[:room].rstrip('-')}-{end}".lower()


def id_problem(identifier: str) -> str | None:
    """What is wrong with an id given by an operator, as a phrase, or None."""
    if len(identifier) > LONGEST:
        return f"it is longer than {LONGEST} characters"
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)*", identifier):
        return "it must start with a letter and hold only letters, digits and single hyphens, none at the end"
    return None
