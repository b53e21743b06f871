# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The items of the state table, as plain dicts: keys, texts, and the form in which DynamoDB wants them. All pure."""

from __future__ import annotations

import datetime
import time
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import StateError

STEPS = (
    "preflight",
    "snapshot_check",
    "snapshot_copy",
    "cluster_delete",
    "cluster_restore",
    "db_users",
    "notification",
)

OPERATION = "#operation"
LEASE = "#lease"
LATEST = "#latest"
AUDIT = "#audit#"

# The form of the items; one with a higher number was written by a newer version of the collection.
SCHEMA = 1
# DynamoDB's TTL attribute, in seconds since 1970; only finished operations have it.
EXPIRES = "expires_at"

# DynamoDB's limit is 400 KB for an item; far below it, so that nothing that grows gets near.
MAX_TEXT = 4000
MAX_ITEM_BYTES = 200_000


def now_text() -> str:
    """The present in UTC, ISO 8601, ending in Z. For display: no two machines' clocks are ever compared."""
    return to_text(datetime.datetime.now(datetime.timezone.utc))


def to_text(moment: datetime.datetime) -> str:
    return moment.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse_text(text: Any) -> datetime.datetime | None:
    """The moment that an ISO 8601 text names, or None."""
    if not isinstance(text, str) or not text:
        return None
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=datetime.timezone.utc)


def target_key(account: str, region: str, cluster_id: str) -> str:
    """The name of a target: ``<account>/<region>/<cluster>``. RDS names are case-insensitive."""
    return f"{account}/{region}/{cluster_id.lower()}"


def split_target(target: str) -> dict[str, str]:
    account, region, cluster_id = (target.split("/", 2) + ["", "", ""])[:3]
    return {"account": account, "region": region, "cluster_id": cluster_id}


def lease_key(target: str) -> dict[str, str]:
    return {"operation_id": f"target#{target}", "step": LEASE}


def latest_key(target: str) -> dict[str, str]:
    return {"operation_id": f"target#{target}", "step": LATEST}


def latest_item(target: str, operation_id: str, status: str, moment: str) -> dict[str, Any]:
    return {**latest_key(target), "last_operation_id": operation_id, "status": status, "updated_at": moment}


def operation_key(operation_id: str) -> dict[str, str]:
    return {"operation_id": operation_id, "step": OPERATION}


def step_key(operation_id: str, step: str) -> dict[str, str]:
    return {"operation_id": operation_id, "step": step}


def audit_item(operation_id: str, moment: str, suffix: str, event: str, **values: Any) -> dict[str, Any]:
    """One line of the audit trail. The key is unique, so a put that the SDK repeats changes nothing."""
    return {
        "operation_id": operation_id,
        "step": f"{AUDIT}{moment}#{suffix}",
        "time": moment,
        "event": event,
        **{key: value for key, value in values.items() if value is not None},
    }


def shorten(value: Any, limit: int = MAX_TEXT) -> Any:
    """The value with every text in it cut to a length that an item can hold."""
    if isinstance(value, str):
        return value if len(value) <= limit else value[: limit - 1] + "…"
    if isinstance(value, Mapping):
        return {str(key): shorten(entry, limit) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [shorten(entry, limit) for entry in value]
    return value


def merged_result(old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> dict[str, Any]:
    """New values over old ones: what is None now does not hide what was known, and a ``first_...`` stays the first."""
    known = dict(old or {})
    for key, value in shorten(new).items():
        if value is None or (key.startswith("first_") and known.get(key) is not None):
            known.setdefault(key, value)
        else:
            known[key] = value
    return known


def to_dynamodb(value: Any) -> dict[str, Any]:
    """A plain value in DynamoDB's typed form."""
    if value is None:
        return {"NULL": True}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, (int, float, Decimal)):
        return {"N": str(value)}
    if isinstance(value, Mapping):
        return {"M": {str(key): to_dynamodb(entry) for key, entry in value.items()}}
    if isinstance(value, (list, tuple, set, frozenset)):
        return {"L": [to_dynamodb(entry) for entry in value]}
    return {"S": str(value)}


def from_dynamodb(value: Mapping[str, Any]) -> Any:
    """The plain value of DynamoDB's typed form."""
    ((kind, content),) = value.items()
    if kind == "NULL":
        return None
    if kind == "N":
        return int(content) if content.lstrip("-").isdigit() else float(content)
    if kind == "M":
        return {key: from_dynamodb(entry) for key, entry in content.items()}
    if kind == "L":
        return [from_dynamodb(entry) for entry in content]
    return content


def to_item(values: Mapping[str, Any]) -> dict[str, Any]:
    """An item for DynamoDB.

    :raises StateError: it would be too large.
    """
    item = {key: to_dynamodb(value) for key, value in values.items()}
    size = _size(item)
    if size > MAX_ITEM_BYTES:
        raise StateError(
            f"The state of {values.get('operation_id', 'the operation')} would take {size} bytes, more than"
            f" {MAX_ITEM_BYTES}: nothing was written",
            hint="Say less in the configuration: fewer tags and instances, or shorter ones.",
            resumes=False,
        )
    return item


def from_item(item: Mapping[str, Any]) -> dict[str, Any]:
    """A plain dict of an item.

    :raises StateError: a newer version of the collection wrote it.
    """
    values = {key: from_dynamodb(value) for key, value in item.items()}
    if int(values.get("schema") or SCHEMA) > SCHEMA:
        raise StateError(
            f"{values.get('operation_id')} ({values.get('step')}) in the state table was written by a newer version of"
            f" dbops.aurora_restore (form {values['schema']}, this version knows {SCHEMA})",
            hint="Nothing was changed. Use that version, or a newer one.",
            resumes=False,
        )
    return values


def expires_at(retention_days: Any) -> int | None:
    """When an operation that is finished now may be removed, in seconds since 1970; None: never."""
    return int(time.time() + float(retention_days) * 86400) if retention_days else None


def is_expired(item: Mapping[str, Any], now: float) -> bool:
    """Whether DynamoDB is about to remove an item; it may take days to. ``now`` in seconds since 1970."""
    return bool(item.get(EXPIRES)) and float(item[EXPIRES]) < now


def _size(value: Any) -> int:
    if isinstance(value, Mapping):
        return sum(len(key.encode()) + _size(entry) for key, entry in value.items())
    if isinstance(value, list):
        return sum(_size(entry) for entry in value)
    return len(value.encode()) if isinstance(value, str) else 1


def in_order(steps: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Step items in the order of the pipeline, others after them by the time they started."""
    known = {name: number for number, name in enumerate(STEPS)}
    return sorted(
        (dict(step) for step in steps),
        key=lambda step: (known.get(step["step"], len(known)), str(step.get("started_at") or "")),
    )
