# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""KMS: states of keys, dry runs, and what keys are called."""

from __future__ import annotations

from typing import Any

import pytest
from guarded import refused
from in_process import ACCOUNT, AWAY, HOME, Aws

GRANT = {"GranteePrincipal": f"arn:aws:iam::{ACCOUNT}:role/x", "Operations": ["Decrypt", "CreateGrant"]}


def test_a_dry_run_makes_no_grant(aws: Aws) -> None:
    """https://docs.aws.amazon.com/kms/latest/developerguide/testing-permissions.html"""
    key, kms = aws.key(), aws.client("kms")
    with refused("DryRunOperationException", "The request would have succeeded, but the DryRun option is set", 412):
        kms.create_grant(KeyId=key, DryRun=True, **GRANT)
    assert kms.list_grants(KeyId=key)["Grants"] == []
    kms.create_grant(KeyId=key, DryRun=False, **GRANT)
    assert len(kms.list_grants(KeyId=key)["Grants"]) == 1


def test_a_dry_run_says_what_the_call_would(aws: Aws) -> None:
    key, kms = aws.key(), aws.client("kms")
    with refused("NotFoundException"):
        kms.create_grant(KeyId="alias/none", DryRun=True, **GRANT)
    with refused("NotFoundException", "Grant ID"):
        kms.revoke_grant(KeyId=key, GrantId="a" * 64, DryRun=True)
    kms.disable_key(KeyId=key)
    with refused("DisabledException"):
        kms.create_grant(KeyId=key, DryRun=True, **GRANT)


USES: list[tuple[str, dict[str, Any]]] = [
    ("create_grant", GRANT),
    ("encrypt", {"Plaintext": b"x"}),
    ("generate_data_key", {"KeySpec": "AES_256"}),
    ("enable_key_rotation", {}),
]


@pytest.mark.parametrize(("call", "parameters"), USES)
def test_states_of_keys_refuse_their_use(aws: Aws, call: str, parameters: dict[str, Any]) -> None:
    """https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html"""
    key, kms = aws.key(), aws.client("kms")
    kms.disable_key(KeyId=key)
    with refused("DisabledException", f"{key} is disabled.", 400):
        getattr(kms, call)(KeyId=key, **parameters)
    kms.schedule_key_deletion(KeyId=key)
    with refused("KMSInvalidStateException", f"{key} is pending deletion.", 400):
        getattr(kms, call)(KeyId=key, **parameters)


def test_what_is_possible_with_a_key_that_is_to_be_deleted(aws: Aws) -> None:
    """The same page: it can be described, its grants listed, its deletion cancelled, which leaves it disabled."""
    key, kms = aws.key(), aws.client("kms")
    with refused("KMSInvalidStateException", "is not pending deletion"):
        kms.cancel_key_deletion(KeyId=key)
    kms.schedule_key_deletion(KeyId=key)
    described = kms.describe_key(KeyId=key)["KeyMetadata"]
    assert (described["KeyState"], described["Enabled"]) == ("PendingDeletion", False)
    kms.list_grants(KeyId=key)
    for call in (kms.enable_key, kms.disable_key, kms.schedule_key_deletion):
        with refused("KMSInvalidStateException"):
            call(KeyId=key)
    kms.cancel_key_deletion(KeyId=key)
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Disabled"


def test_what_a_disabled_key_has_sealed_stays_sealed(aws: Aws) -> None:
    key, kms = aws.key(), aws.client("kms")
    sealed = kms.encrypt(KeyId=key, Plaintext=b"secret")["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"secret"
    kms.disable_key(KeyId=key)
    with refused("DisabledException"):
        kms.decrypt(CiphertextBlob=sealed)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("alias/none", f"Alias arn:aws:kms:{HOME}:{ACCOUNT}:alias/none is not found."),
        ("11111111-2222-3333-4444-555555555555",
         f"Key 'arn:aws:kms:{HOME}:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555' does not exist"),
        ("none", "Invalid keyId 'none'"),
        (f"arn:aws:kms:{AWAY}:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555", f"Invalid arn {AWAY}"),
    ],
)  # fmt: skip
def test_a_key_that_is_not_there(aws: Aws, name: str, message: str) -> None:
    with refused("NotFoundException", message, 400):
        aws.client("kms").describe_key(KeyId=name)


def test_awss_own_keys_say_so(aws: Aws) -> None:
    assert aws.client("kms").describe_key(KeyId="alias/aws/rds")["KeyMetadata"]["KeyManager"] == "AWS"
    assert aws.client("kms").describe_key(KeyId=aws.key())["KeyMetadata"]["KeyManager"] == "CUSTOMER"
