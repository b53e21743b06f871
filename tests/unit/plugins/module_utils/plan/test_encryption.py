# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The order of protections, and when a restore is refused because its result has less."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan import checks
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan.case import Case
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan.encryption import (
    Level,
    Protection,
    is_less,
    protection,
    table_key,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan.world import Fact
from plan_world import AROUND, KEY, case, problems, snapshot, target

# (StorageEncrypted, StorageEncryptionType, KeyManager) to (lowest, highest level)
KINDS: dict[tuple[bool, str | None, str | None], tuple[Level, Level]] = {
    (False, None, None): (Level.NONE, Level.NONE),
    (False, "", None): (Level.NONE, Level.NONE),
    (False, "none", None): (Level.NONE, Level.NONE),
    (False, "sse-rds", None): (Level.AWS_OWNED, Level.AWS_OWNED),
    (True, "sse-rds", None): (Level.AWS_OWNED, Level.AWS_OWNED),
    (True, "sse-kms", "AWS"): (Level.AWS_MANAGED, Level.AWS_MANAGED),
    (True, "sse-kms", "CUSTOMER"): (Level.CUSTOMER, Level.CUSTOMER),
    (True, None, "CUSTOMER"): (Level.CUSTOMER, Level.CUSTOMER),
    (True, None, None): (Level.AWS_MANAGED, Level.CUSTOMER),
    (True, "sse-kms", None): (Level.AWS_MANAGED, Level.CUSTOMER),
}


@pytest.mark.parametrize("kind", KINDS)
def test_protection(kind: tuple[bool, str | None, str | None]) -> None:
    assert protection(*kind) == Protection(*KINDS[kind])
    assert protection(*kind).text


def test_less_is_what_the_order_says() -> None:
    for result, before in product(Level, Level):
        assert is_less(Protection(result, result), Protection(before, before)) is (result < before)


# (result, before, whether it is less)
RANGES = [
    ((Level.AWS_MANAGED, Level.AWS_MANAGED), (Level.AWS_MANAGED, Level.CUSTOMER), None),
    ((Level.CUSTOMER, Level.CUSTOMER), (Level.AWS_MANAGED, Level.CUSTOMER), False),
    ((Level.AWS_OWNED, Level.AWS_OWNED), (Level.AWS_MANAGED, Level.CUSTOMER), True),
    ((Level.AWS_MANAGED, Level.CUSTOMER), (Level.CUSTOMER, Level.CUSTOMER), None),
    ((Level.AWS_MANAGED, Level.CUSTOMER), (Level.AWS_OWNED, Level.AWS_OWNED), False),
]


@pytest.mark.parametrize(("result", "before", "wanted"), RANGES)
def test_what_is_not_known_exactly(result: Any, before: Any, wanted: bool | None) -> None:
    assert is_less(Protection(*result), Protection(*before)) is wanted


def test_tables_are_always_encrypted() -> None:
    assert table_key({}) == "a key that AWS owns"
    assert table_key({"SSEDescription": {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": KEY}}) == KEY
    assert table_key({"SSEDescription": {"Status": "DISABLED", "KMSMasterKeyArn": KEY}}) == "a key that AWS owns"


MANAGED = Fact[Any]({**(AROUND.key.value or {}), "KeyManager": "AWS"})
OF_CUSTOMER = Fact[Any]({"KeyManager": "CUSTOMER"})
OF_AWS = Fact[Any]({"KeyManager": "AWS"})


def result_of(of: Case) -> dict[str, Any]:
    (found,) = [item for item in checks.run_checks(of) if item["name"] == "encryption"]
    return found


def test_a_managed_key_after_a_customer_key_is_refused_unless_allowed() -> None:
    (sentence,) = problems(case(key=MANAGED, source_key=OF_CUSTOMER), "encryption")
    for piece in ("rds:shop-production", "customer key", "aws/rds", "aurora_restore_allow_less_encryption"):
        assert piece in sentence
    allowed = case({"allow_less_encryption": True}, key=MANAGED, source_key=OF_CUSTOMER)
    assert "less than the source is allowed" in result_of(allowed)["seen"]


def test_a_source_key_that_nobody_tells_of_is_unknown_and_blocks() -> None:
    found = result_of(case(key=MANAGED))
    assert (found["status"], found["blocks"]) == ("unknown", True)
    assert problems(case(key=MANAGED, source_key=OF_AWS), "encryption") == []


def test_a_customer_key_is_enough_for_everything() -> None:
    for kind in ("sse-kms", "sse-rds", "none"):
        of = case(world={"snapshots": Fact([snapshot(StorageEncryptionType=kind, StorageEncrypted=kind == "sse-kms")])})
        assert problems(of, "encryption") == []


@pytest.mark.parametrize("kind", ["none", "sse-rds", "sse-kms"])
def test_without_a_key_it_stays_as_the_snapshot_is(kind: str) -> None:
    plain = snapshot(StorageEncryptionType=kind, StorageEncrypted=kind == "sse-kms")
    of = case({"kms_key_id": None}, {"snapshots": Fact([plain]), "target": Fact(None)}, key=Fact(asked=False))
    assert problems(of, "encryption") == []
    assert "as the snapshot" in result_of(of)["seen"]


def test_less_than_the_cluster_that_is_replaced_is_a_warning() -> None:
    encrypted = {"StorageEncrypted": True, "KmsKeyId": KEY.replace("1111", "2222")}
    of = case(
        {"kms_key_id": "alias/aws/rds"},
        {
            "target": Fact(target(**encrypted)),
            "snapshots": Fact([snapshot(KmsKeyId=None, StorageEncryptionType="sse-rds")]),
        },
        key=MANAGED,
    )
    assert problems(of, "encryption") == []
    (warning,) = checks.warnings(of)
    assert "shop-staging" in warning and "aws/rds" in warning
    assert checks.warnings(case(world={"target": Fact(target(**encrypted))})) == []


def test_an_unencrypted_topic_is_a_warning() -> None:
    (warning,) = checks.warnings(case(world={"topic": Fact({"TopicArn": "x"})}))
    assert warning.startswith("aurora_restore_sns_topic_arn: ")
    assert "is not encrypted" in warning
