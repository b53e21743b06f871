# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets: their form, their keys, the rules for the master password, and that no message holds a value."""

from __future__ import annotations

import boto3
import pytest
from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import BadInput, NotFound
from ansible_collections.dbops.aurora_restore.plugins.module_utils._secrets import (
    doubt_master_password,
    parse_secret,
    read_secret,
    validate_master_password,
)
from botocore.stub import Stubber

KEYS = ("username", "password")


def test_good_secret() -> None:
    secret = parse_secret("s", '{"username": "u", "password": 12345678, "nested": {"a": 1}, "none": null}', KEYS)
    assert secret == {"username": "u", "password": "12345678", "none": ""}


@pytest.mark.parametrize("text", ["user=hidden", '["hidden"]', "", None, '"hidden"', '{"password": "hidden'])
def test_not_a_json_object(text: str | None) -> None:
    with pytest.raises(BadInput, match="The secret s is not a JSON object") as error:
        parse_secret("s", text, KEYS)
    assert "hidden" not in str(error.value)
    assert error.value.__cause__ is None
    assert error.value.__context__ is None


@pytest.mark.parametrize("text", ['{"username": "u"}', '{"username": "u", "password": ""}', '{"password": {"a": "b"}}'])
def test_missing_key(text: str) -> None:
    with pytest.raises(BadInput, match=r"lacks .*password"):
        parse_secret("s", text, KEYS)


@pytest.mark.parametrize("code", ["ResourceNotFoundException", "InvalidRequestException"])
def test_secret_that_does_not_exist(code: str) -> None:
    client = boto3.client(
        "secretsmanager", region_name="us-west-2", aws_access_key_id="x", aws_secret_access_key="not-a-secret"
    )
    with Stubber(client) as stub:
        stub.add_client_error("get_secret_value", code, expected_params={"SecretId": "s"})
        with pytest.raises(NotFound, match="The secret s does not exist in us-west-2"):
            read_secret(client, "s", KEYS)


@pytest.mark.parametrize(("password", "engine"), [("x" * 8, "aurora-postgresql"), ("x" * 99, "aurora-postgresql")])
def test_master_password_that_is_taken(password: str, engine: str) -> None:
    assert validate_master_password(password, engine) == []


@pytest.mark.parametrize(
    ("password", "engine"),
    [("x" * 7, "aurora-postgresql"), ("x" * 100, "aurora-postgresql"), ("x" * 42, "aurora-mysql"),
     ("long/enough", "aurora-postgresql"), ('long"enough', "aurora-postgresql"), ("long@enough", "aurora-postgresql"),
     ("long\tenough", "aurora-postgresql"), ("längengenug", "aurora-postgresql")],
)  # fmt: skip
def test_master_password_that_is_refused(password: str, engine: str) -> None:
    reasons = validate_master_password(password, engine)
    assert reasons
    assert password not in " ".join(reasons)


@pytest.mark.parametrize("password", ["x" * 42, "with space", "with'quote"])
def test_master_password_that_only_one_document_refuses(password: str) -> None:
    assert validate_master_password(password, "aurora-postgresql") == []
    assert doubt_master_password(password, "aurora-postgresql")
