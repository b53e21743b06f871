# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.dbops.aurora_restore.plugins.filter.pg_identifier import pg_identifier
from ansible_collections.dbops.aurora_restore.plugins.filter.pg_role_plan import pg_role_plan
from ansible_collections.dbops.aurora_restore.plugins.filter.scram_sha_256 import scram_sha_256
from ansible_collections.dbops.aurora_restore.plugins.module_utils._postgres.scram import verifier


def role(name: str, **other: Any) -> dict[str, Any]:
    return {
        "name": name, "login": True, "superuser": False, "createdb": False, "createrole": False, "replication": False,
        "bypassrls": False, "expired": False, "connection_limit": -1, "manageable": True, "acts": True,
        "signalable": True, "sessions": 0, **other,
    }  # fmt: skip


def facts(*others: dict[str, Any], memberships: list[dict[str, Any]] | None = None, **readonly: Any) -> dict[str, Any]:
    roles = [role("dbadmin"), role("shop_app"), role("shop_readonly", **readonly), *others]
    return {"server_version": 170005, "master": "dbadmin", "databases": ["shop"], "roles": roles,
            "memberships": memberships or []}  # fmt: skip


def plan(given: dict[str, Any], **options: Any) -> dict[str, Any]:
    return pg_role_plan(given, "shop_app", "shop_readonly", **options)


def test_verifier_of_rfc_7677() -> None:
    # The client proof of the RFC's example exchange, checked against StoredKey.
    stored = base64.b64decode(
        verifier("pencil", base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")).split("$")[2].split(":")[0]
    )
    message = (
        "n=user,r=rOprNGfwEbeRWgbNEkqO,"
        "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,"
        "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
    )
    signature = hmac.digest(stored, message.encode(), "sha256")
    proof = base64.b64decode("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")
    client_key = bytes(a ^ b for a, b in zip(signature, proof, strict=True))
    assert hashlib.sha256(client_key).digest() == stored


def test_verifier_has_a_random_salt_and_no_password() -> None:
    assert scram_sha_256("correct horse") != scram_sha_256("correct horse")
    assert "horse" not in scram_sha_256("correct horse")


@pytest.mark.parametrize("password", ["", None, 1])
def test_verifier_refuses_what_is_no_password(password: Any) -> None:
    with pytest.raises(AnsibleFilterError):
        scram_sha_256(password)


@pytest.mark.parametrize(
    ("name", "quoted"), [("shop", '"shop"'), ('batch"job', '"batch""job"'), ('a"; DROP ROLE b', '"a""; DROP ROLE b"')]
)
def test_identifier(name: str, quoted: str) -> None:
    assert pg_identifier(name) == quoted


@pytest.mark.parametrize("name", ["", "a\0b", "x" * 64, "ä" * 32, None])
def test_identifier_refuses_what_no_server_can_have(name: Any) -> None:
    with pytest.raises(AnsibleFilterError):
        pg_identifier(name)


@pytest.mark.parametrize(
    "name", ["pg_monitor", "rdsadmin", "rds_superuser", "public", "postgres", "", "x" * 64, "dbadmin"]
)
def test_reserved_and_clashing_names_are_refused(name: str) -> None:
    with pytest.raises(AnsibleFilterError):
        pg_role_plan(facts(), name, "shop_readonly", {name: "SCRAM-SHA-256$x"})


def test_nothing_to_do_is_no_statement() -> None:
    assert plan(facts(role("rdsadmin", superuser=True), role("pg_monitor", login=False))) == {
        "statements": [], "session_ends": [], "others": [], "disabled": [], "open": [], "refused": []
    }  # fmt: skip


def test_sessions_end_apart_from_what_a_rollback_undoes() -> None:
    result = plan(facts(role('batch"job', sessions=2)))
    assert result["statements"] == ['ALTER ROLE "batch""job" WITH NOLOGIN']
    assert len(result["session_ends"]) == 1
    assert "pg_terminate_backend" in result["session_ends"][0]


def test_one_login_that_cannot_be_shut_out_does_not_spare_the_others() -> None:
    result = plan(facts(role("a", manageable=False), role("jane.doe")))
    assert (result["disabled"], result["refused"], result["open"]) == (["jane.doe"], ["a"], ["a"])


@pytest.mark.parametrize("mode", ["report", "keep"])
def test_other_logins_are_left(mode: str) -> None:
    result = plan(facts(role("jane.doe", sessions=1)), other_logins=mode)
    assert (result["statements"], result["session_ends"], result["open"]) == ([], [], ["jane.doe"])


def test_the_readonly_user_loses_what_goes_beyond_reading() -> None:
    member = {"role": "writers", "member": "shop_readonly", "grantor": "dbadmin", "revocable": True}
    statements = plan(facts(memberships=[member], createdb=True))["statements"]
    assert statements == [
        'ALTER ROLE "shop_readonly" WITH NOCREATEDB',
        'REVOKE "writers" FROM "shop_readonly" GRANTED BY "dbadmin"',
    ]
