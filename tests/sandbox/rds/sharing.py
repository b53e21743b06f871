# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Manual cluster snapshots that one account shares with others."""

from __future__ import annotations

import json
from typing import Any

from moto.kms.models import kms_backends

from sandbox.rds.errors import RdsError, invalid_combination, invalid_value, key_not_accessible, snapshot_state
from sandbox.rds.models import ClusterSnapshot
from sandbox.rds.references import KEY_ARN
from sandbox.rds.runtime import Part

ACCOUNTS = 20
EVERYBODY = "all"


class SharingActions(Part):
    """Part of the backend."""

    def modify_db_cluster_snapshot_attribute(
        self, db_cluster_snapshot_identifier: str, attribute_name: str, values_to_add: list[str] | None = None,
        values_to_remove: list[str] | None = None,
    ) -> Any:  # fmt: skip
        snapshot = self.own_snapshot(db_cluster_snapshot_identifier)
        if attribute_name != "restore":
            raise invalid_value(f"Invalid snapshot attribute {attribute_name}")
        add, remove = list(values_to_add or []), list(values_to_remove or [])
        if set(add) & set(remove):
            raise invalid_combination("A value may not appear in both the add list and remove list.")
        if snapshot.snapshot_type != "manual":
            raise snapshot_state("Automated snapshots can't be shared: copy it first.")
        if snapshot.status != "available":
            raise snapshot_state(f"The DB cluster snapshot {snapshot.resource_id} is in the {snapshot.status} state.")
        for value in add:
            if value != EVERYBODY and not (len(value) == 12 and value.isdigit()):
                raise invalid_value(f"Invalid account: {value}")
        _check_encryption(snapshot, add)
        kept = [value for value in dict.fromkeys([*snapshot.attributes["restore"], *add]) if value not in remove]
        if len(kept) > ACCOUNTS:
            raise RdsError(
                "SharedSnapshotQuotaExceeded", f"A manual snapshot can be shared with at most {ACCOUNTS} accounts."
            )
        snapshot.attributes["restore"] = kept
        return snapshot.attributes

    def describe_db_cluster_snapshot_attributes(self, db_cluster_snapshot_identifier: str) -> Any:
        return self.own_snapshot(db_cluster_snapshot_identifier).attributes


def _check_encryption(snapshot: Any, add: list[str]) -> None:
    key = getattr(snapshot, "kms_key_id", None)
    if not add or not key:
        return
    if EVERYBODY in add:
        raise invalid_combination("An encrypted snapshot can't be public: name the accounts that may restore it.")
    if _key_of(key).key_manager == "AWS":
        raise snapshot_state(
            f"The snapshot {snapshot.resource_id} has the default key of RDS, which can't be shared: copy "
            "it with a key of your own first."
        )


def is_shared_with(snapshot: Any, account: str) -> bool:
    """Whether another account may copy and restore it."""
    return snapshot.status == "available" and bool({account, EVERYBODY} & set(snapshot.attributes["restore"]))


class Shared:
    """A snapshot as another account sees it: its ARN is its id."""

    def __init__(self, snapshot: ClusterSnapshot) -> None:
        self._snapshot = snapshot
        self.db_cluster_snapshot_identifier = snapshot.arn
        self.snapshot_type = "shared"
        self.tags: list[dict[str, str]] = []
        self.tag_list: list[dict[str, str]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._snapshot, name)


def check_key_is_shared(snapshot: ClusterSnapshot, account: str) -> None:
    """The key of another account's snapshot: its policy or a grant must let this account use it."""
    key = snapshot.kms_key_id
    if key and snapshot.account_id != account and not _is_open_to(_key_of(key), account):
        raise key_not_accessible("The source snapshot KMS key", key)


def _key_of(arn: str) -> Any:
    found = KEY_ARN.match(arn)
    if not found:
        raise key_not_accessible("Specified KMS key", arn)
    return kms_backends[found[2]][found[1]].describe_key(found[3].removeprefix("key/"))


def _is_open_to(key: Any, account: str) -> bool:
    statements = json.loads(key.policy)["Statement"]
    named = [
        principal
        for statement in ([statements] if isinstance(statements, dict) else statements)
        if statement.get("Effect") == "Allow"
        for principal in _principals(statement.get("Principal"))
    ]
    granted = [grant.grantee_principal for grant in key.list_grants(None)]
    return any(item in ("*", account) or f"::{account}:" in item for item in [*named, *granted])


def _principals(given: Any) -> list[str]:
    aws = given.get("AWS", []) if isinstance(given, dict) else given
    return [aws] if isinstance(aws, str) else list(aws or [])
